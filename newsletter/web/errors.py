"""What visitors see when something is not as it should be; the one place where the web turns errors into answers."""

import traceback
from collections.abc import Callable
from urllib.parse import urlsplit

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from newsletter.foundation.logs import redact_text
from newsletter.foundation.texts import texts
from newsletter.web.site import Part, Site, languages_for, site_of

_log = structlog.get_logger()
_Words = Callable[[str], Part]

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'"
)
# On every answer, where the handler did not choose its own; and the policy of the site.
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-robots-tag", b"noindex"),
    (b"cache-control", b"no-store"),
)


def content_security_policy(site: Site) -> str:
    """What a page may load: its own files, and the organisation's logo from where that is."""
    logo = urlsplit(site.logo_url)
    if not logo.netloc:
        return CONTENT_SECURITY_POLICY
    return CONTENT_SECURITY_POLICY.replace("img-src 'self'", f"img-src 'self' {logo.scheme}://{logo.netloc}")


def not_found(request: Request) -> Response:
    """The page for an address at which there is nothing."""
    return _page(request, 404, _not_found_part)


def http_error(request: Request, error: Exception) -> Response:
    """The page for a request that no handler could take: wrong address, method or form."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this type only
    words = {404: _not_found_part, 405: _wrong_method_part}.get(error.status_code, _bad_request_part)
    response = _page(request, error.status_code, words)
    response.headers.update(error.headers or {})
    return response


def database_not_ready(request: Request, error: Exception) -> Response:
    """The page for "come back later": the database is away or busy."""
    _log.error("database_not_ready", reason=str(error))
    response = _page(request, 503, _later_part)
    response.headers["Retry-After"] = "60"
    return response


class Guard:
    """Puts the security headers on every answer, and turns what nobody foresaw into a page without a traceback."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._always: tuple[tuple[bytes, bytes], ...] = ()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request (ASGI)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if not self._always:
            policy = content_security_policy(scope["app"].state.site).encode("latin-1")
            self._always = ((b"content-security-policy", policy), *_HEADERS)
        has_started = False

        async def send_guarded(message: Message) -> None:
            nonlocal has_started
            if message["type"] == "http.response.start":
                has_started = True
                chosen = {name for name, _ in message["headers"]}
                more = [header for header in self._always if header[0] not in chosen]
                message["headers"] = [*message["headers"], *more]
            await send(message)

        try:
            await self._app(scope, receive, send_guarded)
        except ClientDisconnect:
            return  # nobody is there to be answered; a body that did not arrive whole changed nothing
        except Exception:
            # Neither the address of the page (it may hold a token) nor local variables, as `exception()` might show.
            _log.error("request_failed", method=scope["method"], trace=redact_text(traceback.format_exc()))
            if has_started:
                raise
            await _page(Request(scope), 500, _broken_part)(scope, receive, send_guarded)


def _page(request: Request, status: int, words: _Words) -> Response:
    # Not `request.url`: that is built with the Host header, which may be anything.
    first_step = request.scope["path"].strip("/").split("/", 1)[0]
    site = site_of(request)
    known = (first_step,) if first_step in site.languages else ()
    return site.page([words(language) for language in languages_for(request, *known)], status=status)


def _not_found_part(language: str) -> Part:
    t = texts(language).gettext
    return Part(
        language,
        t("This page does not exist"),
        (t("The link may be incomplete: please try once more from the mail in which you found it."),),
        front_link=t("To our newsletters"),
    )


def _wrong_method_part(language: str) -> Part:
    t = texts(language).gettext
    return Part(language, t("That cannot be done here"), (t("Nothing was changed."),))


def _bad_request_part(language: str) -> Part:
    t = texts(language).gettext
    return Part(language, t("We did not understand this request"), (t("Nothing was changed."),))


def _later_part(language: str) -> Part:
    t = texts(language).gettext
    return Part(
        language,
        t("Please try again in a moment"),
        (t("We cannot reach our data just now. Nothing was changed, and your link stays valid."),),
    )


def _broken_part(language: str) -> Part:
    t = texts(language).gettext
    return Part(
        language,
        t("Something went wrong on our side"),
        (t("It was noted down. Please try again in a few minutes: your link stays valid."),),
    )
