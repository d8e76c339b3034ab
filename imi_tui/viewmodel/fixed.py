"""A few rows in memory, read like a view of the cache: hits of a search."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imi_tui.viewmodel.window import PAGE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imi_tui.cache.model import Row, SortId, ViewId


class FixedRows:
    """Rows in a fixed order; keys are their numbers. What nobody looks at is not read from `found`."""

    def __init__(self, found: Sequence[Row]) -> None:
        self._found = found

    def _part(self, start: int, end: int) -> list[Row]:
        start = max(0, start)
        return [row._replace(key=index.to_bytes(4, "big")) for index, row in enumerate(self._found[start:end], start)]

    def window(self, view: ViewId, sort: SortId, *, after: bytes | None = None, limit: int) -> list[Row]:
        """Rows after a key."""
        start = int.from_bytes(after, "big") + 1 if after is not None else 0
        return self._part(start, start + limit)

    def window_before(self, view: ViewId, sort: SortId, *, before: bytes | None = None, limit: int) -> list[Row]:
        """Rows before a key."""
        end = int.from_bytes(before, "big") if before is not None else len(self._found)
        return self._part(end - limit, end)

    def window_at(self, view: ViewId, sort: SortId, offset: int, limit: int) -> list[Row]:
        """Rows from a number on."""
        return self._part(offset, offset + limit)

    def before(self, view: ViewId, sort: SortId, key: bytes) -> int:
        """How many rows stand in front of a key."""
        return int.from_bytes(key, "big")

    def numbers(self, view: ViewId, sort: SortId, first: bytes, last: bytes) -> list[int]:
        """The numbers of the cases from one key to another, both included."""
        return [row.n for row in self._part(int.from_bytes(first, "big"), int.from_bytes(last, "big") + 1)]

    def row(self, desk: str, id: str, view: ViewId, sort: SortId) -> Row | None:
        """The row of a case."""
        for start in range(0, len(self._found), PAGE):
            for row in self._part(start, start + PAGE):
                if (row.desk, row.id) == (desk, id):
                    return row
        return None
