"""A whole office for tests of the bilingual desk: commands, mails as they arrive, and the pages for readers."""

import contextlib
import io
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import lxml.html
from starlette.testclient import TestClient

from cli_shell import Shell
from newsletter.cli.main import main
from newsletter.transport.catcher import Catcher
from newsletter.web.app import create_app
from newsletter.wiring import Installation, open_installation

BASE_URL = "https://news.canal.example"
SETTINGS = {
    "NEWSLETTER_BASE_URL": BASE_URL,
    "NEWSLETTER_ORGANISATION": "Canal Gardens",
    "NEWSLETTER_POSTAL_ADDRESS": "Quai du Hainaut 23, 1080 Brussels",
}
PARTY = "1"  # in French and English
PRUNING = "2"  # in French only
NEWS = {
    "party.fr.md": "---\ntitle: La fête du canal\nevent: 2026-12-05\n---\n\n"
    "Venez samedi à 14 h ! [Le programme](https://canal.example/fr/fete)\n",
    "party.en.md": "---\ntitle: The canal party\n---\n\n"
    "Come on Saturday at 2 pm! [The programme](https://canal.example/en/party)\n",
    "pruning.fr.md": "---\ntitle: Taille des pommiers\n---\n\nApportez vos sécateurs.\n",
}


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as a mailbox gets it."""

    recipient: str
    message: EmailMessage

    def __getitem__(self, name: str) -> str:
        return str(self.message[name])

    def part(self, kind: str) -> str:
        """Its text: "plain" or "html"."""
        body = self.message.get_body((kind,))
        assert body is not None
        return str(body.get_content())

    @property
    def page(self) -> Any:
        """Its HTML, parsed."""
        return lxml.html.document_fromstring(self.part("html"))

    @property
    def everything(self) -> str:
        """Subject and both bodies, each run of white space one space."""
        return re.sub(r"[ \r\n]+", " ", f"{self['Subject']} {self.part('plain')} {self.page.text_content()}")

    @property
    def unsubscribe_path(self) -> str:
        found = re.match(r"<([^>]+)>", self["List-Unsubscribe"])
        assert found is not None
        return found[1].removeprefix(BASE_URL)


@dataclass
class Desk(Shell):
    """Runs the commands in this process, as a person runs them in a folder of her own."""

    settings: dict[str, str] = field(default_factory=lambda: dict(SETTINGS))

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        out, err, code = io.StringIO(), io.StringIO(), 0
        with self.inside(), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                main(arguments)
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else 1
        return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())

    def refusal(self, *arguments: str) -> str:
        """Everything that a command says which refuses."""
        self.refused(*arguments)
        return self(*arguments).stderr

    @contextlib.contextmanager
    def inside(self) -> Iterator[None]:
        """In its folder, with its settings."""
        before = dict(os.environ)
        os.environ.update(self.settings)
        try:
            with contextlib.chdir(self.folder):
                yield
        finally:
            os.environ.clear()
            os.environ.update(before)

    def installation(self) -> Installation:
        """What the commands work on; its database is named by a whole path."""
        settings = {**self.settings, "NEWSLETTER_DATABASE_URL": f"sqlite:///{self.folder}/subscribers.db"}
        with Desk(self.folder, settings).inside():
            return open_installation()

    def pages(self) -> TestClient:
        """The pages for readers."""
        return TestClient(create_app(self.installation()), base_url=BASE_URL, follow_redirects=False)

    def write(self, name: str, text: str) -> str:
        """Writes a file; its name."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        return name

    def put(self, **readers: str) -> None:
        """Puts readers on the list: `marie="fr"`, `ana="en fr"` for both, `max=""` for nobody knows."""
        rows = [f"{name}@example.org,{languages}" for name, languages in readers.items()]
        self.write("readers.csv", "email,language\n" + "\n".join(rows) + "\n")
        self.ok("subscribers", "import", "readers.csv", "--list", "letter", "--consent-basis", "a test")

    def create(self, *options: str) -> str:
        """The number of a new edition of the list."""
        return str(self.json("editions", "create", "--list", "letter", *options)["id"])

    def send(self, edition: str) -> dict[str, Mail]:
        """The mails of an edition as they arrive, by the name of the reader; nobody gets two."""
        with Catcher() as caught:
            self.settings["NEWSLETTER_SMTP_URL"] = f"smtp://127.0.0.1:{caught.port}?tls=none"
            done = self("send", edition, "--json")
            arrived = caught.mails()
        assert done.returncode in (0, 1), done.stderr
        mails = {
            mail.recipient.partition("@")[0]: Mail(
                mail.recipient, message_from_bytes(mail.raw, policy=default)
            )
            for mail in arrived
        }
        assert len(mails) == len(arrived)
        return mails

    def shown(self, edition: str, variant: str) -> str:
        """The words of a variant as it would be frozen now, each run of white space one space."""
        self.ok("editions", "render", edition, "--out", f"out-{edition}", "--no-pictures")
        return self.page(edition, variant).text_content()

    def page(self, edition: str, variant: str) -> Any:
        """The HTML of a variant that was rendered, parsed."""
        html = (self.folder / f"out-{edition}" / f"{variant}.html").read_text("utf-8")
        return lxml.html.document_fromstring(html)

    def codes(self, edition: str, *options: str) -> list[tuple[str, str]]:
        """Code and language of each finding of `editions check`, each once."""
        found = json.loads(self("editions", "check", edition, "--json", *options).stdout)
        return sorted({(item["code"], item["language"]) for item in found})


def copied(base: Path, folder: Path) -> Desk:
    """An office like that in `base`, in a folder of its own."""
    return Desk(Path(shutil.copytree(base, folder)))
