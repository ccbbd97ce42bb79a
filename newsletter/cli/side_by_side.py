"""`newsletter announcements show ID --beside fr,en`: two texts of an announcement, the source on the left."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from newsletter.announcements.models import Announcement, Translation, TranslationState
from newsletter.announcements.revisions.queries import announcement_with_texts, what_changed
from newsletter.announcements.rules import is_stale, source_of, text_in
from newsletter.cli.output import say, write_json, write_table
from newsletter.cli.source_changes import change_json, show_change
from newsletter.foundation.errors import BadInput
from newsletter.foundation.language import language_name, normalise_tag, own_name
from newsletter.wiring import Installation

_COUNT = "Signs"


@dataclass(frozen=True, slots=True)
class _Side:
    """One of the two texts; `text` is None where it is missing."""

    language: str
    is_source: bool
    is_stale: bool
    text: Translation | None

    @property
    def words(self) -> Mapping[str, str]:
        """Field -> words: `title`, `body`, `alt.0` and so on."""
        return self.text.words if self.text else dict.fromkeys(Translation.FIELDS, "")

    @property
    def state(self) -> str:
        """The state of the text, or that it is missing."""
        return self.text.state.value if self.text else "missing"

    def as_json(self) -> dict[str, Any]:
        """The text with the length of each field."""
        fields = {name: {"words": words, "characters": len(words)} for name, words in self.words.items()}
        return {
            "language": self.language,
            "is_source": self.is_source,
            "state": self.state,
            "is_stale": self.is_stale,
            **fields,
        }


def show_side_by_side(
    installation: Installation, announcement_id: int, languages: str, *, as_json: bool
) -> None:
    """Shows two texts field by field with their lengths, and what the source changed since the right one was confirmed.

    `languages` are two tags with a comma between them, or one, which is shown beside the source.
    """
    with installation.database.read() as session:
        announcement = announcement_with_texts(session, announcement_id)
        tags = _tags(languages, announcement.source_language, installation.settings.languages)
        left, right = (_side(announcement, tag) for tag in tags)
        is_compared = right.text is not None and right.text.state is not TranslationState.NOT_APPLICABLE
        change = what_changed(session, announcement_id, right.language) if is_compared else None
    if as_json:
        told = change_json(change) if change else None
        sides = {"left": left.as_json(), "right": right.as_json()}
        write_json({"announcement": announcement_id, **sides, "source_changes": told})
        return
    _show(left, right)
    if change and change.is_stale:
        source, name = (language_name(tag, "en") for tag in (change.source_language, right.language))
        say(f"What the {source} changed since the {name} was confirmed:\n")
        show_change(change, right.language)


def _tags(languages: str, source_language: str, spoken: Sequence[str]) -> tuple[str, str]:
    """The languages of the left and the right side. Raises BadInput."""
    tags = [normalise_tag(part) for part in languages.split(",")]
    for tag in tags:
        if tag not in spoken:
            raise BadInput(
                f"--beside {tag}: this installation speaks {', '.join(spoken)} (NEWSLETTER_LANGUAGES)."
            )
    if len(tags) == 1:
        tags = [source_language, *tags]
    if len(tags) != 2 or tags[0] == tags[1]:
        raise BadInput(
            "--beside takes two languages, as in --beside fr,en, or one to stand beside the source."
        )
    left, right = sorted(tags, key=lambda tag: tag != source_language)
    return left, right


def _side(announcement: Announcement, language: str) -> _Side:
    text = text_in(announcement, language)
    stale = text is not None and is_stale(text, source_of(announcement))
    return _Side(language, language == announcement.source_language, stale, text)


def _show(left: _Side, right: _Side) -> None:
    fields = [name for name in {**left.words, **right.words} if left.words.get(name) or right.words.get(name)]
    rows = [(_shown(name), *_cells(left, name), *_cells(right, name)) for name in fields]
    columns = ["Field", _heading(left), _COUNT, _heading(right), _COUNT]
    write_table("", columns, rows, right=[_COUNT], whole=["Field"], lines=True)


def _shown(field: str) -> str:
    """A field as the options of `edit` count it: `alt 1` is of the first picture."""
    name, dot, number = field.partition(".")
    return f"{name} {int(number) + 1}" if dot else name.replace("_", " ")


def _cells(side: _Side, field: str) -> tuple[str, object]:
    words = side.words.get(field, "")
    return words, len(words) or ""


def _heading(side: _Side) -> str:
    words = [side.state.replace("_", " "), *(["stale"] if side.is_stale else [])]
    return f"{own_name(side.language)}\n{'source, ' if side.is_source else ''}{', '.join(words)}"
