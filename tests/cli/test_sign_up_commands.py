"""The commands about signing up: the terms of a list, the form for one's own site, who waits."""

from cli_shell import Shell


def test_terms_of_a_list_are_set_changed_and_shown(ready: Shell) -> None:
    ready.ok(
        "lists", "create", "diary", "--from", "d@canal.example", "--private", "--opt-in", "single", "--welcome",
        "--cadence", "fr=Chaque mois", "--cadence", "en=Every month", "--consent", "fr=J’accepte.",
        "--legal-basis", "members",
    )  # fmt: skip
    shown = ready.json("lists", "show", "diary")
    assert {key: shown[key] for key in ("is_public", "opt_in", "sends_welcome", "legal_basis")} == {
        "is_public": False,
        "opt_in": "single",
        "sends_welcome": True,
        "legal_basis": "members",
    }
    assert shown["cadences"] == {"fr": "Chaque mois", "en": "Every month"}
    assert shown["consent_texts"] == {"fr": "J’accepte."}
    ready.ok(
        "lists", "edit", "diary", "--public", "--opt-in", "double", "--no-welcome",
        "--cadence", "en=Each month", "--consent", "fr=", "--legal-basis", "",
    )  # fmt: skip
    shown = ready.json("lists", "show", "diary")
    assert (shown["is_public"], shown["opt_in"], shown["sends_welcome"]) == (True, "double", False)
    assert shown["cadences"] == {"fr": "Chaque mois", "en": "Each month"}
    assert (shown["consent_texts"], shown["legal_basis"]) == ({}, "consent")


def test_terms_of_a_list_are_those_of_the_law_by_default(ready: Shell) -> None:
    shown = ready.json("lists", "show", "letter")
    assert (shown["is_public"], shown["opt_in"], shown["sends_welcome"]) == (True, "double", False)
    assert shown["legal_basis"] == "consent"


def test_form_for_ones_own_site_is_plain_html_with_a_whole_address(ready: Shell) -> None:
    ready.settings["NEWSLETTER_BASE_URL"] = "https://news.canal.example"
    assert ready.ok("lists", "form", "letter", "--language", "en") == (
        '<form action="https://news.canal.example/en/subscribe/letter" method="post" accept-charset="utf-8" '
        'lang="en" dir="ltr">\n'
        "  <p><label>E-mail address<br>\n"
        '    <input type="email" name="address" autocomplete="email" required></label></p>\n'
        "  <p><button>Subscribe</button></p>\n"
        "</form>\n"
    )
    assert "/fr/subscribe/letter" in ready.ok("lists", "form", "letter")
    assert ready.refused("lists", "form", "letter", "--language", "ja") == (
        "Error: There is no form in ja; there is one in fr, en."
    )
    ready.ok("lists", "edit", "letter", "--private")
    assert "private" in ready.refused("lists", "form", "letter")


def test_sign_ups_are_shown_to_people_and_programs(ready: Shell) -> None:
    shown = ready.json("subscribers", "sign-ups")
    assert shown["waiting"] == []
    assert shown["figures"]["requested"] == 0
    assert shown["figures"]["ratio"] is None
    assert ready.ok("subscribers", "sign-ups").startswith("In seven days: 0 forms")


def test_trusted_proxies_are_networks(ready: Shell) -> None:
    ready.settings["NEWSLETTER_TRUSTED_PROXIES"] = "127.0.0.1, 10.0.0.0/8,fd00::/8"
    lines = {line["name"]: line["value"] for line in ready.json("settings")}
    assert lines["trusted_proxies"] == "127.0.0.1/32,10.0.0.0/8,fd00::/8"
    ready.settings["NEWSLETTER_TRUSTED_PROXIES"] = "everybody"
    assert "NEWSLETTER_TRUSTED_PROXIES" in ready.refused("settings")
