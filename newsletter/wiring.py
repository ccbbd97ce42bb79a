"""Puts the rooms together: settings in, database, keys and relays out. The one module that knows every room."""

from dataclasses import dataclass

from newsletter.announcements import models as _announcement_tables  # noqa: F401 - registers the tables
from newsletter.audience import models as _audience_tables  # noqa: F401
from newsletter.editions import models as _edition_tables  # noqa: F401
from newsletter.foundation.database import Base, Database
from newsletter.foundation.errors import BadInput
from newsletter.foundation.settings import Settings, read_settings
from newsletter.foundation.signing import Keyring
from newsletter.mailing import models as _mailing_tables  # noqa: F401

METADATA = Base.metadata


class SecretMissing(BadInput):
    """Links cannot be signed without the installation's secret."""

    def __init__(self) -> None:
        super().__init__(
            "There is no secret to sign links with; run `newsletter init`, or set NEWSLETTER_SECRET."
        )


@dataclass(frozen=True, slots=True)
class Installation:
    """What every entrance needs: the settings and what they lead to."""

    settings: Settings
    database: Database

    @property
    def keyring(self) -> Keyring:
        """The keys that sign links. Raises SecretMissing."""
        secret = self.settings.secret.get_secret_value()
        if not secret:
            raise SecretMissing
        return Keyring(*secret.split(","))


def open_installation(settings: Settings | None = None) -> Installation:
    """The installation of the working directory; its database must be at this release's version."""
    from newsletter.migrations.upgrade import require_current

    settings = settings or read_settings()
    database = Database(settings.database_url)
    require_current(database)
    return Installation(settings, database)
