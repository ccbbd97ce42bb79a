"""What can be done to the audience: lists made, subscriptions ended, addresses suppressed."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from newsletter.audience.errors import ListExists, ListRefused
from newsletter.audience.models import (
    EndReason,
    MailingList,
    OptIn,
    Subscriber,
    Subscription,
    SubscriptionState,
    Suppression,
    SuppressionReason,
)
from newsletter.audience.queries import list_by_slug, name_in_force
from newsletter.audience.rules import address_key, checked_list_id, checked_slug
from newsletter.foundation.addresses import AddressRefused, envelope_address, parse_address
from newsletter.foundation.database import WriteSession, insert_into, insert_unless_there
from newsletter.foundation.language import normalise_tag
from newsletter.foundation.signing import Keyring

_NAME_LENGTH_MAX = 200
_HOST_ALONE = re.compile(r"([^@\s]+)@([A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)\Z")


@dataclass(frozen=True, slots=True)
class Left:
    """What became of the wish to leave: which list was named, in which languages to say so, whether anything ended just now."""

    list_names: dict[str, str]
    languages: tuple[str, ...]
    has_changed: bool


def create_list(
    session: WriteSession,
    *,
    slug: str,
    names: Mapping[str, str],
    sender_address: str,
    now: datetime,
    descriptions: Mapping[str, str] | None = None,
    sender_name: str = "",
    reply_to: str = "",
    list_id: str = "",
    theme: str = "",
    terms: "ListTerms | None" = None,
) -> MailingList:
    """A new mailing list. Without a `list_id` it is the short name and the sender's domain: `letter.example.org`.

    Without a `sender_address` its mails come from the installation's, whichever that is by then; such a list needs
    its `list_id` said. Raises ListRefused, ListExists, NotALanguage.
    """
    slug = checked_slug(slug)
    sender = _sender_address(sender_address, "sender") if sender_address else ""
    host = envelope_address(sender).rpartition("@")[2] if sender else ""
    created = MailingList(
        slug=slug,
        names=_texts(names, "name"),
        descriptions=_texts(descriptions or {}, "description", length_max=2000),
        sender_name=_one_line(sender_name, "sender's name"),
        sender_address=sender,
        reply_to=_sender_address(reply_to, "reply-to") if reply_to else "",
        list_id=checked_list_id(list_id or f"{slug}.{host}"),
        theme=_one_line(theme, "theme", length_max=100),
        created_at=now,
    )
    if not created.names:
        raise ListRefused("A list needs a name in at least one language.")
    same = sa.or_(MailingList.slug == slug, MailingList.list_id == created.list_id)
    if session.scalar(sa.select(sa.exists().where(same))):
        raise ListExists(slug, created.list_id)
    _apply_terms(created, terms or ListTerms())
    session.add(created)
    session.flush()
    return created


@dataclass(frozen=True, slots=True)
class ListTerms:
    """How people come to a list and what they are told; None leaves a term as it is (for a new list: its default).

    Of `cadences` and `consent_texts` only the languages that are named change; "" takes a text away.
    """

    is_public: bool | None = None
    opt_in: OptIn | None = None
    sends_welcome: bool | None = None
    cadences: Mapping[str, str] | None = None
    consent_texts: Mapping[str, str] | None = None
    legal_basis: str | None = None


@dataclass(frozen=True, slots=True)
class ListChanges:
    """What is to change of a list; None leaves it as it is, "" takes it away where there is a default."""

    names: Mapping[str, str] | None = None
    sender_name: str | None = None
    sender_address: str | None = None
    reply_to: str | None = None
    list_id: str | None = None
    terms: ListTerms = ListTerms()


def edit_list(session: WriteSession, slug: str, changes: ListChanges) -> MailingList:
    """The list with the changes made. Raises ListNotFound, ListRefused, ListExists.

    The caller sees to it that the `list_id` of a list that was mailed stays (RFC 2919 section 2).
    """
    changed = list_by_slug(session, slug)
    if changes.names:
        changed.names = {**changed.names, **_texts(changes.names, "name")}
    if changes.sender_name is not None:
        changed.sender_name = _one_line(changes.sender_name, "sender's name")
    if changes.sender_address is not None:
        changed.sender_address = (
            _sender_address(changes.sender_address, "sender") if changes.sender_address else ""
        )
    if changes.reply_to is not None:
        changed.reply_to = _sender_address(changes.reply_to, "reply-to") if changes.reply_to else ""
    if changes.list_id is not None:
        list_id = checked_list_id(changes.list_id)
        others = sa.exists().where(MailingList.list_id == list_id, MailingList.id != changed.id)
        if session.scalar(sa.select(others)):
            raise ListExists(slug, list_id)
        changed.list_id = list_id
    _apply_terms(changed, changes.terms)
    session.flush()
    return changed


def suppress(
    session: WriteSession, keyring: Keyring, address: str, reason: SuppressionReason, now: datetime
) -> bool:
    """Sees to it that the address is never mailed again; True where that is new. The first reason stays."""
    row = {"address_key": address_key(keyring, address), "reason": reason, "since": now}
    statement = insert_unless_there(session, Suppression).returning(Suppression.address_key)
    return session.execute(statement, row).first() is not None


def suppress_instead(
    session: WriteSession,
    key: bytes,
    reason: SuppressionReason,
    instead_of: Collection[SuppressionReason],
    now: datetime,
) -> None:
    """Suppresses the address of this key (`rules.address_key`); an older reason among `instead_of` gives way."""
    session.execute(
        insert_into(session, Suppression)
        .values({"address_key": key, "reason": reason, "since": now})
        .on_conflict_do_update(
            index_elements=["address_key"],
            set_={"reason": reason, "since": now},
            where=Suppression.reason.in_(instead_of),
        )
    )


def end_subscription(
    session: WriteSession, public_name: bytes, reason: EndReason, now: datetime
) -> Left | None:
    """Ends the subscription that links call `public_name`; once it has ended, nothing changes any more.

    Of several calls at once exactly one gets `has_changed`. None: there is no such subscription.
    """
    public_name = name_in_force(session, public_name)
    ended = session.execute(
        sa.update(Subscription)
        .where(Subscription.public_name == public_name, Subscription.state != SubscriptionState.ENDED)
        .values(state=SubscriptionState.ENDED, end_reason=reason, ended_at=now)
        .returning(Subscription.id)
    ).all()
    row = session.execute(
        sa.select(MailingList.names, Subscriber.languages)
        .join(Subscription, Subscription.list_id == MailingList.id)
        .join(Subscriber, Subscription.subscriber_id == Subscriber.id)
        .where(Subscription.public_name == public_name)
    ).one_or_none()
    return None if row is None else Left(*row, has_changed=bool(ended))


def _apply_terms(mailing_list: MailingList, terms: ListTerms) -> None:
    if terms.is_public is not None:
        mailing_list.is_public = terms.is_public
    if terms.opt_in is not None:
        mailing_list.opt_in = terms.opt_in
    if terms.sends_welcome is not None:
        mailing_list.sends_welcome = terms.sends_welcome
    if terms.cadences:
        mailing_list.cadences = _merged(mailing_list.cadences, terms.cadences, "cadence", 100)
    if terms.consent_texts:
        mailing_list.consent_texts = _merged(
            mailing_list.consent_texts, terms.consent_texts, "consent text", 2000
        )
    if terms.legal_basis is not None:
        mailing_list.legal_basis = _one_line(terms.legal_basis, "legal basis") or "consent"


def _merged(
    old: Mapping[str, str] | None, new: Mapping[str, str], what: str, length_max: int
) -> dict[str, str]:
    lines = {normalise_tag(tag): _one_line(text, f"{what} ({tag})", length_max) for tag, text in new.items()}
    return {tag: line for tag, line in {**(old or {}), **lines}.items() if line}


def _sender_address(text: str, what: str) -> str:
    # A host without a dot ("newsletter@localhost") is no reader's address, but a sender's on one's own machine.
    alone = _HOST_ALONE.match(text.strip())
    try:
        if alone:
            parse_address(f"{alone[1]}@example.org")
            return f"{alone[1]}@{alone[2].lower()}"
        return parse_address(text)
    except AddressRefused as error:
        raise ListRefused(
            f"“{text[:80]}” cannot be the {what} address: {error.reason}. Give one like letter@example.org."
        ) from error


def _texts(by_language: Mapping[str, str], what: str, length_max: int = _NAME_LENGTH_MAX) -> dict[str, str]:
    return {
        normalise_tag(language): line
        for language, text in by_language.items()
        if (line := _one_line(text, f"{what} ({language})", length_max))
    }


def _one_line(text: str, what: str, length_max: int = _NAME_LENGTH_MAX) -> str:
    """The text with every run of white space and control characters as one space (threat T4)."""
    line = re.sub(r"[\x00-\x20\x7f-\x9f\u2028\u2029]+", " ", text).strip()
    if len(line) > length_max:
        raise ListRefused(f"The list's {what} is longer than {length_max} characters; shorten it.")
    return line
