"""Mail addresses: which ones we mail, their one spelling, and the form by which a person is recognised again."""

import re
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email
from email_validator.rfc_constants import CASE_INSENSITIVE_MAILBOX_NAMES

from newsletter.foundation.errors import BadInput

# Allowed by RFC 5322, sent by nobody's reader: routing by percent sign, formulas, encoded words (threat T6).
_UNWELCOME = re.compile(r"[%=!|`]|=\?|\?=")
_LOCAL_OCTETS_MAX = 64  # RFC 5321 section 4.5.3.1.1
# What nearly every address has before the @: nothing that could be refused there or be written in another way.
_PLAIN = re.compile(r"([A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*)@([A-Za-z0-9.-]+)\Z")
_PLAIN_OCTETS_MAX = 254  # RFC 5321 section 4.5.3.1.3, without the angle brackets
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")


class AddressRefused(BadInput):
    """The text is no address that we would mail; `reason` says why, in a few plain words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def parse_address(text: str) -> str:
    """The address in its one spelling: domain in lower case, Unicode composed, no display name.

    Raises AddressRefused. No look-up is made: whether the domain exists is not asked.
    """
    text = text.strip(" \t\u00a0")
    return _plain_address(text) or _any_address(text)


def _plain_address(text: str) -> str | None:
    """What `_any_address` would give, ten times as fast, for plain addresses; None where that one must look."""
    match = _PLAIN.match(text)
    if match is None or len(text) > _PLAIN_OCTETS_MAX or len(match[1]) > _LOCAL_OCTETS_MAX:
        return None
    if match[1].lower() in CASE_INSENSITIVE_MAILBOX_NAMES:
        return None
    domain = _plain_domain(match[2])
    return f"{match[1]}@{domain}" if domain else None


@lru_cache(maxsize=10_000)
def _plain_domain(domain: str) -> str | None:
    """The one spelling of a domain, from the validator itself; None where it refuses it or makes it longer."""
    try:
        spelled = _any_address(f"a@{domain}")[2:]
    except AddressRefused:
        return None
    return spelled if spelled == domain.lower() else None


def _any_address(text: str) -> str:
    if not text:
        raise AddressRefused("the address is empty")
    if _CONTROL.search(text):
        raise AddressRefused("the address holds a line break or control character")
    try:
        valid = validate_email(
            text, check_deliverability=False, allow_smtputf8=True, allow_quoted_local=False, strict=True
        )
    except EmailNotValidError as error:
        raise AddressRefused(str(error).rstrip(".")) from error
    if _UNWELCOME.search(valid.local_part):
        raise AddressRefused("the part before the @ holds a sign that no reader's address has")
    if len(valid.local_part.encode()) > _LOCAL_OCTETS_MAX:
        raise AddressRefused("the part before the @ is too long")
    return valid.normalized


def envelope_address(address: str) -> str:
    """The address as it goes into an SMTP command: domain as A-labels (RFC 5891). Non-ASCII before the @ stays."""
    if address.isascii():  # as nearly all are
        return address
    local, _, domain = address.rpartition("@")
    return f"{local}@{domain_in_ascii(domain)}"


def domain_in_ascii(domain: str) -> str:
    """The domain as A-labels (RFC 5891); one in ASCII is as it was. Raises ValueError for one that cannot be."""
    if domain.isascii():
        return domain
    # Not by Python's own codec: that one is of 2003, and makes strasse.example, another domain, of straße.example.
    return validate_email(f"a@{domain}", check_deliverability=False).ascii_domain


def canonical_address(address: str) -> str:
    """The form under which spellings of one mailbox meet: lower case, no +tag, no dots at Gmail.

    Used to recognise, never to mail. Takes what `parse_address` gave.
    """
    local, _, domain = address.casefold().rpartition("@")
    local = local.split("+", 1)[0] or local
    if domain in {"gmail.com", "googlemail.com"}:
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}"
