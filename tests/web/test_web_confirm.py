"""The owner of an address answers: confirm and "not me", by POST only."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from builders_sign_up import VISITOR, Office, an_office
from builders_web import every_row
from newsletter.audience.actions import end_subscription, suppress
from newsletter.audience.consent.models import Consent, ConsentEvent, ShownText
from newsletter.audience.models import (
    EndReason,
    LanguageOrigin,
    MailingList,
    OptIn,
    Subscriber,
    Subscription,
    Suppression,
    SuppressionReason,
)
from newsletter.foundation.database import Database

ZOE = "zoe@example.org"
PAGE = {"from": "page"}


@pytest.fixture
def office(db: Database, now: datetime) -> Iterator[Office]:
    with an_office(db, now) as opened:
        yield opened


@pytest.fixture
def small(sqlite_db: Database, now: datetime) -> Iterator[Office]:
    with an_office(sqlite_db, now) as opened:
        yield opened


def evidence(office: Office) -> list[tuple[str, ConsentEvent]]:
    statement = (
        sa.select(MailingList.slug, Consent.event)
        .join(MailingList, MailingList.id == Consent.list_id)
        .order_by(Consent.id)
    )
    with office.db.read() as session:
        return [(slug, event) for slug, event in session.execute(statement)]


def suppressions(office: Office) -> list[SuppressionReason]:
    with office.db.read() as session:
        return list(session.scalars(sa.select(Suppression.reason)))


def suppressed(office: Office, address: str, reason: SuppressionReason) -> None:
    with office.db.transaction() as session:
        suppress(session, office.installation.keyring, address, reason, office.now)


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("page", ["confirm", "not-me"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT"])
def test_t18_looking_at_the_links_of_the_mail_changes_nothing(
    office: Office, page: str, method: str, slash: str
) -> None:
    office.sign_up(lists=["letter", "agenda"])
    office.work()
    before = every_row(office.db)
    path = f"/fr/{page}/{office.token()}{slash}"
    answer = office.client.request(method, f"{path}?from=page&confirm=1")
    assert answer.status_code == (200 if method in {"GET", "HEAD"} else 405)
    assert every_row(office.db) == before
    assert office.subscriptions() == {"letter": ("pending", None), "agenda": ("pending", None)}


def test_confirmation_makes_every_list_active_with_evidence(office: Office) -> None:
    office.sign_up(lists=["letter", "agenda"], name="Zoé", language="both", headers={"User-Agent": "Asker/1"})
    asked_at = office.now
    office.work()
    office.now += timedelta(hours=2)
    path = f"/fr/confirm/{office.token()}"
    asked = office.client.get(path).text
    assert "«\u00a0La lettre\u00a0» et «\u00a0L’agenda\u00a0»" in asked
    assert ZOE not in asked
    assert "Zoé" not in asked
    answer = office.client.post(path, data=PAGE, headers={"User-Agent": "Answerer/1"})
    assert answer.status_code == 200
    assert "Merci, votre inscription est faite" in answer.text
    assert office.subscriptions() == {"letter": ("active", None), "agenda": ("active", None)}
    zoe = office.subscriber()
    assert zoe is not None
    assert (zoe.first_name, zoe.languages, zoe.reads_both) == ("Zoé", ("fr", "en"), True)
    assert zoe.language_origin is LanguageOrigin.FORM
    with office.db.read() as session:
        rows = list(session.scalars(sa.select(Consent).order_by(Consent.id)))
        shown = {row.hash: row.text for row in session.scalars(sa.select(ShownText))}
    assert [(row.event.value, row.at, row.user_agent, row.ip) for row in rows] == [
        *[("requested", asked_at, "Asker/1", VISITOR)] * 2,
        *[("confirmed", office.now, "Answerer/1", VISITOR)] * 2,
    ]
    assert {row.form_url for row in rows} == {"https://news.example.org/fr/subscribe"}
    message_id = office.sign_ups()[0].message_id
    assert f"Message-ID: {message_id}\r\n".encode() in office.mails()[0].raw
    assert [row.message_id for row in rows] == ["", "", message_id, message_id]
    assert [shown[str(row.shown_hash)].splitlines()[0] for row in rows] == ["La lettre", "L’agenda"] * 2


def test_second_confirmation_answers_kindly_and_changes_nothing(office: Office) -> None:
    office.confirmed()
    before = every_row(office.db)
    for path in (f"/fr/confirm/{office.token()}", f"/en/confirm/{office.token()}/"):
        answer = office.client.post(path, data=PAGE)
        assert answer.status_code == 200
        assert "Vous avez déjà confirmé" in answer.text  # her own language, whatever the path says
        assert "Vous avez déjà confirmé" in office.client.get(path).text
    assert every_row(office.db) == before


def test_confirmation_after_she_left_again_does_not_bring_her_back(office: Office) -> None:
    office.confirmed()
    with office.db.transaction() as session:
        name = session.scalar(sa.select(Subscription.public_name))
        assert name is not None
        end_subscription(session, name, EndReason.UNSUBSCRIBED, office.now)
    before = every_row(office.db)
    office.client.post(f"/fr/confirm/{office.token()}", data=PAGE)
    assert every_row(office.db) == before


def test_link_works_for_seven_days(office: Office) -> None:
    office.sign_up()
    office.work()
    path = f"/fr/confirm/{office.token()}"
    office.now = office.sign_ups()[0].requested_at + timedelta(days=7)
    before = every_row(office.db)
    for answer in (office.client.get(path), office.client.post(path, data=PAGE)):
        assert answer.status_code == 200
        assert "Ce lien a expiré" in answer.text
        assert 'href="/fr/subscribe"' in answer.text
    assert every_row(office.db) == before
    office.now -= timedelta(seconds=1)
    assert "votre inscription est faite" in office.client.post(path, data=PAGE).text


@pytest.mark.parametrize("page", ["confirm", "not-me"])
def test_t20_token_of_anything_else_gets_a_helpful_page_and_changes_nothing(
    office: Office, page: str
) -> None:
    office.confirmed("active@example.org")
    office.sign_up()
    office.work()
    keyring, [_, waiting] = office.installation.keyring, office.sign_ups()
    with office.db.read() as session:
        subscription = session.scalars(sa.select(Subscription.public_name)).first()
    assert subscription is not None
    right = office.token()
    forged = [
        "x" * 22,
        right[:-1],
        right + "A",
        right[:-2] + ("AA" if right[-2:] != "AA" else "BB"),
        waiting.token_hash.hex(),
        keyring.one_time_token("preferences", waiting.public_name),
        keyring.one_time_token("sign-up", subscription),
        *(
            keyring.sign(purpose, waiting.public_name)
            for purpose in ("sign-up", "unsubscribe", "form:subscribe")
        ),
        *(keyring.sign(purpose, subscription) for purpose in ("sign-up", "unsubscribe", "bounce")),
    ]
    before = every_row(office.db)
    for token in forged:
        for method in ("GET", "POST"):
            answer = office.client.request(method, f"/fr/{page}/{token}")
            assert answer.status_code == 404
            assert "Ce lien ne fonctionne pas" in answer.text
    assert office.client.post(f"/u/{right}").status_code == 404
    assert every_row(office.db) == before


def test_not_me_ends_the_request_for_good(office: Office) -> None:
    office.sign_up(lists=["letter", "agenda"])
    office.work()
    path = f"/fr/not-me/{office.token()}"
    assert "Ne plus jamais vous écrire" in office.client.get(path).text
    answer = office.client.post(path, data=PAGE)
    assert answer.status_code == 200
    assert "Nous ne vous écrirons plus" in answer.text
    assert office.subscriptions() == {"letter": ("ended", "declined"), "agenda": ("ended", "declined")}
    assert suppressions(office) == [SuppressionReason.REQUESTED]
    assert evidence(office)[2:] == [("letter", ConsentEvent.DECLINED), ("agenda", ConsentEvent.DECLINED)]
    before = every_row(office.db)
    assert office.client.post(path, data=PAGE).status_code == 200
    assert office.client.post(path.replace("not-me", "confirm"), data=PAGE).status_code == 200
    assert every_row(office.db) == before
    office.now += timedelta(days=300)
    office.sign_up("ZOE+again@example.org")
    office.work()
    assert len(office.mails()) == 1


def test_not_me_wins_over_a_confirmation_that_a_mail_filter_gave(office: Office) -> None:
    office.confirmed()
    assert "Nous ne vous écrirons plus" in office.client.post(f"/fr/not-me/{office.token()}", data=PAGE).text
    assert office.subscriptions() == {"letter": ("ended", "declined")}
    assert suppressions(office) == [SuppressionReason.REQUESTED]


@pytest.mark.parametrize(
    "reason", [SuppressionReason.BOUNCED, SuppressionReason.IMPORTED, SuppressionReason.ERASED]
)
@pytest.mark.parametrize(("page", "left"), [("confirm", []), ("not-me", [SuppressionReason.REQUESTED])])
def test_answer_decides_about_an_old_suppression(
    office: Office, reason: SuppressionReason, page: str, left: list[SuppressionReason]
) -> None:
    suppressed(office, "z.o.e@gmail.com", reason)
    office.sign_up("zoe@gmail.com")
    office.work()
    assert suppressions(office) == [reason]
    office.client.post(f"/fr/{page}/{office.token()}", data=PAGE)
    assert suppressions(office) == left


def test_confirmation_brings_back_who_had_left(office: Office) -> None:
    office.confirmed()
    with office.db.transaction() as session:
        name = session.scalar(sa.select(Subscription.public_name))
        assert name is not None
        end_subscription(session, name, EndReason.UNSUBSCRIBED, office.now)
    office.sign_up()
    office.work()
    assert office.subscriptions() == {"letter": ("ended", "unsubscribed")}  # until she confirms
    office.client.post(f"/fr/confirm/{office.token()}", data=PAGE)
    assert office.subscriptions() == {"letter": ("active", None)}


def test_form_never_alters_a_reader(office: Office) -> None:
    office.confirmed(name="Zoé", language="fr")
    office.sign_up(lists=["agenda"], name="Somebody else", language="en", path="/en/subscribe")
    office.work()
    before = office.subscriber()
    office.client.post(f"/fr/confirm/{office.token()}", data=PAGE)
    after = office.subscriber()
    assert before is not None
    assert after is not None
    assert (after.name, after.first_name, after.languages, after.reads_both) == ("Zoé", "Zoé", ("fr",), False)
    assert office.subscriptions() == {"letter": ("active", None), "agenda": ("active", None)}


def test_language_that_a_person_chose_herself_stays(office: Office) -> None:
    office.confirmed()
    with office.db.transaction() as session:
        session.execute(
            sa.update(Subscriber).values(languages=("en",), language_origin=LanguageOrigin.EXPLICIT)
        )
        session.execute(sa.update(Subscription).values(state="ended", end_reason="unsubscribed"))
    office.sign_up(language="fr")
    office.work()
    office.client.post(f"/fr/confirm/{office.token()}", data=PAGE)
    zoe = office.subscriber()
    assert zoe is not None
    assert (zoe.languages, zoe.language_origin) == (("en",), LanguageOrigin.EXPLICIT)


def test_page_speaks_her_language_then_what_is_asked_then_that_of_the_address(small: Office) -> None:
    small.sign_up(path="/en/subscribe", language="en")
    small.work()
    token = small.token()
    assert small.client.get(f"/fr/confirm/{token}?lang=fr").headers["content-language"] == "en"
    unknown = f"/fr/confirm/{'x' * 22}"
    assert small.client.get(unknown).headers["content-language"] == "fr"
    assert small.client.get(f"{unknown}?lang=en").headers["content-language"] == "en"
    headers = {"Accept-Language": "en"}
    assert small.client.get(f"/xx/confirm/{'x' * 22}", headers=headers).headers["content-language"] == "en"
    both = small.client.get(f"/xx/confirm/{'x' * 22}", headers={"Accept-Language": "ja"})
    assert both.headers["content-language"] == "fr, en"


# Lists where the form alone counts


def single(office: Office, slug: str) -> None:
    with office.db.transaction() as session:
        session.execute(sa.update(MailingList).where(MailingList.slug == slug).values(opt_in=OptIn.SINGLE))


def test_single_opt_in_makes_active_by_the_form_alone_with_evidence_and_without_the_typed_name(
    office: Office,
) -> None:
    single(office, "letter")
    answer = office.sign_up(name="Buy now", language="en")
    assert "La prochaine édition vous parviendra" in answer.text
    office.work()
    assert (office.mails(), office.subscriptions()) == ([], {"letter": ("active", None)})
    assert evidence(office) == [("letter", ConsentEvent.REQUESTED)]
    zoe = office.subscriber()
    assert zoe is not None
    assert (zoe.name, zoe.first_name, zoe.languages) == ("", "", ("en",))


def test_single_and_double_in_one_form_ask_for_the_double_only(office: Office) -> None:
    single(office, "agenda")
    office.sign_up(lists=["letter", "agenda"])
    office.work()
    assert office.subscriptions() == {"letter": ("pending", None), "agenda": ("active", None)}
    assert len(office.mails()) == 1
    assert evidence(office) == [("agenda", ConsentEvent.REQUESTED), ("letter", ConsentEvent.REQUESTED)]


@pytest.mark.parametrize("reason", list(SuppressionReason))
def test_single_opt_in_does_not_bring_back_who_is_suppressed(
    office: Office, reason: SuppressionReason
) -> None:
    single(office, "letter")
    suppressed(office, ZOE, reason)
    office.sign_up()
    office.work()
    is_asked = reason not in {SuppressionReason.REQUESTED, SuppressionReason.COMPLAINED}
    assert office.subscriptions() == ({"letter": ("pending", None)} if is_asked else {})
    assert len(office.mails()) == is_asked


def test_single_opt_in_asks_who_had_left(office: Office) -> None:
    single(office, "letter")
    office.sign_up()
    office.work()
    with office.db.transaction() as session:
        session.execute(sa.update(Subscription).values(state="ended", end_reason="unsubscribed"))
    office.sign_up()
    office.work()
    assert office.subscriptions() == {"letter": ("ended", "unsubscribed")}
    assert len(office.mails()) == 1
