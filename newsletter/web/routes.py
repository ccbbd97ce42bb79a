"""Which address leads to which handler. Each stands with and without a slash at its end, because nothing redirects."""

from collections.abc import Sequence

from starlette.routing import BaseRoute, Route

from newsletter.web.archive.editions import show_edition
from newsletter.web.archive.feeds import show_feed, show_feed_of_all
from newsletter.web.archive.pages import show_archive, show_list
from newsletter.web.archive.pictures import show_picture
from newsletter.web.confirm import confirm_or_ask, decline_or_ask
from newsletter.web.landing import healthz, serve_asset, serve_icon, show_landing
from newsletter.web.preferences.page import show_or_change
from newsletter.web.preferences.request import ask_for_link
from newsletter.web.preferences.rights import download_data, erase_or_ask, show_data
from newsletter.web.subscribe import subscribe
from newsletter.web.unsubscribe import say_why_or_ask, unsubscribe_or_ask

PUBLIC_ROUTES: Sequence[BaseRoute] = (
    # First, as thousands may come at once.
    Route("/u/{token}", unsubscribe_or_ask, methods=["GET", "POST"]),
    Route("/", show_landing),
    Route("/healthz", healthz),
    Route("/u/{token}/", unsubscribe_or_ask, methods=["GET", "POST"]),
    Route("/u/{token}/why", say_why_or_ask, methods=["GET", "POST"]),
    Route("/u/{token}/why/", say_why_or_ask, methods=["GET", "POST"]),
    Route("/media/{sha256}.{extension}", show_picture),
    Route("/static/{address}", serve_asset),
    Route("/favicon.ico", serve_icon),
    Route("/{language}/archive", show_archive),
    Route("/{language}/archive/", show_archive),
    Route("/{language}/archive/atom.xml", show_feed_of_all),
    Route("/{language}/archive/lists/{slug}", show_list),
    Route("/{language}/archive/lists/{slug}/", show_list),
    Route("/{language}/archive/lists/{slug}/atom.xml", show_feed),
    Route("/{language}/archive/{name}", show_edition),
    Route("/{language}/archive/{name}/", show_edition),
    *(
        Route(path, subscribe, methods=["GET", "POST"])
        for path in (
            "/{language}/subscribe",
            "/{language}/subscribe/",
            "/{language}/subscribe/{slug}",
            "/{language}/subscribe/{slug}/",
        )
    ),
    Route("/{language}/confirm/{token}", confirm_or_ask, methods=["GET", "POST"]),
    Route("/{language}/confirm/{token}/", confirm_or_ask, methods=["GET", "POST"]),
    Route("/{language}/not-me/{token}", decline_or_ask, methods=["GET", "POST"]),
    Route("/{language}/not-me/{token}/", decline_or_ask, methods=["GET", "POST"]),
    Route("/{language}/preferences", ask_for_link, methods=["GET", "POST"]),
    Route("/{language}/preferences/", ask_for_link, methods=["GET", "POST"]),
    Route("/{language}/preferences/{token}", show_or_change, methods=["GET", "POST"]),
    Route("/{language}/preferences/{token}/", show_or_change, methods=["GET", "POST"]),
    Route("/{language}/preferences/{token}/data", show_data),
    Route("/{language}/preferences/{token}/data/", show_data),
    Route("/{language}/preferences/{token}/data.json", download_data),
    Route("/{language}/preferences/{token}/erase", erase_or_ask, methods=["GET", "POST"]),
    Route("/{language}/preferences/{token}/erase/", erase_or_ask, methods=["GET", "POST"]),
    Route("/{language}", show_landing),
    Route("/{language}/", show_landing),
)
