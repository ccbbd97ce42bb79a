"""`newsletter translations ...`."""

from collections import Counter
from pathlib import Path
from typing import Any

import click

from newsletter.announcements.handoff.judging import judge
from newsletter.announcements.handoff.kinds import ANNOUNCEMENTS
from newsletter.announcements.handoff.report import HandOffReport, UnitFate, UnitReport
from newsletter.announcements.handoff.taking_in import take_in
from newsletter.announcements.handoff.units import Returned, named
from newsletter.announcements.intake.files import read_source
from newsletter.announcements.rules import is_stale
from newsletter.cli.errors import TheAnswerIsNo
from newsletter.cli.output import json_option, say, write_json, write_table
from newsletter.cli.people import by_option
from newsletter.editions.handoff import EDITIONS
from newsletter.foundation import clock
from newsletter.foundation.database import ReadSession
from newsletter.foundation.errors import BadInput
from newsletter.wiring import open_installation

_RETURNED_MAX_BYTES = 20_000_000
_KINDS = {kind.name: kind for kind in (EDITIONS, ANNOUNCEMENTS)}


@click.group()
def translations() -> None:
    """Take back what translators send."""


@translations.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only tell what would become of each unit.")
@by_option
@json_option
def import_(file: Path, dry_run: bool, by: str, as_json: bool) -> None:
    """Take in an XLIFF 2.0 or PO file that `newsletter announcements export` wrote.

    Tells what became of every unit. What is damaged or contradicts a later change here is refused, the rest taken;
    then the exit code is 1. The same file again changes nothing.
    """
    installation = open_installation()
    returned = _read(file)
    languages = installation.settings.languages
    if returned.target_language not in languages:
        raise BadInput(
            f"{file} is in {returned.target_language}; this installation speaks {', '.join(languages)} (NEWSLETTER_LANGUAGES)."
        )
    if dry_run:
        with installation.database.read() as session:
            report = judge(session, returned, kinds=tuple(_KINDS.values()))
            stored = _stored(session, report)
    else:
        with installation.database.transaction() as session:
            report = take_in(session, returned, by, clock.now(), tuple(_KINDS.values()))
            session.flush()
            stored = _stored(session, report)
    if as_json:
        write_json(_report_json(report, stored, dry_run))
    else:
        _show(file, report, stored, dry_run)
    if not report.is_all_taken:
        raise TheAnswerIsNo


def _read(file: Path) -> Returned:
    from newsletter.announcements.handoff.po import read_po
    from newsletter.announcements.handoff.xliff_reading import read_xliff

    data = read_source(file, _RETURNED_MAX_BYTES)
    begins = data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    is_xml = begins == b"<" or data[:2] in (b"\xff\xfe", b"\xfe\xff")
    return read_xliff(data, str(file)) if is_xml else read_po(data.removeprefix(b"\xef\xbb\xbf"), str(file))


def _stored(session: ReadSession, report: HandOffReport) -> list[dict[str, Any]]:
    """How the texts of the file stand in the database now."""
    stored = []
    for judged in report.texts:
        place = named(judged.name)
        if place is None or all(unit.fate is UnitFate.REFUSED for unit in judged.units):
            continue
        kind, number = place
        family = _KINDS[kind].find(session, number, False)
        text = family.text_in(report.target_language)
        stored.append(
            {
                "kind": kind,
                "id": number,
                "state": text.state if text else "missing",
                "is_stale": is_stale(text, family.source) if text else False,
                "is_complete": judged.is_complete,
            }
        )
    return stored


def _counts(report: HandOffReport) -> dict[str, int]:
    found = Counter(unit.fate for unit in report.units)
    return {fate.value: found[fate] for fate in UnitFate}


def _report_json(report: HandOffReport, stored: list[dict[str, Any]], dry_run: bool) -> dict[str, Any]:
    return {
        "source_language": report.source_language,
        "target_language": report.target_language,
        "is_dry_run": dry_run,
        **_counts(report),
        "announcements": _of_kind(stored, "announcement"),
        "editions": _of_kind(stored, "edition"),
        "units": [
            {
                **_whose(unit),
                "unit": unit.unit,
                "fate": unit.fate,
                "reasons": unit.reasons,
                "before": unit.before,
                "after": unit.after,
            }
            for unit in report.units
        ],
    }


def _of_kind(stored: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [
        {key: value for key, value in item.items() if key != "kind"}
        for item in stored
        if item["kind"] == kind
    ]


def _whose(unit: UnitReport) -> dict[str, int | None]:
    """The number of the announcement or of the edition that the unit is of; None where it is of no such thing."""
    kind, number = named(unit.text) or ("", None)
    return {name: number if name == kind else None for name in _KINDS}


def _show(file: Path, report: HandOffReport, stored: list[dict[str, Any]], dry_run: bool) -> None:
    counts = ", ".join(f"{count} {_plain(fate)}" for fate, count in _counts(report).items() if count)
    say(f"{file}: {counts or 'no units'}.{' Nothing was changed (--dry-run).' if dry_run else ''}")
    write_table("", ["Unit", "Became", "Why"], [_row(unit) for unit in report.units])
    for text in stored:
        if text["is_stale"]:
            say(
                f"{text['kind'].capitalize()} {text['id']} is stale in {report.target_language}: its source moved on; "
                f"see `newsletter {text['kind']}s changes {text['id']} --language {report.target_language}`."
            )


def _row(unit: UnitReport) -> tuple[str, str, str]:
    return unit.unit, _plain(unit.fate.value), "; ".join(unit.reasons)


def _plain(word: str) -> str:
    return word.replace("_", " ")
