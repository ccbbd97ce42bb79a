"""What the room of the audience refuses."""

from newsletter.foundation.errors import BadInput, NewsletterError


class ListNotFound(NewsletterError):
    """There is no mailing list with this short name."""

    def __init__(self, slug: str) -> None:
        super().__init__(f"There is no list “{slug[:60]}”; see `newsletter lists list`.")
        self.slug = slug


class ListExists(NewsletterError):
    """Another mailing list has this short name, or this List-Id, already."""

    def __init__(self, slug: str, list_id: str) -> None:
        super().__init__(
            f"There is a list “{slug}”, or one with the List-Id {list_id}, already; choose another name."
        )
        self.slug = slug
        self.list_id = list_id


class ListRefused(BadInput):
    """What was said about a new mailing list cannot be used; the message says what and why."""


class SubscriberNotFound(NewsletterError):
    """No subscriber has this address."""

    def __init__(self, address: str) -> None:
        super().__init__(f"There is no subscriber {address[:320]}; see `newsletter subscribers list`.")
        self.address = address


class NotTheSameMailbox(NewsletterError):
    """Two addresses cannot be made one person, because they do not reach one mailbox, or are one row already."""

    def __init__(self, keep: str, other: str) -> None:
        super().__init__(
            f"{keep[:320]} and {other[:320]} are not two spellings of one mailbox; "
            "see `newsletter subscribers duplicates`."
        )


class LanguageNotUnderstood(BadInput):
    """The text names no language, or too many of them."""

    def __init__(self, text: str) -> None:
        super().__init__(f"the language “{text[:40]}” is not understood; write it like fr, en or fr-BE")
        self.text = text


class NoLegalBasis(BadInput):
    """Nobody said on what grounds the people in a file may be mailed (GDPR article 6(1))."""

    def __init__(self, slug: str) -> None:
        super().__init__(
            f"On what grounds may these people be mailed? Say so with --consent-basis, as in --consent-basis "
            f'"members of the association"; the list {slug} does not say.'
        )
        self.slug = slug


class FileRefused(BadInput):
    """A file of subscribers cannot be read as what it should be; nothing was imported.

    `line` is the line of the file where the trouble is, None where it is the whole file.
    """

    def __init__(self, name: str, message: str, line: int | None = None) -> None:
        where = f"{name}, line {line}" if line else name
        super().__init__(f"{where}: {message}")
        self.line = line
