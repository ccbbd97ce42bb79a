"""The front matter of a Markdown file: its fields, as the text that was written, each with its lines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlsplit

import yaml

from newsletter.foundation.errors import BadInput

# What each field may hold at most; the names are those that docs and examples show.
FIELD_MAX: Mapping[str, int] = {
    "title": 300,
    "lang": 20,
    "source": 10,
    "date": 40,
    "event": 40,
    "topic": 100,
    "ref": 200,
    "summary": 2000,
    "cta_label": 200,
    "cta_url": 2000,
    "image": 500,
    "alt": 1000,
}
_FENCE = "---"
_LINK_SCHEMES = frozenset({"http", "https", "mailto", "tel"})


@dataclass(frozen=True, slots=True)
class Field:
    """A field's text and the lines (from 0, both included) on which it stands."""

    text: str
    first_line: int
    last_line: int


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The known fields, the unknown ones, and the number of lines from the first fence to the last (0: none)."""

    file: str
    fields: Mapping[str, Field]
    unknown: Mapping[str, Field]
    line_count: int

    def text(self, name: str) -> str:
        """The field's text, "" where it is absent."""
        return self.fields[name].text if name in self.fields else ""

    def is_true(self, name: str) -> bool:
        """Whether the field says yes."""
        return self.text(name).lower() in {"true", "yes", "on", "1"}

    def date(self, name: str) -> date | None:
        """The day in the field, None where it is absent. Raises BadInput for what is no ISO 8601 date."""
        if not (text := self.text(name)):
            return None
        try:
            return datetime.fromisoformat(text).date()
        except ValueError as error:
            raise self.bad(name, f"“{text}” is no date; write it like 2026-11-13") from error

    def link(self, name: str) -> str:
        """The address in the field, "" where it is absent. Raises BadInput for what no reader could follow."""
        text = self.text(name)
        try:
            parts = urlsplit(text)
        except ValueError as error:
            raise self.bad(name, "this is no address") from error
        is_whole = parts.scheme in _LINK_SCHEMES and (parts.netloc or parts.scheme in {"mailto", "tel"})
        if text and (not is_whole or any(character.isspace() for character in text)):
            raise self.bad(name, "an address begins with https:// and has no spaces")
        return text

    def bad(self, name: str, words: str) -> BadInput:
        """The refusal of this field, with file and line."""
        return BadInput(f"{self.file}, line {self.fields[name].first_line + 1}: {name}: {words}.")


def read_front_matter(file: str, lines: Sequence[str]) -> FrontMatter:
    """The fields between two lines `---` at the top of a file. Raises BadInput with file and line."""
    if not lines or lines[0].rstrip() != _FENCE:
        return FrontMatter(file, {}, {}, 0)
    end = next((n for n in range(1, len(lines)) if lines[n].rstrip() in {_FENCE, "..."}), None)
    if end is None:
        raise BadInput(
            f"{file}, line 1: the front matter begins with --- and has no second --- that ends it."
        )
    fields: dict[str, Field] = {}
    unknown: dict[str, Field] = {}
    for key, field in _pairs(file, lines[1:end], end):
        where = fields if key in FIELD_MAX else unknown
        if key in where:
            raise BadInput(f"{file}, line {field.first_line + 1}: the field {key} stands there twice.")
        if len(field.text) > FIELD_MAX.get(key, len(field.text)):
            raise BadInput(
                f"{file}, line {field.first_line + 1}: {key} is longer than {FIELD_MAX[key]} characters."
            )
        where[key] = field
    return FrontMatter(file, fields, unknown, end + 1)


def _pairs(file: str, lines: Sequence[str], end: int) -> list[tuple[str, Field]]:
    """Each key with the text of its value; YAML's own readings (`no` as false) are not wanted here."""
    try:
        node = yaml.compose("\n".join(lines), Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        at = error.problem_mark.line if error.problem_mark else 0
        hint = " (a text with a colon in it needs quotes)" if "mapping values" in str(error.problem) else ""
        raise BadInput(
            f"{file}, line {at + 2}: the front matter cannot be read: {error.problem}{hint}."
        ) from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise BadInput(f"{file}, line 1: the front matter cannot be read: it is no YAML.") from error
    if node is None:
        return []
    if not isinstance(node, yaml.MappingNode):
        raise BadInput(f"{file}, line 2: the front matter must be lines like `title: …`.")
    if not node.value:
        return []
    keys = [key for key, _ in node.value]
    next_lines = [key.start_mark.line for key in keys[1:]] + [end - 1]
    pairs = []
    for (key, value), following in zip(node.value, next_lines, strict=True):
        first = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise BadInput(f"{file}, line {first + 1}: a field's name must be a word.")
        if not isinstance(value, yaml.ScalarNode) and key.value in FIELD_MAX:
            raise BadInput(f"{file}, line {first + 1}: {key.value} must be one text, not a list.")
        is_null = isinstance(value, yaml.ScalarNode) and value.tag == "tag:yaml.org,2002:null"
        text = "" if is_null or not isinstance(value, yaml.ScalarNode) else value.value.strip()
        pairs.append((key.value, Field(text, first, max(first, following))))
    return pairs
