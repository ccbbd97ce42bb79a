"""What every page is made with: the installation, its words and templates, and the frame around them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse

from newsletter.audience.actions import Left
from newsletter.audience.leaving.actions import LeaveWish, leave_many
from newsletter.foundation.database import Database
from newsletter.foundation.files import templates_folder
from newsletter.foundation.language import direction, lookup, own_name
from newsletter.foundation.settings import Settings
from newsletter.foundation.signing import Keyring
from newsletter.foundation.texts import has_texts, texts
from newsletter.web.assets import Assets
from newsletter.web.group_commit import GroupCommit
from newsletter.web.languages import accepted_languages, page_languages
from newsletter.wiring import Installation


@dataclass(frozen=True, slots=True)
class Part:
    """What a page says in one language; a page in several languages has one part for each.

    `button` is the label of the one thing to do, None where there is nothing to do; `is_done` shows a tick;
    `front_link` is the label of a link to the front page, None for a page without one.
    """

    language: str
    heading: str | Markup
    sentences: tuple[str | Markup, ...]
    button: str | None = None
    is_done: bool = False
    front_link: str | None = None

    @property
    def direction(self) -> str:
        """The writing direction, for HTML's `dir`."""
        return direction(self.language)


@dataclass(frozen=True, slots=True)
class Site:
    """Everything that a handler needs; made once, with the app."""

    settings: Settings
    database: Database
    keyring: Keyring
    now: Callable[[], datetime]
    assets: Assets
    templates: Environment
    languages: tuple[str, ...]
    wake_worker: Callable[[], None]
    leaving: GroupCommit[LeaveWish, Left | None]

    @property
    def base_path(self) -> str:
        """The path of the public address, without a slash at the end: what comes before `/u/...`."""
        return urlsplit(self.settings.base_url).path

    @property
    def logo_url(self) -> str:
        """Where the organisation's logo is, for the head of every page; "" where there is none that a browser could show."""
        url = self.settings.logo_url
        return url if url.startswith(("https://", "http://")) else ""

    def public_url(self, path: str) -> str:
        """The whole public address of a path that begins with `base_path`."""
        return self.settings.base_url.removesuffix(self.base_path) + path

    def page(
        self, parts: Sequence[Part], *, status: int = 200, template: str = "page.html", **values: Any
    ) -> HTMLResponse:
        """A page that says `parts`, in the plain frame of the site; `template` extends that of `page.html`."""
        html = self.render(template, parts[0].language, parts=parts, **values)
        languages = ", ".join(part.language for part in parts)
        return HTMLResponse(html, status, headers={"Content-Language": languages})

    def render(self, template: str, language: str, **values: Any) -> str:
        """The HTML of a template of `templates/web/`, whose own words are in `language`."""
        return self.templates.get_template(template).render(
            site=self,
            language=language,
            direction=direction(language),
            t=texts(language).gettext,
            own_name=own_name,
            **values,
        )


def open_site(
    installation: Installation, now: Callable[[], datetime], wake_worker: Callable[[], None]
) -> Site:
    """The site of an installation. Raises SecretMissing."""
    settings = installation.settings
    spoken = tuple(language for language in settings.languages if has_texts(language))
    templates = Environment(
        loader=FileSystemLoader(templates_folder() / "web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    database = installation.database

    def fulfil(wishes: Sequence[LeaveWish]) -> list[Left | None]:
        with database.transaction() as session:
            return leave_many(session, wishes, now())

    return Site(
        settings=settings,
        database=database,
        keyring=installation.keyring,
        now=now,
        assets=Assets(urlsplit(settings.base_url).path, settings.accent_colour),
        templates=templates,
        languages=spoken or ("en",),
        wake_worker=wake_worker,
        leaving=GroupCommit(fulfil),
    )


def site_of(request: Request) -> Site:
    """The site that the request came to."""
    site: Site = request.app.state.site
    return site


def asked_language(request: Request) -> tuple[str, ...]:
    """The language that `?lang=` of the address asks for, where the site speaks it."""
    asked = request.query_params.get("lang", "")
    return (asked,) if asked in site_of(request).languages else ()


def wanted_languages(request: Request) -> tuple[str, ...]:
    """The languages that the visitor's browser asks for."""
    return accepted_languages(request.headers.get("accept-language", ""))


def languages_for(request: Request, *known: str) -> tuple[str, ...]:
    """In which languages to speak to this visitor: one that is `known`, else one that the browser asks for, else all."""
    return page_languages(site_of(request).languages, known, wanted_languages(request))


def named_in(names: dict[str, str], language: str) -> Markup:
    """The name that a list has in `language`, else any that it has, marked with its own language where that differs."""
    found = lookup([language], list(names))
    tag = found or next(iter(names), language)
    name = escape(names.get(tag, ""))
    return name if found else Markup('<bdi lang="{}">{}</bdi>').format(tag, name)
