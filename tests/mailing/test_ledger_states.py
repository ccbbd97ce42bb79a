"""The protocol as a state machine over the real ledger, on both databases: nobody missed, nobody twice.

Slices are run at any time by anybody, also while an earlier run still lives; processes die anywhere; the database dies
before or after a commit; readers leave; operators pause and send again. The mutants below are ledgers with one rule
taken away: the machine must find each (docs/decisions/0028).
"""

import os
import secrets
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from builders import NOW, a_frozen_edition, a_reader
from newsletter.audience.models import MailingList, Subscription, SubscriptionState
from newsletter.foundation.database import Database, WriteSession
from newsletter.foundation.signing import Keyring
from newsletter.mailing.actions import resend_in_doubt
from newsletter.mailing.claiming import SliceKey, claimed_rows
from newsletter.mailing.journal import Mark
from newsletter.mailing.ledger import Claim, Ledger, Run
from newsletter.mailing.models import (
    Delivery,
    DeliveryRun,
    DeliverySlice,
    DeliveryState,
    Mailing,
    MailingState,
)
from newsletter.mailing.recording import Result
from newsletter.mailing.slices import finish_if_done

READERS = 6
# How many stories are made up anew at each run: `STORIES=1000 pytest tests/mailing/test_ledger_states.py -k many`.
MANY = int(os.environ.get("STORIES", "300"))
# When slices are run: who was put off at NOW is due again.
LATER = NOW + timedelta(minutes=1)


class DatabaseDied(Exception):
    pass


class World:
    """One mailing in a real database, the processes that send it, and what really arrived."""

    db: ClassVar[Database]
    base: ClassVar[tuple[int, list[int]]]

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.mailing_id, self.readers = self.base
        with self.db.transaction() as session:
            session.execute(sa.delete(DeliveryRun))
            session.execute(sa.delete(Delivery))
            session.execute(sa.delete(DeliverySlice))
            session.execute(sa.update(Subscription).values(state=SubscriptionState.ACTIVE))
            session.execute(sa.update(Mailing).values(state=MailingState.RUNNING, finished_at=None))
            session.execute(
                sa.insert(Delivery),
                [
                    {"mailing_id": self.mailing_id, "subscriber_id": reader, "subscription_id": reader, "variant": "fr",
                     "slice_no": 1 + place // 3, "state": DeliveryState.PENDING, "attempt_count": 0, "reply_text": "",
                     "changed_at": NOW}
                    for place, reader in enumerate(self.readers)
                ],
            )  # fmt: skip
            session.execute(
                sa.insert(DeliverySlice),
                [
                    {"mailing_id": self.mailing_id, "slice_no": number, "domain_group": "other", "count": 3, "state": "open"}
                    for number in (1, 2)
                ],
            )  # fmt: skip


class Process:
    """A process with one run: what it may send, what it has sent and not told yet."""

    def __init__(self, claim: Claim) -> None:
        self.claim = claim
        self.to_send = [item.subscriber_id for item in claim.deliveries]
        self.marks = dict.fromkeys(self.to_send, Mark.UNTOUCHED)
        self.results: list[Result] = []


class Protocol(RuleBasedStateMachine):
    """The rules of the world. `ledger` may be a mutant."""

    ledger: ClassVar[Ledger] = Ledger()

    def __init__(self) -> None:
        super().__init__()
        self.world = World(self.ledger)
        self.db, self.mailing_id = self.world.db, self.world.mailing_id
        self.processes: list[Process] = []
        self.arrived: Counter[int] = Counter()
        self.resent: Counter[int] = Counter()
        self.left: set[int] = set()
        self.is_paused = False
        self.faults: list[str] = []

    # What processes do

    @precondition(lambda self: len(self.processes) < 4)
    @rule(slice_no=st.integers(1, 2), fate=st.sampled_from(["done", "done", "lost before", "lost after"]))
    def somebody_runs_a_slice(self, slice_no: int, fate: str) -> None:
        run = Run(secrets.randbits(62), "process 1 on another-machine")
        if fate == "lost before":
            with pytest.raises(DatabaseDied), self.db.transaction() as session:
                self.ledger.claim(session, self.mailing_id, run, LATER, [slice_no])
                raise DatabaseDied
        for _ in range(2 if fate == "lost after" else 1):  # said again: nobody knows whether it was committed
            with self.db.transaction() as session:
                claim = self.ledger.claim(session, self.mailing_id, run, LATER, [slice_no])
        if claim is None or not claim.deliveries:
            return
        if self.is_paused:
            self.faults.append("claimed while paused")
        taken = {item.subscriber_id for item in claim.deliveries}
        if taken & self.left:
            self.faults.append("claimed after she had left")
        self.processes.append(Process(claim))

    @precondition(lambda self: self.processes)
    @rule(number=st.integers(0, 3))
    def a_run_is_taken_away(self, number: int) -> None:
        """From a holder that gives no sign; it does not know, and goes on."""
        run = self.row_of(self.process(number))
        if run is not None and not run.is_revoked:
            with self.db.transaction() as session:
                self.ledger.revoke(session, run, NOW)

    @precondition(lambda self: self.processes)
    @rule(number=st.integers(0, 3), answer=st.sampled_from(["250", "250", "451", "550", "250 lost", "lost"]))
    def a_message_is_sent(self, number: int, answer: str) -> None:
        process = self.process(number)
        if not process.to_send:
            return
        reader = process.to_send.pop(0)
        if answer.startswith("250"):
            self.arrived[reader] += 1
        state = {
            "250": DeliveryState.ACCEPTED,
            "451": DeliveryState.DEFERRED,
            "550": DeliveryState.REJECTED,
        }.get(answer, DeliveryState.IN_DOUBT)
        mark = {"250": Mark.ACCEPTED, "451": Mark.NOT_TAKEN, "550": Mark.NOT_TAKEN}
        process.marks[reader] = mark.get(answer, Mark.HANDED_OVER)
        at = NOW if state is DeliveryState.DEFERRED else None
        process.results.append(Result(reader, state, True, at, None, None, answer))

    @precondition(lambda self: self.processes)
    @rule(number=st.integers(0, 3), fate=st.sampled_from(["done", "done", "lost after"]))
    def results_are_written(self, number: int, fate: str) -> None:
        process = self.process(number)
        for _ in range(2 if fate == "lost after" else 1):
            with self.db.transaction() as session:
                self.ledger.record(session, process.claim, process.results, NOW)
        process.results = []
        if not process.to_send:
            self.processes.remove(process)
            with self.db.transaction() as session:
                self.ledger.end_run(session, process.claim.key, process.claim.run.token, NOW)

    @precondition(lambda self: self.processes)
    @rule(number=st.integers(0, 3), has_journal=st.booleans())
    def a_process_is_killed(self, number: int, has_journal: bool) -> None:
        """And its run is settled, by its journal where there is one that is believed."""
        process = self.process(number)
        self.processes.remove(process)
        run = self.row_of(process)
        if run is not None:
            with self.db.transaction() as session:
                self.ledger.settle_dead_run(session, run, process.marks if has_journal else None, NOW)

    # What people do

    @rule(place=st.integers(0, READERS - 1))
    def a_reader_leaves(self, place: int) -> None:
        reader = self.world.readers[place]
        with self.db.transaction() as session:
            session.execute(
                sa.update(Subscription).where(Subscription.id == reader).values(state=SubscriptionState.ENDED)
            )
        self.left.add(reader)

    @rule(on=st.booleans())
    def somebody_pauses_or_resumes(self, on: bool) -> None:
        self.set_paused(on)

    @rule()
    def the_operator_sends_again_what_is_in_doubt(self) -> None:
        before = self.states()
        with self.db.transaction() as session:
            resend_in_doubt(session, self.mailing_id, NOW)
        after = self.states()
        for reader, state in before.items():
            if state is DeliveryState.IN_DOUBT and after[reader] is DeliveryState.PENDING:
                self.resent[reader] += 1

    # What must hold

    @invariant()
    def nobody_is_mailed_twice(self) -> None:
        assert self.faults == []
        for reader, state in self.states().items():
            arrived, resent = self.arrived[reader], self.resent[reader]
            assert arrived <= 1 + resent, "mailed twice"
            if state in (
                DeliveryState.PENDING,
                DeliveryState.DEFERRED,
                DeliveryState.SKIPPED,
                DeliveryState.REJECTED,
            ):
                assert arrived <= resent, f"{state.value}, and it arrived"
            if state is DeliveryState.ACCEPTED:
                assert arrived >= 1, "accepted, and it never arrived"

    def teardown(self) -> None:
        """At last everything is settled by a process that does not die, and nobody was forgotten."""
        self.set_paused(False)
        while self.processes:
            self.a_process_is_killed(0, True)
        with self.db.transaction() as session:
            for run in session.scalars(sa.select(DeliveryRun)).all():
                session.expunge(run)
                self.ledger.settle_dead_run(session, run, None, NOW)
        for _ in range(4):
            for slice_no in (1, 2):
                self.somebody_runs_a_slice(slice_no, "done")
                while self.processes:
                    for _ in list(self.processes[0].to_send):
                        self.a_message_is_sent(0, "250")
                    self.results_are_written(0, "done")
        self.nobody_is_mailed_twice()
        with self.db.transaction() as session:
            state = finish_if_done(session, self.mailing_id, NOW)
        decided = {
            DeliveryState.ACCEPTED,
            DeliveryState.REJECTED,
            DeliveryState.SKIPPED,
            DeliveryState.IN_DOUBT,
        }
        for reader, row in self.states().items():
            assert row in decided, f"forgotten: {row.value}"
            assert row is not DeliveryState.SKIPPED or reader in self.left
        assert state is MailingState.FINISHED

    def process(self, number: int) -> Process:
        return self.processes[number % len(self.processes)]

    def row_of(self, process: Process) -> DeliveryRun | None:
        with self.db.read() as session:
            run = session.get(DeliveryRun, process.claim.run.token)
            if run is not None:
                session.expunge(run)
            return run

    def set_paused(self, on: bool) -> None:
        with self.db.transaction() as session:
            state = session.get_one(Mailing, self.mailing_id).state
            if on and state is MailingState.RUNNING:
                session.execute(sa.update(Mailing).values(state=MailingState.PAUSED))
            elif not on:
                session.execute(sa.update(Mailing).values(state=MailingState.RUNNING))
        self.is_paused = on

    def states(self) -> dict[int, DeliveryState]:
        with self.db.read() as session:
            return {
                row[0]: row[1] for row in session.execute(sa.select(Delivery.subscriber_id, Delivery.state))
            }


# The mutants: each lacks one rule.


class Requeues(Ledger):
    """What a dead run left attempting waits again, whatever was sent of it."""

    def settle_by_journal(
        self, session: WriteSession, key: SliceKey, token: int, marks: Any, now: Any
    ) -> None:
        super().settle_by_journal(session, key, token, {}, now)


class ClaimsWhatIsClaimed(Ledger):
    """Marks every row that is not decided, and not only those that wait; a slice has no holder."""

    def mark(self, session: WriteSession, key: SliceKey, run: Run, now: Any) -> None:
        session.execute(
            sa.update(Delivery)
            .where(
                Delivery.mailing_id == key.mailing_id,
                Delivery.slice_no == key.slice_no,
                Delivery.state.in_([DeliveryState.PENDING, DeliveryState.DEFERRED, DeliveryState.ATTEMPTING, DeliveryState.IN_DOUBT]),
            )
            .values(state=DeliveryState.ATTEMPTING, run_token=run.token)
        )  # fmt: skip


class ForgetsWhoLeft(Ledger):
    """Does not ask again whether the reader may be mailed."""

    def take_marked(self, session: WriteSession, key: SliceKey, run: Run, now: Any) -> Any:
        return [claimed for claimed, _ in claimed_rows(session, key, run.token, now)]


class ForgetsPauses(Ledger):
    """Does not ask whether the mailing runs."""

    def may_go_on(self, session: WriteSession, mailing_id: int, now: Any) -> bool:
        session.execute(sa.update(Mailing).values(state=MailingState.RUNNING))
        return True


class MarksAfterwards(Ledger):
    """Claims without a mark: a row says that it was tried only when it was."""

    def claim(self, session: WriteSession, *args: Any, **kwargs: Any) -> Claim | None:
        found = super().claim(session, *args, **kwargs)
        if found is not None and found.deliveries:
            session.execute(
                sa.update(Delivery)
                .where(Delivery.run_token == found.run.token, Delivery.state == DeliveryState.ATTEMPTING)
                .values(state=DeliveryState.PENDING, attempt_count=0)
            )
            session.execute(sa.delete(DeliveryRun).where(DeliveryRun.token == found.run.token))
        return found

    def record(self, session: WriteSession, claim: Claim, results: Any, now: Any) -> None:
        for item in results:
            session.execute(
                sa.update(Delivery)
                .where(Delivery.subscriber_id == item.subscriber_id)
                .values(state=item.state, next_attempt_at=item.next_attempt_at)
            )


class LosesCommits(Ledger):
    """The database forgets the marks that it has answered, as one does with its promises switched off."""

    def mark(self, session: WriteSession, key: SliceKey, run: Run, now: Any) -> None:
        super().mark(session, key, run, now)

    def settle_by_journal(
        self, session: WriteSession, key: SliceKey, token: int, marks: Any, now: Any
    ) -> None:
        session.execute(
            sa.update(Delivery)
            .where(Delivery.run_token == token, Delivery.state == DeliveryState.ATTEMPTING)
            .values(state=DeliveryState.PENDING, run_token=None)
        )


class ForgetsRuns(Ledger):
    """What a dead run left attempting stays so for ever."""

    def settle_by_journal(
        self, session: WriteSession, key: SliceKey, token: int, marks: Any, now: Any
    ) -> None:
        pass

    def settle_attempting(self, session: WriteSession, key: SliceKey, token: int, now: Any) -> None:
        pass


# What happens, so that the lack of each rule shows; the ledger as it is comes through all of it.


def killed_before_it_told(it: Protocol) -> None:
    it.somebody_runs_a_slice(1, "done")
    it.a_message_is_sent(0, "250")
    it.a_process_is_killed(0, True)


def taken_away_and_run_again(it: Protocol) -> None:
    it.somebody_runs_a_slice(1, "done")
    it.a_message_is_sent(0, "451")
    it.results_are_written(0, "done")
    it.a_message_is_sent(0, "250")
    it.a_run_is_taken_away(0)
    it.nobody_is_mailed_twice()
    it.somebody_runs_a_slice(1, "done")  # who was put off, and nobody else
    for _ in list(it.processes[1].to_send):
        it.a_message_is_sent(1, "250")
    it.a_message_is_sent(0, "250")  # the sleeper wakes up, and tells at last
    it.results_are_written(0, "lost after")
    assert it.arrived.total() == READERS // 2


def reader_leaves_before_the_claim(it: Protocol) -> None:
    it.a_reader_leaves(0)
    it.somebody_runs_a_slice(1, "lost after")


def paused_before_the_claim(it: Protocol) -> None:
    it.somebody_pauses_or_resumes(True)
    it.somebody_runs_a_slice(1, "done")


def killed_without_a_journal(it: Protocol) -> None:
    it.somebody_runs_a_slice(2, "lost before")
    it.a_message_is_sent(0, "250")
    it.a_process_is_killed(0, False)


STORIES: list[tuple[type[Ledger], Callable[[Protocol], None]]] = [
    (Requeues, killed_before_it_told),
    (ClaimsWhatIsClaimed, taken_away_and_run_again),
    (ForgetsWhoLeft, reader_leaves_before_the_claim),
    (ForgetsPauses, paused_before_the_claim),
    (MarksAfterwards, killed_without_a_journal),
    (LosesCommits, taken_away_and_run_again),
    (ForgetsRuns, killed_without_a_journal),
]


def tell(story: Callable[[Protocol], None], ledger: Ledger) -> None:
    """Plays a story to its end; raises AssertionError where somebody was missed or mailed twice."""
    Protocol.ledger = ledger
    try:
        it = Protocol()
        story(it)
        it.nobody_is_mailed_twice()
        it.teardown()
    finally:
        Protocol.ledger = Ledger()


def world_on(db: Database, keyring: Keyring) -> None:
    """Lets the machine play on this database."""
    list_id, edition_id = a_frozen_edition(db)
    with db.transaction() as session:
        mailing_list = session.get_one(MailingList, list_id)
        ids = [
            a_reader(session, keyring, mailing_list, f"reader{number}@example.org").id
            for number in range(READERS)
        ]
        mailing = Mailing(edition_id=edition_id, state=MailingState.RUNNING, created_at=NOW)
        session.add(mailing)
        session.flush()
        World.db, World.base = db, (mailing.id, ids)


def _settings(examples: int, *, derandomize: bool = True) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=30,
        deadline=None,
        derandomize=derandomize,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
        database=None,
        report_multiple_bugs=False,
    )


def test_nobody_is_missed_and_nobody_mailed_twice(db: Database, keyring: Keyring) -> None:
    world_on(db, keyring)
    run_state_machine_as_test(Protocol, settings=_settings(8))


@pytest.mark.slow
def test_nobody_is_missed_and_nobody_mailed_twice_in_many_stories(db: Database, keyring: Keyring) -> None:
    world_on(db, keyring)
    run_state_machine_as_test(Protocol, settings=_settings(MANY, derandomize=False))


@pytest.mark.parametrize(("mutant", "story"), STORIES, ids=lambda item: item.__name__)
def test_ledger_that_lacks_a_rule_is_found_out_and_the_real_one_is_not(
    mutant: type[Ledger], story: Callable[[Protocol], None], db: Database, keyring: Keyring
) -> None:
    world_on(db, keyring)
    tell(story, Ledger())
    with pytest.raises(AssertionError, match=r"twice|arrived|forgotten|claimed"):
        tell(story, mutant())
