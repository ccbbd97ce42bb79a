"""What a test does where a system part that it needs is missing."""

import os

import pytest


def missing_part(what: str) -> None:
    """Skips a test for want of a system part; on CI that is a failure."""
    message = f"{what} is not installed here (tools/system_parts.py installs it where it may)"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)
