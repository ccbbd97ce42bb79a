"""Puts the rooms together: settings in, database, keys and relays out. The one module that knows every room."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from newsletter.announcements import models as _announcement_tables  # noqa: F401 - registers the tables
from newsletter.audience.abuse import models as _abuse_tables  # noqa: F401
from newsletter.audience.abuse.budgets import Budgets
from newsletter.audience.consent import models as _consent_tables  # noqa: F401
from newsletter.audience.models import MailingList
from newsletter.audience.preferences import models as _preferences_tables  # noqa: F401
from newsletter.audience.segments import models as _segment_tables  # noqa: F401
from newsletter.audience.sign_up import models as _sign_up_tables  # noqa: F401
from newsletter.editions.masthead import Masthead
from newsletter.foundation import clock
from newsletter.foundation.database import Base, Database
from newsletter.foundation.errors import BadInput
from newsletter.foundation.logs import configure_logs
from newsletter.foundation.settings import Settings, read_settings
from newsletter.foundation.signing import Keyring
from newsletter.inbound import models as _inbound_tables  # noqa: F401
from newsletter.jobs import models as _job_tables  # noqa: F401
from newsletter.mailing.compose import Sender, sender_of
from newsletter.mailing.pace import models as _pace_tables  # noqa: F401
from newsletter.mailing.pace.limits import NO_LIMIT, RELAY, limits_of
from newsletter.rendering.content import Branding

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager
    from datetime import datetime

    from newsletter.inbound.taking_in import Office
    from newsletter.jobs.run import Handler
    from newsletter.mailing.pace.gate import PaceGate
    from newsletter.mailing.run import Parts
    from newsletter.mailing.shelf import Gate
    from newsletter.privacy.retention import Spans
    from newsletter.transport.line import DeliveryLine
    from newsletter.transport.octets import Message
    from newsletter.transport.timeouts import Timeouts

METADATA = Base.metadata


class SecretMissing(BadInput):
    """Links cannot be signed without the installation's secret."""

    def __init__(self) -> None:
        super().__init__(
            "There is no secret to sign links with; run `newsletter init`, or set NEWSLETTER_SECRET."
        )


class RelayNotSet(BadInput):
    """No mail server is named that could take the mail."""

    def __init__(self) -> None:
        super().__init__(
            "No relay is set; name your mail server in NEWSLETTER_SMTP_URL, as in "
            "smtp://user:password@mail.example.org:587?tls=starttls."
        )


class KeyUnreadable(BadInput):
    """The file with the DKIM key cannot be read."""

    def __init__(self, file: str, reason: str) -> None:
        super().__init__(f"The DKIM key {file} cannot be read: {reason}; see NEWSLETTER_DKIM_KEY.")
        self.file = file


@dataclass(frozen=True, slots=True)
class Installation:
    """What every entrance needs: the settings and what they lead to."""

    settings: Settings
    database: Database

    @property
    def keyring(self) -> Keyring:
        """The keys that sign links. Raises SecretMissing."""
        secret = self.settings.secret.get_secret_value()
        if not secret:
            raise SecretMissing
        return Keyring(*secret.split(","))

    @property
    def journal_folder(self) -> Path:
        """Where runs keep their journals: beside an SQLite database, else in the working directory."""
        file = self.database.url.database if self.database.is_sqlite else None
        return Path(file).parent if file and not file.startswith("file:") else Path()


def open_installation(settings: Settings | None = None) -> Installation:
    """The installation of the working directory; its database must be at this release's version."""
    from newsletter.migrations.upgrade import require_current

    settings = settings or read_settings()
    configure_logs(settings.log_level)
    database = Database(settings.database_url)
    require_current(database)
    return Installation(settings, database)


def masthead_of(installation: Installation, mailing_list: MailingList) -> Masthead:
    """What an edition of the list is headed and signed with."""
    settings = installation.settings
    return Masthead(
        list_id=mailing_list.id,
        list_names=mailing_list.names,
        branding=Branding(
            organisation=settings.organisation or next(iter(mailing_list.names.values())),
            postal_address=settings.postal_address,
            accent=settings.accent_colour,
            logo_url=settings.logo_url,
            website=settings.website,
        ),
        theme=mailing_list.theme or settings.theme,
        base_url=settings.base_url,
        zone=ZoneInfo(settings.time_zone),
        require_approval=settings.require_approval,
    )


def sender_of_list(installation: Installation, mailing_list: MailingList) -> Sender:
    """From whom a list's mails come: its own address, or the installation's where it names none."""
    settings = installation.settings
    address = mailing_list.sender_address or settings.sender_address
    return sender_of(
        mailing_list,
        settings.sender_address,
        settings.base_url,
        installation.keyring,
        signer_for(settings, address),
    )


def open_line(settings: Settings) -> DeliveryLine:
    """A line to the relays of the settings. Raises RelayNotSet where none is named, BadInput for a wrong address."""
    from newsletter.transport.line import DeliveryLine
    from newsletter.transport.relay import relays_from

    urls = settings.smtp_url.get_secret_value()
    if not urls:
        raise RelayNotSet
    return DeliveryLine(
        relays_from(urls, has_bdat=settings.smtp_bdat),
        connections=settings.smtp_connections,
        helo_name=urlsplit(settings.base_url).hostname or "localhost",
        timeouts=_timeouts(settings.smtp_timeout_seconds),
        messages_per_connection=limits_of(settings.pace).get(RELAY, NO_LIMIT).per_connection
        or settings.smtp_messages_per_connection,
    )


def open_gate(installation: Installation, name: str = "") -> AbstractContextManager[PaceGate]:
    """For the length of the block, what keeps the pace of the settings, shared with the workers that are alive; `name` is that of the caller."""
    from newsletter.jobs.beats import living_workers
    from newsletter.mailing.pace.gate import PaceGate

    silence = timedelta(seconds=installation.settings.worker_silence_seconds)
    gate = PaceGate(
        installation.database,
        limits_of(installation.settings.pace),
        name,
        lambda session: living_workers(session, clock.now(), silence),
    )
    return gate.keeping_up()


def keep_connections_short(line: DeliveryLine, gate: PaceGate, settings: Settings) -> None:
    """Lets the line begin a new connection after as many messages as the gate says, else the settings; also live."""
    line.ask_messages_per_connection(
        lambda: gate.messages_per_connection or settings.smtp_messages_per_connection
    )


def parts_of(
    installation: Installation, mailing_id: int, gate: Gate, clock: Callable[[], datetime] = clock.now
) -> Parts:
    """What a run over a mailing works with. Raises MailingNotFound, SecretMissing, KeyRefused, KeyUnreadable."""
    from newsletter.editions.queries import edition_by_id, rendered_variants
    from newsletter.mailing.compose import Composer
    from newsletter.mailing.queries import mailing_by_id
    from newsletter.mailing.run import Parts

    with installation.database.read() as session:
        edition_id = mailing_by_id(session, mailing_id).edition_id
        mailing_list = session.get_one(MailingList, edition_by_id(session, edition_id).list_id)
        variants = rendered_variants(session, edition_id)
    sender = sender_of_list(installation, mailing_list)
    return Parts(
        database=installation.database,
        keyring=installation.keyring,
        composer=Composer(sender, variants, f"m{mailing_id}"),
        sender_address=sender.address,
        clock=clock,
        journal_folder=installation.journal_folder,
        gate=gate,
        give_up_after=timedelta(hours=installation.settings.give_up_hours),
    )


def signer_for(settings: Settings, sender_address: str) -> Callable[[Message], Message] | None:
    """What signs mails from this sender (DKIM); None where nothing does. Raises KeyRefused, KeyUnreadable."""
    if not settings.dkim_key:
        return None
    from newsletter.foundation.addresses import envelope_address
    from newsletter.transport.dkim import open_signer

    of_sender = envelope_address(sender_address).rpartition("@")[2]
    domain = settings.dkim_domain.lower() or of_sender
    if of_sender != domain and not of_sender.endswith(f".{domain}"):
        return None  # a signature of another domain says nothing about this sender (RFC 9989, alignment)
    try:
        pem = Path(settings.dkim_key).read_bytes()
    except OSError as error:
        raise KeyUnreadable(settings.dkim_key, error.strerror or str(error)) from error
    return open_signer(domain, settings.dkim_selector, pem).sign


def job_handlers(
    installation: Installation, line: DeliveryLine, clock: Callable[[], datetime]
) -> Mapping[str, Handler]:
    """Who does which kind of waiting work. Raises SecretMissing."""
    from newsletter.foundation.texts import has_texts
    from newsletter.inbound.handlers import inbound_handlers
    from newsletter.notices.compose import Letterhead
    from newsletter.notices.desk import NoticeDesk
    from newsletter.notices.handlers import notice_handlers
    from newsletter.privacy.handlers import privacy_handlers

    settings = installation.settings
    branding = Branding(
        organisation=settings.organisation,
        postal_address=settings.postal_address,
        accent=settings.accent_colour,
        logo_url=settings.logo_url,
        website=settings.website,
    )
    desk = NoticeDesk(
        database=installation.database,
        keyring=installation.keyring,
        base_url=settings.base_url,
        languages=tuple(tag for tag in settings.languages if has_texts(tag)) or ("en",),
        letterhead=Letterhead(settings.sender_address, branding),
        line=line,
        clock=clock,
        sign=partial(_signed, settings),
        zone=ZoneInfo(settings.time_zone),
        budgets=budgets_of(settings),
        alert_address=settings.alert_address or settings.sender_address,
    )
    return {
        **notice_handlers(desk),
        **inbound_handlers(
            desk,
            inbound_office(installation),
            settings.inbound_url.get_secret_value(),
            spans_of(settings).inbound,
        ),
        **privacy_handlers(installation.database, spans_of(settings), clock),
    }


def plan_periodic_work(installation: Installation, now: datetime) -> None:
    """Sees to it that the jobs are there which come back by themselves. Raises DatabaseNotReady."""
    from newsletter.inbound.handlers import plan_reading
    from newsletter.privacy.retention import plan_retention

    with installation.database.transaction() as session:
        plan_retention(session, now)
        if installation.settings.inbound_url.get_secret_value():
            plan_reading(session, now)


def inbound_office(installation: Installation) -> Office:
    """What deciding about a mail that came in needs. Raises SecretMissing."""
    from newsletter.inbound.taking_in import Office

    settings = installation.settings
    return Office(installation.keyring, settings.base_url, settings.trusted_authserv_ids)


def spans_of(settings: Settings) -> Spans:
    """How long things are kept."""
    from newsletter.privacy.retention import Spans

    return Spans(
        sign_ups=timedelta(days=settings.keep_sign_ups_days),
        visits=timedelta(days=settings.keep_visits_days),
        inbound=timedelta(days=settings.keep_inbound_days),
        deliveries=timedelta(days=settings.keep_deliveries_days),
    )


def budgets_of(settings: Settings) -> Budgets:
    """What public forms may cause in an hour."""
    return Budgets(
        forms_per_network=settings.forms_per_network_per_hour,
        confirmations_per_domain=settings.confirmations_per_domain_per_hour,
        confirmations=settings.confirmations_per_hour,
    )


def _signed(settings: Settings, sender_address: str, message: bytes) -> bytes:
    from newsletter.transport.octets import whole

    sign = signer_for(settings, sender_address)
    return whole(sign(message)) if sign else message


def _timeouts(seconds: float) -> Timeouts:
    """The spans of RFC 5321 section 4.5.3.2 in proportion to the one that is set, which stands for its five minutes."""
    from newsletter.transport.timeouts import Timeouts

    return Timeouts(
        connect_seconds=seconds / 5,
        greeting_seconds=seconds,
        command_seconds=seconds,
        data_seconds=seconds * 2 / 5,
        block_seconds=seconds * 3 / 5,
        final_seconds=seconds * 2,
    )
