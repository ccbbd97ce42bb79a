"""`newsletter send` and `newsletter test-send`."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import click

from newsletter.audience.models import MailingList
from newsletter.audience.segments.queries import segment_by_slug
from newsletter.cli.editions import ensure_frozen
from newsletter.cli.errors import TheAnswerIsNo, tell_error
from newsletter.cli.forecast import show_forecast
from newsletter.cli.mailings import report_json
from newsletter.cli.numbers import IdType
from newsletter.cli.output import json_option, say, warn, write_json
from newsletter.cli.rendered_files import sample_reader, test_mark
from newsletter.cli.sending_now import finish, run_mailing, stop_on_signal
from newsletter.editions.queries import edition_by_id
from newsletter.foundation import clock
from newsletter.foundation.addresses import envelope_address, parse_address
from newsletter.foundation.database import is_postgresql
from newsletter.foundation.errors import BadInput
from newsletter.foundation.settings import Settings
from newsletter.mailing.compose import Composer, Sender
from newsletter.mailing.liveness import holder_name
from newsletter.mailing.models import MailingState
from newsletter.mailing.planning import plan_mailing
from newsletter.mailing.planning_job import leave_planning_to_workers, make_rows
from newsletter.mailing.portions import enqueue_portions
from newsletter.mailing.queries import mailing_by_id, mailing_report
from newsletter.mailing.readership import Readership, named_readership
from newsletter.mailing.run import RunEnd
from newsletter.mailing.safety import require_memory
from newsletter.mailing.scheduling import TimeRefused, moment_of, schedule_mailing
from newsletter.mailing.sending import start_mailing
from newsletter.transport.errors import RelayRefusedLogin, RelayUnreachable
from newsletter.transport.outcome import Outcome, Verdict
from newsletter.transport.smtp import Job
from newsletter.wiring import Installation, open_installation, open_line, sender_of_list

LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


@click.command()
@click.argument("edition_id", metavar="E", type=IdType)
@click.option(
    "--list",
    "list_slugs",
    multiple=True,
    metavar="LIST",
    help="Mail the readers of these lists, each person once; default: of the edition's own list.",
)
@click.option("--segment", "segment_slug", help="Only those readers who are in this segment.")
@click.option("--dry-run", is_flag=True, help="Show who would get what, and send nothing.")
@click.option("--retry-now", is_flag=True, help="Do not wait for the time of those that the server put off.")
@click.option(
    "--at", "at", metavar="TIME", help="Begin then, by a worker: 2026-12-01 09:00, in your time zone."
)
@click.option("--time-zone", "zone", metavar="ZONE", help="The zone of that time, as in Europe/Brussels.")
@click.option("--background", is_flag=True, help="Let workers send it, and do not wait for them.")
@json_option
def send(
    edition_id: int,
    dry_run: bool,
    retry_now: bool,
    as_json: bool,
    at: str | None = None,
    zone: str | None = None,
    background: bool = False,
    list_slugs: tuple[str, ...] = (),
    segment_slug: str | None = None,
) -> None:
    """Send edition E to the readers of its list, each in her language.

    Ctrl-C pauses cleanly; the same command goes on where it stopped, and nobody is mailed twice.
    Who is on several of the lists gets one mail, as a reader of the edition's own list, else of the first one named.
    Exit code 1 where not every message was accepted.
    """
    installation = open_installation()
    readership = _readership(installation, edition_id, list_slugs, segment_slug)
    if dry_run:
        show_forecast(installation, edition_id, readership, as_json)
        return
    starts_at = _moment(installation, at, zone)
    # What would stop the sending is told before anything is frozen or planned.
    line = open_line(installation.settings)
    require_memory(installation.database)
    sender = sender_of_edition(installation, edition_id)
    for lack in lacks_for_real_mail(installation.settings, sender):
        warn(lack)
    ensure_frozen(installation, edition_id)
    is_for_workers = starts_at is not None or background
    plan = leave_planning_to_workers if is_for_workers else plan_mailing
    with installation.database.transaction() as session:
        mailing_id = plan(
            session, edition_id, clock.now(), readership, time_zone=installation.settings.time_zone
        ).id
    if is_for_workers:
        _leave_to_workers(installation, mailing_id, starts_at, as_json)
        return
    make_rows(
        installation.database,
        mailing_id,
        clock.now,
        planner=holder_name(),
        time_zone=installation.settings.time_zone,
    )
    try:
        with stop_on_signal() as stop, line:
            end = run_mailing(installation, mailing_id, line, stop, put_off_now=retry_now)
    except (RelayUnreachable, RelayRefusedLogin) as error:
        tell_error(str(error))
        end = RunEnd(MailingState.PAUSED)
    finish(installation, mailing_id, end, as_json)


def _moment(installation: Installation, at: str | None, zone: str | None) -> datetime | None:
    """When to begin; None for now. Raises TimeRefused, BadInput for a zone that is none."""
    zone_name = zone or installation.settings.time_zone
    try:
        ZoneInfo(zone_name)
    except (KeyError, ValueError, OSError) as error:
        raise BadInput(f"“{zone_name}” is not the name of a time zone such as Europe/Brussels.") from error
    if at is None:
        return None
    moment = moment_of(at, zone_name)
    if moment <= clock.now():
        raise TimeRefused(f"“{at}” has passed; name a later time, or leave --at out to begin now.")
    return moment


def _leave_to_workers(
    installation: Installation, mailing_id: int, starts_at: datetime | None, as_json: bool
) -> None:
    """Lets the mailing begin by itself, now or at that moment, and says so."""
    undo = timedelta(seconds=installation.settings.undo_seconds)
    with installation.database.transaction() as session:
        if starts_at is not None:
            schedule_mailing(session, mailing_id, starts_at, clock.now())
        else:
            start_mailing(session, mailing_by_id(session, mailing_id, lock=True), clock.now(), undo)
            if is_postgresql(session):
                enqueue_portions(session, clock.now())
        report = mailing_report(session, mailing_id)
    if as_json:
        write_json(report_json(report))
    elif report.starts_at is not None:
        zone = ZoneInfo(installation.settings.time_zone)
        say(
            f"Mailing {mailing_id} begins at {report.starts_at.astimezone(zone):%Y-%m-%d %H:%M %Z}, where a worker runs "
            f"(newsletter worker); newsletter mailings pause {mailing_id} holds it back."
        )
    else:
        say(f"Mailing {mailing_id} is left to the workers (newsletter worker).")


def _readership(
    installation: Installation, edition_id: int, list_slugs: Sequence[str], segment_slug: str | None
) -> Readership | None:
    """Whom the options name; None where they name nobody: the edition's own list, or those it was planned for."""
    if not list_slugs and segment_slug is None:
        return None
    with installation.database.read() as session:
        edition = edition_by_id(session, edition_id)
        filter_text = segment_by_slug(session, segment_slug).filter if segment_slug is not None else ""
        zone = installation.settings.time_zone
        return named_readership(session, edition, list_slugs, filter_text, now=clock.now(), time_zone=zone)


def sender_of_edition(installation: Installation, edition_id: int) -> Sender:
    """The sender that an edition's mails come from."""
    with installation.database.read() as session:
        mailing_list = session.get_one(MailingList, edition_by_id(session, edition_id).list_id)
        return sender_of_list(installation, mailing_list)


def lacks_for_real_mail(settings: Settings, sender: Sender) -> list[str]:
    """What readers and mailbox providers would miss in a real mailing, a line each."""
    host = urlsplit(settings.base_url).hostname or ""
    lacks = []
    if host in LOOPBACK_HOSTS:
        lacks.append(
            f"links in these mails lead to {settings.base_url}, which no reader can open (NEWSLETTER_BASE_URL)."
        )
    elif not settings.base_url.startswith("https://"):
        lacks.append("links begin with http; mailbox providers want https (NEWSLETTER_BASE_URL).")
    if sender.domain in LOOPBACK_HOSTS:
        lacks.append(
            f"mails come from {sender.address}, where nobody can answer (NEWSLETTER_SENDER, or lists edit --from)."
        )
    if not settings.postal_address:
        lacks.append(
            "mails have no postal address, which the law of many countries asks for (NEWSLETTER_POSTAL_ADDRESS)."
        )
    return lacks


@click.command("test-send")
@click.argument("edition_id", metavar="E", type=IdType)
@click.option(
    "--to", "addresses", multiple=True, required=True, metavar="ADDRESS", help="Who gets the tests."
)
def test_send(edition_id: int, addresses: tuple[str, ...]) -> None:
    """Mail each variant of edition E once to each ADDRESS, marked [TEST FR]. Tests are never counted."""
    from newsletter.cli.rendered_files import variants_of_edition

    installation = open_installation()
    recipients = [parse_address(address) for address in addresses]
    line = open_line(installation.settings)
    sender = sender_of_edition(installation, edition_id)
    variants = variants_of_edition(installation, edition_id)
    now = clock.now()
    jobs = []
    for name, rendered in variants.items():
        composer = Composer(sender, {name: rendered}, f"test{edition_id}", test_mark(name))
        for address in recipients:
            reader = sample_reader(name, address)
            jobs.append(
                Job(
                    key=(name, address),
                    sender=envelope_address(sender.address),
                    recipient=envelope_address(address),
                    message=composer.makers([reader], now)[0],
                )
            )
    outcomes: list[tuple[Job, Outcome]] = []
    with stop_on_signal() as stop, line:
        line.deliver(jobs, on_outcome=lambda job, outcome: outcomes.append((job, outcome)), stop=stop)
    refused = [(job, outcome) for job, outcome in outcomes if outcome.verdict is not Verdict.ACCEPTED]
    say(f"{len(outcomes) - len(refused)} test mails accepted, {len(refused)} not.")
    for job, outcome in refused:
        say(f"  {job.recipient}: {outcome.verdict.value} {outcome.code or ''} {outcome.text}")
    if refused:
        raise TheAnswerIsNo
