"""What the engine leaves out of single elements, written into its HTML afterwards (bug 14 of docs/decisions/0006-mjml-pipeline.md).

Each element concerned carries a class of ours through the engine; the class shows the place, and goes.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from lxml import etree

from newsletter.rendering.mjml.source import attributes_of

_MARK = "newsletter-redraw-"
_LONE_MARK = re.compile(rf' class="{_MARK}\d+(?:-outlook)?"')
_ANY_MARK = re.compile(rf" ?{_MARK}\d+(?:-outlook)?")
_ONE_SIDED = tuple(f"border-{side}" for side in ("top", "right", "bottom", "left"))
_FLUID_END = "<![endif]--></td></tr></tbody></table></div>"
_OUTLOOK_CLASSES = re.compile(r' class="([^" ]+ [^"]+)-outlook"')
_CELL_BEFORE = re.compile(r'width:([\d.]+)(?=px;"><!\[endif\]-->\Z)')
# The same for rules, which are tables in Outlook.
_FRACTION_OF_RULE = re.compile(
    r'(width:100%;"></p><!--\[if mso \| IE\]><table [^>]*? width="\d+)\.\d+(px" style="[^"]*;width:\d+)\.\d+(?=px;)'
)
_HEIGHT = re.compile(r' height="[^"]*"|(?<=;)height:[^;"]*;')
# A picture as wide as its column leaves it; npm's MJML counts whole pixels.
_FRACTION_OF_PICTURE = re.compile(
    r'(<td (?:class="[^"]*" )?style="width:\d+)\.\d+(px;">(?:<a [^>]*>)?<img [^>]*? width="\d+)\.\d+(?=")'
)


@dataclass(frozen=True, slots=True)
class Touch:
    """What is written into the first tag of this name at or after the marked one."""

    mark: str
    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    style: str = ""
    without: str = ""  # the pattern of a declaration that goes
    wider: int = 0  # pixels by which Outlook's cell before the marked tag was too narrow
    fluid: str = ""  # the width in percent of a hero's height: its cell is set between two that hold it open


def take_touches(root: etree._Element) -> list[Touch]:
    """Marks the elements of `root`, whose attributes are resolved, that the engine draws incompletely; says what they lack."""
    touches: list[Touch] = []
    for element in root.iter(*_TAKERS):
        _mark(element, touches, _TAKERS[str(element.tag)](attributes_of(element)))
    for group in root.iter("mj-group"):
        columns = list(group.iterchildren("mj-column"))
        for column in columns:
            _mark(column, touches, _of_column_in_group(attributes_of(column), len(columns)))
    for wrapper in root.iter("mj-wrapper"):
        if gap := wrapper.get("gap"):
            for place, section in enumerate(wrapper.iterchildren("mj-section", "mj-wrapper")):
                _mark(section, touches, _of_gap(gap if place else ""))
    return touches


def redrawn(html: str, touches: list[Touch]) -> str:
    """The engine's `html` with every touch in its place and no mark left."""
    html = _FRACTION_OF_RULE.sub(r"\1\2", _FRACTION_OF_PICTURE.sub(r"\1\2", html))
    html = html.replace("@media screen, yahoo {", "@media screen yahoo {").replace(r"\26 ", "&")
    html = _OUTLOOK_CLASSES.sub(_each_for_outlook, html)
    for touch in touches:
        html = _touched(html, touch)
    return _ANY_MARK.sub("", _LONE_MARK.sub("", html)) if touches else html


def _each_for_outlook(classes: re.Match[str]) -> str:
    """Of several css-classes the engine marks the last one only."""
    return f' class="{" ".join(f"{name}-outlook" for name in classes[1].split())}"'


def _mark(element: etree._Element, touches: list[Touch], wanted: Iterator[Touch]) -> None:
    number = len(touches)
    for touch in wanted:
        mark = f"{_MARK}{number}{touch.mark}"
        touches.append(replace(touch, mark=mark))
    if len(touches) > number:
        element.set("css-class", f"{element.get('css-class', '')} {_MARK}{number}".strip())


def _of_image(values: dict[str, str]) -> Iterator[Touch]:
    style = "".join(f"{side}:{values[side]};" for side in _ONE_SIDED if side in values)
    if style or "sizes" in values:
        yield Touch("", "img", _only(values, "sizes"), style)
    if "title" in values and "href" in values:
        yield Touch("", "a", _only(values, "title"))


def _of_button(values: dict[str, str]) -> Iterator[Touch]:
    if "title" in values:
        yield Touch("", "a" if "href" in values else "p", _only(values, "title"))


def _of_table(values: dict[str, str]) -> Iterator[Touch]:
    attributes = _only(values, "role")
    if values.get("width", "").endswith("px"):
        attributes["width"] = values["width"].removesuffix("px")
    is_spaced = re.search("[1-9]", values.get("cellspacing", "")) is not None
    style = "border-collapse:separate;" if is_spaced else ""
    if attributes or style or "border" in values:
        yield Touch("", "table", attributes, style, without="border-collapse:separate;")


def _of_social_element(values: dict[str, str]) -> Iterator[Touch]:
    if attributes := _only(values, "srcset", "sizes"):
        yield Touch("", "img", attributes)


def _of_accordion_title(values: dict[str, str]) -> Iterator[Touch]:
    if "font-weight" in values:
        yield Touch("", "td", style=f"font-weight:{values['font-weight']};")


def _of_hero(values: dict[str, str]) -> Iterator[Touch]:
    style = f"border-radius:{values['border-radius']};" if "border-radius" in values else ""
    fluid = ""
    if values.get("mode") == "fluid-height":
        height, width = (_whole(values.get(f"background-{side}", "")) for side in ("height", "width"))
        fluid = str(round(height / width * 100)) if height is not None and width else "NaN"
    if style or fluid:
        yield Touch("", "td", style=style, fluid=fluid)


def _of_section(values: dict[str, str]) -> Iterator[Touch]:
    """Across the whole width nothing is rounded."""
    if values.get("full-width") == "full-width" and "border-radius" in values:
        yield Touch("", "table", without=r"border-radius:[^;]*;")


def _of_column_in_group(values: dict[str, str], count: int) -> Iterator[Touch]:
    """One of three, it is 33 % wide on a phone; its padding is part of it."""
    wider = sum(_at_side(values, side) for side in ("left", "right"))
    is_odd = "width" not in values and 100 % count > 0
    if wider or is_odd:
        style, without = (f"width:{100 // count}%;", r"(?<=;)width:[\d.]+%;") if is_odd else ("", "")
        yield Touch("", "div", style=style, without=without, wider=wider)


def _of_gap(gap: str) -> Iterator[Touch]:
    if gap:
        yield Touch("", "div", style=f"margin-top:{gap};")
    style = f"padding-top:{gap};" if gap else ""
    yield Touch("-outlook", "table", style=style, without=' bgcolor="[^"]*"')


_TAKERS = {
    "mj-image": _of_image,
    "mj-button": _of_button,
    "mj-table": _of_table,
    "mj-social-element": _of_social_element,
    "mj-accordion-title": _of_accordion_title,
    "mj-hero": _of_hero,
    "mj-section": _of_section,
    "mj-wrapper": _of_section,
}


def _only(values: dict[str, str], *names: str) -> dict[str, str]:
    return {name: values[name] for name in names if name in values}


def _at_side(values: dict[str, str], side: str) -> int:
    """Pixels of padding and border at the left or the right."""
    parts = values.get("padding", "").split()
    shorthand = parts[3 if side == "left" and len(parts) == 4 else min(1, len(parts) - 1)] if parts else ""
    border = re.search(r"(?:^| )(\d+)", values.get(f"border-{side}", values.get("border", "")))
    return (_whole(values.get(f"padding-{side}", shorthand)) or 0) + (int(border[1]) if border else 0)


def _whole(measure: str) -> int | None:
    number = re.match(r"\s*(\d+)", measure)
    return int(number[1]) if number else None


def _touched(html: str, touch: Touch) -> str:
    mark = re.compile(rf"{touch.mark}(?![\w-])").search(html)
    if mark is None:
        return html
    start = html.rindex("<", 0, mark.start())
    if touch.wider and (cell := _CELL_BEFORE.search(html, max(start - 100, 0), start)):
        width = f"{int(float(cell[1]) + touch.wider)}"
        html = html[: cell.start(1)] + width + html[cell.end(1) :]
        start += len(width) - len(cell[1])
    tag = re.compile(rf"<{touch.tag}(?=[ >])[^>]*>").search(html, start)
    if tag is None:
        return html
    written = _written(tag[0], touch)
    end = html.find(_FLUID_END, tag.end()) if touch.fluid else -1
    if end < 0:
        return html[: tag.start()] + written + html[tag.end() :]
    end += len("<![endif]--></td>")
    spacer = f'<td style="width:0.01%;padding-bottom:{touch.fluid}%;mso-padding-bottom-alt:0;"></td>'
    open_cell = _HEIGHT.sub("", written)
    return f"{html[: tag.start()]}{spacer}{open_cell}{html[tag.end() : end]}{spacer}{html[end:]}"


def _written(tag: str, touch: Touch) -> str:
    names = "|".join(re.escape(name) for name in touch.attributes)
    bare = re.sub(rf' (?:{names})="[^"]*"', "", tag) if names else tag
    if touch.without:
        bare = re.sub(touch.without, "", bare, count=1)
    if touch.style:
        style = touch.style.replace('"', "'").replace("<", "").replace(">", "")
        bare = (
            bare.replace(' style="', f' style="{style}', 1)
            if ' style="' in bare
            else f'{_open(bare)} style="{style}"{bare[len(_open(bare)) :]}'
        )
    added = "".join(f' {name}="{_value(value)}"' for name, value in touch.attributes.items())
    return f"{_open(bare)}{added}{bare[len(_open(bare)) :]}"


def _open(tag: str) -> str:
    return tag[:-2].rstrip() if tag.endswith("/>") else tag[:-1]


def _value(value: str) -> str:
    return value.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;").replace(">", "&gt;")
