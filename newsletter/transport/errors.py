"""What a relay makes impossible for a whole mailing; what it says about one message is an Outcome instead."""

from newsletter.foundation.errors import NewsletterError


class RelayUnreachable(NewsletterError):
    """No session with the relay could be opened: `host`, `port` and `reason` say where and why."""

    def __init__(self, host: str, port: int, reason: str, next_step: str) -> None:
        super().__init__(f"The mail relay {host}:{port} cannot be used: {reason}. {next_step}")
        self.host = host
        self.port = port
        self.reason = reason
        self.next_step = next_step


class RelayRefusedLogin(NewsletterError):
    """The relay did not accept the user name and password; `answer` holds its words."""

    def __init__(self, host: str, port: int, answer: str) -> None:
        super().__init__(
            f"The mail relay {host}:{port} refused the login: {answer}. Check the user name and password in NEWSLETTER_SMTP_URL."
        )
        self.host = host
        self.port = port
        self.answer = answer


class FeedIsOver(NewsletterError):
    """A delivery has ended and takes no more jobs; those that were to be put in were not begun."""

    def __init__(self) -> None:
        super().__init__("The delivery has ended and takes no more messages; hand them to another one.")
