import pytest

from newsletter.audience.errors import FileRefused
from newsletter.audience.importing.columns import Columns, columns_of


def named(*header: str) -> dict[str, int]:
    columns = columns_of(header, "x.csv", 1)
    known = ("email", "name", "first_name", "language", "lists", "status")
    found = {name: getattr(columns, name) for name in known if getattr(columns, name) is not None}
    return {**found, **{name: place for place, name in columns.attributes}}


@pytest.mark.parametrize(
    "email", ["email", "E-Mail", "Email address", "MAIL", "Courriel", "Adresse e-mail", "Adresse"]
)
def test_address_column_goes_by_many_names(email: str) -> None:
    assert named("x", email) == {"x": 0, "email": 1}


def test_known_columns_are_found_in_either_language() -> None:
    assert named("Nom", "Prénom", "E-mail", "Langue", "Listes", "Statut") == {
        "name": 0, "first_name": 1, "email": 2, "language": 3, "lists": 4, "status": 5,
    }  # fmt: skip
    assert named("name", "First name", "mail", "taal", "list", "STATUS") == {
        "name": 0, "first_name": 1, "email": 2, "language": 3, "lists": 4, "status": 5,
    }  # fmt: skip


def test_postal_address_beside_a_mail_address_is_an_attribute() -> None:
    assert named("Adresse", "Email", "Code postal") == {"adresse": 0, "email": 1, "code_postal": 2}


def test_columns_without_a_name_are_told() -> None:
    assert columns_of(["email", "", "x", ""], "x.csv", 1) == Columns(
        email=0, name=None, first_name=None, language=None, lists=None, status=None,
        attributes=((2, "x"),), unnamed=(1, 3), count=4,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (["nom", "langue"], "x.csv, line 2: the header has no column “email”; it has: nom, langue. Say which one it is, as in --column email=…"),
        (["email", "name", "E-Mail"], "x.csv, line 2: columns 1 (“email”) and 3 (“E-Mail”) say the same; take one of them out"),
        (["email", "Town", "town"], "x.csv, line 2: columns 2 (“Town”) and 3 (“town”) say the same; take one of them out"),
        (["email", "x" * 61], f"x.csv, line 2: the column name “{'x' * 40}…” is longer than 60 characters"),
        (["email", *(f"c{n}" for n in range(51))], "x.csv, line 2: the header has 51 columns beside the known ones; 50 are too many"),
    ],
)  # fmt: skip
def test_header_that_cannot_be_used_is_refused(header: list[str], words: str) -> None:
    with pytest.raises(FileRefused) as refused:
        columns_of(header, "x.csv", 2)
    assert str(refused.value) == words
