"""MJML in, HTML for a mail out: read, check, rewrite, run the engine, finish."""

from dataclasses import dataclass

from newsletter.rendering.mjml.attributes import resolve_attributes
from newsletter.rendering.mjml.canonical import canonical
from newsletter.rendering.mjml.engine import EngineRefused, run_engine
from newsletter.rendering.mjml.inlining import apply_afterwork, take_afterwork
from newsletter.rendering.mjml.source import read_mjml
from newsletter.rendering.mjml.validate import check_mjml
from newsletter.rendering.problems import Code, Level, Problem


@dataclass(frozen=True, slots=True)
class CompiledMjml:
    """The HTML ("" where a problem kept it from coming about) and what was found on the way."""

    html: str
    problems: tuple[Problem, ...]


def compile_mjml(mjml: str) -> CompiledMjml:
    """HTML of an MJML document. Never raises for what stands in it: problems come with their line in `mjml`."""
    root = read_mjml(mjml)
    if isinstance(root, Problem):
        return CompiledMjml("", (root,))
    problems = check_mjml(root)
    work = take_afterwork(root)
    resolve_attributes(root)
    try:
        html = apply_afterwork(run_engine(canonical(root)), work)
    except EngineRefused as refusal:
        problems.append(Problem(Code.MJML_NOT_COMPILED, Level.BLOCKS, str(refusal), None, "mjml"))
        return CompiledMjml("", tuple(problems))
    return CompiledMjml(html, tuple(problems))
