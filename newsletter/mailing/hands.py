"""What a run has in hand: the claimed deliveries of one slice that are not decided yet, with their journal."""

import errno
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from newsletter.foundation.addresses import envelope_address
from newsletter.foundation.database import Database
from newsletter.foundation.signing import Keyring
from newsletter.mailing import liveness
from newsletter.mailing.compose import Composer
from newsletter.mailing.errors import JournalHasNoRoom
from newsletter.mailing.journal import Journal, Mark, Marks, Unwritten, journal_path
from newsletter.mailing.ledger import Claim, ClaimedDelivery, Ledger, Run
from newsletter.mailing.rules import GIVE_UP_AFTER
from newsletter.mailing.shelf import OPEN_GATE, Gate
from newsletter.mailing.slicing import SLICE_SIZE

_HANDED_OVER = int(Mark.HANDED_OVER)
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
        self.marks: Marks
        path = journal_path(folder, token)
        try:
            self.marks = Journal(path, token, SLICE_SIZE)
        except OSError as error:
            if error.errno in _FULL:
                raise JournalHasNoRoom(str(path.parent)) from error
            _log.warning("journal not written", reason=error.strerror)
            self.marks = Unwritten()
        self.run = Run(token, liveness.holder_name(), str(path) if isinstance(self.marks, Journal) else "")
        self.claim: Claim | None = None
        self.left: dict[int, Held] = {}
        """What is not decided, by what is in the ledger or on its way there; by the reader."""
        liveness.held_here.add(token)

    @property
    def what_it_claimed(self) -> Claim:
        """Its claim. Raises RuntimeError before there is one."""
        if self.claim is None:
            raise RuntimeError("nothing was claimed yet")
        return self.claim

    @property
    def domain_group(self) -> str:
        """With which provider the mailboxes are."""
        return self.claim.key.domain_group if self.claim else ""

    def take(self, claim: Claim) -> None:
        """Lists what was claimed in the journal; to be called before any of it is handed over."""
        self.claim = claim
        self.left = {
            claimed.subscriber_id: Held(self, claimed, place)
            for place, claimed in enumerate(claim.deliveries)
        }
        self.marks.begin(list(self.left))

    def drop(self) -> None:
        """Ends it: nothing was claimed, or all of it is in the ledger."""
        liveness.held_here.discard(self.run.token)
        self.marks.remove()

    def leave(self) -> None:
        """Leaves the journal to whoever settles this run: it could not be written into the ledger."""
        liveness.held_here.discard(self.run.token)
        self.marks.close()


class Held:
    """One claimed message of a hand."""

    __slots__ = ("_place", "claimed", "hand", "recipient")

    def __init__(self, hand: Hand, claimed: ClaimedDelivery, place: int) -> None:
        self.hand = hand
        self.claimed = claimed
        self.recipient = envelope_address(claimed.address)
        self._place = place

    def note(self, mark: int) -> None:
        """Notes how far it got."""
        self.hand.marks.mark(self._place, mark)

    def note_handed_over(self) -> None:
        """Notes that it leaves now, and may arrive."""
        self.hand.marks.mark(self._place, _HANDED_OVER)

    @property
    def is_handed_over(self) -> bool:
        """Whether it has left, and may have arrived."""
        return self.hand.marks.mark_of(self._place) == _HANDED_OVER
