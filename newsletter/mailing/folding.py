"""Folding: what became of the many is kept in little room, long after a mailing has ended.

While a mailing runs, every reader has a row, which takes some 150 octets with its indexes. Later only two things are asked of
those whose mail was accepted: how many they were, and whether one of them was among them. So they are folded: the
numbers of a slice's readers in one row. Everybody else (refused, in doubt, left out) keeps her row, with the reason.
"""

import zlib
from array import array
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from newsletter.audience.models import LeaveReason, Subscription
from newsletter.foundation.database import Database, ReadSession, WriteSession
from newsletter.mailing.by_language import has_left_after
from newsletter.mailing.models import (
    Delivery,
    DeliveryRun,
    DeliverySlice,
    DeliveryState,
    FoldedDeliveries,
    Mailing,
    MailingState,
)
from newsletter.mailing.sets import numbers

_SLICES_AT_ONCE = 40  # in one transaction: nobody waits long for the database meanwhile
_CLOSED = (MailingState.FINISHED, MailingState.CANCELLED)


def fold_old_mailings(database: Database, ended_before: datetime) -> int:
    """Folds what was accepted of the mailings that ended before this moment; how many deliveries. Again: none."""
    with database.read() as session:
        mailing_ids = list(
            session.scalars(
                sa.select(Mailing.id)
                .where(Mailing.state.in_(_CLOSED), Mailing.finished_at < ended_before, _has_accepted())
                .order_by(Mailing.id)
            )
        )
    return sum(_fold(database, mailing_id) for mailing_id in mailing_ids)


def _has_accepted() -> sa.ColumnElement[bool]:
    return sa.exists().where(
        Delivery.mailing_id == Mailing.id, Delivery.state == DeliveryState.ACCEPTED, ~_is_in_hand()
    )


def _is_in_hand() -> sa.ColumnElement[bool]:
    """Whether a run that was taken away may still tell of this slice."""
    return sa.exists().where(
        DeliveryRun.mailing_id == Delivery.mailing_id, DeliveryRun.slice_no == Delivery.slice_no
    )


def _fold(database: Database, mailing_id: int) -> int:
    with database.read() as session:
        slices = sa.select(DeliverySlice.slice_no).where(DeliverySlice.mailing_id == mailing_id)
        slice_nos = list(session.scalars(slices.order_by(DeliverySlice.slice_no)))
    count = 0
    for start in range(0, len(slice_nos), _SLICES_AT_ONCE):
        with database.transaction() as session:
            count += fold_slices(session, mailing_id, slice_nos[start : start + _SLICES_AT_ONCE])
    return count


def fold_slices(session: WriteSession, mailing_id: int, slice_nos: Sequence[int]) -> int:
    """Folds what was accepted of these slices; how many deliveries. Nothing of a mailing that was resumed."""
    state = sa.select(Mailing.state).where(Mailing.id == mailing_id).with_for_update()
    if session.scalar(state) not in _CLOSED:
        return 0
    its = (
        Delivery.mailing_id == mailing_id,
        Delivery.slice_no.in_(slice_nos),
        Delivery.state == DeliveryState.ACCEPTED,
        Delivery.variant.is_not(None),
        ~_is_in_hand(),
    )
    left = _who_left(session, its)
    # What is taken away is what is folded: one statement, whatever is answered late meanwhile.
    taken = session.execute(
        sa.delete(Delivery)
        .where(*its)
        .returning(
            Delivery.slice_no,
            Delivery.subscription_id,
            Delivery.variant,
            Delivery.subscriber_id,
            Delivery.changed_at,
        )
        .execution_options(synchronize_session=False)
    ).all()
    list_of = _lists(session, [row.subscription_id for row in taken])
    folded: dict[tuple[int, int, str], list[_Reader]] = {}
    for slice_no, subscription_id, variant, number, moment in taken:
        reader = _Reader(number, moment, number in left, left.get(number, False))
        folded.setdefault((slice_no, list_of[subscription_id], variant or ""), []).append(reader)
    for key, readers in folded.items():
        _add(session, (mailing_id, *key), readers)
    session.flush()
    return len(taken)


def _lists(session: ReadSession, subscription_ids: Sequence[int]) -> dict[int, int]:
    """subscription -> list."""
    statement = sa.select(Subscription.id, Subscription.list_id)
    its = Subscription.id.in_(numbers(session, subscription_ids))
    return {row.id: row.list_id for row in session.execute(statement.where(its))}


class _Reader(NamedTuple):
    """One reader who is folded."""

    id: int
    accepted_at: datetime
    has_left: bool  # after this mailing, before a later one
    was_wrong_language: bool  # as she said when she left


def _who_left(session: ReadSession, its: Sequence[sa.ColumnElement[bool]]) -> dict[int, bool]:
    """Those of these deliveries' readers who left after them, and whether they said that it was the wrong language.

    Asked by itself, where a condition that is NULL ends the asking: as a column it would be worked out for everybody.
    """
    statement = (
        sa.select(Delivery.subscriber_id, Subscription.leave_reason)
        .join(Subscription, Subscription.id == Delivery.subscription_id)
        .where(*its, has_left_after())
    )
    return {number: reason is LeaveReason.WRONG_LANGUAGE for number, reason in session.execute(statement)}


def _add(session: WriteSession, key: tuple[int, int, int, str], readers: Sequence[_Reader]) -> None:
    """Adds readers to a fold: one who was in doubt may come after the others."""
    mailing_id, slice_no, list_id, variant = key
    fold = session.get(FoldedDeliveries, key)
    if fold is None:
        fold = FoldedDeliveries(
            mailing_id=mailing_id, slice_no=slice_no, list_id=list_id, variant=variant, count=0, ids=packed(()),
            left_count=0, wrong_language_count=0,
        )  # fmt: skip
        session.add(fold)
    ids = sorted({*unpacked(fold.ids), *(reader.id for reader in readers)})
    fold.ids, fold.count, fold.first_id, fold.last_id = packed(ids), len(ids), ids[0], ids[-1]
    fold.changed_at = max(reader.accepted_at for reader in readers)
    fold.left_count += sum(reader.has_left for reader in readers)
    fold.wrong_language_count += sum(reader.was_wrong_language for reader in readers)


def packed(ids: Iterable[int]) -> bytes:
    """Ascending numbers in little room: the steps between them, of eight octets, compressed."""
    before, steps = 0, array("q")
    for number in ids:
        steps.append(number - before)
        before = number
    if _IS_BIG_ENDIAN:
        steps.byteswap()
    return zlib.compress(steps.tobytes())


def unpacked(octets: bytes) -> list[int]:
    """The numbers again."""
    steps = array("q", zlib.decompress(octets))
    if _IS_BIG_ENDIAN:
        steps.byteswap()
    number, ids = 0, []
    for step in steps:
        number += step
        ids.append(number)
    return ids


_IS_BIG_ENDIAN = array("q", [1]).tobytes()[0] == 0


def folds_with(session: ReadSession, subscriber_ids: Sequence[int]) -> list[tuple[int, FoldedDeliveries]]:
    """The folds that one of these readers is in, each with her number; by mailing."""
    if not subscriber_ids:
        return []
    may_hold = sa.or_(
        *(
            sa.and_(FoldedDeliveries.first_id <= number, FoldedDeliveries.last_id >= number)
            for number in subscriber_ids
        )
    )
    statement = sa.select(FoldedDeliveries).where(may_hold)
    wanted = set(subscriber_ids)
    return sorted(
        (
            (number, fold)
            for fold in session.scalars(statement)
            for number in sorted(wanted.intersection(unpacked(fold.ids)))
        ),
        key=lambda found: (found[1].mailing_id, found[0]),
    )
