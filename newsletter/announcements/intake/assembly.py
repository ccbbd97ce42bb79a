"""Posts of one or more sources made into announcements: languages told, pairs joined, pictures fetched."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from newsletter.announcements.intake.draft import (
    DraftAnnouncement,
    DraftPicture,
    DraftText,
    IntakeReport,
    ItemAccount,
    ItemFate,
)
from newsletter.announcements.intake.files import source_key
from newsletter.announcements.intake.html import HTML_MAX, FoundPicture, plain_words, to_markdown
from newsletter.announcements.intake.language import identify_language
from newsletter.announcements.intake.pairing import groups_of
from newsletter.announcements.intake.posts import Post, PostSource, tag_of
from newsletter.announcements.intake.titles import derive_title, plain_text
from newsletter.announcements.intake.web import Web
from newsletter.announcements.remark_kinds import RemarkCode
from newsletter.announcements.remarks import Paragraph, Remark, editorial_remarks, remark
from newsletter.foundation.language import lookup
from newsletter.foundation.merge import fields_with_lines
from newsletter.foundation.texts import has_texts, texts

_TITLE_MAX = 300
_TOPIC_MAX = 100
_REFERENCE_MAX = 200
_SAME_BEGINNING = 40  # characters after which a summary is known to be the text's own beginning
_CUT_OFF = re.compile(r"\s*(?:\[?(?:…|\.\.\.|&hellip;)\]?|Continue reading.*|Lire la suite.*)\s*\Z")
# What WordPress writes under each post of a feed; it is about the site, not part of the text.
_FEED_FOOTER = re.compile(
    r"\n\n[^\n]*(?:appeared first on|est apparu en premier sur|verscheen eerst op|erschien zuerst auf) \[[^\n]*\Z"
)


@dataclass(frozen=True, slots=True)
class _Reading:
    """A post with its words in Markdown, or the reason why it is none; `source` is its source's place."""

    post: Post
    source: int
    text: DraftText | None = None
    pictures: tuple[FoundPicture, ...] = ()
    remarks: tuple[Remark, ...] = ()
    reason: str = ""


def assemble(
    sources: Sequence[PostSource], languages: Sequence[str], language: str | None, web: Web
) -> list[IntakeReport]:
    """One report per source. Posts of different sources may be one announcement; it stands in the report of each.

    `language` is that of posts which name none; None tells it from the text.
    """
    readings = [
        _read(post, place, languages, language)
        for place, source in enumerate(sources)
        for post in source.posts
    ]
    readable = [reading for reading in _without_twins(readings) if reading.text]
    tags = {place: reading.text.language for place, reading in enumerate(readable) if reading.text}
    groups = groups_of([reading.post for reading in readable], tags)
    joined = [
        (_announcement(members, sources, web), members)
        for group in groups
        if (members := sorted((readable[place] for place in group), key=lambda r: _rank(r, languages)))
    ]
    return [_report(place, source, joined, _without_twins(readings)) for place, source in enumerate(sources)]


def _rank(reading: _Reading, languages: Sequence[str]) -> int:
    return list(languages).index(reading.text.language) if reading.text else len(languages)


def _without_twins(readings: Sequence[_Reading]) -> list[_Reading]:
    """The readings, those left out that a source has twice in the same language."""
    seen: dict[tuple[int, str, str], int] = {}
    kept = []
    for reading in readings:
        key = (reading.source, reading.post.identity, reading.text.language if reading.text else "")
        first = seen.setdefault(key, reading.post.number)
        if reading.text and first != reading.post.number:
            reading = replace(reading, text=None, reason=f"the same as number {first}")
        kept.append(reading)
    return kept


def _read(post: Post, source: int, languages: Sequence[str], known: str | None) -> _Reading:
    if len(post.content) + len(post.summary) > HTML_MAX:
        return _Reading(post, source, reason="it is too long for a newsletter")
    main = post.content or post.summary
    converted = to_markdown(main, post.url)
    body = _FEED_FOOTER.sub("", converted.markdown)
    title = _plain(post.title)[:_TITLE_MAX]
    if not any(character.isalnum() for character in title + body):
        return _Reading(post, source, reason="it has neither a title nor a text")
    words = plain_text(body)
    tag, found = _language(post, f"{title}\n{words}", languages, known)
    if not tag:
        return _Reading(post, source, reason=f"its language, {found}, is not one of {', '.join(languages)}")
    paragraphs = [Paragraph(block, 1) for block in body.split("\n\n") if block]
    text = DraftText(
        tag,
        title or derive_title([paragraph.text for paragraph in paragraphs]),
        not title,
        _summary(post, words),
        body,
        *_call_to_action(post.url, tag),
    )
    remarks = [
        *([remark(RemarkCode(found), tag, None, text.title)] if found else []),
        *([] if title else [remark(RemarkCode.DERIVED_TITLE, tag, None, text.title)]),
        *(remark(code, tag, None, about) for code, about in converted.findings),
        *(replace(r, line=None) for r in editorial_remarks(paragraphs, tag)),
    ]
    pictures = tuple(dict.fromkeys((*post.pictures, *converted.pictures)))
    return _Reading(post, source, text, pictures, tuple(remarks))


def _language(post: Post, words: str, languages: Sequence[str], known: str | None) -> tuple[str, str]:
    """The text's language and the code of a remark on it ("" for none); or "" and the language that is not in use."""
    if named := tag_of(post.language):
        return (found, "") if (found := lookup([named], languages)) else ("", named)
    if known:
        return known, ""
    identified = identify_language(words, languages)
    of_source = lookup([tag], languages) if (tag := tag_of(post.source_language)) else None
    if of_source and (identified.is_guess or identified.language == of_source):
        return of_source, ""
    if of_source:
        return identified.language, RemarkCode.LANGUAGE_CORRECTED.value
    return identified.language, RemarkCode.GUESSED_LANGUAGE.value if identified.is_guess else ""


def _plain(text: str) -> str:
    """A text on one line in which nothing is a merge field."""
    text = " ".join(text.split())
    return text.replace("[[", "\\[[") if fields_with_lines(text) else text


def _summary(post: Post, words: str) -> str:
    """The summary, where it is one and not the beginning of the text once more."""
    if not post.content:
        return ""
    summary = _CUT_OFF.sub("", plain_words(post.summary))
    beginning = "".join(character for character in summary if character.isalnum())[:_SAME_BEGINNING]
    text = "".join(character for character in words[: 4 * _SAME_BEGINNING] if character.isalnum())
    return "" if text.startswith(beginning) else _plain(summary)


def _call_to_action(url: str, language: str) -> tuple[str, str]:
    if not url.startswith(("http://", "https://")):
        return "", ""
    if not has_texts(language):
        return urlsplit(url).hostname or url, url  # nobody reads a label in a language that is not hers
    t = texts(language).gettext
    return t("Read the whole text"), url


def _announcement(members: Sequence[_Reading], sources: Sequence[PostSource], web: Web) -> DraftAnnouncement:
    first = members[0]
    drafts = tuple(reading.text for reading in members if reading.text)
    posts = [reading.post for reading in members]
    pictures, picture_remarks = _picture(members, web)
    published_on = next((post.published_on for post in posts if post.published_on), None)
    identity = first.post.identity
    seen = (part for d in drafts for part in (d.language, d.title, d.summary, d.body, d.cta_url))
    shown = [reading.pictures[0].url for reading in members if reading.pictures]
    return DraftAnnouncement(
        source_key=source_key([identity, str(published_on or ""), *seen, *shown]),
        source_name=sources[first.source].name[:500],
        source_language=drafts[0].language,
        texts=drafts,
        topic=next((post.topic for post in posts if post.topic), "")[:_TOPIC_MAX],
        published_on=published_on,
        pictures=pictures,
        remarks=(*(r for reading in members for r in reading.remarks), *picture_remarks),
        reference=_reference(first.post),
        is_reference_given=True,
        links=tuple(dict.fromkeys(post.url for post in posts if post.url)),
    )


def _reference(post: Post) -> str:
    """The name by which it is known again; "" where it has none but its words."""
    name = post.guid or post.url
    return name if len(name) <= _REFERENCE_MAX else source_key([name])


def _picture(members: Sequence[_Reading], web: Web) -> tuple[tuple[DraftPicture, ...], tuple[Remark, ...]]:
    """The first picture that can be had, with each language's words for it; and what is to be said of the others."""
    remarks: list[Remark] = []
    chosen: DraftPicture | None = None
    for reading in members:
        language = reading.text.language if reading.text else ""
        for found in reading.pictures:
            if chosen and reading is not members[0] and found is reading.pictures[0]:
                continue  # the same place in another language: what is shown there is the same thing
            if chosen:
                remarks.append(remark(RemarkCode.FURTHER_PICTURE, language, None, found.url))
                continue
            prepared = web.picture(found.url)
            if isinstance(prepared, str):
                about = f"{prepared} ({found.url.rsplit('/', 1)[-1]})"
                remarks.append(remark(RemarkCode.PICTURE_REFUSED, language, None, about))
                continue
            chosen = DraftPicture(None, prepared.data, tuple(_alt(members, found.url)), prepared)
    if chosen is None:
        return (), tuple(remarks)
    described = {language for language, _ in chosen.alt}
    wanted = [reading.text.language for reading in members if reading.text]
    remarks += [
        remark(RemarkCode.ALT_MISSING, language, None, "") for language in wanted if language not in described
    ]
    return (chosen,), tuple(remarks)


def _alt(members: Sequence[_Reading], url: str) -> Iterator[tuple[str, str]]:
    for reading in members:
        same = [picture for picture in reading.pictures if picture.url == url] or reading.pictures[:1]
        if reading.text and (alt := next((picture.alt for picture in same if picture.alt), "")):
            yield reading.text.language, _plain(alt)[:1000]


def _report(
    place: int,
    source: PostSource,
    joined: Sequence[tuple[DraftAnnouncement, Sequence[_Reading]]],
    readings: Sequence[_Reading],
) -> IntakeReport:
    """The announcements that have a post in this source, and what became of each of its items."""
    drafts: list[DraftAnnouncement] = []
    items = [
        ItemAccount(source.name, o.number, o.title, ItemFate.LEFT_OUT, reason=o.reason)
        for o in source.left_out
    ]
    for draft, members in joined:
        ours = [reading for reading in members if reading.source == place]
        for reading in ours:
            tag = reading.text.language if reading.text else ""
            items.append(
                ItemAccount(
                    source.name, reading.post.number, reading.post.title, ItemFate.TAKEN, len(drafts), tag
                )
            )
        drafts += [draft] if ours else []
    items += [
        ItemAccount(source.name, r.post.number, r.post.title, ItemFate.LEFT_OUT, reason=r.reason)
        for r in readings
        if r.source == place and r.text is None
    ]
    return IntakeReport(tuple(drafts), (), tuple(sorted(items, key=lambda item: item.number)))
