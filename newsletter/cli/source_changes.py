"""What became of a source since its translation was confirmed, and the revisions of a text: told alike for every kind of text."""

from collections.abc import Sequence
from typing import Any

from newsletter.announcements.models import KeptRevision
from newsletter.announcements.revisions.changing import Edited, SourceChange
from newsletter.announcements.revisions.word_diff import DiffKind, DiffPart, parts_in_words
from newsletter.cli.output import say
from newsletter.foundation.language import language_name

_MARKS = {DiffKind.KEPT: "{}", DiffKind.REMOVED: "[-{}-]", DiffKind.ADDED: "{{+{}+}}"}


def show_change(change: SourceChange, language: str) -> None:
    """Tells people what became of the source of the text in a language."""
    name = language_name(language, "en")
    if not change.is_stale:
        say(f"Nothing changed since the {name} text was confirmed.")
    elif not change.is_known:
        say(f"The {name} text is stale, and the source that it was made from is not kept here: read both.")
    for item in change.fields:
        say(f"{item.field}: {parts_in_words(item.parts, change.source_language, 'en')}")
        say(marked(item.parts) + "\n")


def change_json(change: SourceChange) -> dict[str, Any]:
    """What became of a source, in JSON."""
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


def marked(parts: Sequence[DiffPart]) -> str:
    """The difference as one text: [-what went-] and {+what came+}."""
    out = []
    for part in parts:
        words = part.words.lstrip()
        out.append(part.words.removesuffix(words) + (_MARKS[part.kind].format(words) if words else ""))
    return "".join(out)


def show_edited(edited: Edited[Any], language: str, of: str) -> None:
    """Tells people what an edit of a text did; `of` is what the text belongs to: "announcement 3"."""
    name = language_name(language, "en")
    if not edited.is_changed:
        say(f"Nothing changed: the {name} text said this already.")
        return
    say(f"The {name} text of {of} is at revision {edited.revision}.")
    if edited.is_approval_void:
        say("Its approval was for other words; it waits for review again.")
    for stale in edited.became_stale:
        say(f"The {language_name(stale, 'en')} text is stale now; edit or confirm it.")


def revision_json(revision: KeptRevision) -> dict[str, Any]:
    """A revision in JSON: its words by field, numbered fields too."""
    return {
        "number": revision.number,
        "author": revision.author,
        "made_at": revision.made_at,
        "is_minor": revision.is_minor,
        "content_hash": revision.content_hash,
        **revision.words,
    }


def revision_cells(revision: KeptRevision) -> tuple[object, str, str]:
    """The first cells of a revision's line: number, when, by whom."""
    when = revision.made_at.strftime("%Y-%m-%d %H:%M")
    return revision.number, when, revision.author + (" (minor)" if revision.is_minor else "")
