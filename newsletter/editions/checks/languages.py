"""Whether each language has words of its own: told apart, translated, up to date, approved."""

import re
from collections.abc import Iterator, Sequence
from itertools import combinations

from newsletter.announcements.intake.language import identify_language
from newsletter.announcements.models import TranslationState
from newsletter.announcements.sentences import same_words
from newsletter.editions.checks.findings import Finding, finding
from newsletter.editions.checks.material import Story, TextField
from newsletter.editions.checks.places import EDITION
from newsletter.editions.models import Edition
from newsletter.foundation.language import base_language
from newsletter.foundation.sayings import LanguageName, Saying, saying
from newsletter.rendering.problems import Level

_WORDS_MIN = 6  # shorter texts are names and numbers as often as sentences
_SAME_WORDS_MIN = 4
_NOT_APPROVED: dict[TranslationState | None, Saying] = {
    TranslationState.DRAFT: saying("The {language} is still a draft."),
    TranslationState.REVIEW: saying("The {language} is still in review."),
}
_THE_SAME = {
    "title": saying("The title is the same in {one} and {other}: “{words}”"),
    "summary": saying("The summary is the same in {one} and {other}: “{words}”"),
    "body": saying("The body is the same in {one} and {other}: “{words}”"),
    "button": saying("The button is the same in {one} and {other}: “{words}”"),
    "picture": saying("The description of the picture is the same in {one} and {other}: “{words}”"),
    "subject": saying("The subject is the same in {one} and {other}: “{words}”"),
    "preheader": saying("The preheader is the same in {one} and {other}: “{words}”"),
    "intro": saying("The intro is the same in {one} and {other}: “{words}”"),
}
_UNTOLD = re.compile(
    r"\]\([^)]*\)|<[^<>\s]+>|\bhttps?://\S+|\S+@\S+|\[\[[^\]]*\]\]|[«“\"][^»”\"]*[»”\"]|[#*_>\[\]]"
)
_LETTER = re.compile(r"[^\W\d_]")


def check_languages(story: Story, languages: Sequence[str]) -> Iterator[Finding]:
    """Texts in another language than their field, or the same in two languages; pictures described in one only."""
    for text in story.texts:
        for field in text.fields:
            if (found := _other_language(field, text.language, languages)) is not None:
                yield finding(
                    "wrong-language",
                    saying(
                        "This is in {found} and stands in the {language} field: “{words}”",
                        found=LanguageName(found),
                        language=LanguageName(text.language),
                        words=_cut(field.text),
                    ),
                    where=story.where.at(field.name),
                    language=text.language,
                )
    yield from _untranslated(story)
    yield from _descriptions(story)


def check_subjects(edition: Edition) -> Iterator[Finding]:
    """Subjects that are the same in two languages."""
    for one, other in combinations(sorted(edition.texts, key=lambda text: text.language), 2):
        if one.subject.strip() and same_words(one.subject) == same_words(other.subject):
            yield finding(
                "same-subject",
                _same("subject", one.language, other.language, one.subject.strip()),
                where=EDITION.at("subject"),
                language=other.language,
            )


def check_states(
    stories: Sequence[Story], languages: Sequence[str], *, require_approval: bool
) -> Iterator[Finding]:
    """Texts that lag behind their source, and texts that nobody has approved yet: where approval is required each blocks."""
    for story in stories:
        for text in story.texts:
            if text.language in languages and text.is_stale:
                message = saying(
                    "The {language} was translated from an earlier version of its source.",
                    language=LanguageName(text.language),
                )
                yield finding("stale-text", message, where=story.where, language=text.language)
    for language in languages:
        waiting = [
            (story.where, text.state)
            for story in stories
            for text in story.texts
            if text.language == language and text.state in _NOT_APPROVED
        ]
        if require_approval:
            for where, state in waiting:
                message = _NOT_APPROVED[state].of(language=LanguageName(language))
                yield finding(
                    "text-not-approved", message, where=where, language=language, level=Level.BLOCKS
                )
            continue
        if any(where == EDITION for where, _ in waiting):
            message = saying(
                "The edition's own words are not approved in {language}.", language=LanguageName(language)
            )
            yield finding("text-not-approved", message, language=language)
        if numbers := tuple(str(where.announcement) for where, _ in waiting if where != EDITION):
            message = _not_approved(LanguageName(language), numbers)
            yield finding("text-not-approved", message, language=language)


def _not_approved(name: LanguageName, numbers: tuple[str, ...]) -> Saying:
    if len(numbers) == 1:
        return saying(
            "One text is not approved in {language}: announcement {number}.", language=name, number=numbers[0]
        )
    return saying(
        "{count} texts are not approved in {language}: announcements {numbers}.",
        count=len(numbers),
        language=name,
        numbers=numbers,
    )


def _other_language(field: TextField, language: str, languages: Sequence[str]) -> str | None:
    """The configured language that the field is plainly in, where it is another than its own."""
    words = _told(field.text)
    if len(words.split()) < _WORDS_MIN:
        return None
    choices = list(dict.fromkeys([language, *languages]))
    found = {_identified(part, choices) for part in (words, *_halves(words))}
    if len(found) > 1 or found & {None, base_language(language)}:
        return None
    return found.pop()


def _identified(words: str, languages: Sequence[str]) -> str | None:
    identified = identify_language(words, languages)
    return None if identified.is_guess else base_language(identified.language)


def _halves(text: str) -> tuple[str, ...]:
    """Both halves of a text that is long enough: a quotation in another language shall not decide."""
    words = text.split()
    middle = len(words) // 2
    return (" ".join(words[:middle]), " ".join(words[middle:])) if middle >= _WORDS_MIN else ()


def _told(text: str) -> str:
    """The words that tell a language: no addresses, fields or quotations, which may be in any other."""
    plain = " ".join(_UNTOLD.sub(" ", text).split())
    return plain if len(plain) > len(text) // 2 else " ".join(text.split())


def _untranslated(story: Story) -> Iterator[Finding]:
    for one, other in combinations(story.texts, 2):
        if base_language(one.language) == base_language(other.language):
            continue
        for field in one.fields:
            words = same_words(_told(field.text))
            is_long = len(words.split()) >= _SAME_WORDS_MIN and len(_LETTER.findall(words)) >= 15
            is_name = field.name == "title" and words.istitle()
            if is_long and not is_name and words == same_words(_told(other.field(field.name))):
                yield finding(
                    "same-text",
                    _same(field.name, one.language, other.language, _cut(field.text)),
                    where=story.where.at(field.name),
                    language=other.language,
                )


def _same(field: str, one: str, other: str, words: str) -> Saying:
    return _THE_SAME[field].of(one=LanguageName(one), other=LanguageName(other), words=words)


def _descriptions(story: Story) -> Iterator[Finding]:
    described = [text.language for text in story.texts if text.field("picture")]
    for text in story.texts if story.has_picture and described else ():
        if not text.field("picture"):
            yield finding(
                "alt-in-one-language",
                saying(
                    "The picture is described in {one} and not in {other}.",
                    one=LanguageName(described[0]),
                    other=LanguageName(text.language),
                ),
                where=story.where.at("picture"),
                language=text.language,
            )


def _cut(text: str, length: int = 60) -> str:
    words = " ".join(text.split())
    return words if len(words) <= length else f"{words[: length - 1].rstrip()}…"
