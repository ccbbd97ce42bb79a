"""Plain words that mean "unsubscribe me", and those that do not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.inbound.wishes import is_wish_to_leave, newly_written, token_in


@pytest.mark.parametrize(
    "text",
    [
        "désinscrire",
        "Désinscription SVP",
        "Merci de me désinscrire de votre liste.\n\nMarie Dupont",
        "Bonjour,\nveuillez me désabonner.\nCordialement",
        "SE DESABONNER",
        "Désinscrivez-moi",
        "unsubscribe",
        "Unsubscribe!",
        "Please unsubscribe me from this list",
        "*Unsubscribe*",
        "stop",
        "STOP merci",
        "Hello, stop please. Thanks",
        "remove me from your list",
        "uitschrijven",
        "Graag uitschrijven aub",
        "Schrijf mij uit, met vriendelijke groeten",
        "Abmelden bitte",
        "Bitte austragen. Danke",
    ],
)
def test_wish_is_understood(text: str) -> None:
    assert is_wish_to_leave(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Merci pour la lettre !",
        "Stop sending me two copies, one is enough",
        "Stop! Your article on the canal was great",
        "Unsubscribe did not work",
        "Comment se désinscrire ?",
        "How do I unsubscribe?",
        "Désinscription par erreur, remettez-moi sur la liste",
        "Please do not unsubscribe me",
        "Unsubscribed people are listed on page two of the report",
        "unsubscribe " + "and a long letter about many things " * 10,
        "Leave the canal as it is",
        "end of the month is fine for me",
    ],
)
def test_what_is_no_wish_is_for_people(text: str) -> None:
    assert not is_wish_to_leave(text)


def test_subject_counts_where_nothing_else_was_written_and_it_is_not_ours() -> None:
    assert is_wish_to_leave("", "STOP")
    assert is_wish_to_leave("\n\n", "désinscription")
    assert not is_wish_to_leave("", "Re: unsubscribe")
    assert not is_wish_to_leave("Bonjour à tous, voici ma réponse", "unsubscribe")


@pytest.mark.parametrize(
    "quoted",
    [
        "Le lun. 23 nov. 2026 à 10:04, La lettre <letter@example.org> a écrit :\n> Bonjour",
        "On Mon, Nov 23, 2026 at 10:04 AM La lettre\n<letter@example.org> wrote:\n> Hello",
        "Op ma 23 nov. 2026 om 10:04 schreef La lettre <letter@example.org>:\n> Hallo",
        "Am 23.11.2026 um 10:04 schrieb La lettre:\n> Hallo",
        "-----Original Message-----\nFrom: letter@example.org",
        "________________________________\nDe : La lettre <letter@example.org>",
        "> Bonjour",
        "-- \nAnna, présidente du club",
    ],
)
def test_what_was_quoted_or_signed_is_not_newly_written(quoted: str) -> None:
    assert newly_written(f"désinscrire\n\n{quoted}\nunsubscribe\n") == "désinscrire"


def test_token_is_found_in_the_subject_of_list_unsubscribe_only() -> None:
    token = "aB3_-" * 8
    assert token_in(f"unsubscribe {token}") == token
    assert token_in(f"Re: Unsubscribe  {token}") == token
    assert token_in(f"unsubscribe {token}x") is None
    assert token_in(token) is None


@given(st.text(max_size=600), st.text(max_size=80))
def test_any_text_is_answered_with_yes_or_no(text: str, subject: str) -> None:
    assert is_wish_to_leave(newly_written(text), subject) in {True, False}
