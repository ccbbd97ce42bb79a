"""An office whose readers sign up: its pages, its worker, and a mail server that keeps what it sends."""

import email
import email.policy
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any

import httpx2
import sqlalchemy as sa
from starlette.testclient import TestClient

from builders_web import BASE_URL, a_list, an_installation
from newsletter.audience.models import MailingList, Subscriber, Subscription
from newsletter.audience.sign_up.models import SignUp
from newsletter.foundation.database import Database
from newsletter.jobs.run import do_due_jobs
from newsletter.transport.catcher import Catcher, CaughtMail
from newsletter.web.app import create_app
from newsletter.wiring import Installation, job_handlers, open_line

NAMES = {"letter": {"fr": "La lettre", "en": "The letter"}, "agenda": {"fr": "L’agenda", "en": "The diary"}}
VISITOR = "93.184.216.34"


@dataclass
class Office:
    """`now` is the time of day there; whoever fills in a form takes five seconds for it."""

    installation: Installation
    catcher: Catcher
    now: datetime
    client: TestClient = field(init=False)

    def __post_init__(self) -> None:
        app = create_app(self.installation, now=lambda: self.now)
        self.client = TestClient(app, base_url=BASE_URL, client=(VISITOR, 4711), follow_redirects=False)

    @property
    def db(self) -> Database:
        return self.installation.database

    def form(self, path: str = "/fr/subscribe") -> dict[str, str]:
        """The hidden fields of a fresh form."""
        return hidden(self.client.get(path).text)

    def sign_up(
        self,
        address: str = "zoe@example.org",
        *,
        path: str = "/fr/subscribe",
        seconds: float = 5,
        headers: dict[str, str] | None = None,
        **fields: Any,
    ) -> httpx2.Response:
        """Fetches the form and sends it, as a person would."""
        values = self.form(path) | {"address": address, "lists": "letter"} | fields
        self.now += timedelta(seconds=seconds)
        return self.client.post(path, data=values, headers=headers)

    def work(self) -> int:
        """Does what is due, in a thread: beside a browser's event loop there can be no other."""
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(self._work).result()

    def _work(self) -> int:
        with open_line(self.installation.settings) as line:
            handlers = job_handlers(self.installation, line, lambda: self.now)
            return do_due_jobs(self.db, handlers, lambda: self.now)

    def mails(self, recipient: str | None = None) -> list[CaughtMail]:
        return [mail for mail in self.catcher.mails() if recipient in (None, mail.recipient)]

    def token(self, mail: CaughtMail | None = None) -> str:
        """The token in a confirmation mail; by default that of the last mail."""
        found = re.search(r"/confirm/([\w-]{22})\n", text_of(mail or self.mails()[-1]))
        assert found is not None
        return found[1]

    def confirmed(self, address: str = "zoe@example.org", **fields: Any) -> None:
        """Somebody signs up and confirms."""
        self.sign_up(address, **fields)
        self.work()
        assert self.client.post(f"/fr/confirm/{self.token()}", data={"from": "page"}).status_code == 200
        self.work()

    def subscriber(self, address: str = "zoe@example.org") -> Subscriber | None:
        with self.db.read() as session:
            return session.scalars(sa.select(Subscriber).where(Subscriber.address == address)).one_or_none()

    def subscriptions(self, address: str = "zoe@example.org") -> dict[str, tuple[str, str | None]]:
        """List -> state and reason of its end."""
        statement = (
            sa.select(MailingList.slug, Subscription.state, Subscription.end_reason)
            .join(Subscription, Subscription.list_id == MailingList.id)
            .join(Subscriber, Subscriber.id == Subscription.subscriber_id)
            .where(Subscriber.address == address)
        )
        with self.db.read() as session:
            return {
                slug: (state.value, reason.value if reason else None)
                for slug, state, reason in session.execute(statement)
            }

    def sign_ups(self) -> list[SignUp]:
        with self.db.read() as session:
            return list(session.scalars(sa.select(SignUp).order_by(SignUp.id)))


@contextmanager
def an_office(db: Database, now: datetime, **settings: Any) -> Iterator[Office]:
    """An office with two public lists, `letter` and `agenda`, and a private one, `board`."""
    with db.transaction() as session:
        for slug, names in NAMES.items():
            a_list(session, now, slug=slug, names=names, list_id=f"{slug}.example.org")
        a_list(session, now, slug="board", list_id="board.example.org", is_public=False)
    with Catcher(refused={"refused@example.org"}) as catcher:
        smtp_url = f"smtp://127.0.0.1:{catcher.port}?tls=none"
        yield Office(an_installation(db, **{"smtp_url": smtp_url, **settings}), catcher, now)


def hidden(html: str) -> dict[str, str]:
    """The hidden fields of a page's form."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', html))


def message_of(mail: CaughtMail) -> EmailMessage:
    found = email.message_from_bytes(mail.raw, policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    return found


def text_of(mail: CaughtMail) -> str:
    """The plain text of a mail."""
    body = message_of(mail).get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")
