"""`newsletter translations ...`."""

from collections import Counter
from pathlib import Path
from typing import Any

import click

from newsletter.announcements.handoff.judging import judge
from newsletter.announcements.handoff.report import HandOffReport, UnitFate, UnitReport
from newsletter.announcements.handoff.taking_in import take_in
from newsletter.announcements.handoff.units import Returned
from newsletter.announcements.intake.files import read_source
from newsletter.announcements.revisions.queries import announcement_with_texts
from newsletter.announcements.rules import is_stale, source_of, text_in
from newsletter.cli.errors import TheAnswerIsNo
from newsletter.cli.output import json_option, say, write_json, write_table
from newsletter.cli.people import by_option
from newsletter.foundation import clock
from newsletter.foundation.database import ReadSession
from newsletter.foundation.errors import BadInput
from newsletter.wiring import open_installation

_RETURNED_MAX_BYTES = 20_000_000


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
            report = judge(session, returned)
            stored = _stored(session, report)
    else:
        with installation.database.transaction() as session:
            report = take_in(session, returned, by, clock.now())
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
        if all(unit.fate is UnitFate.REFUSED for unit in judged.units):
            continue
        announcement = announcement_with_texts(session, judged.announcement_id)
        text = text_in(announcement, report.target_language)
        stored.append(
            {
                "id": announcement.id,
                "state": text.state if text else "missing",
                "is_stale": is_stale(text, source_of(announcement)) if text else False,
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
        "announcements": stored,
        "units": [
            {
                "announcement": unit.announcement_id,
                "unit": unit.unit,
                "fate": unit.fate,
                "reasons": unit.reasons,
                "before": unit.before,
                "after": unit.after,
            }
            for unit in report.units
        ],
    }


def _show(file: Path, report: HandOffReport, stored: list[dict[str, Any]], dry_run: bool) -> None:
    counts = ", ".join(f"{count} {_plain(fate)}" for fate, count in _counts(report).items() if count)
    say(f"{file}: {counts or 'no units'}.{' Nothing was changed (--dry-run).' if dry_run else ''}")
    write_table("", ["Unit", "Became", "Why"], [_row(unit) for unit in report.units])
    for text in stored:
        if text["is_stale"]:
            say(
                f"Announcement {text['id']} is stale in {report.target_language}: its source moved on; see "
                f"`newsletter announcements changes {text['id']} --language {report.target_language}`."
            )


def _row(unit: UnitReport) -> tuple[str, str, str]:
    return unit.unit, _plain(unit.fate.value), "; ".join(unit.reasons)


def _plain(word: str) -> str:
    return word.replace("_", " ")
