"""`/{language}/preferences`: asking for the link. Every address is answered alike; what becomes of it a job decides (threat T19)."""

from collections.abc import Mapping

from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from newsletter.audience.abuse.budgets import count_one, network_of
from newsletter.audience.abuse.form_tokens import (
    TokenStanding,
    issue_form_token,
    judge_form_token,
    spend_form_token,
)
from newsletter.audience.preferences.considering import keep_request
from newsletter.audience.sign_up.form import Problem
from newsletter.foundation.addresses import AddressRefused, parse_address
from newsletter.foundation.texts import texts
from newsletter.web.errors import not_found
from newsletter.web.form_body import first, form_fields
from newsletter.web.site import Part, Site, site_of
from newsletter.web.subscribe_page import Note, note_words, problem_words
from newsletter.web.visitor import visit_of
from newsletter.wiring import budgets_of

FORM = "preferences"
"""The name of the form, for which its tokens are signed."""

_NOTES = {
    TokenStanding.FOREIGN: Note.ONE_MORE_CLICK,
    TokenStanding.TOO_YOUNG: Note.TOO_QUICK,
    TokenStanding.TOO_OLD: Note.TOO_LATE,
}
# People never see this field; programs fill in every one.
_TRAP = "comment"
_ADDRESS_LENGTH_MAX = 400


async def ask_for_link(request: Request) -> Response:
    """GET shows the form, POST takes it."""
    fields = await form_fields(request) if request.method == "POST" else None
    return await run_in_threadpool(_ask, request, fields)


def _ask(request: Request, fields: Mapping[str, list[str]] | None) -> Response:
    site, language = site_of(request), request.path_params["language"]
    if language not in site.languages:
        return not_found(request)
    if fields is None:
        return _form(site, language)
    typed, token = first(fields, "address")[:_ADDRESS_LENGTH_MAX], first(fields, "form")
    if first(fields, _TRAP):
        return _on_its_way(site, language)
    standing = judge_form_token(site.keyring, FORM, token, site.now())
    if standing in _NOTES:
        kept_token = token if standing is TokenStanding.TOO_YOUNG else None
        return _form(site, language, typed, note=_NOTES[standing], token=kept_token)
    try:
        address = parse_address(typed)
    except AddressRefused:
        problem = Problem.ADDRESS_WRONG if typed.strip() else Problem.ADDRESS_MISSING
        return _form(site, language, typed, problem=problem, token=token)
    refused = _keep(site, address, token, network_of(visit_of(request).ip))
    if refused is not None:
        return _form(site, language, typed, note=refused)
    response = _on_its_way(site, language)
    # After the answer: what the worker does for one address and not for another must not be felt in it.
    response.background = BackgroundTask(site.wake_worker)
    return response


def _keep(site: Site, address: str, token: str, network: str | None) -> Note | None:
    """Writes the request down, the same for every address; the note that says why it was not."""
    now = site.now()
    with site.database.transaction() as session:
        if not spend_form_token(session, site.keyring, token, now):
            return Note.SENT_ALREADY
        if network is not None:
            count = count_one(session, site.keyring, f"forms from {network}", now)
            if count > budgets_of(site.settings).forms_per_network:
                return Note.TOO_MANY
        keep_request(session, site.keyring, address, now)
    return None


def _form(
    site: Site,
    language: str,
    typed: str = "",
    *,
    note: Note | None = None,
    problem: Problem | None = None,
    token: str | None = None,
) -> Response:
    html = site.render(
        "preferences_request.html",
        language,
        typed=typed,
        token=token or issue_form_token(site.keyring, FORM, site.now()),
        note=note_words(language, note) if note else "",
        problem=problem_words(language, problem) if problem else "",
        switch=[(tag, f"{site.base_path}/{tag}/preferences") for tag in site.languages],
    )
    status = 422 if problem else 429 if note is Note.TOO_MANY else 200
    return HTMLResponse(html, status, headers={"Content-Language": language})


def _on_its_way(site: Site, language: str) -> Response:
    t = texts(language).gettext
    part = Part(
        language,
        t("Now look into your mailbox"),
        (
            t(
                "If we know this address, a mail with the link to your preferences should be there in a few minutes."
            ),
            t(
                "Nothing there? Look among the unwanted mails, too. To one address we send such a mail once in a quarter of an hour, three times a day at most."
            ),
        ),
    )
    return site.page([part])
