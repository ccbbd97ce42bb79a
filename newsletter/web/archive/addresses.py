"""Where everything in the archive stands, and how pages tell search engines so."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from newsletter.foundation.language import lookup
from newsletter.web.site import Site


@dataclass(frozen=True, slots=True)
class Alternate:
    """The same in another language: a tag or `x-default`, and the whole address."""

    hreflang: str
    url: str


def archive_path(site: Site, language: str) -> str:
    """Every public list in a language."""
    return f"{site.base_path}/{language}/archive"


def list_path(site: Site, language: str, slug: str, page: int = 1) -> str:
    """The editions of one list; the first page has the plain address."""
    query = f"?page={page}" if page > 1 else ""
    return f"{archive_path(site, language)}/lists/{quote(slug)}{query}"


def edition_path(site: Site, language: str, name: str) -> str:
    """One edition in a language, by the readable form of its public name."""
    return f"{archive_path(site, language)}/{name}"


def feed_path(site: Site, language: str, slug: str | None = None) -> str:
    """The Atom feed of a list, or of every public list."""
    return f"{list_path(site, language, slug) if slug else archive_path(site, language)}/atom.xml"


def subscribe_path(site: Site, language: str, slug: str) -> str:
    """Where one signs up to a list, in a language that the system speaks."""
    return f"{site.base_path}/{words_language(site, language)}/subscribe/{quote(slug)}"


def words_language(site: Site, language: str) -> str:
    """The language of the archive's own words around what is in `language`: the same, where the system speaks it."""
    return lookup([language], site.languages) or site.languages[0]


def alternates(
    site: Site, languages: Sequence[str], path: Callable[[str], str], *, with_default: bool = True
) -> list[Alternate]:
    """Each language's address; the one of the organisation's first language is also for those who read none of them."""
    found = [Alternate(tag, site.public_url(path(tag))) for tag in languages]
    if with_default and found:
        default = lookup(site.settings.languages, languages) or languages[0]
        found.append(Alternate("x-default", site.public_url(path(default))))
    return found


def in_header(links: Sequence[Alternate], canonical: str = "") -> str:
    """The links as the value of a Link header (RFC 8288 section 3.4.1, RFC 6596)."""
    values = [f'<{link.url}>; rel="alternate"; hreflang="{link.hreflang}"' for link in links]
    return ", ".join([*values, f'<{canonical}>; rel="canonical"'] if canonical else values)


def robots(site: Site, *, is_for_all: bool = True) -> str:
    """X-Robots-Tag: whether search engines may show this page."""
    return "all" if is_for_all and site.settings.archive_indexed else "noindex"
