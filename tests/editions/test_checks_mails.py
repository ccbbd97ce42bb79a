"""Each check of a rendered mail: what it finds, and the close mail that it must leave alone."""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest

from builders_checks import a_mail, codes, message, where
from builders_rendering import a_branding, a_content, a_lead
from newsletter.editions.actions import RenderedVariant
from newsletter.editions.checks.findings import Finding
from newsletter.editions.checks.mail_contrast import check_contrast, rules_for_dark
from newsletter.editions.checks.mail_features import features_in
from newsletter.editions.checks.mail_markup import (
    check_headings,
    check_languages_marked,
    check_left_over,
    check_pictures,
    check_sources,
    check_unsubscribe,
    check_way_out,
    parse_mail,
)
from newsletter.editions.checks.mail_size import check_size, shares_of_items
from newsletter.editions.checks.mail_support import HARMLESS, MAJOR_CLIENTS, check_support, support_data
from newsletter.editions.checks.mail_words import check_lengths
from newsletter.editions.checks.run import check_mails
from newsletter.editions.freezing import Rendering
from newsletter.rendering.content import EditionContent
from newsletter.rendering.render import render_edition
from newsletter.rendering.themes import load_theme

CONTENT, BODIES = a_mail("fr+en")
HTML = BODIES.html
UNSUBSCRIBE = 'href="[[link:unsubscribe]]"'


def changed(old: str, new: str) -> str:
    """The letter's HTML with something in it changed."""
    html = re.sub(old, new, HTML)
    assert html != HTML, f"{old} is not in the letter"
    return html


def way_out(html: str, content: EditionContent = CONTENT) -> list[Finding]:
    return [*check_unsubscribe(html), *check_way_out(content, parse_mail(html))]


def headings(body: str) -> list[Finding]:
    return list(check_headings(parse_mail(f"<body>{body}</body>")))


def pictures(picture: str) -> list[Finding]:
    return list(check_pictures(parse_mail(f"<body>{picture}</body>")))


def languages(html: str) -> list[Finding]:
    return list(check_languages_marked(CONTENT, parse_mail(html)))


def sources(body: str) -> list[Finding]:
    return list(check_sources(CONTENT, parse_mail(f"<body>{body}</body>")))


def left_over(body: str) -> list[Finding]:
    return list(check_left_over(parse_mail(f"<body>{body}</body>")))


def contrast(body: str, head: str = "") -> list[Finding]:
    return list(check_contrast(f"<html><head>{head}</head><body>{body}</body></html>"))


def support(body: str) -> list[Finding]:
    return list(check_support(parse_mail(f"<body>{body}</body>")))


def size(kilobytes: int) -> list[Finding]:
    body = "Encore une ligne de plus pour la serre. " * (kilobytes * 25)
    item = a_lead("fr", body=body, key="announcement-7")
    content = a_content("fr", item)
    theme = load_theme("letter")
    return list(check_size(content, render_edition(content, theme), theme))


def lengths(
    subject: str = "Le printemps arrive au bord de l’eau",
    preheader: str = "Une serre à construire, des semis à partager.",
) -> list[Finding]:
    content = replace(a_content("fr"), preheader=preheader)
    return list(check_lengths(replace(content, parts=(replace(content.parts[0], subject=subject),))))


CASES: dict[str, tuple[Callable[[], list[Finding]], Callable[[], list[Finding]]]] = {
    "unsubscribe-missing": (
        lambda: way_out(changed(re.escape(UNSUBSCRIBE), 'href="https://x.example"')),
        lambda: way_out(HTML),
    ),
    "postal-address-missing": (
        lambda: way_out(changed("Tilleuls", "Lilas")),
        lambda: way_out(changed("Quai des Tilleuls", "QUAI\u00a0des Tilleuls")),
    ),
    "view-online-missing": (
        lambda: way_out(HTML.replace(CONTENT.view_url, "https://jardins.example/")),
        lambda: way_out(HTML),
    ),
    "heading-one": (
        lambda: headings("<h1>A</h1><h1>B</h1>"),
        lambda: headings("<h1>A</h1><h1></h1><h2>B</h2>"),
    ),
    "heading-skipped": (
        lambda: headings("<h1>A</h1><h3>B</h3>"),
        lambda: headings("<h1>A</h1><h2>B</h2><h3>C</h3><h2>D</h2>"),
    ),
    "image-without-alt": (
        lambda: pictures('<img src="a.png" width="10">'),
        lambda: pictures('<img src="a.png" width="10" alt="">'),
    ),
    "image-without-width": (
        lambda: pictures('<img src="a.png" alt="">'),
        lambda: pictures('<img src="a.png" alt="" height="44" style="height:44px;width:auto">'),
    ),
    "language-not-marked": (
        lambda: languages(changed('<html lang="fr"', '<html lang="und"')),
        lambda: languages(HTML),
    ),
    "insecure-address": (
        lambda: sources('<a href="http://canal.example/x">x</a>'),
        lambda: sources('<a href="https://canal.example/x">x</a><a href="http://127.0.0.1:8000/x">y</a>'),
    ),
    "third-party-resource": (
        lambda: sources('<img src="https://imgur.example/x.png">'),
        lambda: sources(
            '<img src="https://jardins.example/x.png"><a href="https://imgur.example/x.png">x</a>'
        ),
    ),
    "left-over-sign": (
        lambda: left_over("<p>Bonjour {{ name }}</p>"),
        lambda: left_over("<p>Bonjour [[first_name]], a &lt; b &amp; c [[open]]x</p>"),
    ),
    "low-contrast": (
        lambda: contrast('<p style="color:#999999;background:#ffffff">Bonjour</p>'),
        lambda: contrast('<p style="color:#595959;background:#ffffff">Bonjour</p>'),
    ),
    "client-support": (
        lambda: support('<div style="display:flex">x</div>'),
        lambda: support('<div style="display:block;border-radius:3px">x</div>'),
    ),
    "nearly-too-large": (lambda: size(80), lambda: size(55)),
    "too-large": (lambda: size(100), lambda: size(55)),
    "subject-too-long": (lambda: lengths("x" * 79), lambda: lengths("x" * 78)),
    "subject-too-short": (lambda: lengths("Bonjour"), lambda: lengths("Bonjour à tous")),
    "preheader-too-long": (lambda: lengths(preheader="x" * 141), lambda: lengths(preheader="x" * 140)),
    "preheader-too-short": (lambda: lengths(preheader="x" * 29), lambda: lengths(preheader="x" * 30)),
}


@pytest.mark.parametrize("code", CASES)
def test_check_finds_what_it_is_for(code: str) -> None:
    assert codes(CASES[code][0]()) == [code]


@pytest.mark.parametrize("code", CASES)
def test_check_leaves_a_close_mail_alone(code: str) -> None:
    assert codes(CASES[code][1]()) == []


def checked(contents: Iterable[EditionContent]) -> list[Finding]:
    theme = load_theme("letter")
    contents = tuple(contents)
    bodies = [RenderedVariant(content.variant, render_edition(content, theme)) for content in contents]
    return check_mails(contents, Rendering(tuple(bodies), ()), theme)


@pytest.mark.parametrize("theme", ["letter", "magazine", "digest"])
@pytest.mark.parametrize("accent", ["#14539a", "#f2c200", "#ff0000", "#cccccc"])
def test_themes_can_be_read_in_light_and_dark(theme: str, accent: str) -> None:
    content = replace(a_content("fr+en"), branding=a_branding(accent=accent))
    html = render_edition(content, load_theme(theme)).html
    assert rules_for_dark(html) != ""
    assert [message(found) for found in check_contrast(html)] == []


def test_finding_names_the_variants_that_share_it() -> None:
    contents = [
        replace(a_content(variant), branding=a_branding(postal_address="")) for variant in ("fr", "en")
    ]
    (found,) = checked(contents)
    assert (found.code, where(found)) == ("postal-address-missing", "variants fr, en")


def test_contrast_is_computed_for_dark_mode() -> None:
    head = "<style>@media (prefers-color-scheme: dark) { p { color: #333333 !important } body { background: #111111 !important } }</style>"
    (found,) = contrast('<p style="color:#000000">Bonjour</p>', head)
    assert "In dark mode #333333 on #111111" in message(found)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('<p style="color:#888888;font-size:24px">Large</p>', []),
        ('<p style="color:#888888;font-size:19px;font-weight:700">Bold</p>', []),
        ('<p style="color:#888888;font-size:19px">Not bold</p>', ["low-contrast"]),
        ('<div style="display:none;color:#ffffff">Hidden</div>', []),
        ('<p style="background:url(x.png) #ffffff;color:#eeeeee">On a picture</p>', []),
        ('<div style="background:#000000"><p style="color:rgb(255, 255, 255)">Inverse</p></div>', []),
        ('<table bgcolor="#000000"><tr><td>Black on black</td></tr></table>', ["low-contrast"]),
        ('<p style="color:#ffffff"><img alt="" src="x"> · </p>', []),
    ],
)
def test_contrast_reads_styles_as_mail_programs_do(body: str, expected: list[str]) -> None:
    assert codes(contrast(body)) == expected


def test_fallback_item_must_be_marked_in_its_language() -> None:
    title = "Réparer son vélo, chaque jeudi"
    content, bodies = a_mail("en")
    assert title in bodies.html
    unmarked = bodies.html.replace(' lang="fr"', "")
    found = {(item.code, item.language) for item in check_languages_marked(content, parse_mail(unmarked))}
    assert found == {("language-not-marked", "fr")}
    assert list(check_languages_marked(content, parse_mail(bodies.html))) == []


@pytest.mark.parametrize(
    "sign", ["{{ x }}", "{% if %}", "\\u{1f600}", "\\u00e9", "&amp;eacute;", "%(name)s", "[[Prénom"]
)
def test_left_over_signs_are_found(sign: str) -> None:
    assert codes(left_over(f'<p>Bonjour</p><img alt="{sign}">')) == ["left-over-sign"]


def test_share_of_each_item_is_what_the_letter_would_be_shorter_by() -> None:
    content = a_content(
        "fr", a_lead("fr", body="x " * 20_000, key="announcement-1"), a_lead("fr", key="announcement-2")
    )
    theme = load_theme("letter")
    shares = shares_of_items(content, render_edition(content, theme), theme)
    assert [item.key for item, _ in shares] == ["announcement-1", "announcement-2"]
    assert shares[0][1] > 40_000 > 10_000 > shares[1][1] > 500


def test_message_of_a_large_letter_names_the_largest_item() -> None:
    (found,) = size(100)
    assert "announcement 7 “Une serre" in message(found)


def test_each_half_of_a_combined_subject_counts() -> None:
    content = a_content("fr+en")
    long = replace(content, parts=(replace(content.parts[0], subject="x" * 61), content.parts[1]))
    assert [(f.code, f.language) for f in check_lengths(long)] == [("subject-too-long", "fr")]


def test_support_data_know_the_major_programs_and_the_harmless_features() -> None:
    data = support_data()
    assert set(MAJOR_CLIENTS) <= data.clients.keys()
    assert HARMLESS.keys() <= data.features.keys()
    assert {len(letters) for _, letters in data.features.values()} == {len(data.clients)}
    assert data.unsupported_by("css-border-radius") == ["Outlook (Windows)"]
    assert data.unsupported_by("html-table") == []


def test_support_message_names_feature_programs_and_date() -> None:
    (found,) = support('<video src="https://jardins.example/x.mp4"></video>')
    assert message(found).startswith("<video> element is not understood by ")
    assert "Gmail (iOS)" in message(found)
    assert message(found).endswith("(caniemail, 2026-05-13).")


def test_features_of_html_and_css_are_recognised() -> None:
    html = (
        "<style>@media (prefers-color-scheme: dark) { a:hover { color: red } } @font-face { src: url(x) }</style>"
        '<p style="width: calc(1px + 1rem); background: linear-gradient(red, blue)"><img src="https://x.example/a.webp?x" srcset="b 2x">'
        '<a href="#top" target="_blank">x</a></p>'
    )
    assert features_in(parse_mail(html)) & support_data().features.keys() == {
        *("css-at-media", "css-at-media-prefers-color-scheme", "css-at-font-face", "css-pseudo-class-hover"),
        *("css-width", "css-background", "css-unit-calc", "css-unit-rem", "css-linear-gradient"),
        *(
            "html-p",
            "html-style",
            "html-img",
            "html-srcset",
            "html-anchor-links",
            "html-target",
            "html-body",
            "image-webp",
        ),
    }


def test_words_of_a_fallback_item_must_be_marked_like_its_title() -> None:
    content, bodies = a_mail("en")
    assert "Gratuit pour les membres" in bodies.html
    body = re.compile(r"<p[^>]*>(?=Venez avec votre vélo)")
    html = body.sub('<p lang="en">', bodies.html)
    assert html != bodies.html
    assert [(f.code, f.language) for f in check_languages_marked(content, parse_mail(html))] == [
        ("language-not-marked", "fr")
    ]


@pytest.mark.parametrize("theme", ["letter", "magazine", "digest"])
@pytest.mark.parametrize("variant", ["fr", "en", "fr+en", "en+fr"])
def test_themes_have_no_findings(theme: str, variant: str) -> None:
    content = a_content(variant)
    loaded = load_theme(theme)
    bodies = render_edition(content, loaded)
    rendering = Rendering((RenderedVariant(variant, bodies),), ())
    found = check_mails([content], rendering, loaded)
    assert [(item.code, message(item)) for item in found] == []
