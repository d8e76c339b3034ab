"""The tabs of a case in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.content import Content
from textual.widgets import Static

from imi_tui.viewmodel.cells import cut

if TYPE_CHECKING:
    from textual import events


def line(names: list[str], current: int, width: int) -> list[tuple[str, bool]]:
    """The pieces of the line: the current tab in brackets, names cut evenly where they do not fit."""
    longest = max((cell_len(name) for name in names), default=0)
    while longest > 4 and sum(min(cell_len(name), longest) + 3 for name in names) > width:
        longest -= 1
    shown = [cut(name, longest) for name in names]
    return [(f"[{name}]" if index == current else f" {name} ", index == current) for index, name in enumerate(shown)]


class TabLine(Static):
    """Names of tabs, the current one in brackets."""

    DEFAULT_CSS = "TabLine { height: 1; text-wrap: nowrap; padding: 0 1; }"

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self._names: list[str] = []
        self._current = 0

    def show(self, names: list[str], current: int) -> None:
        """Show these tabs."""
        self._names, self._current = names, current
        self._write()

    def on_resize(self, _event: events.Resize) -> None:
        """Cut again for the new width."""
        self._write()

    def _write(self) -> None:
        if self.size.width:
            pieces = line(self._names, self._current, self.size.width)
            parts = [Content.styled(f"{text} ", "bold" if now else "") for text, now in pieces]
            self.update(Content("").join(parts))
