"""Which announcement of a plain text is which one of before, where nothing but their words can tell."""

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from newsletter.announcements.intake.draft import DraftAnnouncement
from newsletter.announcements.intake.updating import imported_words
from newsletter.announcements.models import Announcement
from newsletter.announcements.rules import text_in
from newsletter.foundation.database import ReadSession

# The share of words in common from which two texts are one and its correction.
_LIKENESS_MIN = 0.6


def texts_changed(
    session: ReadSession, drafts: Sequence[DraftAnnouncement], known: Mapping[str, int]
) -> dict[str, int]:
    """Drafts that are corrections of texts imported earlier from a file of the same name: source key -> announcement.

    `known` are the announcements that the file still holds word for word; no other is taken twice. The likest pair
    counts first, and of equally like ones the first in the file.
    """
    nameless = [draft for draft in drafts if not draft.reference and not draft.links]
    pairs = [
        (-likeness, place, announcement.id)
        for place, draft in enumerate(nameless)
        for announcement in _of_the_same_file(session, draft, known)
        if (likeness := _likeness(session, draft, announcement)) >= _LIKENESS_MIN
    ]
    found: dict[str, int] = {}
    taken: set[int] = set()
    for _, place, announcement_id in sorted(pairs):
        key = nameless[place].source_key
        if key not in found and announcement_id not in taken:
            found[key] = announcement_id
            taken.add(announcement_id)
    return found


def _of_the_same_file(
    session: ReadSession, draft: DraftAnnouncement, known: Mapping[str, int]
) -> Sequence[Announcement]:
    statement = (
        sa.select(Announcement)
        .where(
            Announcement.source_name == draft.source_name,
            Announcement.reference == "",
            Announcement.id.not_in(set(known.values())),
        )
        .options(selectinload(Announcement.translations))
        .order_by(Announcement.id)
    )
    return session.scalars(statement).all()


def _likeness(session: ReadSession, draft: DraftAnnouncement, announcement: Announcement) -> float:
    """The share of words that the draft and what was imported have in common, from 0 to 1."""
    text = text_in(announcement, draft.source_language)
    before = imported_words(session, text) if text else None
    if before is None:
        return 0.0
    said = {"title": draft.texts[0].title, "body": draft.texts[0].body}
    return SequenceMatcher(None, _words(before), _words(said), autojunk=False).ratio()


def _words(fields: Mapping[str, str]) -> list[str]:
    return f"{fields['title']}\n{fields['body']}".split()
