"""What became of one message: the verdict drawn from a server's reply, with the server's own words.

The verdicts follow one table, so that a sender's trouble (policy, reputation, size) is never held against a reader.
Enhanced codes (RFC 3463) decide where there is one that says something; else the words do; a bare 5xx that says
nothing known is tried again later rather than taken for a dead address.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

SERVICE_CLOSING = 421
"""The server closes the connection, whatever it was asked (RFC 5321 section 3.8)."""

_TEXT_MAX = 500
_ENHANCED = re.compile(r"\s*([245])\.(\d{1,3})\.(\d{1,3})(?!\S)")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


class Verdict(StrEnum):
    """What the answer means for the message and for the reader's address."""

    ACCEPTED = "accepted"  # the server has taken the message over
    DEFERRED = "deferred"  # not now: worth trying later
    REJECTED = "rejected"  # this address cannot be mailed
    BLOCKED = "blocked"  # the server refuses the sender: never the reader's fault
    CONTENT_REFUSED = (
        "content_refused"  # the message itself: too big, malformed, or it could not be put together
    )
    IN_DOUBT = "in_doubt"  # all of it was handed over and no answer came: it may have arrived
    NOT_TRIED = "not_tried"  # it was never handed over


class Stage(StrEnum):
    """What a reply answers."""

    MAIL = "mail"  # the sender's address
    RCPT = "rcpt"  # the recipient's address
    DATA = "data"  # the wish to send the message
    CONTENT = "content"  # the message, after its final dot


class BackOff(StrEnum):
    """Who is to be given a rest because of an outcome, whatever the verdict means for the message."""

    NOBODY = "nobody"
    DOMAIN = "domain"  # the recipient's domain says that it gets too much of us
    RELAY = (
        "relay"  # the relay, or the way to it: 421, a connection that ended; nothing of it is the reader's
    )


class Outcome(NamedTuple):
    """The verdict on one message, and the reply that it was drawn from (None where there was none)."""

    verdict: Verdict
    code: int | None
    enhanced: str | None
    text: str
    """The server's words, or ours where no server spoke; on one line, at most 500 characters."""
    backs_off: BackOff = BackOff.NOBODY
    """Who should hear from us more seldom for a while. Where it is the relay, no attempt of the reader's counts."""


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of the table: a reply fits where all that is given fits."""

    verdict: Verdict
    enhanced: re.Pattern[str] | None = None
    codes: frozenset[int] = frozenset()
    stages: frozenset[Stage] = frozenset(Stage)
    words: re.Pattern[str] | None = None

    def fits(self, code: int, enhanced: str, text: str, stage: Stage) -> bool:
        return (
            stage in self.stages
            and (not self.codes or code in self.codes)
            and (self.enhanced is None or self.enhanced.fullmatch(enhanced) is not None)
            and (self.words is None or self.words.search(text) is not None)
        )


def _enhanced(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(pattern).replace("x", r"\d+") for pattern in patterns))


def _words(*phrases: str) -> re.Pattern[str]:
    return re.compile("|".join(phrases), re.IGNORECASE)


_RCPT = frozenset({Stage.RCPT})
# "No more than this to say": an enhanced code that names no reason leaves the decision to the words.
_VAGUE = re.compile(r"|5\.[0-7]\.0|5\.4\.\d+|5\.2\.4|5\.1\.4|5\.3\.\d+")

# The first row that fits a 5xx decides.
_PERMANENT: tuple[_Row, ...] = (
    # More recipients than the server takes at a time, said with a permanent code (RFC 5321 section 4.5.3.1.10).
    _Row(Verdict.DEFERRED, enhanced=_enhanced("5.5.3")),
    _Row(Verdict.DEFERRED, codes=frozenset({552}), stages=_RCPT, words=_words(r"too many", r"4\.5\.3")),
    # The login that the relay wants, whatever the message.
    _Row(Verdict.BLOCKED, codes=frozenset({530, 534, 535, 538})),
    _Row(Verdict.BLOCKED, enhanced=_enhanced("5.7.x")),
    _Row(Verdict.BLOCKED, enhanced=_enhanced("5.1.7", "5.1.8", "5.1.9")),  # the sender's address
    _Row(Verdict.CONTENT_REFUSED, enhanced=_enhanced("5.2.3", "5.3.4", "5.6.x")),
    _Row(Verdict.DEFERRED, enhanced=_enhanced("5.2.2")),  # the mailbox is full
    # At MAIL nothing is known of the reader yet: what is refused there is the sender, unless it is the size.
    _Row(Verdict.CONTENT_REFUSED, codes=frozenset({552}), stages=frozenset({Stage.MAIL})),
    _Row(Verdict.BLOCKED, stages=frozenset({Stage.MAIL})),
    # 5.2.1 (disabled) may come back; how many of them end an address is the audience's rule.
    _Row(Verdict.REJECTED, enhanced=_enhanced("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1")),
    _Row(
        Verdict.REJECTED, codes=frozenset({521, 556})
    ),  # the host, the domain take no mail (RFC 7504, RFC 7505)
    # Where the codes say nothing, the words.
    _Row(
        Verdict.DEFERRED,
        enhanced=_VAGUE,
        words=_words(
            r"(mailbox|quota|storage)[\w ]*(full|exceed)",
            r"over ?quota",
            r"exceed\w*[\w ]* (storage|quota)",
            r"insufficient",
        ),
    ),
    _Row(
        Verdict.BLOCKED,
        enhanced=_VAGUE,
        words=_words(
            r"\bspam\b",
            r"(black|block|deny) ?list",
            r"\bblocked\b",
            r"\b(spf|dkim|dmarc)\b",
            r"\bpolicy\b",
            r"reputation",
            r"relay(ing)? (access )?(is )?(denied|not (permitted|allowed))",
            r"authenticat\w+ (is )?required",
            r"not authenticated",
            r"sender (address )?(rejected|denied)",
            r"\b(rbl|dnsbl|spamhaus|barracuda)\b",
        ),
    ),
    _Row(
        Verdict.CONTENT_REFUSED,
        enhanced=_VAGUE,
        words=_words(
            r"(message|mail)( size)? (is )?(too (large|big|long)|exceeds)", r"size limit", r"too large"
        ),
    ),
    _Row(
        Verdict.REJECTED,
        enhanced=_VAGUE,
        stages=frozenset({Stage.RCPT, Stage.CONTENT}),
        words=_words(
            r"(user|recipient|mailbox|account|address|addressee|local part)[\w :<>@.'\"+=-]*"
            r"(unknown|unavailable|invalid|not (found|exist|valid|known|here)|n[o']t exist|disabled|inactive|discontinued)",
            r"(unknown|no such|invalid|nonexistent|non-existent) (user|recipient|mailbox|account|address|local|person)",
            r"(does not|doesn't) (exist|have an? (\S+ )?account)",
            r"no mailbox",
            r"(domain|host)[\w ]* not found|no such (domain|host)",
        ),
    ),
    _Row(Verdict.CONTENT_REFUSED, codes=frozenset({552})),
    _Row(Verdict.CONTENT_REFUSED, enhanced=_enhanced("5.5.x")),
    _Row(
        Verdict.CONTENT_REFUSED,
        codes=frozenset({500, 501, 502, 503, 504, 555}),
        stages=frozenset({Stage.DATA, Stage.CONTENT}),
    ),
)


# A domain that has had enough of us for now (4.7.650 of Microsoft, [TSS04] of Yahoo, 4.7.28 of Google); greylisting is
# about one reader and passes by itself.
_HAD_ENOUGH = _words(
    r"too many",
    r"too (much|fast)",
    r"rate ?limit",
    r"throttl",
    r"temporarily deferred",
    r"exceeded",
    r"slow ?down",
)
_GREYLISTED = _words(r"gr[ae]y-?\s?list")


def outcome_of(code: int, text: str, stage: Stage) -> Outcome:
    """The outcome that a final reply means for the message: `code` is from 200 to 599, `text` what followed it.

    A 2xx is an acceptance after the final dot only; before it there is nothing to judge, and ValueError is raised.
    """
    enhanced = enhanced_code(code, text)
    verdict = _verdict(code, enhanced or "", text, stage)
    return Outcome(verdict, code, enhanced, plain_words(text), _who_backs_off(code, enhanced or "", text))


def accepted(text: str) -> Outcome:
    """The outcome of a message that was answered with 250 and this text, as `outcome_of` gives it, in a third of the time."""
    enhanced = "2.0.0" if text.startswith("2.0.0 ") else enhanced_code(250, text)
    return Outcome(Verdict.ACCEPTED, 250, enhanced, plain_words(text))


def _who_backs_off(code: int, enhanced: str, text: str) -> BackOff:
    if code == SERVICE_CLOSING:
        return BackOff.RELAY
    if not 400 <= code < 500 or enhanced.startswith("4.2.") or _GREYLISTED.search(text):
        return BackOff.NOBODY
    return BackOff.DOMAIN if enhanced.startswith("4.7.") or _HAD_ENOUGH.search(text) else BackOff.NOBODY


def _verdict(code: int, enhanced: str, text: str, stage: Stage) -> Verdict:
    if 200 <= code < 300 and stage is Stage.CONTENT:
        return Verdict.ACCEPTED
    if 400 <= code < 500:
        return Verdict.DEFERRED
    if 500 <= code < 600:
        return next(
            (row.verdict for row in _PERMANENT if row.fits(code, enhanced, text, stage)), Verdict.DEFERRED
        )
    raise ValueError(f"the reply {code} decides nothing at {stage}")


def enhanced_code(code: int, text: str) -> str | None:
    """The enhanced status code at the start of a reply, where it agrees with its code (RFC 2034 section 4)."""
    found = _ENHANCED.match(text)
    if found is None or found[1] != str(code)[0]:
        return None
    return f"{found[1]}.{int(found[2])}.{int(found[3])}"


def plain_words(text: str) -> str:
    """A server's words without control characters, on one line, cut to 500 characters."""
    if text.isascii() and text.isprintable():  # as nearly always
        return text.strip()[:_TEXT_MAX]
    return _CONTROL.sub(" ", text).strip()[:_TEXT_MAX]


def not_tried(reason: str, backs_off: BackOff = BackOff.NOBODY) -> Outcome:
    """The outcome of a message that was never handed over."""
    return Outcome(Verdict.NOT_TRIED, None, None, plain_words(reason), backs_off)


def in_doubt(reason: str) -> Outcome:
    """The outcome of a message that was handed over whole and never answered."""
    return Outcome(Verdict.IN_DOUBT, None, None, plain_words(reason), BackOff.RELAY)
