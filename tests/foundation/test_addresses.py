import pytest

from newsletter.foundation.addresses import AddressRefused, canonical_address, envelope_address, parse_address


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("Marie@Example.ORG", "Marie@example.org"),
        ("  a.b+c@example.org\u00a0", "a.b+c@example.org"),
        ("ana@bücher.example", "ana@bücher.example"),
        ("josé@example.org", "josé@example.org"),
        ("o'neil@example.org", "o'neil@example.org"),
    ],
)
def test_parse_address_gives_the_one_spelling(typed: str, address: str) -> None:
    assert parse_address(typed) == address


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "nobody",
        "a@b",
        "a@example.org\r\nRCPT TO:<b@example.org>",
        "a\x00@example.org",
        "=?utf-8?q?a?=@example.org",
        "a%b@example.org",
        "=cmd|x@example.org",
        '"a b"@example.org',
        "x" * 65 + "@example.org",
        "a@localhost",
        "Marie <marie@example.org>",
        "a@exa mple.org",
        "a@[127.0.0.1]",
    ],
)
def test_t5_t6_parse_address_refuses_with_a_reason(typed: str) -> None:
    with pytest.raises(AddressRefused) as refusal:
        parse_address(typed)
    assert refusal.value.reason
    assert "\n" not in refusal.value.reason


@pytest.mark.parametrize(
    ("local_octets", "domain_labels", "is_taken"),
    [(64, 1, True), (65, 1, False), (64, 3, True), (1, 4, True), (64, 4, False)],
)
def test_m15_address_is_as_long_as_a_command_can_carry_and_no_longer(
    local_octets: int, domain_labels: int, is_taken: bool
) -> None:
    """RFC 5321 section 4.5.3.1: 64 octets before the @, 255 in a domain, 256 in a path with its brackets."""
    address = "x" * local_octets + "@" + ".".join(["d" * 60] * domain_labels) + ".org"
    if is_taken:
        assert parse_address(address) == address
        assert len(f"<{envelope_address(address)}>") <= 256
        assert len(f"RCPT TO:<{address}>\r\n") <= 512
    else:
        with pytest.raises(AddressRefused):
            parse_address(address)


def test_m14_envelope_keeps_letters_that_an_older_standard_would_replace() -> None:
    assert envelope_address("a@straße.example") == "a@xn--strae-oqa.example"


def test_envelope_address_has_an_ascii_domain() -> None:
    assert envelope_address("ana@bücher.example") == "ana@xn--bcher-kva.example"
    assert envelope_address("ana@example.org") == "ana@example.org"


@pytest.mark.parametrize(
    ("address", "canonical"),
    [
        ("Marie.Dupont+news@GMail.com", "mariedupont@gmail.com"),
        ("m.dupont@googlemail.com", "mdupont@gmail.com"),
        ("m.dupont+x@example.org", "m.dupont@example.org"),
        ("+x@example.org", "+x@example.org"),
    ],
)
def test_canonical_address_brings_spellings_together(address: str, canonical: str) -> None:
    assert canonical_address(address) == canonical
