import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from newsletter.announcements.intake.draft import IntakeReport, LineFate
from newsletter.announcements.intake.text import read_text
from newsletter.announcements.remark_kinds import RemarkCode
from shared_data import needs_shared_data, shared

REAL = "000_d44699f7bc978e6e.txt"
GARDEN = "The garden opens on Monday. Come and plant a tree with the neighbours."
VERGER = "Le verger ouvre lundi. Venez planter un arbre avec les voisines et les voisins."
RIGHTS = "Copyright Les Jardins «\u00a0Au bord de l’eau\u00a0»"


def read(text: str, language: str | None = None) -> IntakeReport:
    return read_text(text.encode(), "news.txt", ("fr", "en"), language)


def fates(report: IntakeReport) -> list[LineFate]:
    return [
        account.fate for account in report.lines for _ in range(account.first_line, account.last_line + 1)
    ]


def shown(markdown: str) -> str:
    """The words that a reader sees."""
    return html.unescape(re.sub(r"<[^>]*>", " ", MarkdownIt("commonmark", {"html": False}).render(markdown)))


@needs_shared_data
def test_real_page_gives_six_announcements_in_their_languages() -> None:
    report = read_text(shared(REAL).read_bytes(), REAL, ("fr", "en"))
    assert [draft.source_language for draft in report.drafts] == ["en", "en", "en", "en", "fr", "fr"]
    assert [draft.texts[0].is_title_derived for draft in report.drafts] == [True] * 6
    assert [len(draft.texts[0].title) <= 91 for draft in report.drafts] == [True] * 6


@needs_shared_data
def test_real_page_is_accounted_for_line_by_line() -> None:
    report = read_text(shared(REAL).read_bytes(), REAL, ("fr", "en"))
    boilerplate = [account.first_line for account in report.lines if account.fate is LineFate.BOILERPLATE]
    assert boilerplate == [16, 27, 41, 53, 65, 70]
    assert {account.fate for account in report.lines} == {LineFate.BODY, LineFate.BLANK, LineFate.BOILERPLATE}
    assert [account.announcement for account in report.lines if account.fate is LineFate.BODY] == (
        [0] * 7 + [1] * 4 + [2] * 4 + [3] * 4 + [4] * 4 + [5]
    )


@needs_shared_data
def test_real_page_loses_no_word() -> None:
    report = read_text(shared(REAL).read_bytes(), REAL, ("fr", "en"))
    kept = " ".join(draft.texts[0].body for draft in report.drafts).split()
    lines = shared(REAL).read_text(encoding="utf-8").splitlines()
    written = " ".join(line for line in lines if not line.startswith("Copyright")).split()
    assert kept == written


@needs_shared_data
def test_real_page_gives_the_same_keys_with_other_line_ends() -> None:
    data = shared(REAL).read_bytes()
    with_crlf = read_text(data.replace(b"\n", b"\r\n"), "other.txt", ("en", "fr"))
    keys = [draft.source_key for draft in read_text(data, REAL, ("fr", "en")).drafts]
    assert keys == [draft.source_key for draft in with_crlf.drafts]
    assert len(set(keys)) == 6


@needs_shared_data
def test_real_page_gets_these_remarks_and_no_others() -> None:
    report = read_text(shared(REAL).read_bytes(), REAL, ("fr", "en"))
    assert [[(str(r.code), r.line) for r in draft.remarks] for draft in report.drafts] == [
        [
            ("derived_title", 2),
            ("missing_space_after_stop", 2),
            ("repeated_paragraph", 4),
            ("missing_space_after_stop", 4),
            ("quote_slip", 4),
            ("space_before_punctuation", 6),
            ("stray_line", 14),
        ],
        [
            ("derived_title", 19),
            ("missing_space_before_bracket", 19),
            ("link_without_target", 25),
            ("doubled_word", 25),
        ],
        [("derived_title", 29), ("link_without_target", 38)],
        [("derived_title", 43), ("image_caption_left", 47)],
        [("derived_title", 55)],
        [("derived_title", 67)],
    ]


@pytest.mark.parametrize(
    "boundary",
    [
        f"\n\n{RIGHTS}\n\n",
        "\n\n© 2026 Les Jardins du Canal\n\n",
        "\n(c) 2026 Les Jardins du Canal. All rights reserved.\n",
        "\n\n---\n\n",
        "\n\n* * *\n\n",
        "\n\n==========\n\n",
        "\n\n•••\n\n",
    ],
)
def test_boundary_parts_two_announcements(boundary: str) -> None:
    report = read(f"{GARDEN}{boundary}{VERGER}{boundary}")
    assert [(draft.source_language, draft.texts[0].body) for draft in report.drafts] == [
        ("en", GARDEN),
        ("fr", VERGER),
    ]


def test_repeated_closing_line_is_boilerplate_whatever_it_says() -> None:
    closing = "Follow us on the quay!"
    report = read(
        "\n\n".join([GARDEN, closing, VERGER, closing, "Soup is served at noon in the hall.", closing])
    )
    assert len(report.drafts) == 3
    assert [a.first_line for a in report.lines if a.fate is LineFate.BOILERPLATE] == [3, 7, 11]


def test_line_that_repeats_without_closing_the_file_stays_in_the_text() -> None:
    report = read(
        "\n\n".join(["Title here", "Ring twice.", GARDEN, "Ring twice.", "Ring twice.", GARDEN + " Bye."])
    )
    assert len(report.drafts) == 1
    assert report.drafts[0].texts[0].body.count("Ring twice.") == 3


def test_headings_part_announcements_and_are_their_titles() -> None:
    report = read(f"# The garden\n\n{GARDEN}\n\n## When\n\nOn Monday.\n\n# Le verger\n\n{VERGER}\n")
    assert [(d.texts[0].title, d.texts[0].is_title_derived) for d in report.drafts] == [
        ("The garden", False),
        ("Le verger", False),
    ]
    assert report.drafts[0].texts[0].body == f"{GARDEN}\n\n## When\n\nOn Monday."


def test_underlined_headings_part_announcements() -> None:
    report = read(f"The garden\n----------\n{GARDEN}\n\nLe verger\n---------\n{VERGER}\n")
    assert [draft.texts[0].title for draft in report.drafts] == ["The garden", "Le verger"]
    assert [draft.texts[0].body for draft in report.drafts] == [GARDEN, VERGER]
    assert fates(report) == [
        LineFate.TITLE,
        LineFate.LEFT_OUT,
        LineFate.BODY,
        LineFate.BLANK,
        LineFate.TITLE,
        LineFate.LEFT_OUT,
        LineFate.BODY,
    ]


def test_short_first_line_is_the_title() -> None:
    report = read(f"A tree for everyone\n\n{GARDEN}")
    text = report.drafts[0].texts[0]
    assert (text.title, text.is_title_derived, text.body) == ("A tree for everyone", False, GARDEN)


def test_short_first_line_right_above_its_text_is_the_title() -> None:
    text = read(f"A tree for everyone\n{GARDEN}").drafts[0].texts[0]
    assert (text.title, text.is_title_derived, text.body) == ("A tree for everyone", False, GARDEN)


def test_first_line_of_wrapped_text_is_no_title() -> None:
    text = (
        read("On Monday we open the gate of the garden for\nEverybody who wishes to plant a tree.")
        .drafts[0]
        .texts[0]
    )
    assert text.is_title_derived


def test_derived_title_is_the_first_sentence_and_stays_in_the_body() -> None:
    draft = read(GARDEN).drafts[0]
    assert (draft.texts[0].title, draft.texts[0].body) == ("The garden opens on Monday", GARDEN)
    assert [(r.code, r.line) for r in draft.remarks] == [(RemarkCode.DERIVED_TITLE, 1)]


def test_derived_title_is_cut_between_words() -> None:
    text = read("Tomorrow " + "and tomorrow " * 12 + "creeps in this petty pace.").drafts[0].texts[0]
    assert (
        text.title
        == "Tomorrow and tomorrow and tomorrow and tomorrow and tomorrow and tomorrow and tomorrow…"
    )


def test_no_break_spaces_stay_in_the_text() -> None:
    body = "Il est 14\u00a0h\u00a030 : venez au jardin avec vos bottes et vos gants."
    assert read(body).drafts[0].texts[0].body == body


def test_same_announcement_twice_in_a_file_is_taken_once_and_said() -> None:
    report = read(f"{GARDEN}\n\n---\n\n{VERGER}\n\n---\n\n{GARDEN}\n")
    assert len(report.drafts) == 2
    assert [(a.first_line, a.reason) for a in report.lines if "same text" in a.reason] == [
        (9, "the same text as announcement 1 of this file")
    ]


def test_given_language_is_not_doubted() -> None:
    draft = read("Menu", language="fr").drafts[0]
    assert (draft.source_language, [str(r.code) for r in draft.remarks]) == ("fr", ["derived_title"])


def test_windows_text_is_read_and_the_guess_is_said() -> None:
    report = read_text("L’été arrive au jardin, à bientôt.".encode("windows-1252"), "été.txt", ("fr", "en"))
    assert report.drafts[0].texts[0].body == "L’été arrive au jardin, à bientôt."
    assert RemarkCode.ENCODING_GUESSED in [remark.code for remark in report.drafts[0].remarks]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_marked_encodings_are_read_without_remark(encoding: str) -> None:
    report = read_text(VERGER.encode(encoding), "verger.txt", ("fr", "en"))
    assert report.drafts[0].texts[0].body == VERGER
    assert [remark.code for remark in report.drafts[0].remarks] == [RemarkCode.DERIVED_TITLE]


@pytest.mark.parametrize("line_end", ["\r\n", "\r", "\n"])
def test_line_ends_of_every_system_count_alike(line_end: str) -> None:
    report = read_text(f"A tree{line_end}{line_end}{GARDEN}{line_end}".encode(), "x.txt", ("en", "fr"))
    assert fates(report) == [LineFate.TITLE, LineFate.BLANK, LineFate.BODY]


def test_control_characters_become_spaces_and_are_said() -> None:
    draft = read(f"{GARDEN}\n\nA bell\x07rings\u2028here, at noon.").drafts[0]
    assert draft.texts[0].body.endswith("A bell rings here, at noon.")
    assert RemarkCode.CONTROL_CHARACTERS in [remark.code for remark in draft.remarks]


@pytest.mark.parametrize(
    ("plain", "markdown"),
    [
        ("2 * 3 and _this_ and `that`", r"2 \* 3 and \_this\_ and \`that\`"),
        ("- bread\n- salt", "- bread\n- salt"),
        ("• bread\n• salt", "- bread\n- salt"),
        ("1. mix\n2. bake", "1. mix\n2. bake"),
        ("1987. A good year", r"1987\. A good year"),
        ("R&eacute;sum&eacute; <b>bold</b>", r"R\&eacute;sum\&eacute; \<b>bold\</b>"),
        ("[note]: see below", r"\[note]: see below"),
        ("Read [this](https://example.org/a_b)", "Read [this](https://example.org/a_b)"),
        ("At https://example.org/_b_c, always", "At <https://example.org/_b_c>, always"),
    ],
)
def test_plain_signs_show_as_themselves(plain: str, markdown: str) -> None:
    assert read(f"A title\n\n{GARDEN}\n\n{plain}").drafts[0].texts[0].body == f"{GARDEN}\n\n{markdown}"


_LINE = st.one_of(
    st.sampled_from(
        [
            RIGHTS,
            "---",
            "***",
            "# A heading",
            "Title",
            "=====",
            "",
            "",
            "- item",
            "12. x",
            "> y",
            "~~~",
            "[a]: b",
        ]
    ),
    st.sampled_from(
        [GARDEN, VERGER, "&copy; <a b> \\ `c` *d* _e_ ![f](g) [h](i)", "[[name]]", "+ ", "\ttab"]
    ),
    st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=60),
)
_TEXT = st.lists(_LINE, max_size=14).flatmap(
    lambda lines: st.sampled_from(["\n", "\r\n", "\r"]).map(lambda end: end.join(lines))
)


def _check(text: str) -> None:
    if not re.sub(r"[\x00-\x1f\x7f-\x9f\s\u2028\u2029]", "", text) or "\0" in text:
        return
    report = read("Words first, always.\n\n" + text, language="en")
    lines = re.split(r"\r\n|\r|\n", "Words first, always.\n\n" + text)
    if lines[-1] == "":
        lines.pop()
    counted = [n for a in report.lines for n in range(a.first_line, a.last_line + 1)]
    assert counted == list(range(1, len(lines) + 1))
    seen = [shown(d.texts[0].body) + " " + d.texts[0].title for d in report.drafts]
    for account in report.lines:
        for line in lines[account.first_line - 1 : account.last_line]:
            if account.fate is LineFate.BLANK:
                assert not re.sub(r"[\x00-\x1f\x7f-\x9f\s]", "", line)
            if account.fate in (LineFate.TITLE, LineFate.BODY):
                assert account.announcement is not None
                for word in re.findall(r"[^\W\d_]+", line):
                    assert word in seen[account.announcement], (word, line, report.drafts)


@given(_TEXT)
def test_every_line_is_accounted_for_and_no_word_is_lost(text: str) -> None:
    _check(text)


@given(st.text(alphabet="ab1 \t\n\r-=*_#.[]()<>&;!`~\\:+|\u00a0“”«»", max_size=200))
def test_no_sign_makes_a_word_vanish(text: str) -> None:
    _check(text)
