import json

import pytest
import structlog

from newsletter.foundation.logs import configure_logs
from newsletter.foundation.signing import Keyring, random_name


def test_t28_logs_hold_no_address_name_or_token(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("INFO")
    token = Keyring("a secret").sign("unsubscribe", random_name())
    structlog.get_logger().info(
        "delivery recorded",
        mailing_id=7,
        first_name="Zoé",
        reply=f"550 <zoe@example.org> unknown, see /u/{token}",
    )
    line = capsys.readouterr().err
    assert json.loads(line)["mailing_id"] == 7
    assert "zoe@" not in line
    assert "Zoé" not in line
    assert token not in line


def test_logs_below_the_level_are_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("WARNING")
    structlog.get_logger().info("nothing to see")
    assert capsys.readouterr().err == ""
