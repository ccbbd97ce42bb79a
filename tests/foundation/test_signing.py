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
