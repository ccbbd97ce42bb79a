"""From an edition with its announcements to the content of each variant: pure, and before any rendering."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from newsletter.announcements.models import AnnouncementPicture, Translation
from newsletter.announcements.queries import EXTENSIONS
from newsletter.editions.checks.places import EDITION, Place
from newsletter.editions.choosing import choice_for, texts_of
from newsletter.editions.masthead import Masthead
from newsletter.editions.models import Edition, EditionItem, Section
from newsletter.editions.own_words import EditionWords, edition_words, shortened
from newsletter.editions.rules import (
    Blocked,
    Choice,
    languages_of,
    shorten_repeated,
    variants_of,
)
from newsletter.foundation.sayings import LanguageName, Saying, saying
from newsletter.foundation.texts import has_texts, texts
from newsletter.rendering.content import (
    Action,
    EditionContent,
    Item,
    LanguageLink,
    LanguagePart,
    Picture,
    SectionPart,
)

_NOTHING_IN = saying("Nothing is in {language}; add a text, or freeze without it (--without {tag}).")
_NO_SUBJECT = saying("The {language} subject is missing.")
_NO_PREHEADER = saying("The {language} preheader is missing.")


@dataclass(frozen=True, slots=True)
class Blocker:
    """What stands in the way of freezing one language."""

    language: str
    message: Saying
    where: Place = EDITION
    code: str = "missing-text"


@dataclass(frozen=True, slots=True)
class Gathered:
    """The contents of every variant, and what blocks freezing the languages of the edition."""

    contents: tuple[EditionContent, ...]
    blocking: tuple[Blocker, ...]


def gather(
    edition: Edition,
    masthead: Masthead,
    now: datetime,
    without: Collection[str] = (),
    hosted: Collection[str] | None = None,
) -> Gathered:
    """The content of each variant of a whole edition (`queries.edition_by_id`), and what stands in the way.

    `without` names languages that the edition is to do without; `hosted` those that links may lead to (None: all).
    """
    blocking: list[Blocker] = []
    words = {text.language: edition_words(edition, masthead, text) for text in edition.texts}
    left_out = {*edition.left_out_languages, *without}
    wanted = [tag for tag in edition.languages if tag not in left_out]
    linked = [tag for tag in wanted if hosted is None or tag in hosted]
    parts: dict[str, LanguagePart] = {}
    for language in wanted:
        part = _part(edition, masthead, language, words.get(language), linked, blocking)
        if part.sections:
            parts[language] = part
            blocking += _missing_words(language, words.get(language))
        else:
            blocking.append(Blocker(language, _NOTHING_IN.of(language=LanguageName(language), tag=language)))
    shown = [tag for tag in wanted if tag in parts]
    contents = tuple(
        _content(edition, masthead, variant, parts, words, linked, now)
        for variant in variants_of(shown, edition.mode)
    )
    return Gathered(contents, tuple(blocking))


def _content(
    edition: Edition,
    masthead: Masthead,
    variant: str,
    parts: Mapping[str, LanguagePart],
    words: Mapping[str, EditionWords],
    linked: Sequence[str],
    now: datetime,
) -> EditionContent:
    tags = languages_of(variant)
    return EditionContent(
        variant=variant,
        preheader=words[tags[0]].preheader if tags[0] in words else "",
        issue_number=edition.issue_number,
        published_on=now.astimezone(masthead.zone).date(),
        parts=tuple(_without_repeats(parts[tag], tags) for tag in tags),
        view_url=masthead.hosted_url(tags[0], edition.public_name),
        other_languages=tuple(
            LanguageLink(tag, masthead.hosted_url(tag, edition.public_name))
            for tag in linked
            if tag != tags[0]
        ),
        branding=masthead.branding,
    )


def _missing_words(language: str, text: EditionWords | None) -> list[Blocker]:
    """Subject and preheader always block: nothing may stand in for them."""
    name = LanguageName(language)
    missing = []
    if text is None or not text.subject.strip():
        missing.append(Blocker(language, _NO_SUBJECT.of(language=name)))
    if text is None or not text.preheader.strip():
        missing.append(Blocker(language, _NO_PREHEADER.of(language=name)))
    return missing


def _part(
    edition: Edition,
    masthead: Masthead,
    language: str,
    text: EditionWords | None,
    linked: Sequence[str],
    blocking: list[Blocker],
) -> LanguagePart:
    sections = []
    for section in edition.sections:
        items = tuple(
            item
            for entry in section.items
            if (item := _item(edition, masthead, entry, language, linked, blocking)) is not None
        )
        if items:
            sections.append(SectionPart(_title_of(edition, section, language), items))
    t = texts(language).gettext
    list_name = masthead.list_name(language)
    return LanguagePart(
        language=language,
        subject=text.subject if text else "",
        list_name=list_name,
        heading=list_name,
        intro=text.intro if text else "",
        reason=t("You receive “%(list)s” because you subscribed to it.") % {"list": list_name},
        sections=tuple(sections),
        reason_language="" if has_texts(language) else "en",
        preferences_url=masthead.preferences_url(language, edition.languages),
    )


def _title_of(edition: Edition, section: Section, language: str) -> str:
    text = next((text for text in edition.texts if text.language == language), None)
    return text.section_titles.get(str(section.id), "") if text else ""


def _item(
    edition: Edition,
    masthead: Masthead,
    entry: EditionItem,
    language: str,
    linked: Sequence[str],
    blocking: list[Blocker],
) -> Item | None:
    announcement = entry.announcement
    choice = choice_for(entry, edition, language)
    if isinstance(choice, Blocked):
        title = next(iter(texts_of(announcement).values())).title if texts_of(announcement) else ""
        message = saying(
            "Announcement {number} (“{title}”) has no {language} text.",
            number=announcement.id,
            title=shortened(title, 60),
            language=LanguageName(language),
        )
        blocking.append(Blocker(language, message))
        return None
    if choice is None:
        return None
    text = texts_of(announcement)[choice.language]
    return Item(
        key=f"announcement-{announcement.id}",
        language=choice.language,
        form=choice.form,
        title=text.title,
        summary=text.summary,
        body=text.body,
        picture=_picture(announcement.pictures, masthead, text),
        action=Action(text.cta_label, text.cta_url) if text.cta_label and text.cta_url else None,
        read_url=_read_url(edition, masthead, text, linked),
        happens_on=announcement.happens_on,
        topic=announcement.topic,
    )


def _read_url(edition: Edition, masthead: Masthead, text: Translation, linked: Sequence[str]) -> str:
    """Where an item that is only announced can be read: this edition on the web, else its own link."""
    if text.language in linked:
        return masthead.hosted_url(text.language, edition.public_name)
    return text.cta_url


def _picture(
    pictures: Sequence[AnnouncementPicture], masthead: Masthead, text: Translation
) -> Picture | None:
    """The first picture, with its words in the language of the text beside it."""
    if not pictures:
        return None
    first = pictures[0]
    file_name = f"{first.sha256}.{EXTENSIONS[first.picture.content_type]}"
    return Picture(
        masthead.picture_url(file_name),
        text.alt_text(first.position),
        first.picture.width,
        first.picture.height,
    )


def _without_repeats(part: LanguagePart, languages: Sequence[str]) -> LanguagePart:
    """The part as it stands in a combined mail: what the other part shows whole is only announced."""
    others = [tag for tag in languages if tag != part.language]
    if not others:
        return part
    sections = tuple(
        replace(section, items=tuple(_shortened(item, others) for item in section.items))
        for section in part.sections
    )
    return replace(part, sections=sections)


def _shortened(item: Item, others: Sequence[str]) -> Item:
    form = shorten_repeated(Choice(item.language, item.form), others).form
    return item if form is item.form else replace(item, form=form)
