"""Which mailboxes are with one provider: the groups by which a mailing is cut into slices, paced, and reported."""

from collections.abc import Collection, Mapping

OTHER = "other"
"""The group of all domains that have no group of their own."""

# Domains that one provider receives for, by the domain that the group is named after.
_FAMILIES: Mapping[str, tuple[str, ...]] = {
    "gmail.com": ("googlemail.com",),
    "outlook.com": (
        *("hotmail.com", "hotmail.fr", "hotmail.be", "hotmail.nl", "hotmail.de", "hotmail.co.uk"),
        *("live.com", "live.fr", "live.be", "live.nl", "live.de", "live.co.uk", "msn.com"),
        *("outlook.fr", "outlook.be", "outlook.de"),
    ),
    "yahoo.com": (
        *("yahoo.fr", "yahoo.be", "yahoo.de", "yahoo.nl", "yahoo.co.uk", "ymail.com", "rocketmail.com"),
        *("aol.com", "aol.fr", "aol.de"),
    ),
    "icloud.com": ("me.com", "mac.com"),
    "proximus.be": ("skynet.be", "belgacom.net"),
    "orange.fr": ("wanadoo.fr",),
    "laposte.net": (),
    "free.fr": (),
    "sfr.fr": ("neuf.fr", "club-internet.fr"),
    "telenet.be": ("pandora.be",),
    "voo.be": ("brutele.be",),
    "gmx.net": ("gmx.de", "gmx.at", "gmx.ch", "gmx.com", "web.de"),
    "t-online.de": (),
    "ziggo.nl": ("upcmail.nl", "home.nl", "chello.nl"),
    "kpnmail.nl": ("planet.nl", "hetnet.nl"),
}
GROUPS: Mapping[str, str] = {
    domain: group for group, members in _FAMILIES.items() for domain in (group, *members)
}
"""domain -> group, for the domains of large providers."""


def group_of(domain: str, large_domains: Collection[str] = ()) -> str:
    """The group of a domain (lower case): its provider's, its own where it is a large one, else `OTHER`."""
    return GROUPS.get(domain) or (domain if domain in large_domains else OTHER)
