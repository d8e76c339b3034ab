"""Adds received cases to the full-text index in short transactions."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imi_tui.cache.content.documents import Document, Documents
    from imi_tui.cache.storage.db import Database

STEP = 64
"""Cases indexed between checks for waiting writers."""
FEW = 8
"""The same if old words have to be removed, which takes several times as long."""
LITTLE = 64
"""Up to this many cases are indexed between two requests; more only when there is time."""
HOLD = 0.05
"""Seconds for which indexing blocks other writers at most before it commits."""


class Indexing:
    """Indexes cases and yields to other writers."""

    def __init__(self, cache: Database, documents: Documents) -> None:
        self._cache = cache
        self._documents = documents

    def little(self) -> None:
        """Index the latest cases if they are few, so that they can be found during a long synchronisation."""
        if 0 < self._documents.ready(LITTLE + 1) <= LITTLE:
            self.pending(LITTLE, late=False)

    def pending(self, limit: int, *, late: bool = True) -> int:
        """Index about `limit` cases, and clean up when none is left. Returns the number of remaining cases.

        Cases without content come last or, if `late` is false, not at all. Words are collected before the file is
        locked; the lock is released when another writer waits, at the latest after `HOLD` seconds plus the commit.
        """
        with self._cache.snapshot():
            version, documents = self._cache.version(), self._documents.read(limit, late=late)
            if not documents and not self._documents.scrubs:
                return 0
        while True:
            with self._cache.write():
                if self._cache.version() != version:
                    # Something was written in between: what it says now is read again, in a few cases at once.
                    documents = self._documents.read(min(limit, STEP), late=late)
                documents = self._put(documents)
                if not documents:
                    left = self._documents.left()
                    return left if left or not self._documents.scrub() else 1
                version = self._cache.version()

    def _put(self, documents: list[Document]) -> list[Document]:
        """Inside: index for at most `HOLD` seconds. Returns the remaining documents."""
        until = time.monotonic() + HOLD
        left = documents
        while left:
            if left is not documents and (self._cache.write_queue.wanted or time.monotonic() > until):
                break
            step = FEW if any(each.replaces for each in left[:STEP]) else STEP
            self._documents.put(left[:step])
            left = left[step:]
        return left
