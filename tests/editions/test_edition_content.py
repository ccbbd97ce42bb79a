from datetime import date

import pytest

from builders import NOW, a_list, a_masthead, an_announcement, an_edition
from newsletter.audience.models import MailingList
from newsletter.editions.content import Gathered, gather
from newsletter.editions.models import EditionMode, Fallback
from newsletter.editions.queries import edition_by_id
from newsletter.foundation.database import Database
from newsletter.foundation.signing import readable_name
from newsletter.rendering.content import EditionContent, Item, ItemForm


def gathered(db: Database, announcements: list[dict[str, object]], **plan: object) -> Gathered:
    with db.transaction() as session:
        mailing_list = a_list(session)
        made = [an_announcement(session, **options) for options in announcements]  # type: ignore[arg-type]
        edition_id = an_edition(session, mailing_list, made, **plan).id  # type: ignore[arg-type]
    with db.read() as session:
        return gather(edition_by_id(session, edition_id), a_masthead(mailing_list), NOW)


def items(content: EditionContent, part: int = 0) -> list[Item]:
    return [item for section in content.parts[part].sections for item in section.items]


BOTH = {"languages": ("fr", "en")}
ONLY_FR = {"languages": ("fr",), "title": "Aussi : "}
ONLY_EN = {"languages": ("en",), "title": "Also: "}


def told(result: Gathered) -> list[tuple[str, str]]:
    """What blocks: language and words."""
    return [(blocker.language, blocker.message.said_in("en")) for blocker in result.blocking]


def test_label_shows_each_item_in_each_language(db: Database) -> None:
    result = gathered(db, [BOTH, ONLY_FR, ONLY_EN], fallback=Fallback.LABEL)
    assert result.blocking == ()
    assert [content.variant for content in result.contents] == ["fr", "en", "fr+en", "en+fr"]
    french, english = result.contents[:2]
    assert [(item.language, item.form) for item in items(french)] == [
        ("fr", ItemForm.FULL),
        ("fr", ItemForm.FULL),
        ("en", ItemForm.LABELLED),
    ]
    assert [(item.language, item.form) for item in items(english)] == [
        ("en", ItemForm.FULL),
        ("fr", ItemForm.LABELLED),
        ("en", ItemForm.FULL),
    ]


def test_combined_mail_announces_what_the_other_half_shows_whole(db: Database) -> None:
    combined = gathered(db, [BOTH, ONLY_EN], fallback=Fallback.LABEL).contents[2]
    assert combined.variant == "fr+en"
    assert [(item.language, item.form) for item in items(combined, 0)] == [
        ("fr", ItemForm.FULL),
        ("en", ItemForm.SUMMARY),
    ]
    assert [(item.language, item.form) for item in items(combined, 1)] == [("en", ItemForm.FULL)] * 2


def test_omit_leaves_out_and_a_language_without_items_has_no_variant(db: Database) -> None:
    result = gathered(db, [ONLY_FR], fallback=Fallback.OMIT)
    assert [content.variant for content in result.contents] == ["fr"]
    assert told(result) == [("en", "Nothing is in English; add a text, or freeze without it (--without en).")]


def test_summary_leads_to_the_hosted_edition(db: Database) -> None:
    result = gathered(db, [BOTH, ONLY_EN], fallback=Fallback.SUMMARY)
    item = items(result.contents[0])[1]
    assert (item.language, item.form) == ("en", ItemForm.SUMMARY)
    assert item.read_url == result.contents[1].view_url


def test_block_names_the_announcement_and_the_language(db: Database) -> None:
    result = gathered(db, [BOTH, ONLY_FR], fallback=Fallback.BLOCK)
    assert told(result) == [
        ("en", "Announcement 2 (“Aussi : Le café répare-tout ouvre”) has no English text.")
    ]


def test_not_applicable_does_not_block(db: Database) -> None:
    result = gathered(db, [BOTH, {**ONLY_FR, "not_applicable": ("en",)}], fallback=Fallback.BLOCK)
    assert result.blocking == ()
    assert [item.key for item in items(result.contents[1])] == ["announcement-1"]


def test_missing_subject_and_preheader_always_block(db: Database) -> None:
    result = gathered(db, [BOTH], fallback=Fallback.OMIT, subjects={"fr": "  "})
    assert told(result) == [("fr", "The French subject is missing.")]


def test_derived_subjects_prefer_titles_in_their_language(db: Database) -> None:
    french, english, combined, _ = gathered(db, [ONLY_EN, BOTH]).contents
    subjects = [[part.subject for part in content.parts] for content in (french, english, combined)]
    assert subjects[0] == ["La lettre du canal, n°\u00a01\u00a0: Le café répare-tout ouvre"]
    assert subjects[1] == ["The Canal Letter, no. 1: Also: The repair café opens"]
    assert subjects[2] == [*subjects[0], *subjects[1]]
    assert english.preheader == "The repair café opens"


def test_combined_mode_has_no_single_variants(db: Database) -> None:
    contents = gathered(db, [BOTH], mode=EditionMode.COMBINED).contents
    assert [content.variant for content in contents] == ["fr+en", "en+fr"]


def test_links_and_pictures_are_public_addresses(db: Database) -> None:
    with db.transaction() as session:
        mailing_list = a_list(session)
        one = an_announcement(session, has_picture=True, happens_on=date(2026, 12, 1))
        edition = an_edition(session, mailing_list, [one])
        edition_id, public_name = edition.id, readable_name(edition.public_name)
    with db.read() as session:
        french, english, *_ = gather(
            edition_by_id(session, edition_id), a_masthead(mailing_list), NOW
        ).contents
    assert french.view_url == f"https://news.canal.example/fr/archive/{public_name}"
    assert [(link.language, link.url) for link in french.other_languages] == [("en", english.view_url)]
    pictures = [items(content)[0].picture for content in (french, english)]
    assert [picture.alt for picture in pictures if picture] == ["Un grille-pain", "A toaster"]
    assert pictures[0] is not None
    assert pictures[0].url == f"https://news.canal.example/media/{'a' * 64}.png"
    assert items(french)[0].happens_on == date(2026, 12, 1)


@pytest.mark.parametrize("language", ["nl", "ar"])
def test_third_language_is_a_variant_of_its_own(db: Database, language: str) -> None:
    result = gathered(
        db, [BOTH], languages=("fr", "en", language), subjects={language: "x"}, fallback=Fallback.LABEL
    )
    assert [content.variant for content in result.contents][:3] == ["fr", "en", language]
    assert [(item.language, item.form) for item in items(result.contents[2])] == [("fr", ItemForm.LABELLED)]


def test_each_half_leads_to_the_preferences_in_its_language(db: Database) -> None:
    combined = gathered(db, [BOTH]).contents[2]
    assert [part.preferences_url for part in combined.parts] == [
        "https://news.canal.example/fr/preferences",
        "https://news.canal.example/en/preferences",
    ]


def test_preferences_are_in_a_language_that_the_system_speaks() -> None:
    masthead = a_masthead(MailingList(id=1, slug="letter", names={"fr": "La lettre"}))
    assert [
        masthead.preferences_url(language, others).split("/")[3]
        for language, others in (("fr-BE", ["en"]), ("ar", ["ar", "fr", "en"]), ("ar", ["ar"]))
    ] == ["fr-BE", "fr", "en"]
