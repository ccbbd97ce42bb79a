"""A reader's own page over HTTP: who gets the link, what it opens, what each part of it changes, and what it never shows."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from builders_preferences import ANNA, a_reader_of, ask_for_link, her_page, link_in, row_of
from builders_sign_up import Office, an_office, message_of, text_of
from builders_web import every_row
from newsletter.audience.actions import suppress
from newsletter.audience.consent.models import Consent
from newsletter.audience.models import (
    LanguageOrigin,
    LeaveWay,
    MailingList,
    Subscription,
    SubscriptionState,
    Suppression,
    SuppressionReason,
)
from newsletter.audience.preferences.models import PreferencesLink, PreferencesRequest
from newsletter.foundation.database import Database


@pytest.fixture
def office(db: Database, now: datetime) -> Iterator[Office]:
    with an_office(db, now) as opened:
        yield opened


@pytest.fixture
def small(sqlite_db: Database, now: datetime) -> Iterator[Office]:
    with an_office(sqlite_db, now) as opened:
        yield opened


# The way to it


def test_m8_m9_link_comes_by_a_machines_mail_in_her_language(office: Office) -> None:
    a_reader_of(office, "letter", languages=("en",))
    assert ask_for_link(office, "Anna@Example.org").status_code == 200
    office.work()
    [mail] = office.mails()
    head = mail.raw.split(b"\r\n\r\n", 1)[0]
    assert b"\r\nAuto-Submitted: auto-generated\r\n" in head
    assert re.findall(rb"(?im)^(?:list-|precedence|feedback-id)", head) == []
    assert message_of(mail)["Content-Language"] == "en"
    assert message_of(mail)["Subject"] == "The way to your preferences"
    assert link_in(mail).startswith("/en/preferences/")
    assert mail.recipient == ANNA
    with office.db.read() as session:
        assert session.scalar(sa.select(sa.func.count(PreferencesRequest.id))) == 0
        assert f"<{message_of(mail)['Message-ID'].strip('<>')}>" == session.scalar(
            sa.select(PreferencesLink.message_id)
        )


def test_t19_every_address_is_answered_alike(small: Office) -> None:
    a_reader_of(small, "letter")
    a_reader_of(small, "letter", address="pending@example.org", state=SubscriptionState.PENDING)
    a_reader_of(small, "letter", address="gone@example.org", state=SubscriptionState.ENDED)
    a_reader_of(small, "letter", address="suppressed@example.org")
    with small.db.transaction() as session:
        keyring = small.installation.keyring
        suppress(session, keyring, "suppressed@example.org", SuppressionReason.COMPLAINED, small.now)
    answers = set()
    for who in ("anna", "pending", "gone", "suppressed", "unknown"):
        before = every_row(small.db)
        answer = ask_for_link(small, f"{who}@example.org")
        after = every_row(small.db)
        changed = tuple(sorted(table for table in after if after[table] != before[table]))
        headers = tuple(sorted(answer.headers.items()))
        answers.add((answer.status_code, answer.content, headers, changed))
    assert len(answers) == 1
    assert next(iter(answers))[3] == ("form_count", "job", "preferences_request", "spent_token")
    small.work()
    assert sorted(mail.recipient for mail in small.mails()) == [
        ANNA, "gone@example.org", "pending@example.org"
    ]  # fmt: skip


def test_t16_one_mailbox_gets_one_mail_in_a_quarter_of_an_hour_and_three_a_day(small: Office) -> None:
    a_reader_of(small, "letter", address="v.ictim@gmail.com")
    mailed = []
    for _ in range(5):
        for spelling in ("victim@gmail.com", "v.ictim+x@gmail.com", "VICTIM@googlemail.com"):
            ask_for_link(small, spelling)
        before = len(small.mails())
        small.work()
        mailed.append(len(small.mails()) - before)
        small.now += timedelta(minutes=16)
    assert mailed == [1, 1, 1, 0, 0]
    assert {mail.recipient for mail in small.mails()} == {"v.ictim@gmail.com"}


def test_t16_who_never_confirmed_shares_the_one_mail_a_day_of_the_sign_up_form(small: Office) -> None:
    small.sign_up(ANNA)
    small.work()
    ask_for_link(small)
    small.work()
    assert len(small.mails(ANNA)) == 1


@pytest.mark.parametrize("fields", [{"comment": "x"}, {"form": "forged"}, {"form": ""}])
def test_form_that_a_program_fills_in_leads_to_nothing(small: Office, fields: dict[str, str]) -> None:
    a_reader_of(small, "letter")
    values = small.form("/fr/preferences") | {"address": ANNA}
    small.now += timedelta(seconds=5)
    before = every_row(small.db)
    assert small.client.post("/fr/preferences", data=values | fields).status_code == 200
    assert every_row(small.db) == before


def test_form_counts_once_and_not_faster_than_people_are(small: Office) -> None:
    values = small.form("/fr/preferences") | {"address": ANNA}
    assert "Encore un clic" not in small.client.post("/fr/preferences", data=values).text
    small.now += timedelta(seconds=4)
    small.client.post("/fr/preferences", data=values)
    again = small.client.post("/fr/preferences", data=values)
    assert "déjà été envoyé" in again.text
    assert len(every_row(small.db)["preferences_request"]) == 1


def test_form_says_what_is_wrong_with_an_address(small: Office) -> None:
    answer = ask_for_link(small, "no address <script>")
    assert answer.status_code == 422
    assert "<script>" not in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_network_has_a_budget_of_forms(sqlite_db: Database, now: datetime) -> None:
    with an_office(sqlite_db, now, forms_per_network_per_hour=2) as office:
        assert [ask_for_link(office, f"r{number}@example.org").status_code for number in range(3)] == [
            200, 200, 429,
        ]  # fmt: skip


def test_link_lives_anew_when_the_relay_was_away(small: Office) -> None:
    a_reader_of(small, "letter")
    ask_for_link(small)
    small.catcher.stop()
    small.work()
    with small.db.read() as session:
        first = session.scalar(sa.select(PreferencesLink.expires_at))
    small.now += timedelta(hours=2)
    small.work()
    with small.db.read() as session:
        [link] = session.scalars(sa.select(PreferencesLink)).all()
    assert first is not None
    assert link.expires_at == small.now + timedelta(hours=1)


# What it opens


def test_looking_changes_nothing(small: Office) -> None:
    a_reader_of(small, "letter")
    path = her_page(small)
    before = every_row(small.db)
    for behind in ("", "/", "/data", "/data.json", "/erase"):
        for method in ("GET", "HEAD"):
            answer = small.client.request(method, path + behind)
            assert answer.status_code == 200
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert answer.headers["x-robots-tag"] == "noindex"
            assert "script-src" not in answer.headers["content-security-policy"]
            assert "set-cookie" not in answer.headers
    assert small.client.request("OPTIONS", path).status_code == 405
    assert every_row(small.db) == before


def test_page_is_small_and_without_script(small: Office) -> None:
    a_reader_of(small, "letter", "agenda", "board", attributes={"city": "Liège"})
    path = her_page(small)
    for behind in ("", "/data", "/erase"):
        text = small.client.get(path + behind).text
        assert len(text.encode()) < 30_000
        assert "<script" not in text
        assert "style=" not in text


@pytest.mark.parametrize(
    ("language", "heading"), [("fr", "Ce lien a expiré"), ("en", "This link has expired")]
)
def test_expired_link_says_so_in_her_language_and_offers_a_new_one(
    small: Office, language: str, heading: str
) -> None:
    a_reader_of(small, "letter", languages=(language,))
    path = her_page(small).replace(f"/{language}/", "/fr/")
    small.now += timedelta(hours=1)
    for behind in ("", "/data", "/data.json", "/erase"):
        for answer in (small.client.get(path + behind), small.client.post(path + behind)):
            if answer.status_code != 405:
                assert answer.status_code == 410
                assert heading in answer.text
                assert f'href="/{language}/preferences"' in answer.text
                assert ANNA not in answer.text


def test_t20_t21_no_other_token_opens_it_or_shows_the_address(small: Office) -> None:
    reader = a_reader_of(small, "letter")
    small.sign_up("zoe@example.org")
    small.work()
    keyring = small.installation.keyring
    with small.db.read() as session:
        [name] = session.scalars(
            sa.select(Subscription.public_name).where(Subscription.subscriber_id == reader)
        )
    tokens = [
        keyring.sign("unsubscribe", name),
        keyring.sign("preferences", name),
        keyring.one_time_token("preferences", name),
        small.token(),
    ]
    before = every_row(small.db)
    for token in tokens:
        for behind in ("", "/data", "/data.json", "/erase"):
            answer = small.client.get(f"/fr/preferences/{token}{behind}")
            assert answer.status_code == 404
            assert ANNA not in answer.text
        assert small.client.post(f"/fr/preferences/{token}/erase").status_code == 404
        assert small.client.post(f"/fr/preferences/{token}", data={"do": "leave_all"}).status_code == 404
    assert ANNA not in small.client.get(f"/u/{tokens[0]}").text
    assert every_row(small.db) == before


def test_page_shows_a_private_list_only_to_who_is_on_it(small: Office) -> None:
    a_reader_of(small, "letter")
    a_reader_of(small, "letter", "board", address="bea@example.org")
    assert 'value="board"' not in small.client.get(her_page(small)).text
    assert 'value="board"' in small.client.get(her_page(small, "bea@example.org")).text


# What it changes


def post(office: Office, path: str, **values: object) -> str:
    page = office.client.get(path).text
    found = re.search(r'name="shown" value="(\w+)"', page)
    assert found is not None
    answer = office.client.post(path, data={"shown": found[1], **values})
    assert answer.status_code == 200, answer.text
    return answer.text


def test_lists_are_left_and_joined_with_evidence(office: Office) -> None:
    reader = a_reader_of(office, "letter", "board")
    path = her_page(office)
    text = post(office, path, do="lists", lists=["agenda", "board"])
    assert 'role="status"' in text
    assert office.subscriptions(ANNA) == {
        "letter": ("ended", "unsubscribed"),
        "board": ("active", None),
        "agenda": ("active", None),
    }
    with office.db.read() as session:
        left = session.scalars(
            sa.select(Subscription.leave_way).where(Subscription.state == SubscriptionState.ENDED)
        ).one()
        evidence = session.scalars(
            sa.select(Consent).options(sa.orm.joinedload(Consent.shown)).order_by(Consent.id)
        ).all()
        mailed = session.scalars(sa.select(PreferencesLink.message_id)).one()
    assert left is LeaveWay.PREFERENCES
    assert [(item.event.value, item.way or item.basis) for item in evidence] == [
        ("withdrawn", "preferences"),
        ("requested", "preferences"),
        ("confirmed", "preferences"),
    ]
    joined = evidence[-1]
    assert joined.subscriber_id == reader
    assert (joined.message_id, joined.ip) == (mailed, "93.184.216.34")
    assert joined.form_url == "https://news.example.org/fr/preferences"
    assert joined.shown is not None
    assert "L’agenda" in joined.shown.text


def test_joining_needs_the_words_that_were_shown(small: Office) -> None:
    a_reader_of(small, "letter")
    path = her_page(small)
    with small.db.transaction() as session:
        session.execute(sa.update(MailingList).values(cadences={"fr": "Chaque jour"}))
    answer = small.client.post(path, data={"do": "lists", "lists": ["letter", "agenda"], "shown": "old"})
    assert 'role="alert"' in answer.text
    assert small.subscriptions(ANNA) == {"letter": ("active", None)}


def test_joining_lifts_what_a_sign_up_lifts_and_leaving_does_not(small: Office) -> None:
    a_reader_of(small, "letter")
    with small.db.transaction() as session:
        suppress(session, small.installation.keyring, ANNA, SuppressionReason.BOUNCED, small.now)
    path = her_page(small)
    post(small, path, do="lists", lists=[])
    with small.db.read() as session:
        assert len(session.scalars(sa.select(Suppression)).all()) == 1
    post(small, path, do="lists", lists=["agenda"])
    with small.db.read() as session:
        assert session.scalars(sa.select(Suppression)).all() == []


def test_all_lists_are_left_by_one_button_and_acknowledged_once(small: Office) -> None:
    a_reader_of(small, "letter", "agenda", "board")
    path = her_page(small)
    for _ in range(2):
        post(small, path, do="leave_all")
    assert {state for state, _ in small.subscriptions(ANNA).values()} == {"ended"}
    acknowledgements = [row for row in every_row(small.db)["job"] if "acknowledge_leaving" in row]
    assert len(acknowledgements) + len(small.mails(ANNA)) - 1 == 1


@pytest.mark.parametrize(
    ("chosen", "mode", "kept", "both"),
    [
        (["en", "fr"], "both", ("en", "fr"), True),
        (["en", "fr"], "one", ("en", "fr"), False),
        (["en", ""], "one", ("en",), False),
        (["en", "en"], "one", ("en",), False),
    ],
)
def test_languages_and_their_order_become_an_explicit_choice(
    small: Office, chosen: list[str], mode: str, kept: tuple[str, ...], both: bool
) -> None:
    reader = a_reader_of(small, "letter", languages=("fr",))
    post(small, her_page(small), do="languages", language=chosen, mode=mode)
    row = row_of(small, reader)
    assert (row.languages, row.reads_both) == (kept, both)
    assert row.language_origin is LanguageOrigin.EXPLICIT


def test_explicit_choice_is_not_overwritten_by_a_form(small: Office) -> None:
    reader = a_reader_of(small, "letter", languages=("fr",))
    path = her_page(small)
    post(small, path, do="languages", language=["en", ""], mode="one")
    post(small, path, do="leave_all")
    small.now += timedelta(days=1)
    small.sign_up(ANNA, language="fr")
    small.work()
    small.client.post(f"/fr/confirm/{small.token()}")
    assert small.subscriptions(ANNA)["letter"] == ("active", None)
    assert row_of(small, reader).languages == ("en",)


def test_language_of_hers_that_the_organisation_lacks_is_kept(small: Office) -> None:
    reader = a_reader_of(small, "letter", languages=("ar", "fr-BE"))
    path = her_page(small)
    assert small.client.get(path).text.count('<option value="fr-BE"') == 3  # and no plain "fr" beside it
    post(small, path, do="languages", language=["fr-BE", "ar", ""], mode="one")
    assert row_of(small, reader).languages == ("fr-BE", "ar")


@pytest.mark.parametrize(
    "values",
    [
        {"do": "languages", "language": ["", ""], "mode": "one"},
        {"do": "languages", "language": ["fr", ""], "mode": "both"},
        {"do": "languages", "language": ["xx"], "mode": "one"},
        {"do": "pause", "until": "2026-11-23"},
        {"do": "pause", "until": "2030-01-01"},
        {"do": "pause", "until": "soon"},
        {"do": "name", "first_name": "http://spam.example", "name": ""},
    ],
)
def test_what_is_wrong_is_said_and_changes_nothing(small: Office, values: dict[str, object]) -> None:
    a_reader_of(small, "letter")
    path = her_page(small)
    before = every_row(small.db)
    answer = small.client.post(path, data=values)
    assert answer.status_code == 422
    assert answer.text.count('role="alert"') == 1
    assert every_row(small.db) == before


def test_pause_lasts_until_the_morning_of_that_day_in_the_organisations_zone(small: Office) -> None:
    reader = a_reader_of(small, "letter")
    path = her_page(small)
    text = post(small, path, do="pause", until="2026-12-24")
    assert row_of(small, reader).paused_until == datetime(2026, 12, 23, 23, 0, tzinfo=UTC)
    assert "24 décembre 2026" in text
    post(small, path, do="resume")
    assert row_of(small, reader).paused_until is None
    post(small, path, do="pause", until="24/12/2026")
    assert row_of(small, reader).paused_until == datetime(2026, 12, 23, 23, 0, tzinfo=UTC)


def test_name_is_changed_and_shown_as_text(small: Office) -> None:
    reader = a_reader_of(small, "letter")
    path = her_page(small)
    text = post(small, path, do="name", first_name="Zoé O'Neil & fils", name="")
    assert row_of(small, reader).first_name == "Zoé O'Neil & fils"
    assert "Zoé O&#39;Neil &amp; fils" in text


def test_unknown_part_changes_nothing(small: Office) -> None:
    a_reader_of(small, "letter")
    path = her_page(small)
    before = every_row(small.db)
    assert small.client.post(path, data={"do": "everything"}).status_code == 200
    assert every_row(small.db) == before


# Her data, and the end of it


def test_gdpr_20_data_comes_as_json_and_as_a_page(small: Office) -> None:
    a_reader_of(small, "letter", first_name="Anna", attributes={"city": "Liège <b>"})
    path = her_page(small)
    answer = small.client.get(f"{path}/data.json")
    assert answer.headers["content-disposition"] == 'attachment; filename="my-data.json"'
    data = json.loads(answer.content)
    assert (data["address"], data["attributes"], data["subscriptions"][0]["list"]) == (
        ANNA, {"city": "Liège <b>"}, "letter",
    )  # fmt: skip
    page = small.client.get(f"{path}/data").text
    assert "Liège &lt;b&gt;" in page
    assert ANNA in page


def test_gdpr_17_person_erases_herself_by_a_second_page(office: Office) -> None:
    reader = a_reader_of(office, "letter")
    path = her_page(office)
    assert office.client.get(f"{path}/erase").status_code == 200
    assert row_of(office, reader).erased_at is None
    answer = office.client.post(f"{path}/erase")
    assert answer.status_code == 200
    assert "Tout est effacé" in answer.text
    assert ANNA not in answer.text
    assert row_of(office, reader).erased_at is not None
    used_up = office.client.get(path)
    assert used_up.status_code == 404
    assert "Ce lien ne fonctionne plus" in used_up.text
    mails = len(office.mails())
    ask_for_link(office)
    office.work()
    assert len(office.mails()) == mails


def test_mail_says_that_the_link_is_short_lived(small: Office) -> None:
    a_reader_of(small, "letter", languages=("en",))
    ask_for_link(small)
    small.work()
    assert "The link works for an hour" in text_of(small.mails()[0])
