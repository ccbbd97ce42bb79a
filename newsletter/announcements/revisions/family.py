"""The texts of one thing in its languages, whatever the thing is: an announcement here, an edition a storey above.

What holds of all of them is written once, on families (`changing.py`, `moves.py`, and the hand-off).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import sqlalchemy as sa

from newsletter.announcements.errors import RevisionNotFound, TextName
from newsletter.announcements.models import KeptRevision, KeptText
from newsletter.announcements.revisions.word_diff import DiffKind, DiffPart, word_diff
from newsletter.announcements.rules import TextRules, is_stale, text_hash
from newsletter.foundation.database import ReadSession

T = TypeVar("T", bound=KeptText)


@dataclass(frozen=True, slots=True)
class Family(Generic[T]):
    """The texts of one thing, one of which is the source of the others.

    `closed` has the languages whose text cannot be changed, each with the reason as a clause. `languages` are those
    in which there may be a text, None where any may begin.
    """

    kind: str  # "announcement": what commands, files and people call the thing
    number: int
    source_language: str
    texts: Sequence[T]
    rules: TextRules
    closed: Mapping[str, str] = field(default_factory=dict)
    languages: tuple[str, ...] | None = None

    @property
    def source(self) -> T | None:
        """The text that the others are translations of, None where it is not there."""
        return self.text_in(self.source_language)

    @property
    def source_hash(self) -> str | None:
        """The content hash of the source."""
        return None if self.source is None else text_hash(self.source)

    @property
    def stale_languages(self) -> list[str]:
        """The languages whose text was confirmed against another source than the one that is there."""
        return [text.language for text in self.texts if is_stale(text, self.source)]

    def text_in(self, language: str) -> T | None:
        """The text in a language, None where it is missing."""
        return next((text for text in self.texts if text.language == language), None)

    def name_of(self, language: str) -> TextName:
        """How errors call the text in a language."""
        return TextName(self.kind, self.number, language)


@dataclass(frozen=True, slots=True)
class FieldChange:
    """What became of one field: its words before and after, and the stretches that went or came."""

    field: str
    before: str
    after: str
    parts: tuple[DiffPart, ...]


def revisions(session: ReadSession, text: KeptText) -> Sequence[KeptRevision]:
    """Every revision of a text, the latest first."""
    return session.scalars(_revisions(text)).all()


def latest(session: ReadSession, text: KeptText) -> KeptRevision | None:
    """The revision that holds the text as it is; None for one that was never written."""
    return session.scalars(_revisions(text).limit(1)).one_or_none()


def numbered(session: ReadSession, family: Family[T], text: KeptText, number: int) -> KeptRevision:
    """One revision of a text. Raises RevisionNotFound."""
    statement = _revisions(text).where(text.REVISIONS.number == number)
    if (found := session.scalars(statement).one_or_none()) is None:
        raise RevisionNotFound(family.name_of(text.language), number)
    return found


def with_hash(session: ReadSession, text: KeptText, content_hash: str) -> Sequence[KeptRevision]:
    """The revisions of a text that say the same as this hash, the latest first; they differ in white space only."""
    return session.scalars(_revisions(text).where(text.REVISIONS.content_hash == content_hash)).all()


def field_changes(
    before: Mapping[str, str], after: Mapping[str, str], language: str
) -> tuple[FieldChange, ...]:
    """The fields whose words differ, each with the difference."""
    changes = []
    for name in dict.fromkeys((*before, *after)):
        old, new = before.get(name, ""), after.get(name, "")
        parts = word_diff(old, new, language)
        if any(part.kind is not DiffKind.KEPT and part.words.strip() for part in parts):
            changes.append(FieldChange(name, old, new, parts))
    return tuple(changes)


def _revisions(text: KeptText) -> sa.Select[KeptRevision]:
    kind = text.REVISIONS
    return sa.select(kind).filter_by(**text.identity).order_by(kind.number.desc())
