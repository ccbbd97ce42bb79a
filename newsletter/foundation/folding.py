"""Comparing words as people do, without capitals and accents, and text as numbers: alike in Python and in both databases.

Databases differ in what they take for the same letter (SQLite lowers ASCII only, PostgreSQL as its locale says). So
the letters that are folded are listed here, and every one of the three looks them up in this list.
"""

import re
import sqlite3
import unicodedata
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

_NUMBER = "^ *-?[0-9]{1,15}([.,][0-9]{1,15})? *$"
_LAST_FOLDED = 0x45F  # the Latin letters of Europe, Greek and Cyrillic stand before


def _folded_letters() -> dict[str, str]:
    """Letter -> the small letter without accents that it is compared as; those that stay are left out."""
    pairs = {}
    for code in range(0x41, _LAST_FOLDED + 1):
        letter = chr(code)
        base = unicodedata.normalize("NFD", letter)[0].lower()
        if letter.isalpha() and len(base) == 1 and base != letter:
            pairs[letter] = base
    return pairs


_LETTERS = _folded_letters()
_TABLE = str.maketrans(_LETTERS)


def fold(text: str) -> str:
    """The text as it is compared: Unicode composed, capitals and accents gone: "Liège" and "LIEGE" give "liege"."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", text).translate(_TABLE)


def number_in(text: str) -> float | None:
    """The number that a text is, with a point or a comma in it; None where it is something else."""
    if not re.match(_NUMBER, text) or text.endswith("\n"):
        return None
    return float(text.strip(" ").replace(",", "."))


def register(connection: sqlite3.Connection) -> None:
    """Teaches a connection of SQLite the two functions."""
    cached = lru_cache(maxsize=10_000)(fold)
    connection.create_function(
        "fold_text", 1, lambda text: None if text is None else cached(str(text)), deterministic=True
    )
    connection.create_function(
        "number_in", 1, lambda text: None if text is None else number_in(str(text)), deterministic=True
    )


class folded(FunctionElement[str]):  # noqa: N801 - reads as the function that it is
    """A column's text as `fold` gives it."""

    type = sa.String()
    inherit_cache = True


class number_of(FunctionElement[float]):  # noqa: N801
    """A column's text as `number_in` gives it; NULL where it is no number."""

    type = sa.Float()
    inherit_cache = True


@compiles(folded, "sqlite")
def _folded_on_sqlite(element: folded, compiler: SQLCompiler, **options: Any) -> str:
    return f"fold_text({compiler.process(element.clauses, **options)})"


@compiles(number_of, "sqlite")
def _number_on_sqlite(element: number_of, compiler: SQLCompiler, **options: Any) -> str:
    return f"number_in({compiler.process(element.clauses, **options)})"


@compiles(folded, "postgresql")
def _folded_on_postgresql(element: folded, compiler: SQLCompiler, **options: Any) -> str:
    text = compiler.process(element.clauses, **options)
    # "C" lowers ASCII alone, whatever the server's locale; `translate` goes through the list for each letter.
    composed = f'lower(normalize({text}, NFC) COLLATE "C")'
    letters = {letter: base for letter, base in _LETTERS.items() if not letter.isascii()}
    translated = f"translate({composed}, '{''.join(letters)}', '{''.join(letters.values())}')"
    return f'CASE WHEN octet_length({text}) = char_length({text}) THEN lower({text} COLLATE "C") ELSE {translated} END'


@compiles(number_of, "postgresql")
def _number_on_postgresql(element: number_of, compiler: SQLCompiler, **options: Any) -> str:
    text = compiler.process(element.clauses, **options)
    number = f"CAST(replace(trim({text}), ',', '.') AS double precision)"
    return f"CASE WHEN {text} ~ '{_NUMBER}' THEN {number} END"
