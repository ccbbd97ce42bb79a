"""What a sign-up form says: understood, or refused field by field."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.audience.sign_up.form import Problem, Typed, Wish, understand
from newsletter.audience.sign_up.words import ListOffer

LETTER = ListOffer(1, "letter", "La lettre", "fr", "", "", "I agree", True)
AGENDA = ListOffer(2, "agenda", "L’agenda", "fr", "", "", "I agree", True)
OFFERS = (LETTER, AGENDA)
TWO, THREE = ("fr", "en"), ("fr", "nl", "en")


def understood(installed: tuple[str, ...] = TWO, form_language: str = "fr", **typed: object) -> object:
    values = {"address": "zoe@example.org", "lists": ("letter",)} | typed
    return understand(Typed(**values), OFFERS, installed, form_language)  # type: ignore[arg-type]


def test_form_is_understood_as_a_wish() -> None:
    wish = understood(
        address=" Zoe@Example.ORG ", name=" Zoé ", languages=("en",), lists=("agenda", "letter")
    )
    assert wish == Wish("Zoe@example.org", "Zoé", ("en",), False, OFFERS)


def test_form_without_a_language_takes_its_own() -> None:
    assert understood(form_language="en") == Wish("zoe@example.org", "", ("en",), False, (LETTER,))


@pytest.mark.parametrize(
    ("ticked", "installed", "form_language", "expected"),
    [
        (("both",), TWO, "en", (("en", "fr"), True)),
        (("en", "both"), TWO, "fr", (("fr", "en"), True)),
        (("en", "fr"), TWO, "en", (("en", "fr"), False)),
        (("nl", "en"), THREE, "fr", (("nl", "en"), False)),
        (("fr", "nl", "both"), THREE, "nl", (("nl", "fr"), True)),
        (("xx", "__proto__"), TWO, "fr", (("fr",), False)),
    ],
)
def test_languages_are_in_order_with_that_of_the_form_first(
    ticked: tuple[str, ...],
    installed: tuple[str, ...],
    form_language: str,
    expected: tuple[tuple[str, ...], bool],
) -> None:
    wish = understood(installed, form_language, languages=ticked)
    assert isinstance(wish, Wish)
    assert (wish.languages, wish.reads_both) == expected


@pytest.mark.parametrize("ticked", [("both",), ("both", "nl")])
def test_both_of_three_languages_needs_two_of_them(ticked: tuple[str, ...]) -> None:
    assert understood(THREE, languages=ticked) == {"languages": Problem.LANGUAGES_FEW}


def test_every_problem_is_told_at_once() -> None:
    assert understood(address=" ", name="<b>", lists=("board", "letter'--")) == {
        "address": Problem.ADDRESS_MISSING,
        "name": Problem.NAME_WRONG,
        "lists": Problem.LIST_MISSING,
    }


@pytest.mark.parametrize(
    "address",
    [
        "=?utf-8?q?zoe?=@example.org",
        "zoe%evil.example@example.org",
        '"zoe@evil.example"@example.org',
        "@relay.example:zoe@example.org",
        "zoe@example.org\r\nBcc: victim@example.org",
        "zoe@example.org\x00",
        "zoe@example.org>\r\nRCPT TO:<victim@example.org",
        "zoe@example.org, victim@example.org",
        "Zoé <zoe@example.org>",
        "zoe\u200b@example.org",
        "zoe@localhost",
        f"{'a' * 65}@example.org",
        f"zoe@{'a.' * 130}example.org",
        f"{'a' * 60}@{'b' * 63}.{'c' * 63}.{'d' * 63}.example",
    ],
)
def test_t4_t6_m15_address_that_no_reader_has_is_refused(address: str) -> None:
    assert understood(address=address) == {"address": Problem.ADDRESS_WRONG}


@pytest.mark.parametrize(
    "name",
    [
        "https://evil.example",
        "win at evil.example/x",
        "www.evil.example",
        "<b>Zoé</b>",
        "z@x",
        "[[email]]",
        "a" * 101,
    ],
)
def test_t1_t3_name_with_a_link_or_markup_is_refused(name: str) -> None:
    assert understood(name=name) == {"name": Problem.NAME_WRONG}


@pytest.mark.parametrize("name", ["Zoé", "Anne-Marie", "J. R.", "Ngũgĩ wa Thiong’o", "O'Brien", "زينب", "李"])
def test_name_of_a_person_is_taken(name: str) -> None:
    wish = understood(name=name)
    assert isinstance(wish, Wish)
    assert wish.name == name


@given(st.text(), st.text(), st.lists(st.text()), st.lists(st.text()))
def test_form_with_anything_in_it_is_judged_and_leaves_no_control_character(
    address: str, name: str, languages: list[str], lists: list[str]
) -> None:
    typed = Typed(address, name, tuple(languages), (*lists, "letter"))
    judged = understand(typed, OFFERS, THREE, "fr")
    if isinstance(judged, Wish):
        assert not any(
            ord(sign) < 32 or sign in "\x7f\x85\u2028\u2029" for sign in judged.address + judged.name
        )
        assert set(judged.languages) <= set(THREE)
