import gzip
import itertools
import ssl
import time
import zlib
from collections.abc import Iterator, Sequence
from ipaddress import ip_address

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from newsletter.foundation.fetching import Fetched, FetchFailed, FetchRefused, fetch
from newsletter.foundation.public_hosts import Resolver, as_address, is_public
from page_server import LOOPBACK, Answer, PageServer, page_server

PAGE = b"<p>Le jardin ouvre samedi.</p>"
NOT_PUBLIC = (
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "3fff::1",
    "4000::1",
    "5f00::1",
    "fc00::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
)
PUBLIC = ("9.9.9.9", "93.184.216.34", "::ffff:9.9.9.9", "64:ff9b::909:909", "2002:909:909::1", "2620:fe::fe")


@pytest.fixture
def server() -> Iterator[PageServer]:
    with page_server() as running:
        yield running


def get(url: str, accept: Sequence[str] = ("text/html",), seconds: float = 5, **others: object) -> Fetched:
    options = {"limit_bytes": 100_000, "allowed_networks": LOOPBACK, **others}
    return fetch(url, accept=accept, timeout_seconds=seconds, **options)  # type: ignore[arg-type]


def refusal(url: str, **others: object) -> str:
    with pytest.raises(FetchRefused) as raised:
        get(url, **others)  # type: ignore[arg-type]
    return raised.value.reason


def failure(url: str, **others: object) -> str:
    with pytest.raises(FetchFailed) as raised:
        get(url, **others)  # type: ignore[arg-type]
    return raised.value.reason


@pytest.mark.parametrize("text", NOT_PUBLIC)
def test_address_off_the_public_internet_is_told(text: str) -> None:
    assert not is_public(ip_address(text))


@pytest.mark.parametrize("text", PUBLIC)
def test_public_address_is_told(text: str) -> None:
    assert is_public(ip_address(text))


@pytest.mark.parametrize("text", NOT_PUBLIC)
def test_private_address_in_a_url_is_refused(text: str) -> None:
    host = f"[{text}]" if ":" in text else text
    reason = refusal(f"http://{host}/", allowed_networks=())
    assert reason == f"its host is {ip_address(text)}, which is not on the public internet"


@pytest.mark.parametrize("text", NOT_PUBLIC)
def test_name_that_leads_to_a_private_address_is_refused(text: str) -> None:
    reason = refusal("http://garden.example/", allowed_networks=(), resolve=lambda *_: [text])
    assert reason == f"its host is {ip_address(text)}, which is not on the public internet"


def test_name_with_one_private_address_among_public_ones_is_refused() -> None:
    reason = refusal("http://garden.example/", resolve=lambda *_: ["9.9.9.9", "10.0.0.1"])
    assert reason == "its host is 10.0.0.1, which is not on the public internet"


@pytest.mark.parametrize(
    "host", ["2130706433", "0x7f000001", "0x7f.1", "127.1", "017700000001", "127.0.0.0x1", "1.2.3.4.5"]
)
def test_number_in_an_unusual_spelling_is_refused(host: str) -> None:
    assert refusal(f"http://{host}/") == "its host is a number written in an unusual way"


@pytest.mark.parametrize(
    "url", ["http://0177.0.0.1/", "http://①②⑦.0.0.1/", "http:///x", "http://a\nb/", "//x/y"]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    assert refusal(url) in {"this is no address", "only http:// and https:// are"}


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://example.org/", "gopher://x/", "data:,x", "x.html"]
)
def test_other_scheme_is_refused(url: str) -> None:
    assert refusal(url) == "only http:// and https:// are"


def test_password_in_a_url_is_refused_and_not_told() -> None:
    with pytest.raises(FetchRefused) as raised:
        get("https://anna:quince@example.org/x")
    assert str(raised.value) == "https://example.org/x is not fetched: there is a name or a password in it."


def test_wide_digits_lead_to_the_plain_address_and_are_refused() -> None:
    reason = refusal("http://127。0。0。1/", allowed_networks=())
    assert reason == "its host is 127.0.0.1, which is not on the public internet"


@given(st.text(max_size=60))
def test_any_text_as_a_url_is_refused_in_words(text: str) -> None:
    with pytest.raises((FetchRefused, FetchFailed)):
        get(f"http://{text}", allowed_networks=(), resolve=lambda *_: ["10.0.0.1"])


@given(st.ip_addresses(v=4))
def test_address_is_read_as_it_is_written(address: object) -> None:
    assert as_address(str(address)) == address


def test_page_is_fetched(server: PageServer) -> None:
    server.pages["/a"] = Answer(PAGE, "Text/HTML; charset=ISO-8859-1")
    url = server.url("/a")
    assert get(url) == Fetched(url, 200, "text/html", "iso-8859-1", PAGE)


def test_redirect_is_followed_and_its_end_is_told(server: PageServer) -> None:
    server.pages["/a"] = Answer(status=301, headers={"Location": "b?x=1"})
    server.pages["/b?x=1"] = Answer(PAGE)
    assert get(server.url("/a")).url == server.url("/b?x=1")


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        (
            "http://169.254.169.254/latest/",
            "its host is 169.254.169.254, which is not on the public internet",
        ),
        (
            "http://[::ffff:10.0.0.1]/",
            f"its host is {ip_address('::ffff:10.0.0.1')}, which is not on the public internet",
        ),
        ("file:///etc/passwd", "only http:// and https:// are"),
        ("http://a:b@example.org/", "there is a name or a password in it"),
        ("http://0x7f.1/", "its host is a number written in an unusual way"),
    ],
)
def test_redirect_to_what_is_refused_is_refused(server: PageServer, location: str, reason: str) -> None:
    server.pages["/a"] = Answer(status=302, headers={"Location": location})
    assert refusal(server.url("/a")) == reason


def test_redirects_without_end_are_refused(server: PageServer) -> None:
    server.pages["/a"] = Answer(status=302, headers={"Location": "/a"})
    assert refusal(server.url("/a")) == "it leads on and on; at most 5 redirects are followed"
    assert server.asked == ["/a"] * 6


def turning(answers: Sequence[str], asked: list[str]) -> Resolver:
    """A resolver that gives another answer each time, as a name server bent on rebinding does."""
    following = itertools.chain(answers, itertools.repeat(answers[-1]))

    def resolve(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return [next(following)]

    return resolve


def test_connection_goes_to_the_address_that_was_checked(server: PageServer) -> None:
    server.pages["/a"] = Answer(PAGE)
    asked: list[str] = []
    resolve = turning(["127.0.0.1", "10.0.0.1"], asked)
    assert get(server.url("/a", "garden.example"), resolve=resolve).data == PAGE
    assert (asked, server.hosts) == (["garden.example"], [f"garden.example:{server.port}"])


def test_name_that_leads_elsewhere_after_a_redirect_is_checked_anew(server: PageServer) -> None:
    server.pages["/a"] = Answer(status=302, headers={"Location": "/b"})
    server.pages["/b"] = Answer(PAGE)
    resolve = turning(["127.0.0.1", "10.0.0.1"], [])
    reason = refusal(server.url("/a", "garden.example"), resolve=resolve)
    assert (reason, server.asked) == ("its host is 10.0.0.1, which is not on the public internet", ["/a"])


def test_next_address_is_tried_where_the_first_does_not_answer(server: PageServer) -> None:
    server.pages["/a"] = Answer(PAGE)
    url = server.url("/a", "garden.example")
    assert get(url, resolve=lambda *_: ["::1", "127.0.0.1"]).data == PAGE


def test_host_that_nobody_knows_is_a_failure() -> None:
    assert failure("http://garden.invalid/", resolve=lambda *_: []) == "there is no such host"


def test_resolver_that_does_not_answer_is_left_at_the_deadline() -> None:
    def resolve(_host: str, _port: int) -> Sequence[str]:
        time.sleep(2)
        return ["127.0.0.1"]

    began = time.monotonic()
    reason = failure("http://garden.example/", resolve=resolve, seconds=0.2)
    assert (reason, time.monotonic() - began < 1.5) == ("it took too long to find its host", True)


def trickle(piece: bytes) -> Iterator[bytes]:
    for _ in range(200):
        yield piece
        time.sleep(0.05)


def test_server_that_trickles_is_left_at_the_deadline(server: PageServer) -> None:
    server.pages["/slow"] = Answer(stream=lambda: trickle(b"x"))
    began = time.monotonic()
    assert failure(server.url("/slow"), seconds=0.4) == "it took too long"
    assert time.monotonic() - began < 2


def test_headers_that_trickle_are_left_at_the_deadline(server: PageServer) -> None:
    server.pages["/slow"] = Answer(headers={"X": "y"}, stream=lambda: trickle(b""))
    silent = Answer(status=100, content_type="", stream=lambda: trickle(b"HTTP/1.1 100 Continue\r\n\r\n"))
    server.pages["/on"] = silent
    assert failure(server.url("/on"), seconds=0.4) == "it took too long"


def test_endless_body_is_refused_at_the_limit(server: PageServer) -> None:
    server.pages["/endless"] = Answer(stream=lambda: itertools.repeat(b"x" * 10_000))
    assert refusal(server.url("/endless")) == "it is larger than 100000 bytes"


def test_packed_page_is_unpacked(server: PageServer) -> None:
    server.pages["/a"] = Answer(gzip.compress(PAGE), headers={"Content-Encoding": "gzip"})
    assert get(server.url("/a")).data == PAGE


def test_gzip_bomb_is_refused_at_the_limit(server: PageServer) -> None:
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(bytes(1_000_000)) for _ in range(50)) + packer.flush()
    assert len(bomb) < 100_000
    server.pages["/bomb"] = Answer(bomb, headers={"Content-Encoding": "gzip"})
    assert refusal(server.url("/bomb")) == "it is larger than 100000 bytes"


@pytest.mark.parametrize(
    ("data", "encoding", "reason"),
    [
        (gzip.compress(PAGE, mtime=0)[:-12], "gzip", "it arrived cut off"),
        (b"no gzip at all", "gzip", "it arrived damaged"),
        (gzip.compress(PAGE, mtime=0) * 2, "gzip", "it arrived damaged"),
    ],
)
def test_damaged_packing_is_a_failure(server: PageServer, data: bytes, encoding: str, reason: str) -> None:
    server.pages["/a"] = Answer(data, headers={"Content-Encoding": encoding})
    assert failure(server.url("/a")) == reason


def test_packing_that_was_not_asked_for_is_refused(server: PageServer) -> None:
    server.pages["/a"] = Answer(PAGE, headers={"Content-Encoding": "br"})
    assert refusal(server.url("/a")) == "it is packed in a way that was not asked for (br)"


def test_other_content_type_is_refused(server: PageServer) -> None:
    server.pages["/a"] = Answer(PAGE, "application/pdf")
    server.pages["/none"] = Answer(PAGE, "")
    assert refusal(server.url("/a"), accept=("image/*", "text/html")) == (
        "it is application/pdf, not image/* / text/html"
    )
    assert refusal(server.url("/none")) == "it is something without a type, not text/html"
    assert get(server.url("/a"), accept=("*/*",)).content_type == "application/pdf"


def test_answer_that_is_no_success_is_a_failure(server: PageServer) -> None:
    assert failure(server.url("/lost")) == "the server answered 404"


def test_body_that_breaks_off_is_a_failure(server: PageServer) -> None:
    server.pages["/a"] = Answer(PAGE, headers={"Content-Length": "1000"})
    assert failure(server.url("/a")) == "the server does not keep to HTTP, or broke off"


def test_port_where_nobody_answers_is_a_failure(server: PageServer) -> None:
    assert failure("http://127.0.0.1:1/") == "nobody answers there"


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def secure(authority: trustme.CA) -> Iterator[PageServer]:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("garden.example").configure_cert(tls)
    with page_server(tls) as running:
        yield running


def test_certificate_is_checked_for_the_name(authority: trustme.CA, secure: PageServer) -> None:
    tls = ssl.create_default_context()
    authority.configure_trust(tls)
    secure.pages["/a"] = Answer(PAGE)
    there = {"tls": tls, "resolve": lambda *_: ["127.0.0.1"]}
    assert get(secure.url("/a", "garden.example", "https"), **there).data == PAGE
    wrong = failure(secure.url("/a", "other.example", "https"), **there)
    assert wrong.startswith("its certificate is not trusted (Hostname mismatch")


def test_certificate_of_an_unknown_authority_is_a_failure(secure: PageServer) -> None:
    reason = failure(secure.url("/a", "garden.example", "https"), resolve=lambda *_: ["127.0.0.1"])
    assert reason.startswith("its certificate is not trusted (unable to get local issuer")


def test_redirect_from_https_to_http_is_refused(authority: trustme.CA, secure: PageServer) -> None:
    tls = ssl.create_default_context()
    authority.configure_trust(tls)
    secure.pages["/a"] = Answer(status=302, headers={"Location": "http://garden.example/a"})
    url = secure.url("/a", "garden.example", "https")
    reason = refusal(url, tls=tls, resolve=lambda *_: ["127.0.0.1"])
    assert reason == "it leads from https to http, where anybody on the way could change it"


def test_proxy_of_the_environment_is_not_used(server: PageServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    server.pages["/a"] = Answer(PAGE)
    assert get(server.url("/a")).data == PAGE
