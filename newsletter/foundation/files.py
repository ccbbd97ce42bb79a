"""Where the files that travel with the package lie: themes, pages, examples."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


def data_folder(name: str) -> Path:
    """The folder `name` ("templates", "examples"): inside an installed wheel, or at the top of a checkout."""
    packaged = _PACKAGE / "_data" / name
    return packaged if packaged.is_dir() else _PACKAGE.parent / name


def templates_folder() -> Path:
    """The folder with `themes/`, `mail/` and `web/`."""
    return data_folder("templates")
