"""Which text of an announcement stands in which language of an edition, on stored rows."""

from collections.abc import Sequence

from newsletter.announcements.models import Announcement, Translation, TranslationState
from newsletter.editions.models import Edition, EditionItem, Fallback
from newsletter.editions.rules import Blocked, Choice, choose_text


def texts_of(announcement: Announcement) -> dict[str, Translation]:
    """The texts that an announcement has, by language; what is marked not applicable is none."""
    return {
        text.language: text
        for text in announcement.translations
        if text.state is not TranslationState.NOT_APPLICABLE
    }


def choice_for(entry: EditionItem, edition: Edition, language: str) -> Choice | Blocked | None:
    """What the edition shows of an item in a language: a Choice, None for nothing, or BLOCKED."""
    if entry.only_languages and language not in entry.only_languages:
        return None
    return choice_of(entry.announcement, entry.fallback or edition.fallback, language, edition.languages)


def choice_of(
    announcement: Announcement, policy: Fallback, language: str, languages: Sequence[str]
) -> Choice | Blocked | None:
    """What a policy makes of an announcement in a language, in an edition of these languages."""
    not_applicable = {
        text.language for text in announcement.translations if text.state is TranslationState.NOT_APPLICABLE
    }
    written = texts_of(announcement)
    return choose_text(language, written, not_applicable, announcement.source_language, languages, policy)
