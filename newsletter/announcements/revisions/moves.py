"""What can be done with the state of any text: hand it in, approve it, send it back. The same for every kind of text."""

from datetime import datetime

from newsletter.announcements.errors import MoveNotPossible
from newsletter.announcements.models import KeptText, TranslationState
from newsletter.announcements.revisions.family import Family, T
from newsletter.announcements.rules import Move, is_stale, state_after, text_hash


def submit(family: Family[T], text: T) -> T:
    """A draft waits for a second pair of eyes. Raises MoveNotPossible."""
    make_move(family, text, Move.SUBMIT)
    return text


def approve(family: Family[T], text: T, by: str, now: datetime) -> T:
    """Lets a text go out as it stands: the approval is of these words, and void when they change.

    A text that is approved already keeps its first approval. Raises MoveNotPossible for a stale text.
    """
    name = family.name_of(text.language)
    if is_stale(text, family.source):
        raise MoveNotPossible(
            name, f"is stale: look at `{name.command('changes')}`, then edit or confirm it."
        )
    is_approved_already = text.state is TranslationState.APPROVED and text.approved_hash == text_hash(text)
    make_move(family, text, Move.APPROVE)
    if not is_approved_already:
        text.approved_hash, text.approved_by, text.approved_at = text_hash(text), by, now
    return text


def send_back(family: Family[T], text: T) -> T:
    """A text is to be rewritten; an approval is void. Raises MoveNotPossible."""
    make_move(family, text, Move.RETURN)
    withdraw_approval(text)
    return text


def make_move(family: Family[T], text: T, move: Move) -> None:
    """Puts the text into the state to which the move leads. Raises MoveNotPossible."""
    state = state_after(text.state, move)
    if state is None:
        words = text.state.value.replace("_", " ")
        raise MoveNotPossible(family.name_of(text.language), f"is {words}; that cannot be done with it.")
    text.state = state


def withdraw_approval(text: KeptText) -> None:
    """Forgets what was approved."""
    text.approved_hash = text.approved_by = text.approved_at = None
