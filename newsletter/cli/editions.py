"""`newsletter editions ...`."""

from collections.abc import Sequence
from pathlib import Path

import click

from newsletter.audience.models import MailingList
from newsletter.audience.queries import list_by_slug, list_slugs
from newsletter.cli.edition_told import edition_json
from newsletter.cli.errors import Refused, TheAnswerIsNo, tell_error, tell_more
from newsletter.cli.languages import in_option, texts_option, texts_per_language
from newsletter.cli.numbers import IdType
from newsletter.cli.output import json_option, say, warn, write_json, write_table
from newsletter.cli.people import by_option
from newsletter.editions.actions import EditionPlan, create_edition
from newsletter.editions.errors import EditionNotReady
from newsletter.editions.freezing import freeze_now
from newsletter.editions.masthead import Masthead
from newsletter.editions.models import EditionMode, EditionState, Fallback
from newsletter.editions.queries import (
    announcements_new_to,
    edition_by_id,
    items_to_roll_over,
    rendered_variants,
    variant_names,
)
from newsletter.editions.queries import editions as all_editions
from newsletter.foundation import clock
from newsletter.foundation.errors import BadInput
from newsletter.foundation.language import normalise_tags
from newsletter.rendering.problems import Level
from newsletter.wiring import Installation, masthead_of, open_installation


@click.group()
def editions() -> None:
    """Create, check, render and freeze editions."""


@editions.command()
@click.option("--list", "list_slug", required=True, help="The list that it is an issue of.")
@click.option(
    "--mode", type=click.Choice([mode.value for mode in EditionMode]), default="separate", show_default=True
)
@click.option(
    "--fallback",
    type=click.Choice([item.value for item in Fallback]),
    help="Default: the setting `fallback`.",
)
@click.option(
    "--announcement",
    "announcement_ids",
    type=IdType,
    multiple=True,
    metavar="ID",
    help="In this order; default: all that are in no edition of the list yet.",
)
@texts_option("--subject", "The subject, per language; default: made from the first title.")
@texts_option("--preheader", "The line that mailboxes show beside the subject; default: the next titles.")
@texts_option("--intro", "A word at the start, in Markdown, per language.")
@click.option(
    "--roll-over", is_flag=True, help="Add what earlier editions left out of a language that has it by now."
)
@by_option
@json_option
def create(
    list_slug: str,
    mode: str,
    fallback: str | None,
    announcement_ids: tuple[int, ...],
    subject: tuple[str, ...],
    preheader: tuple[str, ...],
    intro: tuple[str, ...],
    roll_over: bool,
    by: str,
    as_json: bool,
) -> None:
    """Create the next issue of a list."""
    installation = open_installation()
    languages = installation.settings.languages
    subjects, preheaders, intros = (
        texts_per_language(values, languages, flag)
        for values, flag in ((subject, "--subject"), (preheader, "--preheader"), (intro, "--intro"))
    )
    with installation.database.transaction() as session:
        mailing_list = list_by_slug(session, list_slug)
        chosen = tuple(dict.fromkeys(announcement_ids)) or tuple(
            announcements_new_to(session, mailing_list.id)
        )
        rolled_over = items_to_roll_over(session, mailing_list.id) if roll_over else {}
        if not chosen and not rolled_over:
            raise BadInput(
                f"There is no announcement that {list_slug} has not had yet; import some, or name them."
            )
        plan = EditionPlan(
            languages=languages,
            mode=EditionMode(mode),
            fallback=Fallback(fallback or installation.settings.fallback),
            announcement_ids=chosen,
            rolled_over=rolled_over,
            subjects=subjects,
            preheaders=preheaders,
            intros=intros,
        )
        edition = create_edition(session, plan, masthead_of(installation, mailing_list), clock.now(), by)
        answer = edition_json(edition, list_slug, [])
    if as_json:
        write_json(answer)
        return
    say(
        f"Created edition {answer['id']}: {list_slug} no. {answer['issue_number']}, {len(chosen)} announcements."
    )
    for language, words in answer["texts"].items():
        say(f"  [{language}] {words['subject']}")
    say(f"Next: newsletter editions render {answer['id']} --out out, then newsletter send {answer['id']}")


@editions.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the editions, the latest first."""
    with open_installation().database.read() as session:
        slugs = list_slugs(session)
        found = all_editions(session)
        names = variant_names(session, [edition.id for edition in found])
        answer = [
            edition_json(edition, slugs[edition.list_id], names.get(edition.id, [])) for edition in found
        ]
    if as_json:
        write_json(answer)
        return
    write_table(
        "",
        ["No.", "List", "Issue", "State", "Variants", "Subject"],
        [
            (
                item["id"],
                item["list"],
                item["issue_number"],
                item["state"],
                " ".join(item["variants"]),
                next((words["subject"] for words in item["texts"].values()), ""),
            )
            for item in answer
        ],
        right=["No.", "Issue"],
    )


def masthead_for_edition(installation: Installation, edition_id: int) -> Masthead:
    """The masthead of an edition's list. Raises EditionNotFound."""
    with installation.database.read() as session:
        edition = edition_by_id(session, edition_id)
        return masthead_of(installation, session.get_one(MailingList, edition.list_id))


@editions.command()
@click.argument("edition_id", metavar="E", type=IdType)
@click.option("--links", "with_links", is_flag=True, help="Ask every linked page once, over the network.")
@click.option(
    "--level",
    type=click.Choice([level.value for level in Level]),
    default=Level.NOTES.value,
    show_default=True,
    help="Only what is at least so grave.",
)
@click.option("--require-approval", is_flag=True, help="Texts that nobody has approved block.")
@in_option
@json_option
def check(
    edition_id: int,
    with_links: bool,
    level: str,
    require_approval: bool,
    answer_in: str | None,
    as_json: bool,
) -> None:
    """Check an edition: what blocks freezing, what somebody should look at. Exit code 1 where something blocks.

    docs/checks.md explains every code. Nothing is fetched from the network without --links; what pages answered is
    told for a week.
    """
    from newsletter.cli.findings import show_findings
    from newsletter.editions.checks.findings import told_in
    from newsletter.editions.checks.kept_answers import ask_links_now
    from newsletter.editions.checks.run import check_now

    installation = open_installation()
    masthead = masthead_for_edition(installation, edition_id)
    database, now = installation.database, clock.now()
    if with_links:
        ask_links_now(database, edition_id, now)
    findings = check_now(
        database,
        edition_id,
        masthead,
        now,
        require_approval=require_approval or masthead.require_approval,
    )
    order = list(Level)
    shown = [found for found in findings if order.index(found.level) <= order.index(Level(level))]
    language = answer_in or installation.settings.staff_language
    if as_json:
        write_json([told_in(found, language) for found in shown])
    else:
        show_findings(shown, language)
    if any(found.level is Level.BLOCKS for found in findings):
        raise TheAnswerIsNo


@editions.command()
@click.argument("edition_id", metavar="E", type=IdType)
@click.option(
    "--language", "languages", multiple=True, help="Freeze only this language now; the others may follow."
)
@click.option("--without", multiple=True, metavar="LANGUAGE", help="Do without this language, for good.")
@json_option
def freeze(edition_id: int, languages: tuple[str, ...], without: tuple[str, ...], as_json: bool) -> None:
    """Freeze an edition: render every variant for good. Only what is frozen is mailed.

    With --language it goes in waves: the French now, the English when it is ready; each reader is mailed once.
    """
    installation = open_installation()
    freeze_and_warn(installation, edition_id, normalise_tags(languages), normalise_tags(without))
    with installation.database.read() as session:
        edition = edition_by_id(session, edition_id)
        slug = list_slugs(session)[edition.list_id]
        rendered = rendered_variants(session, edition_id)
    names = sorted(rendered, key=lambda name: ("+" in name, name))
    if as_json:
        write_json(edition_json(edition, slug, names))
        return
    say(
        f"Froze edition {edition_id} ({slug} no. {edition.issue_number}): {edition.state.value.replace('_', ' ')}"
    )
    write_table(
        "",
        ["Variant", "Size", "Subject"],
        [(name, f"{rendered[name].size_bytes / 1024:.0f} KB", rendered[name].subject) for name in names],
        right=["Size"],
    )


def freeze_and_warn(
    installation: Installation, edition_id: int, languages: Sequence[str] = (), without: Sequence[str] = ()
) -> None:
    """Freezes, and tells on stderr what somebody should look at, or what stands in the way."""
    masthead = masthead_for_edition(installation, edition_id)
    staff_language = installation.settings.staff_language
    try:
        rendering = freeze_now(installation.database, edition_id, masthead, clock.now(), languages, without)
    except EditionNotReady as refused:
        tell_error(f"Edition {edition_id} cannot be frozen yet:")
        for finding in refused.findings:
            tell_more(finding.line_in(staff_language))
        raise Refused from refused
    for finding in rendering.findings:
        if finding.level is Level.WARNS:
            warn(finding.line_in(staff_language))


@editions.command()
@click.argument("edition_id", metavar="E", type=IdType)
@click.option(
    "--out", "folder", required=True, type=click.Path(path_type=Path, file_okay=False), help="Where to."
)
@click.option("--no-pictures", is_flag=True, help="Take no pictures, even where there is a browser.")
@json_option
def render(edition_id: int, folder: Path, no_pictures: bool, as_json: bool) -> None:
    """Write each variant as .html, .txt, .eml and .mjml into a folder; of a draft, as it would be frozen now.

    Where Chromium is at hand, a picture of each variant and a sheet of all of them come with it: desktop and phone, light and dark.
    """
    from newsletter.cli.rendered_files import add_pictures, write_variants

    installation = open_installation()
    written = write_variants(installation, edition_id, folder)
    if not no_pictures:
        written += add_pictures(installation, edition_id, folder)
    if as_json:
        write_json({"edition": edition_id, "files": [str(path) for path in written]})
        return
    for path in written:
        say(str(path))


def ensure_frozen(installation: Installation, edition_id: int) -> None:
    """Freezes the edition where nothing of it is frozen yet, and says so."""
    with installation.database.read() as session:
        is_draft = edition_by_id(session, edition_id).state is EditionState.DRAFT
    if is_draft:
        freeze_and_warn(installation, edition_id)
        warn(f"edition {edition_id} was not frozen yet; it is now.")


from newsletter.cli import coverage as _coverage  # noqa: E402, F401 - adds its command to the group
from newsletter.cli import edition_edits, edition_texts  # noqa: E402, F401 - theirs join the group
