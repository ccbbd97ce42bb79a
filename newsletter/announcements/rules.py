"""What holds of announcements, whatever the day and the database."""

import hashlib
import unicodedata

from newsletter.announcements.models import Translation


def content_hash(title: str, summary: str, body: str, cta_label: str, cta_url: str) -> str:
    """64 hex digits that change when the words of a text do, and not when only its white space does."""
    fields = (title, summary, body, cta_label, cta_url)
    plain = "\x1f".join(" ".join(unicodedata.normalize("NFC", field).split()) for field in fields)
    return hashlib.sha256(plain.encode()).hexdigest()


def text_hash(text: Translation) -> str:
    """The content hash of a stored text."""
    return content_hash(text.title, text.summary, text.body, text.cta_label, text.cta_url)


def is_stale(translation: Translation, source: Translation | None) -> bool:
    """Whether the source has changed since the translation was last confirmed against it."""
    if source is None or source is translation or translation.confirmed_source_hash is None:
        return False
    return translation.confirmed_source_hash != text_hash(source)
