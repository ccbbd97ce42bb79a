"""The difference of two texts, word by word, and told in a sentence."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.announcements.revisions.word_diff import DiffKind, change_in_words, word_diff

KEPT, REMOVED, ADDED = DiffKind.KEPT, DiffKind.REMOVED, DiffKind.ADDED
SIGNS = st.sampled_from(
    [*"ab 17h.,’'[]|\n\t\u202f\u00a0éß%€«»", "[[first_name|x]]", "https://a.example/b", "🎉"]
)
TEXTS = st.lists(SIGNS, max_size=40).map("".join) | st.text(max_size=60)


def shown(old: str, new: str, language: str) -> list[tuple[DiffKind, str]]:
    return [(part.kind, part.words) for part in word_diff(old, new, language)]


@settings(deadline=None)
@given(TEXTS, TEXTS, st.sampled_from(["fr", "en", "nl", "ar", "fr-BE"]))
def test_parts_rejoin_to_the_old_and_the_new_text(old: str, new: str, language: str) -> None:
    parts = word_diff(old, new, language)
    assert "".join(part.words for part in parts if part.kind is not ADDED) == old
    assert "".join(part.words for part in parts if part.kind is not REMOVED) == new


@settings(deadline=None)
@given(TEXTS)
def test_same_text_has_no_difference(text: str) -> None:
    assert {part.kind for part in word_diff(text, text, "fr")} <= {KEPT}
    assert change_in_words(text, text, "fr", "fr") == ""


def test_number_and_its_unit_are_one_word() -> None:
    assert shown("Venez à 17 h.", "Venez à 18 h.", "fr") == [
        (KEPT, "Venez à"),
        (REMOVED, " 17 h"),
        (ADDED, " 18 h"),
        (KEPT, "."),
    ]


@pytest.mark.parametrize(
    ("old", "new", "language", "change"),
    [
        ("à 17 h", "à 18 h", "fr", ("17 h", "18 h")),
        ("à 17\u202fh\u202f30 ici", "à 17\u202fh\u202f45 ici", "fr", ("17\u202fh\u202f30", "17\u202fh\u202f45")),
        ("at 5 pm.", "at 6 pm.", "en", ("5 pm", "6 pm")),
        ("le 3 mars", "le 4 mars", "fr", ("3 mars", "4 mars")),
        ("le 1er mars", "le 1er mai", "fr", ("1er mars", "1er mai")),
        ("op 3 maart", "op 4 maart", "nl", ("3 maart", "4 maart")),
        ("coûte 12,50 €.", "coûte 13,50 €.", "fr", ("12,50 €", "13,50 €")),
        ("costs £1,200 now", "costs £1,300 now", "en", ("£1,200", "£1,300")),
        ("Bonjour [[first_name|ami]] !", "Bonjour [[name|ami]] !", "fr", ("[[first_name|ami]]", "[[name|ami]]")),
        ("Sur l’eau", "Sur l’herbe", "fr", ("eau", "herbe")),
        ("It won’t rain", "It will rain", "en", ("won’t", "will")),
        ("(https://a.example/fr/x)", "(https://a.example/fr/y)", "fr", ("https://a.example/fr/x", "https://a.example/fr/y")),
    ],
)  # fmt: skip
def test_words_are_those_of_the_language(old: str, new: str, language: str, change: tuple[str, str]) -> None:
    told = {kind: words.strip() for kind, words in shown(old, new, language) if kind is not KEPT}
    assert (told[REMOVED], told[ADDED]) == change


def test_change_is_told_in_the_language_of_the_reader() -> None:
    pair = ("Venez à 17 h.", "Venez à 18 h.", "fr")
    assert change_in_words(*pair) == "the French changed from “17 h” to “18 h”"
    assert change_in_words(*pair, "fr") == "en français, « 17 h » est devenu « 18 h »"


@pytest.mark.parametrize(
    ("old", "new", "english", "french"),
    [
        ("Venez.", "Venez. Merci.", "the French gained “Merci.”", "en français, « Merci. » a été ajouté"),
        ("Venez. Merci.", "Venez.", "the French lost “Merci.”", "en français, « Merci. » a été supprimé"),
        (
            "a 1 b 2 c 3 d 4 e 5",
            "A 1 B 2 C 3 D 4 e 5",
            "the French changed from “a” to “A”, “b” became “B”, “c” became “C”, and more places: 1",
            "en français, « a » est devenu « A », « b » est devenu « B », « c » est devenu « C », "
            "et d’autres endroits : 1",
        ),
        (
            "a b c", "b d c e",
            "the French lost “a”, “d” was added, “e” was added",
            "en français, « a » a été supprimé, « d » a été ajouté, « e » a été ajouté",
        ),
        ("z a", "z a c", "the French gained “c”", "en français, « c » a été ajouté"),
    ],
)  # fmt: skip
def test_several_changes_are_told_in_order(old: str, new: str, english: str, french: str) -> None:
    assert change_in_words(old, new, "fr", "en") == english
    assert change_in_words(old, new, "fr", "fr") == french


def test_long_stretches_are_cut_and_white_space_is_no_change() -> None:
    told = change_in_words("", "mot " * 100, "fr")
    assert told.endswith("…”")
    assert len(told) < 100
    assert change_in_words("a  b\n\nc", "a b\nc", "fr") == ""
    assert change_in_words("à 17h", "à 17 h", "fr") == "the French changed from “17h” to “17 h”"


def test_taken_out_later_is_said_so() -> None:
    assert (
        change_in_words("a b c d", "x b c", "fr") == "the French changed from “a” to “x”, “d” was taken out"
    )
    assert change_in_words("a b c d", "x b c", "fr", "fr") == (
        "en français, « a » est devenu « x », « d » a été supprimé"
    )
