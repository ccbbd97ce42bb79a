"""Spelling, by hunspell's dictionaries where they are installed: the optional extra `spelling`."""

import io
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from newsletter.announcements.remarks import paragraphs_of
from newsletter.editions.checks.findings import Finding, finding
from newsletter.editions.checks.material import Story
from newsletter.foundation.language import base_language
from newsletter.foundation.sayings import LanguageName, Saying, saying

FOLDERS = tuple(
    Path(folder)
    for folder in (
        "/usr/share/hunspell",
        "/usr/share/myspell/dicts",
        "/usr/share/myspell",
        "/usr/local/share/hunspell",
        "/opt/homebrew/share/hunspell",
        str(Path.home() / ".local/share/hunspell"),
        str(Path.home() / "Library/Spelling"),
    )
)
# Which region's dictionary to prefer where a tag names none.
_REGIONS = {"fr": ("", "_FR", "_BE"), "en": ("_GB", "_US", ""), "nl": ("_NL", "_BE", ""), "de": ("_DE", "")}
_OF_ONE_TEXT_MAX = 10
_HIDDEN = re.compile(
    r"\]\([^)]*\)|<[^<>\s]+>|\b(?:https?://|www\.)\S+|\S+@\S+|\[\[[^\]]*\]\]|`[^`]*`|[\w.-]+\.(?:org|be|com|eu|fr|net)\b\S*"
)
_WORD = re.compile(r"[^\W\d_]+(?:[’'-][^\W\d_]+)*")
_ELISION = re.compile(r"(?:l|d|j|n|m|t|s|c|qu|jusqu|lorsqu|puisqu|quoiqu|presqu|aujourd)[’']", re.IGNORECASE)
_WORD_MIN = 3

Speller = Callable[[str], bool]


def check_spelling(
    stories: Sequence[Story], languages: Sequence[str], folders: Sequence[Path] = FOLDERS
) -> Iterator[Finding]:
    """Words that the dictionaries of their languages do not know; a note for each language that has no dictionary."""
    spellers: dict[str, Speller] = {}
    for language in languages:
        speller = _speller(language, tuple(folders))
        if speller is None:
            message = _lacking().of(language=LanguageName(language))
            yield finding("spelling-not-checked", message, language=language)
        else:
            spellers[language] = speller
    usual = _usual_words(stories)
    for story in stories:
        for text in story.texts:
            if (speller := spellers.get(text.language)) is None:
                continue
            found = [
                (field.name, field.is_markdown, line, word)
                for field in text.fields
                for word, line in _doubtful(field.text, text.language, speller)
                if word not in usual
            ]
            for name, is_markdown, line, word in found[:_OF_ONE_TEXT_MAX]:
                yield finding(
                    "spelling",
                    saying(
                        "“{word}” is not in the {language} dictionary.",
                        word=word,
                        language=LanguageName(text.language),
                    ),
                    where=story.where.at(name),
                    language=text.language,
                    line=line if is_markdown else None,
                )


def _usual_words(stories: Sequence[Story]) -> frozenset[str]:
    """Words that stand in several stories, or in two languages: the words of the trade, not slips."""
    counts: Counter[str] = Counter()
    for story in stories:
        for text in story.texts:
            counts.update({match[0] for field in text.fields for match in _WORD.finditer(field.text)})
    return frozenset(word for word, count in counts.items() if count > 1)


def _doubtful(text: str, language: str, speller: Speller) -> Iterator[tuple[str, int]]:
    """Words that are not known, each once, with its line; names (capitals) and addresses are passed over."""
    seen: set[str] = set()
    for paragraph in paragraphs_of(text):
        shown = _HIDDEN.sub(lambda match: " " * len(match[0]), paragraph.text)
        for match in _WORD.finditer(shown):
            word = match[0].replace("’", "'")
            if base_language(language) == "fr":
                word = _ELISION.sub("", word) or word
            if word in seen or len(word) < _WORD_MIN or word != word.lower() or match.start() == 0:
                continue
            seen.add(word)
            if not _is_known(word, speller):
                yield match[0], paragraph.line + shown.count("\n", 0, match.start())


def _is_known(word: str, speller: Speller) -> bool:
    """Whether the dictionary knows the word, its form with a curved apostrophe, or each of its parts."""
    if speller(word) or speller(word.replace("'", "’")) or speller(word.capitalize()):
        return True
    parts = [part for part in re.split(r"[-']", word) if part]
    return len(parts) > 1 and all(len(part) < _WORD_MIN or speller(part) for part in parts)


def _lacking() -> Saying:
    if _has_spylls():
        return saying("The spelling of the {language} was not checked: no dictionary is installed.")
    return saying("The spelling of the {language} was not checked: the extra `spelling` is not installed.")


def _has_spylls() -> bool:
    return find_spec("spylls") is not None


@lru_cache(maxsize=8)
def _speller(language: str, folders: tuple[Path, ...]) -> Speller | None:
    """What looks words up in the dictionary of a language; None where there is none."""
    base_path = _dictionary(language, folders)
    if base_path is None or not _has_spylls():
        return None
    return _read(base_path)


def _read(base_path: Path) -> Speller:
    from spylls.hunspell import Dictionary, readers  # type: ignore[import-untyped]

    class Reader(readers.FileReader):  # type: ignore[misc]
        """Reads the whole file at once: spylls' own reader leaves it open."""

        def _open(self, path: str, encoding: str) -> io.StringIO:
            return io.StringIO(Path(path).read_text(encoding, errors="surrogateescape"))

    aff, context = readers.read_aff(Reader(f"{base_path}.aff"))
    dic = readers.read_dic(Reader(f"{base_path}.dic", encoding=context.encoding), aff=aff, context=context)
    dictionary = Dictionary(aff, dic)
    return lambda word: bool(dictionary.lookup(word))


def _dictionary(language: str, folders: Sequence[Path]) -> Path | None:
    """The path of a dictionary without its ending."""
    base, _, region = language.partition("-")
    names = [f"{base}_{region.upper()}"] if region else []
    names += [f"{base}{ending}" for ending in _REGIONS.get(base, ("",))]
    for name in names:
        for folder in folders:
            if (folder / f"{name}.aff").is_file() and (folder / f"{name}.dic").is_file():
                return folder / name
    return None
