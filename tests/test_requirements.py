"""Every numbered requirement has a test that carries its number."""

import importlib.util
from pathlib import Path
from types import ModuleType

TOP = Path(__file__).parent.parent
DUE = (
    *(f"U{number}" for number in range(1, 9)),
    *(f"M{number}" for number in (*range(1, 10), 14, 15, 16, 20)),
    *(f"T{number}" for number in (*range(1, 9), 10, 13, 14, *range(16, 22), *range(26, 31))),
)


def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("list_requirements", TOP / "tools" / "list_requirements.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_each_requirement_has_a_test_that_carries_its_number() -> None:
    found = tool().tests_by_number()
    assert [number for number in DUE if not found.get(number)] == []


def test_each_requirement_is_told_in_words() -> None:
    assert [number for number in tool().tests_by_number() if number not in tool().WHAT] == []
