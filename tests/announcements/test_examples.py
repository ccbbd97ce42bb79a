import csv
from collections import Counter

import pytest

from newsletter.announcements.intake.auto import read_path
from newsletter.announcements.intake.draft import DraftAnnouncement, LineFate
from newsletter.announcements.intake.pictures import prepare_picture
from newsletter.foundation.addresses import canonical_address, parse_address
from newsletter.foundation.files import data_folder
from newsletter.foundation.language import normalise_tags

EXAMPLES = data_folder("examples")
REPORT = read_path(EXAMPLES / "announcements", "auto", "auto", ("fr", "en"))
BY_REFERENCE = {draft.reference: draft for draft in REPORT.drafts}


def readers() -> list[dict[str, str]]:
    with (EXAMPLES / "subscribers.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_ten_announcements_of_which_three_in_one_language() -> None:
    languages = Counter(tuple(text.language for text in draft.texts) for draft in REPORT.drafts)
    assert languages == {("fr", "en"): 7, ("fr",): 2, ("en",): 1}


def test_nothing_of_the_examples_is_left_out() -> None:
    assert [account for account in REPORT.lines if account.fate is LineFate.LEFT_OUT] == []


@pytest.mark.parametrize("draft", BY_REFERENCE.values(), ids=BY_REFERENCE.keys())
def test_example_gets_no_remark(draft: DraftAnnouncement) -> None:
    assert draft.remarks == ()


@pytest.mark.parametrize("draft", BY_REFERENCE.values(), ids=BY_REFERENCE.keys())
def test_example_is_whole_in_each_of_its_languages(draft: DraftAnnouncement) -> None:
    for text in draft.texts:
        assert not text.is_title_derived
        assert text.summary
        assert text.body
        assert text.cta_url.startswith(f"https://jardinsducanal.example/{text.language}/")
    assert draft.happens_on is not None
    assert draft.happens_on.isoformat() == draft.reference[:10]


@pytest.mark.parametrize("draft", BY_REFERENCE.values(), ids=BY_REFERENCE.keys())
def test_example_picture_is_described_in_each_of_its_languages(draft: DraftAnnouncement) -> None:
    for picture in draft.pictures:
        prepared = prepare_picture(picture.data)
        assert (prepared.width, prepared.height) == (1200, 600)
        assert [language for language, _ in picture.alt] == [text.language for text in draft.texts]


def test_examples_have_nine_pictures_and_a_transparent_logo() -> None:
    assert sum(len(draft.pictures) for draft in REPORT.drafts) == 9
    assert prepare_picture((EXAMPLES / "logo.png").read_bytes()).content_type == "image/png"


def test_sixty_distinct_readers_have_addresses_that_nobody_owns() -> None:
    addresses = [parse_address(reader["email"]) for reader in readers()]
    assert len({canonical_address(address) for address in addresses}) == 60
    assert {address.rpartition("@")[2] for address in addresses} == {
        "example.org",
        "example.com",
        "example.net",
    }
    assert addresses.count("refused@example.org") == 1


def test_readers_languages_are_as_varied_as_the_readers() -> None:
    tags = [normalise_tags(reader["language"].split()) for reader in readers()]
    assert sum(1 for found in tags if len(found) == 2) == 7
    assert sum(1 for found in tags if any("-" in tag for tag in found)) == 13
    assert tags.count(()) == 1


def test_readers_are_on_one_list_or_both() -> None:
    lists = Counter(reader["lists"] for reader in readers())
    assert lists == {"lettre": 31, "lettre;agenda": 19, "agenda": 10}
