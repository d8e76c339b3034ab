"""What the tour asks for next: some lines above the keys, never in the way."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static


class TourBar(Static):
    """How far the tour is, and what to do now; grows with its text."""

    DEFAULT_CSS = """
    TourBar { dock: bottom; height: auto; max-height: 6; padding: 0 1; background: $panel; color: $foreground; }
    """

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self._shown = ("", "", "")

    def say(self, title: str, text: str, leave: str) -> None:
        """Show these; `leave` says how to leave the tour."""
        if (title, text, leave) != self._shown:
            self._shown = (title, text, leave)
            self.update(Content.assemble((title, "bold"), "  ", text, "  ", (leave, "italic")))
