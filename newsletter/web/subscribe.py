"""`/{language}/subscribe`: signing up. Every address is answered alike; what becomes of it is decided by a job (threat T19)."""

from collections.abc import Mapping
from enum import Enum

from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from newsletter.audience.abuse.budgets import count_one, network_of
from newsletter.audience.abuse.form_tokens import TokenStanding, judge_form_token, spend_form_token
from newsletter.audience.abuse.puzzle import is_solved
from newsletter.audience.consent.actions import Visit
from newsletter.audience.sign_up.actions import FormShown, keep_sign_up
from newsletter.audience.sign_up.form import Typed, Wish, understand
from newsletter.audience.sign_up.queries import offered_lists
from newsletter.audience.sign_up.words import ListOffer
from newsletter.foundation.texts import texts
from newsletter.web.errors import not_found
from newsletter.web.form_body import first, form_fields
from newsletter.web.site import Part, Site, site_of
from newsletter.web.subscribe_page import FORM, FormPage, Note, answer_with, digest_of
from newsletter.web.visitor import visit_of
from newsletter.wiring import budgets_of

_NOTES = {
    TokenStanding.FOREIGN: Note.ONE_MORE_CLICK,
    TokenStanding.TOO_YOUNG: Note.TOO_QUICK,
    TokenStanding.TOO_OLD: Note.TOO_LATE,
}
# People never see this field; programs fill in every one.
_TRAP = "comment"


class _Kept(Enum):
    """What became of a form that was understood."""

    YES = "yes"  # written down
    SPENT = "spent"  # its page was sent already
    OVER_BUDGET = "over_budget"  # too many came from its network


async def subscribe(request: Request) -> Response:
    """GET shows the form, POST takes it; with a `slug` that of one list."""
    fields = await form_fields(request) if request.method == "POST" else None
    return await run_in_threadpool(_subscribe, request, fields)


def _subscribe(request: Request, fields: Mapping[str, list[str]] | None) -> Response:
    site = site_of(request)
    language, slug = request.path_params["language"], request.path_params.get("slug")
    if language not in site.languages:
        return not_found(request)
    with site.database.read() as session:
        offers = offered_lists(session, site.settings.organisation, language, slug)
    if slug is not None and not offers:
        return not_found(request)
    page = FormPage(language, slug, offers, Typed(languages=(language,)))
    if fields is None:
        wanted = tuple(request.query_params.get("lists", "").split(","))
        return answer_with(site, page, Typed(languages=(language,), lists=wanted))
    return _take(site, page, fields, visit_of(request))


def _take(site: Site, page: FormPage, fields: Mapping[str, list[str]], visit: Visit) -> Response:
    typed, token = _typed(fields, page.offers), first(fields, "form")
    wish = understand(typed, page.offers, site.settings.languages, page.language)
    if first(fields, _TRAP):
        return _thanks(site, page.language, page.offers)
    standing = judge_form_token(site.keyring, FORM, token, site.now())
    if standing in _NOTES:
        kept_token = token if standing is TokenStanding.TOO_YOUNG else None
        return answer_with(site, page, typed, note=_NOTES[standing], token=kept_token)
    if first(fields, "shown") != digest_of(page.offers):
        return answer_with(site, page, typed, note=Note.CHANGED)
    if site.settings.proof_of_work and not is_solved(token, first(fields, "solution")):
        return answer_with(site, page, typed, note=Note.UNSOLVED, token=token)
    if not isinstance(wish, Wish):
        return answer_with(site, page, typed, problems=wish, token=token)
    kept = _keep(site, page, wish, token, visit)
    if kept is _Kept.SPENT:
        return answer_with(site, page, typed, note=Note.SENT_ALREADY)
    if kept is _Kept.OVER_BUDGET:
        return answer_with(site, page, typed, note=Note.TOO_MANY)
    response = _thanks(site, page.language, wish.lists)
    # After the answer: what the worker does for one address and not for another must not be felt in it.
    response.background = BackgroundTask(site.wake_worker)
    return response


def _typed(fields: Mapping[str, list[str]], offers: tuple[ListOffer, ...]) -> Typed:
    lists = tuple(fields.get("lists", ()))
    return Typed(
        address=first(fields, "address"),
        name=first(fields, "name"),
        languages=tuple(fields.get("language", ())),
        lists=(offers[0].slug,) if len(offers) == 1 else lists,
    )


def _keep(site: Site, page: FormPage, wish: Wish, token: str, visit: Visit) -> _Kept:
    now = site.now()
    form = FormShown(page.language, site.public_url(page.path(site, page.language)))
    network = network_of(visit.ip)
    with site.database.transaction() as session:
        if not spend_form_token(session, site.keyring, token, now):
            return _Kept.SPENT
        if network is not None:
            count = count_one(session, site.keyring, f"forms from {network}", now)
            if count > budgets_of(site.settings).forms_per_network:
                return _Kept.OVER_BUDGET
        keep_sign_up(session, site.keyring, wish, form, visit, now)
    return _Kept.YES


def _thanks(site: Site, language: str, lists: tuple[ListOffer, ...]) -> Response:
    t = texts(language).gettext
    if any(offer.needs_confirmation for offer in lists):
        part = Part(
            language,
            t("Now look into your mailbox"),
            (
                t(
                    "A mail from us should be there in a few minutes. Press the button in it: then you are subscribed."
                ),
                t(
                    "Nothing there? Look among the unwanted mails, too. To one address we send such a mail once a day."
                ),
            ),
        )
    else:
        part = Part(
            language,
            t("Thank you"),
            (
                t("The next edition will find its way to you."),
                t(
                    "If you have left us before, we ask you by mail first whether you really wish to come back."
                ),
            ),
            is_done=True,
        )
    return site.page([part])
