"""`/{language}/confirm/{token}` and `/{language}/not-me/{token}`: the owner of an address answers.

Mail filters open every link, some with a browser that runs scripts: only a POST of the page's button acts (threat T18).
"""

from collections.abc import Callable
from dataclasses import dataclass

from markupsafe import Markup, escape
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from newsletter.audience.sign_up.answering import Answered, confirm_sign_up, decline_sign_up
from newsletter.audience.sign_up.queries import SignUpSeen, Standing, seen_of, sign_up_by_token
from newsletter.foundation.texts import texts
from newsletter.web.languages import page_languages
from newsletter.web.site import Part, named_in, site_of, wanted_languages
from newsletter.web.visitor import visit_of


@dataclass(frozen=True, slots=True)
class _About:
    """What a page is about: its language, the lists that the request names, and where to ask anew."""

    language: str
    list_names: tuple[dict[str, str], ...]
    form_path: str

    @property
    def lists(self) -> Markup:
        """The names of the lists as an enumeration in a sentence."""
        t = texts(self.language).gettext
        quoted = [
            escape(t("“{list}”")).format(list=named_in(item, self.language)) for item in self.list_names
        ]
        if len(quoted) < 2:
            return quoted[0] if quoted else Markup("")
        several = Markup(", ").join(quoted[:-1])
        return escape(t("{several} and {last}")).format(several=several, last=quoted[-1])

    @property
    def form_link(self) -> Markup:
        """The way to the sign-up form."""
        label = texts(self.language).gettext("To the sign-up form")
        return Markup('<a href="{}">{}</a>').format(self.form_path, label)


_Words = Callable[[_About], Part]


async def confirm_or_ask(request: Request) -> Response:
    """POST confirms; GET and HEAD show what would be confirmed."""
    return await run_in_threadpool(_confirm if request.method == "POST" else _ask_to_confirm, request)


async def decline_or_ask(request: Request) -> Response:
    """POST declines for good; GET and HEAD show what that means."""
    return await run_in_threadpool(_decline if request.method == "POST" else _ask_to_decline, request)


def _ask_to_confirm(request: Request) -> Response:
    seen = _seen(request)
    if seen is None:
        return _page(request, (), (), _unknown_part, status=404)
    return _page(request, seen.languages, seen.list_names, _STANDING_PARTS[seen.standing])


def _confirm(request: Request) -> Response:
    site = site_of(request)
    with site.database.transaction() as session:
        answered = confirm_sign_up(
            session, site.keyring, request.path_params["token"], visit_of(request), site.now()
        )
    if answered is None:
        return _page(request, (), (), _unknown_part, status=404)
    words = _confirmed_part if answered.has_changed else _STANDING_PARTS[answered.seen.standing]
    return _answer(request, answered, words)


def _ask_to_decline(request: Request) -> Response:
    seen = _seen(request)
    if seen is None:
        return _page(request, (), (), _unknown_part, status=404)
    words = _declined_part if seen.standing is Standing.DECLINED else _not_me_part
    return _page(request, seen.languages, seen.list_names, words)


def _decline(request: Request) -> Response:
    site = site_of(request)
    with site.database.transaction() as session:
        answered = decline_sign_up(session, request.path_params["token"], visit_of(request), site.now())
    if answered is None:
        return _page(request, (), (), _unknown_part, status=404)
    return _answer(request, answered, _declined_part)


def _seen(request: Request) -> SignUpSeen | None:
    site = site_of(request)
    with site.database.read() as session:
        sign_up = sign_up_by_token(session, request.path_params["token"])
        return None if sign_up is None else seen_of(session, sign_up, site.now())


def _answer(request: Request, answered: Answered, words: _Words) -> Response:
    response = _page(request, answered.seen.languages, answered.seen.list_names, words)
    if answered.has_changed:
        response.background = BackgroundTask(site_of(request).wake_worker)
    return response


def _page(
    request: Request,
    hers: tuple[str, ...],
    names: tuple[dict[str, str], ...],
    words: _Words,
    *,
    status: int = 200,
) -> Response:
    site = site_of(request)
    asked = request.query_params.get("lang", "")
    known = [tag for tag in (asked, request.path_params["language"]) if tag in site.languages]
    languages = page_languages(site.languages, hers, known, wanted_languages(request))
    abouts = [_About(tag, names, f"{site.base_path}/{tag}/subscribe") for tag in languages]
    return site.page([words(about) for about in abouts], status=status)


def _ask_part(about: _About) -> Part:
    t = texts(about.language).gettext
    return Part(
        about.language,
        t("Do you wish to subscribe?"),
        (
            escape(t("With this one click you subscribe to {lists}.")).format(lists=about.lists),
            t("You did not ask for this? Just close the page: without the click nothing happens."),
        ),
        button=t("Yes, subscribe me"),
    )


def _confirmed_part(about: _About) -> Part:
    t = texts(about.language).gettext
    return Part(
        about.language,
        t("Thank you, you are subscribed"),
        (
            escape(t("From now on you receive {lists}.")).format(lists=about.lists),
            t("You can leave at any time, with the link at the foot of each mail."),
        ),
        is_done=True,
    )


def _already_part(about: _About) -> Part:
    t = texts(about.language).gettext
    return Part(
        about.language,
        t("You have confirmed already"),
        (
            t("All is well: your subscription was confirmed before. There is nothing left to do."),
            t("You can leave at any time, with the link at the foot of each mail."),
        ),
        is_done=True,
    )


def _expired_part(about: _About) -> Part:
    t = texts(about.language).gettext
    return Part(
        about.language,
        t("This link has expired"),
        (
            t(
                "It worked for seven days, and nothing has happened. If you still wish to subscribe, ask once more:"
            ),
            about.form_link,
        ),
    )


def _unknown_part(about: _About) -> Part:
    t = texts(about.language).gettext
    return Part(
        about.language,
        t("This link does not work"),
        (
            t(
                "It may be incomplete, or older than seven days. Please try once more from the mail, or ask anew:"
            ),
            about.form_link,
        ),
    )


def _not_me_part(about: _About) -> Part:
    t = texts(about.language).gettext
    return Part(
        about.language,
        t("Never write to you again?"),
        (
            t(
                "With this click the request ends, and no mail of ours ever goes to your address again: no newsletter, no question like this one, whoever asks."
            ),
            t("If you only wish that nothing comes of this request, just close the page."),
        ),
        button=t("Never write to me again"),
    )


def _declined_part(about: _About) -> Part:
    t = texts(about.language).gettext
    return Part(
        about.language,
        t("We will not write to you again"),
        (
            t("The request has ended, and your address is barred. Please excuse the disturbance."),
            t(
                "Should you change your mind one day, answer any of our mails: only we ourselves can lift the bar."
            ),
        ),
        is_done=True,
    )


_STANDING_PARTS: dict[Standing, _Words] = {
    Standing.WAITING: _ask_part,
    Standing.CONFIRMED: _already_part,
    Standing.DECLINED: _declined_part,
    Standing.EXPIRED: _expired_part,
}
