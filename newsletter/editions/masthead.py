"""What an edition needs to know of its list and of the organisation, told by the entrance (lists are another room)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from newsletter.foundation.signing import readable_name
from newsletter.foundation.texts import has_texts
from newsletter.rendering.content import Branding


@dataclass(frozen=True, slots=True)
class Masthead:
    """The list's names per language, the branding, the theme, the public address, the zone of dates.

    `require_approval` says whether texts must be approved before they are frozen.
    """

    list_id: int
    list_names: Mapping[str, str]
    branding: Branding
    theme: str
    base_url: str
    zone: ZoneInfo
    require_approval: bool = False

    def list_name(self, language: str) -> str:
        """The list's name in a language, or in the first one that it has."""
        return self.list_names.get(language) or next(iter(self.list_names.values()))

    def hosted_url(self, language: str, public_name: bytes) -> str:
        """Where the edition stands on the web in a language."""
        return f"{self.base_url}/{language}/archive/{readable_name(public_name)}"

    def preferences_url(self, language: str, others: Sequence[str]) -> str:
        """Where a reader asks for the link to her preferences: in her language, where the system speaks it, else in one of the `others`."""
        spoken = next((tag for tag in (language, *others) if has_texts(tag)), "en")
        return f"{self.base_url}/{spoken}/preferences"

    def picture_url(self, file_name: str) -> str:
        """Where a picture is served from."""
        return f"{self.base_url}/media/{file_name}"
