"""Which network addresses belong to the public internet, and what a host's name leads to (threat T9).

Whoever can make this machine fetch an address could otherwise reach what stands beside it: a router's page, a
database, the metadata of a cloud at 169.254.169.254.
"""

import re
import socket
import threading
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolver = Callable[[str, int], Sequence[str]]  # host and port -> addresses, the preferred one first

# Beside what `is_global` knows: the ranges that IANA's registries call not globally reachable, or that are retired.
_NOT_PUBLIC_V4 = tuple(IPv4Network(text) for text in ("192.0.0.0/24", "192.88.99.0/24", "240.0.0.0/4"))
_UNICAST_V6 = IPv6Network("2000::/3")  # RFC 4291 section 2.4: nothing else is handed out
_NOT_PUBLIC_V6 = tuple(IPv6Network(text) for text in ("2001::/23", "2001:db8::/32", "3fff::/20"))
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052 section 2.1
_ENDS_IN_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\.?", re.IGNORECASE)


class HostNotFound(OSError):
    """The name leads to no address."""


def is_public(address: Address) -> bool:
    """Whether the address is one machine on the public internet, also where an IPv6 address carries an IPv4 one."""
    if isinstance(address, IPv4Address):
        is_odd = address.is_multicast or any(address in network for network in _NOT_PUBLIC_V4)
        return address.is_global and not is_odd
    if inner := address.ipv4_mapped or address.sixtofour:
        return is_public(inner)
    if address in _NAT64:
        return is_public(IPv4Address(address.packed[-4:]))
    is_odd = address.scope_id is not None or any(address in network for network in _NOT_PUBLIC_V6)
    return address in _UNICAST_V6 and address.is_global and not is_odd


def as_address(host: str) -> Address | None:
    """The address that `host` is written as; None for a name.

    Raises ValueError for a number in another spelling (`2130706433`, `0x7f.1`, `0177.0.0.1`), which programs read
    differently; the rule for it is that of the URL standard, section 3.5, "ends in a number".
    """
    try:
        return ip_address(host)
    except ValueError:
        if _ENDS_IN_NUMBER.fullmatch(host) or ":" in host:
            raise
        return None


def resolve_host(host: str, port: int) -> Sequence[str]:
    """The addresses that the system's resolver gives for a name. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def resolve_within(resolve: Resolver, host: str, port: int, seconds: float) -> Sequence[str]:
    """What `resolve` answers within so many seconds. Raises HostNotFound, and TimeoutError where it takes longer."""
    answers: list[Sequence[str]] = []
    troubles: list[Exception] = []

    def ask() -> None:
        try:
            answers.append(resolve(host, port))
        except (OSError, UnicodeError) as error:
            troubles.append(error)

    # The system's resolver cannot be interrupted; a thread that nobody waits for any more can.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(max(seconds, 0))
    if troubles or (answers and not answers[0]):
        raise HostNotFound(host) from (troubles[0] if troubles else None)
    if not answers:
        raise TimeoutError
    return answers[0]


def networks(*texts: str) -> tuple[Network, ...]:
    """Networks as they are written: `127.0.0.0/8`."""
    return tuple(ip_network(text) for text in texts)
