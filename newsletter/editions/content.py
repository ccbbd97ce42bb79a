"""From an edition with its announcements to the content of each variant: pure, and before any rendering."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from newsletter.announcements.models import Announcement, AnnouncementPicture, Translation
from newsletter.announcements.queries import EXTENSIONS
from newsletter.editions.choosing import choice_for, choice_of, texts_of
from newsletter.editions.masthead import Masthead
from newsletter.editions.models import Edition, EditionItem, EditionText, Fallback, Section
from newsletter.editions.rules import (
    Blocked,
    Choice,
    languages_of,
    shorten_repeated,
    variants_of,
)
from newsletter.foundation.language import language_name
from newsletter.foundation.texts import texts
from newsletter.rendering.content import (
    Action,
    EditionContent,
    Item,
    LanguageLink,
    LanguagePart,
    Picture,
    SectionPart,
)

_NOTHING_IN = "nothing is in %(name)s; add a text, or freeze without it (--without %(tag)s)"
_SUBJECT_TITLE_LENGTH = 70
_PREHEADER_LENGTH = 140


@dataclass(frozen=True, slots=True)
class Words:
    """A subject and a preheader made from the items."""

    subject: str
    preheader: str


@dataclass(frozen=True, slots=True)
class EditionWords:
    """The words of an edition itself in one language, derived ones as they are by now."""

    subject: str
    preheader: str
    intro: str


@dataclass(frozen=True, slots=True)
class Blocker:
    """What stands in the way of freezing one language, as a line for people."""

    language: str
    message: str


@dataclass(frozen=True, slots=True)
class Gathered:
    """The contents of every variant, and what blocks freezing the languages of the edition."""

    contents: tuple[EditionContent, ...]
    blocking: tuple[Blocker, ...]


def derived_words(
    language: str,
    list_name: str,
    issue_number: int,
    announcements: Sequence[Announcement],
    fallback: Fallback,
    languages: Sequence[str],
) -> Words:
    """A subject ("La lettre, n° 3 : the first title") and a preheader (the next titles) for one language.

    Titles in the language come first, so that a subject is in another language only where nothing else is there.
    """
    choices = [(item, choice_of(item, fallback, language, languages)) for item in announcements]
    shown = [(item, choice) for item, choice in choices if isinstance(choice, Choice)]
    shown.sort(key=lambda pair: pair[1].language != language)
    titles = [texts_of(item)[choice.language].title for item, choice in shown]
    t = texts(language).gettext
    if not titles:
        return Words(t("%(list)s, no. %(number)s") % {"list": list_name, "number": issue_number}, "")
    subject = t("%(list)s, no. %(number)s: %(title)s") % {
        "list": list_name,
        "number": issue_number,
        "title": _cut(titles[0], _SUBJECT_TITLE_LENGTH),
    }
    return Words(subject, _cut(" · ".join(titles[1:]) or titles[0], _PREHEADER_LENGTH))


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
    words = {text.language: _edition_words(edition, masthead, text) for text in edition.texts}
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
            blocking.append(
                Blocker(language, _NOTHING_IN % {"name": language_name(language, "en"), "tag": language})
            )
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


def _edition_words(edition: Edition, masthead: Masthead, text: EditionText) -> EditionWords:
    """What an editor wrote, and for the rest what the items give by now: a translation may have come since."""
    language = text.language
    items = [
        entry.announcement
        for section in edition.sections
        for entry in section.items
        if not entry.only_languages or language in entry.only_languages
    ]
    derived = derived_words(
        language,
        masthead.list_name(language),
        edition.issue_number,
        items,
        edition.fallback,
        edition.languages,
    )
    return EditionWords(
        subject=derived.subject if text.is_subject_derived else text.subject,
        preheader=derived.preheader if text.is_preheader_derived else text.preheader,
        intro=text.intro,
    )


def _missing_words(language: str, text: EditionWords | None) -> list[Blocker]:
    """Subject and preheader always block: nothing may stand in for them."""
    name = language_name(language, "en")
    missing = []
    if text is None or not text.subject.strip():
        missing.append(Blocker(language, f"the {name} subject is missing"))
    if text is None or not text.preheader.strip():
        missing.append(Blocker(language, f"the {name} preheader is missing"))
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
            sections.append(SectionPart(_title_of(section, language), items))
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
    )


def _title_of(section: Section, language: str) -> str:
    return section.titles.get(language, "")


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
        name = language_name(language, "en")
        message = f"announcement {announcement.id} (“{_cut(title, 60)}”) has no {name} text"
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
        picture=_picture(announcement.pictures, masthead, choice.language),
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


def _picture(pictures: Sequence[AnnouncementPicture], masthead: Masthead, language: str) -> Picture | None:
    """The first picture, with its words in the language of the text beside it."""
    if not pictures:
        return None
    first = pictures[0]
    file_name = f"{first.sha256}.{EXTENSIONS[first.picture.content_type]}"
    alt = first.alt_texts.get(language, "")
    return Picture(masthead.picture_url(file_name), alt, first.picture.width, first.picture.height)


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


def _cut(text: str, length: int) -> str:
    """`text`, or as many whole words of it as fit into `length` characters with an ellipsis."""
    text = " ".join(text.split(" "))
    if len(text) <= length:
        return text
    return text[: length - 1].rsplit(" ", 1)[0].rstrip(" ,;:.–-") + "…"
