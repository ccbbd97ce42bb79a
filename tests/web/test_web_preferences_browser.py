"""A reader's own page in a real browser: the whole way without a script, and axe on every page of it."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Browser
from test_web_sign_up_browser import DESK, PHONE, axe_findings

from browser_pages import browser as browser
from builders_preferences import ANNA, a_reader_of, ask_for_link, link_in, row_of
from builders_sign_up import Office, an_office
from newsletter.audience.models import MailingList
from newsletter.foundation.database import Database
from newsletter.web.app import create_app
from newsletter.web.serve import running_app

pytestmark = pytest.mark.slow


@pytest.fixture
def office(sqlite_db: Database, now: datetime) -> Iterator[tuple[Office, str]]:
    """An office that is served on this machine, and where."""
    with an_office(sqlite_db, now) as opened:
        with sqlite_db.transaction() as session:
            for item in session.query(MailingList):
                item.cadences = {"fr": "Chaque mois", "en": "Every month"}
                item.descriptions = {"fr": "Des nouvelles du canal.", "en": "News from the canal."}
        with running_app(create_app(opened.installation, now=lambda: opened.now)) as port:
            yield opened, f"http://127.0.0.1:{port}"


def test_reader_without_scripts_changes_everything_and_erases_herself(
    office: tuple[Office, str], browser: Browser
) -> None:
    opened, base = office
    reader = a_reader_of(opened, "letter", first_name="Anna")
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(f"{base}/fr/preferences")
    page.get_by_label("Adresse e-mail").fill(ANNA)
    opened.now += timedelta(seconds=4)
    page.get_by_role("button", name="M’envoyer le lien").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Ouvrez maintenant votre boîte mail"
    opened.work()
    page.goto(base + link_in(opened.mails(ANNA)[0]))
    page.get_by_label("L’agenda").check()
    page.get_by_role("button", name="Enregistrer les lettres").click()
    assert opened.subscriptions(ANNA)["agenda"] == ("active", None)
    page.get_by_label("Première langue", exact=True).select_option("en")
    page.get_by_label("Deuxième langue").select_option("fr")
    page.get_by_label("dans les deux langues").check()
    page.get_by_role("button", name="Enregistrer les langues").click()
    assert (row_of(opened, reader).languages, row_of(opened, reader).reads_both) == (("en", "fr"), True)
    page.get_by_label("Ne rien m’envoyer").fill("2026-12-24")
    page.get_by_role("button", name="Faire une pause").click()
    assert row_of(opened, reader).paused_until is not None
    page.get_by_role("link", name="Tout faire effacer").click()
    page.get_by_role("button", name="Oui, tout effacer").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Tout est effacé"
    assert row_of(opened, reader).erased_at is not None


@pytest.mark.slow
@pytest.mark.parametrize("language", ["fr", "en"])
def test_axe_finds_nothing_on_any_page(office: tuple[Office, str], browser: Browser, language: str) -> None:
    opened, base = office
    a_reader_of(opened, "letter", "board", first_name="Anna", attributes={"city": "Liège"})
    ask_for_link(opened)
    opened.work()
    own = link_in(opened.mails(ANNA)[0]).replace("/fr/", f"/{language}/")
    token = own.rpartition("/")[2]
    found = {}
    for mode in ("light", "dark"):
        for width in (DESK, PHONE):
            page = browser.new_page(color_scheme=mode, viewport={"width": width, "height": 900})  # type: ignore[arg-type]
            for path in (f"/{language}/preferences", own, f"{own}/data", f"{own}/erase", f"{own}x"):
                page.goto(base + path)
                found[mode, width, path.replace(token, "T")] = axe_findings(page)
                assert page.evaluate("document.documentElement.scrollWidth") <= width, path
            page.goto(base + own)
            page.locator("#first-name").fill("www.spam.example")
            page.locator("form", has=page.locator("#first-name")).get_by_role("button").click()
            found[mode, width, "wrong"] = axe_findings(page)
            page.close()
    assert {key: findings for key, findings in found.items() if findings} == {}
