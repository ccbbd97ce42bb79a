"""Encryption and login, against servers with certificates of our own making."""

import asyncio
import base64
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from newsletter.transport.errors import RelayRefusedLogin, RelayUnreachable
from newsletter.transport.outcome import Outcome, Verdict
from newsletter.transport.relay import Relay, Tls
from newsletter.transport.smtp import Job, SmtpTransport, Timeouts
from scripted_smtp import Answer, HangUp, Say, ScriptedServer, Turn

PATIENT = Timeouts(20, 20, 20, 20, 20, 20, 1)
CONTENT = b"Subject: hello\r\n\r\nhello\r\n"
TLS_EHLO = b"250-scripted.test\r\n250-PIPELINING\r\n250 STARTTLS\r\n"
LOGIN_EHLO = b"250-scripted.test\r\n250-AUTH PLAIN LOGIN\r\n250 STARTTLS\r\n"


@dataclass(frozen=True)
class Certificates:
    authority: trustme.CA
    client: ssl.SSLContext

    def server(self, *names: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert(*names).configure_cert(context)
        return context


@pytest.fixture(scope="module")
def certificates() -> Certificates:
    authority = trustme.CA()
    client = ssl.create_default_context()
    authority.configure_trust(client)
    return Certificates(authority, client)


def deliver_to(
    server: ScriptedServer,
    tls: Tls,
    context: ssl.SSLContext | None,
    login: tuple[str, str] | None = None,
    count: int = 1,
) -> list[Verdict]:
    """The verdicts on `count` messages; what `deliver` raises comes through."""

    async def play() -> list[Verdict]:
        async with server:
            return await deliver_at(server.port, tls, context, login, count)

    return asyncio.run(play())


async def deliver_at(
    port: int, tls: Tls, context: ssl.SSLContext | None, login: tuple[str, str] | None = None, count: int = 1
) -> list[Verdict]:
    user, password = login or (None, None)
    relay = Relay("localhost", port, tls, user, password)
    transport = SmtpTransport([relay], connections=2, timeouts=PATIENT, tls_context=context)
    heard: list[Verdict] = []

    def note(_job: Job, outcome: Outcome) -> None:
        heard.append(outcome.verdict)

    jobs = [
        Job(number, "n@example.org", f"r{number}@example.net", lambda: CONTENT) for number in range(count)
    ]
    try:
        await transport.deliver(jobs, on_outcome=note)
    finally:
        await transport.close()
        assert len(heard) == count
    return heard


@pytest.mark.parametrize("tls", [Tls.STARTTLS, Tls.IMPLICIT])
def test_encrypted_session_carries_messages(certificates: Certificates, tls: Tls) -> None:
    server = ScriptedServer(
        ehlo=TLS_EHLO, tls=certificates.server("localhost"), is_implicit=tls is Tls.IMPLICIT
    )
    assert deliver_to(server, tls, certificates.client, count=5) == [Verdict.ACCEPTED] * 5
    assert sorted(server.taken) == [(f"r{number}@example.net", CONTENT) for number in range(5)]


def test_server_is_asked_again_what_it_can_do_once_encrypted(certificates: Certificates) -> None:
    server = ScriptedServer(ehlo=TLS_EHLO, tls=certificates.server("localhost"))
    deliver_to(server, Tls.STARTTLS, certificates.client)
    assert server.commands[:3] == [b"EHLO localhost\r\n", b"STARTTLS\r\n", b"EHLO localhost\r\n"]


@pytest.mark.parametrize("tls", [Tls.STARTTLS, Tls.IMPLICIT])
def test_certificate_for_another_host_is_refused(certificates: Certificates, tls: Tls) -> None:
    server = ScriptedServer(
        ehlo=TLS_EHLO, tls=certificates.server("mail.example.org"), is_implicit=tls is Tls.IMPLICIT
    )
    with pytest.raises(RelayUnreachable) as raised:
        deliver_to(server, tls, certificates.client)
    assert raised.value.reason == (
        "its certificate is not valid: Hostname mismatch, certificate is not valid for 'localhost'"
    )
    assert not any(command.startswith(b"MAIL") for command in server.commands)


@pytest.mark.parametrize("tls", [Tls.STARTTLS, Tls.IMPLICIT])
def test_certificate_of_an_unknown_authority_is_refused_by_default(
    certificates: Certificates, tls: Tls
) -> None:
    server = ScriptedServer(
        ehlo=TLS_EHLO, tls=certificates.server("localhost"), is_implicit=tls is Tls.IMPLICIT
    )
    with pytest.raises(RelayUnreachable) as raised:
        deliver_to(server, tls, context=None)
    assert raised.value.reason == "its certificate is not valid: unable to get local issuer certificate"


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated:DeprecationWarning")
def test_tls_of_an_old_version_is_refused(certificates: Certificates) -> None:
    context = certificates.server("localhost")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    server = ScriptedServer(ehlo=TLS_EHLO, tls=context)
    with pytest.raises(RelayUnreachable) as raised:
        deliver_to(server, Tls.STARTTLS, context=None)
    assert "certificate" not in raised.value.reason
    assert server.commands == [b"EHLO localhost\r\n", b"STARTTLS\r\n"]


def test_relay_without_starttls_is_not_used_in_the_clear() -> None:
    server = ScriptedServer()
    with pytest.raises(RelayUnreachable) as raised:
        deliver_to(server, Tls.STARTTLS, ssl.create_default_context(), ("user", "secret"))
    assert raised.value.reason == "it offers no encryption (STARTTLS)"
    assert server.commands == [b"EHLO localhost\r\n"]


def test_plain_server_on_an_encrypted_port_is_told_from_a_dead_one() -> None:
    with pytest.raises(RelayUnreachable) as raised:
        deliver_to(ScriptedServer(), Tls.IMPLICIT, ssl.create_default_context())
    assert raised.value.reason == "TLS failed: WRONG_VERSION_NUMBER"


@pytest.mark.parametrize(
    "answer",
    [
        b"220 go\r\n250 injected\r\n",
        b"220 go\r\n250-in",
        b"454 4.7.0 not now\r\n",
        HangUp(),
        Say(b"220 go\r\n", cut_after=8),
    ],
    ids=["a reply behind it", "half a reply behind it", "temporary", "hang-up", "hang-up after it"],
)
def test_starttls_that_goes_wrong_ends_the_session(certificates: Certificates, answer: Answer) -> None:
    """What an intruder puts in behind the answer to STARTTLS must not be taken as said under TLS (CVE-2011-0411)."""
    server = ScriptedServer(
        lambda turn: answer if turn.verb == "STARTTLS" else None,
        TLS_EHLO,
        tls=certificates.server("localhost"),
    )
    with pytest.raises(RelayUnreachable):
        deliver_to(server, Tls.STARTTLS, certificates.client)
    assert [command for command in server.commands if command.startswith((b"MAIL", b"AUTH"))] == []


def login_script(user: str, password: str) -> Callable[[Turn], Answer | None]:
    def answer(turn: Turn) -> Answer | None:
        if turn.verb != "AUTH":
            return None
        good = base64.b64encode(f"\0{user}\0{password}".encode())
        return b"235 2.7.0 in\r\n" if turn.line == b"AUTH PLAIN " + good + b"\r\n" else b"535 5.7.8 Wrong\r\n"

    return answer


def test_login_goes_only_under_tls_and_lets_messages_through(certificates: Certificates) -> None:
    server = ScriptedServer(
        login_script("zoé@x", "pass word"), LOGIN_EHLO, tls=certificates.server("localhost")
    )
    assert deliver_to(server, Tls.STARTTLS, certificates.client, ("zoé@x", "pass word")) == [Verdict.ACCEPTED]
    verbs = [command.split()[0] for command in server.commands]
    assert verbs == [b"EHLO", b"STARTTLS", b"EHLO", b"AUTH", b"MAIL", b"RCPT", b"DATA", b"QUIT"]


def test_wrong_password_is_tried_once_and_never_shown(certificates: Certificates) -> None:
    server = ScriptedServer(login_script("user", "right"), LOGIN_EHLO, tls=certificates.server("localhost"))
    with pytest.raises(RelayRefusedLogin) as raised:
        deliver_to(server, Tls.STARTTLS, certificates.client, ("user", "wrong-one"), count=20)
    assert raised.value.answer == "535 5.7.8 Wrong"
    assert "wrong-one" not in str(raised.value)
    assert sum(command.startswith(b"AUTH") for command in server.commands) == 1


def test_login_that_the_relay_cannot_judge_now_is_no_wrong_password(certificates: Certificates) -> None:
    server = ScriptedServer(
        lambda turn: b"454 4.7.0 Temporary\r\n" if turn.verb == "AUTH" else None,
        LOGIN_EHLO,
        tls=certificates.server("localhost"),
    )
    with pytest.raises(RelayUnreachable) as raised:
        deliver_to(server, Tls.STARTTLS, certificates.client, ("user", "secret"))
    assert raised.value.reason == "it answered the login with 454 4.7.0 Temporary"


def test_relay_that_offers_no_login_is_told(certificates: Certificates) -> None:
    server = ScriptedServer(ehlo=TLS_EHLO, tls=certificates.server("localhost"))
    with pytest.raises(RelayRefusedLogin) as raised:
        deliver_to(server, Tls.STARTTLS, certificates.client, ("user", "secret"))
    assert raised.value.answer == "of its ways to log in (none) we know none (PLAIN, LOGIN, CRAM-MD5)"


def test_login_in_two_steps_is_used_where_it_is_the_only_one() -> None:
    """AUTH LOGIN, also as old servers announce it, with an equals sign."""
    steps = {
        b"AUTH LOGIN\r\n": b"334 VXNlcm5hbWU6\r\n",
        base64.b64encode(b"user") + b"\r\n": b"334 UGFzc3dvcmQ6\r\n",
        base64.b64encode(b"secret") + b"\r\n": b"235 2.7.0 in\r\n",
    }
    server = ScriptedServer(lambda turn: steps.get(turn.line), b"250-scripted.test\r\n250 AUTH=LOGIN\r\n")
    assert deliver_to(server, Tls.NONE, None, ("user", "secret")) == [Verdict.ACCEPTED]
    assert [command for command in server.commands if command in steps] == list(steps)


def test_login_by_challenge_keeps_the_password_here() -> None:
    """CRAM-MD5, with the example of RFC 2195 section 2."""
    challenge = b"<1896.697170952@postoffice.reston.mci.net>"
    answer = b"tim b913a602c7eda7a495b4e6e7334d3890"
    steps = {
        b"AUTH CRAM-MD5\r\n": b"334 " + base64.b64encode(challenge) + b"\r\n",
        base64.b64encode(answer) + b"\r\n": b"235 2.7.0 in\r\n",
    }
    ehlo = b"250-scripted.test\r\n250 AUTH CRAM-MD5 GSSAPI\r\n"
    server = ScriptedServer(lambda turn: steps.get(turn.line), ehlo)
    assert deliver_to(server, Tls.NONE, None, ("tim", "tanstaaftanstaaf")) == [Verdict.ACCEPTED]
    assert [command for command in server.commands if command in steps] == list(steps)


def test_challenge_that_is_none_takes_the_login_back() -> None:
    ehlo = b"250-scripted.test\r\n250 AUTH CRAM-MD5\r\n"
    server = ScriptedServer(
        lambda turn: {b"AUTH CRAM-MD5\r\n": b"334 what?\r\n", b"*\r\n": b"501 5.7.0 Cancelled\r\n"}.get(
            turn.line
        ),
        ehlo,
    )
    with pytest.raises(RelayRefusedLogin) as raised:
        deliver_to(server, Tls.NONE, None, ("tim", "secret"))
    assert raised.value.answer == "501 5.7.0 Cancelled"


def test_mechanism_that_the_server_offers_and_does_not_take_is_followed_by_the_next() -> None:
    steps = {
        b"AUTH LOGIN\r\n": b"334 VXNlcm5hbWU6\r\n",
        base64.b64encode(b"user") + b"\r\n": b"334 UGFzc3dvcmQ6\r\n",
        base64.b64encode(b"secret") + b"\r\n": b"235 2.7.0 in\r\n",
    }

    def answer(turn: Turn) -> Answer | None:
        return b"504 5.5.4 Not that one\r\n" if b"PLAIN" in turn.line else steps.get(turn.line)

    server = ScriptedServer(answer, b"250-scripted.test\r\n250 AUTH PLAIN LOGIN\r\n")
    assert deliver_to(server, Tls.NONE, None, ("user", "secret")) == [Verdict.ACCEPTED]


def deliver_with_token(server: ScriptedServer, token_file: Path, tls: ssl.SSLContext) -> list[Verdict]:
    heard: list[Verdict] = []

    async def play() -> None:
        async with server:
            relay = Relay("localhost", server.port, Tls.STARTTLS, "me@x", token_file=str(token_file))
            transport = SmtpTransport(
                [relay], connections=1, timeouts=PATIENT, tls_context=tls, messages_per_connection=1
            )
            jobs = [Job(number, "n@example.org", "r@example.net", lambda: CONTENT) for number in (1, 2)]
            try:
                await transport.deliver(jobs, on_outcome=lambda _job, outcome: heard.append(outcome.verdict))
            finally:
                await transport.close()

    asyncio.run(play())
    return heard


XOAUTH2_EHLO = b"250-scripted.test\r\n250-AUTH PLAIN XOAUTH2\r\n250 STARTTLS\r\n"


def test_token_is_read_at_every_login(certificates: Certificates, tmp_path: Path) -> None:
    token_file = tmp_path / "token"
    token_file.write_text("first\n")
    said: list[bytes] = []

    def answer(turn: Turn) -> Answer | None:
        if turn.verb != "AUTH":
            return None
        said.append(base64.b64decode(turn.line.split()[2]))
        token_file.write_text("second\n")
        return b"235 2.7.0 in\r\n"

    server = ScriptedServer(answer, XOAUTH2_EHLO, tls=certificates.server("localhost"))
    assert deliver_with_token(server, token_file, certificates.client) == [Verdict.ACCEPTED] * 2
    assert said == [b"user=me@x\x01auth=Bearer first\x01\x01", b"user=me@x\x01auth=Bearer second\x01\x01"]


def test_token_that_is_refused_by_a_challenge_is_a_refused_login(
    certificates: Certificates, tmp_path: Path
) -> None:
    token_file = tmp_path / "token"
    token_file.write_text("old")

    def answer(turn: Turn) -> Answer | None:
        if turn.verb == "AUTH":
            return b"334 eyJzdGF0dXMiOiI0MDAifQ==\r\n"
        return b"535 5.7.8 Not accepted\r\n" if turn.line == b"\r\n" else None

    server = ScriptedServer(answer, XOAUTH2_EHLO, tls=certificates.server("localhost"))
    with pytest.raises(RelayRefusedLogin) as raised:
        deliver_with_token(server, token_file, certificates.client)
    assert raised.value.answer == "535 5.7.8 Not accepted"
    assert "old" not in str(raised.value)


@pytest.mark.parametrize("content", [None, "", "two words", "line\r\nQUIT"])
def test_token_that_cannot_be_one_is_told_before_anything_is_said(
    certificates: Certificates, tmp_path: Path, content: str | None
) -> None:
    token_file = tmp_path / "token"
    if content is not None:
        token_file.write_text(content)
    server = ScriptedServer(ehlo=XOAUTH2_EHLO, tls=certificates.server("localhost"))
    with pytest.raises(RelayRefusedLogin, match="token"):
        deliver_with_token(server, token_file, certificates.client)
    assert not [command for command in server.commands if command.startswith(b"AUTH")]


class _Keeping:
    """What aiosmtpd hands the messages to."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, bytes]] = []

    async def handle_DATA(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        self.taken += [
            (recipient, bytes(envelope.original_content or b"")) for recipient in envelope.rcpt_tos
        ]
        return "250 2.0.0 Ok"


def _authenticator(
    _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: LoginPassword
) -> AuthResult:
    is_right = (data.login, data.password) == (b"user", b"secret")
    return AuthResult(success=is_right, handled=False)


@pytest.mark.parametrize("mechanism", ["LOGIN", "PLAIN"])
@pytest.mark.parametrize("tls", [Tls.STARTTLS, Tls.IMPLICIT])
@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")
def test_another_implementation_understands_us(certificates: Certificates, tls: Tls, mechanism: str) -> None:
    keeping = _Keeping()
    context = certificates.server("localhost")
    is_starttls = tls is Tls.STARTTLS
    others = {"LOGIN": "PLAIN", "PLAIN": "LOGIN"}
    options: dict[str, Any] = {
        "hostname": "aiosmtpd.test",
        "authenticator": _authenticator,
        "auth_required": True,
        "auth_require_tls": is_starttls,
        "auth_exclude_mechanism": [others[mechanism]],
        "tls_context": context if is_starttls else None,
        "require_starttls": is_starttls,
    }

    async def play(login: tuple[str, str]) -> list[Verdict]:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: SMTP(keeping, **options), "127.0.0.1", 0, ssl=None if is_starttls else context
        )
        try:
            return await deliver_at(server.sockets[0].getsockname()[1], tls, certificates.client, login, 6)
        finally:
            server.close()
            await asyncio.sleep(0.05)

    assert asyncio.run(play(("user", "secret"))) == [Verdict.ACCEPTED] * 6
    assert sorted(keeping.taken) == [(f"r{number}@example.net", CONTENT) for number in range(6)]
    with pytest.raises(RelayRefusedLogin) as raised:
        asyncio.run(play(("user", "wrong")))
    assert raised.value.answer.startswith("535 5.7.8")
