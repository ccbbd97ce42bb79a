"""Where the real input for tests lies, where it is present beside the checkout."""

import os
from pathlib import Path

import pytest

_FOLDER = Path(os.environ.get("NEWSLETTER_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
SHARED_DATA: Path | None = _FOLDER if _FOLDER.is_dir() else None

needs_shared_data = pytest.mark.skipif(
    SHARED_DATA is None, reason="the shared test data is not beside this checkout"
)


def shared(name: str) -> Path:
    """The path of one shared file; fails where the folder is there and the file is not."""
    assert SHARED_DATA is not None
    path = SHARED_DATA / name
    assert path.exists(), f"{path} is missing from the shared data"
    return path
