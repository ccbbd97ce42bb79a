"""`newsletter web`."""

import click

from newsletter.cli.output import say, warn
from newsletter.wiring import open_installation


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
def web(host: str, port: int) -> None:
    """Serve the pages for readers: leaving a list, editions in the browser, pictures."""
    from newsletter.web.serve import serve

    installation = open_installation()
    if not installation.settings.base_url.startswith("https://"):
        warn("links in mails begin with http; mailbox providers want https (NEWSLETTER_BASE_URL).")
    say(f"Serving on http://{host}:{port} (Ctrl-C ends).")
    serve(installation, host, port)
