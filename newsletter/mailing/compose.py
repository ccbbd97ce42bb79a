"""Composing: from the frozen variants of an edition to the message of each reader."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from urllib.parse import quote

from markupsafe import escape

from newsletter.audience.models import MailingList
from newsletter.editions.models import RenderedEdition
from newsletter.editions.rules import languages_of
from newsletter.foundation.addresses import envelope_address
from newsletter.foundation.merge import Field, keep_blocks, split_fields
from newsletter.foundation.signing import Keyring
from newsletter.foundation.texts import texts
from newsletter.mailing.ledger import ClaimedDelivery
from newsletter.transport.headers import HeaderRefused, mailbox, message_id, rfc5322_date
from newsletter.transport.message import CompiledMessage, MessageSource, compile_message
from newsletter.transport.octets import Message

UNSUBSCRIBE = "unsubscribe"
_TOKEN = "[[token]]"  # noqa: S105 - a merge field
_STAND_IN = "0-reader-0"
_NOT_IN_FEEDBACK_ID = re.compile(r"[^A-Za-z0-9._-]")


@dataclass(frozen=True, slots=True)
class Sender:
    """From whom a mailing comes, and what the links in its mails need."""

    list_name: Mapping[str, str]  # per language
    name: str  # "" takes the list's name in the reader's language
    address: str
    reply_to: str
    list_id: str
    base_url: str
    keyring: Keyring
    slug: str = ""
    has_archive: bool = False  # whether past editions stand in the public archive
    sign: Callable[[Message], Message] | None = (
        None  # signs a whole message (DKIM); None where the relay does, or nobody
    )

    @property
    def domain(self) -> str:
        """The domain that message ids end in."""
        return envelope_address(self.address).rpartition("@")[2]


def sender_of(
    mailing_list: MailingList,
    default_address: str,
    base_url: str,
    keyring: Keyring,
    sign: Callable[[Message], Message] | None = None,
) -> Sender:
    """From whom a list's mails come; `default_address` where it names no address of its own."""
    return Sender(
        list_name=mailing_list.names,
        name=mailing_list.sender_name,
        address=mailing_list.sender_address or default_address,
        reply_to=mailing_list.reply_to,
        list_id=mailing_list.list_id,
        base_url=base_url,
        keyring=keyring,
        slug=mailing_list.slug,
        has_archive=mailing_list.is_public,
        sign=sign,
    )


class Composer:
    """Makes the messages of one mailing: each variant compiled once, each reader's message joined from it."""

    def __init__(
        self, sender: Sender, variants: Mapping[str, RenderedEdition], label: str, mark: str = ""
    ) -> None:
        """`label` names the mailing in message ids; `mark` goes before the subject ("[TEST FR] ")."""
        self._sender = sender
        self._label = label
        self._compiled = {
            name: compile_message(message_source(sender, rendered, label, mark))
            for name, rendered in variants.items()
        }

    def compiled(self, variant: str) -> CompiledMessage:
        """The compiled message of a variant."""
        return self._compiled[variant]

    @property
    def is_slow(self) -> bool:
        """Whether making a message takes long, because it is signed (`Job.is_slow`)."""
        return self._sender.sign is not None

    def makers(self, deliveries: Sequence[ClaimedDelivery], now: datetime) -> list[Callable[[], Message]]:
        """What makes each reader's message when the server is ready for it.

        What is her own in it is written now: done for many readers in a row, it costs a fifth of what it would cost in
        between, when sending has driven everything out of the processor's caches.
        """
        variants = {delivery.variant for delivery in deliveries}
        if len(variants) == 1:
            return self._makers(deliveries[0].variant, deliveries, now)
        makers = {
            variant: iter(self._makers(variant, [one for one in deliveries if one.variant == variant], now))
            for variant in variants
        }
        return [next(makers[delivery.variant]) for delivery in deliveries]

    def _makers(
        self, variant: str, deliveries: Sequence[ClaimedDelivery], now: datetime
    ) -> list[Callable[[], Message]]:
        try:
            messages = self._compiled[variant].fill(self._columns(variant, deliveries, now), len(deliveries))
        except HeaderRefused as error:
            if len(deliveries) == 1:
                return [partial(_refuse, error)]
            return [maker for delivery in deliveries for maker in self._makers(variant, [delivery], now)]
        return [partial(self._sender.sign or _as_it_is, message) for message in messages]

    def values(self, delivery: ClaimedDelivery, now: datetime) -> dict[str, str]:
        """The values of every merge field that a mail can have, for one reader."""
        columns = self._columns(delivery.variant, [delivery], now)
        return {key: column[0] for key, column in columns.items()}

    def _columns(
        self, variant: str, deliveries: Sequence[ClaimedDelivery], now: datetime
    ) -> dict[str, Sequence[str]]:
        """The same for many readers, by field."""
        keyring = self._sender.keyring
        first_names = [delivery.first_name.strip() for delivery in deliveries]
        columns: dict[str, Sequence[str]] = {
            "date": [rfc5322_date(now)] * len(deliveries),
            # The same for every attempt, so that a receiver can drop a second copy (RFC 5322 section 3.6.4).
            "reader": keyring.marks(
                "message-id", [f"{self._label}.{delivery.subscriber_id}" for delivery in deliveries]
            ),
            "token": keyring.sign_all(UNSUBSCRIBE, [delivery.subscription_name for delivery in deliveries]),
            "email": [delivery.address for delivery in deliveries],
            "first_name": first_names,
            "name": [delivery.name for delivery in deliveries],
        }
        for language in languages_of(variant):
            columns[f"greeting:{language}"] = [greeting(language, name) for name in first_names]
        return columns


def _refuse(error: HeaderRefused) -> Message:
    raise error


def _as_it_is(message: Message) -> Message:
    return message


@lru_cache(maxsize=4096)
def greeting(language: str, first_name: str) -> str:
    """The line that a mail begins with: "Bonjour Marie," or "Bonjour,"."""
    t = texts(language).gettext
    return t("Hello %(name)s,") % {"name": first_name} if first_name else t("Hello,")


def message_source(sender: Sender, rendered: RenderedEdition, label: str, mark: str = "") -> MessageSource:
    """The headers and bodies of one variant, with fields where a reader's own values go.

    RFC 2369 section 3, RFC 2919 and RFC 8058 section 3.1 for the List- headers, RFC 3282 for Content-Language.
    Never `Auto-Submitted`: people wrote this (RFC 3834 section 5.2).
    """
    languages = languages_of(rendered.variant)
    list_name = sender.list_name.get(languages[0]) or next(iter(sender.list_name.values()))
    unsubscribe_url = f"{sender.base_url}/u/{_TOKEN}"
    mailto = f"mailto:{quote(sender.reply_to or sender.address, safe='@')}?subject=unsubscribe%20{_TOKEN}"
    headers = [
        ("From", mailbox(sender.name or list_name, sender.address)),
        ("To", "[[name]] <[[email]]>"),
        *([("Reply-To", mailbox("", sender.reply_to))] if sender.reply_to else []),
        ("Subject", mark + rendered.subject),
        ("Date", "[[date]]"),
        ("Message-ID", message_id(f"{label}.{_STAND_IN}", sender.domain).replace(_STAND_IN, "[[reader]]")),
        ("List-Id", mailbox_phrase(list_name, sender.list_id)),
        ("List-Unsubscribe", f"<{unsubscribe_url}>, <{mailto}>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("List-Post", "NO"),
        ("List-Help", f"<{sender.base_url}/{languages[0]}/>"),
        ("List-Owner", f"<mailto:{quote(sender.reply_to or sender.address, safe='@')}>"),
        *([("List-Archive", f"<{archive_url(sender, languages[0])}>")] if sender.has_archive else []),
        ("Feedback-ID", feedback_id(sender, label, rendered.variant)),
        ("X-Auto-Response-Suppress", "OOF, AutoReply"),
        ("Content-Language", ", ".join(languages)),
    ]
    return MessageSource(
        headers=tuple(headers),
        text=with_links(rendered.text, unsubscribe_url),
        html=with_links(keep_blocks(rendered.html, "mail"), unsubscribe_url),
        plain=frozenset({"reader", "token"}),
    )


def archive_url(sender: Sender, language: str) -> str:
    """Where the past editions of the list stand, in this language."""
    return f"{sender.base_url}/{language}/archive/lists/{sender.slug}"


def feedback_id(sender: Sender, label: str, variant: str) -> str:
    """By what Gmail groups complaints: mailing, variant, list, and a name of the sender of 5 to 15 characters.

    Nothing of one reader, at most four fields (support.google.com, "Feedback Loop").
    """
    name = _NOT_IN_FEEDBACK_ID.sub("-", sender.domain.lower())[:15].ljust(5, "-")
    fields = (label, variant, sender.slug[:20])
    return ":".join((*(_NOT_IN_FEEDBACK_ID.sub("-", field) for field in fields), name))


def mailbox_phrase(phrase: str, list_id: str) -> str:
    """A List-Id value: the list's name for people, and the identifier that never changes (RFC 2919 section 3)."""
    return f"{phrase} <{list_id}>"


def with_links(body: str, unsubscribe_url: str) -> str:
    """`body` with the field of the unsubscribe link spelled out, so that only the token differs between readers."""
    pieces = split_fields(body)
    return "".join(
        piece.replace("[[", "[[open]]")
        if isinstance(piece, str)
        else unsubscribe_url
        if piece == Field("link", UNSUBSCRIBE)
        else str(piece)
        for piece in pieces
    )


def merged(body: str, sender: Sender, values: Mapping[str, str], *, is_html: bool) -> str:
    """`body` with one reader's values in it: for looking at, not the way mails are made."""
    link = f"{sender.base_url}/u/{values['token']}"
    out = []
    for piece in split_fields(with_links(body, link)):
        if isinstance(piece, str):
            out.append(piece)
        else:
            value = values.get(piece.key) or piece.default
            out.append(str(escape(value)) if is_html else value)
    return "".join(out)
