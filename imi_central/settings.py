"""Settings: a flag wins over the environment (IMI_CENTRAL_*), the environment over config.toml in the data directory.

Nothing here imports the server's libraries, so that ``--help`` is quick.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import urlsplit

DevicePolicy = Literal["off", "on", "same_address"]
CONFIG = "config.toml"
PREFIX = "IMI_CENTRAL_"
_RATES = ("writes_per_minute", "searches_per_minute", "translations_per_hour")
_WHOLE = ("port", *_RATES)


class SettingsError(Exception):
    """A setting cannot be used: which one, where it comes from, what is allowed."""

    def __init__(self, key: str, source: str, problem: str, allowed: str) -> None:
        self.key, self.source, self.problem, self.allowed = key, source, problem, allowed
        super().__init__(f"{key} ({source}): {problem}; allowed: {allowed}")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How one server runs.

    `data`: directory for the database and config.toml. `database`: its address, SQLite in `data` by default.
    `url`: the address clients use, where a proxy stands in between. `certificate` and `key`: PEM files for https.
    `trusted_proxies`: addresses whose X-Forwarded-* count. `device_grant`: whether a terminal without a browser
    may sign in with a code. `modules`: a directory with more procedures. `backups`: a folder
    into which the daily jobs put a verified backup. `writes_per_minute`, `searches_per_minute` and
    `translations_per_hour`: for each officer.
    `translator`: address of a translation service that speaks as LibreTranslate does, `translator_key_file` a file
    with its key, `translator_name` what officers see it called, `translator_personal` whether it is given fields that
    ask for personal data.
    """

    data: Path
    database: str = ""
    host: str = "127.0.0.1"
    port: int = 8460
    url: str = ""
    certificate: str = ""
    key: str = ""
    trusted_proxies: tuple[str, ...] = ()
    device_grant: DevicePolicy = "off"
    modules: Path | None = None
    backups: Path | None = None
    writes_per_minute: int = 1000
    searches_per_minute: int = 120
    translator: str = ""
    translator_key_file: str = ""
    translator_name: str = "LibreTranslate"
    translator_personal: bool = False
    translations_per_hour: int = 60

    @property
    def database_url(self) -> str:
        """The database's address for SQLAlchemy."""
        return self.database or f"sqlite:///{self.data / 'central.db'}"

    @property
    def shown_database(self) -> str:
        """The database's address without its password, for messages."""
        head, at, tail = self.database_url.rpartition("@")
        return f"{head.partition('://')[0]}://…@{tail}" if at else self.database_url

    @property
    def scheme(self) -> str:
        """How this process itself speaks."""
        return "https" if self.certificate else "http"

    @classmethod
    def load(cls, flags: Mapping[str, str | None], environment: Mapping[str, str]) -> Settings:
        """Read all sources. `flags` by setting name, None where not given. Raises `SettingsError`."""
        names = [field.name for field in fields(cls)]
        given: dict[str, tuple[str, str]] = {}
        for name in names:
            variable = PREFIX + name.upper()
            if (flag := flags.get(name)) is not None:
                given[name] = (flag, f"--{name.replace('_', '-')}")
            elif variable in environment:
                given[name] = (environment[variable], variable)
        known = {PREFIX + name.upper() for name in names}
        for variable in environment:
            if variable.startswith(PREFIX) and variable not in known:
                raise SettingsError(variable, "environment", "unknown setting", ", ".join(sorted(known)))
        data = Path(given.pop("data")[0]) if "data" in given else default_data(environment)
        for name, value in _file(data / CONFIG, names).items():
            given.setdefault(name, (value, str(data / CONFIG)))
        return _checked(data.absolute(), given)


def default_data(environment: Mapping[str, str]) -> Path:
    """Where data goes when nothing is said (XDG base directories)."""
    home = environment.get("XDG_DATA_HOME") or str(Path(environment.get("HOME", "~")).expanduser() / ".local" / "share")
    return Path(home) / "imi-central"


def _file(path: Path, names: list[str]) -> dict[str, str]:
    try:
        read = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError("the file", str(path), f"is not valid TOML: {error}", "key = value lines") from error
    except OSError as error:
        raise SettingsError("the file", str(path), f"cannot be read: {error.strerror}", "a readable file") from error
    allowed = [name for name in names if name != "data"]
    out: dict[str, str] = {}
    for name, value in read.items():
        if name not in allowed:
            raise SettingsError(name, str(path), "unknown setting", ", ".join(allowed))
        if isinstance(value, list) and name == "trusted_proxies" and all(isinstance(item, str) for item in value):
            out[name] = ",".join(value)
        elif isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool) and name in _WHOLE):
            out[name] = str(value)
        else:
            lists = {"trusted_proxies": "a list of texts"}
            wanted = "a whole number" if name in _WHOLE else lists.get(name, "text")
            raise SettingsError(name, str(path), f"{value!r} does not fit", wanted)
    return out


def _checked(data: Path, given: dict[str, tuple[str, str]]) -> Settings:
    def text(name: str, default: str = "") -> str:
        return given[name][0].strip() if name in given else default

    def wrong(name: str, problem: str, allowed: str) -> SettingsError:
        return SettingsError(name, given[name][1] if name in given else "default", problem, allowed)

    port = text("port", "8460")
    if not (port.isascii() and port.isdigit() and int(port) < 65_536):
        raise wrong("port", f"{port!r} is no port", "0 to 65535; 0 takes a free one")
    rates = {name: text(name) for name in _RATES if name in given}
    for name, rate in rates.items():
        if not (rate.isascii() and rate.isdigit() and 0 < int(rate) <= 1_000_000):
            raise wrong(name, f"{rate!r} is no rate", "1 to 1000000, for one officer")
    policy = text("device_grant", "off")
    if policy not in get_args(DevicePolicy):
        raise wrong("device_grant", f"{policy!r} is unknown", ", ".join(get_args(DevicePolicy)))
    url = text("url").rstrip("/")
    if url:
        parts = urlsplit(url)
        loopback = parts.hostname is not None and is_loopback(parts.hostname)
        if parts.path or not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and loopback)):
            raise wrong("url", f"{url!r} cannot be used", "https://host[:port], http for this machine alone")
    if bool(text("certificate")) != bool(text("key")):
        missing = "key" if text("certificate") else "certificate"
        raise wrong(missing, "is missing", "certificate and key together, both PEM files")
    for name in ("certificate", "key"):
        if text(name) and not Path(text(name)).is_file():
            raise wrong(name, f"there is no file {text(name)!r}", "a PEM file")
    proxies = tuple(filter(None, (part.strip() for part in text("trusted_proxies").split(","))))
    for each in proxies:
        if not _is_network(each):
            raise wrong("trusted_proxies", f"{each!r} is no address", "addresses and networks, such as 10.0.0.0/24")
    host = text("host", "127.0.0.1")
    if not is_loopback(host) and not text("certificate") and not proxies:
        raise wrong(
            "host",
            f"{host!r} can be reached from other machines, where plain http is not allowed",
            "127.0.0.1, ::1, localhost; any other with certificate and key, or with trusted_proxies",
        )
    translator = text("translator").rstrip("/")
    if translator and not _is_safe(translator):
        raise wrong("translator", f"{translator!r} cannot be used", "https://host[:port], http for this machine alone")
    if text("translator_key_file") and not Path(text("translator_key_file")).is_file():
        raise wrong("translator_key_file", f"there is no file {text('translator_key_file')!r}", "a file with the key")
    personal = text("translator_personal", "off")
    if personal not in ("on", "off"):
        raise wrong("translator_personal", f"{personal!r} is unknown", "on, off")
    modules, backups = text("modules"), text("backups")
    return Settings(
        data=data,
        database=text("database"),
        host=host,
        port=int(port),
        url=url,
        certificate=text("certificate"),
        key=text("key"),
        trusted_proxies=proxies,
        device_grant=policy,  # type: ignore[arg-type]
        modules=Path(modules) if modules else None,
        backups=Path(backups) if backups else None,
        translator=translator,
        translator_key_file=text("translator_key_file"),
        translator_name=text("translator_name") or Settings.translator_name,
        translator_personal=personal == "on",
        **{name: int(rate) for name, rate in rates.items()},
    )


def _is_safe(address: str) -> bool:
    """Whether what is sent there is read by nobody on the way."""
    parts = urlsplit(address)
    if not parts.hostname or parts.query or parts.fragment:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname))


def _is_network(text: str) -> bool:
    """Whether `text` is an address, or a network of addresses, as numbers."""
    import ipaddress

    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine."""
    import ipaddress

    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)
