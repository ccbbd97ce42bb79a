"""What the room of editions refuses."""

from collections.abc import Sequence

from newsletter.foundation.errors import NewsletterError


class EditionNotFound(NewsletterError):
    """There is no edition with this number."""

    def __init__(self, edition: str) -> None:
        super().__init__(f"There is no edition {edition}; see `newsletter editions list`.")
        self.edition = edition


class EditionIsFrozen(NewsletterError):
    """The edition is frozen and can no longer be changed."""

    def __init__(self, edition_id: int) -> None:
        super().__init__(f"Edition {edition_id} is frozen and can no longer be changed; create a new one.")
        self.edition_id = edition_id


class EditionIsEmpty(NewsletterError):
    """No variant would come of freezing: nothing can be shown, or none is whole with the languages asked for."""

    def __init__(self, edition_id: int) -> None:
        super().__init__(
            f"Edition {edition_id} has nothing to freeze: no variant is whole with these languages and announcements."
        )
        self.edition_id = edition_id


class EditionChanged(NewsletterError):
    """Somebody changed the edition while it was being frozen."""

    def __init__(self, edition_id: int) -> None:
        super().__init__(
            f"Edition {edition_id} was changed while it was being frozen; look at it and freeze again."
        )
        self.edition_id = edition_id


class EditionNotReady(NewsletterError):
    """Findings that block stand in the way of freezing; `findings` has each of them as a line."""

    def __init__(self, edition_id: int, findings: Sequence[str]) -> None:
        listed = "; ".join(findings)
        super().__init__(f"Edition {edition_id} cannot be frozen yet: {listed}.")
        self.edition_id = edition_id
        self.findings = tuple(findings)


class LanguageNotInEdition(NewsletterError):
    """The edition was not made for this language."""

    def __init__(self, edition_id: int, language: str) -> None:
        super().__init__(
            f"Edition {edition_id} was not made for the language {language}; see `newsletter editions show`."
        )
        self.edition_id = edition_id
        self.language = language
