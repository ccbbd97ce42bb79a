"""Gathers what a translator is to get."""

from collections.abc import Iterator, Sequence

from newsletter.announcements.handoff.units import (
    URL_FIELDS,
    HandOff,
    LeftOut,
    TextToTranslate,
    Unit,
    UnitState,
    alt_field,
)
from newsletter.announcements.models import Announcement, Translation, TranslationState
from newsletter.announcements.queries import announcements_by_id
from newsletter.announcements.revisions.queries import SourceChange, latest_revision, what_changed
from newsletter.announcements.revisions.word_diff import parts_in_words
from newsletter.announcements.rules import TextField, fields_of, source_of, text_hash, text_in
from newsletter.foundation.database import ReadSession
from newsletter.foundation.language import language_name
from newsletter.foundation.texts import texts


def hand_off(
    session: ReadSession, announcement_ids: Sequence[int], source_language: str, target_language: str
) -> HandOff:
    """The texts to translate from one language into another, and what is left out, with the reason.

    What is translated already goes along, so that the translator sees it; its state tells what is to be done.
    Raises AnnouncementNotFound.
    """
    found: list[TextToTranslate] = []
    left_out: list[LeftOut] = []
    for announcement in announcements_by_id(session, announcement_ids):
        if reason := _why_not(announcement, source_language, target_language):
            left_out.append(LeftOut(announcement.id, reason))
        else:
            found.append(_text(session, announcement, target_language))
    return HandOff(source_language, target_language, tuple(found), tuple(left_out))


def _why_not(announcement: Announcement, source_language: str, target_language: str) -> str:
    target = text_in(announcement, target_language)
    if announcement.source_language != source_language:
        return f"it is written in {language_name(announcement.source_language, 'en')}"
    if source_of(announcement) is None:
        return f"its {language_name(source_language, 'en')} text is missing"
    if target is not None and target.state is TranslationState.NOT_APPLICABLE:
        return f"it is not meant to exist in {language_name(target_language, 'en')}"
    return ""


def _text(session: ReadSession, announcement: Announcement, target_language: str) -> TextToTranslate:
    source, target = source_of(announcement), text_in(announcement, target_language)
    assert source is not None  # noqa: S101 - `_why_not` left the others out
    latest = latest_revision(session, target) if target else None
    change = what_changed(session, announcement.id, target_language) if target else None
    units = (*_units(source, target, change, target_language), *_alt_units(announcement, target_language))
    return TextToTranslate(
        announcement.id,
        text_hash(source),
        latest.number if latest else 0,
        units,
        tuple(_notes(announcement, change, target_language)),
    )


def _units(
    source: Translation, target: Translation | None, change: SourceChange | None, target_language: str
) -> Iterator[Unit]:
    written = fields_of(target) if target else None
    notes = _field_notes(target_language)
    for field in TextField:
        words = fields_of(source)[field]
        if not words.strip():
            continue
        translated = written[field] if written else ""
        if not translated and field.value in URL_FIELDS:
            translated = words  # stays unless the translator knows a better page
        state = _state(field, target, change) if translated else UnitState.MISSING
        yield Unit(field.value, words, translated, state, (notes[field],))


def _state(field: TextField, target: Translation | None, change: SourceChange | None) -> UnitState:
    """How far a translated field is. Of a stale text, those are in doubt whose source changed, or all where nobody knows."""
    if target is None or change is None:
        return UnitState.WRITTEN
    if change.is_stale and (not change.is_known or field in {item.field for item in change.fields}):
        return UnitState.STALE
    return UnitState.APPROVED if target.state is TranslationState.APPROVED else UnitState.WRITTEN


def _alt_units(announcement: Announcement, target_language: str) -> Iterator[Unit]:
    t = texts(target_language).gettext
    for picture in announcement.pictures:
        words = picture.alt_texts.get(announcement.source_language, "")
        translated = picture.alt_texts.get(target_language, "")
        if words.strip():
            state = UnitState.WRITTEN if translated else UnitState.MISSING
            note = t("What the picture shows, for readers who do not see it")
            yield Unit(alt_field(picture.position), words, translated, state, (note,))


def _field_notes(language: str) -> dict[TextField, str]:
    t = texts(language).gettext
    markdown = t("Keep the signs of the Markdown (**, #, -, [ ]) and the fields in [[ ]]")
    return {
        TextField.TITLE: t("The title, one line"),
        TextField.SUMMARY: t("The summary.") + " " + markdown,
        TextField.BODY: t("The text.") + " " + markdown,
        TextField.CTA_LABEL: t("The words on the button, as short as they can be"),
        TextField.CTA_URL: t("Where the button leads; change it where the page exists in your language"),
    }


def _notes(announcement: Announcement, change: SourceChange | None, language: str) -> Iterator[str]:
    t = texts(language).gettext
    if announcement.happens_on:
        yield t("Takes place on {date}").format(date=announcement.happens_on.isoformat())
    if announcement.topic:
        yield t("Topic: {topic}").format(topic=announcement.topic)
    for item in change.fields if change else ():
        words = parts_in_words(item.parts, announcement.source_language, language)
        yield t("Since the translation was confirmed: {change}").format(change=words)
