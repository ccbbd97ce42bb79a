"""How remarks are told: as lines for people and as objects for programs, in the language asked for."""

from typing import Any

from newsletter.announcements.remark_kinds import MESSAGES
from newsletter.announcements.remarks import Remark
from newsletter.cli.output import printable
from newsletter.foundation.sayings import Saying, saying


def remark_json(remark: Remark, language: str) -> dict[str, Any]:
    """A remark with its message in a language."""
    return {
        "code": remark.code,
        "language": remark.language,
        "line": remark.line,
        "message": remark.message_in(language),
        "excerpt": remark.excerpt,
    }


def remark_line(remark: Remark, language: str) -> str:
    """A remark on the announcement that is shown: "Remark [fr], line 3: A word stands here twice. “the the”"."""
    told = _with_words(remark)
    if remark.line is None:
        line = saying("Remark [{language}]: {remark}", language=remark.language, remark=told)
    else:
        line = saying(
            "Remark [{language}], line {line}: {remark}",
            language=remark.language,
            line=remark.line,
            remark=told,
        )
    return printable(line.said_in(language))


def imported_remark_line(announcement_id: int, remark: Remark, language: str) -> str:
    """A remark on one announcement among many; its line counts in the source."""
    told = _with_words(remark)
    if remark.line is None:
        line = saying("announcement {number}: {remark}", number=announcement_id, remark=told)
    else:
        line = saying(
            "announcement {number}, line {line}: {remark}",
            number=announcement_id,
            line=remark.line,
            remark=told,
        )
    return printable(line.said_in(language))


def _with_words(remark: Remark) -> Saying:
    message = MESSAGES[remark.code]
    return saying("{message} “{words}”", message=message, words=remark.excerpt) if remark.excerpt else message
