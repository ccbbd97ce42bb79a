"""The page with the sign-up form, as it is shown first and whenever it comes back with what was typed."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote

from starlette.responses import HTMLResponse, Response

from newsletter.audience.abuse.form_tokens import issue_form_token
from newsletter.audience.abuse.puzzle import BITS
from newsletter.audience.sign_up.form import BOTH, Problem, Typed
from newsletter.audience.sign_up.words import ListOffer
from newsletter.foundation.language import own_name
from newsletter.foundation.texts import texts
from newsletter.web.errors import content_security_policy
from newsletter.web.site import Site

FORM = "subscribe"
"""The name of the form, for which its tokens are signed."""

_FIELDS = ("lists", "address", "name", "languages")  # from top to bottom


class Note(StrEnum):
    """Why the form comes back although nothing in it is wrong."""

    ONE_MORE_CLICK = "one_more_click"  # it was sent from another site's page
    TOO_QUICK = "too_quick"  # faster than people are
    TOO_LATE = "too_late"  # the page had stood open for long
    CHANGED = "changed"  # what people agree to is not what was shown
    UNSOLVED = "unsolved"  # the browser has not done its work
    SENT_ALREADY = "sent_already"  # the same page was sent before
    TOO_MANY = "too_many"  # from this network, this hour


@dataclass(frozen=True, slots=True)
class FormPage:
    """The form in a language, of every public list or of the one called `slug`; `fresh` is what it shows untouched."""

    language: str
    slug: str | None
    offers: tuple[ListOffer, ...]
    fresh: Typed

    def path(self, site: Site, language: str) -> str:
        """Where the form stands in a language."""
        rest = f"/{quote(self.slug)}" if self.slug else ""
        return f"{site.base_path}/{language}/subscribe{rest}"


@dataclass(frozen=True, slots=True)
class Choice:
    """A language to choose, or both: the value that the form sends, its words and their language."""

    value: str
    words: str
    language: str
    is_chosen: bool


def digest_of(offers: Sequence[ListOffer]) -> str:
    """Stands for all that the form says of its lists: where it comes back with another, something was changed meanwhile."""
    return hashlib.sha256("\n\n".join(offer.shown for offer in offers).encode()).hexdigest()[:16]


def answer_with(
    site: Site,
    page: FormPage,
    typed: Typed,
    *,
    problems: Mapping[str, Problem] | None = None,
    note: Note | None = None,
    token: str | None = None,
) -> Response:
    """The page with what was typed, and a fresh token unless one is given."""
    t = texts(page.language).gettext
    problems = problems or {}
    html = site.render(
        "subscribe.html",
        page.language,
        page=page,
        typed=typed,
        token=token or issue_form_token(site.keyring, FORM, site.now()),
        shown=digest_of(page.offers),
        heading=_heading(page),
        note=note_words(page.language, note) if note else "",
        problems={
            field: problem_words(page.language, problems[field]) for field in _FIELDS if field in problems
        },
        puzzle_bits=BITS if site.settings.proof_of_work else 0,
        choices=_choices(site, page, typed),
        is_one_choice=len(site.settings.languages) == 2,
        alternates=[(tag, site.public_url(page.path(site, tag))) for tag in site.languages],
        button=t("Yes, subscribe me") if note is Note.ONE_MORE_CLICK else t("Subscribe"),
    )
    status = 422 if problems else 429 if note is Note.TOO_MANY else 200
    headers = {"Content-Language": page.language}
    if site.settings.proof_of_work:
        headers["Content-Security-Policy"] = f"{content_security_policy(site)}; script-src 'self'"
    if note is None and not problems:
        headers["X-Robots-Tag"] = "all"
    return HTMLResponse(html, status, headers=headers)


def _heading(page: FormPage) -> str:
    t = texts(page.language).gettext
    if len(page.offers) == 1:
        return t("Subscribe to “{list}”").format(list=page.offers[0].name)
    return t("Subscribe to our newsletters")


def _choices(site: Site, page: FormPage, typed: Typed) -> list[Choice]:
    t = texts(page.language).gettext
    languages = sorted(site.settings.languages, key=lambda tag: tag != page.language)
    if len(languages) < 2:
        return []
    is_both = BOTH in typed.languages
    are_one = len(languages) == 2
    choices = [
        Choice(tag, own_name(tag), tag, tag in typed.languages and not (are_one and is_both))
        for tag in languages
    ]
    both = t("Both, in one mail") if are_one else t("Two of them, in one mail")
    return [*choices, Choice(BOTH, both, page.language, is_both)]


def problem_words(language: str, problem: Problem) -> str:
    """What is wrong with a field, and how to mend it."""
    t = texts(language).gettext
    return {
        Problem.ADDRESS_MISSING: t("Please enter your e-mail address."),
        Problem.ADDRESS_WRONG: t("We cannot write to this address. Is it complete, as in name@example.org?"),
        Problem.NAME_WRONG: t("Please enter just a name, or nothing."),
        Problem.LIST_MISSING: t("Please choose at least one newsletter."),
        Problem.LANGUAGES_FEW: t("Please choose the two languages as well."),
    }[problem]


def note_words(language: str, note: Note) -> str:
    """Why the form is there again."""
    t = texts(language).gettext
    return {
        Note.ONE_MORE_CLICK: t(
            "One more click: please look whether everything is right, and confirm it below."
        ),
        Note.TOO_QUICK: t("That was quick! Please press the button once more."),
        Note.TOO_LATE: t("This page was open for a long time. Please press the button once more."),
        Note.CHANGED: t("This page has changed a moment ago. Please look at it again, and press the button."),
        Note.UNSOLVED: t(
            "Your browser was not ready yet. Please wait a moment, and press the button once more."
        ),
        Note.SENT_ALREADY: t("This form was sent already. If you have changed something, send it once more."),
        Note.TOO_MANY: t("Many sign-ups come from your network just now. Please try again in an hour."),
    }[note]
