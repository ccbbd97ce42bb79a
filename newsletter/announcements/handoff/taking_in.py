"""Makes the returned translations the texts, as far as they were judged sound."""

from collections.abc import Sequence
from datetime import datetime

from newsletter.announcements.handoff.judging import judge
from newsletter.announcements.handoff.kinds import ANNOUNCEMENTS, TextKind
from newsletter.announcements.handoff.report import HandOffReport, TextReport, UnitFate
from newsletter.announcements.handoff.units import Returned, named
from newsletter.announcements.models import TranslationState
from newsletter.announcements.revisions.changing import Edit
from newsletter.announcements.rules import is_stale
from newsletter.foundation.database import WriteSession

_TAKEN = (UnitFate.ACCEPTED, UnitFate.ACCEPTED_AS_STALE)


def take_in(
    session: WriteSession,
    returned: Returned,
    author: str,
    now: datetime,
    kinds: Sequence[TextKind] = (ANNOUNCEMENTS,),
) -> HandOffReport:
    """Stores what came back sound, and reports on every unit. The same file again changes nothing.

    A translation counts as made from the source that was exported: where that moved on, the text is stale. A whole
    text that came back waits for review; nothing is approved by a file.
    """
    report = judge(session, returned, lock=True, kinds=kinds)
    known = {kind.name: kind for kind in kinds}
    for judged in report.texts:
        if judged.source_hash and (place := named(judged.name)) is not None:
            _store(session, known[place[0]], place[1], judged, returned.target_language, author, now)
    return report


def _store(
    session: WriteSession,
    kind: TextKind,
    number: int,
    judged: TextReport,
    language: str,
    author: str,
    now: datetime,
) -> None:
    changes = {unit.field: unit.after for unit in judged.units if unit.fate in _TAKEN}
    if not changes:
        _confirm(session, kind, number, judged, language)
        return
    text = kind.find(session, number, False).text_in(language)
    # Where a part did not come back, the rest is no proof that the text as a whole is up to date.
    keeps_doubt = text is not None and not judged.is_complete and text.confirmed_source_hash is not None
    source_hash = text.confirmed_source_hash if keeps_doubt and text else judged.source_hash
    edited = kind.edit(session, number, language, Edit(changes, author, source_hash=source_hash), now)
    if judged.is_complete and edited.text.state is TranslationState.DRAFT:
        kind.submit(session, number, language)


def _confirm(session: WriteSession, kind: TextKind, number: int, judged: TextReport, language: str) -> None:
    """A text that came back whole and unchanged is still right for the source that it was exported with."""
    family = kind.find(session, number, False)
    text = family.text_in(language)
    is_doubted = judged.is_complete and text is not None and is_stale(text, family.source)
    if is_doubted and family.source_hash == judged.source_hash:
        kind.confirm(session, number, language)
