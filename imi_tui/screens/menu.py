"""The menu of everything possible now: type to search, arrows and Enter to choose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Vertical
from textual.widgets import Input, Static

from imi_core.text import fold
from imi_tui import actions as registry
from imi_tui.i18n import _
from imi_tui.screens.base import Dialogue, bindings, label_of
from imi_tui.viewmodel.cells import fit
from imi_tui.viewmodel.footer import key_name
from imi_tui.widgets.choice_list import ChoiceList
from imi_tui.widgets.entry import LineInput
from imi_tui.widgets.line_list import LineList

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.app import ComposeResult

    from imi_tui.actions import Action


def entries(
    actions: tuple[Action, ...], keymap: Mapping[str, tuple[str, ...]], typed: str, width: int
) -> list[tuple[str, str | None]]:
    """The menu's lines for what was typed: groups with their actions, the keys at the right."""
    wanted = fold(typed).split()
    out: list[tuple[str, str | None]] = []
    for group, title in registry.GROUPS.items():
        found: list[tuple[str, str | None]] = []
        for action in actions:
            label = label_of(action)
            text = fold(f"{label} {_(action.help) if action.help else ''} {_(title)}")
            if action.group == group and all(word in text for word in wanted):
                keys = ", ".join(key_name(key) for key in registry.keys_of(action, keymap)[:2])
                found.append((f"{fit(label, max(10, width - 24))} {keys}", action.id))
        if found:
            out += [(_(title), None), *found]
    return out


class MenuScreen(Dialogue["Action"]):
    """Everything possible on the screen below; the result is the action chosen."""

    SCOPE = "menu"
    CSS_PATH = ["base.tcss", "menu.tcss"]
    BINDINGS = bindings("menu")
    AUTO_FOCUS = "LineInput"

    def __init__(self, actions: tuple[Action, ...], keymap: Mapping[str, tuple[str, ...]]) -> None:
        super().__init__()
        self._actions = tuple(a for a in actions if a.id not in ("app.menu",) and not a.id[-1].isdigit())
        self._keymap = keymap

    def compose(self) -> ComposeResult:
        """Search line, list, help of the action under the cursor."""
        with Vertical(classes="dialogue"):
            field = LineInput(id="search")
            field.hint(_("Type to search; arrows and Enter to choose; Esc to leave"))
            yield field
            yield ChoiceList()
            yield Static("", id="help", markup=False)

    def on_mount(self) -> None:
        """Fill the list."""
        self.call_after_refresh(self._fill, "")

    def on_input_changed(self, event: Input.Changed) -> None:
        """Narrow the list down."""
        self._fill(event.value)

    def on_input_submitted(self, _event: Input.Submitted) -> None:
        """Choose."""
        self.action_choose()

    def on_line_list_moved(self, _message: LineList.Moved) -> None:
        """Explain the action under the cursor."""
        value = self.query_one(ChoiceList).value
        action = next((action for action in self._actions if action.id == value), None)
        self.query_one("#help", Static).update(_(action.help) if action is not None and action.help else "")

    def action_move(self, step: int) -> None:
        """Move in the list while the search line has the focus."""
        self.query_one(ChoiceList).action_move(step)

    def action_page(self, step: int) -> None:
        """Move by a page."""
        self.query_one(ChoiceList).action_page(step)

    def action_choose(self) -> None:
        """Close with the action under the cursor."""
        value = self.query_one(ChoiceList).value
        self.dismiss(next((action for action in self._actions if action.id == value), None))

    def _fill(self, typed: str) -> None:
        found = self.query_one(ChoiceList)
        lines = entries(self._actions, self._keymap, typed, found.size.width or 60)
        found.show(lines or [(_("Nothing of that name is possible here."), None)])
