from pathlib import Path

import pytest

from newsletter.foundation.settings import Settings, SettingsRefused, read_settings, setting_lines


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_defaults_hold_in_an_empty_folder() -> None:
    settings = read_settings()
    assert settings.database_url == "sqlite:///subscribers.db"
    assert settings.languages == ("fr", "en")
    assert settings.secret.get_secret_value() == ""
    assert settings.sender_address == "newsletter@localhost"


def test_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "newsletter.toml").write_text('languages = ["nl", "fr"]\norganisation = "Ici"\n', "utf-8")
    monkeypatch.setenv("NEWSLETTER_LANGUAGES", "EN, fr_BE")
    settings = read_settings()
    assert settings.languages == ("en", "fr-BE")
    assert settings.organisation == "Ici"


def test_secret_comes_from_its_file_and_is_never_shown(tmp_path: Path) -> None:
    (tmp_path / "newsletter.secret").write_text("hush-hush\n", "utf-8")
    settings = read_settings()
    assert settings.secret.get_secret_value() == "hush-hush"
    line = next(line for line in setting_lines(settings) if line.name == "secret")
    assert (line.value, line.origin) == ("(set)", "newsletter.secret")
    assert "hush" not in repr(settings)


def test_all_problems_are_told_together_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSLETTER_LANGUAGES", "french")
    monkeypatch.setenv("NEWSLETTER_BASE_URL", "news.example.org")
    monkeypatch.setenv("NEWSLETTER_SMTP_CONNECTIONS", "0")
    with pytest.raises(SettingsRefused) as refusal:
        read_settings()
    message = str(refusal.value)
    for name in ("NEWSLETTER_LANGUAGES", "NEWSLETTER_BASE_URL", "NEWSLETTER_SMTP_CONNECTIONS"):
        assert name in message
    assert "\n" not in message


def test_unknown_setting_and_broken_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "newsletter.toml").write_text('langages = "fr"\n', "utf-8")
    with pytest.raises(SettingsRefused, match="langages"):
        read_settings()
    (tmp_path / "newsletter.toml").write_text("languages = [\n", "utf-8")
    with pytest.raises(SettingsRefused, match="cannot be read"):
        read_settings()


def test_every_setting_has_a_meaning_and_an_origin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSLETTER_ORGANISATION", "Ici")
    lines = setting_lines(read_settings(database_url="postgresql+psycopg://me:hush@host/db"))
    assert [line.name for line in lines] == list(Settings.model_fields)
    assert all(len(line.meaning) > 20 for line in lines)
    by_name = {line.name: line for line in lines}
    assert by_name["organisation"].origin == "NEWSLETTER_ORGANISATION"
    assert "hush" not in by_name["database_url"].value


def test_sender_address_follows_the_base_url() -> None:
    assert (
        read_settings(base_url="https://news.example.org:8443/a/").sender_address
        == "newsletter@news.example.org"
    )
    assert read_settings(sender="x@example.org").sender_address == "x@example.org"


def test_plain_postgresql_address_gets_the_driver_and_keeps_its_password() -> None:
    settings = read_settings(database_url="postgresql://me:hu%40sh@host/db")
    assert settings.database_url == "postgresql+psycopg://me:hu%40sh@host/db"


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///file:/srv/news/x.db?mode=ro&uri=true",
        "sqlite:////srv/news/x.db",
        "postgresql+psycopg://me@/db?host=/run/postgresql",
    ],
)
def test_address_of_a_known_database_is_taken_as_it_is(url: str) -> None:
    assert read_settings(database_url=url).database_url == url
