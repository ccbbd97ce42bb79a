"""Links are asked for once each; what is dead, moved, slow or in another language is told."""

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network

import pytest

from builders import NOW
from builders_checks import a_text, codes, message, where
from newsletter.editions.checks import page_answers
from newsletter.editions.checks.findings import Finding
from newsletter.editions.checks.links import judge_links, pages_of
from newsletter.editions.checks.material import Story
from newsletter.editions.checks.page_answers import Probe, ask_pages
from newsletter.editions.checks.places import Place
from newsletter.foundation.fetching import FetchFailed, FetchRefused
from newsletter.foundation.probing import Probed, probe
from newsletter.foundation.sayings import saying

LOOPBACK = (ip_network("127.0.0.0/8"),)


class Pages(ThreadingHTTPServer):
    """A site on loopback that remembers what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Page)
        self.asked: list[str] = []
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Page(BaseHTTPRequestHandler):
    server: Pages
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        path = self.path.split("?")[0]
        with self.server.lock:
            self.server.asked.append(f"{self.command} {path}")
        status, headers, body = 200, {}, b""
        if path in ("/fr", "/en", "/long"):
            body = f'<!DOCTYPE html><html class="x" lang="{path[1:3]}"><body>…'.encode()
            body += b" " * (200_000 if path == "/long" else 0)
        elif path == "/gone":
            status = 410
        elif path == "/moved":
            status, headers = 301, {"Location": "/fr"}
        elif path == "/detour":
            status, headers = 302, {"Location": "/fr"}
        elif path == "/no-head":
            status = 405 if self.command == "HEAD" else 200
        elif path == "/forbidden":
            status = 403
        elif path == "/round":
            status, headers = 302, {"Location": "/round"}
        elif path == "/pdf":
            headers = {"Content-Type": "application/pdf"}
        elif path == "/hang":
            time.sleep(1.5)
        elif path != "/":
            status = 404
        self.send_response(status)
        for name, value in {"Content-Type": "text/html; charset=utf-8", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            try:
                self.wfile.write(body)
            except OSError:
                self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Silence."""


@pytest.fixture
def site() -> Iterator[Pages]:
    """The site, running."""
    server = Pages()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def check_links(stories: list[Story], ask: Probe | None = None) -> list[Finding]:
    return list(judge_links(stories, ask_pages(pages_of(stories), NOW, ask), NOW))


def checked(*urls: str, language: str = "fr", timeout_seconds: float = 5.0) -> list[Finding]:
    body = "\n".join(f"[lien {number}]({url})" for number, url in enumerate(urls, 1))
    story = Story(Place(1), (a_text(language, body=body),))
    return check_links([story], partial(probe, timeout_seconds=timeout_seconds, allowed_networks=LOOPBACK))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/fr", []),
        ("/gone", ["dead-link"]),
        ("/missing", ["dead-link"]),
        ("/no-head", []),
        ("/detour", []),
        ("/moved", ["moved-link"]),
        ("/en", ["page-language"]),
        ("/forbidden", ["link-not-checked"]),
        ("/round", ["link-not-checked"]),
        ("/pdf", []),
        ("/long", ["page-language"]),
    ],
)
def test_link_is_judged_by_what_its_page_answers(site: Pages, path: str, expected: list[str]) -> None:
    assert codes(checked(f"{site.url}{path}")) == expected


def test_each_page_is_asked_for_once_and_each_place_is_told_once(site: Pages) -> None:
    found = checked(f"{site.url}/gone", f"{site.url}/gone#part", f"{site.url}/gone")
    assert site.asked == ["HEAD /gone"]
    assert [(item.line, item.place_in("en")) for item in found][:1] == [(1, "announcement 1, body, line 1")]


def test_get_follows_head_where_there_is_a_page_or_head_is_refused(site: Pages) -> None:
    checked(f"{site.url}/pdf")
    checked(f"{site.url}/no-head")
    assert site.asked == ["HEAD /pdf", "HEAD /no-head", "GET /no-head"]


def test_moved_page_names_its_new_address(site: Pages) -> None:
    (found,) = checked(f"{site.url}/moved")
    assert message(found) == f"{site.url}/moved has moved for good to {site.url}/fr"


def test_many_links_are_asked_for_in_parallel_with_a_limit(site: Pages) -> None:
    full = threading.Barrier(page_answers.AT_ONCE)  # opens only when that many are asked for at once
    lock = threading.Lock()
    running = most = 0

    def ask(url: str) -> Probed:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        full.wait(timeout=30)
        with lock:
            running -= 1
        return probe(url, timeout_seconds=5.0, allowed_networks=LOOPBACK)

    body = "\n".join(f"[lien {number}]({site.url}/fr?{number})" for number in range(3 * page_answers.AT_ONCE))
    assert check_links([Story(Place(1), (a_text("fr", body=body),))], ask) == []
    assert most == page_answers.AT_ONCE
    assert site.asked.count("HEAD /fr") == 3 * page_answers.AT_ONCE


def test_page_that_does_not_answer_in_time_is_dead(site: Pages) -> None:
    (found,) = checked(f"{site.url}/hang", timeout_seconds=0.3)
    assert (found.code, message(found)) == (
        "dead-link",
        f"{site.url}/hang does not answer: it took too long.",
    )


def test_private_hosts_are_not_asked(site: Pages) -> None:
    story = Story(Place(1), (a_text("fr", f"{site.url}/fr", button="Venez"),))
    (found,) = check_links([story])
    assert (found.code, where(found), site.asked) == ("link-not-checked", "announcement 1, button", [])


def answering(**values: object) -> list[Finding]:
    answer = {
        "status": 200,
        "url": "https://x.example/",
        "moved_to": "",
        "content_type": "text/html",
        "charset": "",
    }
    answer |= {"beginning": b"", "seconds": 0.1} | values  # type: ignore[dict-item]
    story = Story(Place(1), (a_text("fr", body="[x](https://x.example/)"),))
    return check_links([story], lambda _url: Probed(**answer))  # type: ignore[arg-type]


CASES: dict[str, tuple[Callable[[], list[Finding]], Callable[[], list[Finding]]]] = {
    "dead-link": (lambda: answering(status=404), lambda: answering(status=204)),
    "moved-link": (
        lambda: answering(moved_to="https://y.example/"),
        lambda: answering(moved_to="https://x.example"),
    ),
    "slow-link": (lambda: answering(seconds=3.1), lambda: answering(seconds=2.9)),
    "link-not-checked": (lambda: answering(status=403), lambda: answering(status=200)),
    "page-language": (
        lambda: answering(beginning=b"<html lang='nl-BE'>"),
        lambda: answering(beginning=b"<html lang=fr-BE>"),
    ),
}


@pytest.mark.parametrize("code", CASES)
def test_check_of_a_link_finds_what_it_is_for(code: str) -> None:
    assert codes(CASES[code][0]()) == [code]


@pytest.mark.parametrize("code", CASES)
def test_check_of_a_link_leaves_a_close_answer_alone(code: str) -> None:
    assert codes(CASES[code][1]()) == []


def test_language_that_means_nothing_is_none() -> None:
    assert codes(answering(beginning=b"<html lang='!!'>")) == []


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (FetchFailed("https://x.example/", saying("there is no such host")), "dead-link"),
        (FetchRefused("x", saying("this is no address")), "link-not-checked"),
    ],
)
def test_failure_is_a_finding(error: Exception, code: str) -> None:
    def ask(_url: str) -> Probed:
        raise error

    story = Story(Place(1), (a_text("fr", body="[x](https://x.example/)"),))
    assert codes(check_links([story], ask)) == [code]
