"""How the hand-off reaches the texts of one kind. Each room that has texts brings its own kind; this is the announcements'."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from newsletter.announcements.revisions.changing import Edit, Edited
from newsletter.announcements.revisions.editing import confirm_translation, edit_text
from newsletter.announcements.revisions.family import Family
from newsletter.announcements.revisions.queries import KIND, announcement_with_texts, family_of
from newsletter.announcements.revisions.states import submit_for_review
from newsletter.foundation.database import ReadSession, WriteSession


@dataclass(frozen=True, slots=True)
class TextKind:
    """What can be done with texts of a kind: find those of a number (locked, or not), edit one, confirm it, hand it in.

    What finds raises a NewsletterError where there is nothing of that number.
    """

    name: str
    find: Callable[[ReadSession, int, bool], Family[Any]]
    edit: Callable[[WriteSession, int, str, Edit, datetime], Edited[Any]]
    confirm: Callable[[WriteSession, int, str], object]
    submit: Callable[[WriteSession, int, str], object]


def _find(session: ReadSession, number: int, lock: bool) -> Family[Any]:
    return family_of(announcement_with_texts(session, number, lock=lock))


ANNOUNCEMENTS = TextKind(KIND, _find, edit_text, confirm_translation, submit_for_review)
