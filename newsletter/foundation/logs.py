"""Logs: events in the past tense with ids as fields. Addresses, names, tokens and bodies never get in."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_FORBIDDEN_KEYS = frozenset(
    {"address", "email", "recipient", "name", "first_name", "token", "body", "subject", "password"}
)
_ADDRESS = re.compile(r"[^\s<>\"'@]+@[^\s<>\"'@]+")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{40,}")


def redact(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Takes out what must not be logged: forbidden fields whole, addresses and tokens inside other texts."""
    for key, value in event.items():
        if key in _FORBIDDEN_KEYS:
            event[key] = "[removed]"
        elif isinstance(value, str):
            event[key] = redact_text(value)
    return event


def redact_text(text: str) -> str:
    """`text` without addresses and tokens: also for what servers answer before it is logged."""
    return _TOKEN.sub("[token]", _ADDRESS.sub("[address]", text))


def configure_logs(level: str = "WARNING") -> None:
    """Logs from `level` on go to stderr: for people on a terminal, as JSON elsewhere."""
    last: Any = (
        structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            redact,
            last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
