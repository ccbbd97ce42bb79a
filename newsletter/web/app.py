"""The web application of an installation."""

from collections.abc import Callable, Sequence
from datetime import datetime

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from newsletter.foundation import clock
from newsletter.foundation.errors import DatabaseNotReady
from newsletter.web.errors import Guard, database_not_ready, http_error
from newsletter.web.routes import PUBLIC_ROUTES
from newsletter.web.site import open_site
from newsletter.wiring import Installation


def create_app(
    installation: Installation,
    *,
    extra_routes: Sequence[BaseRoute] = (),
    now: Callable[[], datetime] = clock.now,
    wake_worker: Callable[[], None] = lambda: None,
) -> Starlette:
    """The application with every public page, and `extra_routes` before them (the demo adds its inbox).

    `wake_worker` is called after work was written down and committed. Raises SecretMissing where links could not be verified.
    """
    app = Starlette(
        routes=[*extra_routes, *PUBLIC_ROUTES],
        middleware=[Middleware(Guard)],
        exception_handlers={HTTPException: http_error, DatabaseNotReady: database_not_ready},
    )
    # RFC 8058 section 3.1: no redirect. Nor does any other page need one.
    app.router.redirect_slashes = False
    app.state.site = open_site(installation, now, wake_worker)
    return app
