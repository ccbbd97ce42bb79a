"""Texts and Markdown on the disk: a path, whatever of these it is, becomes a report."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from newsletter.announcements.intake.draft import IntakeReport
from newsletter.announcements.intake.files import read_source
from newsletter.announcements.intake.markdown import MARKDOWN_ENDINGS, read_folder, read_markdown_apart
from newsletter.announcements.intake.page import MarkdownFile
from newsletter.announcements.intake.text import read_text
from newsletter.foundation.errors import BadInput
from newsletter.foundation.language import lookup, normalise_tag

IntakeFormat = Literal["auto", "text", "markdown"]


def read_path(path: Path, format: IntakeFormat, language: str, languages: Sequence[str]) -> IntakeReport:
    """The announcements at `path`: a folder or a Markdown file, else a plain text, unless `format` says which.

    `language` is a tag for texts that name none, or "auto". Raises BadInput.
    """
    known = language_in_use(language, languages)
    if path.is_dir():
        if format == "text":
            raise BadInput(f"{path} is a folder; a text is one file.")
        return read_folder(path, languages, known)
    if is_markdown_file(path, format):
        return read_markdown_files([path], language, languages)[0]
    return read_text(read_source(path), path.name, languages, known)


def is_markdown_file(path: Path, format: str) -> bool:
    """Whether what is at `path` is to be read as one file of Markdown."""
    is_named_so = format == "auto" and path.suffix.lower() in MARKDOWN_ENDINGS
    return (format == "markdown" or is_named_so) and not path.is_dir()


def read_markdown_files(paths: Sequence[Path], language: str, languages: Sequence[str]) -> list[IntakeReport]:
    """One report per file. Files are paired with one another as those of a folder are. Raises BadInput."""
    known = language_in_use(language, languages)
    files = [MarkdownFile(path.name, read_source(path), path.parent) for path in paths]
    return read_markdown_apart(files, languages, known)


def language_in_use(language: str, languages: Sequence[str]) -> str | None:
    """The configured language that a tag means, None for "auto". Raises BadInput where none fits."""
    known = None if language == "auto" else lookup([normalise_tag(language)], languages)
    if language != "auto" and known is None:
        raise BadInput(f"{language} is not one of the languages in use: {', '.join(languages)}.")
    return known
