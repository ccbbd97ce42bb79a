"""One commit of a run: what was answered, what has ended, a sign of life, and what is claimed next."""

import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from newsletter.audience.actions import suppress
from newsletter.audience.models import SuppressionReason
from newsletter.foundation.database import WriteSession
from newsletter.mailing.claiming import ClaimedDelivery
from newsletter.mailing.errors import JournalHasNoRoom
from newsletter.mailing.hands import Hand, Held, Parts
from newsletter.mailing.queries import was_disabled_before
from newsletter.mailing.recording import Result
from newsletter.mailing.results import result_of
from newsletter.mailing.rules import is_dead_address, is_disabled_mailbox
from newsletter.mailing.sending import beat_sending, hold_group, pause_running
from newsletter.transport.outcome import Outcome, Verdict

_CLAIMS_MAX = 16


@dataclass(slots=True)
class Step:
    """What is to be written. May be written again where nobody knows whether the commit was done."""

    parts: Parts
    mailing_id: int
    heard: Sequence[tuple[Held, Outcome]]
    ended: Sequence[Hand] = ()
    to_hold: Mapping[str, str] = field(default_factory=dict)  # group of domains -> a server's words
    pause_because: str = ""
    beating: Collection[int] = ()
    sending_token: str = ""
    claim_count: int = 0
    """About how many deliveries to claim."""
    slice_nos: Collection[int] | None = None

    taken: list[Hand] = field(default_factory=list)
    """What was claimed."""
    taken_away: set[int] = field(default_factory=set)
    """The runs that were taken away from us."""
    found_nothing: bool = False
    """Whether no slice was open."""
    no_room: JournalHasNoRoom | None = None
    """Why nothing more may be claimed: the disk is full."""
    _new_hands: list[Hand] = field(default_factory=list)
    _has_been_tried: bool = False

    def write(self, session: WriteSession) -> None:
        """Writes everything in this transaction."""
        now, ledger = self.parts.clock(), self.parts.ledger
        self.taken, self.found_nothing = [], False
        self._record(session)
        for hand in self.ended:
            if hand.claim is not None:
                ledger.end_run(session, hand.claim.key, hand.run.token, now)
        for group, words in self.to_hold.items():
            hold_group(session, self.mailing_id, group, words)
        if self.pause_because:
            pause_running(session, self.mailing_id, self.pause_because)
        if self.beating:
            self.taken_away = ledger.beat(session, self.beating, now)
            if self.sending_token:
                beat_sending(session, self.mailing_id, self.sending_token, now)
        try:
            self._claim(session)
        finally:
            self._has_been_tried = True

    def _record(self, session: WriteSession) -> None:
        """Writes down what was heard."""
        now, ledger = self.parts.clock(), self.parts.ledger
        accepted: dict[Hand, list[tuple[int, Outcome]]] = {}  # nearly all of them
        results: dict[Hand, list[Result]] = {}
        for held, outcome in self.heard:
            if outcome.verdict is Verdict.ACCEPTED:
                accepted.setdefault(held.hand, []).append((held.claimed[0], outcome))
            else:
                result = result_of(held.claimed, outcome, now, random.random, self.parts.give_up_after)
                results.setdefault(held.hand, []).append(result)
                self._suppress_if_dead(session, held.claimed, outcome)
        for hand, answers in accepted.items():
            ledger.record_accepted(session, hand.what_it_claimed, answers, now)
        for hand, its_results in results.items():
            ledger.record(session, hand.what_it_claimed, its_results, now)

    def _suppress_if_dead(self, session: WriteSession, claimed: ClaimedDelivery, outcome: Outcome) -> None:
        """An address that does not exist is never mailed again; one that is switched off, the second time."""
        is_dead = is_dead_address(outcome) or (
            is_disabled_mailbox(outcome)
            and was_disabled_before(session, self.mailing_id, claimed.subscriber_id)
        )
        if is_dead:
            now = self.parts.clock()
            suppress(session, self.parts.keyring, claimed.address, SuppressionReason.BOUNCED, now)

    def _claim(self, session: WriteSession) -> None:
        count = 0
        for index in range(_CLAIMS_MAX):
            if count >= self.claim_count:
                return
            if index == len(self._new_hands):
                try:
                    self._new_hands.append(Hand(self.parts.journal_folder))
                except JournalHasNoRoom as error:  # what was heard is written all the same
                    self.no_room = error
                    return
            hand = self._new_hands[index]
            claim = self.parts.ledger.claim(
                session,
                self.mailing_id,
                hand.run,
                self.parts.clock(),
                self.slice_nos,
                again=self._has_been_tried,
            )
            if claim is None:
                self.found_nothing = True
                return
            hand.claim = claim
            self.taken.append(hand)
            count += len(claim.deliveries)

    def committed(self) -> list[Hand]:
        """What is in hand now, after the commit; what has ended, or could not be claimed, is dropped."""
        for hand in self.ended:
            hand.drop()
        new = []
        for hand in self._new_hands:
            if hand in self.taken and hand.claim is not None and hand.claim.deliveries:
                hand.take(hand.claim)
                new.append(hand)
            else:
                hand.drop()
        return new

    def failed(self) -> None:
        """Leaves what may have been claimed to whoever settles it: the commit was not heard of."""
        for hand in self._new_hands:
            hand.leave()
