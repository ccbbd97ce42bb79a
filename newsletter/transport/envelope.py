"""What is handed in for sending, and the commands that carry its envelope. No address can smuggle in another command."""

import re
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from enum import StrEnum
from typing import NamedTuple

from newsletter.transport.features import Features
from newsletter.transport.octets import Message
from newsletter.transport.outcome import Outcome, Verdict

_PATH_OCTETS_MAX = 254  # RFC 5321 section 4.5.3.1.3, less the angle brackets
_ENVELOPE_ID_MAX = 100  # RFC 3461 section 4.4
_ADDRESS = re.compile("[^\x00-\x20\x7f-\xa0<>\u2028\u2029\ud800-\udfff]+@[!-;=?-~]+\\Z")
_NOT_XTEXT = re.compile(r"[^!-*,-<>-~]")
_NOT_UTF8_XTEXT = re.compile(r"[^!-*,-<>-\[\]-~]")


class Report(StrEnum):
    """Which reports of delivery the servers behind the relay are asked for (RFC 3461), where the relay knows of them."""

    UNASKED = "unasked"  # what they send unasked: usually one about a failure
    FAILURE = "failure"  # one where the message cannot be delivered, with its headers and our `envelope_id`
    NEVER = "never"  # none at all: for answers made by a program (RFC 3834 section 3.3)


def _nobody_asks() -> None:
    pass


class Job(NamedTuple):
    """One message to one recipient; `message` is called only when the server waits for it, so that nothing piles up.

    The message is 7-bit with CRLF line ends; only with an international address may it be UTF-8.
    """

    key: Hashable
    sender: str
    """The address that bounces go to; "" for the null sender (RFC 5321 section 4.5.5)."""
    recipient: str
    """The address in envelope form: its domain as A-labels."""
    message: Callable[[], Message]
    size_bytes: int = 0
    """About how large the message will be; 0 where that is not known (RFC 1870 section 6)."""
    report: Report = Report.UNASKED
    envelope_id: str = ""
    """What a report calls this message (ENVID): at most 100 printable characters; "" for nothing."""
    is_slow: bool = False
    """Whether `message` takes long (it signs, say): then it is called in another thread while the server is being asked,
    one message ahead for each connection."""
    on_hand_over: Callable[[], None] = _nobody_asks
    """Called when the content is about to be written: from then on the message may arrive, answer or none."""

    @property
    def is_international(self) -> bool:
        """Whether an address of it needs SMTPUTF8 (RFC 6531)."""
        return not (self.sender.isascii() and self.recipient.isascii())


class Entry:
    """A job on its way through one delivery, with what can be said of its envelope beforehand."""

    __slots__ = (
        "attempts",
        "is_decided",
        "is_handed_over",
        "is_international",
        "job",
        "making",
        "rcpt",
        "refusal",
    )

    def __init__(self, job: Job) -> None:
        self.job = job
        self.attempts = 0
        self.is_decided = False
        self.is_handed_over = False
        """Whether its content was written to a connection that still stands, final dot included."""
        self.refusal: Outcome | None = None
        """What the server said against it in the transaction that is under way."""
        self.making: Future[Message] | None = None
        """Its message, where that is made in another thread."""
        self.is_international = job.is_international
        self.rcpt: bytes | None = None
        """`RCPT TO` without parameters; None where the address can stand in no command."""
        if _fits_a_command(job.recipient):
            self.rcpt = f"RCPT TO:<{job.recipient}>\r\n".encode()


class Envelopes:
    """Writes the envelopes of jobs for one session, with the parameters that this server understands."""

    def __init__(self, features: Features) -> None:
        self._features = features
        self._good_sender = ""
        self._mail_of: tuple[str, int] | None = None
        self._mail = b""

    def refusal(self, entry: Entry) -> Outcome | None:
        """Why the job cannot be said to this server at all; None where it can. Asked before any octet goes out."""
        job = entry.job
        if entry.rcpt is None:
            text = "this is no address that can be written in a mail command"
            return Outcome(Verdict.REJECTED, None, None, text)
        if job.sender != self._good_sender:
            if not _fits_a_command(job.sender):
                text = "the sender's address cannot be written in a mail command"
                return Outcome(Verdict.BLOCKED, None, None, text)
            self._good_sender = job.sender
        if entry.is_international and not self._features.has_smtputf8:
            # RFC 6531 section 3.2: it must not be sent, and no other address be guessed.
            text = "the mail relay cannot take international addresses (SMTPUTF8)"
            return Outcome(Verdict.REJECTED, None, None, text)
        return self.size_refusal(job.size_bytes) if job.size_bytes else None

    def size_refusal(self, size_bytes: int) -> Outcome | None:
        """Why a message of this size will not be taken; None where it may be (RFC 1870 section 3)."""
        limit = self._features.size_bytes_max
        if limit is None or size_bytes <= limit:
            return None
        text = f"the message has {size_bytes} octets, and the mail relay takes {limit} at most"
        return Outcome(Verdict.CONTENT_REFUSED, None, None, text)

    @property
    def limits_size(self) -> bool:
        """Whether the server has named the largest message that it takes."""
        return self._features.size_bytes_max is not None

    def mail(self, job: Job) -> bytes:
        """`MAIL FROM`, with CRLF."""
        features = self._features
        is_plain = (job.report is Report.UNASKED or not features.has_dsn) and job.recipient.isascii()
        if is_plain and self._mail_of == (job.sender, job.size_bytes):
            return self._mail  # one sender for all readers, as a rule
        command = f"MAIL FROM:<{job.sender}>"
        if job.is_international:
            command += " SMTPUTF8 BODY=8BITMIME"  # RFC 6531 section 3.4, RFC 6152
        if job.size_bytes and features.has_size:
            command += f" SIZE={job.size_bytes}"
        if job.report is Report.FAILURE and features.has_dsn:
            command += " RET=HDRS"  # RFC 3461 section 4.3: the headers are enough to know it by
            if 0 < len(envelope_id := xtext(job.envelope_id)) <= _ENVELOPE_ID_MAX:
                command += f" ENVID={envelope_id}"
        octets = f"{command}\r\n".encode()
        if is_plain:
            self._mail_of, self._mail = (job.sender, job.size_bytes), octets
        return octets

    def rcpt(self, entry: Entry) -> bytes:
        """`RCPT TO`, with CRLF."""
        job = entry.job
        if (job.report is Report.UNASKED or not self._features.has_dsn) and entry.rcpt is not None:
            return entry.rcpt
        command = f"RCPT TO:<{job.recipient}> NOTIFY={job.report.upper()}"
        if job.report is Report.FAILURE:
            command += f" ORCPT={_original_recipient(job.recipient)}"
        return f"{command}\r\n".encode()


def xtext(text: str) -> str:
    """`text` as RFC 3461 section 4 wants it in a parameter: printable ASCII, `+` and `=` as hexadecimal."""
    return _NOT_XTEXT.sub(lambda found: "".join(f"+{octet:02X}" for octet in found[0].encode()), text)


def _original_recipient(recipient: str) -> str:
    if recipient.isascii():
        return f"rfc822;{xtext(recipient)}"
    # RFC 6533 section 3: what is not plain stands as \x{HEX}, the backslash among it.
    return "utf-8;" + _NOT_UTF8_XTEXT.sub(lambda found: f"\\x{{{ord(found[0]):02X}}}", recipient)


def _fits_a_command(address: str) -> bool:
    if _ADDRESS.match(address) is None:
        return False
    return len(address) <= _PATH_OCTETS_MAX and (
        address.isascii() or len(address.encode()) <= _PATH_OCTETS_MAX
    )
