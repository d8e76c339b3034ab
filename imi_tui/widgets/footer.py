"""The last line: what can be done now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import Static

from imi_tui.viewmodel import footer

if TYPE_CHECKING:
    from textual import events


class ActionFooter(Static):
    """One row of "key label" pairs; never cuts a label and never repaints what did not change."""

    DEFAULT_CSS = """
    ActionFooter { dock: bottom; height: 1; background: $panel; color: $foreground; text-wrap: nowrap; }
    """

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self._items: list[tuple[int, str, str]] = []
        self._shown: list[tuple[str, str]] = []

    def show(self, items: list[tuple[int, str, str]]) -> None:
        """Show these actions: (order, key, label), the label translated."""
        if items != self._items:
            self._items = items
        self._write()

    def on_resize(self, _event: events.Resize) -> None:
        """Choose again what fits."""
        self._write()

    def _write(self) -> None:
        pairs = footer.choose(self._items, self.size.width or self.app.size.width, footer.more())
        if pairs == self._shown:
            return
        self._shown = pairs
        parts: list[str | tuple[str, str]] = [" "]
        for key, label in pairs:
            parts += [(key, "bold"), f" {label}  "]
        self.update(Content.assemble(*parts), layout=False)
