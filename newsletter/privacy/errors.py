"""What this room refuses."""

from newsletter.foundation.errors import NewsletterError


class NobodyKnown(NewsletterError):
    """Nothing at all is known of an address."""

    def __init__(self, address: str) -> None:
        super().__init__(f"Nothing is known of {address[:320]}; see `newsletter subscribers list`.")
        self.address = address
