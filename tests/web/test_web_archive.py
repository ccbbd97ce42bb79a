"""The archive's pages: what is for everybody is listed, the rest is not to be found; editions with their bar."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from lxml import html as lxml_html
from starlette.testclient import TestClient

from builders_archive import HTML, an_archive, an_issue
from builders_web import BASE_URL, a_list, an_installation
from newsletter.audience.models import MailingList
from newsletter.mailing.models import Mailing, MailingState
from newsletter.web.app import create_app
from newsletter.web.archive.editions import impersonal
from newsletter.web.archive.pages import shortened


@pytest.fixture
def client(sqlite_db) -> TestClient:
    return a_client(sqlite_db)


@pytest.fixture
def client_on_each(db) -> TestClient:
    return a_client(db)


def a_client(database, **settings) -> TestClient:
    return TestClient(
        create_app(an_installation(database, **settings)), base_url=BASE_URL, follow_redirects=False
    )


def subjects(page: str) -> list[str]:
    return [link.text_content() for link in lxml_html.fromstring(page).xpath("//a[@class='subject']")]


def head_links(page: str) -> list[tuple[str, str, str]]:
    found = lxml_html.fromstring(page).xpath("//head/link[@rel='alternate' or @rel='canonical']")
    return [
        (link.get("rel"), link.get("hreflang") or link.get("type") or "", link.get("href")) for link in found
    ]


def test_archive_lists_public_lists_with_their_editions_in_the_language(db, now, client_on_each):
    an_archive(db, now, count=2)
    an_archive(db, now, "agenda", names={"fr": "L’agenda"}, variants={"fr": "L’agenda de mars"})
    an_archive(db, now, "secret", is_public=False, variants={"fr": "Entre nous", "en": "Between us"})
    french, english = client_on_each.get("/fr/archive"), client_on_each.get("/en/archive/")
    assert subjects(french.text) == ["L’agenda de mars", "Le canal, n° 2", "Le canal, n° 1"]
    assert subjects(english.text) == ["The canal, no. 2", "The canal, no. 1"]
    assert '<bdi lang="fr">L’agenda</bdi>' in english.text
    assert "There is no edition in this language yet." in english.text
    assert (french.headers["content-language"], english.headers["content-language"]) == ("fr", "en")
    assert '<time datetime="2026-11-23">23 novembre 2026</time>' in french.text
    assert "<bdi>N°\u00a02</bdi>" in french.text
    assert '<time datetime="2026-11-23">23 November 2026</time>' in english.text
    assert 'href="/fr/subscribe/canal"' in french.text
    for page in (french.text, english.text):
        assert "secret" not in page
        assert "Entre nous" not in page
        assert "Between us" not in page


@pytest.mark.parametrize("state", [None, MailingState.PLANNED, MailingState.CANCELLED])
def test_edition_that_was_not_mailed_is_under_embargo(sqlite_db, now, client, state):
    [name] = an_archive(sqlite_db, now, state=state)
    for path in ("/fr/archive", "/fr/archive/lists/canal", "/fr/archive/lists/canal/atom.xml"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert name not in answer.text
        assert "Le canal, n°" not in answer.text
    # Who has the address from a test mail reads the mail as it is.
    answer = client.get(f"/fr/archive/{name}")
    assert (answer.status_code, answer.headers["x-robots-tag"]) == (200, "noindex")
    assert answer.text == impersonal(HTML.format("fr"))


def test_edition_of_a_private_list_answers_to_its_name_alone(sqlite_db, now, client):
    [name] = an_archive(sqlite_db, now, "secret", is_public=False)
    answer = client.get(f"/fr/archive/{name}")
    assert (answer.status_code, answer.headers["x-robots-tag"]) == (200, "noindex")
    assert answer.text == impersonal(HTML.format("fr"))
    assert "canonical" not in answer.headers["link"]
    for path in ("secret", "secret/", "secret/atom.xml", "secret?page=1"):
        there, nowhere = client.get(f"/fr/archive/lists/{path}"), client.get(f"/fr/archive/lists/x{path}")
        assert (there.status_code, nowhere.status_code) == (404, 404)
        assert there.text == nowhere.text
    assert client.get("/fr/archive/atom.xml").status_code == 404


def test_list_turns_its_pages_from_the_newest_to_the_oldest(db, now, client_on_each):
    an_archive(db, now, count=65)
    pages = [
        client_on_each.get(f"/fr/archive/lists/canal{query}").text
        for query in ("", "?page=2", "?page=3", "?page=4")
    ]
    shown = [subject for page in pages for subject in subjects(page)]
    assert shown == [f"Le canal, n° {number}" for number in range(65, 0, -1)]
    assert "Page 2 sur 4" in pages[1]
    assert '<a rel="prev" href="/fr/archive/lists/canal">' in pages[1]
    assert '<a rel="next" href="/fr/archive/lists/canal?page=3">' in pages[1]
    assert 'rel="prev"' not in pages[0]
    assert 'rel="next"' not in pages[3]


@pytest.mark.parametrize("page", ["0", "5", "-1", "1.5", "²", "٣", "9" * 30, "", "x"])
def test_page_that_there_is_not_is_not_found(sqlite_db, now, client, page):
    an_archive(sqlite_db, now, count=65)
    assert client.get("/fr/archive/lists/canal", params={"page": page}).status_code == 404


def test_page_stays_small_with_long_subjects_in_four_languages(sqlite_db, now):
    an_archive(sqlite_db, now, count=60, variants=dict.fromkeys(("fr", "en", "nl", "de"), "é" * 78))
    client = a_client(sqlite_db, languages=("fr", "en", "nl", "de"))
    for path in ("/fr/archive", "/nl/archive/lists/canal?page=2"):
        page = client.get(path).text
        assert page.count("é" * 78) in {6, 20}
        assert len(page.encode()) < 30_000


def test_list_parts_its_editions_by_year(sqlite_db, now, client):
    an_archive(sqlite_db, now.replace(month=1, day=2), count=4)
    page = client.get("/fr/archive/lists/canal").text
    assert re.findall(r'<h2 id="y\d+">(\d+)</h2>', page) == ["2026", "2025"]


def test_pages_name_their_counterparts_and_themselves(sqlite_db, now, client):
    an_archive(sqlite_db, now, count=31)
    base = f"{BASE_URL}/{{}}/archive/lists/canal"
    both = [
        ("alternate", "fr", base.format("fr")),
        ("alternate", "en", base.format("en")),
        ("alternate", "x-default", base.format("fr")),
    ]
    for language in ("fr", "en"):
        feed = ("alternate", "application/atom+xml", f"{base.format(language)}/atom.xml")
        first = head_links(client.get(f"/{language}/archive/lists/canal").text)
        assert first == [("canonical", "", base.format(language)), *both, feed]
        second = head_links(client.get(f"/{language}/archive/lists/canal?page=2").text)
        assert second == [("canonical", "", f"{base.format(language)}?page=2"), feed]
    whole = head_links(client.get("/en/archive").text)
    assert whole == [
        ("canonical", "", f"{BASE_URL}/en/archive"),
        ("alternate", "fr", f"{BASE_URL}/fr/archive"),
        ("alternate", "en", f"{BASE_URL}/en/archive"),
        ("alternate", "x-default", f"{BASE_URL}/fr/archive"),
        ("alternate", "application/atom+xml", f"{BASE_URL}/en/archive/atom.xml"),
    ]


def test_page_without_editions_is_nobodys_counterpart(sqlite_db, now, client):
    an_archive(sqlite_db, now, variants={"fr": "Seulement en français"})
    english = client.get("/en/archive/lists/canal")
    assert (english.status_code, english.headers["x-robots-tag"]) == (200, "noindex")
    assert [rel for rel, tag, _ in head_links(english.text) if tag in {"fr", "en"}] == []
    french = head_links(client.get("/fr/archive/lists/canal").text)
    assert [tag for _, tag, _ in french] == ["", "fr", "x-default", "application/atom+xml"]
    empty = client.get("/fr/archive")
    assert empty.headers["x-robots-tag"] == "all"


def test_archive_without_anything_says_so(client):
    answer = client.get("/fr/archive")
    assert (answer.status_code, answer.headers["x-robots-tag"]) == (200, "noindex")
    assert "Rien n’a encore été publié ici." in answer.text
    assert client.get("/de/archive").status_code == 404
    assert client.get("/FR/archive").status_code == 404


def test_sign_up_that_the_archive_leads_to_is_there(sqlite_db, now, client):
    an_archive(sqlite_db, now)
    assert client.get("/fr/subscribe/canal").status_code == 200


def test_edition_for_everybody_carries_a_bar_and_nothing_else_is_touched(db, now, client_on_each):
    [name] = an_archive(db, now)
    answer = client_on_each.get(f"/fr/archive/{name}")
    bar = re.search(r'<nav id="archive-bar".*?</nav>', answer.text, re.DOTALL)
    assert bar is not None
    links = [(a.get("href"), a.text_content()) for a in lxml_html.fromstring(bar[0]).xpath("//a")]
    assert links == [
        ("/fr/archive/lists/canal", "La lettre du canal\u00a0: toutes les éditions"),
        (f"/en/archive/{name}", "English"),
        ("/fr/subscribe/canal", "S’abonner"),
    ]
    assert '<b aria-current="page" lang="fr" dir="ltr">Français</b>' in bar[0]
    without_bar = re.sub(
        r'<style>\n#archive-bar.*?</style>|<nav id="archive-bar".*?</nav>|</?main>',
        "",
        answer.text,
        flags=re.DOTALL,
    )
    assert without_bar.replace("\n", "") == impersonal(HTML.format("fr"))
    address = f"<{BASE_URL}/{{}}/archive/{name}>"
    assert answer.headers["link"] == ", ".join(
        [
            f'{address.format("fr")}; rel="alternate"; hreflang="fr"',
            f'{address.format("en")}; rel="alternate"; hreflang="en"',
            f'{address.format("fr")}; rel="alternate"; hreflang="x-default"',
            f'{address.format("fr")}; rel="canonical"',
        ]
    )
    assert (answer.headers["x-robots-tag"], answer.headers["content-language"]) == ("all", "fr")
    assert "script" not in answer.text


def test_combined_edition_stands_once_in_each_of_its_languages(sqlite_db, now, client):
    variants = {"fr+en": "Le canal | The canal", "en+fr": "The canal | Le canal"}
    [name] = an_archive(sqlite_db, now, variants=variants)
    assert subjects(client.get("/fr/archive").text) == ["Le canal | The canal"]
    assert subjects(client.get("/en/archive").text) == ["The canal | Le canal"]
    assert f'href="/en/archive/{name}" lang="en"' in client.get("/fr/archive/lists/canal").text


def test_archive_may_be_kept_out_of_search_engines(sqlite_db, now):
    [name] = an_archive(sqlite_db, now)
    paths = ["", "/lists/canal", "/lists/canal/atom.xml", f"/{name}"]
    for is_indexed, expected in ((True, "all"), (False, "noindex")):
        client = a_client(sqlite_db, archive_indexed=is_indexed)
        assert [client.get(f"/fr/archive{path}").headers["x-robots-tag"] for path in paths] == [expected] * 4


def test_answer_that_the_client_has_is_not_sent_again(sqlite_db, now, client):
    [name] = an_archive(sqlite_db, now)
    for path in ("/fr/archive", "/fr/archive/lists/canal", f"/fr/archive/{name}"):
        first = client.get(path)
        again = client.get(path, headers={"If-None-Match": f'"other", {first.headers["etag"]}'})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
        assert again.headers["cache-control"] == "public, max-age=300"
        assert again.headers["x-robots-tag"] == "all"
        assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200
        assert client.head(path).headers["etag"] == first.headers["etag"]
    before = client.get("/fr/archive").headers["etag"]
    with sqlite_db.transaction() as session:
        session.execute(sa.update(MailingList).values(names={"fr": "Autre nom"}))
    assert client.get("/fr/archive", headers={"If-None-Match": before}).status_code == 200


def test_list_that_is_made_private_is_gone_at_once(sqlite_db, now, client):
    an_archive(sqlite_db, now)
    assert client.get("/fr/archive/lists/canal").status_code == 200
    with sqlite_db.transaction() as session:
        session.execute(sa.update(MailingList).values(is_public=False))
    assert client.get("/fr/archive/lists/canal").status_code == 404
    assert subjects(client.get("/fr/archive").text) == []


def test_front_page_leads_to_the_archive_where_there_is_something_in_it(sqlite_db, now, client):
    assert "/archive" not in client.get("/fr/").text
    an_archive(sqlite_db, now, variants={"fr": "Seulement en français"})
    assert '<a href="/fr/archive">Lire les éditions parues</a>' in client.get("/fr/").text
    assert "/archive" not in client.get("/en/").text


def test_language_without_a_catalogue_is_marked_and_runs_its_own_way(sqlite_db, now):
    an_archive(sqlite_db, now, variants={"ar": "صيف على القناة"}, names={"ar": "رسالة القناة"})
    client = a_client(sqlite_db, languages=("fr", "ar"))
    answer = client.get("/ar/archive")
    assert answer.headers["content-language"] == "ar, fr"
    page = lxml_html.fromstring(answer.text)
    assert (page.get("lang"), page.get("dir")) == ("fr", "ltr")
    assert [part.get("dir") for part in page.xpath("//section")] == ["rtl"]
    [subject] = page.xpath("//a[@class='subject']")
    assert (subject.get("lang"), subject.get("dir"), subject.text) == ("ar", "rtl", "صيف على القناة")


def test_names_and_subjects_are_text_whatever_they_hold(sqlite_db, now, client):
    hostile = '"><script>alert(1)</script>'
    [name] = an_archive(sqlite_db, now, names={"fr": hostile}, variants={"fr": hostile})
    for path in ("", "/lists/canal", f"/{name}"):
        assert "<script" not in client.get(f"/fr/archive{path}").text


def test_archive_stands_under_the_path_of_the_public_address(sqlite_db, now):
    [name] = an_archive(sqlite_db, now, count=1)
    client = a_client(sqlite_db, base_url="https://example.org/lettres")
    page = client.get("/fr/archive").text
    assert f'href="/lettres/fr/archive/{name}"' in page
    assert head_links(page)[0] == ("canonical", "", "https://example.org/lettres/fr/archive")
    assert "<https://example.org/lettres/fr/archive/" in client.get(f"/fr/archive/{name}").headers["link"]


def test_pages_of_the_archive_read_no_html_and_ask_little(sqlite_db, now, client):
    an_archive(sqlite_db, now, count=40)
    asked = []

    def note(_connection, _cursor, statement, *_rest):
        if statement.startswith("SELECT"):
            asked.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    for path in ("/fr/archive", "/fr/archive/lists/canal", "/fr/archive/lists/canal/atom.xml"):
        asked.clear()
        assert client.get(path).status_code == 200
        assert len(asked) == 5
        assert [statement for statement in asked if "rendered_edition.html" in statement] == []
    sa.event.remove(sa.Engine, "before_cursor_execute", note)


def test_overview_stays_small_with_many_lists(sqlite_db, now, client):
    with sqlite_db.transaction() as session:
        for number in range(45):
            slug = f"list-{number:02}"
            item = a_list(session, now, slug=slug, list_id=f"{slug}.example.org")
            for issue in range(1, 4):
                an_issue(session, item, issue, now - timedelta(days=4 - issue))
    pages = [client.get(f"/fr/archive{query}").text for query in ("", "?page=2", "?page=3", "?page=4")]
    lists = [path for page in pages for path in re.findall(r'<h2><a href="/fr/archive/lists/([^"]+)"', page)]
    assert lists == [f"list-{number:02}" for number in range(45)]
    assert [len(page.encode()) < 30_000 for page in pages] == [True] * 4
    assert "Page 4 sur 4" in pages[3]
    with sqlite_db.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Mailing)) == 135


@pytest.mark.parametrize(
    ("text", "short"), [("a b c", "a b c"), ("one two three", "one two…"), ("onetwothreefour", "onetwothr…")]
)
def test_summary_is_cut_at_a_word(text, short):
    assert shortened(text, 10) == short
