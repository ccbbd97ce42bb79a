"""The other public pages: editions in the browser, pictures, the front page, and what stands there when all fails."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from builders_web import BASE_URL, SECRET, a_frozen_edition, a_reader, an_installation
from newsletter.announcements.models import Picture
from newsletter.foundation.database import Database
from newsletter.foundation.signing import Keyring, readable_name
from newsletter.web.app import create_app
from newsletter.web.archive.editions import impersonal
from newsletter.web.assets import accent_rules
from newsletter.web.colours import contrast, readable_on
from newsletter.web.languages import accepted_languages, page_languages
from newsletter.wiring import SecretMissing

NAME = "A" * 16
HTML = (
    '<html lang="{0}"><body>Hello [[first_name|friend]], [[open]]this<!--@only mail--> is the mail [[link:unsubscribe]]'
    "<!--@end--><!--@only web--> is the web<!--@end--> [[name]].</body></html>"
)


@pytest.fixture
def client(sqlite_db) -> TestClient:
    return TestClient(create_app(an_installation(sqlite_db)), base_url=BASE_URL, follow_redirects=False)


@pytest.fixture
def client_on_each(db) -> TestClient:
    return TestClient(create_app(an_installation(db)), base_url=BASE_URL, follow_redirects=False)


def test_edition_is_served_as_frozen_without_anything_personal(db, now, client_on_each):
    name = readable_name(a_frozen_edition(db, now, {"fr": HTML.format("fr"), "en": HTML.format("en")}))
    answer = client_on_each.get(f"/en/archive/{name}")
    assert answer.text == '<html lang="en"><body>Hello friend, [[this is the web .</body></html>'
    assert answer.headers["content-language"] == "en"
    assert answer.headers["link"] == f'<{BASE_URL}/fr/archive/{name}>; rel="alternate"; hreflang="fr"'
    assert answer.headers["x-robots-tag"] == "noindex"
    assert answer.headers["content-security-policy"] == (
        "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' https: http: data:; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'self'"
    )
    assert client_on_each.get(f"/fr/archive/{name}/").headers["content-language"] == "fr"
    assert client_on_each.head(f"/fr/archive/{name}").status_code == 200


def test_edition_in_one_language_has_no_alternate(db, now, client_on_each):
    name = readable_name(a_frozen_edition(db, now, {"fr": HTML.format("fr")}))
    assert "link" not in client_on_each.get(f"/fr/archive/{name}").headers
    assert client_on_each.get(f"/en/archive/{name}").status_code == 404


@pytest.mark.parametrize(
    "path", [f"/fr/archive/{NAME}", "/fr/archive/x", f"/xx/archive/{NAME}", "/fr/archive/lists", "/FR"]
)
def test_page_that_is_not_there_says_so_in_the_language_of_its_address(sqlite_db, client, path):
    answer = client.get(path, headers={"Accept-Language": "en"})
    assert answer.status_code == 404
    heading = "Cette page n’existe pas" if path.startswith("/fr/") else "This page does not exist"
    assert f"<h1>{heading}</h1>" in answer.text


def test_page_that_is_not_there_speaks_every_language_to_whom_nothing_is_known(client):
    answer = client.get("/nowhere")
    assert (answer.status_code, answer.headers["content-language"]) == (404, "fr, en")
    assert "Cette page n’existe pas" in answer.text
    assert "This page does not exist" in answer.text
    assert '<p><a href="/fr/">Vers nos lettres d’information</a></p>' in answer.text
    assert '<p><a href="/en/">To our newsletters</a></p>' in answer.text


@pytest.mark.parametrize("method", ["POST", "PUT", "OPTIONS", "PROPFIND"])
def test_page_to_look_at_takes_no_other_method(client, method):
    answer = client.request(method, "/fr/")
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD"}
    assert "<h1>Cela ne peut pas se faire ici</h1>" in answer.text


def test_picture_is_served_for_ever_and_can_do_nothing(db, client_on_each):
    with db.transaction() as session:
        session.add(Picture(sha256="a" * 64, content_type="image/png", width=1, height=1, data=b"\x89PNG"))
        session.add(Picture(sha256="b" * 64, content_type="text/html", width=1, height=1, data=b"<script>"))
    answer = client_on_each.get(f"/media/{'a' * 64}.png")
    assert (answer.status_code, answer.content) == (200, b"\x89PNG")
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert answer.headers["x-content-type-options"] == "nosniff"
    for other in ("b" * 64, "c" * 64, "A" * 64, "a" * 63, "../../etc/passwd", "%2e%2e"):
        assert client_on_each.get(f"/media/{other}.png").status_code == 404


@pytest.mark.parametrize(
    ("path", "accept", "language", "heading"),
    [
        ("/", "en-GB,fr;q=0.3", "en", "The newsletters of Les Jardins du Canal"),
        ("/", "nl", "fr", "Les Jardins du Canal\u00a0: nos lettres d’information"),
        ("/", "", "fr", "Les Jardins du Canal\u00a0: nos lettres d’information"),
        ("/en/", "fr", "en", "The newsletters of Les Jardins du Canal"),
        ("/fr", "en", "fr", "Les Jardins du Canal\u00a0: nos lettres d’information"),
    ],
)
def test_front_page_speaks_the_visitors_language(client, path, accept, language, heading):
    answer = client.get(path, headers={"Accept-Language": accept})
    assert (answer.status_code, answer.headers["content-language"]) == (200, language)
    assert f"<h1>{heading}</h1>" in answer.text


def test_pages_are_small_and_have_no_script(sqlite_db, now, client):
    reader = a_reader(sqlite_db, now, languages=())
    for path in ("/", "/nowhere", reader.path):
        page = client.get(path).text
        assert len(page.encode()) < 30_000
        assert "<script" not in page
        assert " style=" not in page


def test_style_sheet_is_small_and_kept_by_browsers(client):
    page = client.get("/").text
    address = page.split('rel="stylesheet" href="')[1].split('"')[0]
    answer = client.get(address)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert len(answer.content) < 8_000
    assert client.get("/static/web.css").status_code == 404
    assert client.get("/static/..%2Fpage.html").status_code == 404


def test_icon_is_where_browsers_look_for_it(client):
    answer = client.get("/favicon.ico")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")
    assert answer.content.startswith(b"<svg ")


def test_addresses_stand_under_the_path_of_the_public_address(sqlite_db, client):
    below = TestClient(create_app(an_installation(sqlite_db, base_url="https://example.org/lettres")))
    assert 'href="/lettres/static/web.' in below.get("/").text
    assert 'href="/lettres/en/"' in below.get("/fr/").text


def test_healthz_tells_whether_the_database_answers(sqlite_db, client, tmp_path):
    assert (client.get("/healthz").status_code, client.get("/healthz").text) == (200, "ok\n")
    away = an_installation(Database(f"sqlite:///{tmp_path}/no/such/folder.sqlite_db"))
    assert TestClient(create_app(away)).get("/healthz").status_code == 503


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///{folder}/no/such/folder.db",
        "postgresql+psycopg://reader@127.0.0.1:1/letters",
        "postgresql+psycopg://reader@/letters?host={folder}",
    ],
)
def test_database_that_is_away_gives_a_page_that_asks_to_come_back(tmp_path, capsys, url):
    away = TestClient(create_app(an_installation(Database(url.format(folder=tmp_path)))))
    token = Keyring(SECRET).sign("unsubscribe", b"x" * 12)
    path = f"/u/{token}"
    for answer in (
        away.get(path, headers={"Accept-Language": "fr"}),
        away.post(path, headers={"Accept-Language": "fr"}),
        away.post(path, headers={"Accept-Language": "fr"}, data={"List-Unsubscribe": "One-Click"}),
    ):
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
        assert "<h1>Réessayez dans un instant</h1>" in answer.text
    written = capsys.readouterr()
    logged = written.out + written.err
    assert logged.count("database_not_ready") == 3
    assert token not in logged


def test_what_nobody_foresaw_gives_a_page_without_a_traceback(sqlite_db, capsys):
    def break_down(request: Request) -> Response:
        raise RuntimeError("secret inside zoe@example.org")

    def refuse(request: Request) -> Response:
        raise HTTPException(400, "secret inside")

    routes = [Route("/broken/{token}", break_down), Route("/refused", refuse)]
    client = TestClient(create_app(an_installation(sqlite_db), extra_routes=routes))
    answer = client.get(f"/broken/{'t' * 40}", headers={"Accept-Language": "en"})
    assert answer.status_code == 500
    assert "<h1>Something went wrong on our side</h1>" in answer.text
    assert "secret" not in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    written = capsys.readouterr()
    logged = written.out + written.err
    assert "request_failed" in logged
    assert "RuntimeError: secret inside [address]" in logged
    assert "t" * 40 not in logged
    refused = client.get("/refused", headers={"Accept-Language": "en"})
    assert (refused.status_code, "secret" in refused.text) == (400, False)


def test_app_without_a_secret_does_not_start(sqlite_db):
    with pytest.raises(SecretMissing):
        create_app(an_installation(sqlite_db, secret=""))


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("", ()),
        ("fr", ("fr",)),
        ("en;q=0.5, fr-BE, nl;q=0", ("fr-BE", "en")),
        ("fr;q=2, en;q=-1, de;q=nan, it;level=1, *", ()),
        ("EN_us, en-US", ("en-US",)),
    ],
)
def test_accept_language_is_read_by_weight(header, wanted):
    assert accepted_languages(header) == wanted


@given(st.text(max_size=300))
def test_accept_language_of_any_kind_is_survived(header):
    assert all(isinstance(tag, str) for tag in accepted_languages(header))


def test_page_languages_prefer_what_is_known_over_what_is_asked_for():
    assert page_languages(("fr", "en"), ("en-GB",), ("fr",)) == ("en",)
    assert page_languages(("fr", "en"), ("de",), ("fr",)) == ("fr",)
    assert page_languages(("fr", "en"), ("de",), ()) == ("fr", "en")


@pytest.mark.parametrize("accent", ["#14539a", "#ffee00", "#000000", "#ffffff", "#7fbf3f", "#ff0000"])
def test_accent_of_any_colour_can_be_read(accent):
    light, dark = (part.split("--accent:")[1].split(";")[0] for part in accent_rules(accent).splitlines())
    assert contrast(light, "#f4f5f7") >= 4.5
    assert contrast(light, "#ffffff") >= 4.5
    assert contrast(dark, "#1d2126") >= 4.5
    assert contrast(dark, "#0b0e12") >= 4.5


def test_accent_that_can_be_read_stays_as_it_is():
    assert readable_on("#14539a", "#ffffff", 4.5) == "#14539a"
    assert contrast("#000000", "#ffffff") == 21


def test_impersonal_edition_keeps_literal_brackets():
    assert impersonal("[[open]]first_name]] [[first_name|a & b]]") == "[[first_name]] a & b"


def test_pages_bear_the_logo_and_may_load_it_from_where_it_is(sqlite_db, now):
    logo = "https://www.example.org/img/logo.png"
    client = TestClient(create_app(an_installation(sqlite_db, logo_url=logo)), base_url=BASE_URL)
    reader = a_reader(sqlite_db, now)
    for path in ("/fr/", "/fr/subscribe", "/fr/archive", reader.path, "/fr/confirm/x", "/nowhere"):
        answer = client.get(path)
        assert f'<img src="{logo}" alt="Les Jardins du Canal">' in answer.text, path
        assert "img-src 'self' https://www.example.org;" in answer.headers["content-security-policy"]
    plain = TestClient(create_app(an_installation(sqlite_db, logo_url="javascript:alert(1)"))).get("/fr/")
    assert "javascript:" not in plain.text
    assert "img-src 'self';" in plain.headers["content-security-policy"]


def test_front_page_names_its_pairs_and_follows_lang_before_the_browser(sqlite_db):
    client = TestClient(create_app(an_installation(sqlite_db)), base_url=BASE_URL)
    for path in ("/", "/fr/", "/en/"):
        found = re.findall(
            r'<link rel="alternate" hreflang="([\w-]+)" href="([^"]+)">', client.get(path).text
        )
        assert found == [("fr", f"{BASE_URL}/fr/"), ("en", f"{BASE_URL}/en/"), ("x-default", f"{BASE_URL}/")]
    browser = {"Accept-Language": "fr"}
    spoken = {
        ask: client.get(f"/?lang={ask}", headers=browser).headers["content-language"]
        for ask in ("en", "xx", "")
    }
    assert spoken == {"en": "en", "xx": "fr", "": "fr"}
    assert client.get("/fr/?lang=en").headers["content-language"] == "fr"
