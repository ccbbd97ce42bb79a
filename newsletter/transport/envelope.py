"""What is handed in for sending, and the commands that carry its envelope. No address can smuggle in another command."""

import re
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from newsletter.transport.octets import WireOctets
from newsletter.transport.opening import Features
from newsletter.transport.outcome import Outcome, Verdict

_PATH_OCTETS_MAX = 254  # RFC 5321 section 4.5.3.1.3, less the angle brackets
_ADDRESS = re.compile("[^\x00-\x20\x7f-\xa0<>\u2028\u2029\ud800-\udfff]+@[!-;=?-~]+\\Z")


@dataclass(frozen=True, slots=True)
class Job:
    """One message to one recipient; `message` is called only when the server waits for it, so that nothing piles up.

    The message is 7-bit with CRLF line ends; only with an international address may it be UTF-8.
    """

    key: Hashable
    sender: str
    """The address that bounces go to; "" for the null sender (RFC 5321 section 4.5.5)."""
    recipient: str
    """The address in envelope form: its domain as A-labels."""
    message: Callable[[], bytes]
    size_bytes: int = 0
    """About how large the message will be; 0 where that is not known (RFC 1870 section 6)."""

    @property
    def is_international(self) -> bool:
        """Whether an address of it needs SMTPUTF8 (RFC 6531)."""
        return not (self.sender.isascii() and self.recipient.isascii())


def local_refusal(job: Job, features: Features) -> Outcome | None:
    """Why the job cannot be said to a server with these features at all; None where it can. Asked before any octet goes out."""
    if not _fits_a_command(job.recipient):
        return Outcome(
            Verdict.REJECTED, None, None, "this is no address that can be written in a mail command"
        )
    if job.sender and not _fits_a_command(job.sender):
        return Outcome(
            Verdict.BLOCKED, None, None, "the sender's address cannot be written in a mail command"
        )
    if job.is_international and not features.has_smtputf8:
        return Outcome(
            Verdict.REJECTED, None, None, "the mail relay cannot take international addresses (SMTPUTF8)"
        )
    return size_refusal(job.size_bytes, features)


def size_refusal(size_bytes: int, features: Features) -> Outcome | None:
    """Why a message of this size will not be taken; None where it may be (RFC 1870 section 3)."""
    limit = features.size_bytes_max
    if limit is None or size_bytes <= limit:
        return None
    text = f"the message has {size_bytes} octets, and the mail relay takes {limit} at most"
    return Outcome(Verdict.CONTENT_REFUSED, None, None, text)


def mail_command(job: Job, features: Features) -> bytes:
    """`MAIL FROM` with the parameters that this server understands."""
    command = f"MAIL FROM:<{job.sender}>"
    if job.is_international:
        command += " SMTPUTF8 BODY=8BITMIME"
    if job.size_bytes and features.has_size:
        command += f" SIZE={job.size_bytes}"
    return f"{command}\r\n".encode()


def rcpt_command(job: Job) -> bytes:
    """`RCPT TO`."""
    return f"RCPT TO:<{job.recipient}>\r\n".encode()


def content_octets(message: bytes) -> bytes:
    """The message as it goes out after 354, with the final dot: CRLF line ends only, and dots doubled where a line begins with one.

    A line end that is not CRLF could end the message early for a lenient server and begin commands of its own
    (RFC 5321 section 2.3.8), so there is none. Compiled messages pass as they are.
    """
    if isinstance(message, WireOctets):
        return message + b".\r\n"
    crlf_count = message.count(b"\r\n")
    if message.count(b"\n") != crlf_count or message.count(b"\r") != crlf_count:
        message = re.sub(rb"\r\n|\r|\n", b"\r\n", message)
    if b"\r\n." in message or message.startswith(b"."):
        message = re.sub(rb"(?m)^\.", b"..", message)
    return message + (b".\r\n" if message.endswith(b"\r\n") or not message else b"\r\n.\r\n")


def _fits_a_command(address: str) -> bool:
    return _ADDRESS.match(address) is not None and len(address.encode()) <= _PATH_OCTETS_MAX
