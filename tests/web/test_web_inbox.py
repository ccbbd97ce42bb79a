"""The demo's inbox: mails shown as they look, and whatever stands in them kept from doing anything."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from builders_web import ADDRESS, BASE_URL, a_caught_mail, an_installation
from newsletter.foundation.clock import now as present
from newsletter.transport.catcher import CaughtMail
from newsletter.web.app import create_app
from newsletter.web.inbox import Look, inbox_routes
from newsletter.web.inbox_mail import for_a_frame, mail_line, open_mail

FRENCH = {"Accept-Language": "fr"}


@pytest.fixture
def mails(now) -> list[CaughtMail]:
    return [
        a_caught_mail(now, 1, recipient="jean@example.org", languages="fr", subject="L’été"),
        a_caught_mail(now, 2, recipient="ann@example.org", languages="en-GB", subject="The summer"),
        a_caught_mail(now, 3, recipient="both@example.org", languages="fr, en", subject="L’été · The summer"),
        a_caught_mail(now, 4, recipient="anna@example.org", languages="fr", subject="L’été encore"),
    ]


@pytest.fixture
def client(sqlite_db, mails) -> TestClient:
    app = create_app(an_installation(sqlite_db), extra_routes=inbox_routes(lambda: mails))
    return TestClient(app, base_url=BASE_URL, follow_redirects=False)


def shown_numbers(page: str) -> list[int]:
    return [int(piece.split('"')[0]) for piece in page.split('<li id="m')[1:]]


@pytest.mark.parametrize(
    ("query", "numbers"),
    [("", [1, 2, 3, 4]), ("?show=fr", [1, 4]), ("?show=en-GB", [2]), ("?show=both", [3]), ("?show=nl", [])],
)
def test_list_is_filtered_by_language(client, query, numbers):
    for path in ("/inbox/", "/inbox"):
        assert shown_numbers(client.get(path + query).text) == numbers


def test_list_shows_who_what_when_and_the_language(client):
    page = client.get("/inbox/", headers=FRENCH).text
    assert '<span class="who">ann@example.org</span>' in page
    assert '<span class="what" lang="en-GB">The summer</span>' in page
    assert '<abbr class="chip" title="Français">FR</abbr><abbr class="chip" title="Anglais">EN</abbr>' in page
    assert '<time datetime="2026-11-23T09:00:00+00:00">10:00</time>' in page  # Brussels


@pytest.mark.parametrize(
    ("path", "accept", "language", "title"),
    [
        ("/inbox/", "en", "en", "Caught mails"),
        ("/inbox/", "", "fr", "Messages interceptés"),
        ("/inbox/?lang=en", "fr", "en", "Caught mails"),
        ("/inbox/?lang=xx", "en", "en", "Caught mails"),
    ],
)
def test_inbox_speaks_the_visitors_language(client, path, accept, language, title):
    answer = client.get(path, headers={"Accept-Language": accept})
    assert f'<html lang="{language}" dir="ltr">' in answer.text
    assert f"<title>{title}</title>" in answer.text


def test_next_and_previous_stay_within_the_filter(client):
    page = client.get("/inbox/1?show=fr", headers=FRENCH).text
    assert 'rel="next" href="/inbox/4?show=fr#m4"' in page
    assert 'rel="prev"' not in page
    last = client.get("/inbox/4?show=fr", headers=FRENCH).text
    assert 'rel="prev" href="/inbox/1?show=fr#m1"' in last
    assert 'rel="next"' not in last


def test_mail_is_shown_as_html_text_headers_and_source(client, mails):
    assert 'src="/inbox/1/document?scheme=light"' in client.get("/inbox/1").text
    text = client.get("/inbox/1?view=text").text
    assert (
        'voici l’été : <a href="https://example.org/ete" rel="noopener noreferrer" target="_blank">'
        "https://example.org/ete</a>"
    ) in text
    headers = client.get("/inbox/1?view=headers").text
    assert '<th scope="row">List-Unsubscribe-Post</th><td>List-Unsubscribe=One-Click</td>' in headers
    assert "Subject: =?utf-8?" in client.get("/inbox/1?view=source").text


def test_document_opens_its_links_outside_and_can_run_nothing(client):
    answer = client.get("/inbox/1/document")
    assert answer.text == (
        '<html><head><base target="_blank"><title>x</title></head><body><p>Bonjour</p></body></html>\n'
    )
    assert answer.headers["content-security-policy"] == (
        "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' http: https:; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'self'; "
        "sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation"
    )


@pytest.mark.parametrize("path", ["/inbox/99", "/inbox/99/document", "/inbox/x", "/inbox/1/source"])
def test_mail_that_is_not_there_gives_the_usual_page(client, path):
    assert client.get(path).status_code == 404


def test_inbox_without_mails_says_so(sqlite_db):
    client = TestClient(create_app(an_installation(sqlite_db), extra_routes=inbox_routes(list)))
    page = client.get("/inbox/", headers={"Accept-Language": "en"}).text
    assert "No mail was caught yet. Reload this page in a moment." in page


def test_inbox_is_not_there_without_the_demo(sqlite_db):
    client = TestClient(create_app(an_installation(sqlite_db)))
    assert [client.get(path).status_code for path in ("/inbox", "/inbox/", "/inbox/1")] == [404, 404, 404]


def test_one_click_button_posts_to_this_site_only(client, mails, now):
    assert f'action="{BASE_URL}/u/{"x" * 40}"' in client.get("/inbox/1").text
    elsewhere = a_caught_mail(now, 1)
    mails[0] = replace(elsewhere, raw=elsewhere.raw.replace(BASE_URL.encode(), b"https://evil.example"))
    assert '<form method="post"' not in client.get("/inbox/1").text


def test_what_stands_in_a_mail_is_escaped_everywhere(client, mails, now):
    payload = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
    mails[0] = a_caught_mail(now, 1, subject=payload, sender=f"{payload[2:]} <a@example.org>", text=payload)
    mails[0] = replace(mails[0], recipient=payload)
    for view in ("mail", "text", "headers", "source"):
        page = client.get(f"/inbox/1?view={view}&show={payload}&lang={payload}").text
        assert "<script" not in page
        assert "<img" not in page
        assert "&lt;script&gt;" in page


def test_look_writes_only_what_differs_into_addresses():
    assert Look().query() == ""
    assert Look(lang="fr", view="text").query(view="mail", scheme="dark") == "?lang=fr&scheme=dark"
    assert Look(show="a&b=c").query() == "?show=a%26b%3Dc"


def test_line_of_a_mail_decodes_its_headers(now):
    line = mail_line(a_caught_mail(now, 7, subject="Un été « très » long" + " mot" * 40, languages="FR-be"))
    assert (line.number, line.recipient, line.languages, line.kind) == (7, ADDRESS, ("fr-BE",), "fr-BE")
    assert line.subject == "Un été « très » long" + " mot" * 40


def test_document_without_a_head_gets_its_base_in_front():
    assert for_a_frame("<p>x</p>", "light") == '<base target="_blank"><p>x</p>'
    assert for_a_frame('<HEAD class="a"><title>', "light") == '<HEAD class="a"><base target="_blank"><title>'


QUESTION = "(prefers-color-scheme: dark)"


@pytest.mark.parametrize(("scheme", "answer"), [("light", "(max-width:0px)"), ("dark", "(min-width:0px)")])
def test_document_is_in_the_scheme_that_was_chosen(client, mails, now, scheme, answer):
    html = (
        '<head><meta name="color-scheme" content="{0}"><style>:root {{ color-scheme: {0}; }}'
        "@media {1} and (min-width: 9em) {{ p {{ color: red }} }}</style></head><p>{2}: color-scheme: light dark</p>"
    )
    mails[0] = a_caught_mail(now, 1, html=html.format("light dark", QUESTION, QUESTION))
    document = client.get(f"/inbox/1/document?scheme={scheme}").text
    expected = html.format(scheme, answer, QUESTION).replace("<head>", '<head><base target="_blank">')
    assert document == expected + "\n"


def test_mail_that_is_made_for_one_scheme_stays_so():
    html = '<head><base target="_blank"><meta name="color-scheme" content="light only">'
    assert for_a_frame(html.replace('<base target="_blank">', ""), "dark") == html


@given(st.binary(max_size=2000))
def test_mail_of_any_octets_is_shown_somehow(raw):
    mail = CaughtMail(1, "a@example.org", "b@example.org", raw, present())
    assert open_mail(mail).line == mail_line(mail)


@given(
    name=st.sampled_from(
        ["Subject", "From", "Content-Language", "Content-Type", "Content-Transfer-Encoding"]
    ),
    value=st.text(alphabet=st.characters(exclude_characters="\r\n"), max_size=80),
)
def test_mail_with_any_header_is_shown_somehow(name, value):
    raw = f"{name}: {value}\r\nMIME-Version: 1.0\r\n\r\nbody".encode("utf-8", "surrogatepass")
    mail = CaughtMail(1, "a@example.org", "b@example.org", raw, present())
    assert open_mail(mail).line.number == 1
