"""Every check of an edition, in one list: what `newsletter editions check` prints and the studio shows."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

from newsletter.editions.checks.few_items import check_few_items
from newsletter.editions.checks.findings import Finding, in_order
from newsletter.editions.checks.kept_answers import kept_answers
from newsletter.editions.checks.languages import check_languages, check_states, check_subjects
from newsletter.editions.checks.links import judge_links, pages_of
from newsletter.editions.checks.mail_contrast import check_contrast
from newsletter.editions.checks.mail_markup import (
    check_headings,
    check_languages_marked,
    check_left_over,
    check_pictures,
    check_sources,
    check_way_out,
    parse_mail,
)
from newsletter.editions.checks.mail_size import check_size
from newsletter.editions.checks.mail_support import check_support
from newsletter.editions.checks.mail_words import check_lengths
from newsletter.editions.checks.material import stories_of
from newsletter.editions.checks.places import Place
from newsletter.editions.checks.same_facts import check_facts
from newsletter.editions.checks.spelling import FOLDERS, check_spelling
from newsletter.editions.checks.texts import check_texts
from newsletter.editions.content import gather
from newsletter.editions.freezing import Rendering, render_variants
from newsletter.editions.masthead import Masthead
from newsletter.editions.models import Edition
from newsletter.editions.queries import edition_by_id
from newsletter.foundation.database import Database
from newsletter.rendering.content import EditionContent
from newsletter.rendering.problems import Code
from newsletter.rendering.render import RenderedBodies
from newsletter.rendering.themes import Theme, load_theme

_WHOLE_MAIL = Place(file="html")  # what rendering says of the size of a mail


def check_now(
    database: Database,
    edition_id: int,
    masthead: Masthead,
    now: datetime,
    *,
    require_approval: bool = False,
    dictionaries: Sequence[Path] = FOLDERS,
) -> tuple[Finding, ...]:
    """Everything that somebody should know of an edition as it stands, the gravest first. No network: of links it tells
    what their pages answered within the last week, if they were asked (`kept_answers.ask_links_now`).

    With `require_approval`, texts that nobody has approved block. Raises EditionNotFound.
    """
    with database.read() as session:
        edition = edition_by_id(session, edition_id)
        gathered = gather(edition, masthead, now)
        theme = edition.theme or masthead.theme
        stories = stories_of(edition)
        links = list(judge_links(stories, kept_answers(session, pages_of(stories), now), now))
    rendering = render_variants(gathered, theme)
    today = now.astimezone(masthead.zone).date()
    words = check_words(edition, today, require_approval=require_approval, dictionaries=dictionaries)
    mails = check_mails(gathered.contents, rendering, load_theme(theme))
    return in_order(_told_once([*rendering.findings, *words, *mails, *links]))


def check_words(
    edition: Edition, today: date, *, require_approval: bool = False, dictionaries: Sequence[Path] = FOLDERS
) -> list[Finding]:
    """What there is to say of the words of a whole edition (`queries.edition_by_id`)."""
    stories = stories_of(edition)
    found = [*check_subjects(edition), *check_few_items(edition)]
    for story in stories:
        found += check_languages(story, edition.languages)
        found += check_facts(story, edition.languages, today)
        found += check_texts(story, today)
    going_out = [tag for tag in edition.languages if tag not in edition.left_out_languages]
    found += check_states(stories, going_out, require_approval=require_approval)
    found += check_spelling(stories, edition.languages, dictionaries)
    return found


def check_mails(contents: Iterable[EditionContent], rendering: Rendering, theme: Theme) -> list[Finding]:
    """What there is to say of the rendered variants; what several of them share is said once."""
    bodies = {item.variant: item.bodies for item in rendering.variants}
    # A subject that is too long by itself is so in a combined letter, too.
    lengths: dict[tuple[str, Place, str], Finding] = {}
    by_variant: dict[Finding, list[str]] = {}
    for content in contents:
        for found in check_lengths(content):
            lengths.setdefault((found.code, found.where, found.language), found)
        if bodies[content.variant].html:
            for found in _check_mail(content, bodies[content.variant], theme):
                by_variant.setdefault(found, []).append(content.variant)
    return [*lengths.values(), *(_in_variants(found, names) for found, names in by_variant.items())]


def _check_mail(content: EditionContent, bodies: RenderedBodies, theme: Theme) -> Iterator[Finding]:
    page = parse_mail(bodies.html)
    yield from check_way_out(content, page)
    yield from check_headings(page)
    yield from check_pictures(page)
    yield from check_languages_marked(content, page)
    yield from check_sources(content, page)
    yield from check_left_over(page)
    yield from check_contrast(bodies.html)
    yield from check_support(page)
    yield from check_size(content, bodies, theme)


def _in_variants(found: Finding, names: Sequence[str]) -> Finding:
    return replace(found, where=Place(variants=tuple(names)))


def _told_once(findings: Sequence[Finding]) -> list[Finding]:
    """Without what rendering says in fewer words than a check does."""
    sized = any(
        found.code in {"too-large", "nearly-too-large"} and found.where != _WHOLE_MAIL for found in findings
    )
    described = {(found.where, found.language) for found in findings if found.code == "alt-in-one-language"}
    return [
        found
        for found in findings
        if not (found.code == Code.TOO_LARGE and found.where == _WHOLE_MAIL and sized)
        and not (found.code == Code.PICTURE_WITHOUT_ALT and (found.where, found.language) in described)
    ]
