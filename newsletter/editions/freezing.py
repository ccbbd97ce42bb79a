"""Rendering an edition's variants, and freezing them: gathered in one transaction, rendered outside, kept in another."""

from dataclasses import dataclass
from datetime import datetime

from newsletter.editions.actions import RenderedVariant, freeze_edition
from newsletter.editions.content import Gathered, gather
from newsletter.editions.errors import EditionChanged, EditionIsEmpty, EditionIsFrozen, EditionNotReady
from newsletter.editions.masthead import Masthead
from newsletter.editions.models import EditionState
from newsletter.editions.queries import edition_by_id
from newsletter.foundation.database import Database
from newsletter.rendering.problems import Level, Problem
from newsletter.rendering.render import render_edition
from newsletter.rendering.themes import load_theme


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that checking an edition found; the words of `code` stay, because programs outside read them."""

    code: str
    level: Level
    language: str
    where: str
    message: str


@dataclass(frozen=True, slots=True)
class Rendering:
    """The variants of an edition as they would be frozen, and everything that was found on the way."""

    variants: tuple[RenderedVariant, ...]
    findings: tuple[Finding, ...]

    @property
    def blocking(self) -> list[str]:
        """The findings that stand in the way of freezing, each as a line."""
        return [
            f"{finding.message} ({finding.where})" if finding.where else finding.message
            for finding in self.findings
            if finding.level is Level.BLOCKS
        ]


def render_variants(gathered: Gathered, theme_name: str) -> Rendering:
    """Every variant, rendered; findings that several variants share are told once."""
    theme = load_theme(theme_name)
    findings = [Finding("missing-text", Level.BLOCKS, "", "", line) for line in gathered.blocking]
    variants = []
    for content in gathered.contents:
        bodies = render_edition(content, theme)
        variants.append(RenderedVariant(content.variant, bodies))
        findings += [_finding(problem, content.variant) for problem in bodies.problems]
    return Rendering(tuple(variants), tuple(dict.fromkeys(findings)))


def _finding(problem: Problem, variant: str) -> Finding:
    where = problem.where or f"variant {variant}"
    if problem.line is not None:
        where = f"{where}, line {problem.line}"
    return Finding(problem.code, problem.level, problem.language, where, problem.message)


def render_now(database: Database, edition_id: int, masthead: Masthead, now: datetime) -> Rendering:
    """The edition as it would be frozen at this moment; nothing is kept. Raises EditionNotFound."""
    with database.read() as session:
        edition = edition_by_id(session, edition_id)
        gathered = gather(edition, masthead, now)
        theme = edition.theme or masthead.theme
    return render_variants(gathered, theme)


def freeze_now(database: Database, edition_id: int, masthead: Masthead, now: datetime) -> Rendering:
    """Renders the edition and keeps it for good. Returns the rendering, whose findings may warn.

    Raises EditionNotFound, EditionIsFrozen, EditionIsEmpty, EditionNotReady with all that blocks, and EditionChanged
    where somebody changed the edition in the meantime.
    """
    with database.read() as session:
        edition = edition_by_id(session, edition_id)
        if edition.state is EditionState.FROZEN:
            raise EditionIsFrozen(edition_id)
        gathered = gather(edition, masthead, now)
        theme = edition.theme or masthead.theme
    rendering = render_variants(gathered, theme)
    if rendering.blocking:
        raise EditionNotReady(edition_id, rendering.blocking)
    if not rendering.variants:
        raise EditionIsEmpty(edition_id)
    with database.transaction() as session:
        if gather(edition_by_id(session, edition_id), masthead, now) != gathered:
            raise EditionChanged(edition_id)
        freeze_edition(session, edition_id, rendering.variants, now)
    return rendering
