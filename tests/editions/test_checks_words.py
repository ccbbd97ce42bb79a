"""Each check of languages and texts: what it finds, and the close text that it must leave alone."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from builders_checks import TODAY, a_story, a_text, codes, message, where
from newsletter.announcements.models import TranslationState
from newsletter.editions.checks.findings import Finding
from newsletter.editions.checks.languages import check_languages, check_states, check_subjects
from newsletter.editions.checks.material import Story
from newsletter.editions.checks.places import Place
from newsletter.editions.checks.spelling import check_spelling
from newsletter.editions.checks.texts import check_texts
from newsletter.editions.models import Edition, EditionText
from newsletter.rendering.problems import Level

FRENCH = "Les bénévoles du quartier vous attendent dans la grande serre avec leurs outils et de la soupe."
ENGLISH = "The volunteers of the neighbourhood are waiting for you in the big greenhouse with their tools."
BOTH = ("fr", "en")


def languages(story: Story) -> list[Finding]:
    return list(check_languages(story, BOTH))


def texts(story: Story) -> list[Finding]:
    return list(check_texts(story, TODAY))


def states(state: TranslationState, *, is_stale: bool = False) -> list[Finding]:
    text = replace(a_text("fr", body=FRENCH), state=state, is_stale=is_stale)
    return list(check_states([Story(Place(1), (text,))], BOTH, require_approval=False))


def subjects(french: str, english: str) -> list[Finding]:
    edition = Edition(
        texts=[EditionText(language="fr", subject=french), EditionText(language="en", subject=english)]
    )
    return list(check_subjects(edition))


def described(french: str, english: str) -> list[Finding]:
    written = [
        a_text(tag, picture=alt) if alt else a_text(tag) for tag, alt in (("fr", french), ("en", english))
    ]
    return languages(Story(Place(1), tuple(written), has_picture=True))


CASES: dict[str, tuple[Callable[[], list[Finding]], Callable[[], list[Finding]]]] = {
    "wrong-language": (
        lambda: languages(a_story(fr=ENGLISH)),
        lambda: languages(a_story(fr=FRENCH, en=ENGLISH)),
    ),
    "same-subject": (
        lambda: subjects("The greenhouse", "The Greenhouse."),
        lambda: subjects("La serre", "The greenhouse"),
    ),
    "same-text": (
        lambda: languages(
            a_story(
                "Restaurant Chez Léon, Bruxelles-Midi !", "Restaurant Chez Léon, Bruxelles-Midi !", "button"
            )
        ),
        lambda: languages(a_story("Chez Léon", "Chez Léon", "button")),
    ),
    "alt-in-one-language": (
        lambda: described("Une serre", ""),
        lambda: described("Une serre", "A greenhouse"),
    ),
    "stale-text": (
        lambda: states(TranslationState.APPROVED, is_stale=True),
        lambda: states(TranslationState.APPROVED),
    ),
    "text-not-approved": (
        lambda: states(TranslationState.REVIEW),
        lambda: states(TranslationState.APPROVED),
    ),
    "repeated-paragraph": (
        lambda: texts(a_story(en=f"{ENGLISH}\n\nSoup is served, too.\n\n{ENGLISH}")),
        lambda: texts(a_story(en=f"{ENGLISH}\n\nSoup is served, too, by the volunteers of the area.")),
    ),
    "link-without-target": (
        lambda: texts(a_story(en=f"{ENGLISH}\n\nLink to the programme.")),
        lambda: texts(a_story(en=f"{ENGLISH}\n\n[The programme](https://canal.example/en)")),
    ),
    "missing-space-after-stop": (
        lambda: texts(a_story(en="It is over.Then came the soup.")),
        lambda: texts(a_story(en="It is over. Then came the soup on Canal.Net, for 3.5 hours.")),
    ),
    "missing-space-before-bracket": (
        lambda: texts(a_story(en="Sustainable Development Goals(SDG) for all.")),
        lambda: texts(a_story(en="Sustainable Development Goals (SDG) for volunteer(s).")),
    ),
    "quote-slip": (
        lambda: texts(a_story(en="She said “come in and closed the door.")),
        lambda: texts(a_story(en="She said “come in” and closed the door.")),
    ),
    "doubled-word": (
        lambda: texts(a_story(en="Here is the the programme.")),
        lambda: texts(a_story(fr="Vous vous inscrivez à la porte.")),
    ),
    "odd-spacing": (
        lambda: texts(a_story(en="Ten\u00a0 volunteers came.")),
        lambda: texts(a_story(en="Ten\u00a0volunteers came.")),
    ),
    "space-before-punctuation": (
        lambda: texts(a_story(en="She said : come in.")),
        lambda: texts(a_story(fr="Elle dit : entrez.")),
    ),
    "image-caption-left": (
        lambda: texts(a_story(en=f"{ENGLISH}\n\nOur new logo")),
        lambda: texts(a_story(en=f"{ENGLISH}\n\nOur new logo has a canal in it.")),
    ),
    "stray-line": (
        lambda: texts(a_story(en=f"{ENGLISH}\n\nThe greenhouse")),
        lambda: texts(a_story(en=f"## The greenhouse\n\n{ENGLISH}")),
    ),
    "event-past": (
        lambda: texts(a_story(en=ENGLISH, happens_on=date(2026, 11, 22))),
        lambda: texts(a_story(en=ENGLISH, happens_on=date(2026, 11, 23))),
    ),
    "date-past": (
        lambda: texts(a_story(en="Join us on Saturday 14 November 2026 at 6 pm.")),
        lambda: texts(a_story(en="Join us on Saturday 28 November 2026 at 6 pm.")),
    ),
    "vague-link": (
        lambda: texts(a_story(fr="Le programme est là : [cliquez ici](https://canal.example/fr).")),
        lambda: texts(a_story(fr="[Le programme](https://canal.example/fr), par ici.")),
    ),
    "long-url": (
        lambda: texts(
            a_story(en="See https://canal.example/en/archive/2026/11/programme-of-the-winter.html now.")
        ),
        lambda: texts(
            a_story(
                en="See https://canal.example/en/winter now, or [this programme](https://canal.example/en/archive/2026/11/programme-of-the-winter.html)."
            )
        ),
    ),
}


@pytest.mark.parametrize("code", CASES)
def test_check_finds_what_it_is_for(code: str) -> None:
    assert codes(CASES[code][0]()) == [code]


@pytest.mark.parametrize("code", CASES)
def test_check_leaves_a_close_text_alone(code: str) -> None:
    assert codes(CASES[code][1]()) == []


def test_quotation_in_another_language_does_not_decide() -> None:
    assert languages(a_story(fr=f"{FRENCH} « {ENGLISH} » {FRENCH}")) == []


def test_short_text_is_not_judged_for_its_language() -> None:
    assert languages(a_story(fr="The Canal Party", field="title")) == []


def test_finding_names_the_line_of_the_body() -> None:
    (found,) = texts(a_story(en=f"{ENGLISH}\n\nHere is the\nthe the programme."))[:1]
    assert (where(found), found.line, found.place_in("en")) == (
        "announcement 1, body",
        3,
        "announcement 1, body, line 3",
    )


def test_approval_blocks_only_where_it_is_required() -> None:
    story = Story(Place(1), (replace(a_text("fr", body=FRENCH), state=TranslationState.DRAFT),))
    (note,) = check_states([story], BOTH, require_approval=False)
    (block,) = check_states([story], BOTH, require_approval=True)
    assert (note.level, where(note)) == (Level.NOTES, "edition")
    assert (block.level, where(block)) == (Level.BLOCKS, "announcement 1")


def test_event_that_recurs_may_have_begun() -> None:
    assert texts(a_story(en="Every Thursday at 7 pm, with soup.", happens_on=date(2026, 11, 5))) == []


def test_report_of_what_has_been_is_not_an_invitation() -> None:
    assert texts(a_story(en="The party took place on Saturday 14 November 2026 at 6 pm.")) == []


def test_button_may_say_read_more_but_not_click_here() -> None:
    assert texts(a_story(en="Read more", field="button")) == []
    assert codes(texts(a_story(en="Click here", field="button"))) == ["vague-link"]


def test_title_cut_out_of_the_body_is_not_judged() -> None:
    story = a_story(en="He said “come in and", field="title")
    derived = replace(story.texts[0], fields=(replace(story.texts[0].fields[0], is_derived=True),))
    assert codes(texts(story)) == ["quote-slip"]
    assert texts(replace(story, texts=(derived,))) == []


@pytest.fixture
def dictionaries(tmp_path: Path) -> Path:
    """A folder with a small English dictionary."""
    (tmp_path / "en_GB.aff").write_text("SET UTF-8\nSFX S Y 1\nSFX S 0 s .\n", "utf-8")
    words = ["the/S", "volunteer/S", "wait", "for", "you", "well", "known", "here"]
    (tmp_path / "en_GB.dic").write_text("\n".join([str(len(words)), *words]) + "\n", "utf-8")
    return tmp_path


def test_spelling_finds_an_unknown_word_once_with_its_line(dictionaries: Path) -> None:
    pytest.importorskip("spylls")
    story = a_story(en="Here wait\nthe volonteers, volonteers.")
    (found,) = check_spelling([story], ("en",), [dictionaries])
    assert (found.code, found.line, found.language) == ("spelling", 2, "en")
    assert message(found) == "“volonteers” is not in the English dictionary."


def test_spelling_passes_over_names_addresses_and_known_words(dictionaries: Path) -> None:
    pytest.importorskip("spylls")
    text = "Here wait Amina, ASBL, the volunteers, well-known for [you](https://qqq.example/zzz), x@yyy.example, [[first_name]]."
    assert list(check_spelling([a_story(en=text)], ("en",), [dictionaries])) == []


def test_spelling_names_at_most_ten_words_of_a_text(dictionaries: Path) -> None:
    pytest.importorskip("spylls")
    text = "Here " + " ".join(f"qx{'abcdefghijklmn'[number]}z" for number in range(14))
    assert len(list(check_spelling([a_story(en=text)], ("en",), [dictionaries]))) == 10


def test_spelling_without_a_dictionary_is_a_note(tmp_path: Path) -> None:
    (found,) = check_spelling([a_story(fr=FRENCH)], ("fr",), [tmp_path])
    assert (found.code, found.level, found.language) == ("spelling-not-checked", Level.NOTES, "fr")
