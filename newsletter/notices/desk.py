"""The desk at which notices are written and sent: what every handler of a notice's job is given."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Protocol

from newsletter.audience.abuse.budgets import Budgets
from newsletter.foundation.database import Database
from newsletter.foundation.language import best_match
from newsletter.foundation.signing import Keyring
from newsletter.jobs.run import TryLater
from newsletter.notices.compose import Letterhead, compose_notice
from newsletter.notices.notice import Notice
from newsletter.transport.envelope import Report
from newsletter.transport.errors import RelayRefusedLogin, RelayUnreachable
from newsletter.transport.outcome import Outcome, Verdict
from newsletter.transport.smtp import Job as Message

_AGAIN = frozenset({Verdict.DEFERRED, Verdict.NOT_TRIED, Verdict.BLOCKED})


class Line(Protocol):
    """A line to a mail server, as `transport.line.DeliveryLine` is one."""

    def deliver(self, jobs: Sequence[Message], on_outcome: Callable[[Message, Outcome], None]) -> None:
        """Hands the messages over, telling what became of each exactly once; raises when no server can be reached."""


@dataclass(frozen=True, slots=True)
class SentNotice:
    """What became of a notice: its Message-ID with the angle brackets, and whether the server took it."""

    message_id: str
    is_accepted: bool


@dataclass(frozen=True, slots=True)
class NoticeDesk:
    """The installation as notices need it; `languages` are those that the system speaks, the organisation's first first."""

    database: Database
    keyring: Keyring
    base_url: str
    languages: tuple[str, ...]
    letterhead: Letterhead
    line: Line
    clock: Callable[[], datetime]
    sign: Callable[[str, bytes], bytes] = lambda _sender, message: message
    """Signs a message of this sender (DKIM), where something does."""
    zone: tzinfo = UTC  # in which moments are told
    budgets: Budgets = field(default_factory=Budgets)
    alert_address: str = ""  # who is told when forms are abused

    def speaks(self, wanted: Sequence[str]) -> tuple[str, ...]:
        """In which languages to write to somebody who reads these: hers where the system speaks it, else all of ours."""
        found = best_match(wanted, self.languages)
        return (found,) if found else self.languages

    def send(self, notice: Notice) -> SentNotice:
        """Hands the notice to the relay. Raises TryLater where it should be tried again; refused for good is an answer.

        One that is in doubt counts as accepted: a second copy would have the same Message-ID, yet annoy.
        """
        composed = compose_notice(notice, self.letterhead, self.clock())
        heard: list[Outcome] = []
        message = self.sign(composed.author, composed.message)
        job = Message(
            key=composed.message_id,
            sender=composed.sender,
            recipient=composed.recipient,
            message=lambda: message,
            size_bytes=len(message),
            report=Report.NEVER,  # RFC 3834 section 3.3
        )
        try:
            self.line.deliver([job], lambda _job, outcome: heard.append(outcome))
        except (RelayUnreachable, RelayRefusedLogin) as error:
            raise TryLater(str(error)) from error
        [outcome] = heard
        if outcome.verdict in _AGAIN:
            raise TryLater(outcome.text)
        return SentNotice(
            composed.message_id, is_accepted=outcome.verdict in (Verdict.ACCEPTED, Verdict.IN_DOUBT)
        )
