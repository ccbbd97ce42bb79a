"""What the room of mailings refuses."""

from collections.abc import Sequence

from newsletter.foundation.errors import DatabaseNotReady, NewsletterError


class MailingNotFound(NewsletterError):
    """There is no mailing with this number."""

    def __init__(self, mailing: str) -> None:
        super().__init__(f"There is no mailing {mailing}; see `newsletter mailings list`.")
        self.mailing = mailing


class EditionNotFrozen(NewsletterError):
    """Only frozen editions are mailed."""

    def __init__(self, edition_id: int) -> None:
        super().__init__(
            f"Edition {edition_id} is not frozen yet; run `newsletter editions freeze {edition_id}`."
        )
        self.edition_id = edition_id


class MailingGoesElsewhere(NewsletterError):
    """The mailing was planned for other readers than are named now."""

    def __init__(self, mailing_id: int, list_slugs: Sequence[str], filter_text: str) -> None:
        only = f", only where {filter_text}" if filter_text else ""
        super().__init__(
            f"Mailing {mailing_id} was planned for other readers: those of {', '.join(list_slugs)}{only}. "
            "To go on with it, say neither --list nor --segment."
        )
        self.mailing_id = mailing_id


class MailingIsRunning(NewsletterError):
    """Another run is handing over this mailing's messages at this moment."""

    def __init__(self, mailing_id: int, holder: str) -> None:
        super().__init__(
            f"Mailing {mailing_id} is being sent already, by {holder}; wait for it, or pause it with "
            f"`newsletter mailings pause {mailing_id}`."
        )
        self.mailing_id = mailing_id
        self.holder = holder


class MailingIsBeingPlanned(NewsletterError):
    """A worker is making the rows of the mailing at this moment."""

    def __init__(self, mailing_id: int, planner: str) -> None:
        super().__init__(
            f"Mailing {mailing_id} is being planned by {planner or 'a worker'}; see `newsletter mailings status {mailing_id}`."
        )
        self.mailing_id = mailing_id
        self.planner = planner


class MailingIsOver(NewsletterError):
    """The mailing is finished or cancelled, and cannot be moved any more."""

    def __init__(self, mailing_id: int, state: str) -> None:
        super().__init__(f"Mailing {mailing_id} is {state}; see `newsletter mailings report {mailing_id}`.")
        self.mailing_id = mailing_id
        self.state = state


class JournalHasNoRoom(DatabaseNotReady):
    """There is no room for the journal of a run, without which a kill would leave hundreds in doubt."""

    def __init__(self, folder: str) -> None:
        super().__init__(
            f"The disk under {folder} is full: there is no room for the journal of what is on the wire, so nothing more "
            "is handed over. Make room; the same command goes on."
        )
        self.folder = folder
