"""What the room of announcements refuses."""

from collections.abc import Sequence

from newsletter.foundation.errors import BadInput, NewsletterError
from newsletter.foundation.language import language_name


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
            f"Announcement {announcement_id} has no text in {_name(language)}; "
            f"write one with `newsletter announcements edit {announcement_id} --language {language} --title …`."
        )
        self.announcement_id = announcement_id
        self.language = language


class RevisionNotFound(NewsletterError):
    """The text has no revision with this number."""

    def __init__(self, announcement_id: int, language: str, number: int) -> None:
        super().__init__(
            f"The {_name(language)} text of announcement {announcement_id} has no revision {number}; "
            f"see `newsletter announcements revisions {announcement_id} --language {language}`."
        )
        self.announcement_id = announcement_id
        self.language = language
        self.number = number


class EditConflict(NewsletterError):
    """The text was changed by somebody else since the editor read it."""

    def __init__(
        self, announcement_id: int, language: str, base_revision: int, revision: int, author: str
    ) -> None:
        by = f" by {author}" if author else ""
        super().__init__(
            f"The {_name(language)} text of announcement {announcement_id} is at revision {revision}{by}; "
            f"the change was made to revision {base_revision}. Read the text again, then change it."
        )
        self.announcement_id = announcement_id
        self.language = language
        self.base_revision = base_revision
        self.revision = revision


class MoveNotPossible(NewsletterError):
    """What was asked cannot be done with a text in this state."""

    def __init__(self, announcement_id: int, language: str, reason: str) -> None:
        super().__init__(f"The {_name(language)} text of announcement {announcement_id} {reason}")
        self.announcement_id = announcement_id
        self.language = language


class TextRefused(BadInput):
    """The words cannot be stored as they are."""

    def __init__(self, announcement_id: int, language: str, faults: Sequence[str]) -> None:
        super().__init__(
            f"The {_name(language)} text of announcement {announcement_id} was not changed: {'; '.join(faults)}."
        )
        self.announcement_id = announcement_id
        self.language = language
        self.faults = tuple(faults)


def _name(language: str) -> str:
    return language_name(language, "en")
