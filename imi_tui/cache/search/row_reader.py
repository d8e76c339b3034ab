"""Reads the rows of documents that the index found and checks the conditions that the index cannot."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from imi_tui.cache.listing.rows import COLUMNS
from imi_tui.cache.search.conditions import Sql

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from imi_tui.cache.search.conditions import RowFilter
    from imi_tui.cache.search.query_expansion import QueryExpansion
    from imi_tui.cache.storage.db import Database

BY_ID = " order by rowid"
MORE = 50
"""Cases read beyond the wanted ones before the range of days is narrowed."""


_TOGETHER = 64
"""Rows that are read at once."""


class Limits(NamedTuple):
    """Limits of one search: rows compared, and cases whose texts or answers are read."""

    scan: int
    phrases: int


class RowReader:
    """Reads rows for one search. `asked`: the statement that found the documents; its first value is the query."""

    def __init__(self, cache: Database, row_filter: RowFilter, expansion: QueryExpansion, limits: Limits) -> None:
        self._cache, self._filter, self._expansion, self._limits = cache, row_filter, expansion, limits

    def ids(self, source: str, values: Sequence[Any], after: int, most: int) -> list[int]:
        """At most `most` document ids greater than `after`."""
        at = len(values) + 1
        text = source.removesuffix(BY_ID) + f" and rowid > ?{at}{BY_ID} limit ?{at + 1}"
        return [id for (id,) in self._cache.rows(text, (*values, after, most))]

    def changed_here(self, loose: str, limit: int) -> list[Any]:
        """Matching rows that pending entries changed: the index still has their previous state and time."""
        sql = Sql()
        self._filter.add_to(sql)
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
        self._expansion.prefetch(rows)
        found = (row for row in rows if self._expansion.matches(row, row[-1], says) and self._filter.matches(row))
        return [row[:-1] for row in islice(found, limit)]

    def has_read_enough(self) -> bool:
        """Whether the limit of texts and answers is used up."""
        return self._filter.texts_read + self._expansion.answers_read > self._limits.phrases

    def rows(self, ids: list[int], most: int, seen: set[int], asked: tuple[str, Sequence[Any]]) -> list[Any]:
        """At most `most` matching rows of these documents, in the order of `ids`; numbers in `seen` are left out."""
        sql = Sql()
        source = f"from json_each({sql.value(str(ids))}) j cross join document d on d.docid = j.value"
        self._filter.add_to(sql)
        text = f"select {COLUMNS}, d.docid {source} cross join listing l on l.n = d.n where 1{sql.filters()}"
        says = _says(lambda query: self._saying(query, ids, asked))
        out: list[Any] = []
        found = self._cache.each(text, tuple(sql.values)) if ids else iter(())
        while part := list(islice(found, _TOGETHER)):
            self._expansion.prefetch(part)
            for row in part:
                if row[0] not in seen and self._expansion.matches(row, row[-1], says) and self._filter.matches(row):
                    out.append(row[:-1])
                if len(out) == most or self.has_read_enough():
                    return out
        return out

    def _saying(self, query: str, ids: list[int], asked: tuple[str, Sequence[Any]]) -> set[int]:
        """The documents among `ids`, in ascending order, that match another query as well."""
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
    """A predicate (query, document id); each query is run once for all documents."""
    known: dict[str, set[int]] = {}

    def says(query: str, docid: int | None) -> bool:
        if query not in known:
            known[query] = saying(query)
        return docid in known[query]

    return says
