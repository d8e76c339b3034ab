"""Cases that share a name, a number or a reference with another one, by one question to the full-text index."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imi_core.text import words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from imi_tui.cache.listing.rows import Desks
    from imi_tui.cache.storage.db import Database

_HAVING = (
    "select l.id from words w cross join document d on d.docid = w.rowid cross join listing l on l.n = d.n"
    " where w.words match ? and l.desk = ? order by w.rowid limit ?"
)
SHORTEST = 4
"""Letters of the longest word of what is looked for: without one that long it says nothing."""


class Related:
    """Candidates only: that the words stand in a case does not say that they stand together."""

    def __init__(self, cache: Database, desks: Desks) -> None:
        self._cache, self._desks = cache, desks

    def having(self, desk: str, texts: Iterable[str], limit: int) -> list[str]:
        """Ids of the cases of a desk in which all words of one of these texts stand, the newest first."""
        number, found = self._desks.number(desk), {query for text in texts if (query := _all_of(text))}
        if number is None or not found:
            return []
        return [id for (id,) in self._cache.rows(_HAVING, (" OR ".join(sorted(found)), number, limit))]


def _all_of(text: str) -> str:
    """An FTS5 query for every word of `text`, each quoted; "" where no word is long enough to mean anything."""
    found = words(text)
    if max(map(len, found), default=0) < SHORTEST:
        return ""
    return "(" + " AND ".join(f'"{word}"' for word in dict.fromkeys(found)) + ")"
