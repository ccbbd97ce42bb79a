"""Coverage: how each item of an edition, and its own words, stand in each language, before anybody is mailed."""

from collections.abc import Sequence
from dataclasses import dataclass

from newsletter.announcements.models import Translation, TranslationState
from newsletter.announcements.rules import is_stale
from newsletter.editions.choosing import choice_for, texts_of
from newsletter.editions.models import Edition, EditionItem, Showing
from newsletter.editions.rules import Blocked
from newsletter.rendering.content import ItemForm

_STAND_INS = (Showing.LABELLED, Showing.SUMMARY)
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


@dataclass(frozen=True, slots=True)
class OwnWords:
    """How the edition's own words stand in a language; `state` None where nobody wrote any, and the program makes them.

    `written` are the fields that an editor wrote; `missing` those that the source has and this language does not.
    A section's title is named by the section's place: `section 2`.
    """

    language: str
    state: TranslationState | None
    is_stale: bool
    written: tuple[str, ...]
    missing: tuple[str, ...]


def own_words_of(edition: Edition) -> tuple[OwnWords, ...]:
    """The edition's own words in each of its languages, in their order."""
    places = {
        f"section.{section.id}": f"section {place}" for place, section in enumerate(edition.sections, 1)
    }
    texts = sorted(edition.texts, key=lambda text: edition.languages.index(text.language))
    source = texts[0] if texts else None
    fields = {
        text.language: [places.get(field, field) for field, words in text.words.items() if words.strip()]
        for text in texts
    }
    return tuple(
        OwnWords(
            text.language,
            text.state if fields[text.language] else None,
            is_stale(text, source),
            tuple(fields[text.language]),
            tuple(name for name in fields[texts[0].language] if name not in fields[text.language]),
        )
        for text in texts
    )


def coverage_of(edition: Edition) -> tuple[ItemCoverage, ...]:
    """Every item of a whole edition (`queries.edition_by_id`), in order."""
    return tuple(_item(entry, edition) for section in edition.sections for entry in section.items)


def languages_with_fallback(items: tuple[ItemCoverage, ...]) -> frozenset[str]:
    """The languages in which some item stands in another language."""
    return frozenset(cell.language for item in items for cell in item.cells if cell.showing in _STAND_INS)


@dataclass(frozen=True, slots=True)
class LanguageCount:
    """How many items an edition shows in a language: of its own, in another one, none at all.

    `is_few` where those of its own are less than half of what the fullest language has.
    """

    language: str
    own: int
    in_another: int
    left_out: int
    is_few: bool


def counts_by_language(items: Sequence[ItemCoverage], languages: Sequence[str]) -> tuple[LanguageCount, ...]:
    """The items of each language, counted; an item that blocks is left out as long as it does."""
    showings = {
        tag: [cell.showing for item in items for cell in item.cells if cell.language == tag]
        for tag in languages
    }
    most = max((found.count(Showing.FULL) for found in showings.values()), default=0)
    return tuple(
        LanguageCount(
            language=tag,
            own=(own := found.count(Showing.FULL)),
            in_another=sum(found.count(showing) for showing in _STAND_INS),
            left_out=found.count(Showing.OMITTED) + found.count(Showing.BLOCKED),
            is_few=2 * own < most,
        )
        for tag, found in showings.items()
    )


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
