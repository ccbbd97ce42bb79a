"""A real installation in a folder, with a frozen edition and many readers, whose mailing workers hand over."""

import csv
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import sqlalchemy as sa

from newsletter.foundation import clock
from newsletter.foundation.database import Database, is_postgresql
from newsletter.mailing.planning import plan_mailing
from newsletter.mailing.portions import enqueue_portions
from newsletter.mailing.queries import mailing_by_id
from newsletter.mailing.sending import start_mailing

_WORKERS = 4
_NEWSLETTER = Path(sys.executable).with_name("newsletter")
_TEXTS = """---
title: La fête du quartier
lang: fr
ref: fete
---
Venez samedi à 15 h sur la place, avec vos voisins.
"""
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
            "NEWSLETTER_SECRET": "a secret of the faults that is long enough to be one",
            "NEWSLETTER_BASE_URL": "https://news.example.org",
            "NEWSLETTER_PACE": "",
            **{f"NEWSLETTER_{name.upper()}": str(value) for name, value in settings.items()},
        }
        self.database = Database(database_url)

    def run(self, *arguments: str) -> str:
        """What a command of the program answers."""
        done = subprocess.run(
            [str(_NEWSLETTER), *arguments],
            cwd=self.folder,
            env=self.environment,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout

    def furnish(self, readers: int) -> None:
        """Sets it up: a list, so many readers, an edition that is frozen."""
        (self.folder / "texts").mkdir(exist_ok=True)
        (self.folder / "texts/fete.fr.md").write_text(_TEXTS, "utf-8")
        with (self.folder / "readers.csv").open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["email", "language", "first_name"])
            rows.writerows((address(number), "fr", f"Zoé {number}") for number in range(readers))
        self.run("init")
        self.run("lists", "create", "letter", "--name", "fr=La lettre", "--from", "letter@example.org")
        self.run(
            "subscribers",
            "import",
            "readers.csv",
            "--list",
            "letter",
            "--consent-basis",
            "signed up on paper",
        )
        self.run("announcements", "import", "texts/")
        self.run("editions", "create", "--list", "letter")
        self.run("editions", "edit", "1", "--subject", "fr=La fête")
        self.run("editions", "freeze", "1", "--without", "en")

    def plan(self) -> int:
        """Plans the mailing of the edition and lets it run; its number. Workers do the rest."""
        now = clock.now()
        with self.database.transaction() as session:
            mailing = mailing_by_id(session, plan_mailing(session, 1, now).id)
            start_mailing(session, mailing, now)
            if is_postgresql(session):
                enqueue_portions(session, now, _WORKERS)
            return mailing.id

    def worker(
        self, *, inside: Sequence[str] = (), extra: Mapping[str, str] | None = None, name: str = "w"
    ) -> subprocess.Popen[bytes]:
        """Starts a worker; its words go to a file."""
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                [*inside, str(_NEWSLETTER), "worker"],
                cwd=self.folder,
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


def address(number: int) -> str:
    """The address of a reader."""
    return f"reader{number}@{DOMAINS[number % len(DOMAINS)]}"
