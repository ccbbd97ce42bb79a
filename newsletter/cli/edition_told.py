"""How an edition is told: in JSON in the words of the glossary, and to people."""

from typing import Any

from newsletter.announcements.rules import is_stale
from newsletter.cli.output import say, write_table
from newsletter.editions.models import Edition, EditionText, Section
from newsletter.foundation.language import own_name


def edition_json(edition: Edition, slug: str, variants: list[str]) -> dict[str, Any]:
    """An edition with its words."""
    texts = sorted(edition.texts, key=lambda text: edition.languages.index(text.language))
    return {
        "id": edition.id,
        "issue_number": edition.issue_number,
        "list": slug,
        "state": edition.state.value,
        "mode": edition.mode.value,
        "fallback": edition.fallback.value,
        "theme": edition.theme,
        "languages": list(edition.languages),
        "variants": variants,
        "texts": {text.language: _text_json(text, texts[0]) for text in texts},
    }


def _text_json(text: EditionText, source: EditionText) -> dict[str, Any]:
    return {
        "subject": text.subject,
        "is_subject_derived": text.is_subject_derived,
        "preheader": text.preheader,
        "is_preheader_derived": text.is_preheader_derived,
        "intro": text.intro,
        "state": text.state.value,
        "is_stale": is_stale(text, source),
        "approved_by": text.approved_by,
        "approved_at": text.approved_at,
    }


def whole_edition_json(edition: Edition, slug: str, variants: list[str]) -> dict[str, Any]:
    """An edition with its words, sections and items (`queries.edition_by_id`)."""
    return {
        **edition_json(edition, slug, variants),
        "sections": [
            {"number": number, "titles": _titles(edition, section)}
            for number, section in enumerate(edition.sections, 1)
        ],
        "items": [
            {
                "announcement": entry.announcement_id,
                "section": number,
                "fallback": entry.fallback.value if entry.fallback else None,
                "languages": [text.language for text in entry.announcement.translations],
                "title": next((text.title for text in entry.announcement.translations), ""),
            }
            for number, section in enumerate(edition.sections, 1)
            for entry in section.items
        ],
    }


def _titles(edition: Edition, section: Section) -> dict[str, str]:
    titles = {text.language: text.section_titles.get(str(section.id), "") for text in edition.texts}
    return {tag: titles[tag] for tag in edition.languages if titles.get(tag)}


def show_edition(told: dict[str, Any]) -> None:
    """Tells people what `whole_edition_json` holds."""
    say(f"Edition {told['id']}: {told['list']} no. {told['issue_number']}, {told['state']}")
    say(
        f"Mode {told['mode']}, fallback {told['fallback']}, variants {' '.join(told['variants']) or '(not frozen)'}\n"
    )
    for language, words in told["texts"].items():
        say(f"[{language}] {words['subject']}\n     {words['preheader']}\n     {_state(words)}")
        if words["intro"]:
            say("".join(f"     {line}\n" for line in words["intro"].splitlines()).rstrip("\n"))
    for section in told["sections"]:
        if section["titles"]:
            named = ", ".join(f"{own_name(tag)} “{title}”" for tag, title in section["titles"].items())
            say(f"Section {section['number']}: {named}")
    has_sections = len(told["sections"]) > 1
    columns = ["Announcement", "Languages", "Fallback", "Title"]
    write_table(
        "",
        [*(["Section"] if has_sections else []), *columns],
        [
            (
                *([item["section"]] if has_sections else []),
                item["announcement"],
                " ".join(item["languages"]),
                item["fallback"] or "",
                item["title"],
            )
            for item in told["items"]
        ],
        right=["Announcement", "Section"],
    )


def _state(words: dict[str, Any]) -> str:
    made = [name for name in ("subject", "preheader") if words[f"is_{name}_derived"]]
    told = words["state"] + (", stale" if words["is_stale"] else "")
    return f"({told}; {' and '.join(made)} made from the items)" if made else f"({told})"
