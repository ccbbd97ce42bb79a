"""The mail servers that take our messages over: where they are, how the way is encrypted, who we are to them."""

import ipaddress
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from newsletter.foundation.errors import BadInput

_SMTP_PORT = 25
_SUBMISSION_PORT = 587  # RFC 6409
_SUBMISSIONS_PORT = 465  # RFC 8314 section 3.3
_OPTIONS = frozenset({"tls", "weight", "bdat", "token"})
_WEIGHT_MAX = 100
_EXAMPLE = "write it like smtp://user:password@mail.example.org:587?tls=starttls"


class Tls(StrEnum):
    """How the connection to a relay is encrypted."""

    NONE = "none"  # not at all: for relays on this machine
    STARTTLS = "starttls"  # from the STARTTLS command on; a relay that does not offer it is not used
    IMPLICIT = "implicit"  # from the first octet on


@dataclass(frozen=True, slots=True)
class Relay:
    """One mail server; `username` None means that no login is made. Raises BadInput where a password would go in the clear."""

    host: str
    port: int
    tls: Tls
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    weight: int = 1
    """Its share of the connections, where there are several relays."""
    has_bdat: bool = False
    """Whether messages go by BDAT (RFC 3030) where it offers that, instead of DATA."""
    token_file: str = ""
    """The file with the token for XOAUTH2, which then takes the place of the password; read at every login, for such
    tokens live an hour."""

    def __post_init__(self) -> None:
        if self.username is not None and self.tls is Tls.NONE and not self.is_on_this_machine:
            raise BadInput(
                f"The password for {self.host} would travel unencrypted; use tls=starttls or tls=implicit in NEWSLETTER_SMTP_URL."
            )

    @property
    def is_on_this_machine(self) -> bool:
        """Whether the host is a loopback address or `localhost`."""
        return is_loopback(self.host)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def is_loopback(host: str) -> bool:
    """Whether nothing that is sent to `host` leaves this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() in {"localhost", "ip6-localhost"}


def relays_from(url_list: str, *, has_bdat: bool = False) -> tuple[Relay, ...]:
    """The relays in `smtp://user:password@host:587?tls=starttls`, several with commas between.

    Without `tls`: implicit for `smtps://` or port 465, none for a host on this machine (but on 587), else STARTTLS.
    Without a port: 465 for implicit, 25 for none, 587 for STARTTLS. Signs with a meaning in addresses are
    percent-encoded in user and password. Further options: `weight=3`, `bdat=yes` (else `has_bdat`), `token=FILE` (see `Relay`). Raises BadInput, with a line that never shows a password.
    """
    urls = [url.strip() for url in url_list.split(",")]
    if not any(urls):
        raise BadInput(f"No mail relay is set; in NEWSLETTER_SMTP_URL {_EXAMPLE}.")
    return tuple(
        _relay(url, _which(number, len(urls)), has_bdat=has_bdat) for number, url in enumerate(urls, 1)
    )


def _which(number: int, count: int) -> str:
    return "The address of the mail relay" if count == 1 else f"The address of mail relay no. {number}"


def _relay(url: str, which: str, *, has_bdat: bool) -> Relay:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        # Only the fact: the error's own words quote the address, and with it the password.
        raise BadInput(f"{which} has a host or port that cannot be; {_EXAMPLE}.") from error
    if parts.scheme not in {"smtp", "smtps"}:
        raise BadInput(f"{which} does not begin with smtp:// or smtps://; {_EXAMPLE}.")
    if not host or parts.path not in {"", "/"} or parts.fragment or port == 0:
        raise BadInput(f"{which} is not complete or has a sign that must be percent-encoded; {_EXAMPLE}.")
    if not host.isascii() or any(character.isspace() or ord(character) < 33 for character in host):
        raise BadInput(f"{which} has a host that cannot be; {_EXAMPLE}.")
    options = _options(parts, which)
    token_file = options.get("token", "")
    username, password = _credentials(parts, which, has_token="token" in options)
    tls = _tls(parts, options.get("tls"), host, port, which)
    weight = options.get("weight", "1")
    if not (
        weight.isascii() and weight.isdigit() and 1 <= int(weight[:4]) <= _WEIGHT_MAX and len(weight) <= 3
    ):
        raise BadInput(f"{which} has a weight that is no number from 1 to {_WEIGHT_MAX}.")
    if (bdat := options.get("bdat", "yes" if has_bdat else "no")) not in {"yes", "no"}:
        raise BadInput(f"{which} has an unknown value for bdat; it may be yes or no.")
    return Relay(
        host,
        port or _default_port(tls),
        tls,
        username,
        password,
        weight=int(weight),
        has_bdat=bdat == "yes",
        token_file=token_file,
    )


def _options(parts: SplitResult, which: str) -> dict[str, str]:
    """What stands behind the question mark, each name at most once."""
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    options = dict(pairs)
    if len(options) < len(pairs) or not options.keys() <= _OPTIONS:
        raise BadInput(
            f"{which} may have these options after the question mark, each once: tls=none, tls=starttls or tls=implicit; "
            "weight=NUMBER; bdat=yes; token=FILE."
        )
    return options


def _credentials(parts: SplitResult, which: str, *, has_token: bool) -> tuple[str | None, str | None]:
    if parts.username is None and parts.password is None and not has_token:
        return None, None
    try:
        username = unquote(parts.username or "", errors="strict")
        password = unquote(parts.password or "", errors="strict")
    except UnicodeDecodeError as error:
        raise BadInput(f"{which} has a user name or password whose percent-encoding is not UTF-8.") from error
    if has_token:
        if not username or parts.password is not None:
            raise BadInput(f"{which} with token=FILE needs a user name, and no password.")
        return username, None
    if not username or parts.password is None:
        raise BadInput(f"{which} needs both a user name and a password, or neither; {_EXAMPLE}.")
    if "\0" in username + password:
        raise BadInput(f"{which} has a user name or password with a NUL in it.")
    return username, password


def _tls(parts: SplitResult, named: str | None, host: str, port: int | None, which: str) -> Tls:
    if named is not None:
        try:
            tls = Tls(named)
        except ValueError as error:
            raise BadInput(
                f"{which} has an unknown value for tls; it may be none, starttls or implicit."
            ) from error
        if parts.scheme == "smtps" and tls is not Tls.IMPLICIT:
            raise BadInput(
                f"{which} begins with smtps://, which means tls=implicit; use smtp:// for tls={tls}."
            )
        return tls
    if parts.scheme == "smtps" or port == _SUBMISSIONS_PORT:
        return Tls.IMPLICIT
    return Tls.NONE if is_loopback(host) and port != _SUBMISSION_PORT else Tls.STARTTLS


def _default_port(tls: Tls) -> int:
    return {Tls.NONE: _SMTP_PORT, Tls.STARTTLS: _SUBMISSION_PORT, Tls.IMPLICIT: _SUBMISSIONS_PORT}[tls]
