"""Signing up over HTTP: the form, the answer to it, and the attacks on both."""

import random
import re
import time
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from builders_jobs import waiting_work
from builders_sign_up import VISITOR, Office, an_office, hidden
from builders_web import BASE_URL, an_installation, every_row
from newsletter.audience.abuse.form_tokens import issue_form_token
from newsletter.audience.abuse.models import FormCount
from newsletter.audience.abuse.puzzle import is_solved
from newsletter.audience.actions import suppress
from newsletter.audience.consent.models import ShownText
from newsletter.audience.models import MailingList, OptIn, SuppressionReason
from newsletter.foundation.database import Database
from newsletter.web.app import create_app

FORMS = ["/fr/subscribe", "/fr/subscribe/", "/en/subscribe", "/fr/subscribe/letter", "/en/subscribe/letter/"]
SENT = "Ouvrez maintenant votre boîte mail"


@pytest.fixture
def office(db: Database, now: datetime) -> Iterator[Office]:
    with an_office(db, now) as opened:
        yield opened


@pytest.fixture
def small(sqlite_db: Database, now: datetime) -> Iterator[Office]:
    """On SQLite only: for what does not depend on the database."""
    with an_office(sqlite_db, now) as opened:
        yield opened


@pytest.mark.parametrize("path", FORMS)
def test_form_is_served_in_the_language_of_its_address(small: Office, path: str) -> None:
    answer = small.client.get(path, headers={"Accept-Language": "nl, de;q=0.5"})
    language = path[1:3]
    assert (answer.status_code, answer.headers["content-language"]) == (200, language)
    assert f'<html lang="{language}" dir="ltr">' in answer.text
    assert "set-cookie" not in answer.headers
    assert len(answer.content) < 30_000
    rest = path[3:].rstrip("/")
    for tag in ("fr", "en"):
        assert f'<link rel="alternate" hreflang="{tag}" href="{BASE_URL}/{tag}{rest}">' in answer.text
    assert "<script" not in answer.text


@pytest.mark.parametrize(
    "path",
    ["/fr/subscribe/board", "/fr/subscribe/nothing", "/xx/subscribe", "/nl/subscribe", "/fr/subscribe/a/b"],
)
def test_private_and_unknown_lists_have_no_form(small: Office, path: str) -> None:
    assert small.client.get(path).status_code == 404
    assert small.client.post(path, data={"address": "zoe@example.org"}).status_code == 404


def test_private_list_cannot_be_asked_for_through_the_public_form(small: Office) -> None:
    assert small.sign_up(lists=["letter", "board"]).status_code == 200
    with small.db.read() as session:
        asked = session.scalars(
            sa.text("select l.slug from sign_up_list s join mailing_list l on l.id = s.list_id")
        )
        assert list(asked) == ["letter"]


def test_link_preselects_lists(small: Office) -> None:
    html = small.client.get("/fr/subscribe?lists=agenda,nothing").text
    assert re.findall(r'name="lists" value="(\w+)"[^>]* checked', html) == ["agenda"]
    assert 'name="lists" value="letter"' in html


def test_form_shows_the_lists_own_words_and_keeps_what_was_shown(office: Office) -> None:
    with office.db.transaction() as session:
        found = session.scalars(sa.select(MailingList).where(MailingList.slug == "letter")).one()
        found.consent_texts = {"fr": "J’accepte de recevoir la lettre <du> canal."}
        found.cadences = {"fr": "Chaque mois", "en": "Every month"}
    french = office.client.get("/fr/subscribe/letter").text
    assert "J’accepte de recevoir la lettre &lt;du&gt; canal." in french
    assert "Chaque mois" in french
    assert "Every month" in office.client.get("/en/subscribe/letter").text
    office.sign_up(path="/fr/subscribe/letter")
    office.sign_up("yan@example.org", path="/en/subscribe/letter")
    with office.db.read() as session:
        shown = {row.language: row.text for row in session.scalars(sa.select(ShownText))}
    assert shown == {
        "fr": "La lettre\nChaque mois\nJ’accepte de recevoir la lettre <du> canal.",
        "en": "The letter\nEvery month\nI would like to receive “The letter” from Les Jardins du Canal by e-mail. "
        "I can leave at any time, with one click.",
    }


def test_form_is_kept_with_its_circumstances_and_one_job(office: Office) -> None:
    answer = office.sign_up(
        "Zoe@Example.org",
        path="/en/subscribe",
        name="Zoé",
        language="both",
        headers={"User-Agent": "Browser\x07/1"},
    )
    assert answer.status_code == 200
    [kept] = office.sign_ups()
    assert (kept.address, kept.name, kept.languages, kept.reads_both) == (
        "Zoe@example.org",
        "Zoé",
        ("en", "fr"),
        True,
    )
    assert (kept.form_language, kept.form_url) == ("en", f"{BASE_URL}/en/subscribe")
    assert (kept.ip, kept.user_agent) == (VISITOR, "Browser/1")
    assert (kept.requested_at, kept.expires_at) == (office.now, office.now + timedelta(days=7))
    assert office.subscriber("Zoe@example.org") is None
    assert waiting_work(office.db) == [("consider_sign_up", {"sign_up_id": kept.id}, 0)]


def test_wrong_form_comes_back_with_what_was_typed_and_the_problem_beside_the_field(small: Office) -> None:
    answer = small.sign_up("zoe@", name='"><b>', lists=[], language="en")
    assert answer.status_code == 422
    html = answer.text
    assert "<title>À corriger – " in html
    assert 'value="zoe@"' in html
    assert 'value="&#34;&gt;&lt;b&gt;"' in html
    assert re.search(r'value="en" checked', html)
    assert re.findall(r'<p class="problem" id="([\w-]+)">([^<]+)', html) == [
        ("lists-problem", "Veuillez choisir au moins une lettre d’information."),
        (
            "address-problem",
            "Nous ne pouvons pas écrire à cette adresse. Est-elle complète, comme nom@example.org\u202f?",
        ),
        ("name-problem", "Veuillez saisir un prénom, ou rien du tout."),
    ]
    assert re.search(r'id="address"[^>]* aria-invalid="true" aria-describedby="address-problem"', html)
    assert re.search(r'id="name"[^>]* aria-invalid="true" aria-describedby="name-problem name-hint"', html)
    assert html.count("autofocus") == 1
    assert re.search(r'id="list-1"[^>]* autofocus', html)
    small.now += timedelta(seconds=1)
    fixed = hidden(html) | {"address": "zoe@example.org", "lists": "letter"}
    assert SENT in small.client.post("/fr/subscribe", data=fixed).text
    assert len(small.sign_ups()) == 1


# The token


def test_t13_form_of_another_site_does_nothing_but_ask_for_one_more_click(office: Office) -> None:
    before = every_row(office.db)
    headers = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    answer = office.client.post("/fr/subscribe/letter", data={"address": "zoe@example.org"}, headers=headers)
    assert answer.status_code == 200
    assert every_row(office.db) == before
    assert "Encore un clic\u00a0:" in answer.text
    assert 'value="zoe@example.org"' in answer.text
    office.now += timedelta(seconds=4)
    values = hidden(answer.text) | {"address": "zoe@example.org", "language": "fr"}
    assert SENT in office.client.post("/fr/subscribe/letter", data=values).text
    assert [item.address for item in office.sign_ups()] == ["zoe@example.org"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1, "Vous avez été très rapide"), (3700, "Cette page est restée longtemps ouverte")],
    ids=["too quick", "too late"],
)
def test_form_sent_too_quickly_or_too_late_is_asked_for_again_with_what_was_typed(
    small: Office, seconds: float, words: str
) -> None:
    answer = small.sign_up(seconds=seconds, name="Zoé")
    assert (answer.status_code, small.sign_ups()) == (200, [])
    assert words in answer.text
    assert 'value="zoe@example.org"' in answer.text
    assert 'value="Zoé"' in answer.text
    small.now += timedelta(seconds=5)
    values = hidden(answer.text) | {"address": "zoe@example.org", "lists": "letter"}
    assert SENT in small.client.post("/fr/subscribe", data=values).text
    assert len(small.sign_ups()) == 1


def test_form_counts_once(office: Office) -> None:
    values = office.form() | {"address": "zoe@example.org", "lists": "letter"}
    office.now += timedelta(seconds=5)
    assert SENT in office.client.post("/fr/subscribe", data=values).text
    again = office.client.post("/fr/subscribe", data=values | {"address": "victim@example.org"})
    assert "Ce formulaire a déjà été envoyé" in again.text
    assert [item.address for item in office.sign_ups()] == ["zoe@example.org"]


def test_form_whose_words_changed_meanwhile_is_shown_again(small: Office) -> None:
    values = small.form("/fr/subscribe/letter") | {"address": "zoe@example.org"}
    with small.db.transaction() as session:
        session.execute(sa.update(MailingList).values(consent_texts={"fr": "Tout autre chose."}))
    small.now += timedelta(seconds=5)
    answer = small.client.post("/fr/subscribe/letter", data=values)
    assert "Cette page vient de changer" in answer.text
    assert "Tout autre chose." in answer.text
    assert small.sign_ups() == []


def test_program_that_fills_in_the_hidden_field_gets_the_same_page_and_does_nothing(office: Office) -> None:
    person = office.sign_up("zoe@example.org")
    before = every_row(office.db)
    program = office.sign_up("victim@example.org", comment="Buy now")
    assert (program.status_code, program.content) == (person.status_code, person.content)
    assert every_row(office.db) == before


# Budgets


def test_network_may_send_so_many_forms_an_hour(office: Office) -> None:
    limit = office.installation.settings.forms_per_network_per_hour
    answers = [office.sign_up(f"r{number}@example.org", seconds=4).status_code for number in range(limit + 2)]
    assert answers == [200] * limit + [429, 429]
    assert len(office.sign_ups()) == limit
    office.now += timedelta(hours=1)
    assert office.sign_up("later@example.org").status_code == 200


def test_forged_forwarded_for_does_not_widen_the_budget(small: Office) -> None:
    for number in range(3):
        small.sign_up(f"r{number}@example.org", headers={"X-Forwarded-For": f"1.2.{number}.4"})
    assert {item.ip for item in small.sign_ups()} == {VISITOR}
    with small.db.read() as session:
        assert list(session.scalars(sa.select(FormCount.count))) == [3]


# T19: nobody learns who is known


def known_people(office: Office) -> dict[str, str]:
    """An address of each standing."""
    keyring = office.installation.keyring
    office.confirmed("active@example.org")
    office.sign_up("pending@example.org")
    office.work()
    with office.db.transaction() as session:
        for reason in SuppressionReason:
            suppress(session, keyring, f"{reason.value}@example.org", reason, office.now)
    return {
        "unknown": "unknown@example.org",
        "active": "active@example.org",
        "pending": "pending@example.org",
    } | {reason.value: f"{reason.value}@example.org" for reason in SuppressionReason}


@pytest.mark.parametrize("opt_in", list(OptIn))
def test_t19_answer_is_the_same_octets_for_every_standing_of_an_address(
    office: Office, opt_in: OptIn
) -> None:
    people = known_people(office)
    with office.db.transaction() as session:
        session.execute(sa.update(MailingList).values(opt_in=opt_in))
    answers = {standing: office.sign_up(address) for standing, address in people.items()}
    seen = {
        (item.status_code, item.content, tuple(sorted(item.headers.items()))) for item in answers.values()
    }
    assert len(seen) == 1
    # The same rows are written, too: one request, one job.
    kinds = [kind for kind, _, _ in waiting_work(office.db)]
    assert kinds.count("consider_sign_up") == len(people)


def test_t19_answer_takes_the_same_time_for_every_standing_of_an_address(small: Office) -> None:
    """Each standing against an unknown address in the same round: neither may win more rounds than a coin would."""
    people = known_people(small)
    order, keyring, form = random.Random(19), small.installation.keyring, small.form()  # noqa: S311 - an order, no secret
    slower: dict[str, int] = dict.fromkeys(people, 0)
    for _ in range(ROUNDS):
        small.now += timedelta(hours=2)  # a new budget
        spans = {}
        for standing in order.sample(list(people), len(people)):
            token = issue_form_token(keyring, "subscribe", small.now - timedelta(seconds=5))
            values = form | {"form": token, "address": people[standing], "lists": "letter"}
            began = time.perf_counter()
            assert small.client.post("/fr/subscribe", data=values).status_code == 200
            spans[standing] = time.perf_counter() - began
        for standing, span in spans.items():
            slower[standing] += span > spans["unknown"]
    del slower["unknown"]
    assert [standing for standing, count in slower.items() if is_told_apart(count)] == []


ROUNDS = 30
# So many of 30 rounds on one side have a chance of one in a hundred thousand, for a coin (binomial, both sides).
_FAR = 27


def is_told_apart(slower_count: int) -> bool:
    return slower_count >= _FAR or slower_count <= ROUNDS - _FAR


def test_t19_difference_of_a_tenth_would_be_told_apart() -> None:
    noise = random.Random(1)  # noqa: S311 - noise, no secret
    same = sum(noise.gauss(10, 0.5) > noise.gauss(10, 0.5) for _ in range(ROUNDS))
    tenth_more = sum(noise.gauss(11, 0.5) > noise.gauss(10, 0.5) for _ in range(ROUNDS))
    assert (is_told_apart(same), is_told_apart(tenth_more)) == (False, True)


# Robustness


@pytest.mark.parametrize("host", ["evil.example", "news.example.org.evil.example", "NEWS.example.org:8443"])
def test_t30_pages_and_what_is_kept_name_no_host_but_our_own(small: Office, host: str) -> None:
    headers = {"Host": host, "X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
    html = small.client.get("/fr/subscribe", headers=headers).text
    assert "evil.example" not in html
    answer = small.sign_up(headers=headers)
    assert "evil.example" not in answer.text
    small.work()
    assert b"evil.example" not in small.mails()[-1].raw
    assert small.sign_ups()[0].form_url == f"{BASE_URL}/fr/subscribe"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 200),
        (b"\xff\xfe=1", 400),
        (b"address=%ff%fe", 400),
        (b"a=b&" * 200, 400),
        (b"address=" + b"x" * 20_000, 413),
        (b'--xx\r\nContent-Disposition: form-data; name="address"\r\n\r\nz@example.org\r\n--xx--', 200),
    ],
)
def test_body_that_is_no_form_of_ours_does_nothing(small: Office, body: bytes, status: int) -> None:
    before = every_row(small.db)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert small.client.post("/fr/subscribe", content=body, headers=headers).status_code == status
    assert every_row(small.db) == before


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from(["address", "name", "language", "lists", "form", "shown"]), st.text(max_size=60)
    )
)
def test_form_with_anything_in_it_never_breaks_and_never_signs_up_without_a_token(
    small: Office, fields: dict[str, str]
) -> None:
    answer = small.client.post("/fr/subscribe", data=fields)
    assert answer.status_code == 200
    assert small.sign_ups() == []


@pytest.mark.parametrize("path", ["/fr/subscribe", "/fr/subscribe/letter", "/fr/confirm/x", "/fr/not-me/x"])
@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_are_refused(small: Office, path: str, method: str) -> None:
    assert small.client.request(method, path).status_code == 405


# T29: the puzzle


def solution_of(token: str) -> str:
    return next(str(number) for number in range(10_000_000) if is_solved(token, str(number)))


def test_t29_solved_puzzle_counts_once_in_time_and_for_its_own_form(
    sqlite_db: Database, now: datetime
) -> None:
    with an_office(sqlite_db, now, proof_of_work=True) as office:
        fresh, old, other = (office.form() for _ in range(3))
        solved = solution_of(fresh["form"])

        def send(values: dict[str, str], solution: str) -> str:
            typed = {"address": "zoe@example.org", "lists": "letter", "solution": solution}
            return office.client.post("/fr/subscribe", data=values | typed).text

        office.now += timedelta(seconds=5)
        for wrong in ("", "1", "-1", "1e3", "9" * 40, f"{solved} "):
            assert "Votre navigateur n’était pas encore prêt" in send(fresh, wrong)
        assert "Votre navigateur n’était pas encore prêt" in send(other, solved)  # of another page
        assert office.sign_ups() == []
        assert SENT in send(fresh, solved)
        assert "Ce formulaire a déjà été envoyé" in send(fresh, solved)
        office.now += timedelta(hours=2)
        assert "longtemps ouverte" in send(old, solution_of(old["form"]))
        assert len(office.sign_ups()) == 1


def test_pages_have_a_script_only_where_the_puzzle_is_switched_on(sqlite_db: Database, now: datetime) -> None:
    with an_office(sqlite_db, now) as office:
        answer = office.client.get("/fr/subscribe")
        assert ("<script" in answer.text, "script-src" in answer.headers["content-security-policy"]) == (
            False,
            False,
        )
        values = an_installation(sqlite_db, proof_of_work=True)
        guarded = TestClient(create_app(values, now=lambda: now), base_url=BASE_URL)
        page = guarded.get("/fr/subscribe")
        assert page.headers["content-security-policy"].endswith("; script-src 'self'")
        [script] = re.findall(r'<script src="([^"]+)" defer></script>', page.text)
        assert guarded.get(script).headers["content-type"] == "text/javascript; charset=utf-8"
        assert "script-src" not in guarded.get("/fr/confirm/x").headers["content-security-policy"]
