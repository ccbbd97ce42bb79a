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
    """Not one item can be shown in any language."""

    def __init__(self, edition_id: int) -> None:
        super().__init__(
            f"Edition {edition_id} has nothing to show in any of its languages; add announcements."
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
