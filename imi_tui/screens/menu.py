"""The menu of everything this screen has: type to search, arrows and Enter to choose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Vertical
from textual.widgets import Static

from imi_tui import actions as registry
from imi_tui.i18n import _
from imi_tui.screens.narrowing import Narrowing
from imi_tui.viewmodel import palette
from imi_tui.viewmodel.cells import fit
from imi_tui.widgets.choice_list import ChoiceList
from imi_tui.widgets.entry import LineInput
from imi_tui.widgets.line_list import LineList

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from imi_tui.viewmodel.palette import Entry, Keyboard

KEYS = 24
"""Cells for the keys at the right."""


def lines(found: Sequence[Entry], typed: str, keys: Keyboard, width: int) -> list[tuple[str, str | None]]:
    """The menu's lines: by group, or best first for what was typed; what is not possible now under a heading."""
    room = max(10, width - KEYS)

    def line(entry: Entry) -> tuple[str, str | None]:
        return f"{fit(entry.label, room)} {keys.shown(entry.action, 2)}", entry.action.id

    out: list[tuple[str, str | None]] = []
    shown = palette.search(found, typed, keys) if typed.strip() else list(found)
    if typed.strip():
        out += [line(entry) for entry in shown if not entry.why]
    else:
        for group, title in registry.GROUPS.items():
            members = [line(entry) for entry in shown if entry.action.group == group and not entry.why]
            out += [(_(title), None), *members] if members else []
    impossible = [line(entry) for entry in shown if entry.why]
    return out + ([(_("Not possible now"), None), *impossible] if impossible else [])


def lines_elsewhere(found: Sequence[Entry], keys: Keyboard, width: int) -> list[tuple[str, str | None]]:
    """The lines of what is done on other screens."""
    room = max(10, width - KEYS)
    told = [(f"{fit(entry.label, room)} {keys.shown(entry.action, 2)}", entry.action.id) for entry in found]
    return [(_("On another screen"), None), *told] if told else []


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
            yield ChoiceList()
            yield Static("", id="help", markup=False)

    def on_mount(self) -> None:
        """Fill the list."""
        self.call_after_refresh(self.narrow, "")

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
        value = self.query_one(ChoiceList).value
        return next((entry for entry in (*self._found, *self._others) if entry.action.id == value), None)

    def narrow(self, typed: str) -> None:
        """List what fits."""
        found = self.query_one(ChoiceList)
        shown = lines(self._found, typed, self._keys, found.size.width or 60)
        others = [] if shown else palette.elsewhere(self._found, typed, self._keys)
        self._others = others
        shown = shown or lines_elsewhere(others, self._keys, found.size.width or 60)
        found.show(shown or [(_("Nothing here has that name or key."), None)])
        if typed.strip():
            # The best match is the first, whatever was under the cursor before.
            found.action_first()
