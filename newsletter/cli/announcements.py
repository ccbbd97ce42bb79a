"""`newsletter announcements ...`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from newsletter.announcements.current_remarks import current_remarks
from newsletter.announcements.intake.draft import IntakeReport, ItemFate, LineFate
from newsletter.announcements.intake.updating import Update
from newsletter.announcements.models import Announcement
from newsletter.announcements.queries import announcements as all_announcements
from newsletter.announcements.queries import announcements_by_id
from newsletter.announcements.rules import is_stale, missing_languages, source_of
from newsletter.cli.languages import in_option
from newsletter.cli.numbers import IdType
from newsletter.cli.output import json_option, say, write_json, write_table
from newsletter.cli.remarks import imported_remark_line, remark_json, remark_line
from newsletter.cli.taken_over import (
    counts_in_words,
    is_unchanged,
    show_taken_over,
    taken_over_json,
    update_from,
    update_options,
)
from newsletter.foundation import clock
from newsletter.wiring import Installation, open_installation

if TYPE_CHECKING:
    from newsletter.announcements.intake.sources import SourceFormat
    from newsletter.announcements.intake.storing import Imported
    from newsletter.announcements.intake.web import Web


@click.group()
def announcements() -> None:
    """Import, list and show announcements."""


@announcements.command("import")
@click.argument("sources", nargs=-1, required=True, metavar="PATH|URL...")
@click.option(
    "--format",
    "form",
    type=click.Choice(["auto", "text", "markdown", "feed", "wordpress", "page"]),
    default="auto",
    show_default=True,
)
@click.option(
    "--language",
    default="auto",
    show_default=True,
    help="The language of the text, where you know it better.",
)
@update_options
@in_option
@json_option
def import_(
    sources: tuple[str, ...],
    form: SourceFormat,
    language: str,
    update: bool,
    update_all: bool,
    answer_in: str | None,
    as_json: bool,
) -> None:
    """Import announcements from texts, Markdown, feeds, WordPress or web pages.

    Tells what became of every line and item. The same source again adds nothing; what changed there since is told,
    and taken over with --update.
    """
    installation = open_installation()
    results = import_sources(installation, sources, form, language, update=update_from(update, update_all))
    told_in = answer_in or installation.settings.staff_language
    if as_json:
        write_json(
            [_result_json(source, *result, told_in) for source, result in zip(sources, results, strict=True)]
        )
        return
    for source, (report, imported) in zip(sources, results, strict=True):
        _show_result(source, report, imported, told_in)


def import_sources(
    installation: Installation,
    sources: Sequence[str],
    form: SourceFormat = "auto",
    language: str = "auto",
    web: Web | None = None,
    *,
    update: Update = Update.NONE,
) -> list[tuple[IntakeReport, list[Imported]]]:
    """Reads the sources, all of them before anything is stored, and stores what is new; what became of each."""
    # Here, not above: the readers of feeds and pages take their time to load.
    from newsletter.announcements.intake.sources import read_sources
    from newsletter.announcements.intake.storing import ready, store_imported
    from newsletter.announcements.intake.web import Web

    reports = read_sources(sources, form, language, installation.settings.languages, web or Web())
    drafts = [[ready(draft) for draft in report.drafts] for report in reports]
    with installation.database.transaction() as session:
        now = clock.now()
        return [
            (report, store_imported(session, mine, now, update))
            for report, mine in zip(reports, drafts, strict=True)
        ]


def import_source(installation: Installation, source: str) -> tuple[IntakeReport, list[Imported]]:
    """Reads one source and stores what is new; what became of it."""
    return import_sources(installation, [source])[0]


def _result_json(
    source: str, report: IntakeReport, imported: Sequence[Imported], answer_in: str
) -> dict[str, Any]:
    def number(place: int | None) -> int | None:
        return None if place is None else imported[place].announcement_id

    return {
        "source": source,
        "added": [item.announcement_id for item in imported if item.is_new],
        "unchanged": [item.announcement_id for item in imported if is_unchanged(item)],
        "changed": [item.announcement_id for item in imported if item.is_changed],
        "updated": [item.announcement_id for item in imported if item.is_updated],
        "announcements": [
            {
                "id": item.announcement_id,
                "is_new": item.is_new,
                **taken_over_json(item),
                "source_language": draft.source_language,
                "translations": {
                    text.language: {"title": text.title, "is_title_derived": text.is_title_derived}
                    for text in draft.texts
                },
                "remarks": [remark_json(remark, answer_in) for remark in draft.remarks],
            }
            for draft, item in zip(report.drafts, imported, strict=True)
        ],
        "lines": [
            {
                "file": account.file,
                "first_line": account.first_line,
                "last_line": account.last_line,
                "fate": account.fate,
                "announcement": number(account.announcement),
                "reason": account.reason,
            }
            for account in report.lines
        ],
        "items": [
            {
                "number": account.number,
                "title": account.title,
                "fate": account.fate,
                "announcement": number(account.announcement),
                "language": account.language,
                "reason": account.reason,
            }
            for account in report.items
        ],
    }


def _show_result(source: str, report: IntakeReport, imported: Sequence[Imported], answer_in: str) -> None:
    say(f"{source}: {counts_in_words(imported)}.")
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
            for draft, item in zip(report.drafts, imported, strict=True)
        ],
        right=["No.", "Remarks"],
    )
    for draft, item in zip(report.drafts, imported, strict=True):
        show_taken_over(item, draft.texts[0].title)
    _show_lines(report)
    _show_items(report)
    for draft, item in zip(report.drafts, imported, strict=True):
        for remark in draft.remarks:
            say(f"  {imported_remark_line(item.announcement_id, remark, answer_in)}")


def _show_lines(report: IntakeReport) -> None:
    fates: Counter[LineFate] = Counter()
    for account in report.lines:
        fates[account.fate] += account.last_line - account.first_line + 1
    if not fates:
        return
    told = ", ".join(f"{count} {fate.value.replace('_', ' ')}" for fate, count in sorted(fates.items()))
    say(f"Every line accounted for: {told}.")
    for account in report.lines:
        if account.fate in (LineFate.LEFT_OUT, LineFate.BOILERPLATE) and account.reason:
            say(f"  line {account.first_line}: {account.fate.value.replace('_', ' ')} ({account.reason})")


def _show_items(report: IntakeReport) -> None:
    left_out = [account for account in report.items if account.fate is ItemFate.LEFT_OUT]
    if report.items:
        taken = len(report.items) - len(left_out)
        say(f"Every item accounted for: {taken} taken, {len(left_out)} left out.")
    for reason, count in Counter(account.reason for account in left_out).items():
        first = next(account for account in left_out if account.reason == reason)
        others = f" and {count - 1} more" if count > 1 else ""
        say(f"  item {first.number}{others}: left out ({reason})")


def _title(title: str, is_derived: bool) -> str:
    return f"{title} (derived)" if is_derived else title


@announcements.command("list")
@in_option
@json_option
def list_(answer_in: str | None, as_json: bool) -> None:
    """List the announcements, the latest first."""
    installation = open_installation()
    languages = installation.settings.languages
    with installation.database.read() as session:
        found = all_announcements(session)
    if as_json:
        told_in = answer_in or installation.settings.staff_language
        write_json([announcement_json(item, languages, told_in) for item in found])
        return
    write_table(
        "",
        ["No.", "Languages", "Title", "Date", "To do", "Remarks"],
        [
            (
                item.id,
                " ".join(text.language for text in item.translations),
                next((_title(text.title, text.is_title_derived) for text in item.translations), ""),
                item.happens_on or item.published_on or "",
                _to_do(item, languages),
                len(current_remarks(item)) or "",
            )
            for item in found
        ],
        right=["No.", "Remarks"],
    )


@announcements.command()
@click.argument("announcement_id", type=IdType)
@click.option(
    "--beside",
    metavar="fr,en",
    help="Two languages side by side, the source on the left, with what it changed since.",
)
@in_option
@json_option
def show(announcement_id: int, beside: str | None, answer_in: str | None, as_json: bool) -> None:
    """Show one announcement: its texts and the remarks on them as they are now."""
    installation = open_installation()
    if beside is not None:
        from newsletter.cli.side_by_side import show_side_by_side

        show_side_by_side(installation, announcement_id, beside, as_json=as_json)
        return
    with installation.database.read() as session:
        item = announcements_by_id(session, [announcement_id])[0]
    told_in = answer_in or installation.settings.staff_language
    if as_json:
        languages = installation.settings.languages
        write_json({**announcement_json(item, languages, told_in), "texts": _texts_json(item)})
        return
    for text in item.translations:
        say(f"[{text.language}] {_title(text.title, text.is_title_derived)} — {text.state.value}\n")
        say(f"{text.body}\n")
        if text.cta_url:
            say(f"→ {text.cta_label}: {text.cta_url}\n")
    for remark in current_remarks(item):
        say(remark_line(remark, told_in))


def _to_do(item: Announcement, languages: Sequence[str]) -> str:
    """What the texts still need: `en stale, nl missing`."""
    stale = [f"{text.language} stale" for text in item.translations if is_stale(text, source_of(item))]
    return ", ".join([*stale, *(f"{tag} missing" for tag in missing_languages(item, languages))])


def announcement_json(item: Announcement, languages: Sequence[str], answer_in: str) -> dict[str, Any]:
    """An announcement in JSON, in the words of the glossary; `missing` of the languages of the installation.

    Its remarks are in the language `answer_in`.
    """
    source = source_of(item)
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
        "missing": missing_languages(item, languages),
        "remarks": [remark_json(remark, answer_in) for remark in current_remarks(item)],
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


from newsletter.cli import announcement_export, announcement_texts  # noqa: E402, F401 - their commands join the group
