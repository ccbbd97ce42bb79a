"""A person's story in words, in her language: chapters of records of lines, for a page or a file."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo

from newsletter.audience.consent.models import ConsentEvent
from newsletter.audience.models import SubscriptionState, SuppressionReason
from newsletter.audience.sign_up.words import name_in
from newsletter.foundation.language import language_name
from newsletter.foundation.texts import texts
from newsletter.mailing.models import DeliveryState
from newsletter.mailing.of_person import MailDelivered
from newsletter.notices.moments import moment_in_words
from newsletter.privacy.story import ConsentTold, SignUpTold, Story, SubscriptionTold


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that is kept: what it is, and its value."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Record:
    """Lines that belong together, under a heading ("" for none)."""

    heading: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Chapter:
    """Everything of one kind; `empty` says that there is nothing where there are no records.

    `note` says where more stands, "" where this is all.
    """

    heading: str
    records: tuple[Record, ...]
    empty: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Teller:
    language: str
    zone: tzinfo

    def moment(self, moment: datetime | None) -> str:
        """A moment in words, "" for none."""
        return moment_in_words(moment, self.zone, self.language) if moment else ""

    def tongues(self, tags: Iterable[str]) -> str:
        """The names of languages."""
        return ", ".join(language_name(tag, self.language) for tag in tags)


def chapters_of(
    story: Story, language: str, zone: tzinfo, mails_max: int | None = None
) -> tuple[Chapter, ...]:
    """The story told in `language`, moments in `zone`; what is empty is left out, chapters are not.

    With `mails_max` only so many of the newest mails, so that a page stays small; the file for programs has all.
    """
    teller = _Teller(language, zone)
    t = texts(language).gettext
    mails = story.mails if mails_max is None else story.mails[-mails_max:]
    return (
        Chapter(t("About you"), (_person(teller, story),), ""),
        Chapter(
            t("Your newsletters"),
            tuple(_subscription(teller, item) for item in story.subscriptions),
            t("You are on no list."),
        ),
        Chapter(
            t("Forms that were sent with your address"),
            tuple(_sign_up(teller, item) for item in story.sign_ups),
            t("We keep none."),
        ),
        Chapter(
            t("Mails that we sent you"),
            tuple(_mail(teller, item) for item in mails),
            t("There are none."),
            "" if len(mails) == len(story.mails) else t("The newest of them; the file for programs has all."),
        ),
        Chapter(
            t("Mails that came from you"),
            tuple(
                Record(
                    item.subject,
                    _lines((t("Read"), teller.moment(item.read_at)), (t("Text"), item.text)),
                )
                for item in story.inbound
            ),
            t("We keep none."),
        ),
    )


def _lines(*pairs: tuple[str, str]) -> tuple[Line, ...]:
    return tuple(Line(label, value) for label, value in pairs if value)


def _person(teller: _Teller, story: Story) -> Record:
    t = texts(teller.language).gettext
    origins = {
        "explicit": t("you chose them yourself"),
        "form": t("from the form with which you signed up"),
        "import": t("from a file of the organisation"),
        "guess": t("nobody told us"),
    }
    reasons = {
        SuppressionReason.BOUNCED: t("your mail server said that the mailbox does not exist"),
        SuppressionReason.COMPLAINED: t("a mail of ours was reported as unwanted"),
        SuppressionReason.REQUESTED: t("you asked never to be written to"),
        SuppressionReason.IMPORTED: t("the organisation listed the address"),
        SuppressionReason.ERASED: t("you asked to be forgotten"),
    }
    suppressed = story.suppression
    pairs = [
        (t("E-mail address"), story.address),
        (t("First name"), story.first_name),
        (t("Name"), story.name),
        (t("Languages"), teller.tongues(story.languages)),
        (t("How we know them"), origins.get(story.language_origin, "")),
        (t("Two languages in one mail"), t("yes") if story.reads_both else ""),
        *((str(key), str(value)) for key, value in sorted(story.attributes.items())),
        (t("No mails before"), teller.moment(story.paused_until)),
        (t("Known here since"), teller.moment(story.known_since)),
        (t("Last changed"), teller.moment(story.changed_at)),
        (t("Never written to, because"), reasons[suppressed.reason] if suppressed else ""),
        (t("Never written to since"), teller.moment(suppressed.since) if suppressed else ""),
    ]
    pairs += [(t("Another spelling of your address"), address) for address in story.other_addresses]
    pairs += [
        (t("Link to your preferences, mailed"), teller.moment(link.made_at))
        for link in story.preferences_links
    ]
    return Record("", _lines(*pairs))


def _subscription(teller: _Teller, item: SubscriptionTold) -> Record:
    t = texts(teller.language).gettext
    states = {
        SubscriptionState.PENDING: t("asked for, not confirmed"),
        SubscriptionState.ACTIVE: t("you receive it"),
        SubscriptionState.ENDED: t("you do not receive it any more"),
    }
    pairs = [
        (t("State"), states[item.state]),
        (t("Since"), teller.moment(item.since)),
        (t("Ended"), teller.moment(item.ended_at)),
        (t("On what grounds"), item.consent_basis),
    ]
    pairs += [pair for consent in item.consents for pair in _consent(teller, consent)]
    return Record(name_in(item.names, teller.language)[0] or item.list, _lines(*pairs))


def _consent(teller: _Teller, item: ConsentTold) -> list[tuple[str, str]]:
    t = texts(teller.language).gettext
    events = {
        ConsentEvent.REQUESTED: t("Asked for by form"),
        ConsentEvent.CONFIRMED: t("Confirmed by you"),
        ConsentEvent.DECLINED: t("Refused by you"),
        ConsentEvent.IMPORTED: t("Came from a file"),
        ConsentEvent.WITHDRAWN: t("Left by you"),
    }
    return [
        (events[item.event], teller.moment(item.at)),
        (t("What was shown"), item.shown_text),
        (t("On what grounds"), item.basis if item.event is ConsentEvent.IMPORTED else ""),
        (t("On the page"), item.form_url),
        (t("From the network address"), item.ip),
        (t("With the browser"), item.user_agent),
        (t("Mail that asked for it"), item.message_id),
    ]


def _sign_up(teller: _Teller, item: SignUpTold) -> Record:
    t = texts(teller.language).gettext
    return Record(
        teller.moment(item.requested_at),
        _lines(
            (t("E-mail address"), item.address),
            (t("Name"), item.name),
            (t("Languages"), teller.tongues(item.languages)),
            (t("Newsletters"), ", ".join(item.lists)),
            (t("On the page"), item.form_url),
            (t("From the network address"), item.ip),
            (t("With the browser"), item.user_agent),
            (t("Mail that asked for it"), item.message_id),
            (t("Confirmed by you"), teller.moment(item.confirmed_at)),
            (t("Refused by you"), teller.moment(item.declined_at)),
        ),
    )


def _mail(teller: _Teller, item: MailDelivered) -> Record:
    t = texts(teller.language).gettext
    states = {
        DeliveryState.ACCEPTED: t("handed to your mail server"),
        DeliveryState.REJECTED: t("refused by your mail server"),
        DeliveryState.SKIPPED: t("not sent"),
        DeliveryState.IN_DOUBT: t("handed over; whether it arrived is not known"),
        DeliveryState.GIVEN_UP: t("given up, because your mail server was not ready for days"),
    }
    words = states.get(item.state, t("on its way"))
    return Record(
        item.subject or f"{item.list}, {item.issue_number}",
        _lines(
            (t("What became of it"), words),
            (t("When"), teller.moment(item.changed_at)),
            (t("Your mail server said"), item.reply_text),
        ),
    )
