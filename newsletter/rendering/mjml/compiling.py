"""MJML in, HTML for a mail out: read, check, rewrite, run the engine, finish."""

from dataclasses import dataclass

from newsletter.rendering.mjml.attributes import resolve_attributes, with_percents
from newsletter.rendering.mjml.canonical import canonical, unsealed
from newsletter.rendering.mjml.engine import EngineRefused, run_engine
from newsletter.rendering.mjml.includes import Loader, take_in
from newsletter.rendering.mjml.inlining import apply_afterwork, take_afterwork
from newsletter.rendering.mjml.redrawing import redrawn, take_touches
from newsletter.rendering.mjml.source import read_mjml
from newsletter.rendering.mjml.validate import check_mjml
from newsletter.rendering.problems import Code, Level, Problem


@dataclass(frozen=True, slots=True)
class Compiled:
    """The HTML ("" where a problem kept it from coming about) and what was found on the way."""

    html: str
    problems: tuple[Problem, ...]


def compile_mjml(source: str, *, loader: Loader | None = None, with_webfonts: bool = True) -> Compiled:
    """HTML of any MJML document. Never raises for what stands in it: problems come with their line in `source`.

    `loader` reads what mj-include names; without one, includes are left out and told. `with_webfonts` off keeps the fonts
    that MJML links by itself, and its default font, out of the mail: nothing is loaded from third parties unasked.
    """
    read = read_mjml(source)
    if isinstance(read, Problem):
        return Compiled("", (read,))
    root = read.root
    problems = [*read.problems, *take_in(root, loader), *check_mjml(root)]
    work = take_afterwork(root)
    resolve_attributes(root, with_webfonts=with_webfonts)
    touches = take_touches(root)
    try:
        html = run_engine(canonical(root), with_webfonts=with_webfonts)
        html = unsealed(apply_afterwork(with_percents(redrawn(html, touches)), work))
    except EngineRefused as refusal:
        problems.append(Problem(Code.MJML_NOT_COMPILED, Level.BLOCKS, refusal.message, None, "mjml"))
        return Compiled("", tuple(problems))
    return Compiled(html, tuple(problems))
