"""How `newsletter announcements import` asks and tells what becomes of a source that was imported before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from newsletter.announcements.intake.updating import LeftBecause, TextLeft, Update
from newsletter.cli.output import say
from newsletter.foundation.language import language_name

if TYPE_CHECKING:
    from newsletter.announcements.intake.storing import Imported

_F = TypeVar("_F", bound=Callable[..., Any])
_DETAILS = {"topic": "topic", "published_on": "date", "happens_on": "day of the event", "picture": "picture"}


def update_options(command: _F) -> _F:
    """Adds `--update` and `--update-all`."""
    update = click.option(
        "--update",
        is_flag=True,
        help="Take over what changed at its source since, but for texts that somebody changed here.",
    )
    update_all = click.option(
        "--update-all",
        is_flag=True,
        help="Take it over in any case; the words that stood here stay in the revisions.",
    )
    return update(update_all(command))


def update_from(is_update: bool, is_update_all: bool) -> Update:
    """What the two options ask for."""
    return Update.ALL if is_update_all else Update.UNEDITED if is_update else Update.NONE


def is_unchanged(item: Imported) -> bool:
    """Whether everything stands here as at its source already."""
    return not (item.is_new or item.is_changed or item.is_updated)


def counts_in_words(imported: Sequence[Imported]) -> str:
    """How many announcements there are, and how many are new, known, updated, changed."""
    updated = sum(item.is_updated for item in imported)
    changed = sum(item.is_changed and not item.is_updated for item in imported)
    return ", ".join(
        [
            f"{len(imported)} announcements",
            f"{sum(item.is_new for item in imported)} added",
            f"{sum(is_unchanged(item) for item in imported)} known already",
            *([f"{updated} updated"] if updated else []),
            *([f"{changed} changed since they were imported"] if changed else []),
        ]
    )


def taken_over_json(item: Imported) -> dict[str, Any]:
    """What was taken over of a draft, in JSON."""
    return {
        "is_changed": item.is_changed,
        "is_updated": item.is_updated,
        "taken_over": item.taken_over.languages,
        "details": item.taken_over.details,
        "left": [{"language": text.language, "reason": text.reason} for text in item.taken_over.left],
        "became_stale": item.taken_over.became_stale,
        "approval_void": item.taken_over.approval_void,
    }


def show_taken_over(item: Imported, title: str) -> None:
    """Tells people what was taken over of a draft and what was left."""
    about = f"  announcement {item.announcement_id}"
    taken = [f"{_name(tag)} text" for tag in item.taken_over.languages]
    if item.is_updated:
        taken += [_DETAILS[name] for name in item.taken_over.details]
        say(f"{about}: taken over from its source: {', '.join(taken)}.")
    for tag in item.taken_over.approval_void:
        say(f"{about}: the approval of the {_name(tag)} text was for other words; it waits for review again.")
    for tag in item.taken_over.became_stale:
        say(f"{about}: the {_name(tag)} text is stale now; edit or confirm it.")
    if item.update is Update.NONE and item.is_changed:
        say(
            f"{about} says something else at its source now: “{title}”. "
            "What stands here was left as it is; --update takes it over."
        )
        return
    for text in item.taken_over.left:
        say(f"{about}: {_left_in_words(item.announcement_id, text)}")


def _left_in_words(announcement_id: int, text: TextLeft) -> str:
    name = _name(text.language)
    if text.reason is LeftBecause.SET_ASIDE:
        return (
            f"its source has {name} words; here it is marked as not applicable in that language, and stays so "
            f"(`newsletter announcements reopen {announcement_id} --language {text.language}`)."
        )
    return (
        f"the {name} words were changed here since, and those of the source too: what stands here was left. "
        "--update-all takes the source’s; yours stay in the revisions."
    )


def _name(language: str) -> str:
    return language_name(language, "en")
