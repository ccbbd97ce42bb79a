"""In which languages a page speaks: the reader's own, else the one that her browser asks for, else all of them."""

from collections.abc import Sequence

from newsletter.foundation.language import NotALanguage, lookup, normalise_tag

_TAGS_MAX = 20


def accepted_languages(header: str) -> tuple[str, ...]:
    """The languages of an Accept-Language header, most wanted first (RFC 9110 section 12.5.4); rubbish is passed over."""
    weighed: list[tuple[float, str]] = []
    for part in header.split(",")[:_TAGS_MAX]:
        tag, _, weight = part.partition(";")
        try:
            weighed.append((_quality(weight), normalise_tag(tag)))
        except (NotALanguage, ValueError):
            continue
    wanted = [tag for quality, tag in sorted(weighed, key=lambda pair: -pair[0]) if quality > 0]
    return tuple(dict.fromkeys(wanted))


def _quality(weight: str) -> float:
    name, _, value = weight.strip().partition("=")
    if not weight.strip():
        return 1.0
    if name.strip().lower() != "q":
        raise ValueError(weight)
    quality = float(value)
    if not 0 <= quality <= 1:
        raise ValueError(weight)
    return quality


def page_languages(spoken: Sequence[str], *wishes: Sequence[str]) -> tuple[str, ...]:
    """One language where one of `wishes` (the strongest first) fits one of `spoken`, else every one of `spoken`."""
    for wanted in wishes:
        if (found := lookup(wanted, spoken)) is not None:
            return (found,)
    return tuple(spoken)


def best_first(spoken: Sequence[str], wanted: Sequence[str]) -> tuple[str, ...]:
    """Every one of `spoken`, the one that fits `wanted` first."""
    found = lookup(wanted, spoken)
    return tuple(sorted(spoken, key=lambda language: language != found))
