"""The words of the full-text index that begin with what was typed.

FTS5 answers a beginning that is longer than its indexes of beginnings by putting together everything that any of its
words stands in before it gives the first hit: a hundred milliseconds for a common word at a million cases. Asked for
the words themselves it reads on only as far as hits are wanted. To find them costs one step in the index for each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imi_tui.cache.db import Database

SHORT = 3
"""Letters up to which the index of beginnings answers at once."""
MOST = 64
"""Words looked up at most: where there are more, each is rare, and to put together what they stand in costs less."""
_TABLE = "create virtual table if not exists temp.terms using fts5vocab('main', 'words', 'instance')"
_NEXT = "select term from temp.terms where term >= ? limit 1"


class Beginnings:
    """Looks up words of the index. It holds nothing of them: what is erased is gone from here, too."""

    def __init__(self, cache: Database) -> None:
        self._cache = cache
        self._made = False

    def words(self, begin: str) -> list[str] | None:
        """Every word that begins so, in order; None where they are too many or the beginning is `SHORT`."""
        if len(begin) <= SHORT:
            return None
        if not self._made:
            self._cache.run(_TABLE)
            self._made = True
        found: list[str] = []
        at = begin
        while True:
            row = self._cache.one(_NEXT, (at,))
            if row is None or not row[0].startswith(begin):
                return found
            if len(found) == MOST:
                return None
            found.append(row[0])
            # The least that sorts behind this very word; no word has a control character in it.
            at = row[0] + "\x01"
