"""The one call of the MJML engine, with whatever it may throw turned into one exception of ours."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import css_inline
from mjml import mjml2html

from newsletter.foundation.errors import NewsletterError
from newsletter.foundation.sayings import Saying, saying

# What MJML links by itself where a letter names one of them (mjml-core 5.4.1).
_WEBFONTS = ("Open Sans", "Droid Sans", "Lato", "Roboto", "Ubuntu")
_WEBFONT = "https://fonts.googleapis.com/css?family={}:300,400,500,700"

_SEAM = re.compile(r"<!\[endif\]-->\s*<!--\[if mso \| IE\]>")
_TOUCHING = re.compile(
    r"<!--\[if mso \| IE\]>(?:(?!-->).)*-->(?:\s*<!--\[if mso \| IE\]>(?:(?!-->).)*-->)+", re.DOTALL
)


class EngineRefused(NewsletterError):
    """The engine or the inliner could not work on a letter; inside this room it becomes a Problem."""

    def __init__(self, message: Saying) -> None:
        super().__init__(message.said_in("en"))
        self.message = message


def run_engine(mjml: str, *, with_webfonts: bool) -> str:
    """The HTML of canonical MJML; `with_webfonts` links those fonts of MJML's own list that the letter names. Raises EngineRefused."""
    with engine_refusals():
        html = mjml2html(mjml, fonts={})
        used = _used_fonts(html) if with_webfonts else {}
        html = mjml2html(mjml, fonts=used) if used else html  # bug 12: by itself it would link more
    return _TOUCHING.sub(_merge_comments, html)


def _merge_comments(run: re.Match[str]) -> str:
    """Outlook's comments that touch as one, as npm's MJML writes them: each saves 32 bytes."""
    return _SEAM.sub("", run[0])


def _used_fonts(html: str) -> dict[str, str]:
    named = " ".join(re.findall(r"font-family:[^;\"]*", html, re.IGNORECASE)).lower()
    return {font: _WEBFONT.format(font.replace(" ", "+")) for font in _WEBFONTS if font.lower() in named}


@contextmanager
def engine_refusals() -> Iterator[None]:
    """Turns what the Rust libraries throw inside the block into EngineRefused."""
    try:
        yield
    except css_inline.InlineError as error:
        raise EngineRefused(
            saying("The inline styles of the letter cannot be applied: {detail}.", detail=str(error))
        ) from error
    except ValueError as error:
        raise EngineRefused(
            saying("The MJML engine refused the letter: {detail}.", detail=str(error))
        ) from error
    except BaseException as error:
        # A panic in Rust arrives as pyo3's PanicException, which is no Exception and would end a worker.
        if type(error).__name__ != "PanicException":
            raise
        raise EngineRefused(saying("The MJML engine broke off: {detail}.", detail=str(error))) from None
