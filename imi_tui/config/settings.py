"""The officer's settings: ``config.toml`` in the profile.

Every setting is a member of `Settings`; its docstring is its documentation. A key nobody knows, or a value that does
not fit, is reported with the nearest known one and left out, and so is a line that cannot be read: a slip in the file
never keeps an officer from working. Where a value comes from is in `imi_tui.config.provenance`.
"""

from __future__ import annotations

import os

from imi_core.languages import NAMES as LANGUAGES
from imi_core.lean import TYPE_CHECKING, NamedTuple
from imi_tui.config.themes import NAMES
from imi_tui.i18n import _, languages, normalise

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any

VAULTS = ("keyring", "passphrase", "file", "memory")
KEYBOARDS = ("auto", "greek", "bds", "phonetic", "off")
EVENTS = ("auto", "off")
NOTIFY = ("urgent", "all", "off")
NOTIFY_BY = ("both", "desktop", "bell")


_MARK = b"\xef\xbb\xbf"


class Settings(NamedTuple):
    """All settings with their defaults; `problems` are sentences about what in the file could not be used."""

    server: str = ""
    """Address of the central server, such as ``https://imi.example.eu``."""
    language: str = ""
    """Language of the program (a code such as ``fr``); empty: as the system says."""
    reads: str = ""
    """Languages you read, such as ``fr,en``: free text in others has its translation beside it; empty: `language`."""
    writes: str = ""
    """Language you write in (a code such as ``fr``), said of every text; empty: `language`."""
    vault: str = ""
    """Where the key of the local data is kept: keyring, passphrase, file or memory; empty: keyring, else passphrase."""
    keyboard: str = "auto"
    """Layout for single-letter keys: greek, bds, phonetic, off, or auto (knows Greek, asks once for Bulgarian)."""
    theme: str = ""
    """Colours: a name of `imi_tui.config.themes`; empty: the terminal's own, or none where ``NO_COLOR`` is set."""
    screen_reader: bool = False
    """Whether a screen reader or a braille display reads along: one column, words for marks, one line that speaks."""
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
    clipboard: bool = True
    """Whether parts of a case may be copied to the clipboard; an office may forbid it."""
    lock_minutes: int = 10
    """Minutes without a key after which the full screen locks; 0 leaves that to the system."""
    notify: str = "urgent"
    """Of which new cases the client tells while nobody looks: urgent (due by tomorrow), all or off."""
    notify_by: str = "both"
    """How it tells: desktop (or the terminal's own notifications), bell, or both."""
    quiet_hours: str = ""
    """When it does not, such as ``18:00-07:30``; what came meanwhile is told afterwards."""
    keys: Mapping[str, Any] = {}
    """Table of own keys: ``"go.outbox" = "f6"``; see the help screen for the names."""
    problems: tuple[str, ...] = ()


_KINDS: dict[str, type] = {
    "server": str,
    "language": str,
    "reads": str,
    "writes": str,
    "vault": str,
    "keyboard": str,
    "theme": str,
    "screen_reader": bool,
    "mouse": bool,
    "poll_minutes": int,
    "metered": bool,
    "events": str,
    "files_mib": int,
    "open_personal": bool,
    "clipboard": bool,
    "lock_minutes": int,
    "notify": str,
    "notify_by": str,
    "quiet_hours": str,
    "keys": dict,
}
CHOICES: dict[str, tuple[str, ...]] = {
    "writes": tuple(LANGUAGES),
    "vault": VAULTS,
    "keyboard": KEYBOARDS,
    "theme": NAMES,
    "events": EVENTS,
    "notify": NOTIFY,
    "notify_by": NOTIFY_BY,
}
"""The values of settings that have only a few."""


class NotWritten(Exception):
    """The file of settings is as it was. `text` is a sentence for the officer: which file, and why."""

    def __init__(self, path: Path, error: OSError | UnicodeDecodeError) -> None:
        from imi_core.text import display

        why = error.strerror if isinstance(error, OSError) else f"{error.encoding}: {error.reason}"
        self.text = _("The file {file} cannot be written: {why}").format(file=path, why=display(why or ""))
        super().__init__(self.text)


class Slip(NamedTuple):
    """Something in the file that could not be used: of which setting ("" for none), in which line (0: unknown)."""

    name: str
    line: int
    text: str

    def sentence(self, file: str) -> str:
        """With its place, for people."""
        if self.line:
            return _("{file}, line {line}: {problem}").format(file=file, line=self.line, problem=self.text)
        return _("{file}: {problem}").format(file=file, problem=self.text)


def read(path: Path | str) -> Settings:
    """The settings in the file at `path`; the defaults where there is none."""
    found = look(path)
    return Settings(**found.values, problems=tuple(slip.sentence(os.path.basename(path)) for slip in found.slips))


class Look(NamedTuple):
    """What a file sets, what in it could not be used, and its text without the lines that cannot be read."""

    values: dict[str, Any]
    slips: list[Slip]
    text: str


def look(path: Path | str) -> Look:
    """What the file at `path` says."""
    try:
        # Some editors begin a file with a mark of its encoding.
        with open(path, "rb") as file:
            text = file.read().removeprefix(_MARK).decode()
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    except FileNotFoundError:
        return Look({}, [], "")
    except UnicodeDecodeError:
        return Look({}, [Slip("", 0, _("it is not text in UTF-8, so the defaults are used."))], "")
    except OSError as error:
        from imi_core.text import display

        why = display(str(error))
        return Look({}, [Slip("", 0, _("it cannot be read ({why}), so the defaults are used.").format(why=why))], "")
    data, slips, text = _parsed(text)
    values: dict[str, Any] = {}
    for name, value in data.items():
        if problem := _problem(name, value):
            slips.append(Slip(name, line_of(text, name), problem))
        else:
            values[name] = _dotted(value) if name == "keys" else value
    return Look(values, slips, text)


def _dotted(table: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Names of actions without quotes: ``list.mark = "m"`` is a table in a table to TOML, and one name to people."""
    found: dict[str, Any] = {}
    for name, value in table.items():
        found |= _dotted(value, f"{before}{name}.") if isinstance(value, dict) and value else {before + name: value}
    return found


_DIGITS = 18
"""Digits of a number up to which it is read here; of thousands Python reads none at all."""
_LEFT_OUT = 20
"""Lines at most that may be left out before the whole file is."""


def _parsed(text: str) -> tuple[dict[str, Any], list[Slip], str]:
    """The file's content without the lines that cannot be read, these, and the text without them."""
    if (plain := _plain(text)) is not None:
        return plain, [], text
    import re
    import tomllib

    lines = text.split("\n")
    slips: list[Slip] = []
    while True:
        try:
            return tomllib.loads("\n".join(lines)), slips, "\n".join(lines)
        except ValueError as error:
            # The parser's own error, or Python's for a number of thousands of digits, which names no line.
            at = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
            number = int(at[1]) if at is not None else 0
            if not 1 <= number <= len(lines) or not lines[number - 1].strip() or len(slips) == _LEFT_OUT:
                problem = _("it is not a file of settings (TOML), so the defaults are used.")
                return {}, [Slip("", number, problem)], ""
            column = at[2] if at is not None else ""
            problem = _("this line cannot be read from column {column} on and is left out.").format(column=column)
            slips.append(Slip("", number, problem))
            lines[number - 1] = ""


def _plain(text: str) -> dict[str, Any] | None:
    """What a file says in which every line is empty, a comment, or a name with one plain value; None for any other.

    Most files are so, and the first picture then waits for no TOML parser. It reads nothing that TOML reads otherwise.
    """
    found: dict[str, Any] = {}
    for line in text.split("\n"):
        line = line.strip(" \t")
        if not line.isprintable():
            return None
        if not line or line.startswith("#"):
            continue
        name, _equals, value = line.partition("=")
        name, value = name.rstrip(" \t"), value.lstrip(" \t")
        if name in found or not name.isascii() or not name.replace("_", "a").replace("-", "a").isalnum():
            return None
        if value in ("true", "false"):
            found[name] = value == "true"
        elif value == "0" or (value.isascii() and value.isdigit() and value[0] != "0" and len(value) <= _DIGITS):
            found[name] = int(value)
        elif value[:1] == value[-1:] == '"' and value.count('"') == 2 and "\\" not in value:
            found[name] = value[1:-1]
        else:
            return None
    return found


def line_of(text: str, name: str, table: str = "") -> int:
    """The number of the line of the TOML file `text` that sets `name` (in `table`); 0 where none is found."""
    import re
    import tomllib

    within = ""
    before: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        if header := re.match(r"\s*\[([^\[\]]+)\]", line):
            within = header[1].strip()
        if within == table and re.match(rf"""\s*(["']?){re.escape(name)}\1\s*=""", line):
            try:
                # Within a text of several lines, what stands above is not whole.
                tomllib.loads("\n".join(before))
                return number
            except ValueError:
                pass
        before.append(line)
    return 0


def write(path: Path, name: str, value: str | bool | int) -> None:
    """Set one value in the file at `path`, keeping everything else in it, comments included.

    Raises ValueError for a name or value that does not fit, `NotWritten`.
    """
    if problem := _problem(name, value):
        raise ValueError(problem)
    try:
        _set(path, name, f"{name} = {written(value)}")
    except (OSError, UnicodeDecodeError) as error:
        raise NotWritten(path, error) from error


def _set(path: Path, name: str, line: str) -> None:
    import re

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
    allowed = CHOICES.get(name, ())
    # A file with the key is named behind a colon.
    chosen = str(value).partition(":")[0] if name == "vault" else value
    if value and allowed and chosen not in allowed:
        return _("{name} has to be one of {allowed}.").format(name=name, allowed=", ".join(allowed))
    if name == "language" and value and not normalise(str(value)):
        return _("{name} has to be one of {allowed}.").format(name=name, allowed=", ".join(languages()))
    if name == "poll_minutes" and not 1 <= int(str(value)) <= 24 * 60:
        return _("{name} has to be from {low} to {high}.").format(name=name, low=1, high=24 * 60)
    if name == "files_mib" and not 25 <= int(str(value)) <= 1024 * 1024:
        return _("{name} has to be from {low} to {high}.").format(name=name, low=25, high=1024 * 1024)
    if name == "lock_minutes" and not 0 <= int(str(value)) <= 24 * 60:
        return _("{name} has to be from {low} to {high}.").format(name=name, low=0, high=24 * 60)
    if name == "reads" and not set(str(value).replace(" ", "").split(",")) <= {"", *LANGUAGES}:
        return _("{name} has to be such as {example}.").format(name=name, example="fr,en")
    if name == "quiet_hours" and value:
        from imi_tui.viewmodel.news import hours

        if hours(str(value)) is None:
            return _("{name} has to be such as {example}.").format(name=name, example="18:00-07:30")
    return ""


def written(value: str | bool | int) -> str:
    """The value as it stands in the file."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    import re

    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda match: f"\\u{ord(match[0]):04X}", escaped) + '"'


assert set(_KINDS) == set(Settings._fields) - {"problems"}
