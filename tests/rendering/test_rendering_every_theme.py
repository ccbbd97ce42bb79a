"""What holds for every theme, in every variant: structure, languages, pictures, dark mode, text part, weight."""

import re
from dataclasses import replace
from itertools import pairwise

import pytest
from lxml import html as lxml_html

from builders_rendering import (
    SITE,
    VARIANTS,
    a_branding,
    a_content,
    a_lead,
    a_long_story,
    a_market,
    a_part,
    a_rich_content,
    a_summary,
    an_assembly,
)
from newsletter.foundation.language import direction
from newsletter.foundation.merge import Field, keep_blocks, split_fields
from newsletter.rendering.content import EditionContent, ItemForm
from newsletter.rendering.presentation import present
from newsletter.rendering.render import RenderedBodies, render_edition
from newsletter.rendering.shown import RowKind
from newsletter.rendering.themes import load_theme, theme_names

THEMES = theme_names()
every_theme = pytest.mark.parametrize("theme", THEMES)
every_variant = pytest.mark.parametrize("variant", [*VARIANTS, "ar", "ar+fr", "en+ar"])


def render(theme: str, content: EditionContent) -> RenderedBodies:
    bodies = render_edition(content, load_theme(theme))
    assert bodies.problems == ()
    return bodies


def tree(html: str) -> lxml_html.HtmlElement:
    return lxml_html.document_fromstring(html)


def mailed(theme: str, content: EditionContent) -> lxml_html.HtmlElement:
    return tree(keep_blocks(render(theme, content).html, "mail"))


def language_of(element: lxml_html.HtmlElement) -> str:
    return str(element.xpath("ancestor-or-self::*[@lang][1]/@lang")[0])


def direction_of(element: lxml_html.HtmlElement) -> str:
    return str(element.xpath("ancestor-or-self::*[@dir][1]/@dir")[0])


def folded(text: str) -> str:
    return re.sub(r"[\s\u00a0\u202f]+", " ", text).strip()


@every_theme
@every_variant
def test_one_h1_and_no_level_skipped(theme: str, variant: str) -> None:
    for content in (a_rich_content(variant), a_content("fr", a_market(), a_lead())):
        headings = mailed(theme, content).xpath("//h1|//h2|//h3|//h4|//h5|//h6")
        levels = [int(heading.tag[1]) for heading in headings]
        assert levels.count(1) == 1
        assert [pair for pair in pairwise(levels) if pair[1] > pair[0] + 1] == []


@every_theme
@every_variant
def test_every_item_stands_once_in_its_language_and_direction(theme: str, variant: str) -> None:
    content = a_rich_content(variant)
    root = mailed(theme, content)
    items = [item for part in content.parts for section in part.sections for item in section.items]
    shown = [
        (heading.get("id"), language_of(heading), direction_of(heading))
        for heading in root.xpath("//*[self::h2 or self::h3 or self::h4][@id]")
    ]
    assert shown == [(item.key, item.language, direction(item.language)) for item in items]
    own = content.language
    assert (root.get("lang"), root.get("dir")) == (own, direction(own))


@every_theme
def test_words_that_are_english_for_want_of_a_catalogue_say_so(theme: str) -> None:
    content = a_rich_content("ar+fr")
    reason = "You receive this newsletter."
    first = replace(content.parts[0], reason=reason, reason_language="en")
    root = mailed(theme, replace(content, parts=(first, *content.parts[1:])))
    words = (
        "[[greeting:ar]]",
        "Issue 7",
        "In English",
        "You no longer wish",
        "Unsubscribe",
        "Read online",
        reason,
    )
    holders = {part: root.xpath("//*[text()[contains(., $words)]]", words=part)[0] for part in words}
    shown = {part: (language_of(holder), direction_of(holder)) for part, holder in holders.items()}
    assert shown == dict.fromkeys(words, ("en", "ltr"))
    assert language_of(root.xpath("//*[text()[contains(., '[[greeting:fr]]')]]")[0]) == "fr"


def test_the_other_half_is_announced_in_words_of_one_language() -> None:
    assert present(a_rich_content("fr+ar")).parts[1].pointer == "The Arabic text follows below."


@every_theme
@every_variant
def test_pictures_have_words_a_size_and_their_own_proportions(theme: str, variant: str) -> None:
    pictures = [
        image for image in mailed(theme, a_rich_content(variant)).xpath("//img") if image.get("width")
    ]
    assert len(pictures) >= 3
    ratios = {"serre": 2.0, "marche": 1.6, "velo": 1.5}
    for image in pictures:
        width, height = int(image.get("width")), int(image.get("height"))
        name = image.get("src").rsplit("/", 1)[1].removesuffix(".jpg")
        assert abs(width / height - ratios[name]) < 0.02
        assert image.get("alt")
        assert f"max-width:{width}px" in image.get("style")


@every_theme
@every_variant
def test_blocks_balance_and_fields_are_known(theme: str, variant: str) -> None:
    html = render(theme, a_rich_content(variant)).html
    parts = variant.count("+") + 1
    for audience in ("mail", "web"):
        one = keep_blocks(html, audience)
        assert "<!--@" not in one
        assert one.count("<!--[if ") == one.count("<![endif]-->")
        tags = ("div", "table", "tr", "td", "p", "ul", "li", "blockquote")
        assert {
            tag: len(re.findall(f"<{tag}[ >]", one)) - one.count(f"</{tag}>") for tag in tags
        } == dict.fromkeys(tags, 0)
        fields = {str(piece) for piece in split_fields(one) if isinstance(piece, Field)}
        greetings = {f"[[greeting:{language}]]" for language in variant.split("+")}
        assert fields == ({*greetings, "[[link:unsubscribe]]"} if audience == "mail" else set())
        assert one.count("[[link:unsubscribe]]") == (parts if audience == "mail" else 0)


@every_theme
@every_variant
def test_the_small_print_says_why_who_and_how_to_leave(theme: str, variant: str) -> None:
    content = a_rich_content(variant)
    root = mailed(theme, content)
    small = folded(" ".join(element.text_content() for element in root.find_class("small")))
    for words in (*(part.reason for part in content.parts), "Quai des Tilleuls 12", "1000 Bruxelles"):
        assert folded(words) in small
    hrefs = [str(href) for href in root.xpath("//a/@href")]
    assert hrefs.count(content.view_url) == 1 + len(content.parts)
    ways = [href for href in hrefs if href.endswith("/preferences")]
    assert ways == [part.preferences_url for part in content.parts if part.preferences_url]
    assert {link.url for link in content.other_languages} <= set(hrefs)


@every_theme
def test_the_way_to_preferences_stands_only_where_there_is_one(theme: str) -> None:
    content = a_rich_content("fr")
    without = replace(content, parts=(replace(content.parts[0], preferences_url=""),))
    assert "Préférences" not in render(theme, without).html
    bodies = render(theme, content)
    assert f'<a href="{SITE}/fr/preferences"' in bodies.html
    assert f"Préférences – {SITE}/fr/preferences" in bodies.text


@every_theme
@every_variant
def test_links_are_underlined_known_and_ours(theme: str, variant: str) -> None:
    root = mailed(theme, a_rich_content(variant))
    for link in root.xpath("//a[not(ancestor::*[contains(@class, 'btn')])]"):
        assert "underline" in link.get("style")
        assert folded(link.text_content()) != ""
    hosts = {re.sub(r"^(https://[^/]+).*", r"\1", str(url)) for url in root.xpath("//a/@href|//img/@src")}
    assert {host for host in hosts if not host.startswith("mailto:")} == {SITE, "[[link:unsubscribe]]"}
    assert (
        re.findall(r"googleapis|mailjet|imgur|\\u\{|\{\{", lxml_html.tostring(root, encoding="unicode")) == []
    )


@every_theme
@every_variant
def test_the_text_says_what_the_mail_says_in_the_same_order(theme: str, variant: str) -> None:
    bodies = render(theme, a_rich_content(variant))
    text = folded(bodies.text)
    root = tree(keep_blocks(bodies.html, "mail"))
    headings = [folded(heading.text_content()) for heading in root.xpath("//h1|//h2[not(@id)]|//*[@id]")]
    places = [text.find(heading) for heading in headings]
    assert min(places) >= 0
    starts = [place for place, heading in zip(places, headings, strict=True) if text.count(heading) == 1]
    assert starts == sorted(starts)
    words = r"[\w\u00c0-\u00ff’]{4,}"
    said = set(re.findall(words, " ".join(root.xpath("//div[@role='article']//text()[not(parent::a)]"))))
    assert said - set(re.findall(words, bodies.text)) == set()
    targets = {str(target).removeprefix("mailto:") for target in root.xpath("//a/@href")}
    assert {target for target in targets if target not in bodies.text and "#" not in target} == set()


@every_theme
def test_dark_mode_is_said_in_all_three_ways(theme: str) -> None:
    html = render(theme, a_rich_content("fr")).html
    assert '<meta name="color-scheme" content="light dark">' in html.replace(" />", ">")
    style = "".join(tree(html).xpath("//style/text()"))
    assert "~" not in style
    media = style[style.index("@media (prefers-color-scheme: dark)") :]
    rules = re.findall(r"^(\.[^{]*)\{", media.split("[data-ogsc]")[0], re.MULTILINE)
    for rule in rules:
        first = rule.split(",")[0].strip()
        assert f"[data-ogsc] {first}" in style or f"[data-ogsb] {first}" in style


@every_theme
@pytest.mark.parametrize("variant", ["fr", "en"])
def test_twelve_long_items_stay_below_what_gmail_shows(theme: str, variant: str) -> None:
    items = [a_lead(variant, key=f"item-{number}") for number in range(12)]
    assert render(theme, a_content(variant, *items)).html_bytes < 60_000


@every_theme
def test_ten_full_items_in_both_languages_stay_below_what_gmail_shows(theme: str) -> None:
    items = [a_lead("fr", key=f"item-{number}") for number in range(10)]
    assert render(theme, a_content("fr+en", *items)).html_bytes < 95_000


@every_theme
def test_a_letter_without_items_or_texts_is_still_a_letter(theme: str) -> None:
    part = a_part("fr", heading="", intro="", reason="", sections=())
    root = mailed(theme, a_content("fr", parts=(part,), preheader="", other_languages=()))
    assert [heading.text_content() for heading in root.xpath("//h1")] == ["La lettre du canal"]
    assert root.xpath("//p[not(node())]") == []


@pytest.mark.parametrize("theme", ["magazine", "digest"])
@pytest.mark.parametrize("variant", ["fr", "en"])
def test_of_a_long_text_the_mail_has_the_beginning_and_the_page_all(theme: str, variant: str) -> None:
    page_url = a_content(variant).view_url
    html = render(theme, a_content(variant, a_market(variant), a_long_story(variant, read_url=page_url))).html
    mail, page = (folded(tree(keep_blocks(html, who)).text_content()) for who in ("mail", "web"))
    words = {"fr": "quatre-vingts kilos", "en": "eighty kilos"}[variant]
    assert 0 < mail.count(words) < page.count(words) == 5
    links = tree(keep_blocks(html, "mail")).xpath("//p[@class='more']/a")
    read_on = {"fr": "Lire la suite →", "en": "Read on →"}[variant]
    assert (folded(links[0].text_content()), links[0].get("href")) == (read_on, f"{page_url}#velo")


def test_a_magazine_shows_items_in_rows_of_one_kind() -> None:
    kinds = [
        (row.kind, [item.key for item in row.items])
        for section in present(a_rich_content("fr")).parts[0].sections
        for row in section.rows
    ]
    assert kinds == [
        (RowKind.LEAD, ["serre"]),
        (RowKind.PAIR, ["marche", "velo"]),
        (RowKind.BESIDE, ["velo-2"]),
        (RowKind.AGENDA, ["assemblee"]),
        (RowKind.BRIEF, ["ateliers", "bilan"]),
    ]


def test_an_agenda_shows_a_leaf_of_the_calendar() -> None:
    content = a_content("fr", a_summary("fr"), a_lead(), an_assembly())
    [leaf] = mailed("magazine", content).find_class("on")
    assert [folded(line.text_content()) for line in leaf.findall("p")] == ["Mercredi", "1er", "avril2026"]


def test_a_digest_numbers_its_items_through_all_sections() -> None:
    numbers = mailed("digest", a_rich_content("fr+en")).find_class("number")
    assert [number.text_content() for number in numbers] == [*"1234567", *"1234567"]


def test_a_digest_tells_topic_date_and_language_on_one_line() -> None:
    item = replace(an_assembly("en"), form=ItemForm.LABELLED)
    [line] = mailed("digest", a_content("fr", item)).find_class("kicker")
    assert folded(line.text_content()) == "Garden life · Mercredi 1er avril 2026 En anglais"


def test_the_words_of_a_digest_run_around_the_picture() -> None:
    pictures = mailed("digest", a_rich_content("ar+fr")).find_class("pic")
    assert {(direction_of(picture), picture.get("align")) for picture in pictures} == {
        ("rtl", "left"),
        ("ltr", "right"),
    }


@every_theme
def test_the_small_print_of_each_language_begins_on_its_own_side(theme: str) -> None:
    small = mailed(theme, a_rich_content("ar+fr")).find_class("small")[-1]
    sides = [(part.get("lang"), part.get("style")) for part in small.xpath(".//div[@lang and @style]")]
    assert [side for side in sides if "text-align" in side[1]][-2:] == [
        ("ar", "text-align:right"),
        ("fr", "text-align:left"),
    ]


@every_theme
def test_a_pale_accent_and_a_logo_work_in_every_theme(theme: str) -> None:
    branding = a_branding(accent="#ffdd00", logo_url=f"{SITE}/logo.png")
    bodies = render_edition(replace(a_rich_content("fr"), branding=branding), load_theme(theme))
    logo = tree(bodies.html).find_class("logo")[0]
    assert (logo.get("alt"), logo.get("height")) == (branding.organisation, "44")
    assert "background-color:#ffffff" in logo.get("style")
    button = tree(bodies.html).find_class("btn")[:1] or tree(bodies.html).find_class("card")
    assert "#ffdd00" in lxml_html.tostring(button[0], encoding="unicode")
