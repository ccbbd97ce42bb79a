"""A hand-off as gettext PO and back: an entry per paragraph, its context saying where it stands.

Fields and links stand in the text as they are; what is damaged is found when it comes back. An entry marked fuzzy
counts as not translated.
"""

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import polib  # type: ignore[import-untyped]

from newsletter.announcements.handoff.segments import split_text
from newsletter.announcements.handoff.units import (
    HandOff,
    Returned,
    ReturnedText,
    ReturnedUnit,
    TextToTranslate,
    Unit,
    UnitState,
    named,
    whole_number,
)
from newsletter.foundation.errors import BadInput
from newsletter.foundation.language import normalise_tag

_SOURCE_LANGUAGE = "X-Source-Language"
_MARK = re.compile(r"newsletter: source ([0-9a-f]{64}), revision (\d{1,9})")


def write_po(hand_off: HandOff) -> str:
    """The hand-off as one PO file."""
    file = polib.POFile()
    file.metadata = {
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        _SOURCE_LANGUAGE: hand_off.source_language,
        "Language": hand_off.target_language,
    }
    for text in hand_off.texts:
        for unit in text.units:
            file.extend(_entries(text, unit))
    return f"{file}\n"


def _entries(text: TextToTranslate, unit: Unit) -> Iterator[polib.POEntry]:
    sources, targets = _paired(unit)
    mark = f"newsletter: source {text.source_hash}, revision {text.target_revision}"
    for number, source in enumerate(sources, 1):
        yield polib.POEntry(
            msgctxt=f"{text.name}.{unit.field}.{number}",
            msgid=source,
            msgstr=targets[number - 1] if targets else "",
            comment="\n".join([*unit.notes, *text.notes, mark]),
            flags=["fuzzy"] if unit.state is UnitState.STALE and targets else [],
        )


def _paired(unit: Unit) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The paragraphs of source and target, each of them whole where they do not stand in the same places."""
    whole = ((unit.source,), (unit.target,) if unit.target else ())
    if not unit.is_markdown:
        return whole
    source, target = split_text(unit.source), split_text(unit.target)
    if not unit.target:
        return source.segments, ()
    return (source.segments, target.segments) if source.gaps == target.gaps else whole


def read_po(data: bytes, name: str) -> Returned:
    """What stands in a PO file. Raises BadInput where it is none, or not of ours."""
    file = _parsed(data, name)
    languages = file.metadata.get(_SOURCE_LANGUAGE, ""), file.metadata.get("Language", "")
    if not all(languages):
        raise BadInput(f"{name} does not say from which language into which ({_SOURCE_LANGUAGE}, Language).")
    texts: dict[str, dict[str, dict[int, polib.POEntry]]] = {}
    unknown: list[str] = []
    for entry in file:
        place = None if entry.obsolete else _place(entry.msgctxt or "")
        if place is None:
            unknown += [] if entry.obsolete else [entry.msgctxt or entry.msgid[:40]]
        else:
            text, field, paragraph = place
            texts.setdefault(text, {}).setdefault(field, {})[paragraph] = entry
    return Returned(
        normalise_tag(languages[0]),
        normalise_tag(languages[1]),
        tuple(_text(text, fields) for text, fields in texts.items()),
        tuple(unknown),
    )


def _parsed(data: bytes, name: str) -> polib.POFile:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadInput(f"{name} is not in UTF-8; save it as UTF-8.") from error
    # polib tears a text that it is handed at every Unicode line separator, and a file only at its line ends.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "returned.po"
        path.write_bytes(data)
        try:
            return polib.pofile(str(path), encoding="utf-8")
        except (OSError, ValueError, IndexError) as error:
            words = str(error).replace(str(path), name)
            raise BadInput(f"{name} cannot be read as PO: {words}.") from error


def _place(context: str) -> tuple[str, str, int] | None:
    """Text, field and paragraph in `announcement-12.body.3`."""
    head, _, rest = context.partition(".")
    field, _, paragraph = rest.rpartition(".")
    place = whole_number(paragraph)
    return (head, field, place) if named(head) and field and place else None


def _text(name: str, fields: dict[str, dict[int, polib.POEntry]]) -> ReturnedText:
    comments = (entry.comment for entries in fields.values() for entry in entries.values())
    mark = next((match for comment in comments if (match := _MARK.search(" ".join(comment.split())))), None)
    return ReturnedText(
        name,
        mark[1] if mark else "",
        int(mark[2]) if mark else None,
        tuple(_unit(field, [entries[key] for key in sorted(entries)]) for field, entries in fields.items()),
    )


def _unit(field: str, entries: list[polib.POEntry]) -> ReturnedUnit:
    return ReturnedUnit(
        field,
        tuple(entry.msgid for entry in entries),
        tuple("" if entry.fuzzy else entry.msgstr for entry in entries),
        gaps=None,
    )
