"""Judges what a translator sent back, unit by unit, against what is stored; changes nothing."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from newsletter.announcements.errors import RevisionNotFound
from newsletter.announcements.handoff.damage import damages
from newsletter.announcements.handoff.kinds import ANNOUNCEMENTS, TextKind
from newsletter.announcements.handoff.report import HandOffReport, TextReport, UnitFate, UnitReport
from newsletter.announcements.handoff.segments import join_text, split_text
from newsletter.announcements.handoff.units import Returned, ReturnedText, ReturnedUnit, named
from newsletter.announcements.models import KeptText, TranslationState
from newsletter.announcements.revisions.family import Family, latest, numbered, with_hash
from newsletter.announcements.rules import FieldForm, TextRules, text_hash, words_hash
from newsletter.foundation.database import ReadSession
from newsletter.foundation.errors import NewsletterError
from newsletter.foundation.language import language_name

_TAKEN = (UnitFate.ACCEPTED, UnitFate.ACCEPTED_AS_STALE)


@dataclass(frozen=True, slots=True)
class _Ground:
    """What the units of one text are judged on, as words by field."""

    rules: TextRules
    source: Mapping[str, str]
    target: Mapping[str, str] | None
    made_from: tuple[
        Mapping[str, str], ...
    ]  # the source texts that may have been exported, the likeliest first
    made_over: Mapping[str, str]  # the translation as it was exported
    language: str


def judge(
    session: ReadSession,
    returned: Returned,
    *,
    lock: bool = False,
    kinds: Sequence[TextKind] = (ANNOUNCEMENTS,),
) -> HandOffReport:
    """What would become of each unit if the file were taken in now; who does so next locks the texts.

    `kinds` are the texts that there are here; what is of no such kind is a stranger.
    """
    seen: Counter[str] = Counter(text.name for text in returned.texts)
    texts: list[TextReport] = []
    strangers = list(returned.unknown)
    for text in returned.texts:
        kind, number = named(text.name) or ("", 0)
        known = next((item for item in kinds if item.name == kind), None)
        if known is None:
            strangers.append(text.name)
        elif seen[text.name] > 1:
            texts.append(_refused(text, (f"this {kind} stands in the file more than once",)))
        else:
            texts.append(_judge_text(session, returned, text, known, number, lock))
    names = " or ".join(item.name for item in kinds)
    reason = (f"unknown unit: it belongs to no {names}",)
    return HandOffReport(
        returned.source_language,
        returned.target_language,
        tuple(texts),
        tuple(UnitReport("", name, UnitFate.REFUSED, reason) for name in strangers),
    )


def _judge_text(
    session: ReadSession, returned: Returned, text: ReturnedText, kind: TextKind, number: int, lock: bool
) -> TextReport:
    try:
        family = kind.find(session, number, lock)
    except NewsletterError:
        return _refused(text, (f"there is no {kind.name} {number}",))
    ground = _ground(session, family, returned, text)
    if isinstance(ground, str):
        return _refused(text, (ground,))
    doubled = {name for name, count in Counter(unit.field for unit in text.units).items() if count > 1}
    units = [
        _unit(text, unit, UnitFate.REFUSED, ("this unit stands in the file more than once",))
        if unit.field in doubled
        else _judge_unit(ground, text, unit)
        for unit in text.units
    ]
    if ground.target is None and ground.rules.first_field:
        units = _with_its_first_field(units, ground.rules.first_field)
    return TextReport(text.name, tuple(units), _hash_of(family, text), _is_complete(ground, units))


def _ground(
    session: ReadSession, family: Family[Any], returned: Returned, text: ReturnedText
) -> _Ground | str:
    """What the units are judged on, or why none can be taken."""
    source, language = family.source, returned.target_language
    target = family.text_in(language)
    if source is None or family.source_language != returned.source_language:
        written_in = language_name(family.source_language, "en")
        return (
            f"wrong language: the {family.kind} is written in {written_in}, not in {returned.source_language}"
        )
    if target is source:
        return f"wrong language: {language} is the language of the source"
    if target is not None and target.state is TranslationState.NOT_APPLICABLE:
        return f"it is not meant to exist in {language_name(language, 'en')}; reopen it first"
    if family.languages is not None and language not in family.languages:
        return f"the {family.kind} was not made for {language_name(language, 'en')}"
    if language in family.closed:
        return family.closed[language]
    made_with = _hash_of(family, text)
    made_from = [source.words] if text_hash(source) == made_with else []
    made_from += [item.words for item in with_hash(session, source, made_with)]
    if not made_from:
        return f"it was not made from a text of this {family.kind} (source hash unknown); export it again"
    made_over = _made_over(session, family, target, text.target_revision)
    words = None if target is None else target.words
    return _Ground(family.rules, source.words, words, tuple(made_from), made_over, language)


def _hash_of(family: Family[Any], text: ReturnedText) -> str:
    """The source hash that the file names, or else that of the source texts which it holds."""
    if text.source_hash:
        return text.source_hash
    words = {unit.field: "\n\n".join(unit.sources) for unit in text.units}
    return words_hash({**dict.fromkeys(family.rules.fields, ""), **words})


def _made_over(
    session: ReadSession, family: Family[Any], target: KeptText | None, revision: int | None
) -> Mapping[str, str]:
    """The translation as it was when the file was exported; as it is where the file does not say."""
    if target is None or revision == 0:
        return {}
    last = latest(session, target)
    if revision is None or last is None or last.number == revision:
        return target.words
    try:
        return numbered(session, family, target, revision).words
    except RevisionNotFound:
        return target.words


def _judge_unit(ground: _Ground, text: ReturnedText, unit: ReturnedUnit) -> UnitReport:
    form = ground.rules.form_of(unit.field)
    if form is None:
        return _unit(text, unit, UnitFate.REFUSED, ("unknown unit: there is no such text or picture",))
    before = (ground.target or {}).get(unit.field, "")
    sources = (made.get(unit.field, "") for made in ground.made_from)
    exported = next((words for words in sources if _fits(words, unit)), None)
    if exported is None or not exported.strip():
        return _unit(text, unit, UnitFate.REFUSED, ("unknown unit: the source has no such paragraphs",))
    if open_count := sum(not target.strip() for target in unit.targets):
        parts = f"{open_count} of {len(unit.targets)} paragraphs are not translated"
        return _unit(text, unit, UnitFate.UNTRANSLATED, (parts,) if open_count < len(unit.targets) else ())
    after = _whole(exported, unit, form)
    fate, reasons = _fate(ground, unit, exported, after)
    return _unit(text, unit, fate, reasons, before, after)


def _fate(ground: _Ground, unit: ReturnedUnit, exported: str, after: str) -> tuple[UnitFate, tuple[str, ...]]:
    """What becomes of a translated field, and why it cannot be taken."""
    field = unit.field
    if ground.target is not None:
        stored, made_over = ground.target.get(field, ""), ground.made_over.get(field, "")
        if after == stored:
            return (UnitFate.UNTRANSLATED if unit.is_untouched else UnitFate.UNCHANGED), ()
        if stored != made_over and after == made_over:
            return UnitFate.UNCHANGED, ()  # the translator left alone what was changed here meanwhile
        if stored != made_over:
            name = language_name(ground.language, "en")
            return UnitFate.REFUSED, (f"the {name} was changed here since the export",)
    is_markdown = ground.rules.form_of(field) is FieldForm.MARKDOWN
    faults = damages(exported, after, is_markdown=is_markdown) or ground.rules.faults_of({field: after})
    if faults:
        return UnitFate.REFUSED, tuple(faults)
    is_older = ground.source.get(field, "").split() != exported.split()
    return (UnitFate.ACCEPTED_AS_STALE if is_older else UnitFate.ACCEPTED), ()


def _fits(exported: str, unit: ReturnedUnit) -> bool:
    """Whether the returned pieces are those of this source text."""
    return unit.gaps is not None or len(unit.targets) in {1, len(split_text(exported).segments)}


def _whole(exported: str, unit: ReturnedUnit, form: FieldForm) -> str:
    """The returned translation in one piece, with the white space that the file or else the source has."""
    if unit.gaps is not None:
        return join_text(unit.targets, unit.gaps)
    if form is not FieldForm.MARKDOWN:
        return unit.targets[0]
    segmented = split_text(exported)
    if len(unit.targets) == len(segmented.segments):
        return join_text(unit.targets, segmented.gaps)
    return unit.targets[0]


def _with_its_first_field(units: Sequence[UnitReport], first: str) -> list[UnitReport]:
    """A new text needs its title: without a sound one, nothing else of it can be taken."""
    if any(unit.field == first and unit.fate in _TAKEN for unit in units):
        return list(units)
    reason = (f"there is no translation yet, and without its {first} none can begin",)
    return [
        replace(unit, fate=UnitFate.REFUSED, reasons=reason) if unit.fate in _TAKEN else unit
        for unit in units
    ]


def _is_complete(ground: _Ground, units: Sequence[UnitReport]) -> bool:
    """Whether every field of the exported source came back translated and sound."""
    sound = {unit.field for unit in units if unit.fate not in (UnitFate.UNTRANSLATED, UnitFate.REFUSED)}
    return all(field in sound for field, words in ground.made_from[0].items() if words.strip())


def _refused(text: ReturnedText, reasons: tuple[str, ...]) -> TextReport:
    units = [_unit(text, unit, UnitFate.REFUSED, reasons) for unit in text.units]
    return TextReport(text.name, tuple(units))


def _unit(
    text: ReturnedText,
    unit: ReturnedUnit,
    fate: UnitFate,
    reasons: tuple[str, ...] = (),
    before: str = "",
    after: str = "",
) -> UnitReport:
    return UnitReport(text.name, f"{text.name}.{unit.field}", fate, reasons, before, after)
