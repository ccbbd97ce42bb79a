"""Who visits: the address of her connection, believed from our own proxies only, and what her browser calls itself."""

import ipaddress
from collections.abc import Sequence

from starlette.requests import Request

from newsletter.audience.consent.actions import Visit
from newsletter.web.site import site_of

_AGENT_LENGTH_MAX = 400
_HOPS_MAX = 20


def visit_of(request: Request) -> Visit:
    """The visit, as evidence keeps it."""
    peer = request.client.host if request.client else ""
    forwarded = ",".join(request.headers.getlist("x-forwarded-for"))
    ip = visitor_address(peer, forwarded, site_of(request).settings.trusted_proxies)
    agent = "".join(sign for sign in request.headers.get("user-agent", "") if sign.isprintable())
    return Visit(ip, agent[:_AGENT_LENGTH_MAX])


def visitor_address(peer: str, forwarded: str, trusted_networks: Sequence[str]) -> str:
    """The address of whoever speaks to the first server that is not ours; "" where the connection has none.

    `forwarded` is X-Forwarded-For: each proxy adds on the right whom it heard. What stands left of the first hop that
    is not one of ours was written by the visitor, and may be anything.
    """
    networks = [ipaddress.ip_network(network) for network in trusted_networks]
    found = _address(peer)
    for hop in reversed(forwarded.split(",")[-_HOPS_MAX:]):
        if found is None or not any(found in network for network in networks):
            break
        heard = _address(hop)
        if heard is None:
            break
        found = heard
    return "" if found is None else str(found)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(text.strip())
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return found.ipv4_mapped
        if found.scope_id is not None:  # "fe80::1%eth0": the name of an interface, at most a line long
            return ipaddress.IPv6Address(int(found))
    return found
