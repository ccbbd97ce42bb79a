"""What is wrong with an edition's content before any template sees it."""

from collections.abc import Iterator

from newsletter.foundation.sayings import saying
from newsletter.rendering.colours import palette, parse_colour
from newsletter.rendering.content import EditionContent, Item, ItemForm, LanguagePart
from newsletter.rendering.fields import almost_fields, as_written, clean, set_aside, unknown_fields
from newsletter.rendering.markdown import find_body_problems, is_safe_url
from newsletter.rendering.problems import Code, Level, Problem


def check_content(content: EditionContent) -> tuple[Problem, ...]:
    """Every problem of the content, in reading order. `where` is like `subject`, `intro` or `item 12 body`."""
    return tuple(_check(content))


def _check(content: EditionContent) -> Iterator[Problem]:
    language = content.language
    for part in content.parts:
        yield from _check_fields(part.subject, "subject", part.language)
    yield from _check_fields(content.preheader, "preheader", language)
    for part in content.parts:
        yield from _check_markdown(part.intro, "intro", part.language)
        yield from _check_items(part)
    for url, where in _addresses(content):
        if url and not is_safe_url(url):
            yield _unsafe(url, where, language)
    yield from _check_accent(content.branding.accent)


def _addresses(content: EditionContent) -> Iterator[tuple[str, str]]:
    yield content.view_url, "view_url"
    yield from ((part.preferences_url, "preferences_url") for part in content.parts)
    yield content.branding.logo_url, "branding logo"
    yield content.branding.website, "branding website"
    yield from ((link.url, f"link to {link.language}") for link in content.other_languages)


def _check_items(part: LanguagePart) -> Iterator[Problem]:
    for section in part.sections:
        for item in section.items:
            yield from _check_item(item, f"item {item.key}")


def _check_item(item: Item, where: str) -> Iterator[Problem]:
    language = item.language
    if not item.title.strip():
        message = saying("The item has no title.")
        yield Problem(Code.TITLE_MISSING, Level.BLOCKS, message, None, where, language)
    if item.form is ItemForm.SUMMARY:
        if not item.read_url:
            message = saying("Only the title is shown, and it leads nowhere: there is no page to read on.")
            yield Problem(Code.LINK_MISSING, Level.WARNS, message, None, where, language)
        elif not is_safe_url(item.read_url):
            yield _unsafe(item.read_url, where, language)
        return
    yield from _check_markdown(item.body, f"{where} body", language)
    if item.action and not is_safe_url(item.action.url):
        yield _unsafe(item.action.url, f"{where} button", language)
    if item.picture and not is_safe_url(item.picture.url):
        yield _unsafe(item.picture.url, f"{where} picture", language)
    if item.picture and not item.picture.alt.strip():
        message = saying("The picture has no alternative text; readers who do not see it are told nothing.")
        yield Problem(Code.PICTURE_WITHOUT_ALT, Level.WARNS, message, None, f"{where} picture", language)


def _check_markdown(markdown: str, where: str, language: str) -> Iterator[Problem]:
    yield from _check_fields(markdown, where, language)
    for found in find_body_problems(set_aside(clean(markdown))):
        target = as_written(found.target)
        if found.kind == "picture":
            message = saying(
                "Pictures inside a text are not shown, only their alternative text; make it the item's picture."
            )
            yield Problem(Code.PICTURE_IN_BODY, Level.WARNS, message, found.line, where, language)
        elif found.kind == "deep":
            message = saying(
                "Quotations or lists stand too deep in each other here; what is in the deepest is not shown."
            )
            yield Problem(Code.TOO_DEEP, Level.BLOCKS, message, found.line, where, language)
        elif found.kind == "relative":
            message = saying(
                "The link to “{target}” leads nowhere in a mail; write it with https://.", target=target
            )
            yield Problem(Code.RELATIVE_LINK, Level.WARNS, message, found.line, where, language)
        else:
            yield _unsafe(target, where, language, found.line)


def _check_fields(text: str, where: str, language: str) -> Iterator[Problem]:
    text = clean(text)
    for field, line in unknown_fields(text):
        message = saying(
            "There is no merge field {field}; write \\{field} to show it as text.", field=str(field)
        )
        yield Problem(Code.UNKNOWN_FIELD, Level.BLOCKS, message, line, where, language)
    for shown, line in almost_fields(text):
        message = saying("{field} is no merge field and is shown as it stands.", field=shown)
        yield Problem(Code.LOOKS_LIKE_FIELD, Level.WARNS, message, line, where, language)


def _check_accent(accent: str) -> Iterator[Problem]:
    colour = parse_colour(accent)
    if colour is None:
        message = saying("“{colour}” is no colour such as #14539a; the house's own is used.", colour=accent)
        yield Problem(Code.BAD_ACCENT, Level.WARNS, message, None, "branding accent")
    elif (shown := palette(colour).accent) != colour:
        message = saying(
            "{colour} is too pale to be read on white; {shown} is used.", colour=colour, shown=shown
        )
        yield Problem(Code.ACCENT_ADJUSTED, Level.NOTES, message, None, "branding accent")


def _unsafe(url: str, where: str, language: str, line: int | None = None) -> Problem:
    message = saying(
        "“{url}” is not an address that a letter can link to; use https, http, mailto or tel.", url=url
    )
    return Problem(Code.UNSAFE_LINK, Level.BLOCKS, message, line, where, language)
