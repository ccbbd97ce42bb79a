import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.announcements.remark_kinds import MESSAGES, RemarkCode
from newsletter.announcements.remarks import EXCERPT_MAX, Paragraph, editorial_remarks, excerpt

LONG = "We plant forty trees on Saturday and everyone may bring a spade."


def found(language: str, *paragraphs: str) -> list[str]:
    """The codes of the remarks on an announcement that begins with a harmless paragraph."""
    texts = ["The gate is open today, and so is the tea house.", *paragraphs]
    return [
        str(r.code)
        for r in editorial_remarks([Paragraph(t, 2 * n + 1) for n, t in enumerate(texts)], language)
    ]


@pytest.mark.parametrize(
    ("language", "text", "code"),
    [
        ("en", "It was a success.Then it rained.", "missing_space_after_stop"),
        ("en", "Is it over?Yes, it is.", "missing_space_after_stop"),
        ("fr", "La fête est finie.Après, il a plu.", "missing_space_after_stop"),
        ("fr", "« C’est fini. »Après, il a plu.", "missing_space_after_stop"),
        ("en", "We follow the Garden Plans(GPs).", "missing_space_before_bracket"),
        ("en", "Bring bread for the the picnic.", "doubled_word"),
        ("fr", "Le jardin de de la rue Haute.", "doubled_word"),
        ("nl", "Kom naar de de tuin.", "doubled_word"),
        ("en", "The new\u00a0 garden is open.", "odd_spacing"),
        ("en", "He said : come in.", "space_before_punctuation"),
        ("fr", "Le jardin , enfin, ouvre.", "space_before_punctuation"),
        ("en", "Link to the report.", "link_without_target"),
        ("en", "Read more", "link_without_target"),
        ("en", "Press release", "link_without_target"),
        ("fr", "Lien vers le communiqué.", "link_without_target"),
        ("fr", "Lire la suite…", "link_without_target"),
        ("fr", "Communiqué de presse", "link_without_target"),
        ("nl", "Lees meer", "link_without_target"),
        ("de", "Pressemitteilung", "link_without_target"),
        ("en", "Logo of the tree day", "image_caption_left"),
        ("fr", "Crédit photo Zineb Alaoui", "image_caption_left"),
        ("en", "Tree Day Report", "stray_line"),
        ("en", "They said “come in and sat down.", "quote_slip"),
        ("en", "They said come in” and sat down.", "quote_slip"),
        ("en", "They said ”come in” and sat down.", "quote_slip"),
        ("en", "They said “come in“ and sat down.", "quote_slip"),
        ("en", 'They said "come in and sat down.', "quote_slip"),
        ("en", "They said ‘come in and sat down.", "quote_slip"),
        ("fr", "Il dit « entrez et s’assied.", "quote_slip"),
        ("fr", "L‘eau du canal est claire.", "quote_slip"),
        ("de", "Er sagte: „Kommen Sie herein.", "quote_slip"),
    ],
)
def test_slip_is_found_alone(language: str, text: str, code: str) -> None:
    assert found(language, text) == [code]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Write to Booking.Com or use Node.Js on example.org, e.g. at noon."),
        ("en", "See https://example.org/Report.Final(Draft) or a.Better@Example.Org for the rest."),
        ("en", "J.K. Rowling met M.Dupont of the U.S. office at 3.30 p.m. sharp."),
        ("en", "Bring your friend(s); the fee (EUR) is 3.50."),
        ("en", "I know that that is true, and she had had enough; it was very very cold."),
        ("en", "We went to Baden Baden, then New York, New York."),
        ("en", "She said “come in”, and he said ‘no’."),
        ("en", "The ’90s were the gardeners’ years; rock ’n’ roll, dogs’ and cats’ homes."),
        ("en", 'A pipe of 12" and one of 3" were laid.'),
        ("en", "“What do you mean by ‘garden’?” she asked."),
        ("fr", "Il dit\u00a0: «\u00a0Entrez\u202f!\u00a0» et s’assied\u202f; vous vous asseyez aussi."),
        ("fr", "Nous nous voyons samedi, n’est-ce pas ? C’est fini !"),
        ("fr", "Les citoyen(ne)s et le directeur(trice) sont invité.e.s rue St.Jean."),
        ("fr", "« Un mot “dans un mot” suffit », dit-elle."),
        ("nl", "„Kom binnen”, zei ze; dat dat kan, wist niemand."),
        ("de", "„Kommen Sie herein“, sagte sie, und die, die kamen, blieben."),
        ("de", "Die Gärtner, die die Bäume pflanzten, gingen heim."),
        ("en", "[Read more](https://example.org/more)"),
        ("en", "Link to the report: https://example.org/report"),
        ("en", "Read more about the trees that we planted last year along the canal."),
        ("en", "## Photos of the day"),
        ("en", "- Logo of the tree day"),
        ("en", "Thank you all!"),
        ("en", "Run `git commit.Then` and see."),
        ("sv", "Hon sade ”kom in” och satte sig."),
    ],
)
def test_good_text_gets_no_remark(language: str, text: str) -> None:
    assert found(language, text) == []


def test_both_marks_of_an_inverted_pair_are_found() -> None:
    assert found("fr", "Il dit » entrez « et s’assied.") == ["quote_slip", "quote_slip"]


def test_short_line_that_leads_on_is_taken_for_a_heading() -> None:
    assert found("en", "The trees", LONG) == []


def test_paragraph_that_repeats_is_found() -> None:
    assert found("en", LONG, "Bring a friend along.", LONG) == ["repeated_paragraph"]


def test_last_sentence_that_begins_the_next_paragraph_is_found() -> None:
    remarks = editorial_remarks(
        [Paragraph(f"Autumn is here.{LONG}", 1), Paragraph(f"{LONG} Tea is served at four.", 3)], "en"
    )
    assert [(str(r.code), r.line) for r in remarks] == [
        ("missing_space_after_stop", 1),
        ("repeated_paragraph", 3),
    ]


def test_short_phrase_may_repeat() -> None:
    assert found("en", "Come along! Bring bread.", "Bring bread. Come along!") == []


def test_quotation_over_several_paragraphs_is_no_slip() -> None:
    assert found("en", "She said: “We begin on Monday.", "We end on Friday.”") == []
    assert found("en", "She said: “We begin on Monday.", "“We end on Friday.”") == []
    assert found("fr", "Elle dit : « On commence lundi.", "« On finit vendredi. »") == []


def test_remark_names_the_line_inside_a_paragraph() -> None:
    (remark,) = editorial_remarks([Paragraph("One line is fine.\nThe next ends.Here it goes on.", 7)], "en")
    assert (remark.code, remark.line, remark.language) == (RemarkCode.MISSING_SPACE_AFTER_STOP, 8, "en")
    assert remark.excerpt == "One line is fine. The next ends.Here it goes on."
    assert remark.message_in("en") == "A space is missing between two sentences."


def test_excerpt_shows_addresses_as_they_are() -> None:
    (remark,) = editorial_remarks([Paragraph("See [this](https://x.example/) and and that.", 1)], "en")
    assert remark.excerpt == "See [this](https://x.example/) and and that."


def test_one_kind_of_remark_is_made_twenty_times_at_most() -> None:
    assert found("en", "It ends.Then it begins. " * 30) == ["missing_space_after_stop"] * 20


def test_every_kind_of_remark_has_one_plain_sentence() -> None:
    assert set(MESSAGES) == set(RemarkCode)
    words = [saying.words for saying in MESSAGES.values()]
    assert [m for m in words if not m[0].isupper() or m[-1] not in ".?" or "{" in m] == []


@given(st.text(), st.integers(min_value=0, max_value=300))
def test_excerpt_is_short_and_on_one_line(text: str, at: int) -> None:
    cut = excerpt(text, at)
    assert len(cut) <= EXCERPT_MAX
    assert "\n" not in cut


@given(
    st.lists(st.text(alphabet="aB.,:!?“”«»‘’\"' \u00a0\n()[]", max_size=60)),
    st.sampled_from(["fr", "en", "de"]),
)
def test_any_text_can_be_looked_at(texts: list[str], language: str) -> None:
    paragraphs = [Paragraph(text, 10 * number + 1) for number, text in enumerate(texts)]
    lines = [remark.line for remark in editorial_remarks(paragraphs, language)]
    assert lines == sorted(line for line in lines if line)
