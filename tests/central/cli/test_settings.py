"""Where settings come from, and what is said about a wrong one."""

from __future__ import annotations

from pathlib import Path

import pytest

from imi_central.settings import Settings, SettingsError


def load(tmp_path: Path, config: str = "", environment: dict[str, str] | None = None, **flags: str) -> Settings:
    if config:
        (tmp_path / "config.toml").write_text(config, "utf-8")
    return Settings.load({"data": str(tmp_path), **flags}, environment or {})


def test_a_flag_wins_over_the_environment_over_the_file(tmp_path: Path) -> None:
    config = 'port = 1\nhost = "localhost"\nurl = "https://file.example"\ntrusted_proxies = ["10.0.0.1", "10.1.0.0/16"]'
    settings = load(tmp_path, config, {"IMI_CENTRAL_PORT": "2", "IMI_CENTRAL_URL": "https://env.example/"}, port="3")
    assert (settings.port, settings.url, settings.host) == (3, "https://env.example", "localhost")
    assert settings.trusted_proxies == ("10.0.0.1", "10.1.0.0/16")


def test_defaults(tmp_path: Path) -> None:
    settings = Settings.load({}, {"XDG_DATA_HOME": str(tmp_path)})
    assert settings.data == tmp_path / "imi-central"
    assert settings.database_url == f"sqlite:///{tmp_path}/imi-central/central.db"
    assert (settings.host, settings.port, settings.device_grant) == ("127.0.0.1", 8460, "off")


def test_a_translation_service(tmp_path: Path) -> None:
    assert load(tmp_path).translator == ""
    settings = load(tmp_path, 'translator = "http://127.0.0.1:5000/"', translator_personal="on", translator_name="MT")
    assert (settings.translator, settings.translator_name) == ("http://127.0.0.1:5000", "MT")
    assert settings.translator_personal
    assert not load(tmp_path).translator_personal


def test_a_database_password_is_not_shown(tmp_path: Path) -> None:
    settings = load(tmp_path, database="postgresql+psycopg://imi:s3cret@db.example/imi")
    assert "s3cret" not in settings.shown_database
    assert "db.example" in settings.shown_database


@pytest.mark.parametrize(
    ("config", "environment", "flags", "says"),
    [
        ("prt = 1", {}, {}, ("prt", "config.toml", "unknown setting", "port")),
        ('port = "x"', {}, {}, ("port", "config.toml", "'x'", "0 to 65535")),
        ("port = true", {}, {}, ("port", "config.toml", "a whole number")),
        ('trusted_proxies = "10.0.0.1, 10.0.0.2"\nurl = 3', {}, {}, ("url", "config.toml", "text")),
        ('trusted_proxies = ["10.0.0.1", "proxy"]', {}, {}, ("trusted_proxies", "'proxy'", "10.0.0.0/24")),
        ("port = ", {}, {}, ("config.toml", "not valid TOML")),
        ("", {"IMI_CENTRAL_PORT": "70000"}, {}, ("port", "IMI_CENTRAL_PORT", "70000")),
        ("", {"IMI_CENTRAL_PROT": "1"}, {}, ("IMI_CENTRAL_PROT", "unknown setting", "IMI_CENTRAL_PORT")),
        ("", {}, {"device_grant": "yes"}, ("device_grant", "--device-grant", "off, on, same_address")),
        ("", {}, {"url": "http://imi.example"}, ("url", "--url", "https://host")),
        ("", {}, {"url": "https://imi.example/sub"}, ("url", "https://host")),
        ("", {}, {"host": "0.0.0.0"}, ("host", "--host", "plain http is not allowed", "certificate")),
        ("writes_per_minute = 0", {}, {}, ("writes_per_minute", "config.toml", "'0'", "1 to 1000000")),
        ("", {}, {"searches_per_minute": "ten"}, ("searches_per_minute", "--searches-per-minute", "'ten'")),
        ("", {}, {"translations_per_hour": "0"}, ("translations_per_hour", "'0'", "1 to 1000000")),
        ("", {}, {"translator": "http://translate.example"}, ("translator", "--translator", "https://host")),
        ("", {}, {"translator": "https://translate.example?x"}, ("translator", "https://host")),
        ("", {}, {"translator_key_file": "/nowhere"}, ("translator_key_file", "/nowhere", "a file with the key")),
        ("", {}, {"translator_personal": "yes"}, ("translator_personal", "'yes'", "on, off")),
        ("", {}, {"certificate": "/nowhere.pem"}, ("key", "is missing", "certificate and key together")),
        ("", {}, {"certificate": "/nowhere.pem", "key": "/nowhere"}, ("certificate", "/nowhere.pem", "a PEM file")),
    ],
)
def test_a_wrong_setting_is_named_with_what_is_allowed(
    tmp_path: Path, config: str, environment: dict[str, str], flags: dict[str, str], says: tuple[str, ...]
) -> None:
    with pytest.raises(SettingsError) as refused:
        load(tmp_path, config, environment, **flags)
    for part in says:
        assert part in str(refused.value)
