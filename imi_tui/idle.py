"""How long nobody touched the keyboard, also while the machine slept."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

AWAY = 60.0
"""Seconds after which an officer may be looking elsewhere, where the terminal does not say so."""


def clock() -> float:
    """Seconds that go on while the machine sleeps, where the system has such a clock."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.clock_gettime(boot) if boot is not None else time.monotonic()


class Idle:
    """Since when nothing was pressed. `minutes` is after how many the screen is to be locked, 0 for never."""

    def __init__(self, minutes: int, now: Callable[[], float] = clock) -> None:
        self._minutes, self._now = minutes, now
        self._last = now()

    def touch(self) -> None:
        """A key was pressed, or the mouse moved."""
        self._last = self._now()

    @property
    def seconds(self) -> float:
        """How long nothing was."""
        return self._now() - self._last

    @property
    def over(self) -> bool:
        """Whether it is time to lock."""
        return self._minutes > 0 and self.seconds >= 60 * self._minutes
