"""Which address leads to which handler. Each stands with and without a slash at its end, because nothing redirects."""

from collections.abc import Sequence

from starlette.routing import BaseRoute, Route

from newsletter.web.archive import show_edition, show_picture
from newsletter.web.landing import healthz, serve_asset, serve_icon, show_landing
from newsletter.web.unsubscribe import unsubscribe_or_ask

PUBLIC_ROUTES: Sequence[BaseRoute] = (
    Route("/", show_landing),
    Route("/healthz", healthz),
    Route("/u/{token}", unsubscribe_or_ask, methods=["GET", "POST"]),
    Route("/u/{token}/", unsubscribe_or_ask, methods=["GET", "POST"]),
    Route("/media/{sha256}.{extension}", show_picture),
    Route("/static/{address}", serve_asset),
    Route("/favicon.ico", serve_icon),
    Route("/{language}/archive/{name}", show_edition),
    Route("/{language}/archive/{name}/", show_edition),
    Route("/{language}", show_landing),
    Route("/{language}/", show_landing),
)
