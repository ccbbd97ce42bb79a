"""`/u/{token}`: leaving a list. A POST acts at once (RFC 8058 section 3.1); looking at the page changes nothing.

Mail filters open every link of a mail, by GET and by HEAD, some with a browser: only a POST may change anything.
Mails are forwarded, too: whoever has the link can leave with it, and sees nothing of the person (threat T21).
"""

import re
from collections.abc import Callable
from functools import lru_cache
from html import unescape

from markupsafe import Markup
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from newsletter.audience.actions import Left
from newsletter.audience.leaving.actions import LeaveWish, say_why
from newsletter.audience.models import LeaveReason, LeaveWay
from newsletter.audience.queries import has_several_lists, subscription_by_public_name
from newsletter.foundation.language import lookup
from newsletter.foundation.texts import texts
from newsletter.web.errors import not_found
from newsletter.web.form_body import first, form_fields, lenient_fields
from newsletter.web.languages import best_first, page_languages
from newsletter.web.leave_page import (
    LeavePage,
    all_left_part,
    ask_part,
    done_part,
    gone_part,
    left_part,
    none_left_part,
    reasons,
    thanks_part,
)
from newsletter.web.site import Part, asked_language, site_of, wanted_languages

PURPOSE = "unsubscribe"
_TAG = re.compile(r"<[^>]*>")
_Words = Callable[[str, dict[str, str]], Part]


async def unsubscribe_or_ask(request: Request) -> Response:
    """POST leaves the list, whatever the body says; GET and HEAD show the page with the one button that would."""
    name = site_of(request).keyring.verify(PURPOSE, request.path_params["token"])
    if name is None:
        return not_found(request)
    if request.method != "POST":
        return await run_in_threadpool(_ask, request, name)
    # Our own form is urlencoded. Whatever else a mailbox sends acts, understood or not.
    fields = await lenient_fields(request)
    if first(fields, "from") == "page":
        return await _leave_from_page(request, name, is_of_all=first(fields, "all") == "yes")
    left = await site_of(request).leaving.fulfil(LeaveWish(name, LeaveWay.ONE_CLICK))
    return _answered(request, left, _in_a_line(request, left))


async def say_why_or_ask(request: Request) -> Response:
    """POST keeps the reason that she chose, with nothing of her; GET and HEAD show the page of the link itself."""
    name = site_of(request).keyring.verify(PURPOSE, request.path_params["token"])
    if name is None:
        return not_found(request)
    if request.method != "POST":
        return await run_in_threadpool(_ask, request, name)
    fields = await form_fields(request)
    return await run_in_threadpool(_say_why, request, name, first(fields, "reason"))


def _ask(request: Request, name: bytes) -> Response:
    with site_of(request).database.read() as session:
        seen = subscription_by_public_name(session, name)
        several = has_several_lists(session)
    if seen is None:
        return _page(request, (), {}, gone_part)
    page = LeavePage.ASK if seen.is_active else LeavePage.LEFT
    words = ask_part if seen.is_active else left_part
    return _page(request, seen.languages, seen.list_names, words, page, offers_all=several)


async def _leave_from_page(request: Request, name: bytes, *, is_of_all: bool) -> Response:
    left = await site_of(request).leaving.fulfil(LeaveWish(name, LeaveWay.PAGE, is_of_all))
    return _answered(request, left, await run_in_threadpool(_page_after, request, left, is_of_all))


def _page_after(request: Request, left: Left | None, is_of_all: bool) -> Response:
    if left is None:  # the reader was erased, or the list: that wish is fulfilled already
        return _page(request, (), {}, gone_part)
    done: _Words
    left_before: _Words
    done, left_before = (all_left_part, none_left_part) if is_of_all else (done_part, left_part)
    with site_of(request).database.read() as session:
        offers_all = not is_of_all and has_several_lists(session)
    words, page = (done, LeavePage.DONE) if left.has_changed else (left_before, LeavePage.LEFT)
    return _page(request, left.languages, left.list_names, words, page, offers_all=offers_all)


def _say_why(request: Request, name: bytes, reason: str) -> Response:
    site = site_of(request)
    with site.database.transaction() as session:
        if reason in set(LeaveReason):
            say_why(session, name, LeaveReason(reason))
        seen = subscription_by_public_name(session, name)
    return _page(request, seen.languages if seen else (), {}, thanks_part)


def _in_a_line(request: Request, left: Left | None) -> Response:
    """What a mailbox provider gets: a line of plain text in each of the languages."""
    languages = _languages(request, left.languages if left else ())
    names = tuple(left.list_names.items()) if left else ()
    standing = None if left is None else left.has_changed
    lines = "".join(_line(language, names, standing) for language in languages)
    return PlainTextResponse(lines, headers={"Content-Language": ", ".join(languages)})


@lru_cache(maxsize=1000)
def _line(language: str, names: tuple[tuple[str, str], ...], has_changed: bool | None) -> str:
    """The heading of the page in plain text; the same for all readers of a list, who may leave by the thousand."""
    words = gone_part if has_changed is None else done_part if has_changed else left_part
    heading = words(language, dict(names)).heading
    # Markup.striptags would lose the no-break spaces.
    plain = unescape(_TAG.sub("", heading)) if isinstance(heading, Markup) else heading
    return f"{plain}.\n"


def _answered(request: Request, left: Left | None, response: Response) -> Response:
    if left is not None and left.has_changed:
        response.background = BackgroundTask(_wake_worker, request)
    return response


async def _wake_worker(request: Request) -> None:
    # Not by `BackgroundTask(wake_worker)`: for a plain function that takes a thread, at each of a thousand a second.
    site_of(request).wake_worker()


def _page(
    request: Request,
    hers: tuple[str, ...],
    list_names: dict[str, str],
    words: _Words,
    page: LeavePage = LeavePage.LEFT,
    *,
    offers_all: bool = False,
) -> Response:
    site = site_of(request)
    parts = [words(language, list_names) for language in _languages(request, hers)]
    path = f"{site.base_path}/u/{request.path_params['token']}"
    return site.page(
        parts,
        template="leave.html",
        shown=page.value,
        path=path,
        offers_all=offers_all,
        reasons=reasons,
        texts=_words_in,
    )


def _words_in(language: str) -> Callable[[str], str]:
    return texts(language).gettext


def _languages(request: Request, hers: tuple[str, ...]) -> tuple[str, ...]:
    """The reader's own language where we know it and speak it, else the one asked for, else all, her browser's first."""
    site = site_of(request)
    if (found := lookup(hers, site.languages)) is not None:
        return (found,)
    return page_languages(best_first(site.languages, wanted_languages(request)), asked_language(request))
