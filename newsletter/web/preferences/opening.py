"""Opens a preferences link, or says kindly that it does not work any more; everything else of these pages stands behind it."""

from dataclasses import dataclass

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from newsletter.audience.preferences.queries import (
    LinkStanding,
    OpenedLink,
    PreferencesSeen,
    open_link,
    preferences_of,
)
from newsletter.foundation.database import ReadSession
from newsletter.foundation.language import best_match
from newsletter.foundation.texts import texts
from newsletter.web.errors import not_found
from newsletter.web.site import Part, Site, site_of


@dataclass(frozen=True, slots=True)
class Door:
    """An open link: the site, the language of the page, and where the page and those behind it stand."""

    site: Site
    language: str
    token: str
    opened: OpenedLink

    def path(self, language: str | None = None, behind: str = "") -> str:
        """The path of the page in a language (None: this one), or of one behind it."""
        return f"{self.site.base_path}/{language or self.language}/preferences/{self.token}{behind}"

    @property
    def subscriber_id(self) -> int:
        """Whose page it is."""
        assert self.opened.subscriber_id is not None  # noqa: S101 - the link is open
        return self.opened.subscriber_id

    def seen(self, session: ReadSession) -> PreferencesSeen:
        """What the page shows."""
        return preferences_of(session, self.opened, self.site.settings.organisation, self.language)


def open_door(request: Request, session: ReadSession) -> Door | Response:
    """The door, or the page that is shown instead: in the language of the address, else in hers."""
    site, language = site_of(request), request.path_params["language"]
    if language not in site.languages:
        return not_found(request)
    token = request.path_params["token"]
    opened = open_link(session, token, site.now())
    if opened.standing is LinkStanding.OPEN:
        return Door(site, language, token, opened)
    hers = best_match(opened.languages, site.languages) or language
    if opened.standing is LinkStanding.EXPIRED:
        return site.page([_expired_part(site, hers)], status=410)
    return site.page([_unknown_part(site, hers)], status=404)


def _expired_part(site: Site, language: str) -> Part:
    t = texts(language).gettext
    return Part(
        language,
        t("This link has expired"),
        (
            t("It worked for an hour, so that nobody else can use it. We gladly mail you a new one:"),
            _new_link(site, language),
        ),
    )


def _unknown_part(site: Site, language: str) -> Part:
    t = texts(language).gettext
    return Part(
        language,
        t("This link does not work any more"),
        (
            t("It may be incomplete, older than an hour, or used up. We gladly mail you a new one:"),
            _new_link(site, language),
        ),
    )


def _new_link(site: Site, language: str) -> Markup:
    label = texts(language).gettext("Mail me a new link")
    return Markup('<a href="{}/{}/preferences">{}</a>').format(site.base_path, language, label)
