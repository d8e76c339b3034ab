"""The heads of the columns above a list of cases."""

from __future__ import annotations

from textual.widgets import Static

from imi_tui.viewmodel import rows


class ColumnHeads(Static):
    """One line, written again where it changes."""

    DEFAULT_CSS = "ColumnHeads { height: 1; text-style: bold; text-wrap: nowrap; }"

    def __init__(self, id: str) -> None:
        super().__init__("", id=id, markup=False)
        self._last = ""

    def fit(self, width: int) -> None:
        """Show the heads of a list `width` cells wide, in the language of now."""
        text = rows.heading(rows.columns(width)) if width else ""
        if text and text != self._last:
            self._last = text
            self.update(text, layout=False)
