"""Limits in words, as in `gmail.com 600/min burst 2000 connections 5, relay 3000/min`: reading and writing them; no clock."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from newsletter.foundation.errors import BadInput

RELAY = "relay"
"""The name of the limit that counts every message, whatever its domain."""

_SECONDS = {"s": 1, "min": 60, "h": 3600, "day": 86400}
_RATE = re.compile(r"([1-9][0-9]{0,8})/(s|min|h|day)\Z")
_WORDS = {
    "burst": "burst",
    "connections": "connections",
    "per-connection": "per_connection",
    "warm-up": "warm_up",
}
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,252}\Z")


class LimitNotUnderstood(BadInput):
    """Words that are no limit."""

    def __init__(self, words: str, why: str) -> None:
        super().__init__(
            f"“{words}” is not understood: {why}. Write it like: "
            "gmail.com 600/min burst 2000 connections 5, relay 3000/min per-connection 500."
        )


@dataclass(frozen=True, slots=True)
class Limit:
    """How fast messages of one group may leave, over all workers; None is without limit."""

    messages: int | None = None  # so many in `seconds`
    seconds: int = 60
    burst: int = 0  # so many may leave at once after a quiet time
    connections: int | None = None  # so many messages on the wire at once
    per_connection: int | None = None  # so many messages on one connection, then a new one
    warm_up: int | None = None  # so many on the first day, then at most twice as many as on the day before

    @property
    def per_second(self) -> float | None:
        """The rate; None is without limit."""
        return None if self.messages is None else self.messages / self.seconds

    def __str__(self) -> str:
        words = [] if self.messages is None else [f"{self.messages}/{_unit(self.seconds)}"]
        for word, name in _WORDS.items():
            value = getattr(self, name)
            if value:
                words.append(f"{word} {value}")
        return " ".join(words) or "off"


NO_LIMIT = Limit()


def _unit(seconds: int) -> str:
    return next(unit for unit, length in _SECONDS.items() if length == seconds)


def limit_from(words: str) -> Limit:
    """The limit that is written `600/min burst 2000 connections 5`; `off` is none. Raises LimitNotUnderstood."""
    rest = words.lower().split()
    if rest == ["off"]:
        return NO_LIMIT
    values: dict[str, int] = {}
    while rest:
        word = rest.pop(0)
        rate = _RATE.match(word)
        if rate is not None:
            found = {"messages": int(rate[1]), "seconds": _SECONDS[rate[2]]}
        elif word in _WORDS:
            number = rest.pop(0) if rest else ""
            if not re.fullmatch(r"[1-9][0-9]{0,8}", number):
                raise LimitNotUnderstood(words, f"behind “{word}” belongs a number")
            found = {_WORDS[word]: int(number)}
        else:
            raise LimitNotUnderstood(
                words, f"“{word}” is neither a rate such as 600/min nor one of {', '.join(_WORDS)}"
            )
        if found.keys() & values.keys():
            raise LimitNotUnderstood(words, f"“{word}” says it a second time")
        values |= found
    if not values:
        raise LimitNotUnderstood(words, "it says nothing")
    if "burst" in values and "messages" not in values:
        raise LimitNotUnderstood(words, "a burst needs a rate")
    return Limit(**values)


def limits_from(words: str) -> dict[str, Limit]:
    """Name -> limit, of rules with commas between. Raises LimitNotUnderstood."""
    limits: dict[str, Limit] = {}
    for rule in filter(None, (part.strip() for part in words.split(","))):
        name, _, limit = rule.partition(" ")
        name = name.lower()
        if not _NAME.match(name):
            raise LimitNotUnderstood(rule, "it must begin with relay, other, or a mail domain")
        if name in limits:
            raise LimitNotUnderstood(rule, f"{name} has a limit already")
        limits[name] = limit_from(limit)
    return limits


# What large providers put up with from a sender that they know, and what the small networks of Belgium and France
# do: rates and connections as mail servers use them by default (docs/operating.md). A small mailing goes out at once.
_LARGE = Limit(600, 60, burst=2000, connections=20)
_STRICT = Limit(300, 60, burst=1000, connections=10)
_NATIONAL = Limit(120, 60, burst=500, connections=5)
DEFAULTS: Mapping[str, Limit] = {
    "gmail.com": _LARGE,
    "outlook.com": _LARGE,
    "yahoo.com": _STRICT,
    "icloud.com": _STRICT,
    **dict.fromkeys(
        ("proximus.be", "telenet.be", "voo.be", "orange.fr", "laposte.net", "free.fr", "sfr.fr"), _NATIONAL
    ),
}


def limits_of(words: str) -> dict[str, Limit]:
    """The limits of the setting `pace`: `default` stands for the built-in ones, which rules behind it change; "" is none."""
    limits: dict[str, Limit] = {}
    rest = words.strip()
    if rest.lower() == "default" or rest.lower().startswith("default,"):
        limits |= DEFAULTS
        rest = rest[len("default") :]
    return limits | limits_from(rest)


def share(limit: int, workers: int, rank: int) -> int:
    """How many of `limit` places one of several workers has: the places are dealt out, the first ones first."""
    return limit // workers + (rank % workers < limit % workers)
