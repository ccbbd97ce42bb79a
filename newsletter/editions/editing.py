"""What can be done with a draft edition as a whole: other items, another order, mode, fallback or theme; or discard it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from newsletter.announcements.queries import announcements_by_id
from newsletter.announcements.revisions.changing import Edit, Edited, change_words
from newsletter.editions.errors import (
    AlreadyInEdition,
    EditionIsFrozen,
    EditionPartlyFrozen,
    LanguageNotInEdition,
    NotInEdition,
    OrderIncomplete,
)
from newsletter.editions.masthead import Masthead
from newsletter.editions.models import (
    Edition,
    EditionItem,
    EditionMode,
    EditionState,
    EditionText,
    Fallback,
    Section,
)
from newsletter.editions.own_words import refresh_derived
from newsletter.editions.queries import edition_by_id, frozen_languages
from newsletter.editions.wording import edit_words, family_of
from newsletter.foundation.database import WriteSession


@dataclass(frozen=True, slots=True)
class EditionChange:
    """What an editor wants otherwise; None, or nothing in it, leaves things as they are.

    `order` has the announcements of each section in order, every item of the edition once. A fallback of None for an
    item makes it follow the edition's again.
    """

    mode: EditionMode | None = None
    fallback: Fallback | None = None
    theme: str | None = None
    added: tuple[int, ...] = ()
    removed: tuple[int, ...] = ()
    order: tuple[tuple[int, ...], ...] = ()
    item_fallbacks: Mapping[int, Fallback | None] = field(default_factory=dict)


def change_edition(
    session: WriteSession, edition_id: int, change: EditionChange, author: str, now: datetime
) -> Edition:
    """Changes a draft: removes first, then adds at the end, then puts in order. Returns the edition as it is then.

    A section that no order names is gone, its titles with it.
    Raises EditionNotFound, EditionIsFrozen, EditionPartlyFrozen, AnnouncementNotFound, NotInEdition, AlreadyInEdition,
    OrderIncomplete.
    """
    edition = _draft(session, edition_id)
    edition.mode = change.mode or edition.mode
    edition.fallback = change.fallback or edition.fallback
    edition.theme = change.theme or edition.theme
    for announcement_id in change.removed:
        session.delete(_item(edition, announcement_id))
    edition = _reloaded(session, edition_id)
    _add(session, edition, change.added)
    edition = _reloaded(session, edition_id)
    for announcement_id, fallback in change.item_fallbacks.items():
        _item(edition, announcement_id).fallback = fallback
    if change.order:
        _put_in_order(session, edition, change.order)
        _drop_sections(session, edition_id, len(change.order), author, now)
    return _reloaded(session, edition_id)


@dataclass(frozen=True, slots=True)
class EditionEdit:
    """Everything that an editor wants otherwise about an edition, in one go.

    `words` are per language and field; `titles` those of sections, by language and the section's place, from 1.
    Revision and `is_minor` are meant as in `Edit`; a revision makes sense where one language is edited.
    """

    author: str
    change: EditionChange = EditionChange()
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    titles: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    is_minor: bool = False
    base_revision: int | None = None


def edit_edition(
    session: WriteSession, edition_id: int, edit: EditionEdit, masthead: Masthead, now: datetime
) -> tuple[Edition, dict[str, Edited[EditionText]]]:
    """Changes the edition and its words, those of the source first; the edition, and what became of each text.

    Subjects and preheaders that nobody wrote follow the items. Raises what `change_edition` and `edit_words` raise.
    """
    edition = edition_by_id(session, edition_id, lock=True)
    if edit.change != EditionChange():
        edition = change_edition(session, edition_id, edit.change, edit.author, now)
    edited = {}
    for language in _source_first(edition, {*edit.words, *edit.titles}):
        titles = _by_number(edition, edit.titles.get(language, {}))
        changes = {**edit.words.get(language, {}), **titles}
        wanted = Edit(changes, edit.author, edit.is_minor, edit.base_revision)
        edited[language] = edit_words(session, edition_id, language, wanted, now)
    edition = _reloaded(session, edition_id)
    refresh_derived(edition, masthead, frozen_languages(session, edition))
    session.flush()
    return edition, edited


def _source_first(edition: Edition, languages: Collection[str]) -> list[str]:
    if others := sorted(set(languages) - set(edition.languages)):
        raise LanguageNotInEdition(edition.id, others[0])
    return [tag for tag in edition.languages if tag in languages]


def _by_number(edition: Edition, titles: Mapping[int, str]) -> dict[str, str]:
    """The titles by the numbers that the database gave the sections."""
    for place in titles:
        if not 0 < place <= len(edition.sections):
            raise NotInEdition(edition.id, f"section {place}")
    return {f"section.{edition.sections[place - 1].id}": title for place, title in titles.items()}


def discard_edition(session: WriteSession, edition_id: int) -> None:
    """Deletes a draft with all its words; if it was the last of its list, its issue number is free again.

    Raises EditionNotFound, EditionIsFrozen, EditionPartlyFrozen: what is frozen may have been mailed.
    """
    _draft(session, edition_id)
    session.execute(sa.delete(Edition).where(Edition.id == edition_id))


def _draft(session: WriteSession, edition_id: int) -> Edition:
    edition = edition_by_id(session, edition_id, lock=True)
    if edition.state is EditionState.FROZEN:
        raise EditionIsFrozen(edition_id)
    if edition.state is EditionState.PARTLY_FROZEN:
        raise EditionPartlyFrozen(edition_id)
    return edition


def _reloaded(session: WriteSession, edition_id: int) -> Edition:
    """The edition as it is in the database, its sections and items in order."""
    session.flush()
    return edition_by_id(session, edition_id, lock=True)


def _items(edition: Edition) -> list[EditionItem]:
    return [item for section in edition.sections for item in section.items]


def _item(edition: Edition, announcement_id: int) -> EditionItem:
    found = next((item for item in _items(edition) if item.announcement_id == announcement_id), None)
    if found is None:
        raise NotInEdition(edition.id, f"announcement {announcement_id}")
    return found


def _add(session: WriteSession, edition: Edition, announcement_ids: Sequence[int]) -> None:
    there = {item.announcement_id for item in _items(edition)}
    section = edition.sections[-1]
    place = max((item.position for item in section.items), default=-1) + 1
    for number, announcement in enumerate(announcements_by_id(session, announcement_ids)):
        if announcement.id in there:
            raise AlreadyInEdition(edition.id, announcement.id)
        there.add(announcement.id)
        session.add(
            EditionItem(section_id=section.id, announcement_id=announcement.id, position=place + number)
        )


def _put_in_order(session: WriteSession, edition: Edition, order: Sequence[Sequence[int]]) -> None:
    """Moves the items to their places, into new sections where there are more than before."""
    named = [announcement_id for group in order for announcement_id in group]
    items = _items(edition)
    if sorted(named) != sorted(item.announcement_id for item in items) or not all(order):
        raise OrderIncomplete(edition.id, [item.announcement_id for item in items])
    sections = list(edition.sections)
    for place in range(len(sections), len(order)):
        sections.append(Section(edition_id=edition.id, position=place))
        session.add(sections[-1])
    session.flush()
    by_number = {item.announcement_id: item for item in items}
    for section, group in zip(sections, order, strict=False):
        for place, announcement_id in enumerate(group):
            by_number[announcement_id].section_id = section.id
            by_number[announcement_id].position = place


def _drop_sections(
    session: WriteSession, edition_id: int, kept_count: int, author: str, now: datetime
) -> None:
    """Deletes the sections that an order left empty, and takes their titles out of the texts."""
    edition = _reloaded(session, edition_id)
    gone = [section.id for section in edition.sections[kept_count:]]
    if not gone:
        return
    texts = family_of(edition)
    for text in sorted(edition.texts, key=lambda text: edition.languages.index(text.language)):
        untitled = {f"section.{number}": "" for number in gone}
        change_words(session, texts, text, Edit(untitled, author, is_minor=True), now)
    session.execute(sa.delete(Section).where(Section.id.in_(gone)))
