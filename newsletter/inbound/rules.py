"""What a mail is: decided from its headers and the kinds of its parts alone. Pure.

Whatever a machine sent is never answered and never acted on: null sender, `Auto-Submitted`, mailing lists, bounces,
complaints (RFC 3834 section 2; deliverability section 3; threat T25).
"""

import re
from collections.abc import Sequence
from email.message import Message

from newsletter.inbound.mime import all_headers, header, kind_of, parameter
from newsletter.inbound.models import InboundKind
from newsletter.inbound.parsing import MailSeen

_BOUNCE_SENDERS = re.compile(
    r"^(?:mailer[-_.]?daemon|postmaster|mail[-_.]?daemon|mdaemon|bounce[sd]?|no-?reply[-_.]?bounces?)\b",
    re.IGNORECASE,
)
_BOUNCE_SUBJECT = re.compile(
    r"undeliver|un-deliver|undelivered|non[- ]?deliver|non remis|delivery (?:status|failure|has failed|report|problem"
    r"|notification|attempt)|returned mail|mail delivery|failure notice|failed delivery|delivery failed|could not be"
    r" delivered|message not delivered|not deliverable|unzustellbar|onbestelbaar|non distribu|echec de (?:la )?(?:livraison"
    r"|remise)|échec de (?:la )?(?:livraison|remise)|rejected mail|mail system error|returning message|nondeliverable"
    r"|user unknown|undelivrable|mail failure|warning: (?:could not send|message)|delivery delay|delayed mail",
    re.IGNORECASE,
)
_BOUNCE_HEADERS = ("x-failed-recipients", "x-bounce-key", "original-recipient", "x-supplementary-info")
_LIST_HEADERS = ("list-id", "list-post", "list-unsubscribe", "list-help", "mailing-list", "feedback-id")
_ROBOT_HEADERS = (
    "x-autoreply",
    "x-autorespond",
    "x-autoresponder",
    "x-auto-response-suppress",
    "x-vacation",
    "x-mail-autoreply",
    "x-loop",
)
_ABSENT = re.compile(
    r"^(?:auto(?:matic|matisch|matische)?[ -]?(?:reply|response|antwort|answer)|automatische? antwo?ort|r[ée]ponse automatique"
    r"|out of (?:the )?office|absence du bureau|absent du bureau|afwezig|abwesen|autoreply|auto:)",
    re.IGNORECASE,
)
_ROBOT_SENDERS = re.compile(
    r"^(?:no-?reply|do-?not-?reply|ne-?pas-?repondre|autoreply|notification)s?\b", re.IGNORECASE
)
_TIME_OFF = ("bulk", "junk", "list", "auto_reply", "auto-reply")


def kind_by_machine(mail: MailSeen) -> InboundKind | None:
    """What a mail is that no person wrote to us; None of one that a person may have written."""
    if _is_complaint(mail):
        return InboundKind.COMPLAINT
    if _is_bounce(mail):
        return InboundKind.BOUNCE
    return InboundKind.AUTOMATIC if _is_automatic(mail) else None


def _is_complaint(mail: MailSeen) -> bool:
    """An abuse report (RFC 5965): by its type, or by a part of it."""
    report = parameter(mail.headers, "report-type").lower()
    return report == "feedback-report" or "message/feedback-report" in mail.kinds


def _is_bounce(mail: MailSeen) -> bool:
    """A report of a mail server (RFC 3464), or what looks like one."""
    headers = mail.headers
    if kind_of(headers) == "multipart/report" or (mail.sender == "" and _has_null_sender(headers)):
        return True
    if any(kind in {"message/delivery-status", "message/global-delivery-status"} for kind in mail.kinds):
        return True
    if _has_null_sender(headers) or any(headers.get(name) is not None for name in _BOUNCE_HEADERS):
        return True
    local = (mail.sender or _bare(header(headers, "from"))).partition("@")[0]
    return bool(_BOUNCE_SENDERS.match(local) or _BOUNCE_SUBJECT.search(mail.subject))


def _has_null_sender(headers: Message) -> bool:
    return any(re.fullmatch(r"<\s*>", value) for value in all_headers(headers, "return-path"))


def _is_automatic(mail: MailSeen) -> bool:
    headers = mail.headers
    submitted = header(headers, "auto-submitted").split(";", 1)[0].strip().lower()
    if submitted not in {"", "no"} or header(headers, "precedence").lower() in _TIME_OFF:
        return True
    if any(headers.get(name) is not None for name in (*_LIST_HEADERS, *_ROBOT_HEADERS)):
        return True
    local = (mail.sender or _bare(header(headers, "from"))).partition("@")[0]
    return bool(_ROBOT_SENDERS.match(local) or _ABSENT.match(mail.subject)) or mail.sender == ""


def _bare(value: str) -> str:
    found = re.search(r"<([^<>]*)>", value)
    return (found[1] if found else value).strip().lstrip('"')


def is_sender_proven(mail: MailSeen, trusted_ids: Sequence[str]) -> bool:
    """Whether one of our own mail servers says that the domain of From is genuine (RFC 8601; DMARC passed).

    Only the topmost header of a trusted name counts: our server writes above whatever came with the mail. Comments
    are left out first, so that nothing in them can pass for a result.
    """
    domain = mail.sender.rpartition("@")[2].lower()
    if not domain:
        return False
    for value in all_headers(mail.headers, "authentication-results"):
        name, *results = _without_comments(value).split(";")
        words = name.split()
        if not words or words[0].lower() not in trusted_ids:
            continue
        return any(_says_dmarc_passed(result, domain) for result in results)
    return False


def _says_dmarc_passed(result: str, domain: str) -> bool:
    words = result.lower().split()
    if not words or words[0] != "dmarc=pass":
        return False
    froms = [
        word.removeprefix("header.from=").strip('"') for word in words if word.startswith("header.from=")
    ]
    return froms == [domain]


def _without_comments(value: str) -> str:
    """The value without comments, which may be nested, and without anything in quotation marks."""
    out: list[str] = []
    depth, is_quoted, is_escaped = 0, False, False
    for sign in value:
        if is_escaped:
            is_escaped = False
        elif sign == "\\":
            is_escaped = True
        elif is_quoted:
            is_quoted = sign != '"'
        elif sign == "(":
            depth += 1
        elif sign == ")" and depth:
            depth -= 1
        elif sign == '"' and not depth:
            is_quoted = True
        elif not depth:
            out.append(sign)
    return "".join(out)
