"""The one root of everything that this system refuses to do."""


class NewsletterError(Exception):
    """What the caller asked for cannot be done; the message says why and what to do next.

    Rooms subclass it and name the fact (`EditionNotFound`). Entrances turn it into one line and exit code 2.
    """


class BadInput(NewsletterError):
    """Something handed in (a file, a value, a setting) is not what it should be."""


class DatabaseNotReady(NewsletterError):
    """The database is missing, older or newer than this release, read-only or out of reach."""
