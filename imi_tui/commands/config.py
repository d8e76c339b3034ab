"""``imi-tui config``: which settings are in force, where each comes from, and what in the file cannot be used.

It opens no data and needs no key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imi_core.text import display
from imi_tui import commands
from imi_tui.commands.common import CommandError, out, out_json, say
from imi_tui.commands.tables import table
from imi_tui.config import provenance, settings
from imi_tui.i18n import _
from imi_tui.profile import Profile

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

EXAMPLE = "https://imi.example.eu"
WHAT = ("show", "check", "path", "init", "set")


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument(
        "what",
        choices=WHAT,
        metavar="|".join(WHAT),
        help=_("what is in force, what is wrong in the file, where it is; write a commented one; change a setting"),
    )
    parser.add_argument("name", nargs="?", default="", metavar="NAME", help=_("with set: the setting"))
    parser.add_argument("value", nargs="?", default=None, metavar="VALUE", help=_("with set: its value"))
    parser.add_argument("--keys", action="store_true", help=_("with show: every action and its keys"))
    parser.add_argument("--json", action="store_true", help=_("print JSON"))


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    path = Profile.locate().config_file
    if (options.value is None) == (options.what == "set") or bool(options.name) != (options.what == "set"):
        raise CommandError(
            _("imi-tui config set takes a setting and its value, the others take neither."), commands.USAGE
        )
    match options.what:
        case "path":
            out(display(str(path)))
        case "check":
            return _check(path, as_json=options.json)
        case "init":
            _init(path)
        case "set":
            _set(path, options.name, options.value)
        case _:
            _show(path, options)
    return commands.OK


def _show(path: Path, options: argparse.Namespace) -> None:
    named = {"server": "server", "vault": "vault", "language": "lang"}
    given = {name: str(getattr(options, option, "") or "") for name, option in named.items()}
    found = provenance.origins(path, given)
    keys = [key for key in provenance.keys(path) if options.keys or key.line]
    bad, notes = _slips(path)
    if options.json:
        out_json(
            {
                "file": str(path),
                "settings": [origin._asdict() for origin in found],
                "keys": [key._asdict() for key in keys],
                **_told(bad, notes),
            }
        )
        return
    file = path.name
    rows: list[tuple[str, ...]] = []
    if not options.keys:
        rows = [(each.name, display(_value(each.value)), each.told(file), "", "") for each in found]
    for key in keys:
        told = _("{file}, line {line}").format(file=file, line=key.line) if key.line else _("default")
        command = f"imi-tui {key.command}" if key.command else ""
        rows.append((f"keys.{key.action}", " ".join(key.keys) or "-", told, key.label, command))
    for line in table(rows):
        out(line)
    _say(path, bad, notes)


def _slips(path: Path) -> tuple[list[settings.Slip], list[settings.Slip]]:
    """What in the file cannot be used, the server's address as signing in sees it included; and what is of note."""
    bad, notes = provenance.slips(path)
    values, _unread, text = settings.look(path)
    if problem := _problem_of_address(str(values.get("server", ""))):
        bad.append(settings.Slip("server", settings.line_of(text, "server"), problem))
    return sorted(bad, key=lambda slip: slip.line), notes


def _problem_of_address(server: str) -> str:
    from imi_tui.sync.errors import InsecureServer
    from imi_tui.sync.http import checked_address

    try:
        checked_address(server or EXAMPLE)
    except InsecureServer:
        return _("{name} has to be such as {example}.").format(name="server", example=EXAMPLE)
    return ""


def _value(value: Any) -> str:
    return settings.written(value) if not isinstance(value, str) else value or "-"


def _told(bad: list[settings.Slip], notes: list[settings.Slip]) -> dict[str, Any]:
    return {"problems": [slip._asdict() for slip in bad], "notes": [slip._asdict() for slip in notes]}


def _say(path: Path, bad: list[settings.Slip], notes: list[settings.Slip]) -> None:
    for slip in (*bad, *notes):
        say(slip.sentence(path.name))


def _check(path: Path, *, as_json: bool) -> int:
    bad, notes = _slips(path)
    if as_json:
        out_json({"file": str(path), **_told(bad, notes)})
    else:
        _say(path, bad, notes)
        if not path.exists():
            say(_("There is no file {file}; the defaults are used.").format(file=path))
        elif not bad:
            say(_("Everything in {file} can be used.").format(file=path))
    return commands.FAILED if bad else commands.OK


def _init(path: Path) -> None:
    from imi_tui.outside.saving import write_new

    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_new(path, provenance.sample().encode())
    except FileExistsError as error:
        text = _("The file {file} is there already; nothing was changed.").format(file=path)
        raise CommandError(text, commands.REFUSED) from error
    except OSError as error:
        raise CommandError(settings.NotWritten(path, error).text, commands.LOCAL) from error
    out(display(str(path)))


def _set(path: Path, name: str, value: str) -> None:
    default = settings.Settings._field_defaults.get(name)
    typed: str | bool | int = value
    if isinstance(default, bool) and value in ("true", "false"):
        typed = value == "true"
    elif isinstance(default, int) and value.isdecimal():
        typed = int(value)
    if name == "server" and (problem := _problem_of_address(value)):
        raise CommandError(problem, commands.USAGE)
    try:
        settings.write(path, name, typed)
    except ValueError as error:
        raise CommandError(str(error), commands.USAGE) from error
    except settings.NotWritten as error:
        raise CommandError(error.text, commands.LOCAL) from error
