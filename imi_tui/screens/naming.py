"""Asking for a name in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Vertical
from textual.widgets import Input, Static

from imi_tui.i18n import _
from imi_tui.screens.base import Dialogue, bindings
from imi_tui.widgets.entry import LineInput

if TYPE_CHECKING:
    from textual.app import ComposeResult


class NamePrompt(Dialogue[str]):
    """The result is the name, never an empty one; None after Escape."""

    SCOPE = "prompt"
    CSS_PATH = ["base.tcss", "naming.tcss"]
    BINDINGS = bindings("prompt")
    AUTO_FOCUS = "LineInput"

    def __init__(self, heading: str, value: str, most: int) -> None:
        super().__init__()
        self._heading, self._value, self._most = heading, value, most

    def compose(self) -> ComposeResult:
        """Heading, input, how it works."""
        with Vertical(classes="dialogue"):
            yield Static(self._heading, id="heading", markup=False)
            field = LineInput(self._value, id="name")
            field.max_length = self._most
            yield field
            yield Static(_("Enter: keep   Esc: leave it"), markup=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the name, where there is one."""
        if name := event.value.strip():
            self.dismiss(name)
