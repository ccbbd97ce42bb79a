"""The door of this room: content and a theme in, the bodies of a mail out. No network, no clock, no file."""

from dataclasses import dataclass

from newsletter.foundation.merge import keep_blocks
from newsletter.foundation.sayings import saying
from newsletter.rendering.content import EditionContent
from newsletter.rendering.content_checks import check_content
from newsletter.rendering.mjml.compiling import compile_mjml
from newsletter.rendering.origins import traced
from newsletter.rendering.presentation import present
from newsletter.rendering.problems import Code, Level, Problem
from newsletter.rendering.themes import Theme

# Gmail shows about 102 KB of a mail and hides the rest, the way out with it; a margin is left for longer links.
LARGEST_HTML_BYTES = 98_000


@dataclass(frozen=True, slots=True)
class RenderedBodies:
    """What rendering yields. In `subject`, `preheader`, `html` and `text` merge fields stand as `[[field]]`, a literal `[[` as `[[open]]`.

    Blocks between `<!--@only mail-->` and `<!--@end-->` in `html` are for mails, not for the hosted page
    (foundation/merge.keep_blocks). Where a problem blocks, `html` may be empty.
    """

    html: str
    text: str
    mjml: str
    problems: tuple[Problem, ...]
    subject: str
    preheader: str

    @property
    def html_bytes(self) -> int:
        """The size of the HTML in UTF-8 as it is mailed, before fields are filled in and before any transfer encoding."""
        return _mailed_bytes(self.html)


def render_edition(content: EditionContent, theme: Theme) -> RenderedBodies:
    """The bodies of one variant. What is wrong with the content comes as problems; a broken theme raises ThemeBroken."""
    letter = present(content)
    mjml = theme.mjml(letter)
    compiled = compile_mjml(mjml, with_webfonts=False)
    in_theme = traced(compiled.problems, mjml, theme.sources)
    problems = (*check_content(content), *in_theme, *_check_size(compiled.html))
    return RenderedBodies(compiled.html, theme.text(letter), mjml, problems, letter.subject, letter.preheader)


def _mailed_bytes(html: str) -> int:
    return len(keep_blocks(html, "mail").encode())


def _check_size(html: str) -> tuple[Problem, ...]:
    size_bytes = _mailed_bytes(html)
    if size_bytes <= LARGEST_HTML_BYTES:
        return ()
    message = saying(
        "The letter is {size} KB long; Gmail hides what comes after about 102 KB. Shorten it.",
        size=round(size_bytes / 1000),
    )
    return (Problem(Code.TOO_LARGE, Level.WARNS, message, None, "html"),)
