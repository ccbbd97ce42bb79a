"""Gathers what a translator is to get."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from newsletter.announcements.handoff.units import (
    HandOff,
    LeftOut,
    TextToTranslate,
    Unit,
    UnitState,
    text_name,
)
from newsletter.announcements.models import Announcement, KeptText, TranslationState
from newsletter.announcements.queries import announcements_by_id
from newsletter.announcements.revisions.changing import SourceChange, source_change
from newsletter.announcements.revisions.family import Family, latest
from newsletter.announcements.revisions.queries import family_of
from newsletter.announcements.revisions.word_diff import parts_in_words
from newsletter.announcements.rules import FieldForm, TextField, text_hash
from newsletter.foundation.database import ReadSession
from newsletter.foundation.language import language_name
from newsletter.foundation.texts import texts


def hand_off(
    session: ReadSession, announcement_ids: Sequence[int], source_language: str, target_language: str
) -> HandOff:
    """The announcements to translate from one language into another, and what is left out, with the reason.

    What is translated already goes along, so that the translator sees it; its state tells what is to be done.
    Raises AnnouncementNotFound.
    """
    found: list[TextToTranslate] = []
    left_out: list[LeftOut] = []
    notes = _field_notes(target_language)
    for announcement in announcements_by_id(session, announcement_ids):
        text = text_to_translate(session, family_of(announcement), source_language, target_language, notes)
        if isinstance(text, LeftOut):
            left_out.append(text)
        else:
            about = tuple(_notes(announcement, target_language))
            found.append(replace(text, notes=(*about, *text.notes)))
    return HandOff(source_language, target_language, tuple(found), tuple(left_out))


def text_to_translate(
    session: ReadSession,
    family: Family[Any],
    source_language: str,
    target_language: str,
    field_notes: Mapping[str, str],
) -> TextToTranslate | LeftOut:
    """One text on its way from one language into another, or why it is left out.

    `field_notes` tell the translator what a field is; numbered fields have the note of their kind (`section`).
    """
    if reason := _why_not(family, source_language, target_language):
        return LeftOut(text_name(family.kind, family.number), reason)
    source, target = family.source, family.text_in(target_language)
    assert source is not None  # noqa: S101 - `_why_not` left the others out
    last = latest(session, target) if target else None
    change = source_change(session, family, target) if target else None
    return TextToTranslate(
        text_name(family.kind, family.number),
        text_hash(source),
        last.number if last else 0,
        tuple(_units(family, source, target, change, field_notes)),
        tuple(_changes(change, source_language, target_language)),
    )


def _why_not(family: Family[Any], source_language: str, target_language: str) -> str:
    target = family.text_in(target_language)
    if family.source_language != source_language:
        return f"it is written in {language_name(family.source_language, 'en')}"
    if family.source is None:
        return f"its {language_name(source_language, 'en')} text is missing"
    if target is not None and target.state is TranslationState.NOT_APPLICABLE:
        return f"it is not meant to exist in {language_name(target_language, 'en')}"
    if family.languages is not None and target_language not in family.languages:
        return f"it was not made for {language_name(target_language, 'en')}"
    return family.closed.get(target_language, "")


def _units(
    family: Family[Any],
    source: KeptText,
    target: KeptText | None,
    change: SourceChange | None,
    notes: Mapping[str, str],
) -> Iterator[Unit]:
    written = target.words if target else {}
    for field, words in source.words.items():
        form = family.rules.form_of(field)
        if form is None or not words.strip():
            continue
        translated = written.get(field, "")
        if not translated and form is FieldForm.URL:
            translated = words  # stays unless the translator knows a better page
        state = _state(field, target, change) if translated else UnitState.MISSING
        yield Unit(field, words, translated, state, (notes[field.partition(".")[0]],), form)


def _state(field: str, target: KeptText | None, change: SourceChange | None) -> UnitState:
    """How far a translated field is. Of a stale text, those are in doubt whose source changed, or all where nobody knows."""
    if target is None or change is None:
        return UnitState.WRITTEN
    if change.is_stale and (not change.is_known or field in {item.field for item in change.fields}):
        return UnitState.STALE
    return UnitState.APPROVED if target.state is TranslationState.APPROVED else UnitState.WRITTEN


def _changes(change: SourceChange | None, source_language: str, language: str) -> Iterator[str]:
    t = texts(language).gettext
    for item in change.fields if change else ():
        words = parts_in_words(item.parts, source_language, language)
        yield t("Since the translation was confirmed: {change}").format(change=words)


def markdown_note(language: str) -> str:
    """What a translator should keep of Markdown, in her language."""
    return texts(language).gettext("Keep the signs of the Markdown (**, #, -, [ ]) and the fields in [[ ]]")


def _field_notes(language: str) -> dict[str, str]:
    t = texts(language).gettext
    markdown = markdown_note(language)
    return {
        TextField.TITLE: t("The title, one line"),
        TextField.SUMMARY: t("The summary.") + " " + markdown,
        TextField.BODY: t("The text.") + " " + markdown,
        TextField.CTA_LABEL: t("The words on the button, as short as they can be"),
        TextField.CTA_URL: t("Where the button leads; change it where the page exists in your language"),
        "alt": t("What the picture shows, for readers who do not see it"),
    }


def _notes(announcement: Announcement, language: str) -> Iterator[str]:
    t = texts(language).gettext
    if announcement.happens_on:
        yield t("Takes place on {date}").format(date=announcement.happens_on.isoformat())
    if announcement.topic:
        yield t("Topic: {topic}").format(topic=announcement.topic)
