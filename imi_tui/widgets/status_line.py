"""The first line: where we are, what waits, whether it moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.content import Content
from textual.widgets import Static

from imi_tui.viewmodel import status

if TYPE_CHECKING:
    from textual import events

    from imi_tui.cache.model import SyncStatus
    from imi_tui.context import Context


class StatusLine(Static):
    """Always in the same place and always one row; repainted only when its text changes."""

    DEFAULT_CSS = """
    StatusLine { dock: top; height: 1; background: $panel; color: $foreground; text-wrap: nowrap; }
    """

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self._title = self._note = ""
        self._parts: list[status.Part] = []
        self._last: object = None

    def show(self, title: str, note: str, sync: SyncStatus, context: Context) -> None:
        """Show this title (translated), a note beside it, and the state of the sync."""
        self._title, self._note = title, note
        self._parts = status.parts(
            sync, context.language, context.today(), demo=context.demo, vault_note=context.vault_note
        )
        self._write()

    def on_resize(self, _event: events.Resize) -> None:
        """Arrange again for the new width."""
        self._write()

    def _write(self) -> None:
        width = self.size.width or self.app.size.width
        title, note, right = status.arrange(f"IMI  {self._title}", self._note, self._parts, width - 1)
        now = (title, note, tuple(right), width)
        if now == self._last:
            return
        self._last = now
        used = 1 + cell_len(title) + sum(cell_len(part.text) + 2 for part in right)
        middle = f"  {note}" if note else ""
        gap = max(0, width - used - cell_len(middle))
        pieces: list[str | tuple[str, str]] = [" ", (title, "bold"), middle, " " * gap]
        for part in right:
            pieces.append((part.text, "bold $text-warning") if part.alarm else part.text)
            pieces.append("  ")
        self.update(Content.assemble(*pieces), layout=False)
