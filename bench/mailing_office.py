# ruff: noqa: S608 - the only values in these statements are our own
"""A list of many readers with a frozen edition, made quickly inside the database: what mailings are measured on."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from newsletter.audience.actions import create_list
from newsletter.audience.models import MailingList
from newsletter.editions.models import (
    Edition,
    EditionMode,
    EditionState,
    Fallback,
    RenderedEdition,
)
from newsletter.editions.queries import rendered_variants
from newsletter.foundation.database import Database
from newsletter.foundation.signing import Keyring, random_name
from newsletter.mailing.compose import Composer, sender_of
from newsletter.mailing.planning import plan_mailing

NOW = datetime.now(UTC)
KEYRING = Keyring("a secret for the bench that is long enough")
# A fifth of the readers is with each of three providers; the others have 5000 domains of their own.
_DOMAIN = "CASE n % 5 WHEN 0 THEN 'gmail.com' WHEN 1 THEN 'hotmail.com' WHEN 2 THEN 'skynet.be' ELSE 'mail' || (n % 5000) || '.example.org' END"
_PARAGRAPH = "<p>Les nouvelles de l’été : concerts, ateliers et promenades dans toute la région.</p>\n"


@dataclass(frozen=True, slots=True)
class BenchOffice:
    """A list with its readers and one frozen edition."""

    database: Database
    edition_id: int
    composer: Composer

    def plan(self) -> int:
        """Plans the mailing; its number."""
        with self.database.transaction() as session:
            return plan_mailing(session, self.edition_id, NOW).id


def a_planned_office(
    database: Database, reader_count: int, *, plan: bool = True, body_count: int = 100
) -> BenchOffice:
    """An empty database is filled with so many readers; `body_count` paragraphs make a message of about 100 octets each."""
    with database.transaction() as session:
        mailing_list = create_list(
            session, slug="letter", names={"fr": "La lettre"}, sender_address="letter@example.org", now=NOW
        )
        edition = Edition(
            list_id=mailing_list.id, issue_number=1, languages=("fr",), mode=EditionMode.SEPARATE,
            fallback=Fallback.LABEL, theme="", state=EditionState.FROZEN, created_at=NOW, frozen_at=NOW,
            public_name=random_name(),
        )  # fmt: skip
        session.add(edition)
        session.flush()
        html = f"<p>Bonjour [[first_name|]]</p>{_PARAGRAPH * body_count}<a href='[[link:unsubscribe]]'>x</a>"
        rendered = RenderedEdition(
            edition_id=edition.id, variant="fr", subject="Les nouvelles", html=html, text="Bonjour\n", mjml="",
            size_bytes=len(html), content_hash="0" * 64,
        )  # fmt: skip
        session.add(rendered)
        session.flush()
        _readers(session.connection(), mailing_list.id, reader_count)
    office = an_office_again(database)
    if plan:
        office.plan()
    return office


def an_office_again(database: Database) -> BenchOffice:
    """The office that a database was filled with before."""
    with database.read() as session:
        mailing_list = session.scalars(sa.select(MailingList)).one()
        edition_id = session.scalars(sa.select(Edition.id)).one()
        sender = sender_of(mailing_list, "", "https://news.example.org", KEYRING)
        composer = Composer(sender, rendered_variants(session, edition_id), "m1")
    return BenchOffice(database, edition_id, composer)


def _readers(connection: sa.Connection, list_id: int, count: int) -> None:
    is_sqlite = connection.dialect.name == "sqlite"
    numbers = (
        f"WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count}) "
        if is_sqlite
        else f"WITH numbers AS (SELECT generate_series(1, {count}) AS n) "
    )
    octets = (
        "CAST(printf('%0*d', {0}, n) AS BLOB)" if is_sqlite else "convert_to(lpad(n::text, {0}, '0'), 'UTF8')"
    )
    attributes = "'{{}}'".replace("{{}}", "{}")
    now = f"'{NOW:%Y-%m-%d %H:%M:%S.%f}'" if is_sqlite else f"'{NOW.isoformat()}'"
    false = "0" if is_sqlite else "false"
    domain = _DOMAIN if is_sqlite else _DOMAIN.replace("%", "%%")  # psycopg takes a single one for its own
    insert_first = "" if is_sqlite else numbers
    with_last = numbers if is_sqlite else ""
    connection.exec_driver_sql(
        f"{insert_first}INSERT INTO subscriber (id, address, address_lower, address_key, name, first_name, languages,"
        f" language_origin, reads_both, attributes, created_at, updated_at) {with_last}"
        f"SELECT n, 'reader' || n || '@' || {domain}, 'reader' || n || '@' || {domain}, {octets.format(16)},"
        f" 'Éloïse Dubois', 'Éloïse', 'fr', 'import', {false}, {attributes}, {now}, {now} FROM numbers"
    )
    connection.exec_driver_sql(
        f"{insert_first}INSERT INTO subscription (id, list_id, subscriber_id, state, public_name, consent_basis, since)"
        f" {with_last}SELECT n, {list_id}, n, 'active', {octets.format(12)}, '', {now} FROM numbers"
    )
    if not is_sqlite:  # as the server does by itself, within a minute
        connection.exec_driver_sql("ANALYZE subscriber, subscription")


def journal_folder(database: Database, folder: str) -> Path:
    """Where runs of a measurement keep their journals: beside the database, as an installation does."""
    return database.file.parent if database.file else Path(folder)
