"""Keys wait for what the key before them does.

Textual hands keys to the focused widget as they come and runs their actions later, when they have come back up to the
app. Somebody who types faster than a form opens would write into the list below it, where letters are commands.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from textual import events
from textual.message import Message

if TYPE_CHECKING:
    from textual.app import App
    from textual.screen import Screen
    from textual.widget import Widget

Typed = events.Key | events.Paste

GIVE_UP = 5.0
"""Seconds after which keys pass again although nothing came back, as from a widget that was taken away."""
_ROUNDS = 4
"""Behind the key itself, and behind the messages that its action sent: an Enter goes from field to search to screen."""


class Passed(Message):
    """Follows a key up to the app, by the same queues: when it arrives the key has been dealt with."""

    def __init__(self, number: int, round: int) -> None:
        super().__init__()
        self.number, self.round = number, round


class TypeAhead:
    """Lets one key after the other through to `app`."""

    def __init__(self, app: App[None]) -> None:
        self._app = app
        self._waiting: deque[Typed] = deque()
        self._number = 0
        self._busy = False
        self._at: tuple[Screen[object], Widget | None] | None = None
        self._alarm: asyncio.TimerHandle | None = None

    def holds(self, event: Typed) -> bool:
        """Whether `event` has to wait; it then comes again by itself, in its turn."""
        if self._busy:
            self._waiting.append(event)
        return self._busy

    def follow(self) -> None:
        """Call it when a key has been handed on: those after it wait until it has been dealt with."""
        if not self._app.screen_stack:
            return
        self._number += 1
        self._busy = True
        self._at = self._app.screen, self._app.focused
        loop = asyncio.get_running_loop()
        self._alarm = loop.call_later(GIVE_UP, self._app.call_later, self._go_on, self._number)
        self._send(1)

    async def passed(self, message: Passed) -> None:
        """A message that followed a key has arrived."""
        # While the app ends there is no screen any more.
        if message.number != self._number or not self._busy or not self._app.screen_stack:
            return
        if message.round < _ROUNDS:
            self._send(message.round + 1)
        elif self._at != (self._app.screen, self._app.focused) or self._app.focused is None:
            # What opened sets its focus once it is laid out.
            self._app.screen.call_after_refresh(self._app.call_later, self._go_on, message.number)
        else:
            await self._go_on(message.number)

    def _send(self, round: int) -> None:
        target = self._app.focused or self._app.screen
        target.post_message(Passed(self._number, round))

    async def _go_on(self, number: int) -> None:
        if number != self._number or not self._busy:
            return
        self._busy = False
        if self._alarm is not None:
            self._alarm.cancel()
        while self._waiting and not self._busy:
            await self._app.on_event(self._waiting.popleft())
