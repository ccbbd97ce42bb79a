"""The server itself, over real sockets: what a mailbox provider's machines and careless clients send."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from builders_web import SECRET, a_reader, an_installation, every_row, state_of
from newsletter.audience.models import SubscriptionState
from newsletter.web.app import create_app
from newsletter.web.serve import AddressNotFree, running_app, serve

ONE_CLICK = b"List-Unsubscribe=One-Click"


@pytest.fixture
def port(sqlite_db):
    with running_app(create_app(an_installation(sqlite_db))) as port:
        yield port


def talk(port: int, sent: bytes) -> bytes:
    """Everything that the server answers to these octets."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(sent)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
        return answer


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-www-form-urlencoded", ONE_CLICK),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n',
        ),
    ],
)
def test_u1_u2_u3_one_click_over_a_bare_socket(sqlite_db, now, port, content_type, body):
    reader = a_reader(sqlite_db, now)
    head = f"POST {reader.path} HTTP/1.1\r\nHost: x\r\nContent-Type: {content_type}\r\nConnection: close\r\n"
    answer = talk(port, f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    headers, _, said = answer.partition(b"\r\n\r\n")
    assert headers.startswith(b"HTTP/1.1 200 ")
    assert said == "Vous avez quitté «\u00a0La lettre du canal\u00a0».\n".encode()
    names = {line.split(b":")[0].lower() for line in headers.split(b"\r\n")[1:]}
    assert names.isdisjoint({b"set-cookie", b"location", b"server"})
    assert state_of(sqlite_db, reader) == SubscriptionState.ENDED


def test_u4_scanner_that_opens_every_link_changes_nothing(sqlite_db, now, port):
    reader = a_reader(sqlite_db, now)
    before = every_row(sqlite_db)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    for method in ("HEAD", "GET", "OPTIONS", "PROPFIND", "HEAD"):
        connection.request(method, reader.path, headers={"User-Agent": "scanner"})
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == (200 if method in {"HEAD", "GET"} else 405)
        assert (body == b"") == (method == "HEAD")
    connection.close()
    assert every_row(sqlite_db) == before


def test_body_cut_off_in_the_middle_changes_nothing(sqlite_db, now, port):
    reader = a_reader(sqlite_db, now)
    before = every_row(sqlite_db)
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(
            f"POST {reader.path} HTTP/1.1\r\nHost: x\r\nContent-Length: 26\r\n\r\nList-".encode()
        )
    assert talk(port, b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").endswith(
        b"\r\n\r\nok\n"
    )
    assert every_row(sqlite_db) == before


def test_chunked_body_without_end_is_refused(sqlite_db, now, port):
    reader = a_reader(sqlite_db, now)
    before = every_row(sqlite_db)
    head = f"POST {reader.path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n".encode()
    assert talk(port, head + b"4e20\r\n" + b"x" * 20_000).startswith(b"HTTP/1.1 413 ")
    assert every_row(sqlite_db) == before


@pytest.mark.parametrize("host", ["[", "a b", "é", "x" * 3000, "evil.example:99999999"])
def test_rubbish_as_host_makes_no_difference(sqlite_db, now, port, host):
    reader = a_reader(sqlite_db, now)
    missing = talk(port, f"GET /nowhere HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    assert missing.split(b"\r\n")[0] == b"HTTP/1.1 404 Not Found"
    head = f"POST {reader.path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    assert talk(port, head.encode()).split(b"\r\n")[0] == b"HTTP/1.1 200 OK"
    assert state_of(sqlite_db, reader) == SubscriptionState.ENDED


def test_rubbish_instead_of_a_request_is_survived(port, capsys):
    assert talk(port, b"\x16\x03\x01\x02\x00\x01\r\n\r\n").startswith(b"HTTP/1.1 400 ")
    assert talk(port, b"GET /healthz HTTP/1.0\r\n\r\n").endswith(b"\r\n\r\nok\n")


def test_t28_nothing_is_logged_of_a_visit(sqlite_db, now, port, capfd, caplog):
    reader = a_reader(sqlite_db, now)
    talk(
        port,
        f"POST {reader.path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode(),
    )
    written = capfd.readouterr()
    assert reader.token not in written.out + written.err + caplog.text
    assert state_of(sqlite_db, reader) == SubscriptionState.ENDED


def test_address_that_is_taken_is_one_clear_line(sqlite_db, port):
    installation = an_installation(sqlite_db)
    with pytest.raises(
        AddressNotFree, match=f"Cannot listen on 127.0.0.1:{port}: .*; choose another"
    ) as refused:
        serve(installation, "127.0.0.1", port)
    assert (refused.value.host, refused.value.port) == ("127.0.0.1", port)
    with pytest.raises(AddressNotFree):
        serve(installation, "192.0.2.1", 8000)  # not an address of this machine


def test_error_inside_the_block_stays_what_it_is(sqlite_db):
    with pytest.raises(ConnectionResetError), running_app(create_app(an_installation(sqlite_db))):
        raise ConnectionResetError


@pytest.mark.slow
def test_served_process_ends_soon_after_sigterm(sqlite_db, now, tmp_path):
    reader = a_reader(sqlite_db, now)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    program = (
        "from newsletter.wiring import open_installation; from newsletter.web.serve import serve;"
        f"serve(open_installation(), '127.0.0.1', {port})"
    )
    settings = {"NEWSLETTER_DATABASE_URL": str(sqlite_db.url), "NEWSLETTER_SECRET": SECRET}
    process = subprocess.Popen([sys.executable, "-c", program], cwd=tmp_path, env=os.environ | settings)
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                kept_open = socket.create_connection(("127.0.0.1", port), timeout=10)
                break
            except ConnectionRefusedError:
                assert time.monotonic() < deadline
                time.sleep(0.1)
        head = f"POST {reader.path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        assert talk(port, head.encode()).startswith(b"HTTP/1.1 200 ")
        process.send_signal(signal.SIGTERM)
        process.wait(10)
        kept_open.close()
    finally:
        process.kill()
        process.wait()
    assert state_of(sqlite_db, reader) == SubscriptionState.ENDED
