"""Announcements as a folder of Markdown files that `newsletter announcements import` reads back."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import yaml

from newsletter.announcements.handoff.units import text_name
from newsletter.announcements.models import Announcement, Translation, TranslationState
from newsletter.announcements.queries import EXTENSIONS, picture_data
from newsletter.announcements.revisions.queries import KIND
from newsletter.announcements.rules import source_of
from newsletter.foundation.database import ReadSession

_NAME_MAX = 60
_NOT_IN_A_NAME = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class BundleFile:
    """A file of the bundle: its path below the folder, and what stands in it."""

    path: str
    data: bytes


def bundle(
    session: ReadSession, announcements: Sequence[Announcement], languages: Sequence[str]
) -> Iterator[BundleFile]:
    """A Markdown file per announcement and language, with its first picture. What is set aside is left out.

    The announcements must be whole (`queries.announcements_by_id`).
    """
    references = Counter(announcement.reference for announcement in announcements)
    for announcement in announcements:
        # The reference by which an import knows it again; its number where that would pair it with another one.
        is_own = announcement.reference and references[announcement.reference] == 1
        reference = announcement.reference if is_own else text_name(KIND, announcement.id)
        stem = f"{announcement.id:04d}-{_slug(announcement)}"
        image = None
        for picture in announcement.pictures[:1]:
            content_type, data = picture_data(session, picture.sha256) or ("", b"")
            image = f"images/{stem}.{EXTENSIONS.get(content_type, 'png')}"
            yield BundleFile(image, data)
        for text in announcement.translations:
            if text.state is not TranslationState.NOT_APPLICABLE and text.language in languages:
                page = _page(announcement, text, reference, image)
                yield BundleFile(f"{stem}.{text.language}.md", page.encode())


def _page(announcement: Announcement, text: Translation, reference: str, image: str | None) -> str:
    front = yaml.safe_dump(
        dict(_fields(announcement, text, reference, image)), allow_unicode=True, sort_keys=False, width=10_000
    )
    return f"---\n{front}---\n\n{text.body}\n"


def _fields(
    announcement: Announcement, text: Translation, reference: str, image: str | None
) -> Iterator[tuple[str, str]]:
    yield "title", text.title
    yield "lang", text.language
    if text.language == announcement.source_language:
        yield "source", "true"
    yield "ref", reference
    values: Mapping[str, object] = {
        "date": announcement.published_on,
        "event": announcement.happens_on,
        "topic": announcement.topic,
        "summary": text.summary,
        "cta_label": text.cta_label,
        "cta_url": text.cta_url,
        "image": image,
        "alt": text.alt_text(announcement.pictures[0].position) if announcement.pictures else None,
    }
    for name, value in values.items():
        if value:
            yield name, str(value)


def _slug(announcement: Announcement) -> str:
    """A name for files from the title: `la-fete-du-canal`."""
    source = source_of(announcement)
    title = announcement.reference or (source.title if source else "")
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return _NOT_IN_A_NAME.sub("-", plain).strip("-")[:_NAME_MAX].strip("-") or "announcement"
