"""What the room of editions refuses."""

from collections.abc import Sequence

from newsletter.editions.checks.findings import Finding
from newsletter.foundation.errors import BadInput, NewsletterError
from newsletter.foundation.language import language_name


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
    """Findings that block stand in the way of freezing; `findings` has each of them, to be told in any language."""

    def __init__(self, edition_id: int, findings: Sequence[Finding]) -> None:
        listed = "; ".join(found.line_in("en") for found in findings)
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


class LanguageIsFrozen(NewsletterError):
    """The edition is frozen in this language."""

    def __init__(self, edition_id: int, language: str) -> None:
        name = language_name(language, "en")
        super().__init__(
            f"The {name} of edition {edition_id} is frozen and can no longer be changed; nothing was changed."
        )
        self.edition_id = edition_id
        self.language = language


class EditionPartlyFrozen(NewsletterError):
    """A part of the edition is frozen, so that what all languages share stays as it is."""

    def __init__(self, edition_id: int) -> None:
        super().__init__(
            f"Edition {edition_id} is frozen in some languages: its items, mode and theme stay as they are. "
            "The words of the other languages may still be changed."
        )
        self.edition_id = edition_id


class NotInEdition(BadInput):
    """The edition does not have this announcement or section."""

    def __init__(self, edition_id: int, what: str) -> None:
        super().__init__(f"Edition {edition_id} has no {what}; see `newsletter editions show {edition_id}`.")
        self.edition_id = edition_id


class AlreadyInEdition(BadInput):
    """The edition has this announcement."""

    def __init__(self, edition_id: int, announcement_id: int) -> None:
        super().__init__(f"Edition {edition_id} has announcement {announcement_id} already.")
        self.edition_id = edition_id
        self.announcement_id = announcement_id


class OrderIncomplete(BadInput):
    """An order must name every item of the edition once."""

    def __init__(self, edition_id: int, items: Sequence[int]) -> None:
        listed = ", ".join(map(str, items))
        super().__init__(
            f"The order must name each announcement of edition {edition_id} once: {listed or 'it has none'}."
        )
        self.edition_id = edition_id
