import io
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from builders_audience import SINCE, a_list, a_subscriber
from newsletter.audience.actions import end_subscription, suppress
from newsletter.audience.errors import FileRefused, ListNotFound
from newsletter.audience.importing.apply import ImportReport, RefusedLine, import_subscribers
from newsletter.audience.models import (
    EndReason,
    LanguageOrigin,
    MailingList,
    Subscriber,
    Subscription,
    SubscriptionState,
    SuppressionReason,
)
from newsletter.audience.queries import subscriber_by_address
from newsletter.foundation.database import Database
from newsletter.foundation.signing import Keyring

Import = Callable[..., ImportReport]


@pytest.fixture
def imported(db: Database, keyring: Keyring, now: datetime) -> Import:
    """Imports a text into `db`, where the lists `letter` and `agenda` are, onto `letter`."""
    with db.transaction() as session:
        a_list(session)
        a_list(session, "agenda")

    def import_text(text: str | bytes, **more: Any) -> ImportReport:
        octets = text.encode() if isinstance(text, str) else text
        arguments = {"list_slug": "letter", "consent_basis": "members", "now": now, "languages": ("fr", "en")}
        return import_subscribers(db, keyring, io.BytesIO(octets), **{**arguments, **more})

    return import_text


def figures(report: ImportReport) -> tuple[int, int, int, int]:
    return report.added, report.updated, report.unchanged, len(report.refused)


def reader(db: Database, address: str) -> Subscriber:
    with db.read() as session:
        return subscriber_by_address(session, address)


def states(db: Database, address: str) -> dict[str, tuple[str, str | None]]:
    return {
        item.mailing_list.slug: (item.state.value, item.end_reason and item.end_reason.value)
        for item in reader(db, address).subscriptions
    }


def everything(db: Database) -> list[tuple[Any, ...]]:
    with db.read() as session:
        readers = session.execute(sa.select(*Subscriber.__table__.c).order_by(Subscriber.id)).all()
        subscriptions = session.execute(sa.select(*Subscription.__table__.c).order_by(Subscription.id)).all()
    return [*map(tuple, readers), *map(tuple, subscriptions)]


def test_import_keeps_all_that_the_file_says(db: Database, imported: Import, now: datetime) -> None:
    report = imported(
        "email,name,first_name,language,lists,status,Town,Member no\n"
        "Anna@Example.org,Anna Bé,Anna,fr-BE en,agenda,,Liège,7\n"
        "bo@example.org,,,,,pending,,\n"
        "cy@example.org,Cy,,EN,,ended,,8\n"
    )
    assert report == ImportReport(
        added=3,
        updated=0,
        unchanged=0,
        refused=(),
        suppressed=0,
        notes=("New, and no language known that this installation writes in: 1 (line 3).",),
    )
    anna, bo, cy = (reader(db, f"{name}@example.org") for name in ("anna", "bo", "cy"))
    assert (anna.address, anna.name, anna.first_name) == ("Anna@example.org", "Anna Bé", "Anna")
    assert (anna.languages, anna.reads_both, anna.language_origin) == (
        ("fr-BE", "en"),
        True,
        LanguageOrigin.IMPORT,
    )
    assert anna.attributes == {"town": "Liège", "member_no": "7"}
    assert (anna.created_at, anna.updated_at) == (now, now)
    assert (bo.languages, bo.reads_both, bo.language_origin) == ((), False, LanguageOrigin.GUESS)
    assert (cy.languages, cy.attributes) == (("en",), {"member_no": "8"})
    assert states(db, "anna@example.org") == {"letter": ("active", None), "agenda": ("active", None)}
    assert states(db, "bo@example.org") == {"letter": ("pending", None)}
    assert states(db, "cy@example.org") == {"letter": ("ended", "imported")}
    subscription = cy.subscriptions[0]
    assert (subscription.consent_basis, subscription.since, subscription.ended_at) == ("members", now, now)


def test_import_of_the_same_file_again_changes_nothing(db: Database, imported: Import, now: datetime) -> None:
    text = "email,language,status,town\na@example.org,fr+en,,Liège\nb@example.org,,ended,\nc@example.org,fr,pending,\n"
    assert figures(imported(text)) == (3, 0, 0, 0)
    before = everything(db)
    assert figures(imported(text, now=now + timedelta(days=1))) == (0, 0, 3, 0)
    assert everything(db) == before


def test_import_corrects_what_the_file_says_otherwise(db: Database, imported: Import, now: datetime) -> None:
    imported(
        "email,name,first_name,language,town,age\na@example.org,Ann,Ann,fr,Liège,30\nb@example.org,Bo,,,,\n"
    )
    later = now + timedelta(days=1)
    report = imported(
        "email,name,first_name,language,town\nA@EXAMPLE.ORG,Anna,,en,Namur\nb@example.org,,,,\n", now=later
    )
    assert figures(report) == (0, 1, 1, 0)
    anna = reader(db, "a@example.org")
    assert (anna.address, anna.name, anna.first_name, anna.languages) == (
        "a@example.org",
        "Anna",
        "Ann",
        ("en",),
    )
    assert anna.attributes == {"town": "Namur", "age": "30"}
    assert (anna.created_at, anna.updated_at) == (now, later)
    assert reader(db, "b@example.org").updated_at == now


def test_import_never_overwrites_languages_that_a_reader_chose(
    db: Database, imported: Import, keyring: Keyring
) -> None:
    with db.transaction() as session:
        for name, origin in (
            ("a", LanguageOrigin.EXPLICIT),
            ("b", LanguageOrigin.FORM),
            ("c", LanguageOrigin.EXPLICIT),
        ):
            a_subscriber(session, keyring, f"{name}@example.org", languages=("en",), language_origin=origin)
    report = imported("email,language,name\na@example.org,fr en,Anna\nb@example.org,fr,\nc@example.org,en,\n")
    assert figures(report) == (0, 3, 0, 0)
    anna, bo = reader(db, "a@example.org"), reader(db, "b@example.org")
    assert (anna.languages, anna.reads_both, anna.name) == (("en",), False, "Anna")
    assert anna.language_origin is LanguageOrigin.EXPLICIT
    assert (bo.languages, bo.language_origin) == (("fr",), LanguageOrigin.IMPORT)
    assert report.notes == (
        "Chose their languages themselves; those of the file were not taken: 1 (line 2).",
    )


def test_t8_import_puts_nobody_back_who_left(
    db: Database, imported: Import, keyring: Keyring, now: datetime
) -> None:
    imported("email,lists\na@example.org,agenda\nb@example.org,\n")
    with db.transaction() as session:
        letter = subscriber_by_address(session, "a@example.org").subscriptions[0]
        end_subscription(session, letter.public_name, EndReason.UNSUBSCRIBED, now)
    for status in ("", "active", "pending", "abonné"):
        report = imported(f"email,lists,status\na@example.org,agenda,{status}\nb@example.org,,\n")
        assert figures(report) == (0, 0, 2, 0)
        assert report.notes == ("Had left the list and were not put back on it: 1 (line 2).",)
    assert states(db, "a@example.org") == {"letter": ("ended", "unsubscribed"), "agenda": ("active", None)}


def test_t8_import_confirms_nobody(db: Database, imported: Import) -> None:
    imported("email,status\na@example.org,pending\n")
    report = imported("email,status\na@example.org,active\n")
    assert figures(report) == (0, 0, 1, 0)
    assert report.notes == ("Have still to confirm, which a file cannot do for them: 1 (line 2).",)
    assert states(db, "a@example.org") == {"letter": ("pending", None)}


def test_import_ends_what_the_file_says_has_ended(db: Database, imported: Import, now: datetime) -> None:
    imported("email,lists\na@example.org,agenda\n")
    report = imported("email,status\na@example.org,désabonné\n")
    assert figures(report) == (0, 1, 0, 0)
    assert report.notes == ("Taken off the list, as the file says: 1 (line 2).",)
    assert states(db, "a@example.org") == {"letter": ("ended", "imported"), "agenda": ("active", None)}
    assert reader(db, "a@example.org").subscriptions[0].ended_at == now
    assert figures(imported("email,status\na@example.org,unsubscribed\n")) == (0, 0, 1, 0)


def test_import_adds_a_list_to_who_is_there(db: Database, imported: Import) -> None:
    imported("email\na@example.org\n", consent_basis="first")
    report = imported("email,lists\na@example.org,agenda\n", consent_basis="second")
    assert figures(report) == (0, 1, 0, 0)
    assert [item.consent_basis for item in reader(db, "a@example.org").subscriptions] == ["first", "second"]


def test_t8_import_refuses_suppressed_addresses_in_every_spelling(
    db: Database, imported: Import, keyring: Keyring, now: datetime
) -> None:
    with db.transaction() as session:
        a_subscriber(session, keyring, "there@example.org", name="Old")
        for address in ("anna.b@gmail.com", "there@example.org"):
            suppress(session, keyring, address, SuppressionReason.COMPLAINED, now)
    before = everything(db)
    report = imported(
        "email,name,status\nAnnaB+x@googlemail.com,A,active\nok@example.org,,\nthere@example.org,New,\n"
    )
    assert figures(report) == (1, 0, 0, 2)
    assert report.refused == (RefusedLine(2, "suppressed"), RefusedLine(4, "suppressed"))
    assert report.suppressed == 2
    assert everything(db)[:1] == before
    assert reader(db, "there@example.org").subscriptions == []


def test_import_refuses_lines_one_by_one_with_their_reasons(db: Database, imported: Import) -> None:
    report = imported(
        "email;name;language;lists;status;note\n"
        "ok@example.org;;;;;\n"
        ";Nobody;;;;\n"
        "nobody;;;;;\n"
        '"a@example.org\r\nBcc: b@example.org";;;;;\n'
        "=?utf-8?q?a?=@example.org;;;;;\n"
        "\n"
        "b@example.org;;klingon;;;\n"
        "c@example.org;;;lettre, agenda;;\n"
        "d@example.org;;;;perhaps;\n"
        f"e@example.org;{'n' * 201};;;;\n"
        f"f@example.org;;;;;{'n' * 2001}\n"
        "g@example.org;;;;;;more\n"
        "OK@example.org;;;;;\n"
        'h@example.org;"Anna "the cat" B";;;;\n'
        "also.ok@example.org;x\n"
    )
    assert figures(report) == (2, 0, 0, 12)
    assert report.refused == (
        RefusedLine(3, "the address is empty"),
        RefusedLine(4, "An email address must have an @-sign"),
        RefusedLine(5, "the address holds a line break or control character"),
        RefusedLine(7, "the part before the @ holds a sign that no reader's address has"),
        RefusedLine(9, "the language “klingon” is not understood; write it like fr, en or fr-BE"),
        RefusedLine(10, "there is no list “lettre”"),
        RefusedLine(11, "the status “perhaps” is not understood; write active, pending or ended"),
        RefusedLine(12, "the name is longer than 200 characters"),
        RefusedLine(13, "the note is longer than 2000 characters"),
        RefusedLine(14, "the line has 7 values, the header 6"),
        RefusedLine(15, "the address stands in line 2 already"),
        RefusedLine(16, "a quotation mark stands inside a quoted value; double it or take it out"),
    )
    assert [item.address for item in _readers(db)] == ["ok@example.org", "also.ok@example.org"]


def _readers(db: Database) -> list[Subscriber]:
    with db.read() as session:
        return list(session.scalars(sa.select(Subscriber).order_by(Subscriber.id)))


def test_import_takes_control_characters_out_of_names(db: Database, imported: Import) -> None:
    imported('email,name,note\na@example.org,"Anna\r\nBcc: x\x0b\x1b[31m\u2028!","one\ntwo"\n')
    anna = _readers(db)[0]
    assert (anna.name, anna.attributes) == ("Anna Bcc: x [31m !", {"note": "one two"})


def test_import_of_a_row_refused_first_takes_the_address_later(db: Database, imported: Import) -> None:
    report = imported("email,language\na@example.org,klingon\na@example.org,fr\n")
    assert (figures(report), report.refused[0].line) == ((1, 0, 0, 1), 2)


@pytest.mark.parametrize("separator", [";", "|", ","])
def test_import_splits_lists_within_a_value(db: Database, imported: Import, separator: str) -> None:
    imported(f'email,lists\na@example.org," agenda {separator}{separator}LETTER"\n', list_slug=None)
    assert sorted(states(db, "a@example.org")) == ["agenda", "letter"]


def test_import_without_any_list_refuses_the_line(db: Database, imported: Import) -> None:
    report = imported("email,lists\na@example.org,\nb@example.org,;\nc@example.org,agenda\n", list_slug=None)
    assert report.refused == (RefusedLine(2, "no list is named"), RefusedLine(3, "no list is named"))
    assert states(db, "c@example.org") == {"agenda": ("active", None)}


def test_import_onto_an_unknown_list_is_refused(db: Database, imported: Import) -> None:
    with pytest.raises(ListNotFound, match="lists list"):
        imported("email\na@example.org\n", list_slug="lettre")


def test_import_of_a_spreadsheets_latin_1_notes_the_encoding(
    db: Database, imported: Import, tmp_path: Path
) -> None:
    path = tmp_path / "lecteurs.csv"
    path.write_bytes(
        "Courriel;Prénom;Nom;Langue;Statut;;Code postal\r\nzoe@example.org;Zoë;D’Haene;français;abonné;x;4000\r\n".encode(
            "cp1252"
        )
    )
    report = import_file(path, db)
    assert figures(report) == (1, 0, 0, 0)
    assert report.notes == (
        "The file is not UTF-8; it was read as Windows-1252. Look whether the accents are right.",
        "Columns without a name were not imported: 6.",
    )
    zoe = _readers(db)[0]
    assert (zoe.first_name, zoe.name, zoe.languages) == ("Zoë", "D’Haene", ("fr",))
    assert zoe.attributes == {"code_postal": "4000"}


def import_file(path: Path, db: Database) -> ImportReport:
    return import_subscribers(
        db, Keyring("k" * 30), path, list_slug="letter", consent_basis="", now=SINCE, languages=("fr", "en")
    )


def test_import_notes_readers_of_languages_that_nobody_writes(db: Database, imported: Import) -> None:
    text = (
        "email,language\n" + "".join(f"{n}@example.org,nl-BE\n" for n in range(12)) + "x@example.org,nl fr\n"
    )
    assert imported(text).notes == (
        "New, and no language known that this installation writes in: 12 "
        "(lines 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 2 more).",
    )


def test_dry_run_tells_the_same_and_writes_nothing(db: Database, imported: Import) -> None:
    imported("email,name\na@example.org,Anna\nb@example.org,\nc@example.org,\n")
    text = "email,name,status\na@example.org,Ann,\nb@example.org,,ended\nc@example.org,,\nd@example.org,,\nx,,\nd@example.org,,\n"
    before = everything(db)
    dry = imported(text, dry_run=True)
    assert everything(db) == before
    assert figures(dry) == (1, 2, 1, 2)
    assert imported(text) == dry


def test_import_that_fails_in_the_middle_leaves_nothing(db: Database, imported: Import) -> None:
    text = "email\n" + "".join(f"{n}@example.org\n" for n in range(5000)) + 'x@example.org,"'
    with pytest.raises(FileRefused, match="line 5002"):
        imported(text)
    assert everything(db) == []


def test_import_stopped_by_ctrl_c_leaves_nothing_and_starts_over(db: Database, imported: Import) -> None:
    text = "email\n" + "".join(f"{n}@example.org\n" for n in range(4500))
    told: list[int] = []

    def stop_at_second(row_count: int) -> None:
        told.append(row_count)
        if len(told) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        imported(text, progress=stop_at_second)
    assert (told, everything(db)) == ([2000, 4000], [])
    told = [0, 0]
    assert figures(imported(text, progress=stop_at_second)) == (4500, 0, 0, 0)
    assert told == [0, 0, 2000, 4000, 4500]


def test_import_finds_a_second_line_in_a_later_batch(db: Database, imported: Import) -> None:
    text = "email\n" + "".join(f"{n}@example.org\n" for n in range(2500)) + "0@EXAMPLE.org\n"
    report = imported(text)
    assert (figures(report), report.refused) == (
        (2500, 0, 0, 1),
        (RefusedLine(2502, "the address stands in line 2 already"),),
    )


def test_two_imports_at_once_add_each_reader_once(db: Database, imported: Import) -> None:
    text = "email,lists\n" + "".join(f"{n}@example.org,agenda\n" for n in range(3000))
    reports: list[ImportReport] = []
    threads = [threading.Thread(target=lambda: reports.append(imported(text))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(figures, reports)) == [(0, 0, 3000, 0), (3000, 0, 0, 0)]
    with db.read() as session:
        counts = [session.scalar(sa.select(sa.func.count(table.id))) for table in (Subscriber, Subscription)]
    assert counts == [3000, 6000]


def test_reader_may_leave_while_an_import_goes_on(db: Database, imported: Import, now: datetime) -> None:
    if db.is_sqlite:
        pytest.skip("SQLite has one writer: leaving waits until the import is done")
    text = "email,name\na@example.org,Anna\n"
    imported(text)
    public_name = reader(db, "a@example.org").subscriptions[0].public_name
    left = []

    def leave(_row_count: int) -> None:
        with db.transaction() as session:
            session.execute(sa.text("SET LOCAL lock_timeout = '5s'"))
            left.append(end_subscription(session, public_name, EndReason.UNSUBSCRIBED, now))

    imported(text.replace("Anna", "Ann"), progress=leave)
    assert [item.has_changed for item in left if item] == [True]
    assert states(db, "a@example.org") == {"letter": ("ended", "unsubscribed")}


def test_subscribers_added_after_an_import_get_ids_of_their_own(
    db: Database, imported: Import, keyring: Keyring
) -> None:
    imported("email\na@example.org\nb@example.org\n")
    with db.transaction() as session:
        later = a_subscriber(session, keyring, "c@example.org")
    imported("email\nd@example.org\n")
    ids = [item.id for item in _readers(db)]
    assert (len(set(ids)), later.id in ids) == (4, True)


def test_import_of_a_header_alone_is_nobody(db: Database, imported: Import) -> None:
    assert imported("email,name\n") == ImportReport(0, 0, 0, (), 0, ())


@pytest.mark.parametrize("text", ["", "name\nAnna\n", b"PK\x03\x04"])
def test_import_of_a_file_that_cannot_be_one_is_refused_in_one_line(
    db: Database, imported: Import, text: str | bytes
) -> None:
    with pytest.raises(FileRefused) as refused:
        imported(text)
    assert "\n" not in str(refused.value)


@pytest.mark.slow
def test_import_of_a_hundred_thousand_readers_and_again(db: Database, imported: Import) -> None:
    text = "email;name;language;town\n" + "".join(
        f"reader.{n}@mail{n % 3000}.example.org;Éloïse {n};{('fr', 'en', 'fr en', '')[n % 4]};Liège\n"
        for n in range(100_000)
    )
    assert figures(imported(text)) == (100_000, 0, 0, 0)
    assert figures(imported(text)) == (0, 0, 100_000, 0)
    with db.read() as session:
        counts = session.execute(
            sa.select(Subscriber.languages, sa.func.count())
            .join(Subscription, Subscription.subscriber_id == Subscriber.id)
            .join(MailingList, Subscription.list_id == MailingList.id)
            .where(MailingList.slug == "letter", Subscription.state == SubscriptionState.ACTIVE)
            .group_by(Subscriber.languages)
        ).all()
    assert dict(tuple(row) for row in counts) == {
        ("fr",): 25_000,
        ("en",): 25_000,
        ("fr", "en"): 25_000,
        (): 25_000,
    }


def test_names_of_imported_subscriptions_are_their_own_and_stand_together(
    db: Database, imported: Import
) -> None:
    imported("email\na@example.org\nb@example.org\nc@example.org\n")
    imported("email\nd@example.org\ne@example.org\n")
    with db.read() as session:
        names = session.scalars(
            sa.select(Subscription.public_name).order_by(Subscription.subscriber_id)
        ).all()
    assert {len(name) for name in names} == {12}
    assert len({name[4:] for name in names}) == 5
    starts = [bytes(name[:4]) for name in names]
    assert starts[0] == starts[1] == starts[2] != starts[3] == starts[4]
