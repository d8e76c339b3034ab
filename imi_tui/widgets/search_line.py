"""The search line: one line of text whose terms Tab completes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from textual.content import Content
from textual.geometry import Size
from textual.reactive import Reactive
from textual.widgets import Input, Static

from imi_tui.framework.bindings import bindings
from imi_tui.viewmodel.searching import Offers, offer_line
from imi_tui.widgets.entry import LineInput

if TYPE_CHECKING:
    from textual import events

Ask = Callable[[str, int], Offers]
"""What can stand in a line at a cursor."""


class OfferLine(Static):
    """What can be typed next, in one line."""

    DEFAULT_CSS = "OfferLine { height: 1; text-wrap: nowrap; }"

    # One line stays one line.
    virtual_size = Reactive(Size(0, 0), layout=False)

    def __init__(self) -> None:
        super().__init__("", id="offers", markup=False)
        self._last: list[tuple[str, bool]] = []

    def offer(self, offers: Offers, at: int) -> None:
        """Show offers, that at `at` as the one in the line."""
        pieces = offer_line(offers.found, at, self.size.width or self.app.size.width)
        if pieces != self._last:
            self._last = pieces
            parts = [Content.styled(text, "bold" if now else "") for text, now in pieces]
            self.update(Content("").join(parts), layout=False)


class SearchLine(LineInput):
    """Tab puts the first offer into the line, and again the next one; what is typed in between asks anew."""

    BINDINGS = bindings("search")

    def __init__(self, ask: Ask, shown: OfferLine, changed: Callable[[str], Awaitable[None]]) -> None:
        """`changed` is told what the line says after each change."""
        super().__init__(id="search")
        self._ask, self._shown, self._changed = ask, shown, changed
        self._offers = Offers()
        self._at = -1
        self._put = ""

    def on_mount(self) -> None:
        """Offer what a line can begin with."""
        self.typed()

    def on_resize(self) -> None:
        """The offers take the width there is."""
        super().on_resize()
        self._shown.offer(self._offers, self._at)

    async def on_input_changed(self, event: Input.Changed) -> None:
        """Tell what is typed before the line asks to be painted: it is painted with what that finds."""
        self.typed()
        await self._changed(event.value)

    def typed(self) -> None:
        """The line has changed: other offers, unless it was changed by one."""
        if self._at < 0 or self.value != self._put:
            self._at = -1
            self._offers = self._ask(self.value, self.cursor_position)
        self._shown.offer(self._offers, self._at)

    async def _on_key(self, event: events.Key) -> None:
        before = self.cursor_position
        await super()._on_key(event)
        if self.cursor_position != before:
            self.typed()

    def action_complete(self, step: int) -> None:
        """Put the next offer, or the one before, in the place of the term at the cursor."""
        if self._at < 0:
            self._offers = self._ask(self.value, self.cursor_position)
        start, end, found = self._offers
        if not found:
            return
        self._at = (self._at + step) % len(found) if self._at >= 0 else 0 if step > 0 else len(found) - 1
        text = found[self._at].text
        self._put = self.value[:start] + text + self.value[end:]
        self._offers = Offers(start, start + len(text), found)
        if len(found) == 1:
            # Complete: the next Tab asks what can follow.
            self._at = -1
        self.value = self._put
        self.cursor_position = start + len(text)
