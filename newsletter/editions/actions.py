"""What can be done with editions: create one, and freeze it."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from newsletter.announcements.models import Announcement
from newsletter.announcements.queries import announcements_by_id
from newsletter.editions.content import derived_words
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
)
from newsletter.editions.queries import last_issue_number
from newsletter.foundation.database import WriteSession
from newsletter.rendering.render import RenderedBodies


@dataclass(frozen=True, slots=True)
class EditionPlan:
    """What an edition is created from. Words given per language (language -> text) replace the derived ones."""

    languages: tuple[str, ...]
    mode: EditionMode
    fallback: Fallback
    announcement_ids: tuple[int, ...]
    subjects: Mapping[str, str]
    preheaders: Mapping[str, str]
    intros: Mapping[str, str]


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


def create_edition(session: WriteSession, plan: EditionPlan, masthead: Masthead, now: datetime) -> Edition:
    """The next issue of the masthead's list, with the announcements in the order given.

    Raises AnnouncementNotFound. Subjects and preheaders that are not given are derived from the items, and marked so.
    """
    chosen = announcements_by_id(session, plan.announcement_ids)
    issue_number = last_issue_number(session, masthead.list_id) + 1
    edition = Edition(
        list_id=masthead.list_id,
        issue_number=issue_number,
        languages=plan.languages,
        mode=plan.mode,
        fallback=plan.fallback,
        theme=masthead.theme,
        state=EditionState.DRAFT,
        created_at=now,
        texts=[_text(plan, masthead, tag, issue_number, chosen) for tag in plan.languages],
        sections=[
            Section(
                position=0,
                titles={},
                items=[
                    EditionItem(announcement_id=item.id, position=place) for place, item in enumerate(chosen)
                ],
            )
        ],
    )
    session.add(edition)
    session.flush()
    return edition


def _text(
    plan: EditionPlan, masthead: Masthead, language: str, issue_number: int, chosen: Sequence[Announcement]
) -> EditionText:
    words = derived_words(
        language, masthead.list_name(language), issue_number, chosen, plan.fallback, plan.languages
    )
    return EditionText(
        language=language,
        subject=plan.subjects.get(language, words.subject),
        is_subject_derived=language not in plan.subjects,
        preheader=plan.preheaders.get(language, words.preheader),
        is_preheader_derived=language not in plan.preheaders,
        intro=plan.intros.get(language, ""),
    )


def freeze_edition(
    session: WriteSession, edition_id: int, variants: Sequence[RenderedVariant], now: datetime
) -> None:
    """Keeps the rendered variants for good. Raises EditionIsFrozen where another freeze came first."""
    moved = session.execute(
        sa.update(Edition)
        .where(Edition.id == edition_id, Edition.state == EditionState.DRAFT)
        .values(state=EditionState.FROZEN, frozen_at=now)
        .returning(Edition.id)
    ).scalar_one_or_none()
    if moved is None:
        raise EditionIsFrozen(edition_id)
    session.add_all(variant.kept(edition_id) for variant in variants)
    session.flush()
