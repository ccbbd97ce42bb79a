"""The front page of the site, its style sheets, and the address at which monitoring asks whether all is well."""

import sqlalchemy as sa
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from newsletter.audience.sign_up.queries import offered_lists
from newsletter.foundation.errors import DatabaseNotReady
from newsletter.foundation.texts import texts
from newsletter.mailing.published import is_anything_published
from newsletter.web.archive.addresses import archive_path
from newsletter.web.assets import Asset
from newsletter.web.errors import not_found
from newsletter.web.languages import best_first
from newsletter.web.site import Part, Site, asked_language, site_of, wanted_languages


def show_landing(request: Request) -> Response:
    """Says in the visitor's language what this site is, with the way to the others."""
    site = site_of(request)
    wanted = asked_language(request) or wanted_languages(request)
    language = request.path_params.get("language") or best_first(site.languages, wanted)[0]
    if language not in site.languages:
        return not_found(request)
    with site.database.read() as session:
        has_archive = is_anything_published(session, language)
        has_form = bool(offered_lists(session, site.settings.organisation, language))
    part = _landing_part(site, language, has_archive=has_archive, has_form=has_form)
    response = site.page([part], switch=site.languages, website=site.settings.website)
    response.headers["Vary"] = "Accept-Language"
    response.headers["X-Robots-Tag"] = "all"
    return response


def _landing_part(site: Site, language: str, *, has_archive: bool, has_form: bool) -> Part:
    t = texts(language).gettext
    organisation = site.settings.organisation
    archive = Markup('<a href="{}">{}</a>').format(archive_path(site, language), t("Read our past editions"))
    form = Markup('<a href="{}/{}/subscribe">{}</a>').format(
        site.base_path, language, t("Subscribe to our newsletters")
    )
    preferences = Markup('<a href="{}/{}/preferences">{}</a>').format(
        site.base_path, language, t("Your preferences")
    )
    return Part(
        language,
        t("The newsletters of {organisation}").format(organisation=organisation)
        if organisation
        else t("Newsletters"),
        (
            t("They come by e-mail, to each reader in the language that she chose."),
            t("To read an edition here, or to leave a newsletter, follow the links in any of our mails."),
            *([form] if has_form else []),
            *([archive] if has_archive else []),
            preferences,
        ),
    )


def healthz(request: Request) -> Response:
    """`ok` where the database answers, else 503."""
    try:
        with site_of(request).database.read() as session:
            session.execute(sa.select(1))
    except (DatabaseNotReady, sa.exc.SQLAlchemyError):
        return PlainTextResponse("the database does not answer\n", 503)
    return PlainTextResponse("ok\n")


def serve_asset(request: Request) -> Response:
    """One of the pages' own files, for ever: a changed file has another address."""
    asset = site_of(request).assets.find(request.path_params["address"])
    return _served(asset, "max-age=31536000, immutable") if asset else not_found(request)


def serve_icon(request: Request) -> Response:
    """The icon, where browsers look for it by themselves: an edition in the browser names none."""
    return _served(site_of(request).assets.named("icon.svg"), "max-age=86400")


def _served(asset: Asset, freshness: str) -> Response:
    headers = {"Cache-Control": f"public, {freshness}", "Content-Type": asset.content_type}
    return Response(asset.data, headers=headers)
