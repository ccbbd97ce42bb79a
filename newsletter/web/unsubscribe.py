"""`/u/{token}`: leaving a list. A POST acts at once (RFC 8058 section 3.1); looking at the page changes nothing.

Mail filters open every link of a mail, by GET and by HEAD, some with a browser: only a POST may change anything.
"""

import re
from html import unescape
from urllib.parse import parse_qs

from markupsafe import Markup, escape
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from newsletter.audience.actions import end_subscription
from newsletter.audience.models import EndReason
from newsletter.audience.queries import subscription_by_public_name
from newsletter.foundation.texts import texts
from newsletter.web.errors import not_found
from newsletter.web.languages import best_first, page_languages
from newsletter.web.site import Part, named_in, site_of, wanted_languages

PURPOSE = "unsubscribe"
_BODY_BYTES_MAX = 8_000
_TAG = re.compile(r"<[^>]*>")


async def unsubscribe_or_ask(request: Request) -> Response:
    """POST leaves the list, whatever the body says; GET and HEAD show the page with the one button that would."""
    if request.method != "POST":
        return await run_in_threadpool(_ask, request)
    body = await _small_body(request)
    return await run_in_threadpool(_unsubscribe, request, is_from_page=_is_from_page(body))


async def _small_body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _BODY_BYTES_MAX:
            raise HTTPException(413)
    return body


def _ask(request: Request) -> Response:
    site = site_of(request)
    name = site.keyring.verify(PURPOSE, request.path_params["token"])
    if name is None:
        return not_found(request)
    with site.database.read() as session:
        seen = subscription_by_public_name(session, name)
    if seen is None:
        return site.page([_gone_part(language) for language in _languages(request, ())])
    words = _ask_part if seen.is_active else _left_part
    return site.page([words(language, seen.list_names) for language in _languages(request, seen.languages)])


def _unsubscribe(request: Request, *, is_from_page: bool) -> Response:
    site = site_of(request)
    name = site.keyring.verify(PURPOSE, request.path_params["token"])
    if name is None:
        return not_found(request)
    with site.database.transaction() as session:
        left = end_subscription(session, name, EndReason.UNSUBSCRIBED, site.now())
    if left is None:  # the reader was erased, or the list: that wish is fulfilled already
        parts = [_gone_part(language) for language in _languages(request, ())]
    else:
        words = _done_part if left.has_changed else _left_part
        parts = [words(language, left.list_names) for language in _languages(request, left.languages)]
    return site.page(parts) if is_from_page else _one_line(parts)


def _is_from_page(body: bytes) -> bool:
    # Our own form is always urlencoded. What a mailbox sends, in whatever encoding, is never parsed: it acts.
    return parse_qs(body.decode("latin-1")).get("from") == ["page"]


def _one_line(parts: list[Part]) -> Response:
    lines = "".join(f"{_without_markup(part.heading)}.\n" for part in parts)
    return PlainTextResponse(lines, headers={"Content-Language": ", ".join(part.language for part in parts)})


def _without_markup(heading: str) -> str:
    # Markup.striptags would lose the no-break spaces.
    return unescape(_TAG.sub("", heading)) if isinstance(heading, Markup) else heading


def _languages(request: Request, hers: tuple[str, ...]) -> tuple[str, ...]:
    """The reader's own language where we know it and speak it, else every language, her browser's first."""
    site = site_of(request)
    return page_languages(best_first(site.languages, wanted_languages(request)), hers)


def _with_list(sentence: str, list_names: dict[str, str], language: str) -> Markup:
    return escape(sentence).format(list=named_in(list_names, language))


def _ask_part(language: str, list_names: dict[str, str]) -> Part:
    t = texts(language).gettext
    return Part(
        language,
        _with_list(t("Leave “{list}”?"), list_names, language),
        (
            t("One click, and you will not receive this newsletter any more."),
            t("If you came here by mistake, just close this page: nothing changes."),
        ),
        button=t("Unsubscribe"),
    )


def _done_part(language: str, list_names: dict[str, str]) -> Part:
    t = texts(language).gettext
    return Part(
        language,
        _with_list(t("You have left “{list}”"), list_names, language),
        (
            t("It is done: you will not receive this newsletter any more."),
            t("An edition that is on its way already may still arrive. Thank you for reading us until now."),
        ),
        is_done=True,
    )


def _left_part(language: str, list_names: dict[str, str]) -> Part:
    t = texts(language).gettext
    return Part(
        language,
        _with_list(t("You are not subscribed to “{list}” any more"), list_names, language),
        (t("There is nothing left to do. You may close this page."),),
    )


def _gone_part(language: str) -> Part:
    t = texts(language).gettext
    return Part(
        language,
        t("You are not subscribed any more"),
        (
            t("This link belongs to a subscription that does not exist any more: no mail will come of it."),
            t("There is nothing left to do. You may close this page."),
        ),
    )
