"""What an editor should look at in a text: remarks, which say what is odd and where, and change nothing."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from newsletter.announcements.quotes import quote_slips
from newsletter.announcements.remark_kinds import MESSAGES, RemarkCode
from newsletter.announcements.sentences import one_line, same_words, sentences
from newsletter.foundation.language import base_language

EXCERPT_MAX = 80
_REPEATED_WORDS_MIN = 5
_OF_ONE_KIND_MAX = 20  # remarks of one kind on one announcement; nobody reads more
_SHORT_LINE_WORDS_MAX = 8
_PICTURE = re.compile(r"!\[[^\]\n]*\]\((?![a-z]+:)")
_BEGINS_ANEW = re.compile(r"\s*(?:#{1,6}\s|[-*+]\s|\d+[.)]\s)")


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing for an editor to look at; `line` counts from 1 in the source, None where no line is meant."""

    code: RemarkCode
    language: str
    line: int | None
    excerpt: str  # at most EXCERPT_MAX characters

    def message_in(self, language: str) -> str:
        """What is odd, as a sentence in a language."""
        return MESSAGES[self.code].said_in(language)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A stretch of text between blank lines (inner line ends kept) and the source line on which it begins.

    `shown` is the text with its addresses where they are hidden in `text`, as long as that one.
    """

    text: str
    line: int
    shown: str = ""


def paragraphs_of(markdown: str) -> list[Paragraph]:
    """The paragraphs of a Markdown text; each heading and each item of a list stands alone."""
    groups: list[list[str]] = []
    begins: list[int] = []
    was_blank = True
    for number, line in enumerate(markdown.splitlines(), 1):
        if line.strip() and (was_blank or _BEGINS_ANEW.match(line)):
            groups.append([])
            begins.append(number)
        if line.strip():
            groups[-1].append(line)
        was_blank = not line.strip()
    return [Paragraph("\n".join(lines), begin) for lines, begin in zip(groups, begins, strict=True)]


def pictures_in_body(paragraphs: Iterable[Paragraph], language: str) -> Iterator[Remark]:
    """Pictures inside a text, one remark per paragraph: they are not taken along."""
    for paragraph in paragraphs:
        if match := _PICTURE.search(paragraph.text):
            yield _found(RemarkCode.PICTURE_IN_BODY, paragraph, match.start(), language)


def remark(code: RemarkCode, language: str, line: int | None, text: str, at: int = 0) -> Remark:
    """The remark with the words of `text` around the character `at`."""
    return Remark(code, language, line, excerpt(text, at))


def excerpt(text: str, at: int = 0) -> str:
    """At most EXCERPT_MAX characters of `text` around the character `at`, on one line, cut ends marked by "…"."""
    first = max(0, at - EXCERPT_MAX // 2)
    cut = one_line(text[first : first + EXCERPT_MAX - 2])
    return (
        ("…" if text[:first].strip() else "") + cut + ("…" if text[first + EXCERPT_MAX - 2 :].strip() else "")
    )


def editorial_remarks(paragraphs: Sequence[Paragraph], language: str) -> tuple[Remark, ...]:
    """What is odd in one announcement's paragraphs, in the order of its lines. Markdown is understood, not required."""
    masked = [Paragraph(_without_addresses(p.text), p.line, p.text) for p in paragraphs]
    found = [
        *_repetitions(masked, language),
        *_lost_links_and_captions(paragraphs, language),
        *(r for p in masked for r in _slips_of_the_pen(p, language)),
        *(_found(RemarkCode.QUOTE_SLIP, masked[i], at, language) for i, at in _quotes(masked, language)),
    ]
    return tuple(_at_most(sorted(found, key=lambda r: (r.line or 0, list(RemarkCode).index(r.code)))))


def _at_most(remarks: Sequence[Remark]) -> Iterator[Remark]:
    counts: Counter[RemarkCode] = Counter()
    for found in remarks:
        counts[found.code] += 1
        if counts[found.code] <= _OF_ONE_KIND_MAX:
            yield found


def _quotes(paragraphs: Sequence[Paragraph], language: str) -> Iterator[tuple[int, int]]:
    slips = quote_slips([paragraph.text for paragraph in paragraphs], base_language(language))
    return islice(iter(slips), _OF_ONE_KIND_MAX)


def _found(code: RemarkCode, paragraph: Paragraph, at: int, language: str) -> Remark:
    line = paragraph.line + paragraph.text.count("\n", 0, at)
    return remark(code, language, line, paragraph.shown or paragraph.text, at)


# Addresses and code may hold anything; they are hidden under letters, so that positions stay.
_ADDRESS = re.compile(
    r"(?<=\]\()[^)\s]*|<[^<>\s]+>|`[^`]*`|\b(?:https?://|www\.|mailto:)\S+|[^\s@]{1,64}@\S+"
)


def _without_addresses(text: str) -> str:
    return _ADDRESS.sub(lambda match: "x" * len(match[0]), text)


def _repetitions(paragraphs: Sequence[Paragraph], language: str) -> Iterator[Remark]:
    seen: set[str] = set()
    for paragraph in paragraphs:
        parts = sentences(paragraph.text)
        keys = [same_words(part) for part in parts]
        for index in dict.fromkeys((0, len(keys) - 1)) if keys else ():
            if keys[index] in seen and len(keys[index].split()) >= _REPEATED_WORDS_MIN:
                yield _found(
                    RemarkCode.REPEATED_PARAGRAPH, paragraph, paragraph.text.find(parts[index]), language
                )
                break
        seen.update(keys)


_LOST_LINK = re.compile(
    r"""(?:links?\s(?:to|zu[rm]?|naar)\b.*|lien\s(?:vers|pour|du)\b.*
    |(?:the\s)?press?e?\s?release|read\s(?:more|on|the\s.*)|click\shere.*|(?:find\sout|learn)\smore|more\sinfo(?:rmation)?(?:\shere)?
    |(?:le\s)?communiqué(?:\sde\spresse)?|lire\s(?:la\ssuite|plus)|en\ssavoir\splus|cliquez\sici.*|plus\sd[’']info(?:rmation)?s?(?:\sici)?
    |voir\s(?:la\svidéo|le\ssite)|watch\sthe\svideo
    |persbericht|lees\s(?:meer|verder)|klik\shier.*|meer\sinfo(?:rmatie)?(?:\shier)?
    |pressemitteilung|mehr\s(?:lesen|erfahren|infos?|informationen)|weiterlesen|hier\sklicken)[\s.:>»→…]*""",
    re.IGNORECASE | re.VERBOSE,
)
_PICTURE_WORD = re.compile(
    r"\b(?:logo|photos?|picture|image|illustration|affiche|crédits?|foto|bild|afbeelding)\b|©", re.IGNORECASE
)
_HAS_ADDRESS = re.compile(r"\]\(|https?://|www\.|\S@\S|\[\[link")
_MARKUP_LINE = re.compile(r"\s*(?:#|>|[-*+]\s|\d+[.)]\s|!?\[|\||\*\*)")


def _lost_links_and_captions(paragraphs: Sequence[Paragraph], language: str) -> Iterator[Remark]:
    for index, paragraph in enumerate(paragraphs):
        words = " ".join(paragraph.text.split())
        is_short = len(words.split()) <= _SHORT_LINE_WORDS_MAX
        if not is_short or _HAS_ADDRESS.search(words) or _MARKUP_LINE.match(words):
            continue
        if _LOST_LINK.fullmatch(words):
            yield _found(RemarkCode.LINK_WITHOUT_TARGET, paragraph, 0, language)
        elif index and "\n" not in paragraph.text.strip() and words[-1:].isalnum():
            code = RemarkCode.IMAGE_CAPTION_LEFT if _PICTURE_WORD.search(words) else RemarkCode.STRAY_LINE
            leads_on = index + 1 < len(paragraphs) and len(paragraphs[index + 1].text) > len(words) * 2
            if code is RemarkCode.IMAGE_CAPTION_LEFT or not leads_on:
                yield _found(code, paragraph, 0, language)


_JOINED_SENTENCES = re.compile(
    r"(?<=[^\W\d_A-ZÀ-Þ]{2})[.!?…](?:[ \u00a0\u202f]?»|[”“\"’«)])?(?=[A-ZÀ-Þ][^\W\d_A-ZÀ-Þ])"
)
_NAME_ENDING = re.compile(r"\W*(?:Net|Com|Org|Be|Fr|Eu|Js|Io)\b")
_JOINED_BRACKET = re.compile(r"(?<=[^\W\d_A-ZÀ-Þ]{3})\((?=[A-ZÀ-Þ]{2})")
_ODD_SPACES = re.compile(r"(?<=\S)(?=\s*[\u00a0\u202f])[ \t\u00a0\u202f]{2,}(?=\S)")
_SPACED_MARK = {
    "en": re.compile(r"(?<=\w)[ \u00a0\u202f]+[,:;!?.](?=\s|\Z)"),
    "fr": re.compile(r"(?<=\w)[ \u00a0\u202f]+[,.](?=\s|\Z)"),
}
_DOUBLED = re.compile(r"(?<![\w’'-])([^\W\d_]{2,})\s+\1(?![\w’'-])", re.IGNORECASE)
_RIGHTLY_DOUBLED = frozenset(
    {
        "nous",
        "vous",
        "très",
        "tout",
        "tous",
        "that",
        "had",
        "very",
        "die",
        "das",
        "der",
        "dat",
        "sie",
        "bla",
        "non",
        "oui",
        "no",
    }
)


def _slips_of_the_pen(paragraph: Paragraph, language: str) -> Iterator[Remark]:
    text = paragraph.text
    spaced = _SPACED_MARK["fr" if base_language(language) == "fr" else "en"]
    joined = (m for m in _JOINED_SENTENCES.finditer(text) if not _NAME_ENDING.match(text, m.start()))
    doubled = (m for m in _DOUBLED.finditer(text) if not _is_rightly_doubled(m))
    for code, matches, at_most in (
        (RemarkCode.MISSING_SPACE_AFTER_STOP, joined, _OF_ONE_KIND_MAX),
        (RemarkCode.DOUBLED_WORD, doubled, _OF_ONE_KIND_MAX),
        (RemarkCode.MISSING_SPACE_BEFORE_BRACKET, _JOINED_BRACKET.finditer(text), 1),
        (RemarkCode.ODD_SPACING, _ODD_SPACES.finditer(text), 1),
        (RemarkCode.SPACE_BEFORE_PUNCTUATION, spaced.finditer(text), 1),
    ):
        for match in islice(matches, at_most):
            yield _found(code, paragraph, match.start(), language)


def _is_rightly_doubled(match: re.Match[str]) -> bool:
    """Whether the second word belongs there: "vous vous", or a name such as "Baden Baden"."""
    return match[1].casefold() in _RIGHTLY_DOUBLED or match[0].split()[-1][0].isupper()
