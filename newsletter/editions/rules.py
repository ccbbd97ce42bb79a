"""The rules of an edition: which text stands for which language, and in which variants it exists."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

from newsletter.announcements.rules import FieldForm, TextRules
from newsletter.editions.models import EditionMode, Fallback
from newsletter.rendering.content import ItemForm

SEPARATOR = "+"


@dataclass(frozen=True, slots=True)
class Choice:
    """The text that stands for an item in one language: in which language it is, and how it is shown."""

    language: str
    form: ItemForm


class Blocked:
    """The item lacks this language and its policy says that the edition then cannot be frozen."""


BLOCKED = Blocked()


def choose_text(
    wanted: str,
    written: Collection[str],
    not_applicable: Collection[str],
    source_language: str,
    languages: Sequence[str],
    policy: Fallback,
) -> Choice | Blocked | None:
    """What the part in language `wanted` shows of an item: a Choice, None for nothing, or BLOCKED.

    `written` are the languages that the item has a text in, `languages` those of the edition in order. A language
    marked not applicable ("only in French, on purpose") never blocks.
    """
    if wanted in written:
        return Choice(wanted, ItemForm.FULL)
    if policy is Fallback.BLOCK:
        return None if wanted in not_applicable else BLOCKED
    if policy is Fallback.OMIT:
        return None
    candidates = [tag for tag in (source_language, *languages, *sorted(written)) if tag in written]
    if not candidates:
        return None
    return Choice(candidates[0], ItemForm.LABELLED if policy is Fallback.LABEL else ItemForm.SUMMARY)


def shorten_repeated(choice: Choice, other_parts: Iterable[str]) -> Choice:
    """In a combined mail, an item that stands whole in the other part is only announced in this one."""
    if choice.form is ItemForm.LABELLED and choice.language in other_parts:
        return Choice(choice.language, ItemForm.SUMMARY)
    return choice


def variants_of(languages: Sequence[str], mode: EditionMode) -> tuple[str, ...]:
    """The variants of an edition that has something to show in `languages` (in order): ("fr", "en", "fr+en", "en+fr").

    Combined ones are made in either mode, for readers who want both; single ones in separate mode, or where there
    is only one language.
    """
    pairs = tuple(SEPARATOR.join(pair) for pair in permutations(languages, 2))
    singles = tuple(languages)
    return singles + pairs if mode is EditionMode.SEPARATE or not pairs else pairs


def languages_of(variant: str) -> tuple[str, ...]:
    """The languages of a variant, the reader's own first: "fr+en" gives ("fr", "en")."""
    return tuple(variant.split(SEPARATOR))


_ONE_LINE = {
    "subject": "the subject has more than one line",
    "preheader": "the preheader has more than one line",
    "section": "the title of a section has more than one line",
}


def faults_of(changes: Mapping[str, str]) -> list[str]:
    """Why these words cannot be stored in an edition, each reason as a clause."""
    long = [name.partition(".")[0] for name, words in changes.items() if len(words.splitlines()) > 1]
    return [_ONE_LINE[kind] for kind in dict.fromkeys(long) if kind in _ONE_LINE]


# No first field: a text of an edition may begin with any, for the program makes subject and preheader.
EDITION_RULES = TextRules(
    fields={"subject": FieldForm.LINE, "preheader": FieldForm.LINE, "intro": FieldForm.MARKDOWN},
    faults_of=faults_of,
    numbered="section",
)
