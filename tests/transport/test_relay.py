"""Relay addresses: what they mean where something is left out, and that no password is ever shown."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.foundation.errors import BadInput
from newsletter.transport.relay import Relay, Tls, relays_from

FAR = "mail.example.org"


@pytest.mark.parametrize(
    ("url", "relay"),
    [
        ("smtp://mail.example.org:587?tls=starttls", Relay(FAR, 587, Tls.STARTTLS)),
        ("smtp://u:p@mail.example.org:587?tls=starttls", Relay(FAR, 587, Tls.STARTTLS, "u", "p")),
        ("smtp://mail.example.org", Relay(FAR, 587, Tls.STARTTLS)),
        ("smtp://mail.example.org:25", Relay(FAR, 25, Tls.STARTTLS)),
        ("smtp://mail.example.org:465", Relay(FAR, 465, Tls.IMPLICIT)),
        ("smtp://mail.example.org?tls=implicit", Relay(FAR, 465, Tls.IMPLICIT)),
        ("smtp://mail.example.org?tls=none", Relay(FAR, 25, Tls.NONE)),
        ("smtps://u:p@mail.example.org", Relay(FAR, 465, Tls.IMPLICIT, "u", "p")),
        ("smtps://mail.example.org:4465/", Relay(FAR, 4465, Tls.IMPLICIT)),
        ("smtp://localhost", Relay("localhost", 25, Tls.NONE)),
        ("smtp://127.0.0.1:2525", Relay("127.0.0.1", 2525, Tls.NONE)),
        ("smtp://127.0.0.1:587", Relay("127.0.0.1", 587, Tls.STARTTLS)),
        ("smtp://u:p@[::1]:2525", Relay("::1", 2525, Tls.NONE, "u", "p")),
        (
            "smtp://zo%C3%A9%40x:p%2Ca%3As%40s@mail.example.org",
            Relay(FAR, 587, Tls.STARTTLS, "zoé@x", "p,a:s@s"),
        ),
        ("SMTP://MAIL.example.org:587", Relay(FAR, 587, Tls.STARTTLS)),
        ("smtp://mail.example.org?weight=3&bdat=yes", Relay(FAR, 587, Tls.STARTTLS, weight=3, has_bdat=True)),
        ("smtp://mail.example.org?tls=implicit&weight=100", Relay(FAR, 465, Tls.IMPLICIT, weight=100)),
        (
            "smtp://me%40x@mail.example.org?token=/run/secrets/a%20token",
            Relay(FAR, 587, Tls.STARTTLS, "me@x", token_file="/run/secrets/a token"),
        ),
    ],
)
def test_address_means_a_relay(url: str, relay: Relay) -> None:
    assert relays_from(url) == (relay,)


def test_several_relays_keep_their_order() -> None:
    assert relays_from("smtp://a.example.org, smtps://b.example.org") == (
        Relay("a.example.org", 587, Tls.STARTTLS),
        Relay("b.example.org", 465, Tls.IMPLICIT),
    )


@pytest.mark.parametrize(
    "url",
    [
        "",
        " , ",
        "mail.example.org:587",
        "http://u:hunter2@mail.example.org",
        "smtp://u:hunter2@",
        "smtp://u:hunter2@mail.example.org:port",
        "smtp://u:hunter2@mail.example.org:99999",
        "smtp://u:hunter2@mail.example.org:0",
        "smtp://u:hunter2@mail.example.org?tls=maybe",
        "smtp://u:hunter2@mail.example.org?ssl=1",
        "smtp://u:hunter2@mail.example.org?tls=none&tls=none",
        "smtp://u:hunter2@mail.example.org?weight=0",
        "smtp://u:hunter2@mail.example.org?weight=101",
        "smtp://u:hunter2@mail.example.org?weight=²",
        "smtp://u:hunter2@mail.example.org?weight=",
        "smtp://u:hunter2@mail.example.org?bdat=perhaps",
        "smtp://u:hunter2@mail.example.org?token=/run/token",
        "smtp://mail.example.org?token=/run/token",
        "smtps://u:hunter2@mail.example.org?tls=none",
        "smtp://u:hunter2@mail.example.org/path",
        "smtp://u:hunter2#x@mail.example.org",
        "smtp://u:hunter2/x@mail.example.org",
        "smtp://u:hunter2,x@mail.example.org",
        "smtp://u:%FFhunter2@mail.example.org",
        "smtp://u:hunter2%00@mail.example.org",
        "smtp://:hunter2@mail.example.org",
        "smtp://u@mail.example.org",
        "smtp://u:hunter2@[::1",
        "smtp://u:hunter2@mail.exämple.org",
        "smtp://u:hunter2@mail.example.org,smtp://",
        "smtp://u:hunter2@mail.example.org:25?tls=none",
    ],
)
def test_wrong_address_is_told_in_one_line_without_the_password(url: str) -> None:
    with pytest.raises(BadInput) as raised:
        relays_from(url)
    message = str(raised.value)
    assert "\n" not in message
    assert message.endswith(".")
    assert "hunter2" not in message


def test_password_in_the_clear_is_allowed_on_this_machine_only() -> None:
    assert Relay("localhost", 25, Tls.NONE, "u", "p").username == "u"
    with pytest.raises(BadInput) as raised:
        Relay(FAR, 25, Tls.NONE, "u", "p")
    assert str(raised.value) == (
        "The password for mail.example.org would travel unencrypted; "
        "use tls=starttls or tls=implicit in NEWSLETTER_SMTP_URL."
    )


def test_relay_does_not_show_its_password() -> None:
    relay = Relay(FAR, 587, Tls.STARTTLS, "user", "hunter2")
    assert "hunter2" not in repr(relay)
    assert str(relay) == "mail.example.org:587"


@given(
    st.text(min_size=1).filter(lambda text: "\0" not in text), st.text().filter(lambda text: "\0" not in text)
)
def test_any_credentials_pass_percent_encoded(user: str, password: str) -> None:
    url = f"smtp://{quote(user, safe='')}:{quote(password, safe='')}@mail.example.org"
    assert relays_from(url) == (Relay(FAR, 587, Tls.STARTTLS, user, password),)


@given(st.text())
def test_any_text_gives_relays_or_one_clear_line(text: str) -> None:
    try:
        answer = [str(relay) for relay in relays_from(text)]
    except BadInput as error:
        answer = [str(error)]
    assert answer
    assert not any("\n" in line for line in answer)


def test_bdat_may_be_set_for_all_relays_and_taken_back_for_one() -> None:
    first, second = relays_from("smtp://a.example.org,smtp://b.example.org?bdat=no", has_bdat=True)
    assert (first.has_bdat, second.has_bdat) == (True, False)


def test_token_never_goes_over_an_unencrypted_connection_to_another_machine() -> None:
    with pytest.raises(BadInput, match="unencrypted"):
        relays_from("smtp://me@mail.example.org?tls=none&token=/run/token")
