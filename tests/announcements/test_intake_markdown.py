from datetime import date
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.announcements.intake.auto import read_path
from newsletter.announcements.intake.draft import IntakeReport, LineFate
from newsletter.announcements.intake.markdown import read_folder, read_markdown
from newsletter.announcements.intake.page import MarkdownFile
from newsletter.announcements.remark_kinds import RemarkCode
from newsletter.foundation.errors import BadInput

FRENCH = """---
title: Le marché de Noël
date: 2026-12-01
event: 2026-12-12
topic: Marché
summary: Vin chaud et gaufres.
cta_label: Venir
cta_url: https://example.org/fr
---

Vin chaud, gaufres et guirlandes sur la place.
"""
ENGLISH = """---
title: The Christmas market
event: 2026-12-12
---

Mulled wine, waffles and fairy lights on the square.
"""


def read(*files: tuple[str, str], folder: Path = Path("nowhere")) -> IntakeReport:
    return read_markdown(
        [MarkdownFile(name, text.encode(), folder) for name, text in files], ("fr", "en", "nl-BE")
    )


def refusal(*files: tuple[str, str], folder: Path = Path("nowhere")) -> str:
    with pytest.raises(BadInput) as raised:
        read(*files, folder=folder)
    return str(raised.value)


def test_files_named_for_their_languages_are_one_announcement() -> None:
    (draft,) = read(("market.en.md", ENGLISH), ("market.fr.md", FRENCH)).drafts
    assert [(text.language, text.title) for text in draft.texts] == [
        ("fr", "Le marché de Noël"),
        ("en", "The Christmas market"),
    ]
    assert (draft.source_language, draft.source_name, draft.reference) == ("fr", "market.fr.md", "market")
    assert (draft.published_on, draft.happens_on, draft.topic) == (
        date(2026, 12, 1),
        date(2026, 12, 12),
        "Marché",
    )
    french = draft.texts[0]
    assert (french.summary, french.cta_label, french.cta_url) == (
        "Vin chaud et gaufres.",
        "Venir",
        "https://example.org/fr",
    )
    assert french.body == "Vin chaud, gaufres et guirlandes sur la place."
    assert draft.remarks == ()


def test_ref_pairs_files_of_any_name() -> None:
    (draft,) = read(
        ("noel.md", "---\nref: market-26\nlang: fr\n---\n# Noël\n\nSur la place."),
        ("xmas.md", "---\nref: market-26\nlang: en_GB\n---\n# Christmas\n\nOn the square."),
    ).drafts
    assert [text.language for text in draft.texts] == ["fr", "en"]
    assert draft.reference == "market-26"


def test_source_is_the_file_that_says_so() -> None:
    (draft,) = read(
        ("m.fr.md", FRENCH), ("m.en.md", ENGLISH.replace("---\n", "---\nsource: true\n", 1))
    ).drafts
    assert (draft.source_language, [text.language for text in draft.texts]) == ("en", ["en", "fr"])


def test_language_is_told_from_the_text_where_nothing_names_it() -> None:
    (draft,) = read(
        ("post.md", "# Op het plein\n\nWij schenken warme wijn en bakken wafels op zaterdag.")
    ).drafts
    assert (draft.source_language, draft.texts[0].title) == ("nl-BE", "Op het plein")


def test_every_line_of_a_page_has_its_fate() -> None:
    report = read(("a.fr.md", "---\n# why\ntitle: Noël\n\nmood: gay\ntags:\n  - a\n---\n\nSur la place.\n"))
    assert [(a.first_line, a.last_line, a.fate, a.reason) for a in report.lines] == [
        (1, 1, LineFate.FIELD, ""),
        (2, 2, LineFate.LEFT_OUT, "a comment"),
        (3, 3, LineFate.TITLE, ""),
        (4, 4, LineFate.BLANK, ""),
        (5, 5, LineFate.LEFT_OUT, "the field mood means nothing here"),
        (6, 7, LineFate.LEFT_OUT, "the field tags means nothing here"),
        (8, 8, LineFate.FIELD, ""),
        (9, 9, LineFate.BLANK, ""),
        (10, 10, LineFate.BODY, ""),
    ]
    assert [(r.code, r.line, r.excerpt) for r in report.drafts[0].remarks] == [
        (RemarkCode.UNKNOWN_FIELD, 5, "mood"),
        (RemarkCode.UNKNOWN_FIELD, 6, "tags"),
    ]


def test_file_in_a_language_not_in_use_is_left_out_and_said() -> None:
    report = read(("a.fr.md", FRENCH), ("a.de.md", "Auf dem Platz."))
    assert [text.language for text in report.drafts[0].texts] == ["fr"]
    assert [a.reason for a in report.lines if a.file == "a.de.md"] == [
        "its language, de, is not one of fr, en, nl-BE"
    ]


def test_short_word_in_a_name_is_no_language() -> None:
    (draft,) = read(("plan.old.md", "---\nlang: fr\n---\n# Le plan\n\nVoici le plan.")).drafts
    assert draft.reference == "plan.old"


def test_yaml_readings_do_not_change_what_was_written() -> None:
    (draft,) = read(("a.en.md", "---\ntitle: no\ntopic: 1_000\nref: 007\n---\nText.")).drafts
    assert (draft.texts[0].title, draft.topic, draft.reference) == ("no", "1_000", "007")


def test_key_is_stable_and_changes_with_the_text() -> None:
    def key(text: str) -> str:
        return read(("a.fr.md", text)).drafts[0].source_key

    assert key(FRENCH) == key(FRENCH.replace("\n", "\r\n"))
    assert key(FRENCH) != key(FRENCH.replace("gaufres et", "crêpes et"))


def test_fields_that_disagree_are_said_and_the_source_counts() -> None:
    (draft,) = read(("m.fr.md", FRENCH), ("m.en.md", ENGLISH.replace("12-12", "12-13"))).drafts
    assert draft.happens_on == date(2026, 12, 12)
    assert [(r.code, r.language, r.line, r.excerpt) for r in draft.remarks] == [
        (RemarkCode.FIELDS_DIFFER, "en", 3, "event: 2026-12-13")
    ]


def test_picture_comes_with_its_words_in_each_language(tmp_path: Path) -> None:
    (tmp_path / "img").mkdir()
    (tmp_path / "img" / "a.png").write_bytes(b"pixels")
    french = FRENCH.replace("---\n", "---\nimage: img/a.png\nalt: Une place\n", 1)
    (draft,) = read(("m.fr.md", french), ("m.en.md", ENGLISH), folder=tmp_path).drafts
    (picture,) = draft.pictures
    assert (picture.path, picture.data, picture.alt) == (
        tmp_path / "img" / "a.png",
        b"pixels",
        (("fr", "Une place"),),
    )
    assert [(r.code, r.language) for r in draft.remarks] == [(RemarkCode.ALT_MISSING, "en")]


def test_picture_inside_the_text_is_said() -> None:
    (draft,) = read(("m.fr.md", FRENCH + "\nVoici\n![la place](place.png)\n")).drafts
    assert [(r.code, r.line) for r in draft.remarks] == [(RemarkCode.PICTURE_IN_BODY, 14)]


@pytest.mark.parametrize("path", ["../secret.png", "/etc/hostname", "out.png", "img/../../secret.png"])
def test_picture_outside_the_folder_is_refused(tmp_path: Path, path: str) -> None:
    (tmp_path / "secret.png").write_bytes(b"secret")
    folder = tmp_path / "news"
    (folder / "img").mkdir(parents=True)
    (folder / "out.png").symlink_to(tmp_path / "secret.png")
    assert refusal(("m.fr.md", f"---\nimage: {path}\n---\nTexte."), folder=folder) == (
        f"m.fr.md, line 2: image: {path} lies outside the folder of the announcements."
    )


def test_picture_that_is_not_there_is_refused(tmp_path: Path) -> None:
    message = refusal(("m.fr.md", "---\nimage: a.png\n---\nTexte."), folder=tmp_path)
    assert message == f"m.fr.md, line 2: image: {tmp_path / 'a.png'} does not exist."


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "---\ntitle: Noël\nsummary: vin : chaud: oui\n---\n",
            "a.md, line 3: the front matter cannot be read: mapping values are not allowed here"
            " (a text with a colon in it needs quotes).",
        ),
        (
            "---\ntitle: x\n",
            "a.md, line 1: the front matter begins with --- and has no second --- that ends it.",
        ),
        ("---\n- a\n- b\n---\nx", "a.md, line 2: the front matter must be lines like `title: …`."),
        ("---\ntitle: a\ntitle: b\n---\nx", "a.md, line 3: the field title stands there twice."),
        ("---\ntitle: [a, b]\n---\nx", "a.md, line 2: title must be one text, not a list."),
        (
            "---\nlang: fr\ndate: demain\n---\nx",
            "a.md, line 3: date: “demain” is no date; write it like 2026-11-13.",
        ),
        (
            "---\nlang: french!\n---\nx",
            "a.md, line 2: lang: “french!” is not a language tag; write it like fr, en or fr-BE.",
        ),
        (
            "---\ncta_url: javascript:alert(1)\n---\nx",
            "a.md, line 2: cta_url: an address begins with https:// and has no spaces.",
        ),
        ("---\ntopic: " + "x" * 101 + "\n---\nx", "a.md, line 2: topic is longer than 100 characters."),
        ("---\nlang: fr\n---\n\n", "a.md has neither a title nor a text."),
        ("---\n" + "[" * 5000 + "\n---\nx", "a.md, line 1: the front matter cannot be read: it is no YAML."),
        ("", "a.md is empty: there is no announcement in it."),
    ],
)
def test_broken_page_is_refused_with_file_and_line(text: str, message: str) -> None:
    assert refusal(("a.md", text)) == message


def test_two_files_in_the_same_language_are_refused() -> None:
    message = refusal(
        ("a/m.md", "---\nref: m\nlang: fr\n---\nUn."), ("b/m.md", "---\nref: m\nlang: fr\n---\nDeux.")
    )
    assert message == "b/m.md and a/m.md are the same announcement in the same language."


def test_name_and_field_that_disagree_on_the_language_are_refused() -> None:
    assert refusal(("m.fr.md", "---\nlang: en\n---\nText.")) == (
        "m.fr.md, line 2: lang: the file says en, its name says fr."
    )


def test_two_sources_are_refused() -> None:
    message = refusal(("m.fr.md", "---\nsource: yes\n---\nUn."), ("m.en.md", "---\nsource: yes\n---\nOne."))
    assert message == "m.en.md, line 2: source: m.fr.md says so too; only one can be the source."


def test_folder_is_read_with_those_below_it(tmp_path: Path) -> None:
    (tmp_path / "2026").mkdir()
    (tmp_path / "2026" / "m.fr.md").write_text(FRENCH, encoding="utf-8")
    (tmp_path / "2026" / "m.en.md").write_text(ENGLISH, encoding="utf-8")
    (tmp_path / ".hidden.md").write_text("Secret.", encoding="utf-8")
    (tmp_path / "README.md").write_text("How to write.", encoding="utf-8")
    (tmp_path / "notes.txt").write_text("Not read.", encoding="utf-8")
    report = read_path(tmp_path, "auto", "auto", ("fr", "en"))
    assert [draft.source_name for draft in report.drafts] == ["2026/m.fr.md"]
    assert [a.reason for a in report.lines if a.file == "README.md"] == ["a README, not an announcement"]


def test_folder_without_markdown_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"holds no Markdown file \(\*\.md\)\.$"):
        read_folder(tmp_path, ("fr", "en"))


def test_file_that_leads_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret.md").write_text("Secret.", encoding="utf-8")
    (tmp_path / "news").mkdir()
    (tmp_path / "news" / "m.md").symlink_to(tmp_path / "secret.md")
    with pytest.raises(BadInput, match="leads out of the folder"):
        read_folder(tmp_path / "news", ("fr", "en"))


@given(st.text(max_size=200), st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=80))
@example("{}", "")
def test_any_page_is_refused_in_one_line_or_accounted_for(front: str, body: str) -> None:
    refused, lines = "", []
    try:
        report = read(("a.md", f"---\n{front}\n---\nWords.\n{body}"))
        lines = [n for a in report.lines for n in range(a.first_line, a.last_line + 1)]
    except BadInput as error:
        refused = str(error)
    assert "\n" not in refused
    assert lines == list(range(1, len(lines) + 1))
    assert bool(refused) != bool(lines)
