"""Plain functions that put announcements, lists, readers and editions into a database."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from newsletter.announcements.models import (
    Announcement,
    AnnouncementPicture,
    Picture,
    Translation,
    TranslationState,
)
from newsletter.audience.models import (
    EndReason,
    LanguageOrigin,
    MailingList,
    Subscriber,
    Subscription,
    SubscriptionState,
)
from newsletter.audience.rules import address_key
from newsletter.editions.actions import EditionPlan, create_edition
from newsletter.editions.masthead import Masthead
from newsletter.editions.models import Edition, EditionMode, Fallback
from newsletter.foundation.database import Database, WriteSession
from newsletter.foundation.signing import Keyring
from newsletter.rendering.content import Branding

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
KEYRING_SECRET = "a secret of the tests that is long enough to be one"
TITLES = {"fr": "Le café répare-tout ouvre", "en": "The repair café opens", "nl": "Het herstelcafé gaat open"}
BODIES = {
    "fr": "Venez samedi à 14 h avec ce qui ne marche plus.",
    "en": "Come on Saturday at 2 pm with whatever stopped working.",
    "nl": "Kom zaterdag om 14 uur met wat het niet meer doet.",
}
LIST_NAMES = {"fr": "La lettre du canal", "en": "The Canal Letter"}


def an_announcement(
    session: WriteSession,
    languages: Sequence[str] = ("fr", "en"),
    *,
    title: str = "",
    not_applicable: Sequence[str] = (),
    has_picture: bool = False,
    happens_on: date | None = None,
) -> Announcement:
    """An announcement with a text in each language; `title` is put before each title to tell several apart."""
    number = session.query(Announcement).count() + 1
    announcement = Announcement(
        source_language=languages[0],
        source_key=hashlib.sha256(f"{number}{title}".encode()).hexdigest(),
        source_name="builder",
        happens_on=happens_on,
        created_at=NOW,
        translations=[
            *(
                Translation(
                    language=tag,
                    state=TranslationState.DRAFT,
                    title=f"{title}{TITLES[tag]}",
                    body=BODIES[tag],
                    updated_at=NOW,
                )
                for tag in languages
            ),
            *(
                Translation(language=tag, state=TranslationState.NOT_APPLICABLE, title="", updated_at=NOW)
                for tag in not_applicable
            ),
        ],
    )
    if has_picture:
        picture = Picture(sha256="a" * 64, content_type="image/png", width=1200, height=600, data=b"\x89PNG")
        session.merge(picture)
        session.flush()
        announcement.pictures = [AnnouncementPicture(position=0, sha256=picture.sha256)]
        for text in announcement.translations:
            text.alt_texts = {"0": {"fr": "Un grille-pain", "en": "A toaster"}.get(text.language, "")}
    session.add(announcement)
    session.flush()
    return announcement


def a_list(
    session: WriteSession, slug: str = "letter", *, names: Mapping[str, str] = LIST_NAMES
) -> MailingList:
    """A mailing list."""
    mailing_list = MailingList(
        slug=slug,
        names=dict(names),
        sender_address="letter@canal.example",
        list_id=f"{slug}.canal.example",
        created_at=NOW,
    )
    session.add(mailing_list)
    session.flush()
    return mailing_list


def a_reader(
    session: WriteSession,
    keyring: Keyring,
    mailing_list: MailingList,
    address: str = "marie@example.org",
    languages: Sequence[str] = ("fr",),
    *,
    reads_both: bool = False,
    first_name: str = "",
    name: str = "",
    state: SubscriptionState = SubscriptionState.ACTIVE,
    end_reason: EndReason | None = None,
    number: int | None = None,
) -> Subscription:
    """A subscriber of a list, with the next number or this one; the subscription."""
    subscriber = Subscriber(
        id=number,
        address=address,
        address_lower=address.lower(),
        address_key=address_key(keyring, address),
        name=name,
        first_name=first_name,
        languages=tuple(languages),
        language_origin=LanguageOrigin.IMPORT,
        reads_both=reads_both,
        created_at=NOW,
        updated_at=NOW,
    )
    subscription = Subscription(
        list_id=mailing_list.id, subscriber=subscriber, state=state, end_reason=end_reason, since=NOW
    )
    session.add_all([subscriber, subscription])
    session.flush()
    return subscription


def many_readers(
    session: WriteSession, keyring: Keyring, mailing_list: MailingList, addresses: Sequence[str]
) -> list[Subscription]:
    """Active readers of a list who read French, written in one go; their subscriptions."""
    subscriptions = [
        Subscription(
            list_id=mailing_list.id,
            subscriber=Subscriber(
                address=address,
                address_lower=address.lower(),
                address_key=address_key(keyring, address),
                languages=("fr",),
                language_origin=LanguageOrigin.IMPORT,
                created_at=NOW,
                updated_at=NOW,
            ),
            state=SubscriptionState.ACTIVE,
            since=NOW,
        )
        for address in addresses
    ]
    session.add_all(subscriptions)
    session.flush()
    return subscriptions


def a_masthead(mailing_list: MailingList, base_url: str = "https://news.canal.example") -> Masthead:
    """The masthead of a list."""
    return Masthead(
        list_id=mailing_list.id,
        list_names=mailing_list.names,
        branding=Branding("Canal Gardens", "Quai du Hainaut 23, 1080 Brussels"),
        theme="letter",
        base_url=base_url,
        zone=ZoneInfo("Europe/Brussels"),
    )


def an_edition(
    session: WriteSession,
    mailing_list: MailingList,
    announcements: Sequence[Announcement],
    *,
    languages: Sequence[str] = ("fr", "en"),
    mode: EditionMode = EditionMode.SEPARATE,
    fallback: Fallback = Fallback.LABEL,
    subjects: Mapping[str, str] | None = None,
    intros: Mapping[str, str] | None = None,
) -> Edition:
    """The next edition of a list."""
    plan = EditionPlan(
        languages=tuple(languages),
        mode=mode,
        fallback=fallback,
        announcement_ids=tuple(item.id for item in announcements),
        subjects=subjects or {},
        preheaders={},
        intros=intros or {},
    )
    return create_edition(session, plan, a_masthead(mailing_list), NOW)


def a_frozen_edition(db: Database, mailing_list_slug: str = "letter", **plan: object) -> tuple[int, int]:
    """A list with a frozen edition of two announcements: the numbers of list and edition."""
    from newsletter.editions.freezing import freeze_now

    with db.transaction() as session:
        mailing_list = a_list(session, mailing_list_slug)
        announcements = [an_announcement(session), an_announcement(session, ["fr"], title="Aussi : ")]
        edition_id = an_edition(session, mailing_list, announcements, **plan).id  # type: ignore[arg-type]
        masthead, list_id = a_masthead(mailing_list), mailing_list.id
    freeze_now(db, edition_id, masthead, NOW)
    return list_id, edition_id
