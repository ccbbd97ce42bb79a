"""Ten faults that readers of other newsletter systems met, each shown not to be here."""

import re
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email import message_from_bytes
from pathlib import Path

import polib
import pytest

from builders import NOW, a_list, a_masthead, a_reader, an_announcement, an_edition
from builders_desk import PARTY, PRUNING, Desk
from newsletter.audience.models import MailingList
from newsletter.editions.freezing import freeze_now
from newsletter.editions.queries import rendered_variants
from newsletter.foundation.database import Database
from newsletter.foundation.signing import Keyring
from newsletter.mailing.compose import Composer, sender_of
from newsletter.mailing.errors import MailingIsOver, MailingIsRunning
from newsletter.mailing.models import MailingState
from newsletter.mailing.planning import plan_mailing
from newsletter.mailing.queries import mailing_report
from newsletter.mailing.run import MailingRun
from newsletter.transport.octets import whole
from newsletter.transport.outcome import Outcome, Verdict
from newsletter.transport.smtp import Job


class SharedLine:
    """A line that several runs hand messages to; it keeps who got what."""

    def __init__(self) -> None:
        self.handed: list[tuple[str, str]] = []
        self._lock = threading.Lock()

    def deliver(
        self, jobs: Sequence[Job], *, on_outcome: Callable[[Job, Outcome], None], stop: Callable[[], bool]
    ) -> None:
        for job in jobs:
            if stop():
                on_outcome(job, Outcome(Verdict.NOT_TRIED, None, None, ""))
                continue
            language = str(message_from_bytes(whole(job.message()))["Content-Language"])
            with self._lock:
                self.handed.append((job.recipient, language))
            on_outcome(job, Outcome(Verdict.ACCEPTED, 250, "2.0.0", "ok"))


def test_regression_01_two_workers_mail_each_reader_once_in_her_own_language(
    db: Database, keyring: Keyring, tmp_path: Path
) -> None:
    """Batches smaller than the list, and two that send at the same time."""
    with db.transaction() as session:
        mailing_list = a_list(session)
        for number in range(24):
            tag = ("fr", "en")[number % 2]
            a_reader(session, keyring, mailing_list, f"{tag}{number:02}@example.org", [tag])
        edition_id = an_edition(session, mailing_list, [an_announcement(session)]).id
        masthead, list_id = a_masthead(mailing_list), mailing_list.id
    freeze_now(db, edition_id, masthead, NOW)
    with db.transaction() as session:
        mailing_id = plan_mailing(session, edition_id, NOW).id
        sender = sender_of(session.get_one(MailingList, list_id), "", "https://news.canal.example", keyring)
        composer = Composer(sender, rendered_variants(session, edition_id), f"m{mailing_id}")
    line, broken = SharedLine(), []

    def work(folder: Path) -> None:
        folder.mkdir()
        turn = threading.Event()
        for _ in range(500):
            run = MailingRun(
                db, keyring, composer, "letter@canal.example", line, lambda: datetime.now(UTC), folder
            )
            few = iter(range(4))  # gives the mailing out of its hands after a few messages
            try:
                run.go(mailing_id, on_result=lambda _: None, stop=lambda few=few: next(few, 9) == 9, batch=3)
            except MailingIsRunning:
                turn.wait(0.005)
            except MailingIsOver:
                return
            except Exception as error:
                broken.append(error)
                return

    workers = [threading.Thread(target=work, args=(tmp_path / str(number),)) for number in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    assert broken == []
    assert sorted(line.handed) == sorted(
        (f"{tag}{number:02}@example.org", tag) for number in range(24) for tag in [("fr", "en")[number % 2]]
    )
    with db.read() as session:
        assert mailing_report(session, mailing_id).state is MailingState.FINISHED


@pytest.mark.parametrize(
    ("languages", "expected"),
    [
        ("en-ZA,en-AU,en", {"plain": "en", "south": "en-ZA", "welsh": "en", "other": "en"}),
        ("en-ZA,en-AU", {"plain": "en-ZA", "south": "en-ZA", "welsh": "en-ZA", "other": "en-ZA"}),
        ("en-AU,en-ZA", {"plain": "en-AU", "south": "en-ZA", "welsh": "en-AU", "other": "en-AU"}),
    ],
)
def test_regression_02_regional_variant_is_chosen_deterministically(
    desk: Desk, languages: str, expected: dict[str, str]
) -> None:
    """A reader of plain English gets plain English; where there is none, the office's first region, at every time."""
    desk.settings["NEWSLETTER_LANGUAGES"] = languages
    tags = languages.split(",")
    for tag in tags:
        desk.write(
            f"words/braai.{tag}.md", f"---\nlang: {tag}\n---\n# The party of {tag}\n\nCome on Saturday.\n"
        )
    number = desk.json("announcements", "import", "words")[0]["added"][0]
    desk.put(plain="en", south="en-ZA", welsh="en-GB", other="en-NZ")
    mails = desk.send(desk.create("--announcement", str(number)))
    assert {name: mail["Content-Language"] for name, mail in mails.items()} == expected
    assert all(f"The party of {tag}" in mails[name]["Subject"] for name, tag in expected.items())


def test_regression_03_everything_in_a_mail_and_behind_it_is_in_one_language(desk: Desk) -> None:
    """Subject, both bodies, footer and the page of the unsubscribe link, in each of four languages."""
    desk.settings["NEWSLETTER_LANGUAGES"] = "fr,en,nl,de"
    words = {
        "fr": ("La fête du canal", "Venez samedi", "Vous recevez", "désinscri"),
        "en": ("The canal party", "Come on Saturday", "You receive", "nsubscribe"),
        "nl": ("Het kanaalfeest", "Kom zaterdag", "U ontvangt", "itschrijven"),
        "de": ("Das Kanalfest", "Kommt am Samstag", "Sie erhalten", "bmelden"),
    }
    for tag in ("nl", "de"):
        title, body, *_ = words[tag]
        desk.ok(
            *(
                "announcements",
                "edit",
                PARTY,
                "--language",
                tag,
                "--title",
                title,
                "--body",
                f"{body} um 14 h.",
            ),
        )
    desk.put(**{tag: tag for tag in words})
    mails = desk.send(desk.create("--announcement", PARTY))
    pages = desk.pages()
    assert list(mails) == list(words)
    for tag, mail in mails.items():
        title, body, reason, leave = words[tag]
        plain, html = mail.part("plain"), mail.page.text_content()
        assert title in mail["Subject"]
        for part in (plain, html):
            assert all(word in part for word in (body, reason, leave))
        others = [word for other in words.keys() - {tag} for word in words[other][:3]]
        assert [word for word in others if word in mail["Subject"] + plain + html] == []
        page = pages.get(mail.unsubscribe_path).text
        assert f'<html lang="{tag}"' in page


def test_regression_04_editing_a_translation_keeps_it_a_translation(desk: Desk) -> None:
    """After an edit it is still the English of the same announcement, and still notices when its source changes."""
    desk.ok("announcements", "edit", PARTY, "--language", "en", "--title", "The great party", "--by", "Ana")
    found = desk.json("announcements", "list")
    assert [(item["id"], sorted(item["translations"])) for item in found] == [(2, ["fr"]), (1, ["en", "fr"])]
    edited = desk.json("announcements", "edit", PARTY, "--language", "fr", "--title", "La grande fête")
    assert edited["became_stale"] == ["en"]
    assert "The great party" in desk.shown(desk.create("--announcement", PARTY), "en")


@pytest.mark.parametrize("policy", ["omit", "label", "summary", "block"])
def test_regression_05_reader_without_a_translation_is_served_as_the_policy_says(
    desk: Desk, policy: str
) -> None:
    """What a reader of English gets of an item in French only, under each policy; and that she is told of, if nothing."""
    desk.put(marie="fr", peter="en")
    edition = desk.create("--fallback", policy)
    if policy == "block":
        desk.settings["NEWSLETTER_SMTP_URL"] = "smtp://127.0.0.1:9?tls=none"
        assert "has no English text" in desk.refusal("send", edition)
        assert desk.json("mailings", "list") == []
        return
    mails = desk.send(edition)
    assert sorted(mails) == ["marie", "peter"]
    english = mails["peter"].everything
    assert "The canal party" in english
    assert ("Taille des pommiers" in english, "Apportez vos sécateurs" in english) == {
        "omit": (False, False),
        "label": (True, True),
        "summary": (True, False),
    }[policy]
    assert ("In French" in english) == (policy != "omit")


def test_regression_05_reader_for_whom_there_is_nothing_is_named_with_the_reason(desk: Desk) -> None:
    """Nobody silently gets nothing: the row says why, before and after."""
    desk.put(marie="fr", peter="en")
    edition = desk.create("--fallback", "omit", "--announcement", PRUNING)
    desk.ok("editions", "freeze", edition, "--without", "en")
    assert desk.json("editions", "coverage", edition)["readers"]["nothing"] == {"nothing_in_her_language": 1}
    assert list(desk.send(edition)) == ["marie"]
    (row,) = desk.json("mailings", "report", "1")["unaccepted"]
    assert (row["address"], row["skip_reason"]) == ("peter@example.org", "nothing_in_her_language")


@pytest.mark.parametrize("mode", ["separate", "combined"])
def test_regression_06_reader_of_both_gets_one_mail(desk: Desk, mode: str) -> None:
    """One mail with both languages, whichever mode the edition has."""
    desk.put(ana="en fr", luc="fr en")
    mails = desk.send(
        desk.create("--mode", mode, "--announcement", PARTY)
    )  # `send` refuses two to one address
    assert {name: mail["Content-Language"] for name, mail in mails.items()} == {
        "ana": "en, fr",
        "luc": "fr, en",
    }
    for mail in mails.values():
        assert "Come on Saturday" in mail.everything
        assert "Venez samedi" in mail.everything
    assert desk.json("mailings", "status", "1")["accepted"] == 2


def test_regression_07_language_of_the_staff_is_in_no_mail(desk: Desk) -> None:
    """The English edition is the same, byte by byte, whether the office works in French or in English."""
    edition = desk.create()
    rendered = []
    for locale, staff in (("fr_FR.UTF-8", "fr"), ("en_GB.UTF-8", "en")):
        desk.settings |= {"LANG": locale, "LC_ALL": locale, "NEWSLETTER_STAFF_LANGUAGE": staff}
        desk.ok("editions", "render", edition, "--out", staff, "--no-pictures")
        rendered.append(
            {
                path.name: re.sub(rb"/u/[\w-]+", b"/u/token", path.read_bytes())  # a new one for each sample
                for path in (desk.folder / staff).iterdir()
                if path.suffix in {".html", ".txt", ".mjml"}
            }
        )
    assert rendered[0] == rendered[1]
    assert len(rendered[0]) == 12  # four variants


def test_regression_08_explicit_language_is_not_overwritten(desk: Desk) -> None:
    """What a reader chose herself outlives her browser's wishes and every later file."""
    from newsletter.audience.models import LanguageOrigin, Subscriber

    desk.put(marie="fr")
    mail = desk.send(desk.create("--announcement", PARTY))["marie"]
    with desk.installation().database.transaction() as session:
        session.query(Subscriber).one().language_origin = LanguageOrigin.EXPLICIT
    answer = desk.pages().get(mail.unsubscribe_path, headers={"Accept-Language": "en-GB, en;q=0.9"})
    assert '<html lang="fr"' in answer.text
    desk.put(marie="en")
    reader = desk.json("subscribers", "show", "marie@example.org")
    assert (reader["languages"], reader["language_origin"]) == (["fr"], "explicit")


def test_regression_09_only_a_post_unsubscribes(desk: Desk) -> None:
    """A scanner that follows every link of a mail changes nothing; the mail program's button does."""
    desk.put(marie="fr")
    first, second = desk.create("--announcement", PARTY), desk.create("--announcement", PRUNING)
    mail = desk.send(first)["marie"]
    pages = desk.pages()
    links = {link for link in mail.page.xpath("//a/@href") if link.startswith("https://news.canal.example/")}
    for link in {*links, mail.unsubscribe_path}:
        assert pages.get(link).status_code == 200, link
        pages.head(link)

    def state() -> str:
        return str(desk.json("subscribers", "show", "marie@example.org")["subscriptions"][0]["state"])

    assert state() == "active"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    answer = pages.post(mail.unsubscribe_path, data={"List-Unsubscribe": "One-Click"})
    assert (answer.status_code, state()) == (200, "ended")
    assert desk.send(second) == {}


def test_regression_10_translation_of_an_older_source_stays_stale(desk: Desk) -> None:
    """A file that comes back late is kept and marked, and marked it stays when it comes a second time."""
    desk.ok("announcements", "export", PRUNING, "--format", "po", "--out", "out.po")
    desk.ok("announcements", "edit", PRUNING, "--language", "fr", "--body", "Apportez vos échelles.")
    file = polib.pofile(str(desk.folder / "out.po"))
    for entry in file:
        entry.msgstr = f"In English {entry.msgid[:5]}"
    file.save()
    for _ in range(2):
        desk.ok("translations", "import", "out.po")
        english = desk.json("announcements", "show", PRUNING)["translations"]["en"]
        assert english["is_stale"] is True
    edition = desk.create("--announcement", PRUNING)
    assert ("stale-text", "en") in desk.codes(edition)
    assert "from “sécateurs” to “échelles”" in desk.ok(
        "announcements", "changes", PRUNING, "--language", "en"
    )
    assert "stale" in desk.refused("announcements", "approve", PRUNING, "--language", "en")
