"""Copying the write-ahead log of `cache.db` into the file beside whoever writes.

A first synchronisation writes many pages again and again. To copy them takes a sixth of its time, and nothing waits
for it: no commit is lost without, the log is only longer.
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
"""How often it goes after what was committed meanwhile; a log that is copied to its end is begun anew."""


class Copying:
    """One a profile and process. A copy is a thread with a connection of its own, and ends by itself."""

    def __init__(self) -> None:
        self._lock = allocate_lock()
        self._thread: threading.Thread | None = None

    def begin(self, connect: Callable[[], apsw.Connection]) -> None:
        """Copy, unless somebody does. `connect` is called in the thread."""
        import threading

        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=_copy, args=(connect,), name="imi-log", daemon=True)
                self._thread.start()

    def rest(self) -> None:
        """Wait until nothing is copied: while something is, SQLite refuses to shorten the log."""
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
