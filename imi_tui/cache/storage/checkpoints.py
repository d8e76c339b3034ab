"""Checkpoints of the write-ahead log of `cache.db` in a separate thread.

A first synchronisation rewrites many pages repeatedly. Copying them takes a sixth of its time, which nothing has to
wait for: without a checkpoint no commit is lost, the log is only longer.
"""

from __future__ import annotations

from _thread import allocate_lock

import apsw

from imi_core.lean import TYPE_CHECKING, suppress
from imi_tui.cache.errors import CacheError

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

ROUNDS = 4
"""Rounds that follow commits made meanwhile; only a completely copied log restarts."""


class Checkpointer:
    """One per profile and process. Each checkpoint is a thread with its own connection that ends by itself."""

    def __init__(self) -> None:
        self._lock = allocate_lock()
        self._thread: threading.Thread | None = None

    def start(self, connect: Callable[[], apsw.Connection]) -> None:
        """Start a checkpoint unless one runs. `connect` is called in the thread."""
        import threading

        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=_copy, args=(connect,), name="imi-log", daemon=True)
                self._thread.start()

    def wait(self) -> None:
        """Wait for a running checkpoint; until it ends, SQLite refuses to truncate the log."""
        with self._lock:
            if self._thread is not None:
                self._thread.join()
                self._thread = None


def _copy(connect: Callable[[], apsw.Connection]) -> None:
    # What cannot be copied stays in the log, and whoever writes next tries again.
    with suppress(apsw.Error, CacheError):
        connection = connect()
        try:
            for _ in range(ROUNDS):
                pages, copied = connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
                if pages == copied:
                    break
        finally:
            connection.close()
