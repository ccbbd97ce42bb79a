"""What can be done with an edition's own words in one language: the same as with any text (announcements/revisions).

The first language of the edition is the source of the others. A language that is frozen is never touched.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from newsletter.announcements.errors import TextRefused
from newsletter.announcements.revisions import changing, family, moves
from newsletter.announcements.revisions.changing import Edit, Edited, SourceChange
from newsletter.announcements.revisions.family import Family
from newsletter.editions.errors import EditionIsFrozen, LanguageIsFrozen, LanguageNotInEdition
from newsletter.editions.models import Edition, EditionState, EditionText, EditionTextRevision
from newsletter.editions.queries import edition_by_id, frozen_languages
from newsletter.editions.rules import EDITION_RULES
from newsletter.foundation.database import ReadSession, WriteSession
from newsletter.foundation.language import language_name

KIND = "edition"


def family_of(edition: Edition, frozen: Collection[str] = ()) -> Family[EditionText]:
    """The texts of an edition, as what holds of every kind of text sees them; `frozen` languages are closed."""
    return Family(
        KIND,
        edition.id,
        edition.languages[0],
        edition.texts,
        EDITION_RULES,
        closed={tag: f"the {language_name(tag, 'en')} of the edition is frozen" for tag in frozen},
        languages=edition.languages,
    )


def edit_words(
    session: WriteSession, edition_id: int, language: str, edit: Edit, now: datetime
) -> Edited[EditionText]:
    """Changes the edition's words in a language, and keeps the new ones as a revision.

    Fields are `subject`, `preheader`, `intro` and `section.N`, N being the section's number in the database. An empty
    subject or preheader is made from the items again.
    Raises EditConflict, TextRefused, EditionNotFound, LanguageNotInEdition, EditionIsFrozen, LanguageIsFrozen.
    """
    edition, text, texts = _open(session, edition_id, language)
    sections = {f"section.{section.id}" for section in edition.sections}
    if any(field.startswith("section.") and field not in sections for field in edit.changes):
        raise TextRefused(texts.name_of(language), ["there is no such section"])
    return changing.change_words(session, texts, text, edit, now)


def restore_words(
    session: WriteSession, edition_id: int, language: str, number: int, author: str, now: datetime
) -> Edited[EditionText]:
    """Makes an earlier revision the words again; titles of sections that are gone stay away. Raises RevisionNotFound too."""
    edition, text, texts = _open(session, edition_id, language)
    wanted = changing.restored_words(session, texts, text, number, author)
    there = {f"section.{section.id}" for section in edition.sections}
    changes = {
        field: words
        for field, words in wanted.changes.items()
        if not field.startswith("section.") or field in there
    }
    edit = Edit(changes, author, source_hash=wanted.source_hash)
    return changing.change_words(session, texts, text, edit, now)


def confirm_words(session: WriteSession, edition_id: int, language: str) -> bool:
    """Says that the words are still right for the source as it is now; whether that was in doubt. Raises MoveNotPossible."""
    _, text, texts = _open(session, edition_id, language)
    return changing.confirm(texts, text)


def submit_words(session: WriteSession, edition_id: int, language: str) -> EditionText:
    """A draft waits for a second pair of eyes. Raises MoveNotPossible."""
    _, text, texts = _open(session, edition_id, language)
    return moves.submit(texts, text)


def approve_words(
    session: WriteSession, edition_id: int, language: str, by: str, now: datetime
) -> EditionText:
    """Lets the words go out as they stand; the approval is void when they change. Raises MoveNotPossible where they are stale."""
    _, text, texts = _open(session, edition_id, language)
    return moves.approve(texts, text, by, now)


def return_words(session: WriteSession, edition_id: int, language: str) -> EditionText:
    """The words are to be rewritten; an approval is void. Raises MoveNotPossible."""
    _, text, texts = _open(session, edition_id, language)
    return moves.send_back(texts, text)


def revisions_of_words(session: ReadSession, edition_id: int, language: str) -> Sequence[EditionTextRevision]:
    """Every revision of the words, the latest first. Raises EditionNotFound, LanguageNotInEdition."""
    text = _text_in(edition_by_id(session, edition_id), language)
    return [item for item in family.revisions(session, text) if isinstance(item, EditionTextRevision)]


def what_changed_in_words(session: ReadSession, edition_id: int, language: str) -> SourceChange:
    """What became of the source since these words were confirmed. Raises EditionNotFound, LanguageNotInEdition."""
    edition = edition_by_id(session, edition_id)
    return changing.source_change(session, family_of(edition), _text_in(edition, language))


def first_revision(text: EditionText, author: str, now: datetime) -> EditionTextRevision:
    """The revision that holds the words with which an edition is created."""
    revision = changing.revision_of(text, 1, author, now)
    assert isinstance(revision, EditionTextRevision)  # noqa: S101 - EditionText.REVISIONS
    return revision


def _open(
    session: WriteSession, edition_id: int, language: str
) -> tuple[Edition, EditionText, Family[EditionText]]:
    """The edition, locked, with the text in a language that may be changed."""
    edition = edition_by_id(session, edition_id, lock=True)
    if edition.state is EditionState.FROZEN:
        raise EditionIsFrozen(edition_id)
    text = _text_in(edition, language)
    frozen = frozen_languages(session, edition)
    if language in frozen:
        raise LanguageIsFrozen(edition_id, language)
    return edition, text, family_of(edition, frozen)


def _text_in(edition: Edition, language: str) -> EditionText:
    found = next((text for text in edition.texts if text.language == language), None)
    if found is None:
        raise LanguageNotInEdition(edition.id, language)
    return found
