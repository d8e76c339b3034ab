"""Asking for the passphrase of the key to what is on this machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from rich.text import Text
from textual.containers import Vertical
from textual.widgets import Input, Static

from imi_tui import problems
from imi_tui.i18n import _
from imi_tui.screens.base import Dialogue, bindings
from imi_tui.widgets.entry import LineInput

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.events import Paste


class SecretInput(LineInput):
    """A line that shows nothing of what is typed, not even how much."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id, password=True)

    @property
    def _value(self) -> Text:
        return Text("")

    def _on_paste(self, event: Paste) -> None:
        # Cleaning would change a passphrase with unusual characters in it.
        event.prevent_default()
        event.stop()
        self.insert_text_at_cursor(event.text.strip("\r\n"))


class UnlockScreen(Dialogue[bool]):
    """`attempt` tries a passphrase and returns "" or an error code; the result is True once it was right."""

    SCOPE = "prompt"
    CSS_PATH = ["base.tcss", "prompt.tcss"]
    BINDINGS = bindings("prompt")
    AUTO_FOCUS = "SecretInput"

    def __init__(self, attempt: Callable[[str], str]) -> None:
        super().__init__()
        self._try = attempt

    def compose(self) -> ComposeResult:
        """What to type, the line, room for what went wrong."""
        with Vertical(classes="dialogue"):
            yield Static(_("Passphrase for the data on this machine (typing shows nothing):"), markup=False)
            yield SecretInput(id="passphrase")
            yield Static(_("Enter: open   Esc: leave it"), id="problem", markup=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Try it; after a wrong one the line is empty again."""
        event.stop()
        problem = self._try(event.value)
        if not problem:
            self.dismiss(True)
            return
        event.input.value = ""
        self.query_one("#problem", Static).update(problems.sentence(problem))
