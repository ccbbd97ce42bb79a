"""The Atom feeds of the archive: what RFC 4287 asks for, ids that stay, and who has them already."""

from datetime import datetime, timedelta
from typing import Any

import feedparser
import pytest
import sqlalchemy as sa
from lxml import etree
from starlette.testclient import TestClient

from builders_archive import an_archive
from builders_web import BASE_URL, an_installation
from newsletter.audience.models import MailingList
from newsletter.web.app import create_app

ATOM = {"a": "http://www.w3.org/2005/Atom"}
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
FEED = "/fr/archive/lists/canal/atom.xml"


@pytest.fixture
def client(sqlite_db) -> TestClient:
    return a_client(sqlite_db)


def a_client(database, **settings: Any) -> TestClient:
    return TestClient(
        create_app(an_installation(database, **settings)), base_url=BASE_URL, follow_redirects=False
    )


def texts(element: etree._Element, path: str) -> list[str]:
    return [found.text or "" for found in element.findall(path, ATOM)]


def links(element: etree._Element) -> list[tuple[str, ...]]:
    found = element.findall("a:link", ATOM)
    return [tuple(link.get(name) for name in ("rel", "type", "hreflang", "href")) for link in found]


def check_by_the_rules(feed: etree._Element) -> None:
    """What RFC 4287 sections 4.1.1, 4.1.2 and 4.2.7 say must be there, and how often."""
    entries = feed.findall("a:entry", ATOM)
    for element in (feed, *entries):
        for name in ("id", "title", "updated"):
            assert len(element.findall(f"a:{name}", ATOM)) == 1, name
        assert texts(element, "a:id")[0].startswith("urn:uuid:")
        assert datetime.fromisoformat(texts(element, "a:updated")[0]).utcoffset() == timedelta(0)
        kinds = [(rel, kind, tag) for rel, kind, tag, _ in links(element) if rel == "alternate"]
        assert len(kinds) == len(set(kinds)) > 0
        assert element.get(LANG)
    assert len(feed.findall("a:author/a:name", ATOM)) == 1
    assert [rel for rel, *_ in links(feed)].count("self") == 1
    ids = texts(feed, "a:id") + texts(feed, "a:entry/a:id")
    assert len(ids) == len(set(ids))


def test_feed_of_a_list_is_atom(db, now):
    oldest, newest = an_archive(db, now, count=2)
    answer = a_client(db).get(FEED)
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    assert (answer.headers["content-language"], answer.headers["x-robots-tag"]) == ("fr", "all")
    feed = etree.fromstring(answer.content)
    check_by_the_rules(feed)
    assert feed.get(LANG) == "fr"
    assert texts(feed, "a:title") == ["La lettre du canal"]
    assert texts(feed, "a:updated") == ["2026-11-23T09:00:00+00:00"]
    base = f"{BASE_URL}/{{}}/archive/lists/canal"
    assert links(feed) == [
        ("self", "application/atom+xml", "fr", f"{base.format('fr')}/atom.xml"),
        ("alternate", "text/html", "fr", base.format("fr")),
        ("related", "text/html", "en", base.format("en")),
        ("alternate", "application/atom+xml", "en", f"{base.format('en')}/atom.xml"),
    ]
    first, second = feed.findall("a:entry", ATOM)
    assert texts(first, "a:title") == ["Le canal, n° 2"]
    assert texts(first, "a:summary") == ["Preheader fr 2"]
    assert texts(second, "a:published") == ["2026-11-22T09:00:00+00:00"]
    assert links(first) == [
        ("alternate", "text/html", "fr", f"{BASE_URL}/fr/archive/{newest}"),
        ("related", "text/html", "en", f"{BASE_URL}/en/archive/{newest}"),
    ]
    assert links(second)[0][3] == f"{BASE_URL}/fr/archive/{oldest}"


def test_feed_is_understood_by_a_reader_of_feeds(sqlite_db, now, client):
    names = an_archive(sqlite_db, now, count=3, variants={"fr": "Été & « co » <b>", "en": "x"})
    read = feedparser.parse(client.get(FEED).content, sanitize_html=False)
    assert (read.bozo, read.version, read.feed.language) == (False, "atom10", "fr")
    assert [entry.title for entry in read.entries] == ["Été & « co » <b>"] * 3
    assert read.feed.author == "Les Jardins du Canal"
    assert read.feed.link == f"{BASE_URL}/fr/archive/lists/canal"
    assert read.entries[0].link == f"{BASE_URL}/fr/archive/{names[2]}"


def test_feed_of_all_holds_public_lists_by_time(db, now):
    an_archive(db, now, count=2)
    an_archive(db, now - timedelta(hours=12), "agenda", variants={"fr": "L’agenda"}, names={"fr": "L’agenda"})
    an_archive(db, now, "secret", is_public=False)
    client = a_client(db)
    feed = etree.fromstring(client.get("/fr/archive/atom.xml").content)
    check_by_the_rules(feed)
    assert texts(feed, "a:title") == ["Les Jardins du Canal"]
    assert texts(feed, "a:entry/a:title") == ["Le canal, n° 2", "L’agenda", "Le canal, n° 1"]
    assert [item.get("label") for item in feed.findall("a:entry/a:category", ATOM)] == [
        "La lettre du canal",
        "L’agenda",
        "La lettre du canal",
    ]
    english = etree.fromstring(client.get("/en/archive/atom.xml").content)
    assert texts(english, "a:entry/a:title") == ["The canal, no. 2", "The canal, no. 1"]


def test_ids_stay_when_names_and_addresses_change(sqlite_db, now, client):
    an_archive(sqlite_db, now, count=2)

    def ids(some_client: TestClient, slug: str) -> list[str]:
        paths = [f"/{tag}/archive/{rest}atom.xml" for tag in ("fr", "en") for rest in ("", f"lists/{slug}/")]
        feeds = [etree.fromstring(some_client.get(path).content) for path in paths]
        return [text for feed in feeds for text in texts(feed, "a:id") + texts(feed, "a:entry/a:id")]

    before = ids(client, "canal")
    assert len(set(before)) == 4 + 4  # each feed, and each edition in each language
    with sqlite_db.transaction() as session:
        session.execute(sa.update(MailingList).values(slug="renamed", names={"fr": "Autre", "en": "Other"}))
    moved = a_client(sqlite_db, base_url="https://elsewhere.example/n", organisation="Autre nom")
    assert ids(moved, "renamed") == before


def test_feed_without_editions_is_whole(sqlite_db, now, client):
    an_archive(sqlite_db, now, state=None)
    for path in (FEED, "/fr/archive/atom.xml"):
        feed = etree.fromstring(client.get(path).content)
        check_by_the_rules(feed)
        assert feed.findall("a:entry", ATOM) == []


def test_feed_holds_the_newest_thirty(sqlite_db, now, client):
    an_archive(sqlite_db, now, count=33)
    feed = etree.fromstring(client.get(FEED).content)
    assert texts(feed, "a:entry/a:title") == [f"Le canal, n° {number}" for number in range(33, 3, -1)]


def test_feed_that_the_reader_has_is_not_sent_again(sqlite_db, now, client):
    an_archive(sqlite_db, now)
    first = client.get(FEED)
    assert first.headers["last-modified"] == "Mon, 23 Nov 2026 09:00:00 GMT"
    for headers, status in (
        ({"If-None-Match": first.headers["etag"]}, 304),
        ({"If-None-Match": first.headers["etag"].removeprefix("W/")}, 304),
        ({"If-None-Match": "*"}, 304),
        ({"If-Modified-Since": first.headers["last-modified"]}, 304),
        ({"If-Modified-Since": "Mon, 23 Nov 2026 08:59:59 GMT"}, 200),
        ({"If-Modified-Since": "Mon, 23 Nov 2026 09:00:00 -0000"}, 304),
        ({"If-Modified-Since": "yesterday"}, 200),
        ({"If-None-Match": '"other"', "If-Modified-Since": first.headers["last-modified"]}, 200),
    ):
        answer = client.get(FEED, headers=headers)
        assert (answer.status_code, bool(answer.content)) == (status, status == 200), headers


def test_subject_with_signs_that_xml_cannot_hold_breaks_no_feed(sqlite_db, now, client):
    an_archive(sqlite_db, now, variants={"fr": "Un\x0b deux\x1f trois\ufffe"})
    assert texts(etree.fromstring(client.get(FEED).content), "a:entry/a:title") == ["Un deux trois"]


@pytest.mark.parametrize(
    "path", ["/xx/archive/atom.xml", "/fr/archive/lists/none/atom.xml", "/fr/archive/atom.xml"]
)
def test_feed_that_there_is_not_is_not_found(client, path):
    assert client.get(path).status_code == 404
