"""The demo's inbox: the mails that the catcher took, read as their recipients would read them. Mounted by the demo only."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from newsletter.foundation.language import babel_locale, language_name
from newsletter.transport.catcher import CaughtMail
from newsletter.web.errors import not_found
from newsletter.web.inbox_mail import MailLine, OpenMail, for_a_frame, mail_line, open_mail
from newsletter.web.languages import best_first
from newsletter.web.site import Site, site_of, wanted_languages

Caught = Callable[[], Sequence[CaughtMail]]

_PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'"
)
_SANDBOX = "allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation"
_MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' http: https:; base-uri 'none'; form-action 'none';"
    f" frame-ancestors 'self'; sandbox {_SANDBOX}"
)
_CHOICES = {
    "view": ("mail", "text", "headers", "source"),
    "width": ("desktop", "phone"),
    "scheme": ("light", "dark"),
}


@dataclass(frozen=True, slots=True)
class Look:
    """How the visitor looks at the inbox; "" and the first of each choice are not written into addresses."""

    lang: str = ""
    show: str = ""
    view: str = "mail"
    width: str = "desktop"
    scheme: str = "light"

    def query(self, **changes: str) -> str:
        """The query string of this look with `changes` made."""
        usual = asdict(Look())
        chosen = {
            name: value for name, value in asdict(replace(self, **changes)).items() if value != usual[name]
        }
        return f"?{urlencode(chosen)}" if chosen else ""


def inbox_routes(caught: Caught) -> list[Route]:
    """The pages under `/inbox/`; `caught` gives the mails caught so far, oldest first."""

    def show_inbox(request: Request) -> Response:
        return _page(request, caught(), None)

    def show_mail(request: Request) -> Response:
        return _page(request, caught(), request.path_params["number"])

    def show_document(request: Request) -> Response:
        mail = _find(caught(), request.path_params["number"])
        html = open_mail(mail).html if mail else None
        if html is None:
            return not_found(request)
        framed = for_a_frame(html, _look(request).scheme)
        return HTMLResponse(framed, headers={"Content-Security-Policy": _MAIL_POLICY})

    return [
        Route("/inbox", show_inbox),
        Route("/inbox/", show_inbox),
        Route("/inbox/{number:int}", show_mail),
        Route("/inbox/{number:int}/document", show_document),
    ]


def _page(request: Request, mails: Sequence[CaughtMail], number: int | None) -> Response:
    """The list beside one mail: the one called `number`, else the first of the list (which a phone does not show)."""
    site, look = site_of(request), _look(request)
    lines = [mail_line(mail) for mail in mails]
    shown = [line for line in lines if look.show in {"", line.kind}]
    wanted = number if number is not None else next((line.number for line in shown), None)
    mail = None if wanted is None else _find(mails, wanted)
    if number is not None and mail is None:
        return not_found(request)
    language = best_first(site.languages, (look.lang, *wanted_languages(request)))[0]
    before, after = _neighbours(shown, wanted)
    html = site.render(
        "inbox.html",
        language,
        look=look,
        lines=shown,
        kinds=_kinds(site, lines, language),
        total=len(lines),
        mail=open_mail(mail) if mail else None,
        is_list=number is None,
        before=before,
        after=after,
        sandbox=_SANDBOX,
        in_words=lambda tags: _in_words(tags, language),
        time_of=lambda moment: _shown_at(site, moment, language, is_long=False),
        moment_of=lambda moment: _shown_at(site, moment, language, is_long=True),
        one_click_url=_own_one_click_url,
    )
    headers = {
        "Content-Security-Policy": _PAGE_POLICY,
        "Content-Language": language,
        "Vary": "Accept-Language",
    }
    return HTMLResponse(html, headers=headers)


def _look(request: Request) -> Look:
    asked = request.query_params
    chosen = {name: asked[name] for name, values in _CHOICES.items() if asked.get(name) in values}
    lang = asked.get("lang", "")
    return Look(
        lang=lang if lang in site_of(request).languages else "", show=asked.get("show", "")[:20], **chosen
    )


def _find(mails: Sequence[CaughtMail], number: int) -> CaughtMail | None:
    return next((mail for mail in mails if mail.number == number), None)


def _neighbours(shown: Sequence[MailLine], number: int | None) -> tuple[int | None, int | None]:
    numbers = [line.number for line in shown]
    if number not in numbers:
        return None, None
    place = numbers.index(number)
    return (numbers[place - 1] if place else None), next(iter(numbers[place + 1 : place + 2]), None)


def _kinds(site: Site, lines: Sequence[MailLine], language: str) -> list[tuple[str, str, int]]:
    """Each filter: its key, its label ("" for "both", which the template names) and how many mails it lets through."""
    counts = Counter(line.kind for line in lines if line.kind)
    order = [*site.settings.languages, *sorted(counts.keys() - {"both"}), "both"]
    kinds = [kind for kind in dict.fromkeys(order) if kind in counts]
    return [(kind, "" if kind == "both" else _in_words((kind,), language), counts[kind]) for kind in kinds]


def _in_words(tags: tuple[str, ...], language: str) -> str:
    """Languages by name, in `language`: "français + anglais", with a capital at the start."""
    words = " + ".join(language_name(tag, language) for tag in tags)
    return words[:1].upper() + words[1:]


def _shown_at(site: Site, moment: datetime, language: str, *, is_long: bool) -> str:
    zone, locale = ZoneInfo(site.settings.time_zone), babel_locale(language)
    return format_datetime(
        moment, "EEEE d MMMM y, HH:mm:ss" if is_long else "HH:mm", tzinfo=zone, locale=locale
    )


def _own_one_click_url(site: Site, mail: OpenMail) -> str | None:
    """The mail's one-click address where it is one of this site's own; no form here posts anywhere else."""
    url = mail.unsubscribe_url or ""
    return url if url.startswith(f"{site.settings.base_url}/u/") else None
