"""The rows of one group in the order of names, as a window reads them.

The index holds a group's cases by name as it is written. Which name follows which is for the officer's alphabet to
say, so the names of the group are sorted here, and the cases of each are read where they stand in the index.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

from imi_tui.cache.listing.grouped_index import LATEST_BYTES, PLACES, index_name, value_sql
from imi_tui.cache.order import name_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imi_tui.cache.listing.grouping import Grouping, GroupRows, Tally
    from imi_tui.cache.model import GroupId, Row, SortId, ViewId


class NamedRows:
    """Cases of the groups `tallies`, by name, the newest first of each. Names that sort alike are one."""

    def __init__(self, of: Grouping, by: GroupId, tallies: Sequence[Tally], alphabet: str) -> None:
        self._of, self._by, self._alphabet = of, by, alphabet
        parts: dict[bytes, list[tuple[str, Tally]]] = {}
        for name, part in of.named(by, tallies):
            parts.setdefault(name_key(name, alphabet) + b"\0", []).append((name, part))
        self._names = sorted(parts)
        self._parts = [parts[name] for name in self._names]
        sizes = (sum(part.cases for _name, part in each) for each in self._parts)
        self._starts = [0, *accumulate(sizes)]
        self.count = self._starts[-1]

    def window(self, view: ViewId, sort: SortId, *, after: bytes | None = None, limit: int) -> list[Row]:
        """Rows after a key, from the first one on without."""
        at, latest = self._place(after) if after is not None else (0, None)
        out: list[Row] = []
        while at < len(self._names) and len(out) < limit:
            found = self._rows(at).window(view, sort, after=latest, limit=limit - len(out))
            out += self._keyed(at, found)
            at, latest = at + 1, None
        return out

    def window_before(self, view: ViewId, sort: SortId, *, before: bytes | None = None, limit: int) -> list[Row]:
        """Rows before a key in list order, the last ones without."""
        at, latest = self._place(before) if before is not None else (len(self._names) - 1, None)
        out: list[Row] = []
        while at >= 0 and len(out) < limit:
            found = self._rows(at).window_before(view, sort, before=latest, limit=limit - len(out))
            out[:0] = self._keyed(at, found)
            at, latest = at - 1, None
        return out

    def window_at(self, view: ViewId, sort: SortId, offset: int, limit: int) -> list[Row]:
        """Rows from a number on."""
        if not 0 <= offset < self.count or limit <= 0:
            return []
        at = bisect_right(self._starts, offset) - 1
        first = self._keyed(at, self._rows(at).window_at(view, sort, offset - self._starts[at], limit))
        if len(first) == limit:
            return first
        return first + self.window(view, sort, after=self._names[at] + b"\xff" * LATEST_BYTES, limit=limit - len(first))

    def before(self, view: ViewId, sort: SortId, key: bytes) -> int:
        """How many rows stand in front of a key."""
        at, latest = self._place(key)
        return self._starts[at] + self._rows(at).before(view, sort, latest)

    def numbers(self, view: ViewId, sort: SortId, first: bytes, last: bytes) -> list[int]:
        """The numbers of the cases from one key to another, both included."""
        (low, begin), (high, end) = self._place(first), self._place(last)
        out: list[int] = []
        for at in range(low, high + 1):
            lowest = begin if at == low else b""
            highest = end if at == high else b"\xff"
            out += self._rows(at).numbers(view, sort, lowest, highest)
        return out

    def row(self, desk: str, id: str, view: ViewId, sort: SortId) -> Row | None:
        """The row of a case with its key here, whichever group it is in."""
        found = self._of.one(PLACES["authority"], desk, id)
        if found is None:
            return None
        return found._replace(key=name_key(found.counterpart, self._alphabet) + b"\0" + found.key)

    def _place(self, key: bytes) -> tuple[int, bytes]:
        """Among which name a key stands, and where there."""
        return max(0, bisect_right(self._names, key[:-LATEST_BYTES]) - 1), key[-LATEST_BYTES:]

    def _keyed(self, at: int, rows: list[Row]) -> list[Row]:
        return [row._replace(key=self._names[at] + row.key) for row in rows]

    def _rows(self, at: int) -> GroupRows:
        """The rows of one name."""
        from imi_tui.cache.listing.grouping import GroupRows

        key, index = PLACES["authority"], index_name(self._by, "authority")
        arms: list[str] = []
        values: list[str] = []
        for name, part in self._parts[at]:
            arms.append(
                f"select {key} key, n from listing indexed by {index} where views = {part.part}"  # noqa: S608
                f" and {value_sql(self._by)} = ?{len(values) + 1} and counterpart = ?{len(values) + 2}"
            )
            values += [part.value, name]
        return GroupRows(self._of, tuple(arms), tuple(values), key, self._starts[at + 1] - self._starts[at])
