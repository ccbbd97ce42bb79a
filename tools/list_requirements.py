"""Writes `docs/requirements.md`: where the test of each numbered requirement stands. Run it after adding or renaming one.

A test carries its numbers in its name: `test_u4_...`, `test_m1_m2_...`, `test_t18_...`.
"""

import re
import sys
from pathlib import Path

TOP = Path(__file__).parent.parent
PAGE = TOP / "docs" / "requirements.md"
_TEST = re.compile(r"^\s*(?:async )?def (test_((?:[umt]\d+_)+)\w+)\(", re.MULTILINE)
TITLES = {
    "U": "Unsubscribe links (RFC 8058)",
    "M": "The message",
    "T": "Threats",
}
WHAT = {
    "U1": "a POST unsubscribes at once, urlencoded or multipart",
    "U2": "no redirect of any kind",
    "U3": "no cookie, login, CSRF check, script or captcha",
    "U4": "GET, HEAD, OPTIONS, PROPFIND change nothing",
    "U5": "effective for every message not yet handed over",
    "U6": "links never expire, and outlive a change of keys",
    "U7": "they outlive the reader's erasure and the list",
    "U8": "10,000 posts from one address are all answered",
    "M1": "exactly one List-Unsubscribe, with one https address",
    "M2": "List-Unsubscribe-Post, to the letter",
    "M3": "a DKIM signature over both, oversigned",
    "M4": "the address names reader and list, and is hard to forge",
    "M5": "no white space within brackets; a mailto behind the https",
    "M6": "List-Id of one's own domain, always the same",
    "M7": "List-Post, List-Help, List-Owner, List-Archive",
    "M8": "no List-Unsubscribe on mails of the system",
    "M9": "Auto-Submitted on mails of the system, and on no edition",
    "M11": "Feedback-ID without anything of a reader",
    "M14": "international addresses only where the relay takes them; domains as A-labels",
    "M15": "lengths of addresses and commands",
    "M16": "text and HTML, with their languages in header and markup",
    "M20": "a visible way to leave, sender and postal address",
    "T1": "templates in what people type",
    "T2": "templates that never end",
    "T3": "stored scripts",
    "T4": "header injection",
    "T5": "command injection, smuggling",
    "T6": "encoded and routed addresses",
    "T7": "formulas in exports",
    "T8": "hostile imports; bringing back who left",
    "T10": "open redirects",
    "T13": "forms of other sites",
    "T14": "doors by another spelling of a path",
    "T16": "bombing one victim",
    "T17": "slow bombing of many",
    "T18": "scanners that confirm or leave",
    "T19": "learning who is known",
    "T20": "forged tokens, or those of another purpose, key or list",
    "T21": "forwarded links",
    "T26": "mails sent twice after a crash",
    "T27": "the wrong list or language; test mails to readers",
    "T28": "secrets in logs",
    "T29": "puzzles replayed, expired or of another site",
    "T30": "links poisoned by the Host header",
}


def tests_by_number() -> dict[str, list[str]]:
    """Number -> the tests that carry it, as `file::test`."""
    found: dict[str, list[str]] = {}
    for path in sorted((TOP / "tests").rglob("test_*.py")):
        for name, carried in dict.fromkeys(_TEST.findall(path.read_text("utf-8"))):
            for number in carried.upper().strip("_").split("_"):
                found.setdefault(number, []).append(f"{path.relative_to(TOP)}::{name}")
    return found


def page() -> str:
    """The page, from the tests as they are."""
    found = tests_by_number()
    lines = [
        "# Requirements, and where each is tested",
        "",
        "Written by `tools/list_requirements.py`; a test says when it is out of date. A test carries its numbers in its name.",
    ]
    for letter, title in TITLES.items():
        lines += ["", f"## {title}", "", "| | what | tests |", "|---|---|---|"]
        numbers = sorted(
            (number for number in found if number[0] == letter), key=lambda number: int(number[1:])
        )
        for number in numbers:
            places = "<br>".join(f"`{place.removeprefix('tests/')}`" for place in found[number])
            lines.append(f"| {number} | {WHAT.get(number, '')} | {places} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
    sys.stdout.write(f"{PAGE}\n")
