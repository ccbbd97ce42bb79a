"""The nineteen rules by which the desk serves readers of several languages, each driven through the program's doors."""

import io
import json
import re

import lxml.html
import pytest
from PIL import Image

from builders_desk import BASE_URL, PARTY, PRUNING, Desk
from builders_handoff import fill_xliff
from newsletter.audience.models import LeaveReason, Subscription, SubscriptionState

NARROW, WIDE = "\u202f", "\u00a0"  # the no-break spaces of French


def test_rule_01_structure_is_shared_and_only_words_differ(desk: Desk) -> None:
    """Order, sections and pictures belong to the edition; a language brings words, descriptions and links."""
    for colour in ("red", "blue"):
        out = io.BytesIO()
        Image.new("RGB", (600, 300), colour).save(out, "PNG")
        (desk.folder / f"{colour}.png").write_bytes(out.getvalue())
        for tag, alt in (("fr", f"Une image {colour}"), ("en", f"A {colour} picture")):
            front = f"---\ntitle: {alt}\nimage: {colour}.png\nalt: {alt}\n---\n"
            desk.write(f"{colour}.{tag}.md", f"{front}\n{alt}.\n")
    added = desk.json("announcements", "import", "red.fr.md", "red.en.md", "blue.fr.md", "blue.en.md")
    red, blue = sorted({number for result in added for number in result["added"]})
    edition = desk.create(*(word for n in (blue, PARTY, red) for word in ("--announcement", str(n))))
    seen = {}
    for tag, words in (("fr", ("image blue", "fête", "image red")), ("en", ("blue", "party", "red"))):
        shown = desk.shown(edition, tag)
        assert sorted(words, key=shown.index) == list(words)
        seen[tag] = desk.page(edition, tag).xpath("//img[@width and contains(@src, '/media/')]")
    pictures = {tag: [image.get("src") for image in images] for tag, images in seen.items()}
    assert pictures["fr"] == pictures["en"]
    assert len(pictures["fr"]) == 2
    assert [image.get("alt") for image in seen["fr"]] == ["Une image blue", "Une image red"]
    assert [image.get("alt") for image in seen["en"]] == ["A blue picture", "A red picture"]


def test_rule_02_not_meant_to_exist_is_not_missing(desk: Desk) -> None:
    """A text that is lacking on purpose stops nothing; one that is merely lacking does."""
    edition = desk.create("--fallback", "block")
    assert "has no English text" in desk.refusal("editions", "freeze", edition)
    assert state_in(desk, edition, PRUNING, "en") == ("missing", "blocked")
    desk.ok("announcements", "not-applicable", PRUNING, "--language", "en")
    assert state_in(desk, edition, PRUNING, "en") == ("not_applicable", "omitted")
    desk.ok("editions", "freeze", edition)
    (pruning,) = [item for item in desk.json("announcements", "list") if str(item["id"]) == PRUNING]
    assert pruning["missing"] == []


def state_in(desk: Desk, edition: str, announcement: str, language: str) -> tuple[str, str]:
    """How a text is, and how it would be shown, by the coverage of an edition."""
    for item in desk.json("editions", "coverage", edition)["items"]:
        if str(item["announcement"]) == announcement:
            cell = item["languages"][language]
            return cell["state"], cell["showing"]
    raise LookupError(announcement)


@pytest.mark.parametrize(
    ("policy", "showing"),
    [("omit", "omitted"), ("label", "labelled"), ("summary", "summary"), ("block", "blocked")],
)
def test_rule_03_fallback_is_a_policy_and_is_counted(desk: Desk, policy: str, showing: str) -> None:
    """The installation says what stands in for a missing text, an edition may say otherwise, and who is touched by it
    is shown before anything goes out."""
    desk.put(marie="fr", peter="en", kim="en-GB")
    desk.settings["NEWSLETTER_FALLBACK"] = policy
    edition = desk.create()
    assert state_in(desk, edition, PRUNING, "en") == ("missing", showing)
    readers = desk.json("editions", "coverage", edition)["readers"]
    assert readers["served_by_fallback"] == (2 if policy in ("label", "summary") else 0)
    if policy == "block":
        assert desk("editions", "check", edition).returncode == 1
        assert state_in(desk, desk.create("--fallback", "omit", "--announcement", PRUNING), PRUNING, "en")[1] == "omitted"  # fmt: skip
        return
    english = desk.shown(edition, "en")
    body, title = "Apportez vos sécateurs." in english, "Taille des pommiers" in english
    assert (title, body) == {"omit": (False, False), "label": (True, True), "summary": (True, False)}[policy]
    assert ("In French" in english) == (policy != "omit")


def test_rule_03_one_item_may_have_a_policy_of_its_own(desk: Desk) -> None:
    """An edition that shows what is missing in the other language, but for one item."""
    edition = desk.create("--fallback", "label")
    desk.ok("editions", "edit", edition, "--item-fallback", f"{PRUNING}=omit")
    assert state_in(desk, edition, PRUNING, "en") == ("missing", "omitted")
    desk.ok("editions", "edit", edition, "--item-fallback", f"{PRUNING}=block")
    assert "has no English text" in desk.refusal("editions", "freeze", edition)


def test_rule_03_subject_has_no_fallback(desk: Desk) -> None:
    """No policy lets a subject stand in another language: without one the language cannot be frozen."""
    edition = desk.create("--fallback", "label", "--subject", "fr=La lettre", "--subject", "en= ")
    assert "The English subject is missing" in desk.refusal("editions", "freeze", edition)


def test_rule_04_language_with_few_items_is_told_and_an_empty_one_is_never_sent(desk: Desk) -> None:
    """Coverage and check name a language that has less than half of what the other has. Then the office chooses:
    wait for that language, do without it, or send both in one. With nothing in it, it has to."""
    desk.put(marie="fr", peter="en")
    desk.write("more.fr.md", "# Le marché\n\nDimanche matin, place du Jeu de Balle.\n")
    desk.ok("announcements", "import", "more.fr.md")
    edition = desk.create("--fallback", "omit")
    counts = desk.json("editions", "coverage", edition)["languages"]
    assert counts == {
        "fr": {"own": 3, "in_another": 0, "left_out": 0, "is_few": False},
        "en": {"own": 1, "in_another": 0, "left_out": 2, "is_few": True},
    }
    assert "English: 1 of 3 items" in desk.ok("editions", "coverage", edition)
    assert ("few-items", "en") in desk.codes(edition)
    assert desk.json("editions", "freeze", edition, "--language", "fr")["state"] == "partly_frozen"
    thin = desk.create(*(f"--announcement={number}" for number in (1, 2, 3)), "--fallback", "omit")
    desk.ok("editions", "edit", thin, "--mode", "combined")
    assert desk.json("editions", "freeze", thin)["variants"] == ["en+fr", "fr+en"]
    empty = desk.create("--announcement", PRUNING, "--fallback", "omit")
    assert "--without en" in desk.refusal("editions", "freeze", empty)
    desk.ok("editions", "freeze", empty, "--without", "en")
    assert list(desk.send(empty)) == ["marie"]
    assert desk.json("mailings", "list")[0]["skipped"] == {"nothing_in_her_language": 1}


def test_rule_04_full_languages_are_not_told(desk: Desk) -> None:
    """One of two is no reason to speak."""
    edition = desk.create()
    assert ("few-items", "en") not in desk.codes(edition)


def test_rule_05_stale_by_hash_not_by_time(desk: Desk) -> None:
    """What a translation was made from is kept as a hash of the words: white space and a change that was taken back
    leave it as it was, other words make it stale and are shown, and a minor edit may leave it."""

    def is_stale() -> bool:
        found = desk.json("announcements", "show", PARTY)["translations"]["en"]["is_stale"]
        return bool(found)

    body = desk.json("announcements", "show", PARTY)["texts"]["fr"]["body"]
    edit = ("announcements", "edit", PARTY, "--language", "fr", "--body")
    desk.ok(*edit, body.replace(" ", "  ") + "\n")
    assert not is_stale()
    desk.ok(*edit, body.replace("14 h", "15 h"))
    assert is_stale()
    assert "from “14 h” to “15 h”" in desk.ok("announcements", "changes", PARTY, "--language", "en")
    assert ("stale-text", "en") in desk.codes(desk.create())
    desk.ok(*edit, body)
    assert not is_stale()
    desk.ok(*edit, body.replace("Venez", "Venez donc"), "--minor")
    assert not is_stale()


def test_rule_06_one_edition_in_three_modes(desk: Desk) -> None:
    """One mail per language that leads to the other on the web; both in one, the reader's own first, with a way to
    jump; and both for whoever wants both, or of whom nobody knows what she reads."""
    desk.put(marie="fr", peter="en", ana="en fr", max="")
    separate = desk.send(desk.create("--mode", "separate"))
    assert {name: mail["Content-Language"] for name, mail in separate.items()} == {
        "marie": "fr",
        "peter": "en",
        "ana": "en, fr",
        "max": "fr, en",
    }
    (to_english,) = {
        link.get("href") for link in separate["marie"].page.xpath("//a[@hreflang='en' or @lang='en']")
    }
    assert to_english.startswith(f"{BASE_URL}/en/archive/")
    assert to_english in separate["marie"].part("plain")
    combined = desk.send(desk.create("--mode", "combined", "--announcement", PARTY))
    assert {name: mail["Content-Language"] for name, mail in combined.items()} == {
        "marie": "fr, en",
        "peter": "en, fr",
        "ana": "en, fr",
        "max": "fr, en",
    }
    french, english = combined["marie"].everything, combined["peter"].everything
    assert french.index("Venez samedi") < french.index("Come on Saturday")
    assert english.index("Come on Saturday") < english.index("Venez samedi")
    one, two = combined["marie"]["Subject"].split(" | ")
    assert ("La fête du canal" in one, "The canal party" in two) == (True, True)
    long = {tag: f"{tag}={'long ' * 20}" for tag in ("fr", "en")}
    edition = desk.create(
        *("--announcement", PARTY, "--mode", "combined", "--subject", long["fr"], "--subject", long["en"])
    )
    assert {code for code, _ in desk.codes(edition)} >= {"subject-too-long"}


def test_rule_06_combined_mail_has_a_way_to_the_other_half(desk: Desk) -> None:
    """Each half of a combined mail says at its start that the other is there and where."""
    desk.put(marie="fr")
    mail = desk.send(desk.create("--mode", "combined", "--announcement", PARTY))["marie"]
    jumps = [link for link in mail.page.xpath("//a[@href]") if link.text_content().strip()]
    to_english = [link for link in jumps if "English" in link.text_content()]
    assert to_english
    to_french = [link for link in jumps if link.getparent().text_content().startswith("Le texte en français")]
    assert [link.get("href").startswith(f"{BASE_URL}/fr/archive/") for link in to_french] == [True]
    before, after = mail.part("plain").split("Venez samedi")
    assert "The English text follows below." in before
    assert "Le texte en français se trouve plus haut." in after.split("Come on Saturday")[0]


def test_rule_07_words_of_the_system_follow_the_reader(desk: Desk) -> None:
    """Greeting, footer, reason and the page behind the link are in the reader's language, whatever the machine, the
    office or her browser speak; an explicit choice outlives any guess."""
    desk.put(marie="fr", peter="en")
    desk.settings |= {"LANG": "de_DE.UTF-8", "LC_ALL": "de_DE.UTF-8", "LANGUAGE": "de"}
    mails = desk.send(desk.create("--announcement", PARTY))
    french, english = mails["marie"].everything, mails["peter"].everything
    assert ("Bonjour," in french, "Hello," in french) == (True, False)
    assert ("Hello," in english, "Bonjour," in english) == (True, False)
    assert "Vous recevez" in french
    assert "You receive" in english
    pages = desk.pages()
    for name, tag, other in (("marie", "fr", "en"), ("peter", "en", "fr")):
        answer = pages.get(mails[name].unsubscribe_path, headers={"Accept-Language": other})
        assert f'<html lang="{tag}"' in answer.text


def test_rule_08_links_may_differ_by_language_and_a_wrong_one_is_told(desk: Desk) -> None:
    """Each language has link targets of its own; a French text that leads to the English page is told."""
    desk.put(marie="fr", peter="en")
    mails = desk.send(desk.create("--announcement", PARTY))
    targets = {
        name: [link.get("href") for link in mail.page.xpath("//a[contains(@href, '//canal.example/')]")]
        for name, mail in mails.items()
    }
    assert targets == {
        "marie": ["https://canal.example/fr/fete"],
        "peter": ["https://canal.example/en/party"],
    }
    desk.ok(
        *("announcements", "edit", PARTY, "--language", "fr", "--body"),
        "Venez samedi à 14 h ! [Le programme](https://canal.example/en/party)",
    )
    assert ("link-language", "fr") in desk.codes(desk.create("--announcement", PARTY))


def test_rule_09_dates_and_signs_are_set_as_each_language_sets_them(desk: Desk) -> None:
    """Days are written out by locale, French signs get their no-break spaces, and English is left alone."""
    edition = desk.create("--announcement", PARTY)
    french, english = desk.shown(edition, "fr"), desk.shown(edition, "en")
    assert f"14{WIDE}h{NARROW}!" in french or f"14{NARROW}h{NARROW}!" in french
    assert "2 pm!" in english
    assert re.search(r"Samedi 5.décembre.2026", french)
    assert re.search(r"Saturday,? 5 December 2026", english)
    desk.write("first.fr.md", "---\ntitle: Le premier\nevent: 2026-03-01\n---\n\nOn a dit « oui » : venez.\n")
    number = desk.json("announcements", "import", "first.fr.md")[0]["added"][0]
    shown = desk.shown(desk.create("--announcement", str(number)), "fr")
    assert re.search(r"Dimanche 1er.mars.2026", shown)
    assert f"«{WIDE}oui{WIDE}»{WIDE}: venez" in shown


def test_rule_10_every_part_says_its_language(desk: Desk) -> None:
    """Language and direction stand on the page, again in its body, on what stands in for a missing text, in the title,
    in the header and in the text part."""
    desk.put(marie="fr", peter="en")
    mails = desk.send(desk.create("--fallback", "label"))
    for name, tag in (("marie", "fr"), ("peter", "en")):
        page = mails[name].page
        assert (page.get("lang"), page.get("dir")) == (tag, "ltr")
        assert page.xpath(f"//body//*[@lang='{tag}' and @dir='ltr']")
        assert mails[name]["Content-Language"] == tag
    assert mails["marie"].page.findtext(".//title") != mails["peter"].page.findtext(".//title")
    (part,) = mails["peter"].page.xpath(
        "//*[@lang='fr' and contains(., 'Apportez vos')][not(.//*[@lang='fr'])]"
    )
    assert "sécateurs" in part.text_content()
    assert not mails["marie"].page.xpath("//*[@lang='en' and contains(., 'Saturday')]")
    assert "Come on Saturday" in mails["peter"].part("plain")
    assert "Venez samedi" not in mails["peter"].part("plain")


def test_rule_10_languages_from_right_to_left_are_set_so(desk: Desk) -> None:
    """Arabic beside French: each half has its own direction."""
    desk.settings["NEWSLETTER_LANGUAGES"] = "fr,ar"
    desk.ok(
        *("announcements", "edit", PARTY, "--language", "ar", "--title", "حفلة القناة", "--body", "تعالوا.")
    )
    edition = desk.create("--announcement", PARTY)
    desk.ok("editions", "render", edition, "--out", f"out-{edition}", "--no-pictures")
    assert desk.page(edition, "ar").get("dir") == "rtl"
    both = desk.page(edition, "ar+fr")
    assert [both.xpath(f"//*[@lang='{tag}']/@dir")[0] for tag in ("ar", "fr")] == ["rtl", "ltr"]


def test_rule_11_pages_of_an_edition_know_each_other(desk: Desk) -> None:
    """A frozen edition stands on the web per language; each page names the others, and a way there."""
    edition = desk.create()
    desk.put(marie="fr")
    mail = desk.send(edition)["marie"]
    pages = desk.pages()
    addresses = {
        tag: next(
            address for address in re.findall(rf"{BASE_URL}/{tag}/archive/[^\s\"<>)]+", mail.part("plain"))
        )
        for tag in ("fr", "en")
    }
    for tag, address in addresses.items():
        answer = pages.get(address)
        assert answer.status_code == 200
        page = lxml.html.document_fromstring(answer.text)
        assert (page.get("lang"), page.get("dir")) == (tag, "ltr")
        links = re.findall(r'<([^>]+)>; rel="alternate"; hreflang="([^"]+)"', answer.headers["Link"])
        assert {name: url for url, name in links} == {**addresses, "x-default": addresses["fr"]}
        other = "en" if tag == "fr" else "fr"
        (switch,) = page.xpath("//a[@rel='alternate' and @hreflang]")
        assert (switch.get("hreflang"), switch.get("lang")) == (other, other)
        assert f"{BASE_URL}{switch.get('href')}" == addresses[other]


def test_rule_12_texts_go_to_translators_and_come_back_judged(desk: Desk) -> None:
    """A file for translators carries the hash of its source; what comes back is taken unit by unit, and one whose
    link or field is damaged is refused."""
    desk.ok("announcements", "edit", PARTY, "--language", "fr", "--title", "[[first_name|amis]], la fête !")
    desk.ok("announcements", "export", PARTY, PRUNING, "--format", "xliff", "--out", "out.xlf")
    path = desk.folder / "out.xlf"
    hashes = re.findall(rb"[0-9a-f]{64}", path.read_bytes())
    assert hashes
    returned = {"la fête": "the party", "Taille": "[[name]]", "Apportez vos sécateurs": "Bring secateurs"}
    path.write_bytes(fill_xliff(path.read_bytes(), returned))
    done = desk("translations", "import", "out.xlf", "--json")
    assert done.returncode == 1
    units = {unit["unit"]: (unit["fate"], unit["reasons"]) for unit in json.loads(done.stdout)["units"]}
    fate, reasons = units[f"announcement-{PRUNING}.title"]
    assert (fate, reasons) == ("refused", ["the field [[name]] is not in the source"])
    assert units[f"announcement-{PARTY}.title"][0] == "accepted"
    english = desk.json("announcements", "show", PARTY)["texts"]["en"]["title"]
    assert english.startswith("[[first_name|amis]], the party")


def test_rule_13_source_and_translation_stand_side_by_side(desk: Desk) -> None:
    """The source on the left, the translation on the right, the length of each field, and what changed since."""
    desk.ok("announcements", "edit", PARTY, "--language", "fr", "--title", "La grande fête du canal")
    answer = desk.json("announcements", "show", PARTY, "--beside", "fr,en")
    assert [
        (answer[side]["language"], answer[side]["title"]["characters"]) for side in ("left", "right")
    ] == [
        ("fr", 23),
        ("en", 15),
    ]
    (change,) = answer["source_changes"]["fields"]
    assert change["in_words"] == "the French gained “grande”"


def test_rule_14_coverage_shows_every_item_in_every_language_and_who_gets_what(desk: Desk) -> None:
    """Before anything goes out: the state of each text, and how many readers get which variant, or none and why."""
    desk.put(marie="fr", peter="en", ana="en fr")
    edition = desk.create()
    answer = desk.json("editions", "coverage", edition)
    assert [
        [item["languages"][tag]["state"] for tag in ("fr", "en")] for item in answer["items"]
    ] == [["draft", "draft"], ["draft", "missing"]]  # fmt: skip
    assert answer["readers"]["by_variant"] == {"en": 1, "fr": 1, "en+fr": 1}
    shares = desk.json("send", edition, "--dry-run")["shares"]
    assert {share["variant"]: share["count"] for share in shares} == answer["readers"]["by_variant"]


def test_rule_15_each_language_is_signed_off_by_itself(desk: Desk) -> None:
    """An approval is of one text's words: other words void it, in that language only, and where it is required
    nothing goes out without."""
    for tag, name in (("fr", "Nadia"), ("en", "Peter")):
        desk.ok("announcements", "approve", PARTY, "--language", tag, "--by", name)
    desk.settings["NEWSLETTER_REQUIRE_APPROVAL"] = "true"
    edition = desk.create("--announcement", PARTY)
    desk.ok("editions", "check", edition)
    desk.ok("announcements", "edit", PARTY, "--language", "en", "--title", "The great canal party")
    states = {
        tag: text["state"] for tag, text in desk.json("announcements", "show", PARTY)["translations"].items()
    }
    assert states == {"fr": "approved", "en": "review"}
    assert "English" in desk.refusal("editions", "freeze", edition)
    assert desk.json("editions", "freeze", edition, "--language", "fr")["variants"] == ["fr"]


def test_rule_16_languages_go_out_in_waves_and_leftovers_roll_over(desk: Desk) -> None:
    """The French now, the English when it is ready, each reader once; what a language missed comes in its next one."""
    desk.put(marie="fr", peter="en", ana="en fr")
    edition = desk.create("--fallback", "omit")
    desk.ok("editions", "freeze", edition, "--language", "fr")
    assert list(desk.send(edition)) == ["marie"]
    assert desk.send(edition) == {}
    desk.ok("editions", "freeze", edition)
    second = desk.send(edition)
    assert sorted(second) == ["ana", "peter"]
    assert "Taille des pommiers" not in second["peter"].everything
    desk.ok(
        "announcements", "edit", PRUNING, "--language", "en", "--title", "Pruning", "--body", "Bring yours."
    )
    desk.write("new.fr.md", "# Du neuf\n\nVenez le voir.\n")
    desk.write("new.en.md", "# Something new\n\nCome and see it.\n")
    desk.ok("announcements", "import", "new.fr.md", "new.en.md")
    third = desk.send(desk.create("--roll-over"))
    assert ("Pruning" in third["peter"].everything, "Taille" in third["marie"].everything) == (True, False)


def test_rule_17_report_compares_the_languages(desk: Desk) -> None:
    """How many were planned and served in each language, how many with another language standing in, and who left
    because of it. Nobody's opening or clicking is followed."""
    desk.put(marie="fr", peter="en", kim="en")
    mails = desk.send(desk.create("--fallback", "label"))
    page = {"List-Unsubscribe": "One-Click"}
    assert desk.pages().post(mails["peter"].unsubscribe_path, data=page).status_code == 200
    with desk.installation().database.transaction() as session:
        left = session.query(Subscription).filter_by(state=SubscriptionState.ENDED).one()
        left.leave_reason = LeaveReason.WRONG_LANGUAGE
    report = desk.json("mailings", "report", "1")["by_language"]
    assert {tag: (row["planned"], row["accepted"], row["left"]) for tag, row in report.items()} == {
        "fr": (1, 1, 0),
        "en": (2, 2, 1),
    }
    assert (report["en"]["items"], report["en"]["fallback_items"], report["en"]["served_by_fallback"]) == (
        2,
        1,
        2,
    )
    assert report["fr"]["served_by_fallback"] == 0
    assert report["en"]["left_for_wrong_language"] == 1
    assert "By language" in desk.ok("mailings", "report", "1")
    for mail in mails.values():
        assert not mail.page.xpath("//img[@width='1' or @height='1']")
        assert {link.split("/")[2] for link in mail.page.xpath("//a/@href") if link.startswith("http")} <= {
            "news.canal.example",
            "canal.example",
        }


def test_rule_18_languages_are_compared_before_anything_goes_out(desk: Desk) -> None:
    """Text in the wrong field, the same subject twice, facts that differ, a picture described in one language only."""
    out = io.BytesIO()
    Image.new("RGB", (600, 300), "red").save(out, "PNG")
    (desk.folder / "red.png").write_bytes(out.getvalue())
    desk.write(
        "odd.fr.md",
        "---\ntitle: La visite\nimage: red.png\nalt: Du rouge\n---\n\n"
        "Please come to the garden on Saturday morning with all of your friends. Le 3 mars, 10 €.\n",
    )
    desk.write("odd.en.md", "---\ntitle: The visit\n---\n\nThe visit is on 4 March and costs €12.\n")
    number = str(desk.json("announcements", "import", "odd.fr.md", "odd.en.md")[0]["added"][0])
    same = ("--subject", "fr=Newsletter 7", "--subject", "en=Newsletter 7")
    found = desk.codes(desk.create("--announcement", number, *same))
    wanted = {
        "wrong-language",
        "same-subject",
        "date-differs",
        "amount-differs",
        "alt-in-one-language",
    }
    assert wanted - {code for code, _ in found} == set()


def test_rule_19_neither_language_is_always_second(desk: Desk) -> None:
    """In a combined mail the reader's own language leads, each half ends with its own footer, and the order of the
    settings is only for those of whom nothing is known."""
    desk.put(marie="fr", peter="en", max="")
    mails = desk.send(desk.create("--mode", "combined", "--announcement", PARTY))
    order = {}
    for name, mail in mails.items():
        places = {
            "fr": mail.everything.index("Venez samedi"),
            "en": mail.everything.index("Come on Saturday"),
        }
        order[name] = sorted(places, key=places.__getitem__)
    assert order == {"marie": ["fr", "en"], "peter": ["en", "fr"], "max": ["fr", "en"]}
    for mail in mails.values():
        for words in ("Vous recevez", "You receive", "Quai du Hainaut 23"):
            assert words in mail.everything
