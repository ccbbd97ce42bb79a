"""The pages' own style sheets and icon, served under addresses that change with their content."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from newsletter.foundation.files import templates_folder
from newsletter.web.colours import readable_on

_TYPES = {".css": "text/css; charset=utf-8", ".svg": "image/svg+xml", ".js": "text/javascript; charset=utf-8"}
# The backgrounds on which the accent must be read: `--ground` of web.css, light and dark.
_LIGHT_GROUND, _DARK_GROUND = "#f4f5f7", "#1d2126"
_TEXT_RATIO = 4.5


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is served."""

    content_type: str
    data: bytes


class Assets:
    """The files of `templates/web/static/`, each under a name that holds the hash of its content."""

    def __init__(self, base_path: str, accent: str) -> None:
        self._by_address: dict[str, Asset] = {}
        self._urls: dict[str, str] = {}
        for path in sorted((templates_folder() / "web" / "static").iterdir()):
            asset = Asset(_TYPES[path.suffix], _content(path, accent))
            address = f"{path.stem}.{hashlib.sha256(asset.data).hexdigest()[:10]}{path.suffix}"
            self._by_address[address] = asset
            self._urls[path.name] = f"{base_path}/static/{address}"

    def url(self, name: str) -> str:
        """Where the file called `name` is served, as a path."""
        return self._urls[name]

    def named(self, name: str) -> Asset:
        """The file called `name`."""
        return self._by_address[self.url(name).rpartition("/")[2]]

    def find(self, address: str) -> Asset | None:
        """The file behind the last part of its address."""
        return self._by_address.get(address)


def _content(path: Path, accent: str) -> bytes:
    text = path.read_text("utf-8")
    if path.name == "web.css":
        text += accent_rules(accent)
    return text.encode()


def accent_rules(accent: str) -> str:
    """The style rules that give the pages the organisation's colour, readable in light and dark."""
    light, dark = accent_shades(accent)
    return (
        f":root{{--accent:{light};--on-accent:#fff}}\n"
        f"@media (prefers-color-scheme:dark){{:root{{--accent:{dark};--on-accent:#0b0e12}}}}\n"
    )


def accent_shades(accent: str) -> tuple[str, str]:
    """The organisation's colour as text can be in it, on the light and on the dark ground."""
    return (
        readable_on(accent, _LIGHT_GROUND, _TEXT_RATIO),
        readable_on(accent, _DARK_GROUND, _TEXT_RATIO + 1),
    )
