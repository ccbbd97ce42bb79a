"""`/{language}/preferences/{token}`: a reader's own page. GET and HEAD change nothing; each part of it is a form of its own."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from newsletter.audience.preferences.form import PAUSE_DAYS_MAX, Wrong, language_options
from newsletter.audience.preferences.queries import PreferencesSeen
from newsletter.foundation.language import language_name, own_name
from newsletter.rendering.dates import full_date
from newsletter.web.form_body import form_fields
from newsletter.web.preferences.changes import Change, Changed, change
from newsletter.web.preferences.opening import Door, open_door
from newsletter.web.preferences.words import changed_words, wrong_words
from newsletter.web.site import site_of
from newsletter.web.subscribe_page import digest_of
from newsletter.web.visitor import visit_of

_RANKS_MAX = 4


async def show_or_change(request: Request) -> Response:
    """POST changes one part; GET and HEAD show the page."""
    fields = await form_fields(request) if request.method == "POST" else None
    return await run_in_threadpool(_show if fields is None else _change, request, fields or {})


def _show(request: Request, _fields: Mapping[str, list[str]]) -> Response:
    with site_of(request).database.read() as session:
        door = open_door(request, session)
        if isinstance(door, Response):
            return door
        seen = door.seen(session)
    return _page(door, seen)


def _change(request: Request, fields: Mapping[str, list[str]]) -> Response:
    site = site_of(request)
    with site.database.transaction() as session:
        door = open_door(request, session)
        if isinstance(door, Response):
            return door
        changed = change(session, door, door.seen(session), fields, visit_of(request))
        seen = door.seen(session)
    response = _page(door, seen, changed, fields)
    if changed.has_work:
        response.background = BackgroundTask(site.wake_worker)
    return response


def _page(
    door: Door,
    seen: PreferencesSeen,
    changed: Changed | None = None,
    fields: Mapping[str, list[str]] | None = None,
) -> Response:
    site, language = door.site, door.language
    wrong = changed.wrong if changed else None
    typed = fields if wrong and fields else {}
    zone = ZoneInfo(site.settings.time_zone)
    now = site.now()
    options = language_options(seen.languages, site.settings.languages)
    html = site.render(
        "preferences.html",
        language,
        door=door,
        seen=seen,
        note=changed_words(language, changed) if changed and not wrong else "",
        wrong=wrong,
        problem=wrong_words(language, wrong) if wrong else "",
        typed=typed,
        shown=digest_of([choice.offer for choice in seen.lists]),
        is_on_any=any(choice.is_on for choice in seen.lists),
        options=[(tag, _option(tag, language)) for tag in options],
        ranks=_ranks(typed.get("language", seen.languages), min(len(options), _RANKS_MAX)),
        both=typed.get("mode", [""])[0] == "both" or ("mode" not in typed and seen.reads_both),
        paused_until=_day_words(seen.paused_until, now, zone, language),
        pause_from=(now.astimezone(zone).date() + timedelta(days=1)).isoformat(),
        pause_to=(now.astimezone(zone).date() + timedelta(days=PAUSE_DAYS_MAX)).isoformat(),
        change=Change,
        switch=[(tag, door.path(tag)) for tag in site.languages],
    )
    status = 422 if wrong and wrong is not Wrong.CHANGED else 200
    return HTMLResponse(html, status, headers={"Content-Language": language})


def _ranks(chosen: Sequence[str], count: int) -> list[tuple[int, str]]:
    """What stands in the first place, the second, and so on; "" where nothing does."""
    return [(rank, chosen[rank] if rank < len(chosen) else "") for rank in range(count)]


def _option(tag: str, language: str) -> str:
    """A language in its own words, and in those of the page where they differ: screen readers speak the latter."""
    own, here = own_name(tag), language_name(tag, language)
    return own if own.casefold() == here.casefold() else f"{own} ({here})"


def _day_words(until: datetime | None, now: datetime, zone: ZoneInfo, language: str) -> str:
    if until is None or until <= now:
        return ""
    return full_date(until.astimezone(zone).date(), language)
