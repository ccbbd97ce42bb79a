"""What can be asked of the editions."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from newsletter.announcements.models import Announcement, AnnouncementPicture, Translation, TranslationState
from newsletter.editions.errors import EditionNotFound
from newsletter.editions.models import (
    Edition,
    EditionItem,
    EditionState,
    EditionText,
    RenderedEdition,
    Section,
    Showing,
    ShownItem,
)
from newsletter.editions.rules import SEPARATOR, languages_of
from newsletter.foundation.database import ReadSession


def editions(session: ReadSession) -> Sequence[Edition]:
    """Every edition with its texts, the latest first."""
    statement = sa.select(Edition).options(selectinload(Edition.texts)).order_by(Edition.id.desc())
    return session.scalars(statement).all()


def edition_by_id(session: ReadSession, edition_id: int, *, lock: bool = False) -> Edition:
    """The edition with everything in it, locked against other writers where asked. Raises EditionNotFound."""
    announcement = (
        selectinload(Edition.sections).selectinload(Section.items).selectinload(EditionItem.announcement)
    )
    statement = (
        sa.select(Edition)
        .where(Edition.id == edition_id)
        .options(
            selectinload(Edition.texts),
            announcement.selectinload(Announcement.translations),
            announcement.selectinload(Announcement.pictures).selectinload(AnnouncementPicture.picture),
        )
    )
    if lock:
        statement = statement.with_for_update(of=Edition).execution_options(populate_existing=True)
    found = session.scalars(statement).one_or_none()
    if found is None:
        raise EditionNotFound(str(edition_id))
    return found


def last_issue_number(session: ReadSession, list_id: int) -> int:
    """The highest issue number of a list, 0 where it has no edition."""
    return session.scalar(sa.select(sa.func.max(Edition.issue_number)).where(Edition.list_id == list_id)) or 0


def announcements_new_to(session: ReadSession, list_id: int) -> list[int]:
    """The announcements that no edition of the list has had, in the order in which they came in."""
    used = (
        sa.select(EditionItem.announcement_id)
        .join(Section, Section.id == EditionItem.section_id)
        .join(Edition, Edition.id == Section.edition_id)
        .where(Edition.list_id == list_id)
    )
    new = sa.select(Announcement.id).where(Announcement.id.not_in(used)).order_by(Announcement.id)
    return list(session.scalars(new))


def items_to_roll_over(session: ReadSession, list_id: int) -> dict[int, tuple[str, ...]]:
    """Announcements that frozen editions of a list left out of a language which has a text by now: number -> languages.

    What a later edition of the list showed in that language, or has in draft for it, is not named again.
    """
    of_list = (
        sa.select(ShownItem.announcement_id, ShownItem.language, ShownItem.showing)
        .join(Edition, Edition.id == ShownItem.edition_id)
        .where(Edition.list_id == list_id)
    )
    left_out: set[tuple[int, str]] = set()
    shown: set[tuple[int, str]] = set()
    for announcement_id, language, showing in session.execute(of_list):
        (left_out if showing is Showing.OMITTED else shown).add((announcement_id, language))
    in_draft = (
        sa.select(EditionItem.announcement_id)
        .join(Section, Section.id == EditionItem.section_id)
        .join(Edition, Edition.id == Section.edition_id)
        .where(Edition.list_id == list_id, Edition.state == EditionState.DRAFT)
    )
    drafted = set(session.scalars(in_draft))
    written = sa.select(Translation.announcement_id, Translation.language).where(
        Translation.state != TranslationState.NOT_APPLICABLE
    )
    due = {(number, tag) for number, tag in session.execute(written)} & (left_out - shown)
    found: dict[int, list[str]] = {}
    for number, tag in sorted(due):
        if number not in drafted:
            found.setdefault(number, []).append(tag)
    return {number: tuple(tags) for number, tags in found.items()}


def rendered_variants(session: ReadSession, edition_id: int) -> dict[str, RenderedEdition]:
    """The variants of a frozen edition by name; empty where it is not frozen."""
    statement = sa.select(RenderedEdition).where(RenderedEdition.edition_id == edition_id)
    return {rendered.variant: rendered for rendered in session.scalars(statement)}


def variant_names(session: ReadSession, edition_ids: Sequence[int]) -> dict[int, list[str]]:
    """The variants that each of these editions was frozen into, singles first."""
    statement = sa.select(RenderedEdition.edition_id, RenderedEdition.variant).where(
        RenderedEdition.edition_id.in_(edition_ids)
    )
    names: dict[int, list[str]] = {}
    for edition_id, variant in session.execute(statement):
        names.setdefault(edition_id, []).append(variant)
    return {
        number: sorted(variants, key=lambda name: (SEPARATOR in name, name))
        for number, variants in names.items()
    }


def frozen_languages(session: ReadSession, edition: Edition) -> frozenset[str]:
    """The languages of the edition that are rendered for good; all of them where it is frozen as a whole."""
    if edition.state is EditionState.FROZEN:
        return frozenset(edition.languages)
    return frozenset(tag for name in rendered_variants(session, edition.id) for tag in languages_of(name))


@dataclass(frozen=True, slots=True)
class HostedEdition:
    """A frozen edition as it stands on the web in one language; `languages` are all in which it does."""

    issue_number: int
    language: str
    languages: tuple[str, ...]
    subject: str
    html: str


def hosted_edition(session: ReadSession, public_name: bytes, language: str) -> HostedEdition | None:
    """The frozen edition of this name in this language, or None.

    An edition that exists only in combined variants is hosted in the one that begins with the language.
    """
    statement = (
        sa.select(Edition.issue_number, Edition.languages, RenderedEdition)
        .join(RenderedEdition, RenderedEdition.edition_id == Edition.id)
        .where(Edition.public_name == public_name)
    )
    rows = session.execute(statement).all()
    by_language: dict[str, RenderedEdition] = {}
    for _, _, rendered in sorted(rows, key=lambda row: (SEPARATOR in row[2].variant, row[2].variant)):
        by_language.setdefault(languages_of(rendered.variant)[0], rendered)
    if language not in by_language:
        return None
    issue_number, languages, _ = rows[0]
    chosen = by_language[language]
    hosted = tuple(tag for tag in languages if tag in by_language)
    return HostedEdition(issue_number, language, hosted, chosen.subject, chosen.html)


def edition_summaries(session: ReadSession, edition_ids: Collection[int], language: str) -> dict[int, str]:
    """What each of these frozen editions brings in a language, in a line: number -> its preheader, or its titles.

    The preheader where an editor wrote one; else the titles of what it showed in that language, in their order.
    """
    written = sa.select(
        EditionText.edition_id, EditionText.preheader, EditionText.is_preheader_derived
    ).where(EditionText.edition_id.in_(edition_ids), EditionText.language == language)
    texts = {number: (preheader, is_derived) for number, preheader, is_derived in session.execute(written)}
    derived = [number for number in edition_ids if texts.get(number, ("", True))[1]]
    titles = _titles_shown(session, derived, language) if derived else {}
    return {
        number: " · ".join(titles[number]) if number in titles else texts.get(number, ("", True))[0]
        for number in edition_ids
    }


def _titles_shown(session: ReadSession, edition_ids: Collection[int], language: str) -> dict[int, list[str]]:
    statement = (
        sa.select(ShownItem.edition_id, Translation.title)
        .join(Section, Section.edition_id == ShownItem.edition_id)
        .join(
            EditionItem,
            sa.and_(
                EditionItem.section_id == Section.id,
                EditionItem.announcement_id == ShownItem.announcement_id,
            ),
        )
        .join(
            Translation,
            sa.and_(
                Translation.announcement_id == ShownItem.announcement_id, Translation.language == language
            ),
        )
        .where(
            ShownItem.edition_id.in_(edition_ids),
            ShownItem.language == language,
            ShownItem.showing == Showing.FULL,
        )
        .order_by(Section.position, EditionItem.position)
    )
    titles: dict[int, list[str]] = {}
    for number, title in session.execute(statement):
        titles.setdefault(number, []).append(title)
    return titles
