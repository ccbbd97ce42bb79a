"""Measures composing a reader's message: `python -m bench.compose`, as most programs do it against the compiled variant.

Both make the same message (57 KB on the wire, text and HTML, personal in seven places). Each pair is measured right one
after the other, so that what else the machine does touches both; the ratio is the median of nine pairs.
"""

import statistics
import time
from collections.abc import Callable
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from newsletter.transport.headers import mailbox
from newsletter.transport.message import MessageSource, compile_message

_PAIRS = 9
_PARAGRAPH = '<p style="color:#333">Les nouvelles de l’été : concerts, ateliers et promenades dans toute la région.</p>\n'
_HTML = (
    "<p>Bonjour {first_name},</p>\n"
    + _PARAGRAPH * 360
    + '<p>{email} <a href="{link}">Se désabonner</a> {first_name}</p>\n'
)
_TEXT = (
    "Bonjour {first_name},\n\n"
    + "Les nouvelles de l’été : concerts et promenades.\n" * 80
    + "\n{link}\n{email}\n"
)
_SUBJECT = "Les nouvelles de l’été"


def _reader(number: int) -> dict[str, str]:
    return {
        "first_name": ("Hélène", "Jean", "Zoë", "Anne-Marie")[number % 4],
        "email": f"reader{number}@example.org",
        "link": f"https://news.example.org/u/{number:040x}",
        "to": f"reader{number}@example.org",
    }


def _as_most_do(values: dict[str, str]) -> bytes:
    message = EmailMessage()
    message["From"] = Address("Les Amis de l’Été", "news", "example.org")
    message["To"] = values["to"]
    message["Subject"] = _SUBJECT
    message["Date"] = "Mon, 23 Nov 2026 10:00:00 +0000"
    message["List-Unsubscribe"] = f"<{values['link']}>"
    message.set_content(_TEXT.format_map(values))
    message.add_alternative(_HTML.format_map(values), subtype="html")
    return message.as_bytes(policy=SMTP)


def _compiled() -> Callable[[dict[str, str]], bytes]:
    fields = {name: f"[[{name}]]" for name in _reader(0)}
    headers = (
        ("From", mailbox("Les Amis de l’Été", "news@example.org")),
        ("To", "[[to]]"),
        ("Subject", _SUBJECT),
        ("Date", "Mon, 23 Nov 2026 10:00:00 +0000"),
        ("List-Unsubscribe", "<[[link]]>"),
    )
    return compile_message(
        MessageSource(headers, _TEXT.format_map(fields), _HTML.format_map(fields))
    ).assemble


def _microseconds(compose: Callable[[dict[str, str]], bytes], count: int) -> float:
    readers = [_reader(number) for number in range(count)]
    begin = time.process_time()
    for values in readers:
        compose(values)
    return (time.process_time() - begin) / count * 1e6


def main() -> None:
    """Measures and prints."""
    assemble = _compiled()
    pairs = [(_microseconds(_as_most_do, 40), _microseconds(assemble, 2000)) for _ in range(_PAIRS)]
    library = statistics.median(pair[0] for pair in pairs)
    compiled = statistics.median(pair[1] for pair in pairs)
    ratio = statistics.median(pair[0] / pair[1] for pair in pairs)
    print(f"size of a message: {len(assemble(_reader(1)))} octets")
    print(
        f"email.message: {library:.0f} µs a message; compiled: {compiled:.1f} µs; ratio {ratio:.0f} (median of {_PAIRS} pairs)"
    )


if __name__ == "__main__":
    main()
