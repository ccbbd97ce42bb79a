import base64
import hmac
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.foundation.signing import Keyring, name_from, random_name, readable_name

OLD, NEW = "the first secret of this test", "the second secret of this test"
NAMES = st.binary(min_size=12, max_size=12)


@given(NAMES)
def test_token_gives_the_name_back(name: bytes) -> None:
    keyring = Keyring(OLD)
    token = keyring.sign("unsubscribe", name)
    assert len(token) == 40
    assert keyring.verify("unsubscribe", token) == name


@given(NAMES, st.integers(0, 39), st.sampled_from("ABCabc019-_"))
def test_token_with_one_character_changed_is_refused(name: bytes, place: int, sign: str) -> None:
    keyring = Keyring(OLD)
    token = keyring.sign("unsubscribe", name)
    forged = token[:place] + sign + token[place + 1 :]
    assert keyring.verify("unsubscribe", forged) == (name if forged == token else None)


@given(st.text(max_size=60))
def test_any_text_is_refused_quietly(text: str) -> None:
    assert Keyring(OLD).verify("unsubscribe", text) is None


def test_t20_token_of_one_purpose_is_refused_for_another() -> None:
    keyring = Keyring(OLD)
    assert keyring.verify("preferences", keyring.sign("unsubscribe", random_name())) is None


def test_u6_old_token_is_good_after_a_new_key_and_not_under_another_secret() -> None:
    name = random_name()
    token = Keyring(OLD).sign("unsubscribe", name)
    assert Keyring(OLD, NEW).verify("unsubscribe", token) == name
    assert Keyring(NEW).verify("unsubscribe", token) is None
    assert Keyring(OLD).verify("unsubscribe", Keyring(OLD, NEW).sign("unsubscribe", name)) is None


@given(st.lists(NAMES))
def test_many_tokens_at_once_are_those_that_each_alone_has(names: list[bytes]) -> None:
    keyring = Keyring(OLD, NEW)
    assert keyring.sign_all("unsubscribe", names) == [keyring.sign("unsubscribe", name) for name in names]


@given(NAMES, st.integers(0, 29))
def test_u6_token_that_was_made_with_hmac_is_good_for_ever_and_no_forgery_of_it(
    name: bytes, place: int
) -> None:
    head = b"\x01\x00" + name
    key = hmac.digest(OLD.encode(), b"newsletter:unsubscribe", "sha256")
    octets = head + hmac.digest(key, head, "sha256")[:16]
    keyring = Keyring(OLD, NEW)
    assert keyring.verify("unsubscribe", base64.urlsafe_b64encode(octets).decode()) == name
    forged = octets[:place] + bytes((octets[place] ^ 1,)) + octets[place + 1 :]
    assert keyring.verify("unsubscribe", base64.urlsafe_b64encode(forged).decode()) is None


def test_mark_stays_when_a_key_is_added_and_differs_by_text_and_purpose() -> None:
    first, second = Keyring(OLD).marks("message-id", ["m1.1", "m1.2"])
    assert first != second
    assert re.fullmatch("[0-9a-f]{24}", first)
    assert Keyring(OLD, NEW).marks("message-id", ["m1.1"]) == [first]
    assert Keyring(NEW).marks("message-id", ["m1.1"]) != [first]
    assert Keyring(OLD).marks("unsubscribe", ["m1.1"]) != [first]


def test_fingerprint_stays_when_a_key_is_added_and_differs_by_purpose() -> None:
    address = "marie@example.org"
    assert Keyring(OLD).fingerprint("suppression", address) == Keyring(OLD, NEW).fingerprint(
        "suppression", address
    )
    assert Keyring(OLD).fingerprint("suppression", address) != Keyring(OLD).fingerprint("message-id", address)


def test_keyring_without_a_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="secret"):
        Keyring("")


@given(NAMES)
def test_readable_name_reads_back(name: bytes) -> None:
    assert name_from(readable_name(name)) == name


@pytest.mark.parametrize("text", ["", "short", "x" * 17, "../../etc/passwd", "ééééééééééééééé!"])
def test_name_from_refuses_what_cannot_be_one(text: str) -> None:
    assert name_from(text) is None
