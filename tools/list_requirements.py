"""Prints where each numbered requirement is tested: unsubscribe links (U), the message (M), threats (T).

A test carries its numbers in its name: `test_u4_...`, `test_m1_m2_...`, `test_t18_...`.
"""

import re
import sys
from pathlib import Path

TOP = Path(__file__).parent.parent
_TEST = re.compile(r"^\s*(?:async )?def (test_((?:[umt]\d+_)+)\w+)\(", re.MULTILINE)
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
    "M10": "no Precedence; X-Auto-Response-Suppress",
    "M11": "Feedback-ID without anything of a reader",
    "M12": "Date and From; no line too long",
    "M13": "encoded words of lawful length, and nowhere else",
    "M14": "international addresses only where the relay takes them; domains as A-labels",
    "M15": "lengths of addresses and commands",
    "M16": "text and HTML, with their languages in header and markup",
    "M17": "no multipart/multilingual",
    "M18": "VERP read from Delivered-To",
    "M19": "DSN parameters where they are offered",
    "M20": "a visible way to leave, sender and postal address",
    "M21": "system mails ask for no reports",
    "T1": "templates in what people type",
    "T2": "templates that never end",
    "T3": "stored scripts",
    "T4": "header injection",
    "T5": "command injection, smuggling",
    "T6": "encoded and routed addresses",
    "T7": "formulas in exports",
    "T8": "hostile imports; bringing back who left",
    "T9": "fetching from private addresses",
    "T10": "open redirects",
    "T11": "uploads of markup",
    "T12": "paths out of an archive",
    "T13": "forms of other sites",
    "T14": "doors by another spelling of a path",
    "T15": "sessions after a change of password",
    "T16": "bombing one victim",
    "T17": "slow bombing of many",
    "T18": "scanners that confirm or leave",
    "T19": "learning who is known",
    "T20": "forged tokens, or those of another purpose, key or list",
    "T21": "forwarded links",
    "T22": "forged reports that suppress a victim",
    "T23": "mail bombs",
    "T24": "a poisonous mail among others",
    "T25": "loops of auto-replies",
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


def main() -> None:
    """Prints the numbers in order, each with what it is about and its tests."""
    found = tests_by_number()
    for number in sorted(found, key=lambda text: ("UMT".index(text[0]), int(text[1:]))):
        sys.stdout.write(f"{number}  {WHAT.get(number, '')}\n")
        sys.stdout.writelines(f"      {place}\n" for place in found[number])


if __name__ == "__main__":
    main()
