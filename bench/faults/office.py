"""A real installation in a folder, with a frozen edition and many readers, whose mailing workers hand over."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from newsletter.announcements.models import Announcement, Translation, TranslationState
from newsletter.audience.models import (
    LanguageOrigin,
    MailingList,
    Subscriber,
    Subscription,
    SubscriptionState,
)
from newsletter.audience.rules import address_key
from newsletter.editions.actions import EditionPlan, create_edition
from newsletter.editions.freezing import freeze_now
from newsletter.editions.masthead import Masthead
from newsletter.editions.models import EditionMode, Fallback
from newsletter.foundation import clock
from newsletter.foundation.database import Database, is_postgresql
from newsletter.foundation.signing import Keyring
from newsletter.mailing.planning import plan_mailing
from newsletter.mailing.portions import enqueue_portions
from newsletter.mailing.queries import mailing_by_id
from newsletter.mailing.sending import start_mailing
from newsletter.migrations.upgrade import upgrade_database
from newsletter.rendering.content import Branding

_WORKERS = 4
_NEWSLETTER = Path(sys.executable).with_name("newsletter")
SECRET = "a secret of the faults that is long enough to be one"  # noqa: S105 - it signs nothing that leaves
_TITLE = "La fête du quartier"
_BODY = "Venez samedi à 15 h sur la place, avec vos voisins."
_AT_ONCE = 10_000
# A few large providers, and many small domains.
DOMAINS = (
    "gmail.com",
    "outlook.com",
    "proximus.be",
    "telenet.be",
    *(f"ville{number}.example.org" for number in range(40)),
)


class Office:
    """An installation, seen from outside: commands, and the database behind them."""

    def __init__(self, folder: Path, database_url: str, smtp_url: str, **settings: object) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("NEWSLETTER_")},
            "NEWSLETTER_DATABASE_URL": database_url,
            "NEWSLETTER_SMTP_URL": smtp_url,
            "NEWSLETTER_SECRET": SECRET,
            "NEWSLETTER_BASE_URL": "https://news.example.org",
            "NEWSLETTER_PACE": "",
            **{f"NEWSLETTER_{name.upper()}": str(value) for name, value in settings.items()},
        }
        self.database = Database(database_url)

    def furnish(self, readers: int) -> None:
        """Sets it up: a list, so many readers, an edition that is frozen."""
        upgrade_database(self.database)
        keyring, now = Keyring(SECRET), clock.now()
        with self.database.transaction() as session:
            mailing_list = MailingList(
                slug="letter",
                names={"fr": "La lettre"},
                sender_address="letter@example.org",
                list_id="letter.example.org",
                created_at=now,
            )
            session.add(mailing_list)
            text = Translation(
                language="fr", state=TranslationState.DRAFT, title=_TITLE, body=_BODY, updated_at=now
            )
            announcement = Announcement(
                source_language="fr",
                source_key="fete",
                source_name="faults",
                created_at=now,
                translations=[text],
            )
            session.add(announcement)
            session.flush()
            masthead = Masthead(
                list_id=mailing_list.id,
                list_names=mailing_list.names,
                branding=Branding("Canal", "Quai 1, 1080 Bruxelles"),
                theme="letter",
                base_url="https://news.example.org",
                zone=ZoneInfo("Europe/Brussels"),
            )
            plan = EditionPlan(("fr",), EditionMode.SEPARATE, Fallback.LABEL, (announcement.id,), {}, {}, {})
            edition_id, list_id = create_edition(session, plan, masthead, now).id, mailing_list.id
        freeze_now(self.database, edition_id, masthead, now)
        for start in range(0, readers, _AT_ONCE):
            numbers = range(start, min(readers, start + _AT_ONCE))
            with self.database.transaction() as session:
                people = [
                    {
                        "id": number + 1,
                        "address": address(number),
                        "address_lower": address(number),
                        "address_key": address_key(keyring, address(number)),
                        "name": "",
                        "first_name": f"Zoé {number}",
                        "languages": ("fr",),
                        "language_origin": LanguageOrigin.IMPORT,
                        "reads_both": False,
                        "created_at": now,
                        "updated_at": now,
                    }
                    for number in numbers
                ]
                session.execute(sa.insert(Subscriber), people)
                subscriptions = [
                    {
                        "list_id": list_id,
                        "subscriber_id": number + 1,
                        "state": SubscriptionState.ACTIVE,
                        "since": now,
                    }
                    for number in numbers
                ]
                session.execute(sa.insert(Subscription), subscriptions)

    def plan(self) -> int:
        """Plans the mailing of the edition and lets it run; its number. Workers do the rest."""
        now = clock.now()
        with self.database.transaction() as session:
            mailing = mailing_by_id(session, plan_mailing(session, 1, now).id)
            start_mailing(session, mailing, now)
            if is_postgresql(session):
                enqueue_portions(session, now, _WORKERS)
            return mailing.id

    def settle(self) -> None:
        """Lets PostgreSQL put everything that was committed onto the disk (CHECKPOINT)."""
        connection = self.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        with connection:
            connection.execute(sa.text("CHECKPOINT"))

    def worker(
        self,
        name: str,
        *,
        inside: Sequence[str] = (),
        command: Sequence[str] = (str(_NEWSLETTER), "worker"),
        extra: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[bytes]:
        """Starts a worker on a host of that name (as far as the name goes); its words go to a file."""
        folder = self.folder / name  # its own working directory, as another machine has
        folder.mkdir(exist_ok=True)
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                [*inside, *as_host(name), *command],
                cwd=folder,
                env=self.environment | dict(extra or {}),
                stdout=log,
                stderr=log,
            )

    def open_slices(self) -> int:
        """How many slices of mailings are not closed."""
        with self.database.read() as session:
            return int(
                session.scalar(sa.text("SELECT count(*) FROM delivery_slice WHERE state <> 'closed'")) or 0
            )


def as_host(name: str) -> list[str]:
    """What runs a command under a host name of its own, so that workers take each other for other machines."""
    return ["unshare", "--uts", "sh", "-c", 'hostname "$0"; exec "$@"', name]


def address(number: int) -> str:
    """The address of a reader."""
    return f"reader{number}@{DOMAINS[number % len(DOMAINS)]}"
