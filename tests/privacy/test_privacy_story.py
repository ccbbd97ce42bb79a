"""The whole story of a person, as values, as JSON, and in words."""

import json
from collections.abc import Iterator
from datetime import datetime
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import pytest

from builders_inbound import a_mail, take
from builders_preferences import ask_for_link
from builders_sign_up import Office, an_office
from newsletter.audience.actions import suppress
from newsletter.audience.models import SuppressionReason
from newsletter.foundation.database import Database
from newsletter.privacy.export import story_page
from newsletter.privacy.story import Story, story_of_address
from newsletter.privacy.story_json import story_json

ZOE = "zoe@example.org"


@pytest.fixture
def office(sqlite_db: Database, now: datetime) -> Iterator[Office]:
    with an_office(sqlite_db, now) as opened:
        opened.confirmed(ZOE, name="Zoé", lists=["letter", "agenda"])
        ask_for_link(opened, ZOE)
        opened.work()
        keyring = opened.installation.keyring
        take(opened.db, keyring, opened.now, a_mail("I liked <b>it</b>", sender=ZOE, subject="Merci"))
        take(opened.db, keyring, opened.now, a_mail(f"Do you know {ZOE}?", sender="eve@example.net"))
        with opened.db.transaction() as session:
            suppress(session, keyring, ZOE, SuppressionReason.BOUNCED, opened.now)
        yield opened


def story(office: Office) -> Story:
    with office.db.read() as session:
        return story_of_address(session, office.installation.keyring, "Zoe@Example.org")


def test_story_holds_what_every_room_keeps(office: Office) -> None:
    told = story(office)
    assert (told.address, told.first_name, told.languages) == (ZOE, "Zoé", ("fr",))
    assert [(item.list, item.state.value) for item in told.subscriptions] == [
        ("letter", "active"), ("agenda", "active"),
    ]  # fmt: skip
    assert [(item.event.value, item.ip) for item in told.subscriptions[0].consents] == [
        ("requested", "93.184.216.34"), ("confirmed", "93.184.216.34"),
    ]  # fmt: skip
    assert "La lettre" in told.subscriptions[0].consents[0].shown_text
    assert told.subscriptions[0].consents[1].message_id.startswith("<sign-up.")
    assert [item.lists for item in told.sign_ups] == [("letter", "agenda")]
    assert told.suppression is not None
    assert told.suppression.reason is SuppressionReason.BOUNCED
    assert len(told.preferences_links) == 1


def test_story_has_what_she_wrote_and_not_what_others_wrote_about_her(office: Office) -> None:
    assert [(item.subject, item.text) for item in story(office).inbound] == [("Merci", "I liked <b>it</b>")]


def test_gdpr_20_json_has_every_field_under_its_name(office: Office) -> None:
    values = json.loads(story_json(story(office)))
    assert set(values) == set(Story.__slots__)
    assert values["subscriptions"][0]["consents"][0]["event"] == "requested"
    assert values["known_since"].endswith("+00:00")


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.mark.parametrize(
    ("language", "heading", "state"),
    [
        ("fr", "Ce que nous savons de vous", "vous la recevez"),
        ("en", "What we know of you", "you receive it"),
        ("nl", "Wat we van u weten", "u ontvangt hem"),
        ("de", "Was wir über Sie wissen", "Sie erhalten ihn"),
    ],
)
def test_gdpr_15_page_tells_the_same_in_words(
    office: Office, language: str, heading: str, state: str
) -> None:
    page = story_page(story(office), language, ZoneInfo("Europe/Brussels"), "Les Jardins du Canal")
    reader = _Words()
    reader.feed(page)
    words = " ".join(reader.words)
    for expected in (
        heading,
        state,
        ZOE,
        "Zoé",
        "93.184.216.34",
        "I liked <b>it</b>",
        "Les Jardins du Canal",
    ):
        assert expected in words
    assert f'<html lang="{language}"' in page
    assert "<script" not in page
    assert "http" not in page.replace("https://news.example.org", "")
