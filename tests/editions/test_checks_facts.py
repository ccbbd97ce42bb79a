"""Facts are the same in every language, and what differs is found."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders_checks import TODAY, a_story, a_text, codes, message, where
from newsletter.editions.checks.facts import FactKind, facts_in
from newsletter.editions.checks.findings import told_in
from newsletter.editions.checks.links_in_text import language_of_address, links_in, site_of
from newsletter.editions.checks.material import Story
from newsletter.editions.checks.places import Place
from newsletter.editions.checks.same_facts import check_facts
from newsletter.rendering.problems import Level

SAME = [
    (
        "La fête aura lieu le samedi 14\u00a0novembre à 18\u00a0h. Entrée\u00a0: 5\u00a0€.",
        "The party is on Saturday 14 November at 6 pm. Entry: €5.",
    ),
    ("Rendez-vous le 1er juillet, de 9 h 30 à midi.", "See you on July 1st, from 9:30 am to noon."),
    ("Un don de 1\u202f200,50\u00a0€, soit 12,5\u00a0% de plus.", "A gift of €1,200.50, 12.5% more."),
    ("Tél. 02 512 34 56, les jeudis 10h-12h.", "Tel. +32 2 512 34 56, Thursdays 10am–12pm."),
    ("Avant le 31 décembre 2026, 18h30.", "Before December 31, 2026, at 6.30 pm."),
    (
        "Les samedi 14 et dimanche 15 novembre, de 14 à 17 h.",
        "Saturday 14 and Sunday 15 November, 2 to 5 pm.",
    ),
    ("Du 30 juin au 2 juillet 2026.", "From 30 June to 2 July 2026."),
    ("Entre 20 et 60 € par an.", "Anything from €20 to €60 a year."),
    ("Environ 1,2 million d’euros.", "About €1.2 million."),
    ("Jusqu’à minuit le 05/12/2026.", "Until midnight on 5 December 2026."),
    ("Écrivez à info@canal.example.", "Write to [us](mailto:info@canal.example)."),
    ("Écrivez à bonjour@canal.example.", "Write to hello@canal.example."),
    ("Appelez le 0470 12 34 56.", "Call [us](tel:+32470123456)."),
    ("[Le programme](https://canal.example/fr/fete)", "[The programme](https://canal.example/en/party)"),
    ("Voir https://www.canal.example/fete.", "See https://canal.example/en/party."),
    ("La marche dure 2 h ; réponse dans les 24 heures.", "The walk takes two hours; an answer within a day."),
    ("Le 12 mars, 24 h/24.", "On 12 March 2026, around the clock."),
    ("Compte BE68 5390 0754 7034.", "Account BE68 5390 0754 7034."),
]


@pytest.mark.parametrize(("french", "english"), SAME, ids=[english[:30] for _, english in SAME])
def test_facts_that_are_the_same_are_not_reported(french: str, english: str) -> None:
    assert codes(check_facts(a_story(french, english), ("fr", "en"), TODAY)) == []


CASES = {
    "date-differs": ("Le 14 novembre, donc.", "On 15 November, then."),
    "weekday-differs": ("Tous les samedis.", "Every Sunday."),
    "wrong-weekday": ("Le dimanche 14 novembre 2026.", "On Sunday 14 November 2026."),
    "time-differs": ("À 18 h précises.", "At 5 pm sharp."),
    "amount-differs": ("Entrée : 12,50 €", "Entry: €15"),
    "percentage-differs": ("12,5 % de plus.", "15% more, no less."),
    "phone-differs": ("Tél. 02 512 34 56", "Tel. 02 512 34 65"),
    "mail-address-differs": ("À info@canal.example.", "To infos@canal.example."),
    "link-differs": ("[Oui](https://canal.example/a) ou non", "[Yes](https://other.example/a) or no"),
    "link-language": ("[Le plan](https://canal.example/en/map)", "[The map](https://canal.example/en/map)"),
}


@pytest.mark.parametrize("code", CASES)
def test_facts_that_differ_are_reported(code: str) -> None:
    findings = list(check_facts(a_story(*CASES[code]), ("fr", "en"), TODAY))
    assert codes(findings) == [code]
    assert {found.level for found in findings} == {Level.WARNS}


NEAR = {
    "date-differs": ("Le 14 novembre, donc.", "On 14 November, then."),
    "weekday-differs": ("Tous les samedis.", "Every Saturday."),
    "wrong-weekday": ("Le samedi 14 novembre 2026.", "On Saturday 14 November 2026."),
    "time-differs": ("À 17 h précises.", "At 5 pm sharp."),
    "amount-differs": ("Entrée : 12,50 €", "Entry: €12.50"),
    "percentage-differs": ("12,5 % de plus.", "12.5% more, no less."),
    "phone-differs": ("Tél. 02/512.34.56", "Tel. +32 (0)2 512 34 56"),
    "mail-address-differs": ("À info@canal.example.", "To Info@canal.example."),
    "link-differs": ("[Oui](https://fr.canal.example/a) ou non", "[Yes](https://en.canal.example/a) or no"),
    "link-language": ("[Le plan](https://canal.example/fr/map)", "[The map](https://canal.example/en/map)"),
}


@pytest.mark.parametrize("code", NEAR)
def test_a_close_text_is_not_reported(code: str) -> None:
    assert codes(check_facts(a_story(*NEAR[code]), ("fr", "en"), TODAY)) == []
    assert NEAR.keys() == CASES.keys()


def test_difference_says_both_sides_and_which_language() -> None:
    (found,) = check_facts(a_story("À 18 h.", "At 5 pm."), ("fr", "en"), TODAY)
    assert message(found) == "The French has “18 h” and the English has “5 pm.”."
    assert (where(found), found.language) == ("announcement 1", "en")
    assert told_in(found, "en").why == "Some readers would come too early or too late."


def test_fact_of_one_language_only_is_a_note() -> None:
    (found,) = check_facts(
        a_story("Entrée : 5 € à la porte.", "Pay at the door, please."), ("fr", "en"), TODAY
    )
    assert (found.code, found.level, found.language) == ("amount-differs", Level.NOTES, "en")


def test_abridged_text_may_leave_facts_out() -> None:
    long = "Entrée : 5 €. " + "Il y aura de la soupe, du pain et de la musique pour tout le monde. " * 3
    assert codes(check_facts(a_story(long, "Soup for everybody."), ("fr", "en"), TODAY)) == []


def test_link_lacking_in_one_language_is_reported() -> None:
    story = a_story(
        "Voici [le plan](https://canal.example/fr/plan) du quartier.", "Here is the map of the area."
    )
    (found,) = check_facts(story, ("fr", "en"), TODAY)
    assert (found.code, found.language, found.level) == ("link-differs", "en", Level.WARNS)


def test_button_into_another_language_is_reported() -> None:
    story = Story(Place(1), (a_text("en", "https://canal.example/fr/fete", button="Come"),))
    assert [(f.code, where(f)) for f in check_facts(story, ("fr", "en"), TODAY)] == [
        ("link-language", "announcement 1, button")
    ]


def test_weekday_without_a_year_is_judged_by_the_nearest_one() -> None:
    # 14 November is a Saturday in 2026 and a Sunday in 2027.
    assert codes(check_facts(a_story("Le samedi 14 novembre."), ("fr",), TODAY)) == []
    assert codes(check_facts(a_story("Le vendredi 14 novembre."), ("fr",), TODAY)) == ["wrong-weekday"]


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        (
            "op zaterdag 14 november om 18u30, € 12,50",
            "nl",
            {"date": "11-14", "time": "18:30", "amount": "EUR 12.5", "weekday": "5"},
        ),
        (
            "am Samstag, den 14. November um 18.30 Uhr, 1.200 Euro",
            "de",
            {"date": "11-14", "time": "18:30", "amount": "EUR 1200", "weekday": "5"},
        ),
        ("في 2026-11-14 18:30", "ar", {"date": "2026-11-14", "time": "18:30"}),
    ],
)
def test_facts_of_other_languages(text: str, language: str, expected: dict[str, str]) -> None:
    assert {fact.kind.value: fact.values[0] for fact in facts_in(text, language).facts} == expected


@given(st.text(max_size=200), st.sampled_from(["fr", "en", "nl", "de", "ar"]))
def test_any_text_can_be_read(text: str, language: str) -> None:
    facts = facts_in(text, language)
    assert all(1 <= fact.line <= text.count("\n") + 1 and fact.values for fact in facts.facts)


@given(
    st.dates(date(1900, 1, 1), date(2099, 12, 31)),
    st.sampled_from(["{:%d/%m/%Y}", "{:%d.%m.%Y}", "{:%d-%m-%Y}", "{:%Y-%m-%d}"]),
)
def test_dates_in_figures_are_read_back(day: date, form: str) -> None:
    (fact,) = facts_in(f"x {form.format(day)} y", "fr").facts
    assert (fact.kind, fact.values) == (FactKind.DATE, (day.isoformat(),))


@given(st.integers(0, 23), st.integers(0, 59))
def test_times_are_the_same_in_french_and_english(hour: int, minute: int) -> None:
    half = "pm" if hour >= 12 else "am"
    (french,) = facts_in(f"à {hour} h {minute:02}", "fr").facts
    (english,) = facts_in(f"at {hour % 12 or 12}:{minute:02} {half}", "en").facts
    assert french.values == english.values == (f"{hour:02}:{minute:02}",)


@pytest.mark.parametrize(
    ("url", "language"),
    [
        ("https://canal.example/fr/fete", "fr"),
        ("https://canal.example/fr-be/fete", "fr"),
        ("https://en.canal.example/", "en"),
        ("https://canal.example/?lang=en", "en"),
        ("https://canal.example/friends", None),
        ("https://canal.example/de/fete", None),
        ("https://[broken", None),
    ],
)
def test_language_of_an_address(url: str, language: str | None) -> None:
    assert language_of_address(url, ("fr", "en")) == language


def test_site_is_the_host_without_language_and_www() -> None:
    hosts = ["www.canal.example", "fr.canal.example", "canal.example", "be.example"]
    assert [site_of(f"https://{host}/x") for host in hosts] == ["canal.example"] * 3 + ["be.example"]


def test_links_of_a_text_are_found_with_their_lines() -> None:
    text = "[A [b](c)](https://x.example/a_(b)) ![p](https://x.example/p.png)\n<https://x.example/auto>, (https://x.example/bare)."
    assert [(link.label, link.target, link.line) for link in links_in(text)] == [
        ("A [b](c)", "https://x.example/a_(b)", 1),
        ("", "https://x.example/auto", 2),
        ("", "https://x.example/bare", 2),
    ]
