"""`newsletter demo`: the whole story on this machine, from announcements to the inbox and the unsubscribe link."""

import http.client
import socket
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import click

from newsletter.announcements.queries import announcements
from newsletter.audience.actions import create_list
from newsletter.audience.importing.apply import import_subscribers
from newsletter.audience.queries import all_lists, list_by_slug
from newsletter.cli.announcements import import_source
from newsletter.cli.editions import freeze_and_warn
from newsletter.cli.mailings import show_report
from newsletter.cli.output import say, write_table
from newsletter.cli.rendered_files import write_variants
from newsletter.cli.sending_now import run_mailing, stop_on_signal
from newsletter.cli.setup import prepare
from newsletter.editions.actions import EditionPlan, create_edition
from newsletter.editions.models import EditionMode, Fallback
from newsletter.foundation import clock
from newsletter.foundation.database import ReadSession
from newsletter.foundation.errors import BadInput
from newsletter.foundation.files import data_folder
from newsletter.foundation.settings import Settings, read_settings
from newsletter.mailing.planning import plan_mailing
from newsletter.mailing.queries import deliveries, mailing_report
from newsletter.transport.catcher import Catcher, CaughtMail
from newsletter.wiring import Installation, masthead_of, open_installation, open_line

_LISTS = {
    "lettre": {"fr": "La lettre du canal", "en": "The Canal Letter"},
    "agenda": {"fr": "L’agenda du canal", "en": "The Canal Diary"},
}
_INTROS = {
    "fr": "Voici l’hiver au bord du canal : ce qui s’ouvre, ce qui se répare et ce qui se plante. "
    "Une question ? *Répondez* simplement à ce message.",
    "en": "Here is winter by the canal: what opens, what gets mended and what is planted. "
    "A question? *Just reply* to this message.",
}
# What this winter's letter tells, in this order; the rest of the examples is for editions of your own.
_ITEMS = (
    "2026-12-01-cargo-bike",
    "2026-12-15-plots",
    "2026-11-25-story-hour",
    "2026-11-05-conversation-table",
    "2027-01-16-pruning",
    "2027-01-19-general-assembly",
)
_REFUSED = "refused@example.org"  # the catcher plays a server that does not know her
_PREFERRED_PORT = 8010


@dataclass(frozen=True, slots=True)
class Sent:
    """What the demo sent: the edition and its mailing."""

    edition_id: int
    mailing_id: int


@click.command()
@click.option(
    "--once", is_flag=True, help="Do everything once and end, instead of serving the pages until Ctrl-C."
)
def demo(once: bool) -> None:
    """The whole story on this machine: announcements, an edition, mails in a catcher, a link that unsubscribes.

    Nothing leaves the machine. It works in subscribers.db of this folder, and refuses where lists of yours are in it.
    """
    from newsletter.web.app import create_app
    from newsletter.web.inbox import inbox_routes
    from newsletter.web.serve import running_app
    from newsletter.worker.loop import working

    with ExitStack() as open_things:
        catcher = Catcher(refused={_REFUSED})
        catcher.start()
        open_things.callback(catcher.stop)
        port = _free_port()
        settings = _settings(port, catcher.port)
        installation = _ready(settings)
        wake_worker = open_things.enter_context(working(installation))
        app = create_app(installation, extra_routes=inbox_routes(catcher.mails), wake_worker=wake_worker)
        open_things.enter_context(running_app(app, port=port))
        _fill(installation)
        sent = _send_edition(installation)
        _show_readers(installation, sent)
        if once:
            _follow_unsubscribe_link(catcher.mails()[0])
            say("The demo is over; run `newsletter demo` to look around.")
            return
        say(f"\nRead the mails, in both languages: {settings.base_url}/inbox/  (Ctrl-C ends)")
        say(f"Sign up, and see the mail that asks you: {settings.base_url}/fr/subscribe")
        with stop_on_signal() as stop:
            while not stop():
                time.sleep(0.2)


def _free_port() -> int:
    """The port that the links of earlier demos lead to, or another one where it is taken."""
    for port in (_PREFERRED_PORT, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise BadInput("No port is free on 127.0.0.1.")


def _settings(port: int, smtp_port: int) -> Settings:
    return read_settings(
        base_url=f"http://127.0.0.1:{port}",
        smtp_url=f"smtp://127.0.0.1:{smtp_port}?tls=none",
        languages=("fr", "en"),
        sender="lettre@jardinsducanal.example",
        organisation="Les Jardins du Canal asbl",
        postal_address="Quai du Hainaut 23, 1080 Bruxelles",
        website="https://jardinsducanal.example",
        accent_colour="#1f6f54",
    )


def _ready(settings: Settings) -> Installation:
    for line in prepare(settings):
        say(line)
    installation = open_installation(_with_secret(settings))
    with installation.database.read() as session:
        others = [counts.slug for counts in all_lists(session) if counts.slug not in _LISTS]
    if others:
        raise BadInput(
            f"The database {settings.database_url} holds lists of yours ({', '.join(others)}); run the demo in an "
            "empty folder, or name another database in NEWSLETTER_DATABASE_URL."
        )
    return installation


def _with_secret(settings: Settings) -> Settings:
    """The same settings with the secret that `prepare` may just have written."""
    return settings.model_copy(update={"secret": read_settings().secret})


def _fill(installation: Installation) -> None:
    """Imports the examples; what is there already is left as it is."""
    examples = data_folder("examples")
    report, stored = import_source(installation, str(examples / "announcements"))
    added = sum(item.is_new for item in stored)
    say(f"Announcements: {len(report.drafts)} in the examples, {added} imported.")
    now = clock.now()
    with installation.database.transaction() as session:
        there = {counts.slug for counts in all_lists(session)}
        for slug, names in _LISTS.items():
            if slug not in there:
                create_list(
                    session,
                    slug=slug,
                    names=names,
                    sender_address=installation.settings.sender_address,
                    now=now,
                )
    imported = import_subscribers(
        installation.database,
        installation.keyring,
        examples / "subscribers.csv",
        list_slug=None,
        consent_basis="example readers; none of them exists",
        now=now,
        languages=installation.settings.languages,
    )
    say(
        f"Subscribers: {imported.added} added, {imported.unchanged} unchanged, {len(imported.refused)} refused."
    )


def _send_edition(installation: Installation) -> Sent:
    now = clock.now()
    with installation.database.transaction() as session:
        mailing_list = list_by_slug(session, "lettre")
        plan = EditionPlan(
            languages=installation.settings.languages,
            mode=EditionMode.SEPARATE,
            fallback=Fallback.LABEL,
            announcement_ids=_letter_items(session),
            subjects={},
            preheaders={},
            intros=_INTROS,
        )
        edition = create_edition(session, plan, masthead_of(installation, mailing_list), now)
        edition_id, issue_number = edition.id, edition.issue_number
    freeze_and_warn(installation, edition_id)
    folder = Path("out") / f"edition-{edition_id}"
    files = write_variants(installation, edition_id, folder)
    say(f"Edition no. {issue_number}: rendered and frozen; {len(files)} files to look at in {folder}/")
    with installation.database.transaction() as session:
        mailing_id = plan_mailing(session, edition_id, clock.now()).id
    with stop_on_signal() as stop, open_line(installation.settings) as line:
        run_mailing(installation, mailing_id, line, stop)
    return Sent(edition_id, mailing_id)


def _letter_items(session: ReadSession) -> tuple[int, ...]:
    by_reference = {item.reference: item.id for item in announcements(session)}
    return tuple(by_reference[reference] for reference in _ITEMS)


def _show_readers(installation: Installation, sent: Sent) -> None:
    """Who got which language, what became of it, and why not."""
    with installation.database.read() as session:
        rows = deliveries(session, sent.mailing_id)
        report = mailing_report(session, sent.mailing_id)
    write_table(
        "Who got what",
        ["Reader", "Reads", "Got", "Result"],
        [
            (
                item.address,
                " ".join(item.languages) or "not said",
                item.variant or "nothing",
                item.in_words,
            )
            for item in rows
        ],
    )
    show_report(report)


def _follow_unsubscribe_link(mail: CaughtMail) -> None:
    """Does what a mailbox provider does at a click on "unsubscribe" (RFC 8058), and shows what the next mailing does."""
    header = next(line for line in mail.raw.split(b"\r\n") if line.lower().startswith(b"list-unsubscribe:"))
    url = urlsplit(header.decode("ascii").split("<", 1)[1].split(">", 1)[0])
    connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=10)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", url.path, "List-Unsubscribe=One-Click", headers)
    answer = connection.getresponse()
    words = answer.read().decode("utf-8").strip()
    connection.close()
    if answer.status != 200:
        raise BadInput(f"The unsubscribe link answered {answer.status}.")
    say(
        f"One-click unsubscribe for {mail.recipient}: {answer.status} “{words}”; the next edition skips that reader."
    )
