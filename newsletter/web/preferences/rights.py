"""What a reader may have of her data: a readable page, a file, and the end of it (GDPR articles 15, 17, 20)."""

from zoneinfo import ZoneInfo

from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from newsletter.foundation.texts import texts
from newsletter.privacy.erasing import erase_subscriber
from newsletter.privacy.readable import chapters_of
from newsletter.privacy.story import Story, story_of_subscriber
from newsletter.privacy.story_json import story_json
from newsletter.web.form_body import form_fields
from newsletter.web.preferences.opening import Door, open_door
from newsletter.web.site import Part, site_of

_MAILS_MAX = 25  # on the page, so that it stays below 30 KB


def show_data(request: Request) -> Response:
    """Everything that is kept of her, as a page."""
    found = _story(request)
    if isinstance(found, Response):
        return found
    door, story = found
    site = door.site
    html = site.render(
        "preferences_data.html",
        door.language,
        door=door,
        chapters=chapters_of(story, door.language, ZoneInfo(site.settings.time_zone), _MAILS_MAX),
        switch=[(tag, door.path(tag, "/data")) for tag in site.languages],
    )
    return HTMLResponse(html, headers={"Content-Language": door.language})


def download_data(request: Request) -> Response:
    """The same as JSON, to be saved (GDPR article 20: structured, commonly used, machine-readable)."""
    found = _story(request)
    if isinstance(found, Response):
        return found
    headers = {"Content-Disposition": 'attachment; filename="my-data.json"'}
    return Response(story_json(found[1]), media_type="application/json", headers=headers)


async def erase_or_ask(request: Request) -> Response:
    """POST erases her; GET and HEAD say what that means."""
    if request.method != "POST":
        return await run_in_threadpool(_ask_to_erase, request)
    await form_fields(request)
    return await run_in_threadpool(_erase, request)


def _story(request: Request) -> tuple[Door, Story] | Response:
    with site_of(request).database.read() as session:
        door = open_door(request, session)
        return (
            door if isinstance(door, Response) else (door, story_of_subscriber(session, door.subscriber_id))
        )


def _ask_to_erase(request: Request) -> Response:
    with site_of(request).database.read() as session:
        door = open_door(request, session)
    if isinstance(door, Response):
        return door
    site, language = door.site, door.language
    switch = [(tag, door.path(tag, "/erase")) for tag in site.languages]
    html = site.render("preferences_erase.html", language, door=door, switch=switch)
    return HTMLResponse(html, headers={"Content-Language": language})


def _erase(request: Request) -> Response:
    site = site_of(request)
    with site.database.transaction() as session:
        door = open_door(request, session)
        if isinstance(door, Response):
            return door
        erase_subscriber(session, site.keyring, door.subscriber_id, site.now())
    response = site.page([_erased_part(door.language)])
    response.background = BackgroundTask(site.wake_worker)
    return response


def _erased_part(language: str) -> Part:
    t = texts(language).gettext
    return Part(
        language,
        t("You are forgotten"),
        (
            t(
                "What we knew of you is erased, and you get no more mails from us. An edition that is on its way already may still arrive."
            ),
            t(
                "So that nobody puts you back on a list by mistake, we keep an unreadable fingerprint of your address, and nothing else. Thank you for reading us until now."
            ),
        ),
        is_done=True,
    )
