"""What an editor should look at in a text: remarks, which say what is odd and where, and change nothing."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from newsletter.announcements.quotes import quote_slips
from newsletter.announcements.sentences import one_line, same_words, sentences
from newsletter.foundation.language import base_language

EXCERPT_MAX = 80
_REPEATED_WORDS_MIN = 5
_OF_ONE_KIND_MAX = 20  # remarks of one kind on one announcement; nobody reads more
_SHORT_LINE_WORDS_MAX = 8


class RemarkCode(StrEnum):
    """The kinds of remark. The first ones are about the words, the later ones about how they came in."""

    REPEATED_PARAGRAPH = (
        "repeated_paragraph"  # a paragraph, or its first or last sentence, stands there twice
    )
    LINK_WITHOUT_TARGET = "link_without_target"  # "Link to the report." without an address
    MISSING_SPACE_AFTER_STOP = "missing_space_after_stop"  # "ended.Then"
    MISSING_SPACE_BEFORE_BRACKET = "missing_space_before_bracket"  # "Goals(SDG)"
    QUOTE_SLIP = (
        "quote_slip"  # a closing quotation mark where one opens, the reverse, or one without its other
    )
    DOUBLED_WORD = "doubled_word"  # "the the"
    ODD_SPACING = "odd_spacing"  # a no-break space beside another space
    SPACE_BEFORE_PUNCTUATION = "space_before_punctuation"  # "she said : " where the language has none
    IMAGE_CAPTION_LEFT = "image_caption_left"  # the caption of a picture that is not there
    STRAY_LINE = "stray_line"  # a few words alone on a line, perhaps what is left of a link
    DERIVED_TITLE = "derived_title"  # there was no title; the first words serve
    GUESSED_LANGUAGE = "guessed_language"  # too little text to tell the language
    ENCODING_GUESSED = "encoding_guessed"  # not UTF-8; read as Windows-1252
    CONTROL_CHARACTERS = "control_characters"  # characters that no mail may hold became spaces
    UNKNOWN_FIELD = "unknown_field"  # a line of the front matter that means nothing here
    FIELDS_DIFFER = (
        "fields_differ"  # the languages of one announcement disagree about a date, topic or picture
    )
    ALT_MISSING = "alt_missing"  # a picture without words for those who do not see it
    PICTURE_IN_BODY = "picture_in_body"  # a picture inside the text, which is not taken along
    FURTHER_PICTURE = "further_picture"  # a text from the web had several pictures; the first one is taken
    PICTURE_REFUSED = "picture_refused"  # a picture could not be fetched, or is none that can be mailed
    TABLE_AS_TEXT = "table_as_text"  # a table became a list, one line per row
    EMBED_LEFT_OUT = "embed_left_out"  # a video, a form or another page inside the text
    LINK_LEFT_OUT = "link_left_out"  # a link that leads nowhere from a mailbox; its words stay
    LANGUAGE_CORRECTED = "language_corrected"  # the source as a whole names another language than the text's


# Plain sentences without placeholders, so that they can be translated; the excerpt says what is meant.
MESSAGES: dict[RemarkCode, str] = {
    RemarkCode.REPEATED_PARAGRAPH: "This has been said before in the same announcement.",
    RemarkCode.LINK_WITHOUT_TARGET: "A link is announced here, but there is no address.",
    RemarkCode.MISSING_SPACE_AFTER_STOP: "A space is missing between two sentences.",
    RemarkCode.MISSING_SPACE_BEFORE_BRACKET: "A space is missing before the bracket.",
    RemarkCode.QUOTE_SLIP: "A quotation mark is turned the wrong way or lacks its other half.",
    RemarkCode.DOUBLED_WORD: "A word stands here twice.",
    RemarkCode.ODD_SPACING: "A no-break space stands beside another space and will show as a gap.",
    RemarkCode.SPACE_BEFORE_PUNCTUATION: "There is a space before a punctuation mark.",
    RemarkCode.IMAGE_CAPTION_LEFT: "This looks like the caption of a picture that is not there.",
    RemarkCode.STRAY_LINE: "A few words stand alone on this line; a heading, or a link that lost its address?",
    RemarkCode.DERIVED_TITLE: "There was no title; this one was taken from the text.",
    RemarkCode.GUESSED_LANGUAGE: "The text does not tell its language plainly; this is a guess.",
    RemarkCode.ENCODING_GUESSED: "The file is not in UTF-8; it was read as Windows-1252, look at the accents.",
    RemarkCode.CONTROL_CHARACTERS: "Characters that cannot be shown were replaced by spaces.",
    RemarkCode.UNKNOWN_FIELD: "This field means nothing here and was left out.",
    RemarkCode.FIELDS_DIFFER: "The languages disagree about this field; the source language's value was taken.",
    RemarkCode.ALT_MISSING: "The picture has no description in this language.",
    RemarkCode.PICTURE_IN_BODY: "A picture inside the text is not taken along; name it in the field `image`.",
    RemarkCode.FURTHER_PICTURE: "Only the first picture is taken along; this one was left out.",
    RemarkCode.PICTURE_REFUSED: "A picture could not be taken along.",
    RemarkCode.TABLE_AS_TEXT: "A table became a list with one line per row; see whether it still reads well.",
    RemarkCode.EMBED_LEFT_OUT: "A video, a form or another page inside the text was left out.",
    RemarkCode.LINK_LEFT_OUT: "A link that leads nowhere from a mailbox was left out; its words stay.",
    RemarkCode.LANGUAGE_CORRECTED: "The source is marked as another language; the one of the text was taken.",
}


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing for an editor to look at; `line` counts from 1 in the source, None where no line is meant."""

    code: RemarkCode
    message: str
    language: str
    line: int | None
    excerpt: str  # at most EXCERPT_MAX characters


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A stretch of text between blank lines (inner line ends kept) and the source line on which it begins."""

    text: str
    line: int


def remark(code: RemarkCode, language: str, line: int | None, text: str, at: int = 0) -> Remark:
    """The remark with its message and the words of `text` around the character `at`."""
    return Remark(code, MESSAGES[code], language, line, excerpt(text, at))


def excerpt(text: str, at: int = 0) -> str:
    """At most EXCERPT_MAX characters of `text` around the character `at`, on one line, cut ends marked by "…"."""
    first = max(0, at - EXCERPT_MAX // 2)
    cut = one_line(text[first : first + EXCERPT_MAX - 2])
    return (
        ("…" if text[:first].strip() else "") + cut + ("…" if text[first + EXCERPT_MAX - 2 :].strip() else "")
    )


def editorial_remarks(paragraphs: Sequence[Paragraph], language: str) -> tuple[Remark, ...]:
    """What is odd in one announcement's paragraphs, in the order of its lines. Markdown is understood, not required."""
    masked = [Paragraph(_without_addresses(p.text), p.line) for p in paragraphs]
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
    return remark(code, language, line, paragraph.text, at)


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
