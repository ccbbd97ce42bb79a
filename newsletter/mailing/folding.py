"""Folding: what became of the many is kept in little room, long after a mailing has ended.

While a mailing runs, every reader has a row, which takes some 150 octets with its indexes. Later only two things are asked of
those whose mail was accepted: how many they were, and whether one of them was among them. So they are folded: the
numbers of a slice's readers in one row. Everybody else (refused, in doubt, left out) keeps her row, with the reason.
"""

import zlib
from array import array
from collections.abc import Iterable, Sequence
from datetime import datetime

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
    left = sa.case((has_left_after(), 1), else_=0)
    is_wrong = sa.func.coalesce(Subscription.leave_reason == LeaveReason.WRONG_LANGUAGE, sa.false())
    rows = session.execute(
        sa.select(
            Delivery.slice_no,
            Subscription.list_id,
            Delivery.variant,
            Delivery.subscriber_id,
            Delivery.changed_at,
            left,
            sa.case((is_wrong, left), else_=0),
        )
        .join(Subscription, Subscription.id == Delivery.subscription_id)
        .where(*its)
    ).all()
    folded: dict[tuple[int, int, str], list[sa.Row[int, datetime, int, int]]] = {}
    for slice_no, list_id, variant, *about in rows:
        folded.setdefault((slice_no, list_id, variant), []).append(about)  # type: ignore[arg-type]
    for key, readers in folded.items():
        _add(session, (mailing_id, *key), readers)
    session.flush()
    ids = [row[3] for row in rows]
    session.execute(
        sa.delete(Delivery)
        .where(*its, Delivery.subscriber_id.in_(ids))
        .execution_options(synchronize_session=False)
    )
    return len(ids)


def _add(session: WriteSession, key: tuple[int, int, int, str], readers: Sequence[Sequence[object]]) -> None:
    """Adds readers to a fold: one who was in doubt may come after the others."""
    mailing_id, slice_no, list_id, variant = key
    fold = session.get(FoldedDeliveries, key)
    if fold is None:
        fold = FoldedDeliveries(
            mailing_id=mailing_id, slice_no=slice_no, list_id=list_id, variant=variant, count=0, ids=packed(()),
            left_count=0, wrong_language_count=0,
        )  # fmt: skip
        session.add(fold)
    numbers, moments, left, wrong = zip(*readers, strict=True)
    ids = sorted({*unpacked(fold.ids), *numbers})
    fold.ids, fold.count, fold.first_id, fold.last_id = packed(ids), len(ids), ids[0], ids[-1]
    fold.changed_at = max(moments)
    fold.left_count += sum(left)
    fold.wrong_language_count += sum(wrong)


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
