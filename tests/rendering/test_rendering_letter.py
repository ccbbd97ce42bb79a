"""The house theme `letter`: its structure, languages, blocks and text part, in every variant."""

import re
from dataclasses import replace
from datetime import date
from itertools import pairwise

import pytest
from lxml import html as lxml_html

from builders_rendering import (
    SITE,
    VARIANTS,
    a_branding,
    a_content,
    a_lead,
    a_market,
    a_part,
    a_summary,
    a_translation_gap,
)
from newsletter.foundation.merge import Field, keep_blocks, split_fields
from newsletter.rendering.content import EditionContent, Item, ItemForm, LanguageLink, Picture, SectionPart
from newsletter.rendering.problems import Code, Level, Problem
from newsletter.rendering.render import LARGEST_HTML_BYTES, RenderedBodies, render_edition
from newsletter.rendering.themes import load_theme

LETTER = load_theme("letter")
every_variant = pytest.mark.parametrize("variant", VARIANTS)


def render(content: EditionContent) -> RenderedBodies:
    bodies = render_edition(content, LETTER)
    assert bodies.problems == ()
    return bodies


def tree(html: str) -> lxml_html.HtmlElement:
    return lxml_html.document_fromstring(html)


def language_of(element: lxml_html.HtmlElement) -> str:
    return str(element.xpath("ancestor-or-self::*[@lang][1]/@lang")[0])


def folded(text: str) -> str:
    return re.sub(r"[\s\u00a0\u202f]+", " ", text).strip()


def headings(html: str) -> list[tuple[str, str, str]]:
    found = tree(html).xpath("//h1|//h2|//h3|//h4|//h5|//h6")
    return [(str(heading.tag), language_of(heading), folded(heading.text_content())) for heading in found]


def fields_in(text: str) -> list[str]:
    return sorted(str(piece) for piece in split_fields(text) if isinstance(piece, Field))


def test_a_french_letter_says_everything_in_french() -> None:
    bodies = render(a_content("fr"))
    shown = folded(tree(bodies.html).find("body").text_content())
    for words in (
        "Lire en ligne",
        "N° 7 · 1er mars 2026",
        "Samedi 9 mai 2026",
        "En anglais",
        "Se désinscrire",
        "English version",
    ):
        assert words in shown
    assert "Unsubscribe" not in shown


def test_an_english_letter_says_everything_in_english() -> None:
    bodies = render(a_content("en"))
    shown = folded(tree(bodies.html).find("body").text_content())
    for words in (
        "Read online",
        "Issue 7 · 1 March 2026",
        "Saturday, 9 May 2026",
        "In French",
        "Unsubscribe",
        "Version française",
    ):
        assert words in shown
    assert "Se désinscrire" not in shown


@every_variant
def test_the_language_stands_on_the_page_its_wrapper_and_each_part(variant: str) -> None:
    root = tree(render(a_content(variant)).html)
    own = variant[:2]
    assert (root.get("lang"), root.get("dir")) == (own, "ltr")
    wrapper = root.xpath("//div[@role='article']")[0]
    assert (wrapper.get("lang"), wrapper.get("dir")) == (own, "ltr")
    titles = root.find_class("title")
    assert [language_of(title) for title in titles] == variant.split("+")
    assert all(element.get("dir") in {"ltr", "rtl"} for element in root.xpath("//div[@lang]"))


def test_headings_of_one_language() -> None:
    assert headings(render(a_content("fr")).html) == [
        ("h1", "fr", "Le printemps arrive au bord de l’eau"),
        ("h2", "fr", "À la une"),
        ("h3", "fr", "Une serre de quarante mètres, c’est pour bientôt !"),
        ("h3", "fr", "Le marché aux plants revient"),
        ("h4", "fr", "Ce qu’il faut apporter"),
        ("h2", "fr", "Au jardin"),
        ("h3", "en", "Bike repair workshops every Thursday"),
        ("h3", "en", "Our year in figures"),
    ]


@every_variant
def test_there_is_one_h1_and_no_level_is_skipped(variant: str) -> None:
    for content in (a_content(variant), a_content(variant, a_lead(variant[:2]), a_market(variant[:2]))):
        levels = [int(tag[1]) for tag, _, _ in headings(render(content).html)]
        assert levels.count(1) == 1
        assert levels[0] == 1
        assert [pair for pair in pairwise(levels) if pair[1] > pair[0] + 1] == []


@every_variant
def test_the_readers_own_language_comes_first(variant: str) -> None:
    bodies = render(a_content(variant))
    languages = [language for tag, language, _ in headings(bodies.html) if tag in {"h1", "h2"}]
    assert list(dict.fromkeys(languages)) == variant.split("+")


@pytest.mark.parametrize(
    ("variant", "words"),
    [
        (
            "fr+en",
            [
                "The English text follows below. Read online",
                "Le texte en français se trouve plus haut. Lire en ligne",
            ],
        ),
        (
            "en+fr",
            [
                "Le texte en français suit plus bas. Lire en ligne",
                "The English text stands above. Read online",
            ],
        ),
    ],
)
def test_each_half_of_a_combined_letter_leads_to_the_other_on_the_web(variant: str, words: list[str]) -> None:
    content = a_content(variant)
    jumps = tree(render(content).html).find_class("jump")
    assert [folded(jump.text_content()) for jump in jumps] == words
    own, other = variant.split("+")
    assert [language_of(jump) for jump in jumps] == [other, own]
    pages = [jump.find("a").get("href") for jump in jumps]
    assert pages == [f"{SITE}/{other}/archive/canal/7", content.view_url]


@pytest.mark.parametrize(
    ("variant", "mark", "other"), [("fr", "En anglais", "en"), ("en", "In French", "fr")]
)
def test_an_item_in_another_language_is_marked_and_wrapped(variant: str, mark: str, other: str) -> None:
    root = tree(render(a_content(variant)).html)
    marks = root.find_class("mark")
    assert [(folded(element.text_content()), language_of(element)) for element in marks] == [
        (mark, variant)
    ] * 2
    title = a_translation_gap(variant).title
    heading = next(
        item for item in root.find_class("item") if folded(item.text_content()).replace("’", "'") == title
    )
    assert language_of(heading) == other
    assert language_of(heading.getnext()) == other


@pytest.mark.parametrize("variant", ["fr", "en"])
def test_of_a_summary_only_title_and_link_are_shown(variant: str) -> None:
    item = a_summary(
        variant, summary="kept back", body="kept back", picture=a_lead().picture, happens_on=date(2026, 1, 2)
    )
    bodies = render(a_content(variant, item))
    link = tree(bodies.html).find_class("item")[0].find("a")
    assert (link.text_content(), link.get("href")) == (item.title, item.read_url)
    assert "kept back" not in bodies.html + bodies.text
    assert item.read_url in bodies.text
    assert tree(bodies.html).xpath("//img") == []


@every_variant
def test_pictures_have_alt_and_size(variant: str) -> None:
    images = tree(render(a_content(variant)).html).xpath("//img")
    sizes = [(image.get("width"), image.get("height")) for image in images]
    assert sizes == [("600", "300"), ("536", "335")] * (1 + variant.count("+"))
    assert all(image.get("alt") for image in images)


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        ((300, 200), (300, 200)),
        ((2400, 1200), (600, 300)),
        ((500, 1000), (240, 480)),
        ((1, 5000), (1, 480)),
        ((0, 0), (1, 1)),
    ],
)
def test_pictures_are_never_enlarged_nor_taller_than_a_screen(
    size: tuple[int, int], shown: tuple[int, int]
) -> None:
    picture = Picture(f"{SITE}/x.jpg", "x", *size)
    image = tree(render(a_content("fr", a_lead(picture=picture))).html).xpath("//img")[0]
    width, height = int(image.get("width")), int(image.get("height"))
    assert (width, min(height, 480)) == shown


@every_variant
def test_blocks_for_mails_balance_and_leave_whole_html(variant: str) -> None:
    html = render(a_content(variant)).html
    parts = variant.count("+") + 1
    assert html.count("<!--@only mail-->") == html.count("<!--@end-->") == 2 + 2 * parts
    mail, page = keep_blocks(html, "mail"), keep_blocks(html, "web")
    assert fields_in(mail) == sorted(
        [*(f"[[greeting:{language}]]" for language in variant.split("+")), *["[[link:unsubscribe]]"] * parts]
    )
    assert fields_in(page) == []
    for one in (mail, page):
        assert "<!--@" not in one
        assert one.count("<!--[if mso") == one.count("<!--[if mso | IE]>") + 1
        assert len(re.findall(r"<!--\[if ", one)) == len(re.findall(r"<!\[endif\]-->", one))
        assert [
            len(re.findall(f"<{tag}[ >]", one)) - one.count(f"</{tag}>")
            for tag in ("div", "table", "td", "p")
        ] == [0] * 4


@every_variant
def test_links_are_underlined_and_lead_to_known_places(variant: str) -> None:
    root = tree(render(a_content(variant)).html)
    hosts = {
        re.sub(r"^(https://[^/]+).*", r"\1", str(address)) for address in root.xpath("//a/@href|//img/@src")
    }
    assert {host for host in hosts if not host.startswith("mailto:")} == {SITE, "[[link:unsubscribe]]"}
    in_text = [link for link in root.xpath("//a") if not link.xpath("ancestor::*[contains(@class, 'btn')]")]
    assert [link for link in in_text if "underline" not in str(link.get("style"))] == []


@every_variant
def test_nothing_comes_from_third_parties_and_nothing_is_left_over(variant: str) -> None:
    bodies = render(a_content(variant))
    assert re.findall(r"googleapis|mailjet|imgur|\\u\{|\{\{|\}\}\}", bodies.html) == []
    assert re.findall(r"\{\{|\{%|None", bodies.text) == []


@every_variant
def test_the_text_says_all_that_the_html_says_in_the_same_order(variant: str) -> None:
    bodies = render(a_content(variant))
    text = folded(bodies.text)
    root = tree(bodies.html)
    blocks = root.xpath(
        "//*[self::h1 or self::h2 or self::h3 or self::h4 or self::li][not(ancestor::blockquote)]"
    )
    places = [text.find(folded(block.text_content())) for block in blocks]
    assert min(places) >= 0
    assert places == sorted(places)
    words = set(
        re.findall(r"[\wÀ-ÿ’]{3,}", " ".join(root.xpath("//div[@role='article']//text()[not(parent::a)]")))
    )
    assert words - set(re.findall(r"[\wÀ-ÿ’]{3,}", bodies.text)) == set()
    targets = {str(target).removeprefix("mailto:") for target in root.xpath("//a/@href")}
    assert {target for target in targets if target not in bodies.text} == set()


def test_the_text_of_a_small_letter() -> None:
    content = a_content("fr", a_market(picture=None, body="Des **cageots**."))
    assert render(content).text == (
        "La lettre du canal\n"
        "Le printemps arrive au bord de l’eau\n"
        "====================================\n"
        "N°\u00a07 · 1er mars 2026\n"
        f"Lire en ligne\u00a0: {SITE}/fr/archive/canal/7/fr\n"
        f"English version – {SITE}/en/archive/canal/7\n"
        "\n"
        "[[greeting:fr]]\n"
        "\n"
        "Trois nouvelles ce mois-ci\u00a0: deux minutes de lecture. Une question\u202f? Écrivez-nous (bonjour@jardins.example).\n"
        "\n"
        "Agenda\n"
        "Le marché aux plants revient\n"
        "----------------------------\n"
        "\n"
        "Samedi 9 mai 2026\n"
        "\n"
        "Cent vingt variétés, un prix libre et de la soupe.\n"
        "\n"
        "Des cageots.\n"
        "\n"
        "----------------------------------------\n"
        "Vous recevez cette lettre parce que vous vous y êtes inscrit en ligne.\n"
        "Vous ne souhaitez plus recevoir cette lettre d’information\u202f?\n"
        "Se désinscrire\u00a0: [[link:unsubscribe]]\n"
        "\n"
        "Les Jardins du Canal / Canal Gardens\n"
        "Quai des Tilleuls 12\n"
        "1000 Bruxelles\n"
        "https://jardins.example\n"
    )


def test_the_preheader_is_padded_so_that_no_body_text_follows_it() -> None:
    content = a_content("fr", preheader="Court : oui !")
    bodies = render(content)
    hidden = tree(bodies.html).xpath(
        "//body/div[contains(@style, 'display:none') or contains(@style, 'display: none')]"
    )
    assert [element.text_content()[:13] for element in hidden] == ["Court\u00a0: oui\u202f!"]
    assert set(hidden[0].text_content()[13:]) == {"\u034f", "\u200c", "\u00a0"}
    assert bodies.preheader == "Court\u00a0: oui\u202f!"


def test_subject_keeps_its_fields_and_gets_its_typography() -> None:
    bodies = render(a_content("fr", subject="[[first_name|Toi]] : c'est l'heure ! \\[[x]]\r\nsuite"))
    assert bodies.subject == "[[first_name|Toi]]\u00a0: c’est l’heure\u202f! [[open]]x]] suite"
    assert tree(bodies.html).findtext("head/title") == bodies.subject


def test_fields_in_intro_and_body_stay_fields_with_an_escaped_default() -> None:
    item = a_lead(body="Chère [[first_name|lectrice & <amie>]] ! [au revoir]([[link:unsubscribe]])")
    bodies = render(a_content("fr", item))
    assert "Chère [[first_name|lectrice &amp; &lt;amie&gt;]]\u202f!" in bodies.html
    assert "Chère [[first_name|lectrice & <amie>]]\u202f! au revoir ([[link:unsubscribe]])" in bodies.text
    assert bodies.html.count('href="[[link:unsubscribe]]"') == 2


def test_a_letter_from_right_to_left_turns_as_a_whole() -> None:
    item = Item(
        "bustan", "ar", ItemForm.FULL, "البستان الجديد", body="نص\n\n> قول\n\n- واحد", action=a_lead().action
    )
    part = a_part(
        "fr", language="ar", list_name="رسالة القناة", heading="الربيع", intro="مرحبا", reason="سبب"
    )
    part = replace(part, sections=(SectionPart("قسم", (item, a_lead("en", form=ItemForm.LABELLED))),))
    content = a_content("fr", variant="ar", preheader="…", parts=(part,))
    root = tree(render(content).html)
    assert (root.get("lang"), root.get("dir")) == ("ar", "rtl")
    heading = root.find_class("lead")[0]
    assert heading.xpath("ancestor::*[@dir][1]/@dir") == ["rtl"]
    assert "text-align: right" in heading.xpath("ancestor::td[1]/div/@style")[0].replace(":right", ": right")
    labelled = root.find_class("item")[0]
    assert labelled.xpath("ancestor::*[@dir][1]/@dir") == ["ltr"]
    assert (
        root.xpath(
            "//div[contains(@class, 'mj-column') and contains(translate(@style, ' ', ''), 'direction:ltr')]"
        )
        == []
    )


def test_links_to_several_other_languages() -> None:
    links = tuple(LanguageLink(language, f"{SITE}/{language}/7") for language in ("en", "nl", "ar"))
    root = tree(render(a_content("fr", other_languages=links)).html)
    shown = [
        (link.text_content(), link.get("hreflang"), link.get("dir")) for link in root.xpath("//a[@hreflang]")
    ]
    names = [("English version", "en", "ltr"), ("Nederlandse versie", "nl", "ltr"), ("العربية", "ar", "rtl")]
    assert shown == names * 2


def test_a_logo_stands_on_top_with_the_organisation_as_its_text() -> None:
    content = a_content("fr", a_translation_gap("fr"), branding=a_branding(logo_url=f"{SITE}/logo.png"))
    image = tree(render(content).html).xpath("//img")[0]
    assert (image.get("src"), image.get("alt")) == (
        f"{SITE}/logo.png",
        "Les Jardins du Canal / Canal Gardens",
    )


def test_a_letter_without_items_or_texts_is_still_a_letter() -> None:
    part = a_part("fr", heading="", intro="", reason="", sections=())
    root = tree(render(a_content("fr", parts=(part,), preheader="", other_languages=())).html)
    assert [heading.text_content() for heading in root.xpath("//h1")] == ["La lettre du canal"]
    assert root.xpath("//p[not(node())]") == root.find_class("name") == []


def test_the_accent_is_used_and_mended_where_it_cannot_be_read() -> None:
    assert "#0b6e4f" in render(a_content("fr", branding=a_branding(accent="#0B6E4F"))).html
    pale = render_edition(a_content("fr", branding=a_branding(accent="#ffdd00")), LETTER)
    assert [(problem.code, problem.level) for problem in pale.problems] == [
        (Code.ACCENT_ADJUSTED, Level.NOTES)
    ]
    wrong = render_edition(a_content("fr", branding=a_branding(accent="jaune")), LETTER)
    assert [(problem.code, problem.level) for problem in wrong.problems] == [(Code.BAD_ACCENT, Level.WARNS)]
    assert "#14539a" in wrong.html


@pytest.mark.parametrize("variant", ["fr", "en"])
def test_unknown_fields_block_with_their_line_and_place(variant: str) -> None:
    item = a_lead(variant, body="un\n\n[[surname]]", title="[[surname]] is literal here")
    content = a_content(variant, item, subject="[[surname]]", preheader="x [[Prénom]]")
    content = replace(content, parts=(replace(content.parts[0], intro="\n[[link:home]]"),))
    found = [(p.code, p.level, p.where, p.line, p.language) for p in render_edition(content, LETTER).problems]
    assert found == [
        (Code.UNKNOWN_FIELD, Level.BLOCKS, "subject", 1, variant),
        (Code.LOOKS_LIKE_FIELD, Level.WARNS, "preheader", 1, variant),
        (Code.UNKNOWN_FIELD, Level.BLOCKS, "intro", 2, variant),
        (Code.UNKNOWN_FIELD, Level.BLOCKS, "item serre body", 3, variant),
    ]


def test_links_that_are_not_safe_block_and_are_left_out() -> None:
    bad = "javascript:alert(1)"
    item = a_lead(
        body=f"[x]({bad})", action=replace(a_lead().action, url=bad), picture=Picture(bad, "x", 10, 10)
    )  # type: ignore[type-var]
    bodies = render_edition(a_content("fr", item, view_url=bad), LETTER)
    assert [(p.code, p.where) for p in bodies.problems] == [
        (Code.UNSAFE_LINK, "item serre body"),
        (Code.UNSAFE_LINK, "item serre button"),
        (Code.UNSAFE_LINK, "item serre picture"),
        (Code.UNSAFE_LINK, "view_url"),
    ]
    assert "javascript" not in bodies.html + bodies.text + bodies.mjml


def test_what_is_missing_is_told() -> None:
    items = (a_lead(title=" ", picture=replace(a_lead().picture, alt="")), a_summary("fr", read_url=""))  # type: ignore[type-var]
    bodies = render_edition(a_content("fr", *items), LETTER)
    assert [(p.code, p.level, p.where) for p in bodies.problems] == [
        (Code.TITLE_MISSING, Level.BLOCKS, "item serre"),
        (Code.PICTURE_WITHOUT_ALT, Level.WARNS, "item serre picture"),
        (Code.LINK_MISSING, Level.WARNS, "item bilan"),
    ]


@pytest.mark.parametrize("variant", ["fr", "en"])
def test_twelve_items_stay_below_what_gmail_shows(variant: str) -> None:
    items = [a_lead(variant, key=f"item-{number}") for number in range(12)]
    bodies = render(a_content(variant, *items))
    assert bodies.html_bytes < LARGEST_HTML_BYTES


def test_a_letter_that_gmail_would_cut_off_is_told() -> None:
    items = [a_lead("fr", key=f"item-{number}", body="Des mots. " * 400) for number in range(30)]
    bodies = render_edition(a_content("fr", *items), LETTER)
    assert [(problem.code, problem.level) for problem in bodies.problems] == [(Code.TOO_LARGE, Level.WARNS)]


@every_variant
def test_rendering_twice_gives_the_same(variant: str) -> None:
    assert render_edition(a_content(variant), LETTER) == render_edition(
        a_content(variant), load_theme("letter")
    )


def test_a_problem_is_a_value() -> None:
    assert Problem("x", Level.NOTES, "y") == Problem("x", Level.NOTES, "y", None, "", "")


@pytest.mark.parametrize(
    ("variant", "subject"),
    [("fr+en", "Prêts\u202f? | Ready? Go!"), ("en+fr", "Ready? Go! | Prêts\u202f?")],
)
def test_each_half_of_a_subject_has_the_typography_of_its_language(variant: str, subject: str) -> None:
    content = a_content(variant)
    words = {"fr": "Prêts ?", "en": "Ready? Go!"}
    parts = tuple(replace(part, subject=words[part.language]) for part in content.parts)
    assert render(replace(content, parts=parts)).subject == subject
