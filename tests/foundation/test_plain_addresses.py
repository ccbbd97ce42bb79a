from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.foundation.addresses import AddressRefused, _any_address, parse_address

_PIECES = st.lists(
    st.sampled_from(
        [*"aZ0.@-_+'%=! \té", "info", "Postmaster", "xn--", "example", ".org", ".test", "localhost", "x" * 60]
    )
).map("".join)
_LIKELY = st.from_regex(r"[A-Za-z0-9_+.-]{1,66}@[A-Za-z0-9.-]{1,70}\.[A-Za-z0-9]{1,5}", fullmatch=True)
_REFUSED = "refused: "


def _verdict_of_validator_alone(text: str) -> str:
    try:
        return _any_address(text.strip(" \t\u00a0"))
    except AddressRefused as error:
        return _REFUSED + error.reason


@given(st.one_of(_PIECES, _LIKELY))
@example("Info@example.org")
@example("x" * 65 + "@example.org")
@example("a@" + ".".join(["x" * 60] * 4) + ".example.org")
@example("a" * 60 + "@" + ".".join(["x" * 60] * 3) + ".example.org")
@example("a@xn--exmple-cua.org")
def test_plain_address_is_read_as_the_validator_alone_reads_it(text: str) -> None:
    try:
        found = parse_address(text)
    except AddressRefused as error:
        found = _REFUSED + error.reason
    assert found == _verdict_of_validator_alone(text)
