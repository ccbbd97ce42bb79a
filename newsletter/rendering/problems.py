"""What rendering found wrong, as data: a stable code, how grave it is, and the place."""

from dataclasses import dataclass
from enum import StrEnum

from newsletter.foundation.sayings import Saying


class Level(StrEnum):
    """How grave a problem is."""

    BLOCKS = "blocks"  # the edition cannot be frozen like this
    WARNS = "warns"  # it can, but somebody should look
    NOTES = "notes"  # good to know


class Code(StrEnum):
    """Every code that rendering gives; these words stay, because programs outside read them."""

    UNKNOWN_FIELD = "unknown-field"  # a merge field that does not exist
    LOOKS_LIKE_FIELD = "looks-like-field"  # [[First Name]]: shown as typed, perhaps meant as a field
    UNSAFE_LINK = "unsafe-link"  # neither http, https, mailto nor tel: the link is left out
    RELATIVE_LINK = "relative-link"  # leads nowhere in a mail: the link is left out
    PICTURE_IN_BODY = "picture-in-body"  # Markdown pictures are not shown, only their alternative text
    PICTURE_WITHOUT_ALT = "picture-without-alt"  # readers who see no pictures are told nothing
    TOO_DEEP = "too-deep"  # lists and quotations in each other without end: the innermost text is lost
    TITLE_MISSING = "title-missing"  # an item without a title
    LINK_MISSING = "link-missing"  # a title-only item that leads nowhere
    BAD_ACCENT = "bad-accent"  # not a colour: the house's own accent is used
    ACCENT_ADJUSTED = "accent-adjusted"  # too pale to read: shown darker
    TOO_LARGE = "too-large"  # Gmail cuts a mail off at about 102 KB
    MJML_UNREADABLE = "mjml-unreadable"  # not well-formed
    MJML_MENDED = "mjml-mended"  # not well-formed, and understood all the same
    MJML_NOT_INCLUDED = "mjml-not-included"  # what mj-include names is not in the letter
    MJML_UNKNOWN_ELEMENT = "mjml-unknown-element"
    MJML_MISPLACED_ELEMENT = "mjml-misplaced-element"
    MJML_UNKNOWN_ATTRIBUTE = "mjml-unknown-attribute"
    MJML_BAD_VALUE = "mjml-bad-value"
    MJML_NOT_USED_HERE = "mjml-not-used-here"  # valid MJML that the engine gets wrong (docs/decisions/0006)
    MJML_LOOSE_TEXT = "mjml-loose-text"  # text where only elements may stand: it would be lost
    MJML_NOT_COMPILED = "mjml-not-compiled"  # the engine gave up


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding. `line` counts from 1 in the text that `where` names; `language` is empty where none applies."""

    code: str
    level: Level
    message: Saying
    line: int | None = None
    where: str = ""
    language: str = ""
