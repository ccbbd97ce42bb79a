"""What MJML 5.4.1 allows: components, their attributes with value types, and which component stands under which."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

# Allowed on every component, and on `mjml` itself, without being in the published lists.
_EVERYWHERE = {"css-class": "string", "mj-class": "string"}
_ROOT = {"lang": "string", "dir": "enum(ltr,rtl,auto)"}


@dataclass(frozen=True, slots=True)
class Component:
    """One MJML tag: attribute -> value type, and whether its content is HTML rather than MJML (an ending tag)."""

    attributes: dict[str, str]
    holds_html: bool


@dataclass(frozen=True, slots=True)
class Schema:
    """Every component by tag, and for each parent the tags that it may hold."""

    components: dict[str, Component]
    children: dict[str, frozenset[str]]

    def holds_html(self, tag: str) -> bool:
        """Whether what stands inside `tag` is HTML or text."""
        component = self.components.get(tag)
        return component is not None and component.holds_html


@cache
def schema() -> Schema:
    """The schema that travels with this package."""
    raw = json.loads(Path(__file__).with_name("schema.json").read_text("utf-8"))
    components = {
        tag: Component({**entry["allowed"], **_EVERYWHERE}, entry["ending"])
        for tag, entry in raw["components"].items()
    }
    components["mjml"] = Component(_ROOT, holds_html=False)
    components["mj-selector"] = Component({"path": "string"}, holds_html=False)
    components["mj-html-attribute"] = Component({"name": "string"}, holds_html=True)
    children = {tag: frozenset(names) for tag, names in raw["dependencies"].items() if tag != "mj-attributes"}
    return Schema(components, children)
