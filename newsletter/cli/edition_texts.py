"""`newsletter editions show|changes|revisions`."""

import click

from newsletter.audience.models import MailingList
from newsletter.audience.queries import list_slugs
from newsletter.cli.edition_told import show_edition, whole_edition_json
from newsletter.cli.editions import editions
from newsletter.cli.numbers import IdType
from newsletter.cli.output import json_option, write_json, write_table
from newsletter.cli.source_changes import change_json, revision_cells, revision_json, show_change
from newsletter.editions.own_words import edition_words
from newsletter.editions.queries import edition_by_id, variant_names
from newsletter.editions.wording import revisions_of_words, what_changed_in_words
from newsletter.foundation.language import normalise_tag
from newsletter.wiring import masthead_of, open_installation


@editions.command()
@click.argument("edition_id", metavar="E", type=IdType)
@json_option
def show(edition_id: int, as_json: bool) -> None:
    """Show one edition: its words per language with their states, its sections and its items."""
    installation = open_installation()
    with installation.database.read() as session:
        edition = edition_by_id(session, edition_id)
        names = variant_names(session, [edition_id]).get(edition_id, [])
        told = whole_edition_json(edition, list_slugs(session)[edition.list_id], names)
        masthead = masthead_of(installation, session.get_one(MailingList, edition.list_id))
        if not names:  # what is made from the items follows them until it is frozen
            for text in edition.texts:
                words = edition_words(edition, masthead, text)
                told["texts"][text.language] |= {"subject": words.subject, "preheader": words.preheader}
    if as_json:
        write_json(told)
        return
    show_edition(told)


@editions.command()
@click.argument("edition_id", metavar="E", type=IdType)
@click.option("--language", required=True, help="The language of the words.")
@json_option
def revisions(edition_id: int, language: str, as_json: bool) -> None:
    """List the revisions of an edition's words in a language, the latest first."""
    with open_installation().database.read() as session:
        found = revisions_of_words(session, edition_id, normalise_tag(language))
    if as_json:
        write_json([revision_json(item) for item in found])
        return
    write_table(
        "",
        ["No.", "When", "By", "Subject", "Words"],
        [(*revision_cells(item), item.subject, len(item.intro.split())) for item in found],
        right=["No.", "Words"],
    )


@editions.command()
@click.argument("edition_id", metavar="E", type=IdType)
@click.option("--language", required=True, help="The language of the words.")
@json_option
def changes(edition_id: int, language: str, as_json: bool) -> None:
    """Show what became of the source of an edition's words since those of a language were confirmed."""
    tag = normalise_tag(language)
    with open_installation().database.read() as session:
        change = what_changed_in_words(session, edition_id, tag)
    if as_json:
        write_json({"edition": edition_id, "language": tag, **change_json(change)})
    else:
        show_change(change, tag)
