"""The menu of everything this screen has: type to search, arrows and Enter to choose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text
from textual.containers import Vertical
from textual.widgets import Static

from imi_tui import actions as registry
from imi_tui.i18n import _
from imi_tui.screens.narrowing import Narrowing
from imi_tui.viewmodel import palette
from imi_tui.viewmodel.cells import fit
from imi_tui.widgets.choice_list import ChoiceList
from imi_tui.widgets.entry import LineInput
from imi_tui.widgets.line_list import LEAST, LineList

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from imi_tui.viewmodel.palette import Entry, Keyboard
    from imi_tui.widgets.choice_list import Choice

KEYS = 21
"""Cells for the keys at the right."""


class MenuList(ChoiceList):
    """Actions, each with what `keys` says of it at the right, in the room that there is now."""

    def __init__(self) -> None:
        super().__init__()
        self.keys: dict[str, str] = {}

    def lines_of(self, item: Choice, width: int) -> list[Text]:
        """The action and its keys; a heading alone."""
        label, id = item
        if id in self.keys:
            label = f"{fit(label, max(LEAST, width - KEYS))} {self.keys[id]}"
        return super().lines_of((label, id), width)


def choices(found: Sequence[Entry], typed: str, keys: Keyboard) -> list[Choice]:
    """What the menu lists: by group, or best first for what was typed; what is not possible now under a heading."""
    out: list[Choice] = []
    shown = palette.search(found, typed, keys) if typed.strip() else list(found)
    if typed.strip():
        out += [_choice(entry) for entry in shown if not entry.why]
    else:
        for group, title in registry.GROUPS.items():
            members = [_choice(entry) for entry in shown if entry.action.group == group and not entry.why]
            out += [(_(title), None), *members] if members else []
    impossible = [_choice(entry) for entry in shown if entry.why]
    return out + ([(_("Not possible now"), None), *impossible] if impossible else [])


def choices_elsewhere(found: Sequence[Entry]) -> list[Choice]:
    """What is done on other screens."""
    return [(_("On another screen"), None), *map(_choice, found)] if found else []


def _choice(entry: Entry) -> Choice:
    return entry.label, entry.action.id


class MenuScreen(Narrowing[registry.Action]):
    """Everything the screen below has; the result is the action chosen. What is not possible says why."""

    CSS_PATH = ["base.tcss", "menu.tcss"]
    AUTO_FOCUS = "LineInput"

    def __init__(self, found: Sequence[Entry], keys: Keyboard) -> None:
        super().__init__()
        self._found = [
            entry
            for entry in found
            if entry.action.id != "app.menu"
            and "rows" not in entry.action.scopes
            and not palette.is_numbered(entry.action)
        ]
        self._keys = keys
        self._others: list[Entry] = []

    def compose(self) -> ComposeResult:
        """Search line, list, help of the action under the cursor."""
        with Vertical(classes="dialogue"):
            field = LineInput(id="search")
            # Translators: the first line of the window; max-length:59.
            field.hint(_("Type to search; arrows and Enter to choose; Esc to leave"))
            yield field
            yield MenuList()
            yield Static("", id="help", markup=False)

    def on_mount(self) -> None:
        """Fill the list."""
        self.query_one(MenuList).keys = self._shown_keys(self._found)
        self.narrow("")

    def on_line_list_moved(self, _message: LineList.Moved) -> None:
        """Explain the action under the cursor, or say why it is not possible."""
        entry = self._current()
        self.query_one("#help", Static).update((entry.why or entry.help) if entry is not None else "")

    def action_choose(self) -> None:
        """Close with the action under the cursor; for one that is not possible the reason stands below."""
        entry = self._current()
        if entry is None:
            self.dismiss(None)
        elif not entry.why:
            self.dismiss(entry.action)

    def _current(self) -> Entry | None:
        value = self.query_one(MenuList).value
        return next((entry for entry in (*self._found, *self._others) if entry.action.id == value), None)

    def _shown_keys(self, entries: Sequence[Entry]) -> dict[str, str]:
        return {entry.action.id: self._keys.shown(entry.action, 2) for entry in entries}

    def narrow(self, typed: str) -> None:
        """List what fits."""
        found = self.query_one(MenuList)
        shown = choices(self._found, typed, self._keys)
        self._others = [] if shown else palette.elsewhere(self._found, typed, self._keys)
        found.keys |= self._shown_keys(self._others)
        shown = shown or choices_elsewhere(self._others)
        found.show(shown or [(_("Nothing here has that name or key."), None)])
        if typed.strip():
            # The best match is the first, whatever was under the cursor before.
            found.action_first()
