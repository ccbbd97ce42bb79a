"""Texts and Markdown on the disk: a path, whatever of these it is, becomes a report."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from newsletter.announcements.intake.draft import IntakeReport
from newsletter.announcements.intake.files import read_source
from newsletter.announcements.intake.markdown import MARKDOWN_ENDINGS, read_folder, read_markdown
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
    data = read_source(path)
    is_markdown = format == "markdown" or (format == "auto" and path.suffix.lower() in MARKDOWN_ENDINGS)
    if is_markdown:
        return read_markdown([MarkdownFile(path.name, data, path.parent)], languages, known)
    return read_text(data, path.name, languages, known)


def language_in_use(language: str, languages: Sequence[str]) -> str | None:
    """The configured language that a tag means, None for "auto". Raises BadInput where none fits."""
    known = None if language == "auto" else lookup([normalise_tag(language)], languages)
    if language != "auto" and known is None:
        raise BadInput(f"{language} is not one of the languages in use: {', '.join(languages)}.")
    return known
