"""What this room refuses."""

from newsletter.foundation.errors import BadInput, NewsletterError


class NotAMailbox(BadInput):
    """The path, or the address of a mailbox, is none that can be read; the message says why."""


class MailboxUnreachable(NewsletterError):
    """The server of a mailbox does not answer, does not let us in, or broke off; what was read until then is kept."""

    def __init__(self, host: str, words: str) -> None:
        super().__init__(f"The mailbox at {host} cannot be read: {words[:200]}.")
        self.host = host
