"""What a notice says, before it is a mail."""

from dataclasses import dataclass

from newsletter.foundation.language import direction


@dataclass(frozen=True, slots=True)
class Link:
    """Words, and the address that they lead to."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class NoticePart:
    """What a notice says in one language: plain words, no markup. `asides` are set smaller, below the button."""

    language: str
    subject: str
    heading: str
    sentences: tuple[str, ...]
    button: Link | None = None
    asides: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()

    @property
    def direction(self) -> str:
        """The writing direction, for HTML's `dir`."""
        return direction(self.language)


@dataclass(frozen=True, slots=True)
class Notice:
    """A mail to one person: one part, or one for each language where hers is not known.

    `label` names it in its Message-ID, so it is the same whenever the same notice is sent again. An empty
    `sender_name` or `sender_address` takes the installation's. `is_answer` where it answers a mail of hers: then
    nothing comes back of it, not even a bounce.
    """

    recipient: str
    label: str
    parts: tuple[NoticePart, ...]
    sender_name: str = ""
    sender_address: str = ""
    is_answer: bool = False

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that it speaks, in their order."""
        return tuple(part.language for part in self.parts)
