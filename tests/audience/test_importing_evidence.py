"""On what grounds people are mailed who came from a file, what columns are called, and whom no file brings back (T8)."""

import io
from collections.abc import Callable
from datetime import datetime
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa

from builders_audience import a_list
from newsletter.audience.actions import suppress
from newsletter.audience.consent.models import Consent, ConsentEvent
from newsletter.audience.errors import FileRefused, NoLegalBasis
from newsletter.audience.importing.apply import ImportReport, RefusedLine, import_subscribers
from newsletter.audience.importing.report import REFUSED_MAX
from newsletter.audience.importing.seen import SeenAddresses
from newsletter.audience.models import MailingList, Subscriber, Subscription, SuppressionReason
from newsletter.audience.queries import subscriber_by_address
from newsletter.foundation.database import Database
from newsletter.foundation.signing import Keyring

Import = Callable[..., ImportReport]


@pytest.fixture
def imported(db: Database, keyring: Keyring, now: datetime) -> Import:
    with db.transaction() as session:
        a_list(session)
        a_list(session, "agenda").legal_basis = "members"
        a_list(session, "silent").legal_basis = ""

    def import_text(text: str | bytes, **more: Any) -> ImportReport:
        octets = text.encode() if isinstance(text, str) else text
        arguments = {"list_slug": "letter", "consent_basis": "", "now": now, "languages": ("fr", "en")}
        return import_subscribers(db, keyring, io.BytesIO(octets), **{**arguments, **more})

    return import_text


def evidence(db: Database) -> list[tuple[Any, ...]]:
    with db.read() as session:
        return [
            tuple(row)
            for row in session.execute(
                sa.select(Subscriber.address, MailingList.slug, Consent.event, Consent.basis, Consent.at)
                .join(Subscriber, Consent.subscriber_id == Subscriber.id)
                .join(MailingList, Consent.list_id == MailingList.id)
                .order_by(Consent.subscriber_id, Consent.id)
            )
        ]


def test_each_imported_subscription_has_evidence_of_its_grounds(
    db: Database, imported: Import, now: datetime
) -> None:
    imported("email,lists\na@example.org,agenda\nb@example.org,\n")
    imported("email,lists\nb@example.org,agenda\n", consent_basis="on paper, 2026")
    imported("email,lists\na@example.org,agenda\nb@example.org,agenda\n", consent_basis="again")
    event = ConsentEvent.IMPORTED
    assert evidence(db) == [
        ("a@example.org", "letter", event, "consent", now),
        ("a@example.org", "agenda", event, "members", now),
        ("b@example.org", "letter", event, "consent", now),
        ("b@example.org", "agenda", event, "on paper, 2026", now),
    ]
    with db.read() as session:
        bases = session.scalars(
            sa.select(Subscription.consent_basis).order_by(Subscription.subscriber_id, Subscription.id)
        ).all()
    assert bases == ["consent", "members", "consent", "on paper, 2026"]


def test_import_without_any_stated_grounds_is_refused(db: Database, imported: Import) -> None:
    with pytest.raises(NoLegalBasis, match="--consent-basis"):
        imported("email\na@example.org\n", list_slug="silent", consent_basis="  ")
    assert imported("email\na@example.org\n", list_slug="silent", consent_basis="members").added == 1
    report = imported("email,lists\nb@example.org,silent\n")
    assert report.refused == (RefusedLine(2, "the list “silent” does not say on what grounds it is mailed"),)


def test_t8_erased_address_is_refused_with_that_reason_in_every_spelling(
    db: Database, imported: Import, keyring: Keyring, now: datetime
) -> None:
    with db.transaction() as session:
        suppress(session, keyring, "anna.b@gmail.com", SuppressionReason.ERASED, now)
        suppress(session, keyring, "bo@example.org", SuppressionReason.BOUNCED, now)
    report = imported("email,status\nAnnaB+new@googlemail.com,active\nBO@example.org,active\n")
    assert report.refused == (
        RefusedLine(2, "was erased at the person’s wish"),
        RefusedLine(3, "suppressed"),
    )
    assert (report.added, report.suppressed, report.refused_count, evidence(db)) == (0, 2, 2, [])


def test_lists_may_say_how_she_stands_to_each(db: Database, imported: Import) -> None:
    imported('email,lists,status\na@example.org,"agenda:ended, letter:pending",active\n')
    with db.read() as session:
        found = subscriber_by_address(session, "a@example.org").subscriptions
        assert {item.mailing_list.slug: item.state.value for item in found} == {
            "agenda": "ended",
            "letter": "pending",
        }
    report = imported("email,lists\nb@example.org,agenda:perhaps\n")
    assert (
        report.refused[0].reason == "the status “perhaps” is not understood; write active, pending or ended"
    )


@pytest.mark.parametrize(
    ("language", "both", "expected"),
    [
        ("fr en", "", (("fr", "en"), True)),
        ("fr en", "non", (("fr", "en"), False)),
        ("fr", "oui", (("fr",), True)),
        ("", "yes", ((), True)),
    ],
)
def test_column_says_whether_she_wants_both_languages(
    db: Database, imported: Import, language: str, both: str, expected: tuple[tuple[str, ...], bool]
) -> None:
    imported(f"email,langue,les deux\na@example.org,{language},{both}\n")
    with db.read() as session:
        found = subscriber_by_address(session, "a@example.org")
    assert (found.languages, found.reads_both) == expected
    assert "write yes or no" in imported("email,both\nb@example.org,perhaps\n").refused[0].reason


def test_columns_are_what_somebody_says_they_are(db: Database, imported: Import) -> None:
    text = "Email;Contact 1;Wie;Plaats\nold;a@example.org;Anna;Gent\n"
    report = imported(text, columns={"email": "contact 1", "first_name": "Wie", "city": "Plaats"})
    assert report.added == 1
    with db.read() as session:
        found = subscriber_by_address(session, "a@example.org")
    assert (found.first_name, found.attributes) == ("Anna", {"email": "old", "city": "Gent"})
    with pytest.raises(
        FileRefused, match="no column “Contact 2”, said to be the email; it has: Email, Contact 1"
    ):
        imported(text, columns={"email": "Contact 2"})


@pytest.mark.parametrize(
    "header",
    ["Adresse e-mail;Nom;Prénom;Langue", "Email address;Name;First name;Language", "E-mailadres;Naam;Voornaam;Taal", "E-Mail-Adresse;Nachname;Vorname;Sprache", "Mailadresse;Familienaam;Voornaam;Taal"],
)  # fmt: skip
def test_headings_of_four_languages_are_understood(db: Database, imported: Import, header: str) -> None:
    assert imported(f"{header}\na@example.org;Bé;Anna;français\n").added == 1
    with db.read() as session:
        found = subscriber_by_address(session, "a@example.org")
    assert (found.name, found.first_name, found.languages, found.attributes) == ("Bé", "Anna", ("fr",), {})


def test_workbook_is_imported_like_a_csv_file(db: Database, imported: Import) -> None:
    book = openpyxl.Workbook()
    for row in (
        ["E-mail", "Prénom", "Né en"],
        ["a@example.org", "Zoë", 1980],
        ["nobody", "", None],
        ["A@example.org"],
    ):
        book.active.append(row)  # fmt: skip
    octets = io.BytesIO()
    book.save(octets)
    dry = imported(octets.getvalue(), dry_run=True)
    assert evidence(db) == []
    report = imported(octets.getvalue())
    assert report == dry
    assert (report.added, report.refused) == (
        1,
        (
            RefusedLine(3, "An email address must have an @-sign"),
            RefusedLine(4, "the address stands in line 2 already"),
        ),
    )
    with db.read() as session:
        assert subscriber_by_address(session, "a@example.org").attributes == {"né_en": "1980"}


def test_refusals_beyond_many_are_counted_and_not_kept(db: Database, imported: Import) -> None:
    report = imported("email\n" + "x\n" * (REFUSED_MAX + 5))
    assert (len(report.refused), report.refused_count) == (REFUSED_MAX, REFUSED_MAX + 5)


def test_addresses_seen_are_found_again_with_their_lines() -> None:
    with SeenAddresses() as seen:
        assert seen.add({"a": 2, "b": 3}) == {}
        assert seen.add({"c": 4, "b": 5, "a": 6}) == {"a": 2, "b": 3}
        assert seen.add({}) == {}
        assert seen.add({"c": 7}) == {"c": 4}
