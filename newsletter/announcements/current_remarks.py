"""The remarks on an announcement as its texts are now: made anew where the words tell, kept where only the intake knew."""

from collections.abc import Iterator

from newsletter.announcements.models import Announcement, Translation, TranslationState
from newsletter.announcements.remark_kinds import OF_THE_INTAKE, RemarkCode
from newsletter.announcements.remarks import (
    Remark,
    editorial_remarks,
    paragraphs_of,
    pictures_in_body,
    remark,
)


def current_remarks(announcement: Announcement) -> tuple[Remark, ...]:
    """What an editor should look at in a whole announcement (`queries.announcements_by_id`), what its intake told first.

    Lines count in the body as it is; those of the intake count in the source that was read.
    """
    texts = [text for text in announcement.translations if text.state is not TranslationState.NOT_APPLICABLE]
    return (
        *_of_the_intake(announcement),
        *(found for text in texts for found in (*_on_words(text), *_on_picture(announcement, text))),
    )


def _of_the_intake(announcement: Announcement) -> Iterator[Remark]:
    for row in announcement.remarks:
        if row.code in OF_THE_INTAKE:
            yield Remark(RemarkCode(row.code), row.language, row.line, row.excerpt)


def _on_words(text: Translation) -> Iterator[Remark]:
    if text.is_title_derived:
        yield remark(RemarkCode.DERIVED_TITLE, text.language, None, text.title)
    else:
        yield from _without_lines(text.title, text.language)
    yield from _without_lines(text.summary, text.language)
    paragraphs = paragraphs_of(text.body)
    yield from editorial_remarks(paragraphs, text.language)
    yield from pictures_in_body(paragraphs, text.language)


def _without_lines(words: str, language: str) -> Iterator[Remark]:
    for found in editorial_remarks(paragraphs_of(words), language):
        yield Remark(found.code, found.language, None, found.excerpt)


def _on_picture(announcement: Announcement, text: Translation) -> Iterator[Remark]:
    for picture in announcement.pictures[:1]:  # the one that is mailed
        if not text.alt_text(picture.position).strip():
            yield remark(RemarkCode.ALT_MISSING, text.language, None, "")
