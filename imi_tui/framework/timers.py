"""Timers that ring once, also where the machine holds the program up just as they are set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message_pump import MessagePump

if TYPE_CHECKING:
    from textual.timer import Timer, TimerCallback


class Punctual(MessagePump):
    """An app, a screen or a widget whose `set_timer` rings late rather than never.

    The framework's timers leave out the rings that are already over when they begin. One that rings once then never
    does: what waits for it (saving, reading again, the end of a pause in painting) would wait for good.
    """

    def set_timer(
        self, delay: float, callback: TimerCallback | None = None, *, name: str | None = None, pause: bool = False
    ) -> Timer:
        """Call `callback` once, `delay` seconds from now or later."""
        timer = super().set_timer(delay, callback, name=name, pause=pause)
        timer._skip = False
        return timer
