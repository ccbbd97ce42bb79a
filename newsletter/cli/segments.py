"""`newsletter segments ...`."""

from typing import Any

import click
import sqlalchemy as sa

from newsletter.audience.segments.actions import create_segment, delete_segment, edit_segment
from newsletter.audience.segments.filters import in_words
from newsletter.audience.segments.models import Segment
from newsletter.audience.segments.parsing import parse_filter
from newsletter.audience.segments.queries import Preview, preview, segment_by_slug, segment_condition
from newsletter.audience.segments.queries import segments as all_segments
from newsletter.audience.segments.selecting import bearings
from newsletter.cli.output import json_option, say, write_json, write_table
from newsletter.foundation import clock
from newsletter.foundation.database import ReadSession
from newsletter.foundation.language import own_name
from newsletter.wiring import Installation, open_installation


@click.group()
def segments() -> None:
    """Name, look at and change filters of readers."""


@segments.command()
@click.argument("slug")
@click.argument("filter_text", metavar="FILTER")
@click.option("--name", default="", help="What people call it; default: its short name.")
@json_option
def create(slug: str, filter_text: str, name: str, as_json: bool) -> None:
    """Save FILTER as the segment SLUG, as in: newsletter segments create liege 'city = Liège and on letter'."""
    installation = open_installation()
    with installation.database.transaction() as session:
        create_segment(session, slug, name, filter_text, clock.now())
    _show(installation, slug, as_json)


@segments.command()
@click.argument("slug")
@click.option("--filter", "filter_text", help="The new filter.")
@click.option("--name", help="What people call it.")
@json_option
def edit(slug: str, filter_text: str | None, name: str | None, as_json: bool) -> None:
    """Change a segment. Mailings that were planned with it keep the filter that they had."""
    installation = open_installation()
    with installation.database.transaction() as session:
        edit_segment(session, slug, clock.now(), name=name, filter_text=filter_text)
    _show(installation, slug, as_json)


@segments.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the segments."""
    with open_installation().database.read() as session:
        found = [_json(item) for item in all_segments(session)]
    if as_json:
        write_json(found)
        return
    write_table(
        "", ["Segment", "Name", "Filter"], [(item["segment"], item["name"], item["filter"]) for item in found]
    )


@segments.command()
@click.argument("slug")
@json_option
def show(slug: str, as_json: bool) -> None:
    """Show a segment: its filter, and whom it means at this moment."""
    _show(open_installation(), slug, as_json)


@segments.command("preview")
@click.argument("filter_text", metavar="FILTER")
@json_option
def preview_(filter_text: str, as_json: bool) -> None:
    """Show whom FILTER means at this moment, and save nothing."""
    installation = open_installation()
    with installation.database.read() as session:
        found = _preview(session, installation, filter_text)
    if as_json:
        write_json({"filter": in_words(parse_filter(filter_text)), **_preview_json(found)})
        return
    _show_preview(found)


@segments.command()
@click.argument("slug")
def delete(slug: str) -> None:
    """Take a segment away; nobody's subscription changes."""
    with open_installation().database.transaction() as session:
        delete_segment(session, slug)
    say(f"The segment {slug} is gone.")


def segment_of(
    session: ReadSession, installation: Installation, slug: str | None
) -> sa.ColumnElement[bool] | None:
    """The condition of the segment that an option names; None where none is named."""
    if slug is None:
        return None
    by = bearings(session, clock.now(), installation.settings.time_zone)
    return segment_condition(session, slug, by)


def _preview(session: ReadSession, installation: Installation, filter_text: str) -> Preview:
    return preview(session, filter_text, bearings(session, clock.now(), installation.settings.time_zone))


def _show(installation: Installation, slug: str, as_json: bool) -> None:
    with installation.database.read() as session:
        segment = segment_by_slug(session, slug)
        found = _preview(session, installation, segment.filter)
    if as_json:
        write_json({**_json(segment), **_preview_json(found)})
        return
    say(f"{segment.slug} ({segment.name}): {segment.filter}")
    _show_preview(found)


def _json(segment: Segment) -> dict[str, Any]:
    return {
        "segment": segment.slug,
        "name": segment.name,
        "filter": segment.filter,
        "updated_at": segment.updated_at,
    }


def _preview_json(found: Preview) -> dict[str, Any]:
    return {
        "count": found.count,
        "active": found.active,
        "by_language": found.by_language,
        "examples": found.examples,
    }


def _show_preview(found: Preview) -> None:
    say(f"{found.count} readers, {found.active} of them on a list.")
    for language, count in found.by_language.items():
        say(f"{count:>7} {own_name(language) if language else 'language not known'}")
    if found.examples:
        say(f"For example: {', '.join(found.examples)}")
