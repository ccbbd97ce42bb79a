"""Workers as they must not be, for the controls that must fail.

Careless: what a dead one had claimed goes back into the queue, as most systems have it. Forgetful: it does not mind a database
that may lose its commits.
"""

import signal
import threading
from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from newsletter.foundation.database import WriteSession
from newsletter.mailing.journal import Mark
from newsletter.mailing.ledger import Ledger, SliceKey
from newsletter.mailing.models import Delivery, DeliveryState
from newsletter.wiring import open_installation
from newsletter.worker.loop import work


class CarelessLedger(Ledger):
    """A ledger without doubt: what was being handed over is handed over again."""

    def settle_by_journal(
        self,
        session: WriteSession,
        key: SliceKey,
        token: int,
        marks: Mapping[int, Mark] | None,  # noqa: ARG002 - it does not ask
        now: datetime,
    ) -> None:
        """Lets everything of the run wait again."""
        session.execute(
            sa.update(Delivery)
            .where(
                Delivery.mailing_id == key.mailing_id,
                Delivery.slice_no == key.slice_no,
                Delivery.run_token == token,
                Delivery.state == DeliveryState.ATTEMPTING,
            )
            .values(state=DeliveryState.PENDING, run_token=None, changed_at=now)
            .execution_options(synchronize_session=False)
        )


def forget_the_check() -> None:
    """Lets mail be sent on a database that may forget what it has committed."""
    from newsletter.mailing import run

    run.require_memory = lambda _database: None


def main(options: Sequence[str]) -> None:
    """A worker of the kind that the options say."""
    is_forgetful = list(options) == ["forgetful"]
    if is_forgetful:
        forget_the_check()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    work(open_installation(), stop, ledger=Ledger() if is_forgetful else CarelessLedger())
