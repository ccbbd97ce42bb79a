"""`newsletter subscribers show`, `export-person` and `erase`: what is known of one person, a copy of it, and its end."""

import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from newsletter.cli.output import json_option, printable, say, write_json
from newsletter.cli.subscribers import subscribers
from newsletter.foundation import clock
from newsletter.foundation.language import best_match, normalise_tag
from newsletter.foundation.texts import has_texts
from newsletter.privacy.erasing import erase_address
from newsletter.privacy.export import story_page
from newsletter.privacy.story import ConsentTold, Story, story_of_address
from newsletter.privacy.story_json import story_json, story_values
from newsletter.wiring import Installation, open_installation

_TEXT_SHOWN_MAX = 300


@subscribers.command()
@click.argument("address")
@json_option
def show(address: str, as_json: bool) -> None:
    """Tell all that is known of one person: lists with evidence, sign-ups, mails, suppression, what she wrote."""
    installation = open_installation()
    story = _story(installation, address)
    if as_json:
        write_json(story_values(story))
        return
    for line in _lines(story, ZoneInfo(installation.settings.time_zone)):
        say(printable(line))


@subscribers.command("export-person")
@click.argument("address")
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="The folder; made where it is not there."
)
@click.option("--in", "language", help="In which language the readable page is; default: hers.")
def export_person(address: str, out: Path, language: str | None) -> None:
    """Write all that is kept of one person as data.json and as a readable data.html (GDPR articles 15 and 20).

    Both files can be read by their owner only.
    """
    installation = open_installation()
    story = _story(installation, address)
    settings = installation.settings
    spoken = tuple(tag for tag in settings.languages if has_texts(tag)) or ("en",)
    wanted = [normalise_tag(language)] if language else list(story.languages)
    tag = best_match(wanted, spoken) or (wanted[0] if language and has_texts(wanted[0]) else spoken[0])
    page = story_page(story, tag, ZoneInfo(settings.time_zone), settings.organisation)
    out.mkdir(parents=True, exist_ok=True)
    for name, text in (("data.json", story_json(story)), ("data.html", page)):
        _write_for_owner(out / name, text)
        say(str(out / name))


@subscribers.command()
@click.argument("address")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def erase(address: str, yes: bool, as_json: bool) -> None:
    """Erase a person: of her is left a keyed hash, so that no file brings her back. It cannot be undone."""
    installation = open_installation()
    if not yes:
        click.confirm(
            f"Erase all that is known of {printable(address[:320])}? It cannot be undone",
            abort=True,
            err=True,
        )
    with installation.database.transaction() as session:
        erased = erase_address(session, installation.keyring, address, clock.now())
    installation.database.empty_log()
    if as_json:
        write_json(erased)
        return
    if not erased.person_count:
        say("There was no such subscriber; the address is barred from imports.")
    else:
        left = ", ".join(erased.left_lists) or "none"
        say(f"Erased. Lists that she was on: {left}. The address is barred from imports.")
    if erased.sign_up_count or erased.inbound_count:
        say(f"Also erased: {erased.sign_up_count} sign-ups, {erased.inbound_count} mails that came in.")


def _story(installation: Installation, address: str) -> Story:
    with installation.database.read() as session:
        return story_of_address(session, installation.keyring, address)


def _write_for_owner(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(text)


def _lines(story: Story, zone: ZoneInfo) -> Iterable[str]:
    def at(moment: datetime | None) -> str:
        return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}" if moment else ""

    suppression = story.suppression
    told = {
        "id": story.id,
        "address": story.address,
        "name": story.name,
        "first name": story.first_name,
        "languages": " ".join(story.languages) + (" (both)" if story.reads_both else ""),
        "language origin": story.language_origin,
        "attributes": ", ".join(f"{key}={value}" for key, value in sorted(story.attributes.items())),
        "paused until": at(story.paused_until),
        "known since": at(story.known_since),
        "suppressed": f"{suppression.reason.value}, since {at(suppression.since)}" if suppression else "no",
        "other spellings": " ".join(story.other_addresses),
    }
    yield from (f"{key}: {value}" for key, value in told.items() if value not in ("", None))
    for item in story.subscriptions:
        reason = f" ({item.end_reason.value})" if item.end_reason else ""
        way = f", by {item.leave_way.value}" if item.leave_way else ""
        yield f"list {item.list}: {item.state.value}{reason} since {at(item.ended_at or item.since)}{way}"
        yield from (_consent_line(consent, at(consent.at)) for consent in item.consents)
    yield from (_consent_line(consent, at(consent.at)) for consent in story.other_consents)
    for sign_up in story.sign_ups:
        answer = "confirmed" if sign_up.confirmed_at else "declined" if sign_up.declined_at else "unanswered"
        yield f"sign-up {at(sign_up.requested_at)}: {', '.join(sign_up.lists)}, {answer}, from {sign_up.ip or '?'}"
    for mail in story.mails:
        why = f" ({mail.skip_reason.value})" if mail.skip_reason else ""
        words = f": {mail.reply_text}" if mail.reply_text else ""
        yield f"mail {at(mail.changed_at)}: {mail.list} {mail.issue_number}, {mail.state.value}{why}{words}"
    for came in story.inbound:
        result = f", {came.result.value}" if came.result else ""
        yield f"came in {at(came.read_at)}: {came.kind.value}{result}: {came.subject or came.text[:_TEXT_SHOWN_MAX]}"


def _consent_line(consent: ConsentTold, moment: str) -> str:
    about = consent.way or consent.basis
    return f"  {consent.event.value} {moment}{f', {about}' if about else ''}{f', from {consent.ip}' if consent.ip else ''}"
