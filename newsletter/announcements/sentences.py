"""Where a sentence ends, and when two stretches of text say the same."""

import re
import unicodedata

# A stop, what may close after it, then a space and a new beginning, or a new beginning with the space forgotten.
_SENTENCE_END = re.compile(
    r"(?:(?<=[^\W\d_]{2})|(?<=[\d)\]”\"’»%]))[.!?…]+[”\"’»)\]]*"
    r"(?:(?=\s)|(?=[“«„]?[^\W\d_a-zß-öø-ÿ][^\W\d_]))"
)
_ABBREVIATION = re.compile(
    r"(?:\A|\W)(?:mr|mrs|ms|dr|st|ste|prof|vs|etc|approx|no|nr|ca|mme|mlle|mgr|bd|av|tél|ex|cf|env|art|fig|vol|éd"
    r"|bzw|dhr|mevr|tel)\Z",
    re.IGNORECASE,
)
_ABBREVIATION_MAX = 8
_MARKS = re.compile(r"[\"“”„«»‘’'*_`]+")


def same_words(text: str) -> str:
    """The form under which repetitions meet: one space between words, no quotes, no case, no final stop."""
    plain = _MARKS.sub(" ", unicodedata.normalize("NFC", text))
    return " ".join(plain.casefold().split()).rstrip(" .!?…:;")


def one_line(text: str) -> str:
    """The text with every run of spaces and line ends as one space; a lone no-break space stays what it is."""
    return re.sub(r"\s{2,}|[^\S\u00a0\u202f]", " ", text.strip())


def sentences(paragraph: str) -> list[str]:
    """The sentences of a paragraph in order, trimmed; a space forgotten after a stop does not hide the end."""
    found: list[str] = []
    start = 0
    for match in _SENTENCE_END.finditer(paragraph):
        before = paragraph[max(start, match.start() - _ABBREVIATION_MAX) : match.start()]
        if match[0] == "." and _ABBREVIATION.search(before):
            continue
        found.append(paragraph[start : match.end()].strip())
        start = match.end()
    found.append(paragraph[start:].strip())
    return [sentence for sentence in found if sentence]
