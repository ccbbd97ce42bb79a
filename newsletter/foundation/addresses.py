"""Mail addresses: which ones we mail, their one spelling, and the form by which a person is recognised again."""

import re

from email_validator import EmailNotValidError, validate_email

from newsletter.foundation.errors import BadInput

# Allowed by RFC 5322, sent by nobody's reader: routing by percent sign, formulas, encoded words (threat T6).
_UNWELCOME = re.compile(r"[%=!|`]|=\?|\?=")
_LOCAL_OCTETS_MAX = 64  # RFC 5321 section 4.5.3.1.1
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
    local, _, domain = address.rpartition("@")
    if not domain.isascii():
        domain = domain.encode("idna").decode("ascii")
    return f"{local}@{domain}"


def canonical_address(address: str) -> str:
    """The form under which spellings of one mailbox meet: lower case, no +tag, no dots at Gmail.

    Used to recognise, never to mail. Takes what `parse_address` gave.
    """
    local, _, domain = address.casefold().rpartition("@")
    local = local.split("+", 1)[0] or local
    if domain in {"gmail.com", "googlemail.com"}:
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}"
