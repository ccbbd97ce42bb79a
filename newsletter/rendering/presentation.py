"""Content as a theme's templates see it: cleaned, typeset, Markdown turned, the system's words chosen, fields guarded."""

from collections.abc import Iterator
from functools import partial
from itertools import count
from urllib.parse import quote

from markupsafe import Markup

from newsletter.foundation.language import base_language, direction, language_name, own_name
from newsletter.foundation.texts import has_texts, texts
from newsletter.rendering.colours import DEFAULT_ACCENT, palette, parse_colour
from newsletter.rendering.content import EditionContent, Item, ItemForm, LanguageLink, LanguagePart, Picture
from newsletter.rendering.dates import date_pieces, full_date, long_date
from newsletter.rendering.fields import (
    UNSUBSCRIBE,
    clean,
    greeting,
    literal,
    put_back,
    put_back_html,
    set_aside,
)
from newsletter.rendering.markdown import is_safe_url, opening_words, to_text, to_xhtml
from newsletter.rendering.shown import (
    RichText,
    ShownDate,
    ShownItem,
    ShownLanguage,
    ShownLetter,
    ShownLink,
    ShownPart,
    ShownPicture,
    ShownSection,
)
from newsletter.rendering.teaser import first_sentences
from newsletter.rendering.typography import typeset

_TEASER_LENGTH = 260  # characters
_SHORT_LENGTH = 340  # characters: a text that is no longer is shown whole where others have a teaser


def present(content: EditionContent) -> ShownLetter:
    """The letter for the templates. Nothing is checked here: see content_checks.py."""
    language = content.language
    parts = tuple(_part(content, part, index) for index, part in enumerate(content.parts))
    branding = content.branding
    return ShownLetter(
        language=language,
        direction=direction(language),
        subject=" | ".join(with_fields(part.subject, part.language) for part in content.parts),
        preheader=with_fields(content.preheader, language),
        issue_number=content.issue_number,
        parts=parts,
        view_url=_url(content.view_url),
        versions=tuple(_version(link) for link in content.other_languages if is_safe_url(link.url)),
        unsubscribe_url=str(UNSUBSCRIBE),
        organisation=_plain(branding.organisation, language),
        address_lines=tuple(
            _plain(line, language) for line in clean(branding.postal_address).split("\n") if line.strip()
        ),
        logo_url=_url(branding.logo_url),
        website=_url(branding.website),
        palette=palette(parse_colour(branding.accent) or DEFAULT_ACCENT),
    )


def with_fields(text: str, language: str) -> str:
    """A line in which merge fields count (subject, preheader), typeset and on one line."""
    return put_back(typeset(set_aside(_one_line(text)), language))


def _part(content: EditionContent, part: LanguagePart, index: int) -> ShownPart:
    level = index + 1  # the first part's heading is the mail's one h1; a second part hangs below it
    title = part.heading.strip() or part.list_name
    t = texts(part.language).gettext
    words = _language_of_words(part.language)
    pointer = t("The {language} text follows below.") if index else t("The {language} text stands above.")
    return ShownPart(
        language=part.language,
        direction=direction(part.language),
        side=_side(part.language),
        t=t,
        words=_shown_language(words),
        is_first=index == 0,
        heading=f"h{level}",
        list_name=_plain(part.list_name, part.language),
        title=_plain(title, part.language),
        date=long_date(content.published_on, part.language),
        greeting=str(greeting(part.language)),
        intro=_rich(part.intro, part.language, level + 1),
        reason=_plain(part.reason, part.reason_language or part.language),
        reason_in=_shown_language(part.reason_language or part.language),
        preferences_url=_url(part.preferences_url),
        sections=tuple(_sections(content, part, level + 1)),
        read_online=t("Read online"),
        pointer=pointer.format(language=language_name(part.language, words)),
        page_url=_page_url(content, part.language, is_first=index == 0),
    )


def _page_url(content: EditionContent, language: str, *, is_first: bool) -> str:
    if is_first:
        return _url(content.view_url)
    return next((_url(link.url) for link in content.other_languages if link.language == language), "")


def _sections(content: EditionContent, part: LanguagePart, level: int) -> Iterator[ShownSection]:
    numbers = count(1)
    own_pages = {content.view_url, *(link.url for link in content.other_languages)}
    lead = next(
        (item for section in part.sections for item in section.items if item.form is not ItemForm.SUMMARY),
        None,
    )
    for section in part.sections:
        title = _plain(section.title, part.language)
        item_level = level + 1 if title else level
        show = partial(_item, part=part, level=item_level, own_pages=own_pages, view_url=content.view_url)
        items = tuple(show(item, number=next(numbers), is_lead=item is lead) for item in section.items)
        yield ShownSection(title, f"h{level}", items)


def _item(
    item: Item,
    *,
    part: LanguagePart,
    level: int,
    number: int,
    is_lead: bool,
    own_pages: set[str],
    view_url: str,
) -> ShownItem:
    language = item.language
    is_summary = item.form is ItemForm.SUMMARY
    happens_on = None if is_summary else item.happens_on
    body = _rich("" if is_summary else item.body, language, level + 1)
    teaser = "" if is_summary else _teaser(item)
    action = item.action if item.action and not is_summary and is_safe_url(item.action.url) else None
    return ShownItem(
        key=literal(item.key),
        number=number,
        language=language,
        direction=direction(language),
        side=_side(language),
        heading=f"h{level}",
        is_lead=is_lead,
        mark=_mark(language, part.language),
        topic=_plain(item.topic, part.language),
        title=_plain(item.title, language),
        title_url=_url(item.read_url) if is_summary else "",
        when=full_date(happens_on, part.language) if happens_on else "",
        happens=ShownDate(*date_pieces(happens_on, part.language)) if happens_on else None,
        summary="" if is_summary else _plain(item.summary, language),
        body=body,
        teaser=teaser,
        is_shortened=not is_summary and len(item.summary) + len(body.text) > _SHORT_LENGTH,
        read_on=_read_on(item, own_pages, view_url),
        picture=None if is_summary else _picture(item.picture, language),
        action=ShownLink(_plain(action.label, language), _url(action.url), language) if action else None,
    )


def _teaser(item: Item) -> str:
    """The summary, else the first sentences of the body; merge fields in it are fields still."""
    if item.summary.strip():
        return _plain(item.summary, item.language)
    source = typeset(set_aside(clean(item.body)), item.language)
    return put_back(first_sentences(opening_words(source), _TEASER_LENGTH))


def _read_on(item: Item, own_pages: set[str], view_url: str) -> ShownLink:
    """Where all of the item can be read; on a page of this edition at the item itself."""
    url = item.read_url if is_safe_url(item.read_url) else view_url
    place = f"#{quote(item.key)}" if url in own_pages or url == view_url else ""
    language = _language_of_words(item.language)
    return ShownLink(texts(language).gettext("Read on"), _url(url) + place, language)


def _picture(picture: Picture | None, language: str) -> ShownPicture | None:
    if picture is None or not is_safe_url(picture.url):
        return None
    alt = _plain(picture.alt, language)
    return ShownPicture(_url(picture.url), alt, max(picture.width, 1), max(picture.height, 1))


def _mark(language: str, part_language: str) -> str:
    """What tells that an item is in another language than its part: "En anglais"; "" where it is not."""
    if base_language(language) == base_language(part_language):
        return ""
    name = language_name(language, _language_of_words(part_language))
    return texts(part_language).gettext("In {language}").format(language=name)


def _version(link: LanguageLink) -> ShownLink:
    label = own_name(link.language)
    if has_texts(link.language):
        label = texts(link.language).pgettext("what each language calls its own version", "English version")
    return ShownLink(label, _url(link.url), link.language, direction(link.language))


def _rich(markdown: str, language: str, heading_level: int) -> RichText:
    source = typeset(set_aside(clean(markdown)), language)
    html = put_back_html(to_xhtml(source, heading_level))
    return RichText(Markup(html), put_back(to_text(source)))  # noqa: S704 – cleaned by to_xhtml


def _plain(text: str, language: str) -> str:
    """A line of an editor in which `[[` means nothing."""
    return literal(typeset(_one_line(text), language))


def _one_line(text: str) -> str:
    return " ".join(part for part in clean(text).replace("\t", " ").replace("\n", " ").split(" ") if part)


def _url(url: str) -> str:
    url = clean(url).strip()
    return literal(url) if is_safe_url(url) else ""


def _language_of_words(language: str) -> str:
    """The language of the system's words in a part: its own, else English."""
    return language if has_texts(language) else "en"


def _shown_language(language: str) -> ShownLanguage:
    return ShownLanguage(language, direction(language))


def _side(language: str) -> str:
    return "right" if direction(language) == "rtl" else "left"
