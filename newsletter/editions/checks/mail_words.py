"""The lengths of subjects and preheaders, as mailboxes show them."""

from collections.abc import Iterator

from newsletter.editions.checks.findings import Finding, finding
from newsletter.foundation.language import language_name
from newsletter.rendering.content import EditionContent

SUBJECT_MIN, SUBJECT_MAX, SUBJECT_HALF_MAX = 10, 78, 60
PREHEADER_MIN, PREHEADER_MAX = 30, 140


def check_lengths(content: EditionContent) -> Iterator[Finding]:
    """Subjects and preheaders of one variant that are too short or too long; in a combined mail, each half counts."""
    is_combined = len(content.parts) > 1
    for part in content.parts:
        name = language_name(part.language, "en")
        length = len(part.subject.strip())
        if is_combined and length > SUBJECT_HALF_MAX:
            message = f"In a letter in both languages the {name} half of the subject has {length} characters; {SUBJECT_HALF_MAX} are enough."
            yield finding("subject-too-long", message, where="edition, subject", language=part.language)
        elif not is_combined and length > SUBJECT_MAX:
            message = f"The {name} subject has {length} characters; {SUBJECT_MAX} are enough."
            yield finding("subject-too-long", message, where="edition, subject", language=part.language)
        elif not is_combined and 0 < length < SUBJECT_MIN:
            message = f"The {name} subject has only {length} characters."
            yield finding("subject-too-short", message, where="edition, subject", language=part.language)
    yield from _preheader(content)


def _preheader(content: EditionContent) -> Iterator[Finding]:
    name = language_name(content.language, "en")
    length = len(content.preheader.strip())
    if length > PREHEADER_MAX:
        message = f"The {name} preheader has {length} characters; {PREHEADER_MAX} are enough."
        yield finding("preheader-too-long", message, where="edition, preheader", language=content.language)
    elif 0 < length < PREHEADER_MIN:
        message = f"The {name} preheader has only {length} characters."
        yield finding("preheader-too-short", message, where="edition, preheader", language=content.language)
