"""The ledger's thread of a run: claims slices, feeds the line with their messages, writes down what is answered.

The line's thread never waits for the database: it takes messages from a feed that is filled ahead of it, and leaves
answers in a queue. All that came in since the last commit is written in one transaction, together with the next claims.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from typing import cast

from newsletter.foundation.addresses import envelope_address
from newsletter.mailing.blaming import Blaming, Stop
from newsletter.mailing.connection import IS_AWAY, OwnConnection
from newsletter.mailing.hands import Hand, Held, Parts
from newsletter.mailing.journal import Mark
from newsletter.mailing.shelf import Shelf
from newsletter.mailing.slicing import SLICE_SIZE
from newsletter.mailing.step import Step
from newsletter.mailing.watching import Watch
from newsletter.transport.envelope import Report
from newsletter.transport.errors import FeedIsOver
from newsletter.transport.feed import Feed
from newsletter.transport.outcome import Outcome, Verdict, in_doubt, not_tried
from newsletter.transport.smtp import Job

# Once no more than so many messages wait for the line, so many more are claimed, until so many are in hand: where a pace
# holds some of them back, those that come first need not be those that may go.
_AHEAD = 2 * SLICE_SIZE
_CLAIMED_AT_A_TIME = 2 * SLICE_SIZE
_IN_HAND_MAX = 10 * SLICE_SIZE
# So many answers are not left for longer than it takes; fewer are for so many seconds. As many as are claimed at a time:
# a commit takes some milliseconds, however many it is for.
_ANSWERS_A_COMMIT = _CLAIMED_AT_A_TIME
_TICK_SECONDS = 0.02
_WRITE_SECONDS = 0.1
_BEAT_SECONDS = 2.0

_UNHEARD = in_doubt("the line broke off without a word about this message")
_NOT_BEGUN = not_tried("it was taken back before it was begun")
_ACCEPTED, _NOT_TAKEN = int(Mark.ACCEPTED), int(Mark.NOT_TAKEN)


class Feeder:
    """Fills one feed with the messages of one mailing, and writes down what becomes of them."""

    def __init__(
        self,
        parts: Parts,
        mailing_id: int,
        feed: Feed,
        *,
        on_result: Callable[[Outcome], None],
        stop: Callable[[], bool],
        slice_nos: Collection[int] | None = None,
        sending_token: str = "",
    ) -> None:
        """`sending_token` is of the foreground run that has the mailing in hand; "" for none."""
        self._parts = parts
        self._mailing_id = mailing_id
        self._feed = feed
        self._on_result = on_result
        self._stop = stop
        self._slice_nos = slice_nos
        self._sending_token = sending_token
        self._connection = OwnConnection(parts.database)
        self._watch = Watch(self._connection, mailing_id, parts.clock)
        self._sender = envelope_address(parts.sender_address)
        self._wake = threading.Event()
        self._shelf = Shelf(parts.gate)
        self._hands: dict[int, Hand] = {}  # by the token of its run
        self._heard: deque[tuple[Held, Outcome]] = deque()
        self._put_count = self._answer_count = 0
        self._limits = self._shelf.limits
        self._blaming = Blaming()
        self._line_has_ended = False
        self._is_ending = False  # nothing more may be claimed
        self._found_nothing = False
        self._was_left_out = False  # readers were taken back, for a claim that skips them
        self._beaten_at = self._written_at = time.monotonic()
        self.error: BaseException | None = None
        """What broke the ledger's thread off."""

    @property
    def blamed_by(self) -> str:
        """The words of a server that made the whole mailing stop; "" for none."""
        return self._blaming.everything_by

    # In the line's thread

    def heard(self, job: Job, outcome: Outcome) -> None:
        """Takes the outcome of one message."""
        held = cast("Held", job.key)
        self._heard.append((held, outcome))
        self._answer_count += 1
        if outcome.verdict is Verdict.ACCEPTED:  # nearly all of them
            held.note(_ACCEPTED)
            self._blaming.note_accepted(held.hand.domain_group)
        else:
            if outcome.verdict is not Verdict.IN_DOUBT:
                held.note(_NOT_TAKEN)
            if outcome.code is not None:
                self._stop_if_blamed(held.hand.domain_group, outcome)
        if self._shelf.is_limited:
            self._shelf.done(job.recipient)
            self._wake.set()
        elif len(self._heard) >= _ANSWERS_A_COMMIT or not self._feed.waiting_count:
            self._wake.set()
        self._on_result(outcome)

    def _stop_if_blamed(self, group: str, outcome: Outcome) -> None:
        """Stops at once what servers refuse for the sender's sake: a group of domains, or everything."""
        stop = self._blaming.note(group, outcome)
        if stop is Stop.GROUP:
            self._withdraw({held for held in self._all_held() if held.hand.domain_group == group})
        elif stop is Stop.EVERYTHING:
            self._withdraw(None)

    def line_has_ended(self) -> None:
        """Says that no answer comes any more."""
        self._line_has_ended = True
        self._wake.set()

    def let_go(self) -> None:
        """Leaves the journals of what could not be written; to be called when both threads are done."""
        for hand in self._hands.values():
            hand.leave()

    # In the ledger's thread

    def work(self) -> None:
        """Works until nothing is due, or somebody says stop, and every claimed message is decided; closes the feed."""
        try:
            while self._goes_on():
                self._wake.wait(_TICK_SECONDS)
                self._wake.clear()
        except BaseException as error:
            self.error = error
            self._withdraw(None)
        finally:
            self._feed.close()
            self._connection.close()

    def _goes_on(self) -> bool:
        if self._stop() or self._line_has_ended or self.blamed_by:
            self._is_ending = True
            self._take_back(None)
        self._heed_others()
        self._obey_limits()
        if self._line_has_ended:
            self._decide_unheard()
        self._commit()
        self._put()
        return bool(self._hands) or not (self._is_ending or self._found_nothing)

    def _all_held(self) -> list[Held]:
        return [held for hand in list(self._hands.values()) for held in list(hand.left.values())]

    def _withdraw(self, those: Collection[Held] | None) -> None:
        """Takes messages that were not begun away from the line, those or all."""
        for key in self._feed.withdraw(those):
            held = cast("Held", key)
            self._answer_count += 1
            self._shelf.done(held.recipient)
            self._heard.append((held, _NOT_BEGUN))

    def _take_back(self, those: Collection[Held] | None) -> None:
        """The same, and those that have not come to the line yet."""
        self._heard.extend((cast("Held", key), _NOT_BEGUN) for key in self._shelf.take_back(those))
        self._withdraw(those)

    def _decide_unheard(self) -> None:
        """What the line never told of is in doubt where it was handed over, and else was not begun."""
        told = {held for held, _ in self._heard}
        for held in self._all_held():
            if held not in told:
                self._heard.append((held, _UNHEARD if held.is_handed_over else _NOT_BEGUN))

    def _heed_others(self) -> None:
        """Does what others want by now: whether the mailing still runs, its limits, readers who have left."""
        slices = {
            token: hand.claim.key.slice_no for token, hand in self._hands.items() if hand.claim is not None
        }
        if not slices or (seen := self._watch.look(slices)) is None:
            return
        gone = {
            held
            for held in (self._all_held() if seen.left else ())
            if held.claimed.subscriber_id in seen.left and not held.is_handed_over
        }
        self._shelf.connections = seen.connections
        self._shelf.set_pace(seen.per_minute)
        if not seen.runs:
            self._is_ending = True
            self._take_back(None)
        elif gone:
            self._take_back(gone)
            self._was_left_out = True

    def _obey_limits(self) -> None:
        """Where limits have changed, lets what waits with the line wait here again: it was let go under others."""
        before, self._limits = self._limits, self._shelf.limits
        if self._limits == before or not self._shelf.is_limited:
            return
        withdrawn = [cast("Held", key) for key in self._feed.withdraw()]
        self._put_count -= len(withdrawn)
        for held in withdrawn:
            self._shelf.done(held.recipient)
        self._shelf.add(self._jobs(withdrawn))

    def _commit(self) -> None:
        """Writes down what was heard, ends what is decided, and claims more where the line will soon want it."""
        moment = time.monotonic()
        is_beat_due = bool(self._hands) and moment - self._beaten_at >= _BEAT_SECONDS
        claim_count = self._claim_count()
        if not (claim_count or is_beat_due or self._is_time_to_write(moment)):
            return
        self._written_at = moment
        heard = []
        for _ in range(len(self._heard)):
            held, outcome = self._heard.popleft()
            del held.hand.left[held.claimed[0]]
            heard.append((held, outcome))
        ended = [hand for hand in self._hands.values() if not hand.left]
        step = Step(
            self._parts,
            self._mailing_id,
            heard,
            ended=ended,
            to_hold=self._blaming.take_to_hold(),
            pause_because=self.blamed_by,
            beating=[token for token, hand in self._hands.items() if hand.left] if is_beat_due else (),
            sending_token=self._sending_token,
            claim_count=claim_count,
            slice_nos=self._slice_nos,
        )
        self._write(step)
        if is_beat_due:
            self._beaten_at = moment
        for hand in ended:
            del self._hands[hand.run.token]
        for hand in step.committed():
            self._take_in_hand(hand)
        if step.no_room is not None:
            self.error, self._is_ending = step.no_room, True
            self._take_back(None)
        self._found_nothing |= step.found_nothing
        if ended and self._was_left_out:  # their slices are open once more
            self._found_nothing = self._was_left_out = False
        if step.taken_away:
            self._take_back({held for held in self._all_held() if held.hand.run.token in step.taken_away})

    def _is_time_to_write(self, moment: float) -> bool:
        """Whether what was heard is written down now, though nothing is claimed: many answers at a time cost least."""
        return bool(self._heard) and (
            len(self._heard) >= _ANSWERS_A_COMMIT
            or moment - self._written_at >= _WRITE_SECONDS
            or self._is_ending
            or bool(self._blaming.to_hold)
            or not self._feed.waiting_count
        )

    def _claim_count(self) -> int:
        if (
            self._is_ending
            or self._found_nothing
            or sum(len(hand.left) for hand in self._hands.values()) >= _IN_HAND_MAX
        ):
            return 0
        waiting = self._feed.waiting_count + self._shelf.ready_count
        return _CLAIMED_AT_A_TIME if waiting <= _AHEAD else 0

    def _write(self, step: Step) -> None:
        """Commits. Where the database is away nothing is claimed meanwhile, and the answers are kept."""
        try:
            self._connection.write(step.write, is_hurried=self._stop)
        except IS_AWAY:
            step.failed()
            raise

    def _take_in_hand(self, hand: Hand) -> None:
        self._hands[hand.run.token] = hand
        self._blaming.expect(hand.domain_group)
        self._shelf.add(self._jobs(list(hand.left.values())))

    def _jobs(self, those: Sequence[Held]) -> list[Job]:
        composer = self._parts.composer
        makers = composer.makers([held.claimed for held in those], self._parts.clock())
        return [
            Job(
                held,
                self._sender,
                held.recipient,
                maker,
                0,
                Report.FAILURE,
                f"m{self._mailing_id}.{held.claimed[0]}",
                composer.is_slow,
                held.note_handed_over,
            )
            for held, maker in zip(those, makers, strict=True)
        ]

    def _put(self) -> None:
        """Puts into the feed what may go now."""
        jobs = self._shelf.take_what_may_go(self._put_count - self._answer_count)
        if not jobs:
            return
        self._put_count += len(jobs)
        try:
            self._feed.put(jobs)
        except FeedIsOver:
            self._answer_count += len(jobs)
            for job in jobs:
                self._shelf.done(job.recipient)
                self._heard.append((cast("Held", job.key), _NOT_BEGUN))
