"""What readers' texts call a newsletter: one word in each language, as docs/words.md has it."""

import re

import pytest
from babel.messages.pofile import read_po

from newsletter.foundation.texts import LOCALE_FOLDER

OTHER_WORDS = {
    "en": r"(?<!news)letters?\b",
    "fr": r"\blettres?\b(?!\s+d’information)|newsletter|infolettre",
    "nl": r"newsletter|(?<!nieuws)brie(f|ven)\b|mailing",
    "de": r"rundbrief|(?<!news)letter|\bbrief\b",
}


def reader_texts(language: str) -> dict[str, str]:
    """Texts for readers are in all four languages, those for staff in two; commands in backquotes are left out."""
    catalogues = {}
    for tag in (language, "nl"):
        with (LOCALE_FOLDER / tag / "LC_MESSAGES" / "newsletter.po").open("rb") as source:
            catalogues[tag] = {
                str(message.id): str(message.string) for message in read_po(source, locale=tag)
            }
    return {
        key: re.sub("`[^`]*`", "", text)
        for key, text in catalogues[language].items()
        if key and catalogues["nl"].get(key)
    }


@pytest.mark.parametrize("language", OTHER_WORDS)
def test_readers_meet_one_word_for_a_newsletter(language: str) -> None:
    texts = reader_texts(language)
    assert {key: text for key, text in texts.items() if re.search(OTHER_WORDS[language], text, re.I)} == {}
    assert "You no longer wish to receive this newsletter?" in texts
