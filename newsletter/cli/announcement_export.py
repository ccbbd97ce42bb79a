"""`newsletter announcements export`."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import click

from newsletter.announcements.handoff.bundle import BundleFile, bundle
from newsletter.announcements.handoff.preparing import hand_off
from newsletter.announcements.handoff.units import HandOff, LeftOut, TextToTranslate, UnitState, named
from newsletter.announcements.queries import announcements_by_id
from newsletter.cli.announcements import announcements
from newsletter.cli.errors import TheAnswerIsNo
from newsletter.cli.numbers import IdType
from newsletter.cli.output import json_option, say, warn, write_json
from newsletter.editions.handoff import edition_to_translate
from newsletter.editions.queries import edition_by_id
from newsletter.foundation.database import ReadSession
from newsletter.foundation.errors import BadInput
from newsletter.foundation.language import normalise_tag
from newsletter.wiring import open_installation

ENDINGS = {"xliff": ".xlf", "po": ".po"}
_OPEN = (UnitState.MISSING, UnitState.STALE)


@announcements.command()
@click.argument("announcement_ids", type=IdType, nargs=-1, metavar="ID...")
@click.option(
    "--edition",
    "edition_id",
    type=IdType,
    help="Every announcement of this edition, and its own words (not with markdown).",
)
@click.option(
    "--format", "form", type=click.Choice(["xliff", "po", "markdown"]), required=True,
    help="xliff and po go to translators and come back; markdown is a folder that `import` reads.",
)  # fmt: skip
@click.option("--source", help="The language to translate from; default: the one that they are written in.")
@click.option("--target", help="The language to translate into; default: the installation's other one.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The file to write, or a folder.")
@json_option
def export(
    announcement_ids: tuple[int, ...],
    edition_id: int | None,
    form: Literal["xliff", "po", "markdown"],
    source: str | None,
    target: str | None,
    out: Path,
    as_json: bool,
) -> None:
    """Write announcements, or an edition with its own words, for translators (xliff, po), or as a folder of Markdown.

    XLIFF and PO hold what is translated already too; each unit's state says what is to be done.
    """
    if bool(announcement_ids) == (edition_id is not None):
        raise BadInput("Say what to export: numbers of announcements, or --edition with the number of one.")
    installation = open_installation()
    languages = installation.settings.languages
    if form == "markdown":
        with installation.database.read() as session:
            chosen = announcements_by_id(session, _chosen(session, announcement_ids, edition_id))
            files = list(bundle(session, chosen, languages))
        _write_bundle(files, out, as_json)
        return
    with installation.database.read() as session:
        numbers = _chosen(session, announcement_ids, edition_id)
        written_in = {item.source_language for item in announcements_by_id(session, numbers)}
        pair = _pair(languages, source, target, written_in)
        prepared = hand_off(session, numbers, *pair)
        if edition_id is not None:
            prepared = _with_own_words(prepared, edition_to_translate(session, edition_id, *pair))
    stem = f"edition-{edition_id}" if edition_id else "announcements"
    path = out / f"{stem}.{pair[0]}-{pair[1]}{ENDINGS[form]}" if out.is_dir() else out
    _tell(prepared, path, as_json, is_written=_write(prepared, form, path))


def _with_own_words(prepared: HandOff, own: TextToTranslate | LeftOut | None) -> HandOff:
    """The hand-off with the edition's own words before its announcements."""
    match own:
        case TextToTranslate():
            return replace(prepared, texts=(own, *prepared.texts))
        case LeftOut():
            return replace(prepared, left_out=(own, *prepared.left_out))
    return prepared


def _chosen(session: ReadSession, announcement_ids: Sequence[int], edition_id: int | None) -> list[int]:
    """The numbers asked for, each once, in order."""
    if edition_id is None:
        return list(dict.fromkeys(announcement_ids))
    edition = edition_by_id(session, edition_id)
    return list(dict.fromkeys(item.announcement_id for section in edition.sections for item in section.items))


def _pair(
    languages: Sequence[str], source: str | None, target: str | None, written_in: Collection[str]
) -> tuple[str, str]:
    """From which language into which. Raises BadInput where that is not clear."""
    first = normalise_tag(source) if source else next((tag for tag in languages if tag in written_in), "")
    second = normalise_tag(target) if target else next((tag for tag in languages if tag != first), "")
    if first == second or not first or not second:
        raise BadInput("--source and --target must be two languages.")
    for tag in (first, second):
        if tag not in languages:
            raise BadInput(f"{tag}: this installation speaks {', '.join(languages)} (NEWSLETTER_LANGUAGES).")
    return first, second


def _write(prepared: HandOff, form: Literal["xliff", "po"], path: Path) -> bool:
    """Writes the file, unless there is nothing in it; whether it was written."""
    from newsletter.announcements.handoff.po import write_po
    from newsletter.announcements.handoff.xliff_writing import write_xliff

    if not prepared.texts:
        return False
    path.write_bytes(write_xliff(prepared) if form == "xliff" else write_po(prepared).encode())
    return True


def _write_bundle(files: Sequence[BundleFile], out: Path, as_json: bool) -> None:
    if out.exists() and not out.is_dir():
        raise BadInput(f"{out} is a file; a bundle of Markdown is a folder.")
    for file in files:
        path = out / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.data)
    if as_json:
        write_json({"out": out, "files": [file.path for file in files]})
    else:
        say(f"{len(files)} files in {out}; `newsletter announcements import {out}` reads them back.")


def _tell(prepared: HandOff, path: Path, as_json: bool, *, is_written: bool) -> None:
    open_count = sum(unit.state in _OPEN for text in prepared.texts for unit in text.units)
    unit_count = sum(len(text.units) for text in prepared.texts)
    if as_json:
        write_json(
            {
                "out": path if is_written else None,
                "source_language": prepared.source_language,
                "target_language": prepared.target_language,
                "announcements": _numbers(prepared, "announcement"),
                "editions": _numbers(prepared, "edition"),
                "units": unit_count,
                "to_translate": open_count,
                "left_out": [{**_named(item.name), "reason": item.reason} for item in prepared.left_out],
            }
        )
    elif is_written:
        say(
            f"{path}: {len(prepared.texts)} texts, {unit_count} units, {open_count} of them missing or stale."
        )
    if not as_json:
        for item in prepared.left_out:
            warn(f"{item.name.replace('-', ' ')} is left out: {item.reason}.")
    if not is_written:
        if not as_json:
            say("Nothing to translate; no file was written.")
        raise TheAnswerIsNo


def _numbers(prepared: HandOff, kind: str) -> list[int]:
    """The numbers of the texts of a kind."""
    return [number for text in prepared.texts for number in [_named(text.name).get(kind)] if number]


def _named(name: str) -> dict[str, int]:
    """`{"announcement": 12}` for `announcement-12`."""
    place = named(name)
    return {} if place is None else {place[0]: place[1]}
