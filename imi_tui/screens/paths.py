"""Asking for a path: of a file to attach, of a folder to save in. What exists is completed while typing."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from textual.containers import Vertical
from textual.suggester import Suggester
from textual.widgets import Input, Static

from imi_core.text import display
from imi_tui.i18n import _
from imi_tui.profile import expanded
from imi_tui.screens.base import Dialogue, bindings
from imi_tui.terminal.widths import cell_len
from imi_tui.viewmodel.cells import cut
from imi_tui.widgets.entry import LineInput

if TYPE_CHECKING:
    from textual.app import ComposeResult

MANY = 2000
"""Entries of a folder that are looked at for a completion."""


class PathSuggester(Suggester):
    """Completes the last name of a path from what is in its folder; folders get their slash."""

    def __init__(self, *, folders: bool) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._folders = folders

    async def get_suggestion(self, value: str) -> str | None:
        """The first name in order that begins so."""
        return complete(value, folders=self._folders)


def how_to() -> str:
    """What the keys do."""
    return _("Right: complete   Enter: take it   Esc: leave it")


def complete(value: str, *, folders: bool) -> str | None:
    """`value` with its last name completed; None where nothing there begins so."""
    found = names(value, folders=folders)
    return f"{value.rpartition('/')[0]}/{found[0]}" if found else None


def anew(value: str) -> str:
    """`value` without what stands in front of a path that begins in it: "~//mnt" is "/mnt", as in editors."""
    at = max(value.rfind("//"), value.rfind("/~/"))
    return value[at + 1 :] if at >= 0 else value


def in_a_line(found: list[str], width: int) -> str:
    """As many of these names as fit into `width` cells, whole, "…" where some were left out."""
    line = ""
    for number, name in enumerate(found):
        longer = f"{line}{'  ' if line else ''}{name}"
        if cell_len(longer) > width - (3 if number < len(found) - 1 else 0):
            return f"{line}  …" if line else cut(name, width)
        line = longer
    return line


def names(value: str, *, folders: bool) -> list[str]:
    """What the last name of the path may become, in order; folders have their slash."""
    head, slash, start = value.rpartition("/")
    if not slash:
        return []
    found: list[str] = []
    try:
        with os.scandir(expanded(head + "/")) as entries:
            for _number, entry in zip(range(MANY), entries, strict=False):
                hidden = entry.name.startswith(".") and not start.startswith(".")
                # A name that would not read as it is cannot be shown to be chosen.
                if not entry.name.startswith(start) or hidden or display(entry.name) != entry.name:
                    continue
                if entry.is_dir():
                    found.append(entry.name + "/")
                elif not folders:
                    found.append(entry.name)
    except OSError:
        return []
    return sorted(found)


class PathPrompt(Dialogue[str]):
    """Asks for a path; the result is what was written with ``~`` resolved, None after Escape."""

    SCOPE = "prompt"
    CSS_PATH = ["base.tcss", "paths.tcss"]
    BINDINGS = bindings("prompt")
    AUTO_FOCUS = "LineInput"

    def __init__(self, heading: str, value: str, *, folder: bool) -> None:
        super().__init__()
        self._heading, self._value, self._folder = heading, value, folder

    def compose(self) -> ComposeResult:
        """Heading, input, how it works."""
        with Vertical(classes="dialogue"):
            yield Static(self._heading, id="heading", markup=False)
            field = LineInput(self._value, id="path")
            field.suggester = PathSuggester(folders=self._folder)
            yield field
            yield Static("", id="there", markup=False)
            yield Static(how_to(), id="problem", markup=False)

    def on_mount(self) -> None:
        """Go on behind what is there."""
        self.query_one(LineInput).cursor_position = len(self._value)

    def on_input_changed(self, event: Input.Changed) -> None:
        """What was wrong is no longer what stands there; a path from the root takes the place of the one before it."""
        begun = anew(event.value)
        if begun != event.value:
            field = self.query_one(LineInput)
            field.value, field.cursor_position = begun, len(begun)
            return
        self.query_one("#problem", Static).update(how_to())
        self._tell_names()

    def on_resize(self) -> None:
        """As many names as there is room for."""
        self._tell_names()

    def _tell_names(self) -> None:
        there = self.query_one("#there", Static)
        value = self.query_one(LineInput).value
        there.update(in_a_line(names(value, folders=self._folder), there.size.width or self.app.size.width - 4))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the path where there is such a thing."""
        path = expanded(event.value.strip() or "/nothing")
        try:
            there = path.is_dir() if self._folder else path.is_file()
        except (OSError, ValueError):
            there = False
        if not there:
            text = _("There is no such folder.") if self._folder else _("There is no such file.")
            self.query_one("#problem", Static).update(text)
            return
        self.dismiss(str(path))
