"""The ledger: which deliveries a run may hand over, and what became of them.

The unit of work is a slice. Whoever runs one marks its due deliveries *attempting* in a committed transaction before a
byte of them goes out, under a random token; any number of processes may be at different slices of one mailing. A run
that dies leaves such rows behind; its journal (`journal.py`) tells which of them had left for the socket. Those are
*in doubt* and never sent again by themselves (RFC 5321 section 4.5.4.1: a message may have been taken unanswered).

What keeps a reader from a second mail is the row itself: it is claimed only while it waits, and only the run that
claimed it last may say what became of it. Slices and runs are there so that nobody is forgotten.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from newsletter.foundation.database import UtcDateTime, WriteSession
from newsletter.mailing.claiming import (
    NOW,
    OF_ANOTHER_RUN,
    by_reason,
    claimed_rows,
    mark_due,
    move_to_other_lists,
)
from newsletter.mailing.claiming import ClaimedDelivery as ClaimedDelivery
from newsletter.mailing.claiming import SliceKey as SliceKey
from newsletter.mailing.journal import Mark
from newsletter.mailing.models import (
    MAILINGS,
    RUNS,
    Delivery,
    DeliveryRun,
    DeliveryState,
    MailingState,
    SkipReason,
)
from newsletter.mailing.prepared import Prepared
from newsletter.mailing.recording import Result as Result
from newsletter.mailing.recording import database_now, record_accepted, record_rows
from newsletter.mailing.sets import numbers
from newsletter.mailing.slices import settle_slice, slice_of_run, take_slice
from newsletter.transport.outcome import Outcome

_NO_SYNC = {"synchronize_session": False}


@dataclass(frozen=True, slots=True)
class Run:
    """The right to hand over what is due of one slice; one run has it at a time."""

    token: int
    holder: str
    journal: str = ""  # the file of its journal; "" for none


@dataclass(frozen=True, slots=True)
class Claim:
    """What a run took: the slice, and the deliveries to hand over now."""

    key: SliceKey
    run: Run
    deliveries: tuple[ClaimedDelivery, ...]


class Ledger:
    """The moves of the protocol. Each is made inside the caller's transaction, and counts once that is committed."""

    def claim(
        self,
        session: WriteSession,
        mailing_id: int,
        run: Run,
        now: datetime,
        slice_nos: Collection[int] | None = None,
        *,
        again: bool = True,
    ) -> Claim | None:
        """What is due of one open slice (of `slice_nos`), marked *attempting* for the run; None where none is open.

        Readers who left, and addresses that were suppressed since the planning, are skipped here, with the reason; so
        a claim may be empty and there be more slices. To be said again with the same run where nobody knows whether
        the commit was done; with `again` False it is surely the first time. Gives nothing where the mailing does
        not run.
        """
        key = slice_of_run(session, run.token) if again else None
        if key is None:
            if not self.may_go_on(session, mailing_id, now):
                return None
            key = take_slice(session, mailing_id, now, slice_nos)
            if key is None:
                return None
            self.open_run(session, key, run, now)
        self.mark(session, key, run, now)
        deliveries = self.take_marked(session, key, run, now)
        if not deliveries:
            self.end_run(session, key, run.token, now)
        return Claim(key, run, tuple(deliveries))

    def may_go_on(self, session: WriteSession, mailing_id: int, now: datetime) -> bool:
        """Whether messages of the mailing may be claimed; no pause gets in between until the transaction ends."""
        found = _running(session, {"its_mailing": mailing_id, "now": now}).scalar()
        return found is not None

    def open_run(self, session: WriteSession, key: SliceKey, run: Run, now: datetime) -> None:
        """Writes the run down."""
        _open_run(
            session,
            {
                "its_token": run.token,
                "its_mailing": key.mailing_id,
                "its_slice": key.slice_no,
                "its_holder": run.holder,
                "its_journal": run.journal,
                "now": now,
            },
        )

    def settle_attempting(self, session: WriteSession, key: SliceKey, token: int, now: datetime) -> None:
        """Puts rows of the slice in doubt that are attempting for another run than this one.

        There are none where the database keeps what it has committed: whoever takes a run away settles its rows.
        """
        session.execute(
            sa.update(Delivery)
            .where(
                *_of_slice(key),
                Delivery.state == DeliveryState.ATTEMPTING,
                Delivery.run_token.is_distinct_from(token),
            )
            .values(state=DeliveryState.IN_DOUBT, changed_at=now, reply_text=DOUBT)
            .execution_options(**_NO_SYNC)
        )

    def mark(self, session: WriteSession, key: SliceKey, run: Run, now: datetime) -> None:
        """Marks what is due of the slice as attempting, for this run."""
        mark_due(session, key, run.token, now)

    def take_marked(
        self, session: WriteSession, key: SliceKey, run: Run, now: datetime
    ) -> list[ClaimedDelivery]:
        """What the run has marked and may hand over; who may not be mailed any more is skipped.

        What an earlier run left attempting, of which nobody knows any more, is in doubt.
        """
        wanted, left_out = by_reason(claimed_rows(session, key, run.token, now))
        if left_out and move_to_other_lists(session, key, run.token):
            wanted, left_out = by_reason(claimed_rows(session, key, run.token, now))
        if left_out.pop(OF_ANOTHER_RUN, None):
            self.settle_attempting(session, key, run.token, now)
        for reason, subscriber_ids in left_out.items():
            session.execute(
                sa.update(Delivery)
                .where(*_of_slice(key), Delivery.subscriber_id.in_(numbers(session, subscriber_ids)))
                .values(
                    state=DeliveryState.SKIPPED,
                    skip_reason=SkipReason(reason),
                    attempt_count=Delivery.attempt_count - 1,
                    changed_at=now,
                )
                .execution_options(**_NO_SYNC)
            )
        return wanted

    def record(self, session: WriteSession, claim: Claim, results: Sequence[Result], now: datetime) -> None:
        """Writes down what became of deliveries of this claim. The same again changes nothing.

        Only rows still attempting, or in doubt, and of the run that claimed them last, are moved: a late answer
        resolves a doubt and nothing else.
        """
        record_rows(session, claim.key, claim.run.token, results, now)

    def record_accepted(
        self, session: WriteSession, claim: Claim, answers: Sequence[tuple[int, Outcome]], now: datetime
    ) -> None:
        """Writes down, as `record` does, which readers' messages servers have accepted, with the answers."""
        record_accepted(session, claim.key, claim.run.token, answers, now)

    def end_run(self, session: WriteSession, key: SliceKey, token: int, now: datetime) -> None:
        """Gives the right back, and says when the slice is due again, if at all."""
        _end_run(session, {"its_token": token})
        settle_slice(session, key.mailing_id, key.slice_no, now)

    def beat(self, session: WriteSession, tokens: Collection[int], now: datetime) -> set[int]:
        """Shows that these runs are alive; gives those that were taken away from their holder meanwhile."""
        if not tokens:
            return set()
        ours = DeliveryRun.token.in_(list(tokens))
        alive = session.scalars(
            sa.update(DeliveryRun)
            .where(ours, DeliveryRun.is_revoked.is_(False))
            .values(beat_at=database_now(session, now))
            .returning(DeliveryRun.token)
            .execution_options(**_NO_SYNC)
        )
        return set(tokens) - set(alive)

    def settle_dead_run(
        self, session: WriteSession, run: DeliveryRun, marks: Mapping[int, Mark] | None, now: datetime
    ) -> None:
        """Decides what becomes of what a dead run had claimed, as far as its journal knows: without it, all is in doubt.

        Also of a run that was revoked and whose journal has been found since: what it never began waits again.
        """
        key = SliceKey(run.mailing_id, run.slice_no, "")
        self.settle_by_journal(session, key, run.token, marks, now)
        self.end_run(session, key, run.token, now)

    def settle_by_journal(
        self,
        session: WriteSession,
        key: SliceKey,
        token: int,
        marks: Mapping[int, Mark] | None,
        now: datetime,
    ) -> None:
        """Moves what a run left undecided: accepted, in doubt, or waiting again."""
        by_mark: dict[Mark, list[int]] = {mark: [] for mark in Mark}
        for subscriber_id, mark in (marks or {}).items():
            by_mark[mark].append(subscriber_id)
        handed_over = numbers(session, by_mark[Mark.HANDED_OVER])
        settled: list[tuple[sa.ColumnElement[bool], dict[str, Any]]] = [
            (
                Delivery.subscriber_id.in_(numbers(session, by_mark[Mark.ACCEPTED])),
                {"state": DeliveryState.ACCEPTED, "reply_text": ACCEPTED_BY_JOURNAL},
            ),
            (
                Delivery.subscriber_id.in_(handed_over) if marks is not None else sa.true(),
                {"state": DeliveryState.IN_DOUBT, "reply_text": DOUBT},
            ),
        ]
        if marks is not None:  # what is left was never begun, or not taken
            waits_again = {"attempt_count": Delivery.attempt_count - 1, "reply_text": "", "run_token": None}
            rest = Delivery.subscriber_id.not_in(handed_over)
            settled.append((rest, {"state": DeliveryState.PENDING, **waits_again}))
        undecided = (
            [DeliveryState.ATTEMPTING]
            if marks is None
            else [DeliveryState.ATTEMPTING, DeliveryState.IN_DOUBT]
        )
        for which, values in settled:
            session.execute(
                sa.update(Delivery)
                .where(*_of_slice(key), Delivery.run_token == token, Delivery.state.in_(undecided), which)
                .values(changed_at=now, reply_code=None, reply_enhanced=None, next_attempt_at=None, **values)
                .execution_options(**_NO_SYNC)
            )

    def revoke(self, session: WriteSession, run: DeliveryRun, now: datetime) -> None:
        """Takes the right away from a holder that gives no sign; its late answers still count."""
        session.execute(
            sa.update(DeliveryRun)
            .where(DeliveryRun.token == run.token)
            .values(is_revoked=True)
            .execution_options(**_NO_SYNC)
        )
        key = SliceKey(run.mailing_id, run.slice_no, "")
        self.settle_by_journal(session, key, run.token, None, now)
        settle_slice(session, run.mailing_id, run.slice_no, now)


def _finding_it_running(_on_postgresql: bool) -> sa.Select[int]:
    return (
        sa.select(MAILINGS.c.id)
        .where(
            MAILINGS.c.id == sa.bindparam("its_mailing"),
            MAILINGS.c.state == MailingState.RUNNING,
            sa.or_(MAILINGS.c.starts_at.is_(None), MAILINGS.c.starts_at <= NOW),
        )
        .with_for_update(read=True)
    )


def _opening_run(on_postgresql: bool) -> sa.Insert:
    return sa.insert(RUNS).values(
        token=sa.bindparam("its_token"),
        mailing_id=sa.bindparam("its_mailing"),
        slice_no=sa.bindparam("its_slice"),
        holder=sa.bindparam("its_holder"),
        journal=sa.bindparam("its_journal"),
        started_at=NOW,
        # By the clock of the database (`recording.database_now`).
        beat_at=sa.func.clock_timestamp(type_=UtcDateTime()) if on_postgresql else NOW,
        is_revoked=False,
    )


_running = Prepared(_finding_it_running)
_open_run = Prepared(_opening_run)
_end_run = Prepared(lambda _on_postgresql: sa.delete(RUNS).where(RUNS.c.token == sa.bindparam("its_token")))


DOUBT = "handed over by a run that was broken off; no answer heard"
ACCEPTED_BY_JOURNAL = "accepted, by the journal of a run that was broken off"


def _of_slice(key: SliceKey) -> tuple[sa.ColumnElement[bool], ...]:
    return Delivery.mailing_id == key.mailing_id, Delivery.slice_no == key.slice_no
