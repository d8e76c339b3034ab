"""A first-in first-out queue for the threads of this process that want to write a file."""

from __future__ import annotations

from _thread import allocate_lock
from collections import deque

from imi_core.lean import TYPE_CHECKING, cached_property, contextmanager
from imi_tui.cache.errors import CacheBusy

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

BUSY_MS = 15_000
"""Milliseconds to wait for write access."""


class WriteQueue:
    """Grants write access to the threads of this process in the order in which they ask.

    SQLite alone polls for a free file, which it hardly ever is next to a thread that writes continuously.
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
        """Wait for write access and hold it. Raises `CacheBusy` after `BUSY_MS`."""
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
        """Whether another thread waits."""
        return len(self._order) > 1
