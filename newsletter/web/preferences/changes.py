"""One change of a reader's own page: what a part of it says, done or refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import ZoneInfo

from newsletter.audience.consent.actions import Visit
from newsletter.audience.preferences.actions import (
    choose_languages,
    choose_lists,
    choose_name,
    choose_pause,
    leave_all,
)
from newsletter.audience.preferences.form import (
    LanguageWish,
    Wrong,
    language_options,
    understand_languages,
    understand_names,
    understand_pause,
)
from newsletter.audience.preferences.queries import PreferencesSeen
from newsletter.audience.sign_up.actions import FormShown
from newsletter.foundation.database import WriteSession
from newsletter.web.form_body import first
from newsletter.web.preferences.opening import Door
from newsletter.web.subscribe_page import digest_of


class Change(StrEnum):
    """Which part of the page was sent."""

    LISTS = "lists"  # newsletters left and joined
    LEAVE_ALL = "leave_all"  # every newsletter left
    LANGUAGES = "languages"  # languages, their order, one or two in a mail
    NAME = "name"  # what mails greet her with
    PAUSE = "pause"  # no mail until a day
    RESUME = "resume"  # mails again


@dataclass(frozen=True, slots=True)
class Changed:
    """What became of it: the part that is as she wants it now, or what is wrong with it.

    `has_left` and `has_joined` say what happened to lists; `has_work` whether a mail follows from it.
    """

    part: Change | None
    wrong: Wrong | None = None
    has_left: bool = False
    has_joined: bool = False

    @property
    def has_work(self) -> bool:
        """Whether the worker has something to do now."""
        return self.has_left or self.has_joined


def change(
    session: WriteSession,
    door: Door,
    seen: PreferencesSeen,
    fields: Mapping[str, list[str]],
    visit: Visit,
) -> Changed:
    """Does what one part of the page says. A part that does not exist changes nothing."""
    part = first(fields, "do")
    match part:
        case Change.LISTS:
            return _lists(session, door, seen, fields, visit)
        case Change.LEAVE_ALL:
            left = leave_all(session, seen.subscriber_id, door.site.now())
            return Changed(Change.LEAVE_ALL, has_left=bool(left))
        case Change.LANGUAGES:
            return _languages(session, door, seen, fields)
        case Change.NAME:
            return _name(session, door, seen, fields)
        case Change.PAUSE | Change.RESUME:
            return _pause(session, door, seen, fields, Change(part))
    return Changed(None)


def _lists(
    session: WriteSession,
    door: Door,
    seen: PreferencesSeen,
    fields: Mapping[str, list[str]],
    visit: Visit,
) -> Changed:
    chosen = set(fields.get("lists", ()))
    joins = any(choice.offer.slug in chosen and not choice.is_on for choice in seen.lists)
    if joins and first(fields, "shown") != digest_of([choice.offer for choice in seen.lists]):
        return Changed(Change.LISTS, Wrong.CHANGED)
    # The address of the page without its token: evidence outlives the link.
    form = FormShown(door.language, f"{door.site.settings.base_url}/{door.language}/preferences")
    done = choose_lists(session, seen, chosen, form, visit, door.site.now())
    return Changed(Change.LISTS, has_left=bool(done.left), has_joined=bool(done.joined))


def _languages(
    session: WriteSession, door: Door, seen: PreferencesSeen, fields: Mapping[str, list[str]]
) -> Changed:
    options = language_options(seen.languages, door.site.settings.languages)
    wish = understand_languages(fields.get("language", ()), first(fields, "mode") == "both", options)
    if not isinstance(wish, LanguageWish):
        return Changed(Change.LANGUAGES, wish)
    now = door.site.now()
    choose_languages(session, seen.subscriber_id, wish.languages, reads_both=wish.reads_both, now=now)
    return Changed(Change.LANGUAGES)


def _name(
    session: WriteSession, door: Door, seen: PreferencesSeen, fields: Mapping[str, list[str]]
) -> Changed:
    names = understand_names(first(fields, "first_name"), first(fields, "name"))
    if isinstance(names, Wrong):
        return Changed(Change.NAME, names)
    choose_name(session, seen.subscriber_id, *names, door.site.now())
    return Changed(Change.NAME)


def _pause(
    session: WriteSession,
    door: Door,
    seen: PreferencesSeen,
    fields: Mapping[str, list[str]],
    part: Change,
) -> Changed:
    now = door.site.now()
    until = None
    if part is Change.PAUSE:
        understood = understand_pause(first(fields, "until"), now, ZoneInfo(door.site.settings.time_zone))
        if isinstance(understood, Wrong):
            return Changed(part, understood)
        until = understood
    choose_pause(session, seen.subscriber_id, until, now)
    return Changed(part)
