"""`newsletter announcements edit|review|approve|return|confirm|not-applicable|reopen|revisions|restore|changes`."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from newsletter.announcements.intake.files import decode_source, read_source
from newsletter.announcements.revisions import editing, states
from newsletter.announcements.revisions.queries import (
    SourceChange,
    announcement_with_texts,
    latest_revision,
    revisions_of,
    what_changed,
)
from newsletter.announcements.revisions.word_diff import DiffKind, DiffPart, parts_in_words
from newsletter.announcements.rules import TextField, is_stale, source_of
from newsletter.cli.announcements import announcements
from newsletter.cli.numbers import IdType
from newsletter.cli.output import json_option, say, write_json, write_table
from newsletter.cli.people import by_option
from newsletter.foundation import clock
from newsletter.foundation.database import ReadSession, WriteSession
from newsletter.foundation.errors import BadInput
from newsletter.foundation.language import language_name, normalise_tag
from newsletter.wiring import Installation, open_installation

_F = TypeVar("_F", bound=Callable[..., Any])
_MARKS = {DiffKind.KEPT: "{}", DiffKind.REMOVED: "[-{}-]", DiffKind.ADDED: "{{+{}+}}"}


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
@click.option("--minor", is_flag=True, help="No change of meaning: translations of this text stay confirmed.")
@click.option(
    "--base",
    "base_revision",
    type=IdType,
    help="The revision that you read; refused if it is not the latest.",
)
@by_option
def edit(
    announcement_id: int,
    language: str,
    as_json: bool,
    minor: bool,
    base_revision: int | None,
    by: str,
    body_file: Path | None,
    **words: str | None,
) -> None:
    """Change a text, or write the first one in a language. What is not named stays as it is."""
    changes = {TextField(name): text for name, text in words.items() if text is not None}
    if body_file is not None:
        if TextField.BODY in changes:
            raise BadInput("Give the text by --body or by --body-file, not by both.")
        lines = decode_source(read_source(body_file), str(body_file)).lines
        changes[TextField.BODY] = "\n".join(lines).strip("\n")
    if not changes:
        raise BadInput(
            "Nothing to change: give --title, --summary, --body, --body-file, --cta-label or --cta-url."
        )
    wanted = editing.Edit(changes, by, is_minor=minor, base_revision=base_revision)
    _tell_edit(
        lambda session, tag: editing.edit_text(session, announcement_id, tag, wanted, clock.now()),
        language,
        as_json,
    )


@announcements.command()
@_one_text
@click.option("--revision", "number", type=IdType, required=True, help="The number of the revision.")
@by_option
def restore(announcement_id: int, language: str, number: int, by: str, as_json: bool) -> None:
    """Make an earlier revision the text again."""
    _tell_edit(
        lambda session, tag: editing.restore_revision(session, announcement_id, tag, number, by, clock.now()),
        language,
        as_json,
    )


def _tell_edit(act: Callable[[WriteSession, str], editing.Edited], language: str, as_json: bool) -> None:
    installation = open_installation()
    tag = _tag(installation, language)
    with installation.database.transaction() as session:
        edited = act(session, tag)
        told = _text_json(session, edited.text.announcement_id, tag)
    if as_json:
        became = {"is_approval_void": edited.is_approval_void, "became_stale": edited.became_stale}
        write_json({**told, "is_changed": edited.is_changed, **became})
        return
    name = language_name(tag, "en")
    if not edited.is_changed:
        say(f"Nothing changed: the {name} text said this already.")
        return
    say(f"The {name} text of announcement {edited.text.announcement_id} is at revision {edited.revision}.")
    if edited.is_approval_void:
        say("Its approval was for other words; it waits for review again.")
    for stale in edited.became_stale:
        say(f"The {language_name(stale, 'en')} text is stale now; edit or confirm it.")


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
        names = (
            "number",
            "author",
            "made_at",
            "is_minor",
            "content_hash",
            *(field.value for field in TextField),
        )
        write_json([{name: getattr(item, name) for name in names} for item in found])
        return
    write_table(
        "",
        ["No.", "When", "By", "Title", "Words"],
        [
            (item.number, _shown(item.made_at), item.author + (" (minor)" if item.is_minor else ""), item.title, len(item.body.split()))
            for item in found
        ],
        right=["No.", "Words"],
    )  # fmt: skip


@announcements.command()
@_one_text
def changes(announcement_id: int, language: str, as_json: bool) -> None:
    """Show what became of the source since this translation was confirmed."""
    installation = open_installation()
    tag = _tag(installation, language)
    with installation.database.read() as session:
        change = what_changed(session, announcement_id, tag)
    if as_json:
        write_json({"announcement": announcement_id, "language": tag, **_change_json(change)})
        return
    name = language_name(tag, "en")
    if not change.is_stale:
        say(f"Nothing changed since the {name} text was confirmed.")
    elif not change.is_known:
        say(f"The {name} text is stale, and the source that it was made from is not kept here: read both.")
    for item in change.fields:
        say(f"{item.field.value}: {parts_in_words(item.parts, change.source_language, 'en')}")
        say(_marked(item.parts) + "\n")


def _change_json(change: SourceChange) -> dict[str, Any]:
    return {
        "source_language": change.source_language,
        "is_stale": change.is_stale,
        "is_known": change.is_known,
        "since": change.since,
        "fields": [
            {
                "field": item.field,
                "before": item.before,
                "after": item.after,
                "in_words": parts_in_words(item.parts, change.source_language, "en"),
                "parts": item.parts,
            }
            for item in change.fields
        ],
    }


def _marked(parts: Sequence[DiffPart]) -> str:
    """The difference as one text: [-what went-] and {+what came+}."""
    out = []
    for part in parts:
        words = part.words.lstrip()
        out.append(part.words.removesuffix(words) + (_MARKS[part.kind].format(words) if words else ""))
    return "".join(out)


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


def _shown(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M")


def _tag(installation: Installation, language: str) -> str:
    """The language in its one spelling. Raises BadInput for one that the installation does not speak."""
    tag = normalise_tag(language)
    spoken = installation.settings.languages
    if tag not in spoken:
        raise BadInput(
            f"--language {tag}: this installation speaks {', '.join(spoken)} (NEWSLETTER_LANGUAGES)."
        )
    return tag
