"""What the room of announcements refuses."""

from collections.abc import Sequence
from dataclasses import dataclass

from newsletter.foundation.errors import BadInput, NewsletterError
from newsletter.foundation.language import language_name


@dataclass(frozen=True, slots=True)
class TextName:
    """Which text is meant: the French one of announcement 3."""

    kind: str
    number: int
    language: str

    def __str__(self) -> str:
        return f"The {language_name(self.language, 'en')} text of {self.kind} {self.number}"

    def command(self, verb: str) -> str:
        """The command that shows something of the text."""
        return f"newsletter {self.kind}s {verb} {self.number} --language {self.language}"


class AnnouncementNotFound(NewsletterError):
    """There is no announcement with this number."""

    def __init__(self, *announcement_ids: int) -> None:
        shown = ", ".join(map(str, announcement_ids))
        super().__init__(f"There is no announcement {shown}; see `newsletter announcements list`.")
        self.announcement_ids = announcement_ids


class TranslationMissing(NewsletterError):
    """The announcement has no text in this language."""

    def __init__(self, announcement_id: int, language: str) -> None:
        super().__init__(
            f"Announcement {announcement_id} has no text in {language_name(language, 'en')}; "
            f"write one with `newsletter announcements edit {announcement_id} --language {language} --title …`."
        )
        self.announcement_id = announcement_id
        self.language = language


class RevisionNotFound(NewsletterError):
    """The text has no revision with this number."""

    def __init__(self, text: TextName, number: int) -> None:
        super().__init__(f"{text} has no revision {number}; see `{text.command('revisions')}`.")
        self.text = text
        self.number = number


class EditConflict(NewsletterError):
    """The text was changed by somebody else since the editor read it."""

    def __init__(self, text: TextName, base_revision: int, revision: int, author: str) -> None:
        by = f" by {author}" if author else ""
        super().__init__(
            f"{text} is at revision {revision}{by}; the change was made to revision {base_revision}. "
            "Read the text again, then change it."
        )
        self.text = text
        self.base_revision = base_revision
        self.revision = revision


class MoveNotPossible(NewsletterError):
    """What was asked cannot be done with a text in this state."""

    def __init__(self, text: TextName, reason: str) -> None:
        super().__init__(f"{text} {reason}")
        self.text = text


class TextRefused(BadInput):
    """The words cannot be stored as they are."""

    def __init__(self, text: TextName, faults: Sequence[str]) -> None:
        super().__init__(f"{text} was not changed: {'; '.join(faults)}.")
        self.text = text
        self.faults = tuple(faults)
