"""MJML that sets every attribute in every way: on the element itself, as the default of its tag, in `mj-all`, in an `mj-class`.

One attribute a document, with each of two values where its type has two, so that each document shows one thing.
"""

import re
from collections.abc import Iterator

from newsletter.rendering.mjml.schema import Component, schema

_LINKS = {"href", "src", "background-url", "sizes", "srcset", "thumbnails-src"}
_EVERYWHERE = {"css-class", "mj-class"}
_WORDS = {
    "font-family": ("Georgia, serif", "Verdana"),
    "font-weight": ("700", "bold"),
    "font-style": ("italic", "normal"),
    "text-transform": ("uppercase", "lowercase"),
    "text-decoration": ("underline", "none"),
    "border-style": ("dashed", "dotted"),
    "background-size": ("cover", "120px 80px"),
    "background-position": ("top left", "center center"),
    "background-position-x": ("left", "20px"),
    "background-position-y": ("top", "30%"),
    "direction": ("ltr", "rtl"),
    "vertical-align": ("top", "middle"),
    "target": ("_self", "_blank"),
    "mode": ("fluid-height", "fixed-height"),
    "line-height": ("1.4", "22px"),
    "hamburger": ("hamburger", ""),
    "icon-align": ("top", "middle"),
}
_TWO_TEXTS = "<mj-text>One</mj-text><mj-text>Two</mj-text>"
_COLUMNS = f"<mj-column>{_TWO_TEXTS}</mj-column><mj-column><mj-text>Three</mj-text></mj-column>"
_SECTION = f"<mj-section>{_COLUMNS}</mj-section>"
# Around each component what it must stand in, and in it what it is made for; {} takes the attribute.
_PLACES = {
    "mj-body": None,
    "mj-wrapper": f"<mj-wrapper{{}}>{_SECTION}{_SECTION}</mj-wrapper>",
    "mj-section": f"<mj-section{{}}>{_COLUMNS}</mj-section>",
    "mj-hero": f"<mj-hero{{}}>{_TWO_TEXTS}</mj-hero>",
    "mj-group": f"<mj-section><mj-group{{}}>{_COLUMNS}</mj-group></mj-section>",
    "mj-column": f"<mj-section><mj-column{{}}>{_TWO_TEXTS}</mj-column></mj-section>",
}
_IN_A_COLUMN = {
    "mj-text": "<mj-text{}>Some <b>words</b></mj-text>",
    "mj-button": "<mj-button{}>Press</mj-button>",
    "mj-image": '<mj-image src="https://site.example/a.png" alt="A"{} />',
    "mj-divider": "<mj-divider{} />",
    "mj-spacer": "<mj-spacer{} />",
    "mj-table": "<mj-table{}><tr><td>a</td><td>b</td></tr></mj-table>",
    "mj-raw": "<mj-raw{}><p>raw</p></mj-raw>",
}
_FAMILIES = {
    "mj-social": "<mj-social{}>%s</mj-social>",
    "mj-social-element": '<mj-social-element src="https://site.example/i.png" alt="I"{}>Us</mj-social-element>',
    "mj-navbar": "<mj-navbar{}>%s</mj-navbar>",
    "mj-navbar-link": "<mj-navbar-link{}>Home</mj-navbar-link>",
    "mj-accordion": "<mj-accordion{}>%s</mj-accordion>",
    "mj-accordion-element": "<mj-accordion-element{}>%s%s</mj-accordion-element>",
    "mj-accordion-title": "<mj-accordion-title{}>Why</mj-accordion-title>",
    "mj-accordion-text": "<mj-accordion-text{}>So</mj-accordion-text>",
    "mj-carousel": "<mj-carousel{}>%s</mj-carousel>",
    "mj-carousel-image": '<mj-carousel-image src="https://site.example/c.png" alt="C"{} />',
}


def varied_mjml() -> Iterator[tuple[str, str]]:
    """Names (`mj-text.color.1.tag`: element, attribute, value's number, way) and documents."""
    for tag, place in _places().items():
        component = schema().components[tag]
        for attribute in sorted(component.attributes.keys() - _EVERYWHERE):
            for number, value in enumerate(_values(attribute, component), 1):
                for way, document in _ways(tag, place, f'{attribute}="{value}"'):
                    yield f"{tag}.{attribute}.{number}.{way}", document


def _places() -> dict[str, str | None]:
    fam = _FAMILIES
    plain = {tag: element.replace("{}", "") for tag, element in fam.items()}
    inside = {
        "mj-social": fam["mj-social"] % plain["mj-social-element"],
        "mj-social-element": plain["mj-social"] % fam["mj-social-element"],
        "mj-navbar": fam["mj-navbar"] % plain["mj-navbar-link"],
        "mj-navbar-link": plain["mj-navbar"] % fam["mj-navbar-link"],
        "mj-carousel": fam["mj-carousel"] % (plain["mj-carousel-image"] * 2),
        "mj-carousel-image": plain["mj-carousel"] % (fam["mj-carousel-image"] + plain["mj-carousel-image"]),
    }
    title, text, element = (fam[f"mj-accordion-{part}"] for part in ("title", "text", "element"))
    whole = plain["mj-accordion-element"] % (plain["mj-accordion-title"], plain["mj-accordion-text"])
    inside["mj-accordion"] = fam["mj-accordion"] % whole
    inside["mj-accordion-element"] = plain["mj-accordion"] % (
        element % (plain["mj-accordion-title"], plain["mj-accordion-text"])
    )
    inside["mj-accordion-title"] = plain["mj-accordion"] % (
        plain["mj-accordion-element"] % (title, plain["mj-accordion-text"])
    )
    inside["mj-accordion-text"] = plain["mj-accordion"] % (
        plain["mj-accordion-element"] % (plain["mj-accordion-title"], text)
    )
    columns = {
        tag: f"<mj-section><mj-column>{element}</mj-column></mj-section>"
        for tag, element in {**_IN_A_COLUMN, **inside}.items()
    }
    return {**_PLACES, **columns}


def _values(attribute: str, component: Component) -> tuple[str, ...]:
    kind = component.attributes[attribute]
    if attribute in _WORDS and not kind.startswith("enum"):
        return _WORDS[attribute]
    if choices := re.fullmatch(r"enum\((.*)\)", kind):
        return tuple(choice for choice in choices[1].split(",") if choice)[:2]
    if kind == "color":
        return "#336699", "red"
    if kind == "integer":
        return "2", "5"
    if kind == "boolean":
        return "true", "false"
    if kind.endswith("{1,4}"):
        return "12px", "4px 8px"
    if kind.startswith("unit"):
        return ("24px", "40%") if "%" in kind else ("24px",)
    if attribute.startswith(("border", "inner-border")):
        return "2px solid #cc0000", "none"
    if attribute in _LINKS or attribute.endswith(("-url", "-src")):
        return ("https://site.example/other.png",)
    return ("some",)


def _ways(tag: str, place: str | None, setting: str) -> Iterator[tuple[str, str]]:
    if place is None:
        yield "own", f"<mjml><mj-body {setting}>{_SECTION}</mj-body></mjml>"
        return
    bare, classed = place.format(""), place.format(' mj-class="a"')
    yield "own", _document("", place.format(f" {setting}"))
    yield "tag", _document(f"<{tag} {setting} />", bare)
    yield "all", _document(f"<mj-all {setting} />", bare)
    yield "class", _document(f'<mj-class name="a" {setting} />', classed)


def _document(attributes: str, body: str) -> str:
    head = f"<mj-head><mj-attributes>{attributes}</mj-attributes></mj-head>" if attributes else ""
    return f"<mjml>{head}<mj-body>{body}</mj-body></mjml>"
