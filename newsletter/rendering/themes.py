"""Themes: a folder with `theme.toml`, an MJML template, a text template and whatever macros they share."""

import re
import tomllib
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from newsletter.foundation.errors import NewsletterError
from newsletter.foundation.files import templates_folder
from newsletter.foundation.language import lookup
from newsletter.rendering.shown import ShownLetter

HTML_TEMPLATE = "edition.mjml.j2"
TEXT_TEMPLATE = "edition.txt.j2"
SHARED = "_shared"  # the folder of pieces that every theme may take in as `shared/...`
_NAME = re.compile(r"[a-z][a-z0-9-]{0,40}\Z")


class ThemeNotFound(NewsletterError):
    """There is no theme of that name."""

    def __init__(self, name: str, folder: Path) -> None:
        known = ", ".join(theme_names(folder)) or "none"
        super().__init__(f"There is no theme “{name}” in {folder}; there are: {known}.")
        self.name = name


class ThemeBroken(NewsletterError):
    """A file of a theme cannot be used; `path` and `line` say where to look."""

    def __init__(self, path: Path, line: int | None, reason: str) -> None:
        place = f"{path}, line {line}" if line else str(path)
        super().__init__(f"The theme is broken in {place}: {reason}")
        self.path = path
        self.line = line


@dataclass(frozen=True, slots=True)
class Theme:
    """A theme with every template read and parsed; rendering with it touches no file."""

    name: str
    folder: Path
    titles: Mapping[str, str]
    descriptions: Mapping[str, str]
    _templates: Mapping[str, jinja2.Template]
    sources: Mapping[str, str]  # the text of every template of it, by path

    def title(self, language: str) -> str:
        """What the theme is called in a language, else in English, else its name."""
        return _in_language(self.titles, language) or self.name

    def description(self, language: str) -> str:
        """One sentence about the theme in a language, else in English; "" where there is none."""
        return _in_language(self.descriptions, language)

    def mjml(self, letter: ShownLetter) -> str:
        """The letter as MJML. Raises ThemeBroken with the template's line."""
        return self._render(HTML_TEMPLATE, letter)

    def text(self, letter: ShownLetter) -> str:
        """The letter as plain text, with at most one blank line in a row. Raises ThemeBroken."""
        lines = [line.rstrip() for line in self._render(TEXT_TEMPLATE, letter).strip().split("\n")]
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)) + "\n"

    def _render(self, name: str, letter: ShownLetter) -> str:
        try:
            return self._templates[name].render(letter=letter)
        except NewsletterError:
            raise
        except Exception as error:  # whatever a template's expression raises; it is the theme's mistake
            raise _broken_while_rendering(error, frozenset(self.sources), self.folder / name) from error


def theme_names(folder: Path | None = None) -> tuple[str, ...]:
    """The names of the themes in a folder of themes (default: those that travel with the package), sorted."""
    folder = folder or _themes_folder()
    return tuple(sorted(path.parent.name for path in folder.glob("*/theme.toml")))


def load_theme(name: str, folder: Path | None = None) -> Theme:
    """The theme `name` of a folder of themes. Raises ThemeNotFound, or ThemeBroken with file and line."""
    folder = folder or _themes_folder()
    home = folder / name
    shared = folder / SHARED if (folder / SHARED).is_dir() else _themes_folder() / SHARED
    if not _NAME.match(name) or not (home / "theme.toml").is_file():
        raise ThemeNotFound(name, folder)
    about = _read_about(home / "theme.toml")
    sources = _sources(home, shared)
    environment = _environment(sources)
    templates = {
        wanted: _load_template(environment, home, wanted) for wanted in (HTML_TEMPLATE, TEXT_TEMPLATE)
    }
    for source in sources:  # a mistake in a shared file shows now and not when a letter is due
        _load_template(environment, home, source)
    texts = {path: text for text, path in sources.values()}
    return Theme(name, home, about.get("title", {}), about.get("description", {}), templates, texts)


def _themes_folder() -> Path:
    return templates_folder() / "themes"


def _read_about(path: Path) -> dict[str, Any]:
    try:
        about = tomllib.loads(path.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        raise ThemeBroken(path, int(found[1]) if found else None, f"{error}.") from error
    except UnicodeDecodeError as error:
        raise ThemeBroken(path, None, "it is not in UTF-8.") from error
    for table in ("title", "description"):
        texts = about.get(table, {})
        if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
            raise ThemeBroken(path, None, f"[{table}] must hold one text per language.")
    return about


def _sources(home: Path, shared: Path) -> dict[str, tuple[str, str]]:
    """Every template by the name under which another one takes it in (`macros.mjml.j2`, `shared/pieces.mjml.j2`): text and path."""
    own = {path.name: path for path in home.glob("*.j2")}
    common = {f"shared/{path.name}": path for path in shared.glob("*.j2")}
    return {name: (_read(path), str(path)) for name, path in sorted((own | common).items())}


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise ThemeBroken(
            path, path.read_bytes().count(b"\n", 0, error.start) + 1, "it is not in UTF-8."
        ) from error


def _environment(sources: Mapping[str, tuple[str, str]]) -> jinja2.Environment:
    def load(name: str) -> tuple[str, str, Any] | None:
        found = sources.get(name)
        return (*found, lambda: True) if found else None

    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(load),
        autoescape=lambda name: not (name or "").endswith(".txt.j2"),  # noqa: S701 – the text part is no HTML
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["underlined"] = lambda text, sign: (
        f"{text}\n{sign * max(3, len(text))}" if text else ""
    )
    return environment


def _load_template(environment: jinja2.Environment, home: Path, name: str) -> jinja2.Template:
    try:
        return environment.get_template(name)
    except jinja2.TemplateSyntaxError as error:
        raise ThemeBroken(Path(error.filename or home / name), error.lineno, f"{error.message}.") from error
    except jinja2.TemplateNotFound as error:
        raise ThemeBroken(home, None, f"the file {error.name} is missing.") from error


def _broken_while_rendering(error: Exception, files: frozenset[str], template: Path) -> ThemeBroken:
    if isinstance(error, jinja2.TemplateNotFound):
        return ThemeBroken(template.parent, None, f"the file {error.name} is missing.")
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename in files]
    if not frames:
        return ThemeBroken(template, None, f"{error}.")
    return ThemeBroken(Path(frames[-1].filename), frames[-1].lineno, f"{error}.")


def _in_language(texts: Mapping[str, str], language: str) -> str:
    found = lookup([language, "en"], tuple(texts))
    return texts[found] if found else ""
