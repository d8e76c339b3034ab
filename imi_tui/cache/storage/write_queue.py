"""Whose turn it is to write a file, among the threads of this process."""

from __future__ import annotations

from _thread import allocate_lock
from collections import deque

from imi_core.lean import TYPE_CHECKING, cached_property, contextmanager
from imi_tui.cache.errors import CacheBusy

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

BUSY_MS = 15_000
"""Milliseconds after which whoever waits to write a file gives up."""


class Turns:
    """Lets the threads of this process write in the order in which they ask.

    SQLite alone lets whoever waits look now and then whether the file is free, which next to a thread that writes
    one transaction after the other it hardly ever is.
    """

    def __init__(self) -> None:
        self._order: deque[object] = deque()
        self._lock = allocate_lock()

    @cached_property
    def _moved(self) -> threading.Condition:
        # Nothing is written before the first picture.
        import threading

        return threading.Condition(self._lock)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Around a write transaction. Raises `CacheBusy` after as long as SQLite would wait."""
        me = object()
        self._order.append(me)
        try:
            with self._moved:
                if not self._moved.wait_for(lambda: self._order[0] is me, BUSY_MS / 1000):
                    raise CacheBusy
            yield
        finally:
            with self._moved:
                self._order.remove(me)
                self._moved.notify_all()

    @property
    def wanted(self) -> bool:
        """Whether somebody waits for the one whose turn it is."""
        return len(self._order) > 1
