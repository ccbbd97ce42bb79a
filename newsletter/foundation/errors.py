"""The one root of everything that this system refuses to do."""


class NewsletterError(Exception):
    """What the caller asked for cannot be done; the message says why and what to do next.

    Rooms subclass it and name the fact (`EditionNotFound`). Entrances turn it into one line and exit code 2.
    """


class BadInput(NewsletterError):
    """Something handed in (a file, a value, a setting) is not what it should be."""


class DatabaseNotReady(NewsletterError):
    """The database is missing, older or newer than this release, read-only or out of reach."""


class DatabaseAway(DatabaseNotReady):
    """The database does not answer at this moment; it may well come back by itself."""
