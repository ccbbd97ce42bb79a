"""What a run has in hand: the claimed deliveries of one slice that are not decided yet, with their journal."""

import errno
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from newsletter.foundation.database import Database
from newsletter.foundation.signing import Keyring
from newsletter.mailing import liveness
from newsletter.mailing.compose import Composer
from newsletter.mailing.errors import JournalHasNoRoom
from newsletter.mailing.journal import Journal, Mark, journal_path
from newsletter.mailing.ledger import Claim, Ledger, Run
from newsletter.mailing.rules import GIVE_UP_AFTER
from newsletter.mailing.shelf import OPEN_GATE, Gate
from newsletter.mailing.slicing import SLICE_SIZE

# What systems say of a disk, a quota or a limit that is used up.
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Parts:
    """What a run works with."""

    database: Database
    keyring: Keyring
    composer: Composer
    sender_address: str
    clock: Callable[[], datetime]
    journal_folder: Path
    ledger: Ledger = field(default_factory=Ledger)
    gate: Gate = OPEN_GATE
    give_up_after: timedelta = GIVE_UP_AFTER


class Hand:
    """One claim, from before it is made to after all of it is in the ledger."""

    def __init__(self, folder: Path) -> None:
        """Opens the journal, which says that nothing was begun; only then may something be claimed.

        Raises JournalHasNoRoom where the disk is full. Where no file can be made at all, it does without.
        """
        token = secrets.randbits(62)
        self._journal = _journal(journal_path(folder, token), token)
        self._marks: dict[int, int] = {}  # in place of a journal that cannot be written
        path = str(self._journal.path) if self._journal else ""
        self.run = Run(token, liveness.holder_name(), path)
        self.claim: Claim | None = None
        self.left: set[int] = set()
        """The readers who are not decided, by what is in the ledger or on its way there."""
        liveness.held_here.add(token)

    @property
    def domain_group(self) -> str:
        """With which provider the mailboxes are."""
        return self.claim.key.domain_group if self.claim else ""

    def take(self, claim: Claim) -> None:
        """Lists what was claimed in the journal; to be called before any of it is handed over."""
        self.claim = claim
        self.left = {delivery.subscriber_id for delivery in claim.deliveries}
        if self._journal is not None:
            self._journal.begin([delivery.subscriber_id for delivery in claim.deliveries])

    def note(self, subscriber_id: int, mark: int) -> None:
        """Notes how far one message got."""
        if self._journal is not None:
            self._journal.mark(subscriber_id, mark)
        else:
            self._marks[subscriber_id] = mark

    def is_handed_over(self, subscriber_id: int) -> bool:
        """Whether one message has left, and may have arrived."""
        if self._journal is not None:
            return self._journal.mark_of(subscriber_id) == Mark.HANDED_OVER
        return self._marks.get(subscriber_id) == Mark.HANDED_OVER

    def drop(self) -> None:
        """Ends it: nothing was claimed, or all of it is in the ledger."""
        liveness.held_here.discard(self.run.token)
        if self._journal is not None:
            self._journal.remove()

    def leave(self) -> None:
        """Leaves the journal to whoever settles this run: it could not be written into the ledger."""
        liveness.held_here.discard(self.run.token)
        if self._journal is not None:
            self._journal.close()


def _journal(path: Path, token: int) -> Journal | None:
    try:
        return Journal(path, token, SLICE_SIZE)
    except OSError as error:
        if error.errno in _FULL:
            raise JournalHasNoRoom(str(path.parent)) from error
        _log.warning("journal not written", reason=error.strerror)
        return None
