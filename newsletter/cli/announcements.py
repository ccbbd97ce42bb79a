"""`newsletter announcements ...`."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from newsletter.announcements.actions import ReadyDraft, StoredDraft, store_announcements
from newsletter.announcements.intake.auto import IntakeFormat, read_path
from newsletter.announcements.intake.draft import IntakeReport, LineFate
from newsletter.announcements.intake.pictures import prepare_picture
from newsletter.announcements.models import Announcement
from newsletter.announcements.queries import announcements as all_announcements
from newsletter.announcements.queries import announcements_by_id
from newsletter.announcements.rules import is_stale
from newsletter.cli.output import json_option, say, write_json, write_table
from newsletter.foundation import clock
from newsletter.foundation.errors import BadInput
from newsletter.wiring import Installation, open_installation


@click.group()
def announcements() -> None:
    """Import, list and show announcements."""


@announcements.command("import")
@click.argument("sources", nargs=-1, required=True, metavar="PATH...")
@click.option(
    "--format", "form", type=click.Choice(["auto", "text", "markdown"]), default="auto", show_default=True
)
@click.option(
    "--language",
    default="auto",
    show_default=True,
    help="The language of the text, where you know it better.",
)
@json_option
def import_(sources: tuple[str, ...], form: IntakeFormat, language: str, as_json: bool) -> None:
    """Import announcements from text files, Markdown files or folders of Markdown files.

    Tells what became of every line. The same source again adds nothing.
    """
    installation = open_installation()
    results = [import_source(installation, source, form, language) for source in sources]
    if as_json:
        write_json([_result_json(source, *result) for source, result in zip(sources, results, strict=True)])
        return
    for source, (report, stored) in zip(sources, results, strict=True):
        _show_result(source, report, stored)


def import_source(
    installation: Installation, source: str, form: IntakeFormat = "auto", language: str = "auto"
) -> tuple[IntakeReport, list[StoredDraft]]:
    """Reads one source and stores what is new; what became of it."""
    if source.startswith(("http://", "https://")):
        raise BadInput(f"Pages cannot be fetched from the web; save {source} as a file and import that.")
    report = read_path(Path(source), form, language, installation.settings.languages)
    ready = [
        ReadyDraft(draft, tuple(prepare_picture(picture.data) for picture in draft.pictures))
        for draft in report.drafts
    ]
    with installation.database.transaction() as session:
        return report, store_announcements(session, ready, clock.now())


def _result_json(source: str, report: IntakeReport, stored: Sequence[StoredDraft]) -> dict[str, Any]:
    return {
        "source": source,
        "added": [item.announcement_id for item in stored if item.is_new],
        "unchanged": [item.announcement_id for item in stored if not item.is_new],
        "announcements": [
            {
                "id": item.announcement_id,
                "is_new": item.is_new,
                "source_language": draft.source_language,
                "translations": {
                    text.language: {"title": text.title, "is_title_derived": text.is_title_derived}
                    for text in draft.texts
                },
                "remarks": draft.remarks,
            }
            for draft, item in zip(report.drafts, stored, strict=True)
        ],
        "lines": [
            {
                "file": account.file,
                "first_line": account.first_line,
                "last_line": account.last_line,
                "fate": account.fate,
                "announcement": None
                if account.announcement is None
                else stored[account.announcement].announcement_id,
                "reason": account.reason,
            }
            for account in report.lines
        ],
    }


def _show_result(source: str, report: IntakeReport, stored: Sequence[StoredDraft]) -> None:
    added = sum(item.is_new for item in stored)
    say(f"{source}: {len(stored)} announcements, {added} added, {len(stored) - added} known already.")
    write_table(
        "",
        ["No.", "Language", "Title", "Remarks"],
        [
            (
                item.announcement_id,
                " ".join(text.language for text in draft.texts),
                _title(draft.texts[0].title, draft.texts[0].is_title_derived),
                len(draft.remarks) or "",
            )
            for draft, item in zip(report.drafts, stored, strict=True)
        ],
        right=["No.", "Remarks"],
    )
    fates: Counter[LineFate] = Counter()
    for account in report.lines:
        fates[account.fate] += account.last_line - account.first_line + 1
    told = ", ".join(f"{count} {fate.value.replace('_', ' ')}" for fate, count in sorted(fates.items()))
    say(f"Every line accounted for: {told}.")
    for account in report.lines:
        if account.fate in (LineFate.LEFT_OUT, LineFate.BOILERPLATE) and account.reason:
            say(f"  line {account.first_line}: {account.fate.value.replace('_', ' ')} ({account.reason})")
    for draft, item in zip(report.drafts, stored, strict=True):
        for remark in draft.remarks:
            say(
                f"  announcement {item.announcement_id}, line {remark.line or '?'}: {remark.message} {remark.excerpt}"
            )


def _title(title: str, is_derived: bool) -> str:
    return f"{title} (derived)" if is_derived else title


@announcements.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the announcements, the latest first."""
    with open_installation().database.read() as session:
        found = all_announcements(session)
    if as_json:
        write_json([announcement_json(item) for item in found])
        return
    write_table(
        "",
        ["No.", "Languages", "Title", "Date", "Remarks"],
        [
            (
                item.id,
                " ".join(text.language for text in item.translations),
                next((_title(text.title, text.is_title_derived) for text in item.translations), ""),
                item.happens_on or item.published_on or "",
                len(item.remarks) or "",
            )
            for item in found
        ],
        right=["No.", "Remarks"],
    )


@announcements.command()
@click.argument("announcement_id", type=int)
@json_option
def show(announcement_id: int, as_json: bool) -> None:
    """Show one announcement: its texts and the remarks on them."""
    with open_installation().database.read() as session:
        item = announcements_by_id(session, [announcement_id])[0]
    if as_json:
        write_json({**announcement_json(item), "texts": _texts_json(item)})
        return
    for text in item.translations:
        say(f"[{text.language}] {_title(text.title, text.is_title_derived)} — {text.state.value}\n")
        say(f"{text.body}\n")
        if text.cta_url:
            say(f"→ {text.cta_label}: {text.cta_url}\n")
    for remark in item.remarks:
        say(f"Remark [{remark.language}] line {remark.line or '?'}: {remark.message} {remark.excerpt}")


def announcement_json(item: Announcement) -> dict[str, Any]:
    """An announcement in JSON, in the words of the glossary."""
    source = next((text for text in item.translations if text.language == item.source_language), None)
    return {
        "id": item.id,
        "source_language": item.source_language,
        "topic": item.topic,
        "published_on": item.published_on,
        "happens_on": item.happens_on,
        "source_name": item.source_name,
        "translations": {
            text.language: {
                "title": text.title,
                "is_title_derived": text.is_title_derived,
                "state": text.state,
                "is_stale": is_stale(text, source),
            }
            for text in item.translations
        },
        "remarks": [
            {
                "code": remark.code,
                "language": remark.language,
                "line": remark.line,
                "message": remark.message,
                "excerpt": remark.excerpt,
            }
            for remark in item.remarks
        ],
    }


def _texts_json(item: Announcement) -> dict[str, dict[str, str]]:
    return {
        text.language: {
            "title": text.title,
            "summary": text.summary,
            "body": text.body,
            "cta_label": text.cta_label,
            "cta_url": text.cta_url,
        }
        for text in item.translations
    }
