"""Stories and letters for the tests of the checks."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from builders_rendering import a_content
from newsletter.editions.checks.findings import Finding
from newsletter.editions.checks.material import Story, TextField, WrittenText
from newsletter.editions.checks.places import Place
from newsletter.rendering.content import EditionContent
from newsletter.rendering.render import RenderedBodies, render_edition
from newsletter.rendering.themes import load_theme

TODAY = date(2026, 11, 23)
MARKDOWN = {"body", "intro"}


def a_text(language: str = "fr", link: str = "", **fields: str) -> WrittenText:
    """What is written in a language, field by field."""
    return WrittenText(
        language, tuple(TextField(name, text, name in MARKDOWN) for name, text in fields.items()), link
    )


def a_story(fr: str = "", en: str = "", field: str = "body", **more: object) -> Story:
    """An announcement whose field has these words."""
    written = {"fr": fr, "en": en}
    texts = tuple(a_text(tag, **{field: text}) for tag, text in written.items() if text)
    return replace(Story(Place(1), texts), **more)  # type: ignore[arg-type]


def codes(findings: Iterable[Finding]) -> list[str]:
    """The codes of findings, each once, in order."""
    return list(dict.fromkeys(found.code for found in findings))


def message(found: Finding) -> str:
    """What a finding says, in English."""
    return found.message.said_in("en")


def where(found: Finding) -> str:
    """Where it is, in English."""
    return found.where.said_in("en")


def a_mail(variant: str = "fr+en", theme: str = "letter") -> tuple[EditionContent, RenderedBodies]:
    """A letter with everything in it, and what rendering makes of it."""
    content = a_content(variant)
    return content, render_edition(content, load_theme(theme))
