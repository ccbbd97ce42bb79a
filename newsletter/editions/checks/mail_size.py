"""How large the mails are, and which items make them so."""

from collections.abc import Iterator
from dataclasses import replace

from newsletter.editions.checks.findings import Finding, finding
from newsletter.foundation.sayings import saying
from newsletter.rendering.content import EditionContent, Item
from newsletter.rendering.problems import Code
from newsletter.rendering.render import LARGEST_HTML_BYTES, RenderedBodies, render_edition
from newsletter.rendering.themes import Theme

NEARLY_BYTES = 80_000
_ITEMS_SHOWN = 3
_TOO_LARGE = saying(
    "The letter is {size} KB long; Gmail hides what comes after about 102 KB. The largest items: {items}."
)
_NEARLY = saying("The letter is {size} KB long; Gmail shows about 102 KB. The largest items: {items}.")


def check_size(content: EditionContent, bodies: RenderedBodies, theme: Theme) -> Iterator[Finding]:
    """Mails that Gmail cuts off or nearly does, with the share of the largest items."""
    size_bytes = bodies.html_bytes
    if size_bytes <= NEARLY_BYTES:
        return
    shares = shares_of_items(content, bodies, theme)[:_ITEMS_SHOWN]
    largest = tuple(
        saying(
            "announcement {number} “{title}” ({size} KB)",
            number=item.key.removeprefix("announcement-"),
            title=item.title[:40],
            size=round(share / 1000),
        )
        for item, share in shares
    )
    is_too_large = size_bytes > LARGEST_HTML_BYTES
    message = (_TOO_LARGE if is_too_large else _NEARLY).of(size=round(size_bytes / 1000), items=largest)
    yield finding(Code.TOO_LARGE.value if is_too_large else "nearly-too-large", message)


def shares_of_items(content: EditionContent, bodies: RenderedBodies, theme: Theme) -> list[tuple[Item, int]]:
    """The items with the bytes that the HTML would be shorter by without them, the largest first."""
    items = {item.key: item for part in content.parts for section in part.sections for item in section.items}
    shares = [
        (item, bodies.html_bytes - render_edition(_without(content, key), theme).html_bytes)
        for key, item in items.items()
    ]
    return sorted(shares, key=lambda pair: -pair[1])


def _without(content: EditionContent, key: str) -> EditionContent:
    parts = tuple(
        replace(
            part,
            sections=tuple(
                replace(section, items=tuple(item for item in section.items if item.key != key))
                for section in part.sections
            ),
        )
        for part in content.parts
    )
    return replace(content, parts=parts)
