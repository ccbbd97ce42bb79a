"""Feeds, WordPress and pages, from files and from a server on loopback."""

import io
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from PIL import Image

from newsletter.announcements.intake.draft import DraftAnnouncement, IntakeReport, ItemFate
from newsletter.announcements.intake.sources import SourceFormat, read_sources
from newsletter.announcements.intake.storing import Imported, ready, store_imported
from newsletter.announcements.intake.web import Web, is_url
from newsletter.announcements.remark_kinds import RemarkCode
from newsletter.foundation.database import Database
from newsletter.foundation.errors import BadInput
from newsletter.foundation.fetching import FetchFailed, FetchRefused
from page_server import LOOPBACK, Answer, PageServer, page_server

DATA = Path(__file__).parents[1] / "data" / "intake"
LANGUAGES = ("fr", "en")
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def picture(form: str = "PNG", colour: str = "red") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (60, 40), colour).save(out, form)
    return out.getvalue()


@pytest.fixture
def server() -> Iterator[PageServer]:
    with page_server() as running:
        yield running


def at(server: PageServer, name: str, **replaced: str) -> bytes:
    """A prepared document whose site is the server."""
    text = (DATA / name).read_text("utf-8").replace("https://jardins.example", server.url(""))
    for old, new in replaced.items():
        text = text.replace(old, new)
    return text.encode()


def put(server: PageServer, path: str, data: bytes | str, content_type: str = "text/html") -> str:
    server.pages[path] = Answer(data if isinstance(data, bytes) else data.encode(), content_type)
    return server.url(path)


def read(*sources: str | Path, format: SourceFormat = "auto", language: str = "auto") -> list[IntakeReport]:
    return read_sources([str(s) for s in sources], format, language, LANGUAGES, Web(LOOPBACK))


def one(*sources: str | Path, format: SourceFormat = "auto") -> DraftAnnouncement:
    (draft,) = read(*sources, format=format)[0].drafts
    return draft


def written(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def titles(draft: DraftAnnouncement) -> dict[str, str]:
    return {text.language: text.title for text in draft.texts}


def told(report: IntakeReport) -> list[tuple[int, str, int | None, str]]:
    return [(item.number, item.language, item.announcement, item.reason) for item in report.items]


def codes(draft: DraftAnnouncement) -> set[RemarkCode]:
    return {remark.code for remark in draft.remarks}


def test_item_of_a_feed_becomes_an_announcement(server: PageServer) -> None:
    put(server, "/lanternes.png", picture(), "image/png")
    url = put(server, "/fr.rss", at(server, "jardins.fr.rss"), "application/rss+xml")
    (report,) = read(url)
    party, pruning = report.drafts
    text = party.texts[0]
    assert (text.language, text.title) == ("fr", "La fête des lanternes & la soupe")
    assert text.summary == "Une soirée au bord de l’eau, à ne pas manquer."
    assert text.body == (
        "Venez **samedi à 14 h** avec _vos_ lanternes.\n\n## Au programme\n\n"
        "- Musique\n  - fanfare\n  - chorale\n- Soupe\n\n"
        f"[S’inscrire]({server.url('/fr/inscription/?de=rss&a=1')}) avant jeudi."
    )
    assert (text.cta_label, text.cta_url) == ("Lire le texte entier", server.url("/fr/lanternes/"))
    assert (party.published_on, party.topic) == (date(2026, 11, 20), "Fêtes")
    assert party.reference == server.url("/?p=12")
    assert [dict(shown.alt) for shown in party.pictures] == [{"fr": "Des lanternes au-dessus de l’eau"}]
    assert (pruning.texts[0].summary, pruning.texts[0].body[:9]) == ("", "Apportez ")
    assert told(report) == [(1, "fr", 0, ""), (2, "fr", 1, "")]


def test_feeds_given_together_are_paired_by_hreflang() -> None:
    french, english = read(DATA / "jardins.fr.rss", DATA / "gardens.en.atom")
    assert [titles(draft) for draft in french.drafts] == [
        {"fr": "La fête des lanternes & la soupe", "en": "The lantern party"},
        {"fr": "Taille des pommiers"},
    ]
    assert english.drafts == french.drafts[:1]
    assert told(english) == [(1, "en", 0, ""), (2, "", None, "its language, nl, is not one of fr, en")]


def test_feeds_without_hreflang_are_paired_by_what_their_pages_say(server: PageServer) -> None:
    feed = "<rss version='2.0'><channel><language>{0}</language><item><title>{1}</title><link>{2}</link></item></channel></rss>"
    put(server, "/fr/lanternes", at(server, "lanternes.html"))
    french = feed.format("fr", "La fête des lanternes au jardin", server.url("/fr/lanternes"))
    english = feed.format("en", "The lantern party in the garden", server.url("/en/lanterns"))
    reports = read(put(server, "/fr", french, "text/xml"), put(server, "/en", english, "text/xml"))
    assert titles(reports[0].drafts[0]) == {
        "fr": "La fête des lanternes au jardin",
        "en": "The lantern party in the garden",
    }


def test_items_with_the_same_guid_in_two_languages_are_one_announcement(tmp_path: Path) -> None:
    feed = "<rss version='2.0'><channel><item xml:lang='{0}'><guid>g1</guid><title>{1}</title></item></channel></rss>"
    french = written(tmp_path / "fr.xml", feed.format("fr", "La fête"))
    english = written(tmp_path / "en.xml", feed.format("en-GB", "The party"))
    assert titles(read(french, english)[0].drafts[0]) == {"fr": "La fête", "en": "The party"}


def test_page_named_as_the_other_language_of_all_pairs_nothing(tmp_path: Path) -> None:
    item = "<item><title>{0} au jardin du canal</title><link>https://x.example/{0}</link><a:link rel='alternate' hreflang='en' href='https://x.example/'/></item>"
    items = "".join(item.format(name) for name in ("fête", "soupe", "taille"))
    feed = f"<rss version='2.0' xmlns:a='http://www.w3.org/2005/Atom'><channel>{items}</channel></rss>"
    assert len(read(written(tmp_path / "a.xml", feed))[0].drafts) == 3


def test_json_feed_is_read() -> None:
    (report,) = read(DATA / "gardens.json")
    english, french = report.drafts
    assert titles(english) | titles(french) == {"en": "Compost for everyone", "fr": "Du compost pour tous"}
    assert english.texts[0].body == "Fetch your compost on Monday.\n\nBring a bucket & a spade,\\\nor two."
    assert (english.reference, english.published_on, english.topic) == ("7", date(2026, 11, 19), "Compost")
    assert told(report)[2] == (3, "", None, "it is no item of a feed")


def test_language_of_the_text_counts_more_than_that_of_the_whole_feed(tmp_path: Path) -> None:
    words = "Le jardin reste ouvert tout l’hiver, même quand il neige sur les allées."
    feed = f"<rss version='2.0'><channel><language>en-US</language><item><title>Hiver</title><description>{words}</description></item></channel></rss>"
    draft = one(written(tmp_path / "a.xml", feed))
    assert draft.source_language == "fr"
    assert RemarkCode.LANGUAGE_CORRECTED in codes(draft)


def test_item_that_stands_twice_is_taken_once(tmp_path: Path) -> None:
    item = "<item><guid>g</guid><title>La fête du canal</title></item>"
    (report,) = read(written(tmp_path / "a.xml", f"<rss version='2.0'><channel>{item * 2}</channel></rss>"))
    assert (len(report.drafts), told(report)[1]) == (1, (2, "", None, "the same as number 1"))


def test_export_is_paired_by_polylang(server: PageServer, tmp_path: Path) -> None:
    put(server, "/lanternes.png", picture("WEBP"), "image/webp")
    (report,) = read(written(tmp_path / "export.xml", at(server, "polylang.xml")))
    (draft,) = report.drafts
    french, english = draft.texts
    assert titles(draft) == {"fr": "La fête des lanternes", "en": "The lantern party"}
    assert (french.summary, french.body) == (
        "Une soirée au bord de l’eau.",
        "Venez samedi à 14 h.\n\n- Musique",
    )
    assert english.body == "Come on Saturday at 2 pm.\n\nBring **lanterns**."
    assert (draft.published_on, draft.topic) == (date(2026, 11, 20), "Fêtes")
    assert [(p.prepared.content_type if p.prepared else "", p.alt) for p in draft.pictures] == [
        ("image/png", (("fr", "Des lanternes"),))
    ]
    assert told(report) == [
        (1, "en", 0, ""),
        (2, "fr", 0, ""),
        (4, "", None, "it is not published (draft)"),
        (5, "", None, "it is no post but of the kind page"),
    ]


def test_export_is_paired_by_wpml() -> None:
    (report,) = read(DATA / "wpml.xml")
    pair, alone = report.drafts
    assert titles(pair) == {"fr": "Taille des pommiers", "en": "Apple pruning"}
    assert titles(alone) == {"fr": "Une page sans langue marquée"}


def test_posts_in_json_are_paired() -> None:
    (report,) = read(DATA / "posts.json")
    (draft,) = report.drafts
    assert titles(draft) == {"fr": "Le marché de Noël", "en": "The Christmas market"}
    assert (draft.texts[0].summary, draft.topic) == ("", "Marchés")
    assert told(report)[2] == (3, "", None, "it is protected by a password")


def rest_post(number: int, tag: str, title: str, others: list[dict[str, object]]) -> dict[str, object]:
    return {
        "id": number,
        "link": f"https://jardins.example/{tag}/{number}",
        "title": {"rendered": title},
        "content": {"rendered": f"<p>{title}.</p>"},
        "wpml_translations": others,
    }


def test_site_is_read_language_by_language(server: PageServer) -> None:
    french = rest_post(51, "fr", "Le marché", [{"locale": "en_US", "id": 52}])
    english = rest_post(52, "en", "The market", [{"locale": "fr_FR", "id": 51}])
    for tag, posts in {"fr": [french], "en": [english]}.items():
        path = f"/wp-json/wp/v2/posts?_embed=1&per_page=50&page=1&lang={tag}"
        put(server, path, json.dumps(posts), "application/json")
    assert titles(one(server.url(""), format="wordpress")) == {"fr": "Le marché", "en": "The market"}


def test_site_without_posts_is_refused(server: PageServer) -> None:
    with pytest.raises(FetchFailed, match="answered 404"):
        read(server.url(""), format="wordpress")


def test_page_is_read_with_its_other_language(server: PageServer) -> None:
    put(server, "/lanternes.png", picture(), "image/png")
    put(server, "/en/lanterns", at(server, "lanterns.html"))
    (report,) = read(put(server, "/fr/lanternes", at(server, "lanternes.html")))
    (draft,) = report.drafts
    french, english = draft.texts
    assert titles(draft) == {"fr": "La fête des lanternes", "en": "The lantern party"}
    assert french.body.startswith("Venez **samedi à 14 h** au bord du canal pour la [grande fête](")
    assert french.body.endswith(
        "## Au programme\n\n- Musique\n  - fanfare\n  - chorale\n- Soupe\n\n"
        "> La plus belle soirée de l’année, disent les voisins."
    )
    assert "Mentions" not in french.body
    assert (french.summary, draft.published_on) == (
        "Une soirée au bord de l’eau, à ne pas manquer.",
        date(2026, 11, 20),
    )
    assert [p.alt for p in draft.pictures] == [(("fr", "Des lanternes au-dessus de l’eau"),)]
    assert english.cta_url == server.url("/en/lanterns")
    assert told(report) == [(1, "fr", 0, ""), (2, "en", 0, "")]


def test_page_whose_other_language_is_gone_is_read_alone(server: PageServer) -> None:
    url = put(server, "/fr/lanternes", at(server, "lanternes.html"))
    assert titles(one(url)) == {"fr": "La fête des lanternes"}


def test_saved_page_is_read() -> None:
    draft = one(DATA / "lanterns.html")
    assert titles(draft) == {"en": "The lantern party"}
    assert draft.texts[0].body.startswith("Come to the canal on **Saturday at 2 pm** for")


def test_page_that_names_a_feed_leads_to_it(server: PageServer) -> None:
    put(server, "/feed", at(server, "gardens.en.atom"), "application/atom+xml")
    url = put(server, "/", '<html><link rel="alternate" type="application/atom+xml" href="/feed"><body>x')
    assert titles(one(url, format="feed")) == {"en": "The lantern party"}
    with pytest.raises(BadInput, match="names no feed"):
        read(put(server, "/none", "<html><body>x"), format="feed")


PICTURES = "<rss version='2.0'><channel><item xml:lang='en'><guid>g</guid><title>The party</title><description>&lt;p&gt;Come.&lt;/p&gt;{}</description></item></channel></rss>"


def with_pictures(*urls: str) -> str:
    return PICTURES.format("".join(f"&lt;img src='{url}'&gt;" for url in urls))


def test_failing_picture_is_a_remark_and_the_next_one_is_taken(server: PageServer, tmp_path: Path) -> None:
    svg = put(server, "/a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml")
    page = put(server, "/b.png", b"<html>", "text/html")
    good = put(server, "/c.png", picture(), "image/png")
    gone = server.url("/d.png")
    draft = one(written(tmp_path / "a.xml", with_pictures(svg, page, gone, good, gone)))
    assert len(draft.pictures) == 1
    about = [remark.excerpt for remark in draft.remarks if remark.code is RemarkCode.PICTURE_REFUSED]
    assert [words.split(",")[0].split(";")[0] for words in about] == [
        "An SVG drawing cannot be mailed",
        "it is text/html",
        "the server answered 404 (d.png)",
    ]
    assert server.asked == ["/a.svg", "/b.png", "/d.png", "/c.png"]


def test_picture_is_fetched_once_for_all_announcements(server: PageServer, tmp_path: Path) -> None:
    url = put(server, "/a.png", picture(), "image/png")
    first = written(tmp_path / "a.xml", with_pictures(url))
    second = written(
        tmp_path / "b.xml", with_pictures(url).replace("The party", "The fair").replace("g<", "h<")
    )
    reports = read(first, second)
    assert [len(draft.pictures) for report in reports for draft in report.drafts] == [1, 1]
    assert server.asked == ["/a.png"]


def test_picture_on_a_private_address_is_not_fetched(server: PageServer, tmp_path: Path) -> None:
    put(server, "/a.png", picture(), "image/png")
    path = written(tmp_path / "a.xml", with_pictures(server.url("/a.png")))
    (report,) = read_sources([str(path)], "auto", "auto", LANGUAGES, Web())
    assert (report.drafts[0].pictures, server.asked) == ((), [])
    assert RemarkCode.PICTURE_REFUSED in codes(report.drafts[0])


def test_source_on_a_private_address_is_refused(server: PageServer) -> None:
    with pytest.raises(FetchRefused, match=r"its host is 127\.0\.0\.1"):
        read_sources([server.url("/")], "auto", "auto", LANGUAGES, Web())


# What is meant to do harm.

LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
BILLION = f'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY l0 "ha">{LAUGHS}]>'
OUTSIDE = '<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
ITEM = "<item><title>Le jardin {0}</title><description>Le jardin est ouvert.</description></item>"
EXPORT = '<rss version="2.0" xmlns:wp="http://wordpress.org/export/1.2/"><channel>{0}</channel></rss>'
FEED = '<rss version="2.0"><channel>{0}</channel></rss>'


@pytest.mark.parametrize("head", [BILLION, OUTSIDE])
def test_export_that_declares_entities_is_refused(tmp_path: Path, head: str) -> None:
    path = written(tmp_path / "a.xml", head + EXPORT.format("<item><title>&l9;&x;</title></item>"))
    with pytest.raises(BadInput, match=r"declares a document type|no whole XML"):
        read(path)


@pytest.mark.parametrize(("head", "entity"), [(BILLION, "&l9;"), (OUTSIDE, "&x;")])
def test_entities_of_a_feed_are_not_followed(tmp_path: Path, head: str, entity: str) -> None:
    hostname = (
        Path("/etc/hostname").read_text("utf-8").strip() if Path("/etc/hostname").exists() else "ha" * 50
    )
    path = written(tmp_path / "a.xml", head + FEED.format(ITEM.format(entity)))
    (report,) = read(path)
    assert [len(draft.texts[0].title) < 100 for draft in report.drafts] == [True]
    assert hostname not in str(report.drafts)


def test_item_of_ten_megabytes_is_left_out(tmp_path: Path) -> None:
    long = "<description>" + "mot " * 2_400_000 + "</description>"
    path = written(tmp_path / "a.xml", FEED.format(f"<item><title>A</title>{long}</item>{ITEM.format('b')}"))
    (report,) = read(path)
    assert [len(report.drafts), told(report)[0]] == [1, (1, "", None, "it is too long for a newsletter")]


def test_feed_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="larger than 10 MB"):
        read(written(tmp_path / "a.xml", FEED.format("<item/>" + " " * 10_000_000)))


def test_ten_thousand_items_are_accounted_for(tmp_path: Path) -> None:
    items = "".join(ITEM.format(number) for number in range(10_000))
    (report,) = read(written(tmp_path / "a.xml", FEED.format(items)), language="fr")
    fates = [item.fate for item in report.items]
    assert (fates.count(ItemFate.TAKEN), fates.count(ItemFate.LEFT_OUT)) == (1000, 9000)
    assert report.items[-1].reason == "only the first 1000 of one source are taken"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.xml", EXPORT.format("<item><title>x")[:-20], "no whole XML"),
        ("a.xml", "<rss", "no feed|nothing in it"),
        ("a.xml", FEED.format(""), "nothing in it"),
        ("a.json", "[" * 100_000, "no JSON"),
        ("a.json", "{", "no JSON"),
        ("a.json", "{}", "neither a JSON Feed nor"),
        ("a.json", '{"version": "https://jsonfeed.org/version/1.1", "items": 3}', "nothing in it"),
        ("a.html", "<html><body></body></html>", "no text"),
        ("a.html", "<html><body><script>x</script></body></html>", "no text"),
    ],
)
def test_broken_source_is_refused_in_words(tmp_path: Path, name: str, text: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        read(written(tmp_path / name, text))


def test_feed_that_is_broken_in_the_middle_gives_what_is_whole(tmp_path: Path) -> None:
    path = written(tmp_path / "a.xml", FEED.format(ITEM.format("a") + "<item><title>Le jardin & <b>"))
    assert titles(read(path)[0].drafts[0]) == {"fr": "Le jardin a"}


def test_feed_in_another_encoding_than_it_declares_is_read(tmp_path: Path) -> None:
    feed = '<?xml version="1.0" encoding="utf-8"?>' + FEED.format(ITEM.format("d’été déjà"))
    draft = one(written(tmp_path / "a.xml", feed.encode("windows-1252")))
    assert titles(draft) == {"fr": "Le jardin d’été déjà"}


def test_scripts_and_their_links_do_not_come_in(tmp_path: Path) -> None:
    content = "<![CDATA[<p>Venez au jardin.</p><script>alert(1)</script><style>p{}</style><iframe src='https://v.example/'></iframe><a href='javascript:alert(1)'>ici</a>]]>"
    draft = one(
        written(
            tmp_path / "a.xml",
            FEED.format(f"<item><title>Au jardin</title><description>{content}</description></item>"),
        )
    )
    assert draft.texts[0].body == "Venez au jardin.\n\nici"
    assert codes(draft) >= {RemarkCode.EMBED_LEFT_OUT, RemarkCode.LINK_LEFT_OUT}


# What an import knows already.


def store(db: Database, report: IntakeReport) -> list[tuple[int, str]]:
    with db.transaction() as session:
        imported = store_imported(session, [ready(draft) for draft in report.drafts], NOW)
    return [(item.announcement_id, fate_of(item)) for item in imported]


def fate_of(item: Imported) -> str:
    return "new" if item.is_new else "changed" if item.is_changed else "known"


def test_same_source_again_adds_nothing_and_a_changed_one_is_told(db: Database, tmp_path: Path) -> None:
    path = written(tmp_path / "a.xml", (DATA / "wpml.xml").read_bytes())
    assert store(db, read(path)[0]) == [(1, "new"), (2, "new")]
    assert store(db, read(path)[0]) == [(1, "known"), (2, "known")]
    written(path, path.read_text("utf-8").replace("Apportez vos sécateurs", "Apportez vos gants"))
    changed = [(1, "changed"), (2, "known")]
    assert store(db, read(path)[0]) == changed


def test_one_language_of_a_pair_alone_is_known(db: Database) -> None:
    both = read(DATA / "jardins.fr.rss", DATA / "gardens.en.atom")
    assert store(db, both[0]) == [(1, "new"), (2, "new")]
    assert store(db, both[1]) == [(1, "known")]
    assert store(db, read(DATA / "gardens.en.atom")[0]) == [(1, "known")]


def test_edited_markdown_is_told_and_not_added_twice(db: Database, tmp_path: Path) -> None:
    path = written(tmp_path / "market.fr.md", "# Le marché\n\nVenez samedi.\n")
    assert store(db, read(path)[0]) == [(1, "new")]
    written(path, "# Le marché\n\nVenez dimanche.\n")
    assert store(db, read(path)[0]) == [(1, "changed")]
    written(path, "---\ndate: 2026-12-01\n---\n# Le marché\n\nVenez lundi.\n")
    assert store(db, read(path)[0]) == [(2, "new")]


def test_markdown_with_a_ref_is_known_under_another_name(db: Database, tmp_path: Path) -> None:
    store(db, read(written(tmp_path / "a.fr.md", "---\nref: market\n---\n# Le marché\n\nSamedi.\n"))[0])
    renamed = written(tmp_path / "b.fr.md", "---\nref: market\n---\n# Le marché\n\nDimanche.\n")
    assert store(db, read(renamed)[0]) == [(1, "changed")]


@pytest.mark.parametrize(
    ("source", "is_address"),
    [
        ("https://x.example/", True),
        ("FTP://x.example/feed", True),
        ("texts/a.md", False),
        ("C:\\texts", False),
    ],
)
def test_address_of_any_kind_is_no_path(source: str, is_address: bool) -> None:
    assert is_url(source) is is_address
