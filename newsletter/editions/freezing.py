"""Rendering an edition's variants, and freezing them: gathered in one transaction, rendered outside, kept in another."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from newsletter.editions.actions import Freeze, RenderedVariant, freeze_edition
from newsletter.editions.checks.findings import Finding, finding, finding_of
from newsletter.editions.checks.languages import check_states
from newsletter.editions.checks.mail_markup import check_unsubscribe
from newsletter.editions.checks.material import stories_of
from newsletter.editions.content import Blocker, Gathered, gather
from newsletter.editions.errors import (
    EditionChanged,
    EditionIsEmpty,
    EditionIsFrozen,
    EditionNotReady,
    LanguageNotInEdition,
)
from newsletter.editions.masthead import Masthead
from newsletter.editions.models import Edition, EditionState
from newsletter.editions.queries import edition_by_id, rendered_variants
from newsletter.editions.rules import languages_of, variants_of
from newsletter.foundation.database import Database
from newsletter.rendering.problems import Level
from newsletter.rendering.render import render_edition
from newsletter.rendering.themes import load_theme


@dataclass(frozen=True, slots=True)
class Rendering:
    """The variants of an edition as they would be frozen, and everything that was found on the way."""

    variants: tuple[RenderedVariant, ...]
    findings: tuple[Finding, ...]

    @property
    def blocking(self) -> tuple[Finding, ...]:
        """The findings that stand in the way of freezing."""
        return tuple(found for found in self.findings if found.level is Level.BLOCKS)


def render_variants(gathered: Gathered, theme_name: str) -> Rendering:
    """Every variant, rendered; findings that several variants share are told once."""
    theme = load_theme(theme_name)
    findings = [
        finding(
            blocker.code,
            blocker.message,
            where=blocker.where,
            language=blocker.language,
            level=Level.BLOCKS,
        )
        for blocker in gathered.blocking
    ]
    variants = []
    for content in gathered.contents:
        bodies = render_edition(content, theme)
        variants.append(RenderedVariant(content.variant, bodies))
        findings += [finding_of(problem, content.variant) for problem in bodies.problems]
        findings += check_unsubscribe(bodies.html)
    return Rendering(tuple(variants), tuple(dict.fromkeys(findings)))


def render_now(database: Database, edition_id: int, masthead: Masthead, now: datetime) -> Rendering:
    """The edition as it would be frozen at this moment; nothing is kept. Raises EditionNotFound."""
    with database.read() as session:
        edition = edition_by_id(session, edition_id)
        gathered = gather(edition, masthead, now)
        theme = edition.theme or masthead.theme
    return render_variants(gathered, theme)


def freeze_now(
    database: Database,
    edition_id: int,
    masthead: Masthead,
    now: datetime,
    languages: Sequence[str] = (),
    without: Sequence[str] = (),
) -> Rendering:
    """Renders the edition and keeps it for good. Returns the rendering, whose findings may warn.

    `languages` freezes only these, a wave, and leaves the others to a later one; `without` gives languages up for
    good. Raises EditionNotFound, EditionIsFrozen, LanguageNotInEdition, EditionIsEmpty, EditionNotReady with all that
    blocks the languages to be frozen, and EditionChanged where somebody changed the edition in the meantime.
    """
    with database.read() as session:
        edition = edition_by_id(session, edition_id)
        wave = _wave(edition, rendered_variants(session, edition_id), languages, without)
        gathered = _gather_wave(edition, wave, masthead, now)
        theme = edition.theme or masthead.theme
    rendering = render_variants(gathered, theme)
    if rendering.blocking:
        raise EditionNotReady(edition_id, rendering.blocking)
    if not rendering.variants:
        raise EditionIsEmpty(edition_id)
    done = {*wave.frozen, *(item.variant for item in rendering.variants)}
    freeze = Freeze(rendering.variants, wave.languages, wave.left_out, is_complete=done >= set(wave.intended))
    with database.transaction() as session:
        edition = edition_by_id(session, edition_id, lock=True)
        if _gather_wave(edition, wave, masthead, now) != gathered:
            raise EditionChanged(edition_id)
        freeze_edition(session, edition_id, freeze, now)
    return rendering


@dataclass(frozen=True, slots=True)
class _Wave:
    """What one freeze is about: the languages to freeze now, those given up, and the variants meant and there."""

    languages: tuple[str, ...]
    left_out: tuple[str, ...]
    intended: tuple[str, ...]
    frozen: frozenset[str]

    @property
    def hosted(self) -> frozenset[str]:
        """The languages that stand on the web once this wave is frozen."""
        return frozenset(self.languages) | {languages_of(variant)[0] for variant in self.frozen}


def _wave(
    edition: Edition, frozen: Collection[str], languages: Sequence[str], without: Sequence[str]
) -> _Wave:
    if edition.state is EditionState.FROZEN:
        raise EditionIsFrozen(edition.id)
    for tag in (*languages, *without):
        if tag not in edition.languages:
            raise LanguageNotInEdition(edition.id, tag)
    left_out = tuple(dict.fromkeys((*edition.left_out_languages, *without)))
    meant = [tag for tag in edition.languages if tag not in left_out]
    done = {tag for variant in frozen for tag in languages_of(variant)}
    now_frozen = tuple(tag for tag in meant if (tag in languages if languages else tag not in done))
    return _Wave(now_frozen, left_out, variants_of(meant, edition.mode), frozenset(frozen))


def _gather_wave(edition: Edition, wave: _Wave, masthead: Masthead, now: datetime) -> Gathered:
    """What the wave freezes: variants that are not there yet, all of whose languages will be; and what blocks it."""
    gathered = gather(edition, masthead, now, wave.left_out, wave.hosted)
    contents = tuple(
        content
        for content in gathered.contents
        if content.variant not in wave.frozen and set(languages_of(content.variant)) <= wave.hosted
    )
    blocking = [item for item in gathered.blocking if item.language in wave.languages]
    if masthead.require_approval:
        blocking += _not_ready(edition, wave.languages)
    return Gathered(contents, tuple(blocking))


def _not_ready(edition: Edition, languages: Sequence[str]) -> list[Blocker]:
    """The texts of these languages that nobody has approved, or whose source has moved on."""
    findings = check_states(stories_of(edition), languages, require_approval=True)
    return [Blocker(item.language, item.message, item.where, item.code) for item in findings]
