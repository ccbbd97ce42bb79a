"""Loading themes: what is wrong with one is told with file and line."""

import shutil
from itertools import takewhile
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
    for name in ("letter", "_shared"):
        shutil.copytree(templates_folder() / "themes" / name, tmp_path / name)
    return tmp_path


def spoil(themes: Path, name: str, old: str, new: str, folder: str = "letter") -> int:
    """Replaces the first `old` and returns its line."""
    path = themes / folder / name
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    return text.count("\n", 0, text.index(old)) + 1


def test_the_house_has_three_themes_that_are_called_in_each_language() -> None:
    assert theme_names() == ("digest", "letter", "magazine")
    titles = {
        name: tuple(load_theme(name).title(language) for language in ("fr", "en", "nl"))
        for name in theme_names()
    }
    assert titles == {
        "digest": ("Revue de presse", "Press digest", "Press digest"),
        "letter": ("Lettre", "Letter", "Letter"),
        "magazine": ("Magazine", "Magazine", "Magazine"),
    }
    assert load_theme("letter").description("fr-BE").startswith("Une colonne")
    assert all(
        load_theme(name).description("fr") != load_theme(name).description("en") for name in theme_names()
    )


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


FILES = [
    ("letter", "edition.mjml.j2"),
    ("letter", "edition.txt.j2"),
    ("letter", "macros.mjml.j2"),
    ("_shared", "base.mjml.j2"),
    ("_shared", "base.txt.j2"),
    ("_shared", "pieces.mjml.j2"),
    ("_shared", "styles.j2"),
]


@pytest.mark.parametrize(("folder", "name"), FILES)
def test_a_template_that_cannot_be_parsed_names_file_and_line(themes: Path, folder: str, name: str) -> None:
    line = spoil(themes, name, "{% ", "{% iff ", folder)
    with pytest.raises(ThemeBroken) as caught:
        load_theme("letter", themes)
    assert (caught.value.path, caught.value.line) == (themes / folder / name, line)


def test_a_template_in_another_encoding_names_file_and_line(themes: Path) -> None:
    path = themes / "letter" / "macros.mjml.j2"
    path.write_bytes(b"{# one #}\n{# caf\xe9 #}\n")
    with pytest.raises(ThemeBroken, match="UTF-8") as caught:
        load_theme("letter", themes)
    assert (caught.value.path, caught.value.line) == (path, 2)


@pytest.mark.parametrize("name", ["macros.mjml.j2", "nothing.mjml.j2"])
def test_a_piece_that_is_missing_is_named(themes: Path, name: str) -> None:
    spoil(themes, "edition.mjml.j2", "macros.mjml.j2", name)
    (themes / "letter" / "macros.mjml.j2").unlink()
    theme = load_theme("letter", themes)
    with pytest.raises(ThemeBroken, match=f"the file {name} is missing"):
        render_edition(a_content("fr"), theme)


def test_a_folder_of_themes_without_shared_pieces_takes_the_houses(themes: Path) -> None:
    shutil.rmtree(themes / "_shared")
    own = render_edition(a_content("fr"), load_theme("letter", themes))
    assert own.html == render_edition(a_content("fr"), load_theme("letter")).html


@pytest.mark.parametrize("name", ["edition.mjml.j2", "edition.txt.j2"])
def test_a_missing_template_is_named(themes: Path, name: str) -> None:
    (themes / "letter" / name).unlink()
    with pytest.raises(ThemeBroken, match=name.replace(".", r"\.")):
        load_theme("letter", themes)


@pytest.mark.parametrize(
    ("folder", "name", "old"),
    [
        ("_shared", "base.mjml.j2", "{{ letter.subject }}"),
        ("_shared", "pieces.mjml.j2", "{{ part.reason }}"),
        ("_shared", "base.txt.j2", "{{ part.reason }}"),
        ("_shared", "styles.j2", "{{ p.dark.page }}"),
        ("letter", "macros.mjml.j2", "{{ part.title }}"),
        ("letter", "edition.mjml.j2", "{{ p.accent }}"),
    ],
)
def test_a_name_that_does_not_exist_is_told_with_file_and_line(
    themes: Path, folder: str, name: str, old: str
) -> None:
    line = spoil(
        themes, name, old, "{{ letter.nonsense }}" if "p." not in old else "{{ p.nonsense }}", folder
    )
    theme = load_theme("letter", themes)
    with pytest.raises(ThemeBroken) as caught:
        render_edition(a_content("fr"), theme)
    assert (caught.value.path, caught.value.line) == (themes / folder / name, line)
    assert "nonsense" in str(caught.value)


def test_mjml_that_is_wrong_is_a_problem_with_the_templates_file_and_line(themes: Path) -> None:
    line = spoil(
        themes, "macros.mjml.j2", '<mj-divider css-class="bar"', '<mj-divider colour="red" css-class="bar"'
    )
    bodies = render_edition(a_content("fr"), load_theme("letter", themes))
    place = str(themes / "letter" / "macros.mjml.j2")
    assert [(problem.code, problem.line, problem.where) for problem in bodies.problems] == [
        (Code.MJML_UNKNOWN_ATTRIBUTE, line, place)
    ] * 2


def test_mjml_that_is_not_well_formed_is_a_problem_with_its_line(themes: Path) -> None:
    spoil(themes, "macros.mjml.j2", "</mj-text>", "")
    bodies = render_edition(a_content("fr"), load_theme("letter", themes))
    [problem] = bodies.problems
    assert (problem.code, problem.where, bodies.html) == (Code.MJML_UNREADABLE, "mjml", "")
    assert problem.line is not None
    assert (
        bodies.mjml.split("\n")[problem.line - 1] == "</mj-column>"
    )  # which several lines of the theme may have written


def test_the_theme_of_the_howto_works(themes: Path) -> None:
    howto = (Path(__file__).parents[2] / "docs" / "howto" / "make-a-theme.md").read_text("utf-8")
    lines = howto.split("\n")
    first = lines.index('    {% extends "shared/base.mjml.j2" %}')
    template = list(takewhile(lambda line: line.startswith("    "), lines[first:]))
    (themes / "letter" / "edition.mjml.j2").write_text("\n".join(line[4:] for line in template), "utf-8")
    bodies = render_edition(a_content("fr+en"), load_theme("letter", themes))
    assert bodies.problems == ()
    assert "Une serre de quarante" in bodies.html


def test_rendering_touches_no_file(themes: Path) -> None:
    theme = load_theme("letter", themes)
    shutil.rmtree(themes / "letter")
    assert render_edition(a_content("fr+en"), theme).problems == ()
