"""Where each setting comes from, what each is for, and what in the officer's file could not be used.

For `imi-tui config`: the start reads `imi_tui.config.settings` and nothing else.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

from imi_tui import i18n
from imi_tui.config import keymap, settings
from imi_tui.i18n import N_, _

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from imi_tui.config.keyboard import Layout

Source = Literal["default", "file", "environment", "option"]

MEANINGS: dict[str, str] = {
    "server": N_("Address of the central server, such as https://imi.example.eu."),
    "language": N_("Language of the program, a code such as fr; empty: as the system says."),
    "reads": N_("Languages you read, such as fr,en; empty: the language of the program."),
    "writes": N_("Language you write in, a code such as fr; empty: the language of the program."),
    "vault": N_("Where the key of the local data is: keyring, passphrase, file or memory; empty: the best there is."),
    "keyboard": N_(
        "Layout for single-letter keys: greek, bds, phonetic, off, or auto (knows Greek, asks for Bulgarian)."
    ),
    "theme": N_("Colours; empty: the terminal's own, or none where NO_COLOR is set."),
    "screen_reader": N_("Whether a screen reader or a braille display reads along: one column, words for marks."),
    "mouse": N_("Whether the full screen reacts to the mouse; off leaves selecting text to the terminal."),
    "poll_minutes": N_("Minutes between synchronisations while nothing happens."),
    "metered": N_("Whether every byte counts: only lists and what is opened is fetched, less often."),
    "events": N_("Whether the server may say at once that something changed: auto or off."),
    "files_mib": N_("Mebibytes of downloaded files that are kept on this machine."),
    "open_personal": N_("Whether files with personal data may be given to other programs of this machine."),
    "clipboard": N_("Whether parts of a case may be copied to the clipboard."),
    "lock_minutes": N_("Minutes without a key after which the full screen locks; 0: never."),
    "notify": N_("Of which new cases it tells while nobody looks: urgent (due by tomorrow), all or off."),
    "notify_by": N_("How it tells: desktop (or the terminal's own notifications), bell, or both."),
    "quiet_hours": N_("When it does not tell, such as 18:00-07:30; what came meanwhile is told afterwards."),
    "keys": N_("Own keys; names of actions: imi-tui config show --keys."),
}
"""What each setting is for, in the order of the file."""


class Origin(NamedTuple):
    """One setting, its value and where that comes from: `line` of the file, `variable` of the environment."""

    name: str
    value: Any
    source: Source
    line: int = 0
    variable: str = ""

    def told(self, file: str) -> str:
        """Where it comes from, in the officer's language."""
        if self.source == "file":
            return _("{file}, line {line}").format(file=file, line=self.line)
        if self.source == "environment":
            return _("environment, {variable}").format(variable=self.variable)
        return _("option") if self.source == "option" else _("default")


def origins(path: Path, options: Mapping[str, str], environ: Mapping[str, str] = os.environ) -> list[Origin]:
    """Every setting but `keys`, as it is in force now. `options` are those of the command line."""
    values, _slips, text = settings.look(path)
    out = []
    for name in settings.Settings._fields:
        if name in ("problems", "keys"):
            continue
        if options.get(name):
            out.append(Origin(name, options[name], "option"))
        elif values.get(name) not in (None, ""):
            out.append(Origin(name, values[name], "file", settings.line_of(text, name)))
        else:
            default = settings.Settings._field_defaults[name]
            out.append(_from_outside(name, environ) or Origin(name, default, "default"))
    return out


def _from_outside(name: str, environ: Mapping[str, str]) -> Origin | None:
    if name == "language":
        for variable in ("IMI_TUI_LANG", "LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
            known = [code for each in environ.get(variable, "").split(":") if (code := i18n.normalise(each))]
            if known:
                return Origin(name, known[0], "environment", variable=variable)
            if environ.get(variable) and variable.startswith("LC_"):
                break
        return Origin(name, i18n.language(), "default")
    if name == "theme" and environ.get("NO_COLOR"):
        return Origin(name, "none", "environment", variable="NO_COLOR")
    return None


class Key(NamedTuple):
    """The keys of one action, and whether the officer's file says so (in `line`; 0 where it does not).

    `command` is the plain command that does the same, "" where there is none.
    """

    action: str
    label: str
    keys: tuple[str, ...]
    line: int
    command: str = ""


def keys(path: Path) -> list[Key]:
    """Every action that can be given a key, with the keys it has now."""
    from imi_tui import actions

    values, _slips, text = settings.look(path)
    given = values.get("keys", {})
    mine, _slips_of_keys = keymap.read_keymap(given, cast("Layout", values.get("keyboard", "auto")))

    def line(id: str) -> int:
        return settings.line_of(text, id, "keys") if id in given and id in mine else 0

    known = {action.id for action in actions.ACTIONS}
    out = [
        Key(each.id, each.name, mine.get(each.id, each.keys), line(each.id), each.command) for each in actions.ACTIONS
    ]
    out += [Key(id, "", found, line(id)) for id, found in mine.items() if id not in known]
    return out


def slips(path: Path) -> tuple[list[settings.Slip], list[settings.Slip]]:
    """What in the file cannot be used, and what an officer may not expect of what is used."""
    values, bad, text = settings.look(path)
    _map, found = keymap.read_keymap(values.get("keys", {}), cast("Layout", values.get("keyboard", "auto")))
    told = [
        (slip.used, settings.Slip(f"keys.{slip.id}", settings.line_of(text, slip.id, "keys"), slip.text))
        for slip in found
    ]
    bad += [slip for used, slip in told if not used]
    return sorted(bad, key=lambda slip: slip.line), [slip for used, slip in told if used]


def sample() -> str:
    """A file with every setting as a comment: what it is for and its default."""
    out = [f"# {_('Settings of imi-tui. Take away the # in front of a line to use it.')}", ""]
    for name, meaning in MEANINGS.items():
        out.append(f"# {_(meaning)}")
        if choices := settings.CHOICES.get(name):
            out.append(f"# {', '.join(choices)}")
        if name == "keys":
            out += ["# [keys]", '# "go.outbox" = ["o", "f6"]', ""]
        else:
            out += [f"# {name} = {settings.written(settings.Settings._field_defaults[name])}", ""]
    return "\n".join(out).rstrip() + "\n"


assert set(MEANINGS) == set(settings.Settings._fields) - {"problems"}
