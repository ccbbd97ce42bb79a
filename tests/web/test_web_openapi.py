"""The description of the public pages holds: no path is missing in it, and whatever it allows is answered as it says."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
import yaml
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, status_code_conformance
from starlette.routing import Route

from builders_web import SECRET, a_list, an_installation
from newsletter.audience.abuse.form_tokens import issue_form_token
from newsletter.audience.models import MailingList, Subscriber, Subscription
from newsletter.audience.preferences.considering import PURPOSE as PREFERENCES
from newsletter.audience.preferences.models import PreferencesLink
from newsletter.audience.sign_up.actions import PURPOSE
from newsletter.audience.sign_up.models import SignUp
from newsletter.audience.sign_up.words import offer_of
from newsletter.foundation.database import Database
from newsletter.foundation.signing import Keyring, hash_of_token, readable_name
from newsletter.web.app import create_app
from newsletter.web.routes import PUBLIC_ROUTES
from newsletter.web.serve import running_app
from newsletter.web.subscribe_page import FORM, digest_of

DESCRIPTION = Path(__file__).parent.parent.parent / "docs" / "openapi.yaml"
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
KEYRING = Keyring(SECRET)
NAME = b"known reader"
NAMES = {"fr": "La lettre", "en": "The letter"}
LETTER = MailingList(slug="letter", names=NAMES, descriptions={}, cadences={}, consent_texts={})
# What is tried beside anything else: with these the pages get behind their first doors.
KNOWN: dict[str, list[str]] = {
    "language": ["fr", "en"],
    "slug": ["letter"],
    "token": [
        KEYRING.sign("unsubscribe", NAME),
        KEYRING.one_time_token(PURPOSE, NAME),
        KEYRING.one_time_token(PREFERENCES, NAME),
    ],
    "name": [readable_name(NAME)],
    "address": ["zoe@example.org", "=?utf-8?q?x?=@example.org", "zoe@exämple.org"],
    "lists": ["letter"],
    "form": [issue_form_token(KEYRING, FORM, NOW - timedelta(seconds=10)) for _ in range(20)],
    "shown": [digest_of([offer_of(LETTER, "Les Jardins du Canal", tag)]) for tag in NAMES],
    "comment": [""],
    "page": ["1", "2", "0", "-1", "99999999999999999999"],
    "lang": ["fr", "en"],
}

# Without the right ones a form comes back, whatever else is in it.
PROOFS = {"form", "shown", "comment"}


def described() -> dict[str, Any]:
    """The description, with the sets of answers in their places."""
    read = yaml.safe_load(DESCRIPTION.read_text("utf-8"))
    sets = read["components"].pop("x-responses")
    for path in read["paths"].values():
        for operation in path.values():
            reference = "$ref" in operation["responses"] if isinstance(operation, dict) else False
            if reference:
                operation["responses"] = sets[operation["responses"]["$ref"].rpartition("/")[2]]
    assert isinstance(read, dict)
    return read


def with_known_values(read: dict[str, Any]) -> dict[str, Any]:
    """The same, with values that exist among those to be tried."""
    fields = read["components"]["requestBodies"]["sign-up"]["content"]["application/x-www-form-urlencoded"]
    inline = [
        item for path in read["paths"].values() for item in path.get("parameters", []) if "name" in item
    ]
    for parameter in [*read["components"]["parameters"].values(), *inline]:
        if parameter["name"] in KNOWN:
            parameter["schema"] = {"anyOf": [{"enum": KNOWN[parameter["name"]]}, parameter["schema"]]}
    properties = fields["schema"]["properties"]
    for name in properties:
        if name in KNOWN:
            known = {"enum": KNOWN[name]}
            properties[name] = known if name in PROOFS else {"anyOf": [known, properties[name]]}
    fields["schema"]["required"] = ["address", "lists", "form", "shown", "comment"]
    return read


def test_every_route_is_described_with_its_methods() -> None:
    routes: dict[str, set[str]] = {}
    for route in PUBLIC_ROUTES:
        assert isinstance(route, Route)
        path = route.path.rstrip("/") or "/"
        routes.setdefault(path, set()).update(route.methods or ())
    in_the_file = {
        path: {method.upper() for method in operations if method != "parameters"}
        for path, operations in described()["paths"].items()
    }
    assert in_the_file == {path: methods - {"HEAD"} for path, methods in routes.items()}


def test_every_route_stands_with_and_without_a_slash() -> None:
    paths = {route.path for route in PUBLIC_ROUTES if isinstance(route, Route)}
    pages = {
        path
        for path in paths
        if not path.endswith(("/", ".xml", ".json", ".ico", "healthz", "}.{extension}", "{address}"))
    }
    assert {path for path in pages if f"{path}/" not in paths} == set()


schema = schemathesis.openapi.from_dict(with_known_values(described()))


@pytest.fixture(scope="module")
def served(
    _sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, requests.Session]]:
    """A site with a list, a reader and a sign-up, and a client."""
    file = tmp_path_factory.mktemp("openapi") / "subscribers.db"
    file.write_bytes(_sqlite_template.read_bytes())
    database = Database(f"sqlite:///{file}")
    with database.transaction() as session:
        letter = a_list(session, NOW, slug="letter", names=NAMES, list_id="letter.example.org")
        address = "known@example.org"
        person = Subscriber(
            address=address, address_lower=address, address_key=b"k" * 16, language_origin="form",
            created_at=NOW, updated_at=NOW,
        )  # fmt: skip
        session.add(person)
        session.flush()
        session.add(
            Subscription(
                list_id=letter.id, subscriber_id=person.id, state="active", public_name=NAME, since=NOW
            )
        )
        token_hash = hash_of_token(KEYRING.one_time_token(PURPOSE, NAME))
        session.add(
            PreferencesLink(
                public_name=NAME,
                token_hash=hash_of_token(KEYRING.one_time_token(PREFERENCES, NAME)),
                subscriber_id=person.id,
                made_at=NOW,
                expires_at=NOW + timedelta(hours=1),
            )
        )
        session.add(
            SignUp(
                public_name=NAME, token_hash=token_hash, address=address, address_key=b"k" * 16,
                requested_at=NOW, expires_at=NOW + timedelta(days=7), lists=[],
            )
        )  # fmt: skip
    app = create_app(an_installation(database, forms_per_network_per_hour=10), now=lambda: NOW)
    with running_app(app) as port, requests.Session() as client:
        yield f"http://127.0.0.1:{port}", client
    database.close()


@schema.parametrize()
@settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_schemathesis_finds_no_answer_that_is_not_described(
    case: schemathesis.Case, served: tuple[str, requests.Session]
) -> None:
    base_url, client = served
    answer = case.call(base_url=base_url, session=client, timeout=30)
    checks = [not_a_server_error, status_code_conformance, content_type_conformance]
    case.validate_response(answer, checks=checks)
