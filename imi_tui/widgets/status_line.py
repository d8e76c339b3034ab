"""The first line: where we are, what waits, whether it moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import Static

from imi_tui.framework.timers import Punctual
from imi_tui.viewmodel import status

if TYPE_CHECKING:
    from textual import events
    from textual.timer import Timer

    from imi_tui.cache.model import SyncStatus
    from imi_tui.context import Context


LIVE_SECONDS = 1.0
"""What follows the synchronisation is repainted once in this time, and does not show what was over sooner."""


class StatusLine(Punctual, Static):
    """Always in the same place and always one row; repainted only when its text changes."""

    DEFAULT_CSS = """
    StatusLine { dock: top; height: 1; background: $panel; color: $foreground; text-wrap: nowrap; }
    """

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self._title = self._note = ""
        self._parts: list[status.Part] = []
        self._last: object = None
        self._shown: SyncStatus | None = None
        self._coming: SyncStatus | None = None
        self._ripening: Timer | None = None

    def on_mount(self) -> None:
        """Follow the colours: those of a text within a line change without a word to its widget."""
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self.refresh())

    def show(self, title: str, note: str, sync: SyncStatus, context: Context) -> None:
        """Show this title (translated), a note beside it, and the state of the sync."""
        self._title, self._note = title, note
        if context.screen_reader:
            # What moves by itself is not read aloud each second: the state before and after is.
            sync = sync._replace(now=sync.now._replace(doing=""))
        if self._shown is None or not sync.now.doing or status.calm(self._shown, sync) == sync:
            if self._ripening is not None:
                self._ripening.stop()
            self._ripening = None
            self._take(sync, context)
            return
        self._coming = sync
        if self._ripening is None:
            self._ripening = self.set_timer(LIVE_SECONDS, lambda: self._ripe(context))
        self._take(status.calm(self._shown, sync), context)

    def _ripe(self, context: Context) -> None:
        self._ripening = None
        if self._coming is not None:
            self._take(self._coming, context)

    def _take(self, sync: SyncStatus, context: Context) -> None:
        self._shown = sync
        self._parts = status.parts(sync, context.language, context.today(), demo=context.demo, vault=context.vault)
        self._write()

    def on_resize(self, _event: events.Resize) -> None:
        """Arrange again for the new width."""
        self._write()

    def _write(self) -> None:
        width = self.size.width or self.app.size.width
        found = status.pieces(self._title, self._note, self._parts, width)
        if found == self._last:
            return
        self._last = found
        looks = {status.ALARM: "bold $text-warning"}
        self.update(Content.assemble(*((text, looks.get(look, look)) for text, look in found if text)), layout=False)
