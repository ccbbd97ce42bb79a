"""Judges what a translator sent back, unit by unit, against what is stored; changes nothing."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from newsletter.announcements.errors import AnnouncementNotFound, RevisionNotFound
from newsletter.announcements.handoff.damage import damages
from newsletter.announcements.handoff.report import HandOffReport, TextReport, UnitFate, UnitReport
from newsletter.announcements.handoff.segments import join_text, split_text
from newsletter.announcements.handoff.units import (
    MARKDOWN_FIELDS,
    Returned,
    ReturnedText,
    ReturnedUnit,
    announcement_name,
    picture_of,
    text_field,
)
from newsletter.announcements.models import Announcement, Translation, TranslationState
from newsletter.announcements.revisions.queries import (
    announcement_with_texts,
    latest_revision,
    revision_numbered,
    revisions_with_hash,
)
from newsletter.announcements.rules import (
    TextField,
    TextFields,
    content_hash,
    faults_of,
    fields_of,
    source_of,
    text_hash,
    text_in,
)
from newsletter.foundation.database import ReadSession
from newsletter.foundation.language import language_name


@dataclass(frozen=True, slots=True)
class _Ground:
    """What the units of one announcement are judged on."""

    announcement: Announcement
    source: Translation
    target: Translation | None
    made_from: tuple[TextFields, ...]  # the source texts that may have been exported, the likeliest first
    made_over: TextFields  # the translation as it was exported
    language: str


def judge(session: ReadSession, returned: Returned, *, lock: bool = False) -> HandOffReport:
    """What would become of each unit if the file were taken in now; who does so next locks the announcements."""
    seen: Counter[int] = Counter(text.announcement_id for text in returned.texts)
    texts = [
        _refused(text, ("this announcement stands in the file more than once",))
        if seen[text.announcement_id] > 1
        else _judge_text(session, returned, text, lock)
        for text in returned.texts
    ]
    strangers = [
        UnitReport(None, name, UnitFate.REFUSED, ("unknown unit: it belongs to no announcement",))
        for name in returned.unknown
    ]
    return HandOffReport(returned.source_language, returned.target_language, tuple(texts), tuple(strangers))


def _judge_text(session: ReadSession, returned: Returned, text: ReturnedText, lock: bool) -> TextReport:
    ground = _ground(session, returned, text, lock)
    if isinstance(ground, str):
        return _refused(text, (ground,))
    doubled = {name for name, count in Counter(unit.field for unit in text.units).items() if count > 1}
    units = [
        _unit(text, unit, UnitFate.REFUSED, ("this unit stands in the file more than once",))
        if unit.field in doubled
        else _judge_unit(ground, text, unit)
        for unit in text.units
    ]
    if ground.target is None:
        units = _with_a_title(units, text)
    return TextReport(text.announcement_id, tuple(units), _hash_of(text), _is_complete(ground, units))


def _ground(session: ReadSession, returned: Returned, text: ReturnedText, lock: bool) -> _Ground | str:
    """What the units are judged on, or why none can be taken."""
    try:
        announcement = announcement_with_texts(session, text.announcement_id, lock=lock)
    except AnnouncementNotFound:
        return f"there is no announcement {text.announcement_id}"
    source = source_of(announcement)
    target = text_in(announcement, returned.target_language)
    if source is None or announcement.source_language != returned.source_language:
        written_in = language_name(announcement.source_language, "en")
        return (
            f"wrong language: the announcement is written in {written_in}, not in {returned.source_language}"
        )
    if target is source:
        return f"wrong language: {returned.target_language} is the language of the source"
    if target is not None and target.state is TranslationState.NOT_APPLICABLE:
        return f"it is not meant to exist in {language_name(returned.target_language, 'en')}; reopen it first"
    made_from = [fields_of(source)] if text_hash(source) == _hash_of(text) else []
    made_from += [fields_of(item) for item in revisions_with_hash(session, source, _hash_of(text))]
    if not made_from:
        return "it was not made from a text of this announcement (source hash unknown); export it again"
    made_over = _made_over(session, target, text.target_revision)
    return _Ground(announcement, source, target, tuple(made_from), made_over, returned.target_language)


def _hash_of(text: ReturnedText) -> str:
    """The source hash that the file names, or else that of the source texts which it holds."""
    if text.source_hash:
        return text.source_hash
    words = {unit.field: "\n\n".join(unit.sources) for unit in text.units}
    return content_hash(*(words.get(field.value, "") for field in TextField))


def _made_over(session: ReadSession, target: Translation | None, revision: int | None) -> TextFields:
    """The translation as it was when the file was exported; as it is where the file does not say."""
    if target is None or revision == 0:
        return TextFields()
    latest = latest_revision(session, target)
    if revision is None or latest is None or latest.number == revision:
        return fields_of(target)
    try:
        return fields_of(revision_numbered(session, target, revision))
    except RevisionNotFound:
        return fields_of(target)


def _judge_unit(ground: _Ground, text: ReturnedText, unit: ReturnedUnit) -> UnitReport:
    field = text_field(unit.field)
    if field is None:
        return _judge_alt(ground, text, unit)
    before = fields_of(ground.target)[field] if ground.target else ""
    exported = next((made[field] for made in ground.made_from if _fits(made[field], unit)), None)
    if exported is None or not exported.strip():
        return _unit(text, unit, UnitFate.REFUSED, ("unknown unit: the source has no such paragraphs",))
    if open_count := sum(not target.strip() for target in unit.targets):
        parts = f"{open_count} of {len(unit.targets)} paragraphs are not translated"
        return _unit(text, unit, UnitFate.UNTRANSLATED, (parts,) if open_count < len(unit.targets) else ())
    after = _whole(exported, unit)
    fate, reasons = _fate(ground, unit, field, exported, after)
    return _unit(text, unit, fate, reasons, before, after)


def _fate(
    ground: _Ground, unit: ReturnedUnit, field: TextField, exported: str, after: str
) -> tuple[UnitFate, tuple[str, ...]]:
    """What becomes of a translated field, and why it cannot be taken."""
    if ground.target is not None:
        stored, made_over = fields_of(ground.target)[field], ground.made_over[field]
        if after == stored:
            return (UnitFate.UNTRANSLATED if unit.is_untouched else UnitFate.UNCHANGED), ()
        if stored != made_over and after == made_over:
            return UnitFate.UNCHANGED, ()  # the translator left alone what was changed here meanwhile
        if stored != made_over:
            name = language_name(ground.language, "en")
            return UnitFate.REFUSED, (f"the {name} was changed here since the export",)
    faults = damages(exported, after, is_markdown=unit.field in MARKDOWN_FIELDS) or faults_of({field: after})
    if faults:
        return UnitFate.REFUSED, tuple(faults)
    is_older = fields_of(ground.source)[field].split() != exported.split()
    return (UnitFate.ACCEPTED_AS_STALE if is_older else UnitFate.ACCEPTED), ()


def _judge_alt(ground: _Ground, text: ReturnedText, unit: ReturnedUnit) -> UnitReport:
    """What a picture shows: it has no revisions, so that the file's own source tells whether it moved on."""
    picture = picture_of(unit.field, ground.announcement.pictures)
    if picture is None:
        return _unit(text, unit, UnitFate.REFUSED, ("unknown unit: there is no such text or picture",))
    before = picture.alt_texts.get(ground.language, "")
    after, exported = "".join(unit.targets), "".join(unit.sources)
    if not after.strip():
        return _unit(text, unit, UnitFate.UNTRANSLATED)
    if after == before:
        return _unit(text, unit, UnitFate.UNCHANGED, (), before, after)
    if faults := damages(exported, after, is_markdown=False):
        return _unit(text, unit, UnitFate.REFUSED, faults, before, after)
    is_older = exported != picture.alt_texts.get(ground.announcement.source_language, "")
    return _unit(text, unit, UnitFate.ACCEPTED_AS_STALE if is_older else UnitFate.ACCEPTED, (), before, after)


def _fits(exported: str, unit: ReturnedUnit) -> bool:
    """Whether the returned pieces are those of this source text."""
    return unit.gaps is not None or len(unit.targets) in {1, len(split_text(exported).segments)}


def _whole(exported: str, unit: ReturnedUnit) -> str:
    """The returned translation in one piece, with the white space that the file or else the source has."""
    if unit.gaps is not None:
        return join_text(unit.targets, unit.gaps)
    if unit.field not in MARKDOWN_FIELDS:
        return unit.targets[0]
    segmented = split_text(exported)
    if len(unit.targets) == len(segmented.segments):
        return join_text(unit.targets, segmented.gaps)
    return unit.targets[0]


def _with_a_title(units: Sequence[UnitReport], text: ReturnedText) -> list[UnitReport]:
    """A new text needs a title: without a sound one, nothing else of it can be taken."""
    title = f"{announcement_name(text.announcement_id)}.{TextField.TITLE.value}"
    taken = (UnitFate.ACCEPTED, UnitFate.ACCEPTED_AS_STALE)
    if any(unit.unit == title and unit.fate in taken for unit in units):
        return list(units)
    reason = ("there is no translation yet, and without its title none can begin",)
    return [
        UnitReport(unit.announcement_id, unit.unit, UnitFate.REFUSED, reason, unit.before, unit.after)
        if unit.fate in taken
        else unit
        for unit in units
    ]


def _is_complete(ground: _Ground, units: Sequence[UnitReport]) -> bool:
    """Whether every field of the exported source came back translated and sound."""
    sound = {
        unit.unit.partition(".")[2]
        for unit in units
        if unit.fate not in (UnitFate.UNTRANSLATED, UnitFate.REFUSED)
    }
    return all(field.value in sound for field in TextField if ground.made_from[0][field].strip())


def _refused(text: ReturnedText, reasons: tuple[str, ...]) -> TextReport:
    units = [_unit(text, unit, UnitFate.REFUSED, reasons) for unit in text.units]
    return TextReport(text.announcement_id, tuple(units))


def _unit(
    text: ReturnedText,
    unit: ReturnedUnit,
    fate: UnitFate,
    reasons: tuple[str, ...] = (),
    before: str = "",
    after: str = "",
) -> UnitReport:
    name = f"{announcement_name(text.announcement_id)}.{unit.field}"
    return UnitReport(text.announcement_id, name, fate, reasons, before, after)
