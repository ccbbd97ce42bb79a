"""The one call of the MJML engine, with whatever it may throw turned into one exception of ours."""

from collections.abc import Iterator
from contextlib import contextmanager

import css_inline
from mjml import mjml2html

from newsletter.foundation.errors import NewsletterError


class EngineRefused(NewsletterError):
    """The engine or the inliner could not work on a letter; inside this room it becomes a Problem."""


def run_engine(mjml: str) -> str:
    """The HTML of canonical MJML. Raises EngineRefused."""
    with engine_refusals():
        return mjml2html(mjml, fonts={})  # bug 12: no fonts from third parties


@contextmanager
def engine_refusals() -> Iterator[None]:
    """Turns what the Rust libraries throw inside the block into EngineRefused."""
    try:
        yield
    except css_inline.InlineError as error:
        raise EngineRefused(f"The inline styles of the letter cannot be applied: {error}.") from error
    except ValueError as error:
        raise EngineRefused(f"The MJML engine refused the letter: {error}.") from error
    except BaseException as error:
        # A panic in Rust arrives as pyo3's PanicException, which is no Exception and would end a worker.
        if type(error).__name__ != "PanicException":
            raise
        raise EngineRefused(f"The MJML engine broke off: {error}.") from None
