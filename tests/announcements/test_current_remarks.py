"""Remarks on an announcement as its texts are now."""

from newsletter.announcements.current_remarks import current_remarks
from newsletter.announcements.models import (
    Announcement,
    AnnouncementPicture,
    AnnouncementRemark,
    Translation,
    TranslationState,
)
from newsletter.announcements.remark_kinds import MESSAGES, OF_THE_INTAKE, RemarkCode
from newsletter.announcements.remarks import Remark


def a_text(language: str = "en", **fields: object) -> Translation:
    values = {"title": "The greenhouse", "summary": "", "body": "", "is_title_derived": False}
    return Translation(language=language, state=TranslationState.DRAFT, **(values | fields))


def an_item(
    *texts: Translation, remarks: tuple[AnnouncementRemark, ...] = (), has_picture: bool = False
) -> Announcement:
    pictures = [AnnouncementPicture(position=0)] if has_picture else []
    return Announcement(translations=list(texts), remarks=list(remarks), pictures=pictures)


def stored(code: RemarkCode) -> AnnouncementRemark:
    return AnnouncementRemark(language="en", code=code.value, message="", excerpt="x", line=9)


def told(item: Announcement) -> list[tuple[str, str, int | None]]:
    return [(str(found.code), found.language, found.line) for found in current_remarks(item)]


def test_lines_count_in_the_body_and_title_and_summary_have_none() -> None:
    body = "All is well.\n\n- Here is the the soup.\n\nSee ![a plan](plan.png)."
    item = an_item(a_text(title="The the greenhouse", summary="It ends.Then it begins.", body=body))
    assert told(item) == [
        ("doubled_word", "en", None),
        ("missing_space_after_stop", "en", None),
        ("doubled_word", "en", 3),
        ("picture_in_body", "en", 5),
    ]


def test_what_the_words_tell_is_made_anew_and_what_the_intake_knew_is_kept() -> None:
    item = an_item(a_text(body="All is well."), remarks=tuple(stored(code) for code in RemarkCode))
    assert current_remarks(item) == tuple(
        Remark(code, "en", 9, "x") for code in RemarkCode if code in OF_THE_INTAKE
    )


def test_title_that_somebody_wrote_is_no_longer_derived() -> None:
    remarks = (stored(RemarkCode.DERIVED_TITLE),)
    assert told(an_item(a_text(is_title_derived=True), remarks=remarks)) == [("derived_title", "en", None)]
    assert told(an_item(a_text(is_title_derived=False), remarks=remarks)) == []


def test_picture_lacks_a_description_in_the_languages_that_have_none() -> None:
    french = a_text("fr", title="La serre", alt_texts={"0": "Une serre"})
    assert told(an_item(french, a_text(), has_picture=True)) == [("alt_missing", "en", None)]
    english = a_text(alt_texts={"0": "A greenhouse"})
    assert told(an_item(french, english, has_picture=True)) == []
    assert told(an_item(a_text())) == []


def test_text_that_is_set_aside_gets_no_remarks() -> None:
    text = a_text(body="Here is the the soup.")
    text.state = TranslationState.NOT_APPLICABLE
    assert told(an_item(text, has_picture=True)) == []


def test_every_kind_of_remark_is_said_in_french_and_in_english() -> None:
    for code in RemarkCode:
        remark = Remark(code, "en", None, "")
        assert remark.message_in("en") == MESSAGES[code].words
        assert remark.message_in("fr") not in {"", remark.message_in("en")}
