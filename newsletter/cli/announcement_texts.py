"""`newsletter announcements edit|review|approve|return|confirm|not-applicable|reopen|revisions|restore|changes`."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from newsletter.announcements.current_remarks import current_remarks
from newsletter.announcements.intake.files import decode_source, read_source
from newsletter.announcements.models import Translation
from newsletter.announcements.queries import announcements_by_id
from newsletter.announcements.remarks import Remark
from newsletter.announcements.revisions import editing, states
from newsletter.announcements.revisions.changing import Edited
from newsletter.announcements.revisions.queries import (
    announcement_with_texts,
    latest_revision,
    revisions_of,
    what_changed,
)
from newsletter.announcements.rules import TextField, is_stale, source_of
from newsletter.cli.announcements import announcements
from newsletter.cli.languages import in_option
from newsletter.cli.numbers import IdType
from newsletter.cli.output import json_option, say, write_json, write_table
from newsletter.cli.people import by_option
from newsletter.cli.remarks import remark_json, remark_line
from newsletter.cli.source_changes import change_json, revision_cells, revision_json, show_change, show_edited
from newsletter.foundation import clock
from newsletter.foundation.database import ReadSession, WriteSession
from newsletter.foundation.errors import BadInput
from newsletter.foundation.language import language_name, normalise_tag
from newsletter.wiring import Installation, open_installation

_F = TypeVar("_F", bound=Callable[..., Any])


def _one_text(command: _F) -> _F:
    """Adds what names one text, and `--json`."""
    language = click.option("--language", required=True, help="The language of the text.")
    return click.argument("announcement_id", type=IdType, metavar="ID")(language(json_option(command)))


@announcements.command()
@_one_text
@click.option("--title", help="The new title.")
@click.option("--summary", help="The new summary, in Markdown.")
@click.option("--body", help="The new text, in Markdown.")
@click.option("--body-file", type=click.Path(path_type=Path), help="A file with the new text, in Markdown.")
@click.option("--cta-label", help="The words on the button.")
@click.option("--cta-url", help="Where the button leads.")
@click.option(
    "--alt", multiple=True, metavar="NUMBER=WORDS", help="What a picture shows; the first one has number 1."
)
@click.option("--minor", is_flag=True, help="No change of meaning: translations of this text stay confirmed.")
@click.option(
    "--base",
    "base_revision",
    type=IdType,
    help="The revision that you read; refused if it is not the latest.",
)
@by_option
@in_option
def edit(
    announcement_id: int,
    language: str,
    as_json: bool,
    minor: bool,
    base_revision: int | None,
    by: str,
    body_file: Path | None,
    alt: tuple[str, ...],
    answer_in: str | None,
    **words: str | None,
) -> None:
    """Change a text, or write the first one in a language. What is not named stays as it is."""
    changes = {name: text for name, text in words.items() if text is not None}
    changes |= _alt_texts(alt)
    if body_file is not None:
        if TextField.BODY in changes:
            raise BadInput("Give the text by --body or by --body-file, not by both.")
        lines = decode_source(read_source(body_file), str(body_file)).lines
        changes[TextField.BODY] = "\n".join(lines).strip("\n")
    if not changes:
        raise BadInput(
            "Nothing to change: give --title, --summary, --body, --body-file, --cta-label, --cta-url or --alt."
        )
    wanted = editing.Edit(changes, by, is_minor=minor, base_revision=base_revision)
    _tell_edit(
        lambda session, tag: editing.edit_text(session, announcement_id, tag, wanted, clock.now()),
        announcement_id,
        language,
        as_json,
        answer_in,
    )


def _alt_texts(values: Sequence[str]) -> dict[str, str]:
    """Field -> words from `1=A pear tree`. Raises BadInput."""
    changes = {}
    for value in values:
        number, equals, words = value.partition("=")
        if not equals or not number.isdecimal() or int(number) < 1:
            raise BadInput(
                f"--alt {value}: write the number of the picture and its words, as in 1=“A pear tree”."
            )
        changes[f"alt.{int(number) - 1}"] = words
    return changes


@announcements.command()
@_one_text
@click.option("--revision", "number", type=IdType, required=True, help="The number of the revision.")
@by_option
@in_option
def restore(
    announcement_id: int, language: str, number: int, by: str, answer_in: str | None, as_json: bool
) -> None:
    """Make an earlier revision the text again."""
    _tell_edit(
        lambda session, tag: editing.restore_revision(session, announcement_id, tag, number, by, clock.now()),
        announcement_id,
        language,
        as_json,
        answer_in,
    )


def _tell_edit(
    act: Callable[[WriteSession, str], Edited[Translation]],
    announcement_id: int,
    language: str,
    as_json: bool,
    answer_in: str | None,
) -> None:
    installation = open_installation()
    tag = _tag(installation, language)
    with installation.database.transaction() as session:
        edited = act(session, tag)
        told = _text_json(session, announcement_id, tag)
    told_in = answer_in or installation.settings.staff_language
    remarks = _remarks_on(installation, announcement_id, tag)
    if as_json:
        became = {"is_approval_void": edited.is_approval_void, "became_stale": edited.became_stale}
        told["remarks"] = [remark_json(remark, told_in) for remark in remarks]
        write_json({**told, "is_changed": edited.is_changed, **became})
        return
    show_edited(edited, tag, f"announcement {announcement_id}")
    if not edited.is_changed:
        return
    for remark in remarks:
        say(remark_line(remark, told_in))


def _remarks_on(installation: Installation, announcement_id: int, language: str) -> list[Remark]:
    """The remarks on one text as it is now."""
    with installation.database.read() as session:
        (announcement,) = announcements_by_id(session, [announcement_id])
    return [remark for remark in current_remarks(announcement) if remark.language == language]


@announcements.command()
@_one_text
def review(announcement_id: int, language: str, as_json: bool) -> None:
    """Hand a draft in: it waits for a second pair of eyes."""
    _tell_state(
        lambda session, tag: states.submit_for_review(session, announcement_id, tag),
        announcement_id,
        language,
        as_json,
    )


@announcements.command()
@_one_text
@by_option
def approve(announcement_id: int, language: str, by: str, as_json: bool) -> None:
    """Let a text go out as it stands. The approval is void when its words change."""
    _tell_state(
        lambda session, tag: states.approve_text(session, announcement_id, tag, by, clock.now()),
        announcement_id,
        language,
        as_json,
    )


@announcements.command("return")
@_one_text
def return_(announcement_id: int, language: str, as_json: bool) -> None:
    """Send a text back to be rewritten: it is a draft again."""
    _tell_state(
        lambda session, tag: states.return_to_draft(session, announcement_id, tag),
        announcement_id,
        language,
        as_json,
    )


@announcements.command()
@_one_text
def confirm(announcement_id: int, language: str, as_json: bool) -> None:
    """Say that a translation is still right though its source changed."""
    _tell_state(
        lambda session, tag: editing.confirm_translation(session, announcement_id, tag),
        announcement_id,
        language,
        as_json,
    )


@announcements.command("not-applicable")
@_one_text
def not_applicable(announcement_id: int, language: str, as_json: bool) -> None:
    """Say that the announcement is not meant to exist in this language."""
    _tell_state(
        lambda session, tag: states.mark_not_applicable(session, announcement_id, tag, clock.now()),
        announcement_id,
        language,
        as_json,
    )


@announcements.command()
@_one_text
def reopen(announcement_id: int, language: str, as_json: bool) -> None:
    """Say that the announcement is meant to exist in this language after all."""
    _tell_state(
        lambda session, tag: states.reopen(session, announcement_id, tag), announcement_id, language, as_json
    )


def _tell_state(
    act: Callable[[WriteSession, str], object], announcement_id: int, language: str, as_json: bool
) -> None:
    installation = open_installation()
    tag = _tag(installation, language)
    with installation.database.transaction() as session:
        act(session, tag)
        session.flush()
        told = _text_json(session, announcement_id, tag)
    if as_json:
        write_json(told)
        return
    words = str(told["state"]).replace("_", " ") + (", and stale" if told["is_stale"] else "")
    say(f"The {language_name(tag, 'en')} text of announcement {announcement_id} is {words}.")


@announcements.command()
@_one_text
def revisions(announcement_id: int, language: str, as_json: bool) -> None:
    """List the revisions of a text, the latest first."""
    installation = open_installation()
    with installation.database.read() as session:
        found = revisions_of(session, announcement_id, _tag(installation, language))
    if as_json:
        write_json([revision_json(item) for item in found])
        return
    write_table(
        "",
        ["No.", "When", "By", "Title", "Words"],
        [(*revision_cells(item), item.title, len(item.body.split())) for item in found],
        right=["No.", "Words"],
    )


@announcements.command()
@_one_text
def changes(announcement_id: int, language: str, as_json: bool) -> None:
    """Show what became of the source since this translation was confirmed."""
    installation = open_installation()
    tag = _tag(installation, language)
    with installation.database.read() as session:
        change = what_changed(session, announcement_id, tag)
    if as_json:
        write_json({"announcement": announcement_id, "language": tag, **change_json(change)})
        return
    show_change(change, tag)


def _text_json(session: ReadSession, announcement_id: int, language: str) -> dict[str, Any]:
    """The state of one text in JSON; `missing` where there is none."""
    announcement = announcement_with_texts(session, announcement_id)
    text = next((item for item in announcement.translations if item.language == language), None)
    revision = latest_revision(session, text) if text else None
    return {
        "announcement": announcement_id,
        "language": language,
        "state": text.state if text else "missing",
        "is_stale": is_stale(text, source_of(announcement)) if text else False,
        "revision": revision.number if revision else 0,
        "approved_by": text.approved_by if text else None,
        "approved_at": text.approved_at if text else None,
    }


def _tag(installation: Installation, language: str) -> str:
    """The language in its one spelling. Raises BadInput for one that the installation does not speak."""
    tag = normalise_tag(language)
    spoken = installation.settings.languages
    if tag not in spoken:
        raise BadInput(
            f"--language {tag}: this installation speaks {', '.join(spoken)} (NEWSLETTER_LANGUAGES)."
        )
    return tag
