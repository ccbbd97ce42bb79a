"""`newsletter editions edit|discard`."""

import re
from collections.abc import Callable, Sequence
from typing import Any

import click

from newsletter.announcements.revisions.changing import Edited
from newsletter.audience.queries import list_slugs
from newsletter.cli.edition_told import whole_edition_json
from newsletter.cli.editions import editions, masthead_for_edition
from newsletter.cli.languages import texts_option, texts_per_language
from newsletter.cli.numbers import IdType
from newsletter.cli.output import json_option, say, write_json
from newsletter.cli.people import by_option
from newsletter.cli.source_changes import show_edited
from newsletter.editions import wording
from newsletter.editions.editing import EditionChange, EditionEdit, discard_edition, edit_edition
from newsletter.editions.masthead import Masthead
from newsletter.editions.models import EditionMode, EditionText, Fallback
from newsletter.editions.own_words import refresh_derived
from newsletter.editions.queries import edition_by_id, frozen_languages, variant_names
from newsletter.foundation import clock
from newsletter.foundation.database import ReadSession, WriteSession
from newsletter.foundation.errors import BadInput
from newsletter.foundation.language import language_name, normalise_tag
from newsletter.rendering.themes import load_theme
from newsletter.wiring import Installation, open_installation

_ORDER = re.compile(r"\d{1,9}(?:,\d{1,9})*(?:/\d{1,9}(?:,\d{1,9})*)*")
_SECTION = re.compile(r"(\d{1,4}):(.*)", re.DOTALL)
_NO_FALLBACK = "default"
Move = Callable[[WriteSession, int, str], object]


@editions.command()
@click.argument("edition_id", metavar="E", type=IdType)
@texts_option("--subject", "The subject, per language; an empty one is made from the items.")
@texts_option(
    "--preheader", "The line beside the subject, per language; an empty one is made from the items."
)
@texts_option("--intro", "The word at the start, in Markdown, per language.")
@click.option(
    "--section", multiple=True, metavar="NUMBER:LANGUAGE=TITLE",
    help="The title of a section, per language; the first section has number 1.",
)  # fmt: skip
@click.option("--mode", type=click.Choice([mode.value for mode in EditionMode]))
@click.option("--fallback", type=click.Choice([item.value for item in Fallback]))
@click.option("--theme", help="How it looks; a folder under templates/themes.")
@click.option("--add", type=IdType, multiple=True, metavar="ID", help="Add an announcement at the end.")
@click.option("--remove", type=IdType, multiple=True, metavar="ID", help="Take an announcement out.")
@click.option("--order", metavar="ID,ID/ID", help="All announcements in order; / begins a new section.")
@click.option(
    "--item-fallback", multiple=True, metavar="ID=FALLBACK",
    help="What becomes of one item where a language lacks it; `default`: as the edition says.",
)  # fmt: skip
@click.option("--minor", is_flag=True, help="No change of meaning: the other languages stay confirmed.")
@click.option(
    "--base",
    "base_revision",
    type=IdType,
    help="The revision that you read; refused if it is not the latest.",
)
@click.option("--language", help="The language that is handed in, approved, returned, confirmed or restored.")
@click.option("--review", "move", flag_value="review", help="Hand its words in for a second pair of eyes.")
@click.option("--approve", "move", flag_value="approve", help="Let its words go out as they stand.")
@click.option("--return", "move", flag_value="return", help="Send its words back to be rewritten.")
@click.option("--confirm", "move", flag_value="confirm", help="Its words are still right for the source.")
@click.option("--restore", type=IdType, metavar="N", help="Make its revision N its words again.")
@by_option
@json_option
def edit(
    edition_id: int,
    language: str | None,
    move: str | None,
    restore: int | None,
    by: str,
    as_json: bool,
    **wanted: Any,
) -> None:
    """Change an edition that is not frozen: its words, items, order. What is not named stays as it is.

    With --language and --review, --approve, --return, --confirm or --restore: the state of its words in a language.
    """
    installation = open_installation()
    masthead = masthead_for_edition(installation, edition_id)
    is_changed = any(value not in (None, (), False) for value in wanted.values())
    if move is None and restore is None:
        if language is not None:
            raise BadInput("--language goes with --review, --approve, --return, --confirm or --restore.")
        if not is_changed:
            raise BadInput("Nothing to change: see `newsletter editions edit --help`.")
        _edit(installation, edition_id, masthead, by, as_json, **wanted)
        return
    if is_changed or language is None or (move and restore):
        raise BadInput(
            "Give --language and one of --review, --approve, --return, --confirm, --restore; nothing else."
        )
    tag = normalise_tag(language)
    if restore is not None:
        _restore(installation, edition_id, masthead, tag, restore, by, as_json)
    elif move is not None:
        _move(installation, edition_id, tag, move, by, as_json)


def _edit(
    installation: Installation,
    edition_id: int,
    masthead: Masthead,
    by: str,
    as_json: bool,
    *,
    mode: str | None,
    fallback: str | None,
    theme: str | None,
    add: tuple[int, ...],
    remove: tuple[int, ...],
    order: str | None,
    item_fallback: tuple[str, ...],
    section: tuple[str, ...],
    minor: bool,
    base_revision: int | None,
    **texts: tuple[str, ...],
) -> None:
    with installation.database.read() as session:
        languages = edition_by_id(session, edition_id).languages
    if theme is not None:
        load_theme(theme)  # a name that is none, or a broken theme, is refused before anything is changed
    change = EditionChange(
        EditionMode(mode) if mode else None,
        Fallback(fallback) if fallback else None,
        theme,
        add,
        remove,
        _order(order),
        dict(_item_fallback(value) for value in item_fallback),
    )
    words = _words(texts, languages, edition_id)
    titles = _titles(section, languages, edition_id)
    if base_revision is not None and len({*words, *titles}) != 1:
        raise BadInput("--base is the revision of one language; change the words of one only.")
    wanted = EditionEdit(by, change, words, titles, minor, base_revision)
    with installation.database.transaction() as session:
        _, edited = edit_edition(session, edition_id, wanted, masthead, clock.now())
    _tell_edited(installation, edition_id, edited, as_json)


def _words(
    texts: dict[str, tuple[str, ...]], languages: Sequence[str], edition_id: int
) -> dict[str, dict[str, str]]:
    """Language -> field -> words."""
    words: dict[str, dict[str, str]] = {}
    for field, values in texts.items():
        per_language = texts_per_language(values, languages, f"--{field}", f"edition {edition_id}")
        for language, text in per_language.items():
            words.setdefault(language, {})[field] = text
    return words


def _titles(values: Sequence[str], languages: Sequence[str], edition_id: int) -> dict[str, dict[int, str]]:
    """Language -> place of a section -> title, from `2:fr=Agenda`."""
    titles: dict[str, dict[int, str]] = {}
    for value in values:
        match = _SECTION.fullmatch(value)
        if match is None:
            raise BadInput(f"--section {value}: write its number, a language and a title, as in 2:fr=Agenda.")
        named = texts_per_language([match[2]], languages, "--section", f"edition {edition_id}")
        for language, title in named.items():
            titles.setdefault(language, {})[int(match[1])] = title
    return titles


def _order(value: str | None) -> tuple[tuple[int, ...], ...]:
    """The announcements of each section in order, from `4,2/7`."""
    if value is None:
        return ()
    plain = "".join(value.split())
    if not _ORDER.fullmatch(plain):
        raise BadInput(
            f"--order {value}: write the numbers of announcements, as in 4,2/7; / begins a new section."
        )
    return tuple(tuple(int(number) for number in group.split(",")) for group in plain.split("/"))


def _item_fallback(value: str) -> tuple[int, Fallback | None]:
    """The announcement and what becomes of it, from `3=omit`."""
    number, _, name = value.partition("=")
    known = {_NO_FALLBACK: None, **{item.value: item for item in Fallback}}
    if not (number.isascii() and number.isdecimal()) or name not in known:
        raise BadInput(
            f"--item-fallback {value}: write an announcement and one of {', '.join(known)}, as in 3=omit."
        )
    return int(number), known[name]


def _restore(
    installation: Installation,
    edition_id: int,
    masthead: Masthead,
    language: str,
    number: int,
    by: str,
    as_json: bool,
) -> None:
    with installation.database.transaction() as session:
        edited = wording.restore_words(session, edition_id, language, number, by, clock.now())
        session.flush()
        edition = edition_by_id(session, edition_id)
        refresh_derived(edition, masthead, frozen_languages(session, edition))
    _tell_edited(installation, edition_id, {language: edited}, as_json)


def _move(
    installation: Installation, edition_id: int, language: str, move: str, by: str, as_json: bool
) -> None:
    moves: dict[str, Move] = {
        "review": wording.submit_words,
        "approve": lambda session, number, tag: wording.approve_words(session, number, tag, by, clock.now()),
        "return": wording.return_words,
        "confirm": wording.confirm_words,
    }
    with installation.database.transaction() as session:
        moves[move](session, edition_id, language)
        session.flush()
        told = _edition_json(session, edition_id)
    if as_json:
        write_json(told)
        return
    text = told["texts"][language]
    words = text["state"] + (", and stale" if text["is_stale"] else "")
    say(f"The {language_name(language, 'en')} text of edition {edition_id} is {words}.")


def _tell_edited(
    installation: Installation, edition_id: int, edited: dict[str, Edited[EditionText]], as_json: bool
) -> None:
    with installation.database.read() as session:
        told = _edition_json(session, edition_id)
    if as_json:
        told["edited"] = {
            language: {
                "revision": item.revision,
                "is_changed": item.is_changed,
                "is_approval_void": item.is_approval_void,
                "became_stale": item.became_stale,
            }
            for language, item in edited.items()
        }
        write_json(told)
        return
    say(
        f"Edition {edition_id} ({told['list']} no. {told['issue_number']}) has {len(told['items'])} announcements."
    )
    for language, item in edited.items():
        show_edited(item, language, f"edition {edition_id}")


def _edition_json(session: ReadSession, edition_id: int) -> dict[str, Any]:
    edition = edition_by_id(session, edition_id)
    names = variant_names(session, [edition_id]).get(edition_id, [])
    return whole_edition_json(edition, list_slugs(session)[edition.list_id], names)


@editions.command()
@click.argument("edition_id", metavar="E", type=IdType)
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def discard(edition_id: int, yes: bool, as_json: bool) -> None:
    """Delete a draft that nothing of is frozen. Its announcements stay."""
    installation = open_installation()
    with installation.database.read() as session:
        told = _edition_json(session, edition_id)
    named = f"edition {edition_id} ({told['list']} no. {told['issue_number']})"
    if not yes:
        click.confirm(f"Discard {named}?", abort=True, err=True)
    with installation.database.transaction() as session:
        discard_edition(session, edition_id)
    if as_json:
        write_json({"id": edition_id, "is_discarded": True})
        return
    say(f"Discarded {named}.")
