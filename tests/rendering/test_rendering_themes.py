"""Loading themes: what is wrong with one is told with file and line."""

import shutil
from pathlib import Path

import pytest

from builders_rendering import a_content
from newsletter.foundation.errors import NewsletterError
from newsletter.foundation.files import templates_folder
from newsletter.rendering.problems import Code
from newsletter.rendering.render import render_edition
from newsletter.rendering.themes import ThemeBroken, ThemeNotFound, load_theme, theme_names


@pytest.fixture
def themes(tmp_path: Path) -> Path:
    """A folder with a copy of the house's theme, to be spoilt."""
    shutil.copytree(templates_folder() / "themes" / "letter", tmp_path / "letter")
    return tmp_path


def spoil(themes: Path, name: str, old: str, new: str) -> int:
    """Replaces the first `old` and returns its line."""
    path = themes / "letter" / name
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    return text.count("\n", 0, text.index(old)) + 1


def test_the_house_has_a_theme_that_is_called_in_each_language() -> None:
    theme = load_theme("letter")
    assert "letter" in theme_names()
    assert (theme.name, theme.title("fr"), theme.title("en"), theme.title("nl")) == (
        "letter",
        "Lettre",
        "Letter",
        "Letter",
    )
    assert theme.description("fr-BE").startswith("Une colonne")


@pytest.mark.parametrize("name", ["nothing", "../letter", "", "Letter", "letter/../letter"])
def test_a_missing_theme_names_those_that_are_there(themes: Path, name: str) -> None:
    with pytest.raises(ThemeNotFound, match="there are: letter"):
        load_theme(name, themes)


def test_broken_toml_names_file_and_line(themes: Path) -> None:
    line = spoil(themes, "theme.toml", "[description]", "[description")
    with pytest.raises(ThemeBroken) as caught:
        load_theme("letter", themes)
    assert (caught.value.path, caught.value.line) == (themes / "letter" / "theme.toml", line)
    assert isinstance(caught.value, NewsletterError)


@pytest.mark.parametrize("name", ["edition.mjml.j2", "edition.txt.j2", "macros.mjml.j2"])
def test_a_template_that_cannot_be_parsed_names_file_and_line(themes: Path, name: str) -> None:
    line = spoil(themes, name, "{% if", "{% iff")
    with pytest.raises(ThemeBroken) as caught:
        load_theme("letter", themes)
    assert (caught.value.path, caught.value.line) == (themes / "letter" / name, line)


@pytest.mark.parametrize("name", ["edition.mjml.j2", "edition.txt.j2"])
def test_a_missing_template_is_named(themes: Path, name: str) -> None:
    (themes / "letter" / name).unlink()
    with pytest.raises(ThemeBroken, match=name.replace(".", r"\.")):
        load_theme("letter", themes)


@pytest.mark.parametrize("name", ["edition.mjml.j2", "macros.mjml.j2", "edition.txt.j2"])
def test_a_name_that_does_not_exist_is_told_with_file_and_line(themes: Path, name: str) -> None:
    line = spoil(
        themes,
        name,
        "{{ part.reason }}" if name != "edition.mjml.j2" else "{{ letter.subject }}",
        "{{ letter.nonsense }}",
    )
    theme = load_theme("letter", themes)
    with pytest.raises(ThemeBroken) as caught:
        render_edition(a_content("fr"), theme)
    assert (caught.value.path.name, caught.value.line) == (name, line)
    assert "nonsense" in str(caught.value)


def test_mjml_that_is_not_well_formed_is_a_problem_with_its_line(themes: Path) -> None:
    spoil(themes, "edition.mjml.j2", "<mj-preview>", "<mj-preview><br>")
    bodies = render_edition(a_content("fr"), load_theme("letter", themes))
    line = bodies.mjml[: bodies.mjml.index("<mj-preview>")].count("\n") + 1
    assert [(problem.code, problem.line, problem.where) for problem in bodies.problems] == [
        (Code.MJML_UNREADABLE, line, "mjml")
    ]
    assert bodies.html == ""


def test_rendering_touches_no_file(themes: Path) -> None:
    theme = load_theme("letter", themes)
    shutil.rmtree(themes / "letter")
    assert render_edition(a_content("fr+en"), theme).problems == ()
