"""Making what arrived searchable, a moment at a time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imi_tui.cache.content.documents import Document, Documents
    from imi_tui.cache.storage.db import Database

STEP = 64
"""Cases indexed without looking whether somebody waits."""
FEW = 8
"""The same, where old words have to be taken out: that takes several times as long."""
LITTLE = 64
"""Cases that are indexed between two questions to the server; more, only when there is time."""
HOLD = 0.05
"""Seconds for which indexing keeps others from writing, before it commits."""


class Indexing:
    """Puts the words of cases into the index, giving way to whoever wants to write."""

    def __init__(self, cache: Database, documents: Documents) -> None:
        self._cache = cache
        self._documents = documents

    def little(self) -> None:
        """Index what came last, if that is quickly done: a long synchronisation is searchable while it goes on."""
        if 0 < self._documents.ready(LITTLE + 1) <= LITTLE:
            self.pending(LITTLE, late=False)

    def pending(self, limit: int, *, late: bool = True) -> int:
        """Index about so many cases, and clean up when none is left; what is still to do (0: nothing).

        Those whose content is still to come are put off to the end, or (`late` false) left for another time.
        The words are gathered before the file is locked for writing, and it is given back as soon as somebody else
        wants it, at the latest after `HOLD` seconds and what it takes to commit.
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
        """Inside: index for a moment; the documents there was no time for."""
        until = time.monotonic() + HOLD
        left = documents
        while left:
            if left is not documents and (self._cache.turns.wanted or time.monotonic() > until):
                break
            step = FEW if any(each.replaces for each in left[:STEP]) else STEP
            self._documents.put(left[:step])
            left = left[step:]
        return left
