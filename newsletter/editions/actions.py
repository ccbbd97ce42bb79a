"""What can be done with editions: create one, and freeze it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from newsletter.announcements.models import Announcement, TranslationState
from newsletter.announcements.queries import announcements_by_id
from newsletter.announcements.rules import text_hash
from newsletter.editions.coverage import coverage_of
from newsletter.editions.errors import EditionIsFrozen
from newsletter.editions.masthead import Masthead
from newsletter.editions.models import (
    Edition,
    EditionItem,
    EditionMode,
    EditionState,
    EditionText,
    Fallback,
    RenderedEdition,
    Section,
    ShownItem,
)
from newsletter.editions.own_words import derived_words
from newsletter.editions.queries import edition_by_id, last_issue_number, rendered_variants
from newsletter.editions.wording import first_revision
from newsletter.foundation.database import WriteSession
from newsletter.rendering.render import RenderedBodies


@dataclass(frozen=True, slots=True)
class EditionPlan:
    """What an edition is created from. Words given per language (language -> text) replace the derived ones.

    `rolled_over` has announcements to be shown only in some languages: number -> languages.
    """

    languages: tuple[str, ...]
    mode: EditionMode
    fallback: Fallback
    announcement_ids: tuple[int, ...]
    subjects: Mapping[str, str]
    preheaders: Mapping[str, str]
    intros: Mapping[str, str]
    rolled_over: Mapping[int, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RenderedVariant:
    """One variant, rendered: its name, and its subject and bodies with merge fields in them."""

    variant: str
    bodies: RenderedBodies

    def kept(self, edition_id: int) -> RenderedEdition:
        """The row that freezing keeps of it."""
        bodies = self.bodies
        digest = hashlib.sha256("\x1f".join((bodies.subject, bodies.html, bodies.text)).encode()).hexdigest()
        return RenderedEdition(
            edition_id=edition_id,
            variant=self.variant,
            subject=bodies.subject,
            html=bodies.html,
            text=bodies.text,
            mjml=bodies.mjml,
            size_bytes=len(bodies.html.encode()),
            content_hash=digest,
        )


def create_edition(
    session: WriteSession, plan: EditionPlan, masthead: Masthead, now: datetime, author: str = ""
) -> Edition:
    """The next issue of the masthead's list, with the announcements in the order given.

    Raises AnnouncementNotFound. Subjects and preheaders that are not given are derived from the items, and marked so.
    Words that are given are the first revision of their text, and right for the source that came with them.
    """
    chosen = announcements_by_id(session, tuple(dict.fromkeys((*plan.announcement_ids, *plan.rolled_over))))
    edition = Edition(
        list_id=masthead.list_id,
        issue_number=last_issue_number(session, masthead.list_id) + 1,
        languages=plan.languages,
        mode=plan.mode,
        fallback=plan.fallback,
        theme=masthead.theme,
        state=EditionState.DRAFT,
        created_at=now,
        sections=[Section(position=0, items=[_item(plan, item, place) for place, item in enumerate(chosen)])],
    )
    edition.texts = [_text(plan, edition, masthead, tag, now) for tag in plan.languages]
    source = edition.texts[0]
    for text in edition.texts:
        if any(words.strip() for words in text.words.values()):
            text.confirmed_source_hash = None if text is source else text_hash(source)
            text.revisions = [first_revision(text, author, now)]
    session.add(edition)
    session.flush()
    return edition


def _item(plan: EditionPlan, announcement: Announcement, place: int) -> EditionItem:
    everywhere = announcement.id in plan.announcement_ids
    only = () if everywhere else plan.rolled_over[announcement.id]
    return EditionItem(
        announcement=announcement,
        announcement_id=announcement.id,
        position=place,
        fallback=None,
        only_languages=only,
    )


def _text(
    plan: EditionPlan, edition: Edition, masthead: Masthead, language: str, now: datetime
) -> EditionText:
    words = derived_words(edition, masthead, language)
    return EditionText(
        language=language,
        state=TranslationState.DRAFT,
        updated_at=now,
        subject=plan.subjects.get(language, words.subject),
        is_subject_derived=language not in plan.subjects,
        preheader=plan.preheaders.get(language, words.preheader),
        is_preheader_derived=language not in plan.preheaders,
        intro=plan.intros.get(language, ""),
        section_titles={},
    )


@dataclass(frozen=True, slots=True)
class Freeze:
    """What a freeze keeps: the rendered variants, how items stand in the languages frozen now, and what it closes."""

    variants: tuple[RenderedVariant, ...]
    languages: tuple[str, ...]
    left_out_languages: tuple[str, ...]
    is_complete: bool


def freeze_edition(session: WriteSession, edition_id: int, freeze: Freeze, now: datetime) -> None:
    """Keeps the rendered variants for good. Raises EditionIsFrozen where another freeze came first."""
    edition = edition_by_id(session, edition_id, lock=True)
    if edition.state is EditionState.FROZEN or rendered_variants(session, edition_id).keys() & {
        item.variant for item in freeze.variants
    }:
        raise EditionIsFrozen(edition_id)
    edition.state = EditionState.FROZEN if freeze.is_complete else EditionState.PARTLY_FROZEN
    edition.frozen_at = now
    edition.left_out_languages = freeze.left_out_languages
    session.add_all(variant.kept(edition_id) for variant in freeze.variants)
    session.add_all(
        ShownItem(
            edition_id=edition_id,
            announcement_id=item.announcement_id,
            language=cell.language,
            showing=cell.showing,
        )
        for item in coverage_of(edition)
        for cell in item.cells
        if cell.language in freeze.languages
    )
    session.flush()
