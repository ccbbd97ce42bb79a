"""`newsletter editions coverage`: each item in each language, and who would get what."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import click

from newsletter.cli.editions import editions
from newsletter.cli.numbers import IdType
from newsletter.cli.output import json_option, say, write_json, write_table
from newsletter.editions.coverage import (
    Cell,
    ItemCoverage,
    LanguageCount,
    OwnWords,
    counts_by_language,
    coverage_of,
    languages_with_fallback,
    own_words_of,
)
from newsletter.editions.models import Showing
from newsletter.editions.queries import edition_by_id
from newsletter.editions.rules import languages_of
from newsletter.foundation import clock
from newsletter.foundation.language import language_name, own_name
from newsletter.mailing.planning import Share, forecast, intended_variants
from newsletter.wiring import open_installation


@editions.command()
@click.argument("edition_id", metavar="E", type=IdType)
@json_option
def coverage(edition_id: int, as_json: bool) -> None:
    """Show how each item of an edition stands in each language, and how many readers get what, or nothing and why."""
    with open_installation().database.read() as session:
        edition = edition_by_id(session, edition_id)
        items, own = coverage_of(edition), own_words_of(edition)
        shares = forecast(session, edition, intended_variants(edition), now=clock.now())
    counts = counts_by_language(items, edition.languages)
    with_fallback = languages_with_fallback(items)
    readers = _readers(shares, with_fallback)
    if as_json:
        languages = {count.language: _count_json(count) for count in counts}
        told = [_item_json(item) for item in items]
        words = {item.language: own_words_json(item) for item in own}
        answer = {"edition": edition_id, "words": words, "items": told}
        write_json({**answer, "languages": languages, "readers": readers})
        return
    write_table(
        "",
        ["No.", "Item", *(own_name(tag) for tag in edition.languages)],
        [
            ("", "(the edition's own words)", *(own_words_in_words(item) for item in own)),
            *(
                (item.announcement_id, item.title, *(_in_words(cell) for cell in item.cells))
                for item in items
            ),
        ],
        right=["No."],
    )
    for few in counts:
        if few.is_few:
            say(
                f"{language_name(few.language, 'en')}: {few.own} of {len(items)} items. Translate more, let it wait "
                f"(freeze --language), do without it (freeze --without {few.language}), or send both in one "
                "(edit --mode combined)."
            )
    for variant, count in readers["by_variant"].items():
        note = " (some items in another language)" if set(languages_of(variant)) & with_fallback else ""
        say(f"{count:>7} readers get {variant}{note}")
    for reason, count in readers["nothing"].items():
        say(f"{count:>7} get nothing: {reason.replace('_', ' ')}")


def own_words_json(own: OwnWords) -> dict[str, Any]:
    """How the edition's own words stand in a language, in JSON; the state `derived` is that of words nobody wrote."""
    return {
        "state": own.state.value if own.state else "missing" if own.missing else "derived",
        "is_stale": own.is_stale,
        "written": own.written,
        "missing": own.missing,
    }


def own_words_in_words(own: OwnWords) -> str:
    """How the edition's own words stand in a language, for people: `draft, stale; without intro`."""
    if own.state is None:
        return f"missing: {', '.join(own.missing)}" if own.missing else "made from the items"
    missing = f"; without {', '.join(own.missing)}" if own.missing else ""
    return f"{own.state.value}{', stale' if own.is_stale else ''}{missing}"


def _readers(shares: Sequence[Share], with_fallback: frozenset[str]) -> dict[str, Any]:
    by_variant: Counter[str] = Counter()
    nothing: Counter[str] = Counter()
    for share in shares:
        if share.variant is not None:
            by_variant[share.variant] += share.count
        elif share.skip_reason is not None:
            nothing[share.skip_reason.value] += share.count
    by_fallback = sum(count for name, count in by_variant.items() if set(languages_of(name)) & with_fallback)
    return {
        "by_variant": dict(sorted(by_variant.items(), key=lambda pair: ("+" in pair[0], pair[0]))),
        "served_by_fallback": by_fallback,
        "nothing": dict(sorted(nothing.items())),
    }


def _count_json(count: LanguageCount) -> dict[str, Any]:
    return {
        "own": count.own,
        "in_another": count.in_another,
        "left_out": count.left_out,
        "is_few": count.is_few,
    }


def _item_json(item: ItemCoverage) -> dict[str, Any]:
    return {
        "announcement": item.announcement_id,
        "title": item.title,
        "languages": {
            cell.language: {
                "showing": cell.showing.value,
                "shown_language": cell.shown_language,
                "state": cell.state.value if cell.state else "missing",
                "is_stale": cell.is_stale,
            }
            for cell in item.cells
        },
    }


def _in_words(cell: Cell) -> str:
    state = cell.state.value.replace("_", " ") if cell.state else "missing"
    stale = ", stale" if cell.is_stale else ""
    shown = language_name(cell.shown_language, "en") if cell.shown_language else ""
    return {
        Showing.FULL: f"{state}{stale}",
        Showing.LABELLED: f"{state}: shown in {shown}",
        Showing.SUMMARY: f"{state}: title only, in {shown}",
        Showing.OMITTED: f"{state}: left out",
        Showing.BLOCKED: f"{state}: BLOCKS",
    }[cell.showing]
