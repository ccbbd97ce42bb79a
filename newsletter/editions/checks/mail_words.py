"""The lengths of subjects and preheaders, as mailboxes show them."""

from collections.abc import Iterator

from newsletter.editions.checks.findings import Finding, finding
from newsletter.editions.checks.places import EDITION
from newsletter.foundation.sayings import LanguageName, saying
from newsletter.rendering.content import EditionContent

SUBJECT_MIN, SUBJECT_MAX, SUBJECT_HALF_MAX = 10, 78, 60
PREHEADER_MIN, PREHEADER_MAX = 30, 140


def check_lengths(content: EditionContent) -> Iterator[Finding]:
    """Subjects and preheaders of one variant that are too short or too long; in a combined mail, each half counts."""
    is_combined = len(content.parts) > 1
    for part in content.parts:
        name = LanguageName(part.language)
        length = len(part.subject.strip())
        if is_combined and length > SUBJECT_HALF_MAX:
            message = saying(
                "In a letter in both languages the {language} half of the subject has {count} characters; {most} are enough.",
                language=name,
                count=length,
                most=SUBJECT_HALF_MAX,
            )
            yield finding("subject-too-long", message, where=EDITION.at("subject"), language=part.language)
        elif not is_combined and length > SUBJECT_MAX:
            message = saying(
                "The {language} subject has {count} characters; {most} are enough.",
                language=name,
                count=length,
                most=SUBJECT_MAX,
            )
            yield finding("subject-too-long", message, where=EDITION.at("subject"), language=part.language)
        elif not is_combined and 0 < length < SUBJECT_MIN:
            message = saying(
                "The {language} subject has only {count} characters.", language=name, count=length
            )
            yield finding("subject-too-short", message, where=EDITION.at("subject"), language=part.language)
    yield from _preheader(content)


def _preheader(content: EditionContent) -> Iterator[Finding]:
    name = LanguageName(content.language)
    length = len(content.preheader.strip())
    if length > PREHEADER_MAX:
        message = saying(
            "The {language} preheader has {count} characters; {most} are enough.",
            language=name,
            count=length,
            most=PREHEADER_MAX,
        )
        yield finding("preheader-too-long", message, where=EDITION.at("preheader"), language=content.language)
    elif 0 < length < PREHEADER_MIN:
        message = saying("The {language} preheader has only {count} characters.", language=name, count=length)
        yield finding(
            "preheader-too-short", message, where=EDITION.at("preheader"), language=content.language
        )
