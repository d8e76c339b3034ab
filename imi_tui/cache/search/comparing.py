"""Rows of what the index gives, compared with what the line asks for besides."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from imi_tui.cache.listing.rows import COLUMNS
from imi_tui.cache.search.conditions import Sql

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from imi_tui.cache.search.conditions import Sieve
    from imi_tui.cache.search.widening import Widening
    from imi_tui.cache.storage.db import Database

BY_ID = " order by rowid"
MORE = 50
"""Cases that are looked at beyond those that are wanted, before fewer days are looked at."""


_TOGETHER = 64
"""Rows that are read at once."""


class Limits(NamedTuple):
    """How much one search may do: rows that are compared, cases of which texts or answers are read."""

    scan: int
    phrases: int


class Compared:
    """Reads for one search. `asked` below is the statement that gave ids of documents, the query its first value."""

    def __init__(self, cache: Database, sieve: Sieve, wide: Widening, limits: Limits) -> None:
        self._cache, self._sieve, self._wide, self._limits = cache, sieve, wide, limits

    def ids(self, source: str, values: Sequence[Any], after: int, most: int) -> list[int]:
        """The next so many ids of documents behind one."""
        at = len(values) + 1
        text = source.removesuffix(BY_ID) + f" and rowid > ?{at}{BY_ID} limit ?{at + 1}"
        return [id for (id,) in self._cache.rows(text, (*values, after, most))]

    def late(self, loose: str, limit: int) -> list[Any]:
        """Rows that an entry of the outbox has changed: the index knows their state and their time of before."""
        sql = Sql()
        self._sieve.ask(sql)
        text = (
            f"select {COLUMNS}, d.docid from listing l left join document d on d.n = l.n"  # noqa: S608
            f" where (l.pending > 0 or l.rejected > 0) and l.pending > 0{sql.filters()}"
            f" order by l.activity desc limit {self._limits.scan}"
        )
        rows = self._cache.rows(text, tuple(sql.values))
        ids = str([row[-1] for row in rows if row[-1] is not None])

        def saying(query: str) -> set[int]:
            inside = "select rowid from words where words match ? and +rowid in (select value from json_each(?) j)"
            return {docid for (docid,) in self._cache.rows(inside, (query, ids))}

        if rows and loose:
            said = saying(loose)
            rows = [row for row in rows if row[-1] in said]
        says = _says(saying)
        self._wide.expect(rows)
        return [row[:-1] for row in rows if self._wide.fits(row, row[-1], says) and self._sieve.fits(row)][:limit]

    def has_read_enough(self) -> bool:
        """Whether no more texts or answers may be read for this search."""
        return self._sieve.read + self._wide.read > self._limits.phrases

    def rows(self, ids: list[int], most: int, seen: set[int], asked: tuple[str, Sequence[Any]]) -> list[Any]:
        """The first so many rows of these documents that pass the sieve, in their order; `asked`: what gave them."""
        sql = Sql()
        source = f"from json_each({sql.value(str(ids))}) j cross join document d on d.docid = j.value"
        self._sieve.ask(sql)
        text = f"select {COLUMNS}, d.docid {source} cross join listing l on l.n = d.n where 1{sql.filters()}"
        says = _says(lambda query: self._saying(query, ids, asked))
        out: list[Any] = []
        found = self._cache.each(text, tuple(sql.values)) if ids else iter(())
        while part := list(islice(found, _TOGETHER)):
            self._wide.expect(part)
            for row in part:
                if row[0] not in seen and self._wide.fits(row, row[-1], says) and self._sieve.fits(row):
                    out.append(row[:-1])
                if len(out) == most or self.has_read_enough():
                    return out
        return out

    def _saying(self, query: str, ids: list[int], asked: tuple[str, Sequence[Any]]) -> set[int]:
        """Those of these documents, in their order, that answer another query, too."""
        # Mostly they stand close together, and few others between them that answer it.
        most = len(ids) * 4 + MORE
        text = f"select rowid from words where words match ? and rowid >= ? and rowid <= ?{BY_ID} limit ?"  # noqa: S608
        found = self._cache.rows(text, (query, ids[0], ids[-1], most))
        if len(found) == most:
            source, (match, *values) = asked
            at = len(values) + 2
            text = source.removesuffix(BY_ID) + f" and rowid >= ?{at} and rowid <= ?{at + 1}{BY_ID}"
            found = self._cache.rows(text, (f"({match}) AND ({query})", *values, ids[0], ids[-1]))
        return {docid for (docid,) in found}


def _says(saying: Callable[[str], set[int]]) -> Callable[[str, int | None], bool]:
    """Whether a document answers a query, each of which is asked once for all of them."""
    known: dict[str, set[int]] = {}

    def says(query: str, docid: int | None) -> bool:
        if query not in known:
            known[query] = saying(query)
        return docid in known[query]

    return says
