"""The system's own words: every text that code or templates ask for exists in French and in English."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from newsletter.foundation.texts import LOCALE_FOLDER, has_texts, texts

PACKAGE = LOCALE_FOLDER.parent
TOP = PACKAGE.parent
FOR_READERS = {"t": None, "_": None, "gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}
KEYWORDS = FOR_READERS | {"saying": None}  # findings and remarks are told to those who work here
JINJA = "jinja2.ext:babel_extract"
METHODS = [("**.py", "python"), ("**.j2", JINJA), ("**.html", JINJA), ("**.txt", JINJA)]
# What is not listed here is for those who write and send: the inbox of the demo, and the hand-off to translators.
SEEN_BY_READERS = (
    "templates/themes/",
    "templates/mail/",
    "templates/web/archive",
    "templates/web/page.html",
    "templates/web/base.html",
    "templates/web/subscribe.html",
    "templates/web/preferences",
    "templates/web/form_parts.html",
    "templates/web/story",
    "newsletter/privacy/",
    "newsletter/inbound/",
    "newsletter/notices/",
    "newsletter/audience/sign_up/",
    "newsletter/rendering/",
    "newsletter/mailing/",
    "newsletter/editions/content.py",
    "newsletter/announcements/intake/assembly.py",
    "newsletter/web/",
)
OPTIONS = {"**.j2": {"silent": "false"}, "**.html": {"silent": "false"}, "**.txt": {"silent": "false"}}


def asked_for(
    places: tuple[str, ...] = ("",), keywords: Mapping[str, Any] = KEYWORDS
) -> dict[tuple[str | None, str], str]:
    """(context, English words) -> where they are asked for, in files whose names begin like one of `places`."""
    found: dict[tuple[str | None, str], str] = {}
    for folder in (PACKAGE, TOP / "templates"):
        for name, line, message, _comments, context in extract_from_dir(
            folder, METHODS, OPTIONS, keywords=keywords
        ):
            msgid = message[0] if isinstance(message, tuple) else message
            place = f"{folder.name}/{name}:{line}"
            if place.startswith(places):
                found[context, msgid] = place
    return found


def held_by(language: str) -> set[tuple[str | None, str]]:
    """(context, English words) of every text that a catalogue translates."""
    with (LOCALE_FOLDER / language / "LC_MESSAGES" / "newsletter.po").open("rb") as source:
        catalogue = read_po(source)
    return {
        (message.context, message.id[0] if isinstance(message.id, tuple) else message.id)
        for message in catalogue
        if message.string and not message.fuzzy and (isinstance(message.string, str) or all(message.string))
    }


@pytest.mark.parametrize("language", ["fr", "en"])
def test_catalogue_holds_every_text_that_is_asked_for(language: str) -> None:
    there, asked = held_by(language), asked_for()
    assert (None, "Read online") in asked, "the extraction reads no templates"
    missing = {key: place for key, place in asked.items() if key not in there}
    assert missing == {}


@pytest.mark.parametrize("language", ["nl", "de"])
def test_catalogue_of_a_further_language_holds_every_text_that_readers_see(language: str) -> None:
    there, for_readers = held_by(language), asked_for(SEEN_BY_READERS, FOR_READERS)
    assert {place.rpartition(":")[0] for place in for_readers.values()} >= {
        "newsletter/mailing/compose.py",
        "newsletter/web/leave_page.py",
        "templates/web/subscribe.html",
    }
    assert {key: place for key, place in for_readers.items() if key not in there} == {}


@pytest.mark.parametrize("language", ["fr", "en", "nl", "de"])
def test_catalogue_fills_in_the_same_names_as_the_english_words(language: str) -> None:
    with (LOCALE_FOLDER / language / "LC_MESSAGES" / "newsletter.po").open("rb") as source:
        catalogue = read_po(source)
    pairs = [
        (message.id, message.string) for message in catalogue if isinstance(message.id, str) and message.id
    ]
    assert [pair for pair in pairs if _names(pair[0]) != _names(str(pair[1]))] == []


def _names(text: str) -> list[str]:
    return sorted(re.findall(r"%\(\w+\)[sd]|\{\w*\}", text))


@pytest.mark.parametrize("language", ["fr", "en", "nl", "de"])
def test_catalogue_holds_each_text_once(language: str) -> None:
    path = LOCALE_FOLDER / language / "LC_MESSAGES" / "newsletter.po"
    with path.open("rb") as source:
        keys = [(message.context or "", str(message.id)) for message in read_po(source) if message.id]
    assert len(keys) == len(set(keys))
    assert path.read_text("utf-8").count("\nmsgid ") == len(keys), "a text stands twice in the file"


def test_texts_of_a_region_are_those_of_its_language() -> None:
    assert texts("fr-BE").gettext("Unsubscribe") == "Se désinscrire"


def test_texts_of_an_unknown_language_are_english() -> None:
    assert texts("eo").gettext("Unsubscribe") == "Unsubscribe"
    assert (has_texts("eo"), has_texts("fr-BE"), has_texts("en")) == (False, True, True)


def test_texts_that_no_catalogue_has_come_back_as_they_are() -> None:
    assert texts("fr").gettext("No such words {x}") == "No such words {x}"


def test_french_texts_have_french_spaces() -> None:
    path: Path = LOCALE_FOLDER / "fr" / "LC_MESSAGES" / "newsletter.po"
    with path.open("rb") as source:
        strings = [str(message.string) for message in read_po(source) if message.id]
    wrong = [text for text in strings if any(f" {sign}" in text for sign in ";!?:»") or "« " in text]
    assert wrong == []
