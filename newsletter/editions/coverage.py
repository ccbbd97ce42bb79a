"""Coverage: how each item of an edition stands in each language, before anybody is mailed."""

from dataclasses import dataclass

from newsletter.announcements.models import Translation, TranslationState
from newsletter.announcements.rules import is_stale
from newsletter.editions.choosing import choice_for, texts_of
from newsletter.editions.models import Edition, EditionItem, Showing
from newsletter.editions.rules import Blocked
from newsletter.rendering.content import ItemForm

_SHOWING_OF_FORM = {
    ItemForm.FULL: Showing.FULL,
    ItemForm.LABELLED: Showing.LABELLED,
    ItemForm.SUMMARY: Showing.SUMMARY,
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One item in one language: how it is shown and in which language, and the state of its own text.

    `state` None means that the text is missing; `is_stale` that its source has changed since it was confirmed.
    """

    language: str
    showing: Showing
    shown_language: str | None
    state: TranslationState | None
    is_stale: bool


@dataclass(frozen=True, slots=True)
class ItemCoverage:
    """One item across the languages of the edition, in their order."""

    announcement_id: int
    title: str
    cells: tuple[Cell, ...]


def coverage_of(edition: Edition) -> tuple[ItemCoverage, ...]:
    """Every item of a whole edition (`queries.edition_by_id`), in order."""
    return tuple(_item(entry, edition) for section in edition.sections for entry in section.items)


def languages_with_fallback(items: tuple[ItemCoverage, ...]) -> frozenset[str]:
    """The languages in which some item stands in another language."""
    stand_ins = (Showing.LABELLED, Showing.SUMMARY)
    return frozenset(cell.language for item in items for cell in item.cells if cell.showing in stand_ins)


def _item(entry: EditionItem, edition: Edition) -> ItemCoverage:
    announcement = entry.announcement
    texts = texts_of(announcement)
    first = texts.get(announcement.source_language) or next(iter(texts.values()), None)
    cells = tuple(_cell(entry, edition, language, first) for language in edition.languages)
    return ItemCoverage(announcement.id, first.title if first else "", cells)


def _cell(entry: EditionItem, edition: Edition, language: str, source: Translation | None) -> Cell:
    text = next((one for one in entry.announcement.translations if one.language == language), None)
    state = text.state if text else None
    stale = text is not None and is_stale(text, source)
    choice = choice_for(entry, edition, language)
    if isinstance(choice, Blocked):
        return Cell(language, Showing.BLOCKED, None, state, stale)
    if choice is None:
        return Cell(language, Showing.OMITTED, None, state, stale)
    return Cell(language, _SHOWING_OF_FORM[choice.form], choice.language, state, stale)
