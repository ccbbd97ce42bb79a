"""The system's own words in each language: gettext catalogues, read from the .po files that lie in `newsletter/locale`.

A language is always an argument. Mark a text by calling `t("English words")` where `t` is `texts(language).gettext`,
in Python and in templates alike; fill in with `.format(name=...)` afterwards. `tests/foundation/test_texts.py` finds
every such call and fails where French or English lacks it.
"""

import gettext
import io
from functools import cache
from pathlib import Path

from newsletter.foundation.language import lookup, normalise_tag

LOCALE_FOLDER = Path(__file__).resolve().parent.parent / "locale"
_FALLBACK = "en"


def texts(language: str) -> gettext.NullTranslations:
    """The texts of a language: `fr-BE` finds `fr`; a language without a catalogue, and a text that it lacks, gets English."""
    found = lookup([normalise_tag(language)], languages_with_texts())
    return _catalogue(found or _FALLBACK)


def has_texts(language: str) -> bool:
    """Whether the system itself speaks this language."""
    return lookup([normalise_tag(language)], languages_with_texts()) is not None


@cache
def languages_with_texts() -> tuple[str, ...]:
    """The languages that have a catalogue, sorted."""
    return tuple(
        sorted(path.parent.parent.name for path in LOCALE_FOLDER.glob("*/LC_MESSAGES/newsletter.po"))
    )


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    # Babel is imported here, because most commands need no text of these.
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with (LOCALE_FOLDER / language / "LC_MESSAGES" / "newsletter.po").open("rb") as source:
        catalogue = read_po(source, locale=language.replace("-", "_"))
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    translations = gettext.GNUTranslations(compiled)
    if language != _FALLBACK:
        translations.add_fallback(_catalogue(_FALLBACK))
    return translations
