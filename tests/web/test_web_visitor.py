"""From where a form comes: proxies of our own are believed, nobody else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.web.visitor import visitor_address

PROXY, CDN = "127.0.0.1", "10.0.0.7"
TRUSTED = ("127.0.0.0/8", "10.0.0.0/8", "fd00::/8")


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "found"),
    [
        ("93.184.216.34", "", (), "93.184.216.34"),
        ("93.184.216.34", "1.2.3.4", (), "93.184.216.34"),
        ("93.184.216.34", "1.2.3.4", TRUSTED, "93.184.216.34"),  # forged: the peer is no proxy of ours
        (PROXY, "1.2.3.4", (), PROXY),
        (PROXY, "93.184.216.34", TRUSTED, "93.184.216.34"),
        (PROXY, "1.2.3.4, 93.184.216.34", TRUSTED, "93.184.216.34"),  # forged before the proxy
        (PROXY, "127.0.0.1, 93.184.216.34", TRUSTED, "93.184.216.34"),
        (PROXY, f"1.2.3.4, 93.184.216.34, {CDN}", TRUSTED, "93.184.216.34"),
        (PROXY, "93.184.216.34, rubbish", TRUSTED, PROXY),
        (PROXY, "rubbish, 93.184.216.34", TRUSTED, "93.184.216.34"),
        (PROXY, "", TRUSTED, PROXY),
        (PROXY, "2a00:1450::1a", TRUSTED, "2a00:1450::1a"),
        ("::ffff:127.0.0.1", "::ffff:93.184.216.34", TRUSTED, "93.184.216.34"),
        ("testclient", "93.184.216.34", TRUSTED, ""),
        ("", "93.184.216.34", TRUSTED, ""),
    ],
)
def test_forwarded_address_is_that_of_the_first_hop_that_is_not_ours(
    peer: str, forwarded: str, trusted: tuple[str, ...], found: str
) -> None:
    assert visitor_address(peer, forwarded, trusted) == found


@given(st.text(max_size=200))
def test_forwarded_rubbish_from_a_visitor_never_counts(forwarded: str) -> None:
    assert visitor_address("93.184.216.34", forwarded, TRUSTED) == "93.184.216.34"
    assert len(visitor_address(PROXY, forwarded, TRUSTED)) <= 45
