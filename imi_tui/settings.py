"""The officer's settings: ``config.toml`` in the profile.

Every setting is a member of `Settings`; its docstring is its documentation. A key nobody knows, or a value that does
not fit, is reported with the nearest known one and left out: a slip in the file never keeps an officer from working.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from imi_tui.i18n import _
from imi_tui.themes import NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

VAULTS = ("keyring", "passphrase", "file", "memory")
KEYBOARDS = ("auto", "bds", "phonetic", "off")
EVENTS = ("auto", "off")


class Settings(NamedTuple):
    """All settings with their defaults; `problems` are sentences about what in the file could not be used."""

    server: str = ""
    """Address of the central server, such as ``https://imi.example.eu``."""
    language: str = ""
    """Language of the program (a code such as ``fr``); empty: as the system says."""
    vault: str = ""
    """Where the key of the local data is kept: keyring, passphrase, file or memory; empty: keyring, else passphrase."""
    keyboard: str = "auto"
    """Bulgarian keyboard layout for single-letter keys: bds, phonetic, off, or auto (asks once)."""
    theme: str = ""
    """Colours: a name of `imi_tui.themes`; empty: the terminal's own, or none where ``NO_COLOR`` is set."""
    mouse: bool = True
    """Whether the full screen reacts to the mouse; off leaves selecting text to the terminal."""
    poll_minutes: int = 5
    """Minutes between synchronisations while nothing happens."""
    metered: bool = False
    """Whether every byte counts: only lists and what is opened is fetched, less often; the bytes of the day show."""
    events: str = "auto"
    """Whether the server may say at once that something changed: auto (where the line carries it) or off."""
    files_mib: int = 500
    """Mebibytes of downloaded files that are kept on this machine; the ones looked at longest ago make room."""
    open_personal: bool = False
    """Whether files with personal data may be given to other programs of this machine to show."""
    keys: Mapping[str, Any] = MappingProxyType({})
    """Table of own keys: ``"go.outbox" = "f6"``; see the help screen for the names."""
    problems: tuple[str, ...] = ()


_KINDS: dict[str, type] = {
    "server": str,
    "language": str,
    "vault": str,
    "keyboard": str,
    "theme": str,
    "mouse": bool,
    "poll_minutes": int,
    "metered": bool,
    "events": str,
    "files_mib": int,
    "open_personal": bool,
    "keys": dict,
}
_CHOICES = {"vault": VAULTS, "keyboard": KEYBOARDS, "theme": NAMES, "events": EVENTS}


def read(path: Path) -> Settings:
    """The settings in the file at `path`; the defaults where there is none."""
    try:
        # Some editors begin a file with a mark of its encoding.
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return Settings()
    except (OSError, UnicodeDecodeError) as error:
        return Settings(problems=(_unreadable(path, str(error)),))
    import tomllib

    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return Settings(problems=(_unreadable(path, str(error)),))
    values: dict[str, Any] = {}
    problems = []
    for name, value in data.items():
        if problem := _problem(name, value):
            problems.append(_("{file}: {problem}").format(file=path.name, problem=problem))
        else:
            values[name] = value
    return Settings(**values, problems=tuple(problems))


def write(path: Path, name: str, value: str | bool | int) -> None:
    """Set one value in the file at `path`, keeping everything else in it, comments included.

    Raises ValueError for a name or value that does not fit, OSError where the file cannot be written.
    """
    if problem := _problem(name, value):
        raise ValueError(problem)
    line = f"{name} = {_toml(value)}"
    try:
        # At line ends only: other separators may stand in a text.
        lines = path.read_text(encoding="utf-8-sig").rstrip("\n").split("\n")
    except FileNotFoundError:
        lines = []
    end = next((at for at, text in enumerate(lines) if text.lstrip().startswith("[")), len(lines))
    at = next((at for at, text in enumerate(lines[:end]) if re.match(rf"""\s*(["']?){name}\1\s*=""", text)), None)
    if at is None:
        lines.insert(end, line)
    else:
        lines[at] = line
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _put(path, ("\n".join(lines) + "\n").encode())


def _put(path: Path, data: bytes) -> None:
    """The file at `path` with other content: whole or as it was, whoever else writes it now."""
    import os

    part = path.with_name(f"{path.name}.{os.urandom(8).hex()}.part")
    try:
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def _unreadable(path: Path, why: str) -> str:
    from imi_core.text import display

    return _("The file {file} cannot be read: {why}").format(file=path.name, why=display(why))


def _problem(name: str, value: object) -> str:
    from imi_core.text import display

    kind = _KINDS.get(name)
    if kind is None:
        import difflib

        near = difflib.get_close_matches(name, _KINDS, 1)
        if near:
            return _("there is no setting {name}; did you mean {near}?").format(name=display(name), near=near[0])
        return _("there is no setting {name}.").format(name=display(name))
    if type(value) is not kind:
        return _("{name} has a value of the wrong kind.").format(name=name)
    allowed = _CHOICES.get(name, ())
    if value and allowed and str(value).split(":")[0] not in allowed:
        return _("{name} has to be one of {allowed}.").format(name=name, allowed=", ".join(allowed))
    if name == "poll_minutes" and not 1 <= int(str(value)) <= 24 * 60:
        return _("{name} has to be from {low} to {high}.").format(name=name, low=1, high=24 * 60)
    if name == "files_mib" and not 25 <= int(str(value)) <= 1024 * 1024:
        return _("{name} has to be from {low} to {high}.").format(name=name, low=25, high=1024 * 1024)
    return ""


def _toml(value: str | bool | int) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda match: f"\\u{ord(match[0]):04X}", escaped) + '"'


assert set(_KINDS) == set(Settings._fields) - {"problems"}
