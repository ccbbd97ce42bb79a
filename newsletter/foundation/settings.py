"""The settings of an installation: one frozen object, read once at start and passed on.

Read from `newsletter.toml` in the working directory, overridden by environment variables `NEWSLETTER_*`.
The docstring under each field is its meaning, and what `newsletter settings` prints.
"""

import os
import tomllib
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from newsletter.foundation.errors import BadInput
from newsletter.foundation.language import NotALanguage, normalise_tags

SETTINGS_FILE = "newsletter.toml"
SECRET_FILE = "newsletter.secret"  # noqa: S105 - the name of a file
_PREFIX = "NEWSLETTER_"
_DATABASE_URLS = "write sqlite:///FILE or postgresql+psycopg://user:password@host/name"


class SettingsRefused(BadInput):
    """One or more settings are not what they should be; all of them are named together."""


class Settings(BaseSettings):
    """Every setting of the installation."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX,
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
    )

    database_url: str = "sqlite:///subscribers.db"
    """Where everything is kept: `sqlite:///FILE` or `postgresql+psycopg://user:password@host/name`."""

    smtp_url: SecretStr = SecretStr("")
    """The relay that takes the mail: `smtp://user:password@host:587?tls=starttls` (tls: none, starttls or implicit);
    several with commas between. Without it nothing can be sent."""

    base_url: str = "http://localhost:8000"
    """The public address of the web pages, without a slash at the end; links in mails begin with it. Mailbox
    providers want https."""

    secret: SecretStr = SecretStr("")
    """The key that signs the links in mails. Written to `newsletter.secret` by `newsletter init`; who has it can
    unsubscribe anybody, and without it no link that was ever mailed works."""

    languages: Annotated[tuple[str, ...], NoDecode] = ("fr", "en")
    """The languages of the organisation, the first one first: `fr,en`."""

    sender: str = ""
    """The address that mails come from where a list does not name its own. Empty: `newsletter@` the host of base_url."""

    organisation: str = ""
    """The name of the organisation, in the foot of every mail."""

    postal_address: str = ""
    """Its postal address, in the foot of every mail, as the law of many countries asks."""

    website: str = ""
    """Its own web site, linked from the foot of every mail; empty for none."""

    accent_colour: str = Field(default="#14539a", pattern=r"^#[0-9a-fA-F]{6}$")
    """The one colour of links and buttons, as #rrggbb."""

    logo_url: str = ""
    """The https address of the logo at the top of every mail and public page; empty for none."""

    theme: str = "letter"
    """The theme of lists that name none: a folder under `templates/themes/`."""

    fallback: Literal["omit", "label", "summary", "block"] = "label"
    """What an edition does with an item that a language lacks, where the edition itself does not say:
    `omit`, `label` (show the other language, marked), `summary` (title and link, marked) or `block`."""

    require_approval: bool = False
    """Whether texts must be approved, and translations not be stale, before they are frozen: true or false."""

    archive_indexed: bool = True
    """Whether search engines may show the editions of public lists: true or false."""

    staff_language: Literal["en", "fr"] = "en"
    """The language in which findings and remarks are told to those who work here, where a command is not asked for
    another by `--in`: en or fr."""

    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ()
    """The networks of your own web servers in front of this one, as in `127.0.0.1,10.0.0.0/8`: only they are believed
    when they name a visitor's address (X-Forwarded-For). Empty: nobody is."""

    forms_per_network_per_hour: int = Field(default=20, ge=1)
    """How many sign-up forms one network (/24, or /64 of IPv6) may send in an hour."""

    confirmations_per_domain_per_hour: int = Field(default=200, ge=1)
    """How many mails in an hour may ask people at one mail domain to confirm; what is more waits for the next hour."""

    confirmations_per_hour: int = Field(default=1000, ge=1)
    """How many mails in an hour may ask people to confirm, in all; what is more waits for the next hour."""

    proof_of_work: bool = False
    """Whether a sign-up form makes the browser work for a second, against programs that fill in forms: true or false.
    Such a form needs JavaScript; without this setting no page does."""

    keep_sign_ups_days: int = Field(default=30, ge=8)
    """After how many days a sign-up that nobody confirmed, and what came with it, is forgotten (8 or more)."""

    keep_visits_days: int = Field(default=1095, ge=30)
    """After how many days evidence of consent loses the visitor's network address and browser (30 or more)."""

    keep_inbound_days: int = Field(default=90, ge=1)
    """After how many days mails that came in are forgotten, replies included (1 or more)."""

    keep_deliveries_days: int = Field(default=180, ge=7)
    """How long each accepted mail of a mailing that has ended keeps a row of its own with the server's answer, in days; then
    only who got it, in which language, is kept, in little room."""

    inbound_url: SecretStr = SecretStr("")
    """The mailbox in which replies and unsubscribe mails arrive, read every five minutes by the worker:
    `imaps://user:password@host/INBOX`, or the path of a Maildir. Empty: only `newsletter inbound read` reads any."""

    trusted_authserv_ids: Annotated[tuple[str, ...], NoDecode] = ()
    """The names by which your own mail servers sign `Authentication-Results` (RFC 8601), as in `mx.example.org`: only
    they are believed when they say that a From is genuine (dmarc=pass). Empty: nobody is."""

    alert_address: str = ""
    """Who is written to when forms seem to be abused; empty for the sender's address."""

    time_zone: str = "Europe/Brussels"
    """The zone in which dates and times are shown and entered, as in `Europe/Brussels`."""

    dkim_key: str = ""
    """The file with the private key that signs mails (DKIM); `newsletter dkim new` makes one. Empty: the relay signs,
    or nobody does."""

    dkim_selector: str = "newsletter"
    """The name under which the public key stands in the DNS: SELECTOR._domainkey.DOMAIN."""

    dkim_domain: str = ""
    """The domain that signs. Empty: the domain of the sender. A mail from another domain than this one, or from below
    it, is not signed."""

    undo_seconds: int = Field(default=0, ge=0, le=3600)
    """How long a mailing that is begun may still be called back before its first message goes out, in seconds (120 is
    two minutes); 0 for no such window."""

    late_start_minutes: int = Field(default=60, ge=1)
    """A scheduled mailing whose time passed longer ago than this, in minutes, because nobody was there to begin it,
    waits for somebody to say whether it should still go out."""

    give_up_hours: int = Field(default=72, ge=1, le=240)
    """How long a server may say "later" before a message is given up, in hours; the time a mailing is paused does not
    count."""

    smtp_connections: int = Field(default=4, ge=1, le=50)
    """How many connections to the relay at once (1 to 50)."""

    smtp_messages_per_connection: int = Field(default=500, ge=1)
    """After how many messages a connection is closed and another one opened; some relays and mailbox providers take
    no more than 50 or 100."""

    smtp_bdat: bool = False
    """`true` hands messages over by BDAT instead of DATA to every relay that offers CHUNKING (`?bdat=yes` for one
    relay). No faster, and right for a relay that handles BDAT better."""

    pace: str = "default"
    """How fast mail may leave, over all workers: rules with commas between, each for `relay` (every message), for a mail
    domain (its provider), or for `other`: `gmail.com 600/min burst 2000 connections 5, relay 3000/min per-connection 500`.
    Beginning with `default`: the built-in rules for large providers, and yours behind them. Empty: as fast as the relay
    takes it. `newsletter pace set` changes it while mail is going out."""

    worker_silence_seconds: float = Field(default=30.0, ge=3)
    """After how many seconds without a sign of life the other workers take up what a worker was doing (3 or more)."""

    smtp_timeout_seconds: float = Field(default=300.0, gt=0)
    """How long to wait for an answer of the relay, in seconds (RFC 5321 section 4.5.3.2 asks for 300)."""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "WARNING"
    """From which level on events are written to stderr: DEBUG, INFO, WARNING or ERROR."""

    @field_validator("languages", mode="before")
    @classmethod
    def _languages_from_text(cls, value: object) -> object:
        parts = value.split(",") if isinstance(value, str) else value
        if not isinstance(parts, list | tuple) or not [part for part in parts if str(part).strip()]:
            raise ValueError("name at least one language, as in fr,en")
        try:
            return normalise_tags(str(part) for part in parts if str(part).strip())
        except NotALanguage as error:
            raise ValueError(str(error).rstrip(".")) from error

    @field_validator("trusted_authserv_ids", mode="before")
    @classmethod
    def _names_from_text(cls, value: object) -> object:
        parts = value.split(",") if isinstance(value, str) else value
        if not isinstance(parts, list | tuple):
            raise ValueError("name mail servers, as in mx.example.org")
        return tuple(str(part).strip().lower() for part in parts if str(part).strip())

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _networks_from_text(cls, value: object) -> object:
        parts = value.split(",") if isinstance(value, str) else value
        if not isinstance(parts, list | tuple):
            raise ValueError("name networks, as in 127.0.0.1,10.0.0.0/8")
        try:
            return tuple(str(ip_network(str(part).strip())) for part in parts if str(part).strip())
        except ValueError as error:
            raise ValueError(f"{error}; name networks, as in 127.0.0.1,10.0.0.0/8") from error

    @field_validator("database_url")
    @classmethod
    def _database_is_of_a_known_kind(cls, value: str) -> str:
        from sqlalchemy import make_url
        from sqlalchemy.exc import ArgumentError

        try:
            url = make_url(value)
        except (ArgumentError, ValueError) as error:
            raise ValueError(_DATABASE_URLS) from error
        if url.drivername in {"postgres", "postgresql"}:
            return f"postgresql+psycopg:{value.partition(':')[2]}"
        if url.drivername not in {"sqlite", "sqlite+pysqlite", "postgresql+psycopg"}:
            raise ValueError(_DATABASE_URLS)
        if url.get_backend_name() == "sqlite":
            file = url.database or ""
            if url.host:
                raise ValueError(_DATABASE_URLS)
            if url.query and not (file.startswith("file:") and url.query.get("uri") == "true"):
                raise ValueError(
                    "what follows the ? holds only in the form sqlite:///file:/path/x.db?mode=ro&uri=true"
                )
        return value

    @field_validator("base_url")
    @classmethod
    def _base_url_is_http(cls, value: str) -> str:
        if (
            not value.startswith(("http://", "https://"))
            or len(value.split("/")) < 3
            or not value.split("/")[2]
        ):
            raise ValueError("it must begin with https:// (or http:// on your own machine) and name a host")
        if not value.isascii() or any(sign in value for sign in " \t\r\n<>\"'?#"):
            raise ValueError("it must be a plain address without spaces, quotes, ? or #")
        return value.rstrip("/")

    @field_validator("time_zone")
    @classmethod
    def _zone_is_known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError("it is not the name of a time zone such as Europe/Brussels") from error
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is pydantic's
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Values given in code, then the environment, then `newsletter.toml`, then the secret's own file."""
        return (
            init_settings,
            env_settings,
            InitSettingsSource(settings_cls, _toml_values()),
            InitSettingsSource(settings_cls, _secret_from_file()),
        )

    @property
    def sender_address(self) -> str:
        """The sender's address, the default one where none is set."""
        host = self.base_url.split("/")[2].split("@")[-1].rsplit(":", 1)[0].strip("[]")
        return self.sender or f"newsletter@{host}"


def _secret_from_file() -> dict[str, Any]:
    """The secret that `newsletter init` wrote into the working directory, if it did."""
    path = Path(SECRET_FILE)
    return {"secret": path.read_text("utf-8").strip()} if path.is_file() else {}


def _toml_values() -> dict[str, Any]:
    path = Path(SETTINGS_FILE)
    if not path.is_file():
        return {}
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsRefused(f"{SETTINGS_FILE} cannot be read: {error}.") from error


def read_settings(**overrides: Any) -> Settings:
    """The settings that hold here and now. Raises SettingsRefused with every problem in one line."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        problems = "; ".join(_problem(item["loc"], item["msg"]) for item in error.errors())
        raise SettingsRefused(f"Settings: {problems}.") from error


def _problem(location: tuple[int | str, ...], message: str) -> str:
    name = ".".join(str(part) for part in location)
    if message == "Extra inputs are not permitted":
        return f"{name} in {SETTINGS_FILE} is not a setting (see `newsletter settings`)"
    return f"{_PREFIX}{name.upper()}: {message.removeprefix('Value error, ')}"


@dataclass(frozen=True, slots=True)
class SettingLine:
    """One setting as it is shown: secrets are not."""

    name: str
    value: str
    origin: str
    meaning: str


def setting_lines(settings: Settings) -> list[SettingLine]:
    """Each setting with its value, where it came from, and its meaning."""
    toml = _toml_values()
    lines = []
    for name, field in Settings.model_fields.items():
        variable = f"{_PREFIX}{name.upper()}"
        if variable in os.environ:
            origin = variable
        elif name in toml:
            origin = SETTINGS_FILE
        elif name == "secret" and settings.secret.get_secret_value():
            origin = SECRET_FILE
        else:
            origin = "default"
        meaning = " ".join((field.description or "").split())
        lines.append(SettingLine(name, _shown(name, getattr(settings, name)), origin, meaning))
    return lines


def _shown(name: str, value: object) -> str:
    if isinstance(value, SecretStr):
        return "(set)" if value.get_secret_value() else ""
    if name == "database_url":
        from sqlalchemy import make_url

        return make_url(str(value)).render_as_string(hide_password=True)
    return ",".join(value) if isinstance(value, tuple) else str(value)
