"""A few rows in memory, read like a view of the cache: hits of a search."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imi_tui.cache.model import Row, SortId, ViewId


class FixedRows:
    """Rows in a fixed order; keys are their numbers."""

    def __init__(self, found: list[Row]) -> None:
        self._rows = [row._replace(key=index.to_bytes(4, "big")) for index, row in enumerate(found)]

    def window(self, view: ViewId, sort: SortId, *, after: bytes | None = None, limit: int) -> list[Row]:
        """Rows after a key."""
        start = int.from_bytes(after, "big") + 1 if after is not None else 0
        return self._rows[start : start + limit]

    def window_before(self, view: ViewId, sort: SortId, *, before: bytes | None = None, limit: int) -> list[Row]:
        """Rows before a key."""
        end = int.from_bytes(before, "big") if before is not None else len(self._rows)
        return self._rows[max(0, end - limit) : end]

    def window_at(self, view: ViewId, sort: SortId, offset: int, limit: int) -> list[Row]:
        """Rows from a number on."""
        return self._rows[offset : offset + limit]

    def numbers(self, view: ViewId, sort: SortId, first: bytes, last: bytes) -> list[int]:
        """The numbers of the cases from one key to another, both included."""
        return [row.n for row in self._rows if first <= row.key <= last]

    def row(self, desk: str, id: str, view: ViewId, sort: SortId) -> Row | None:
        """The row of a case."""
        return next((row for row in self._rows if (row.desk, row.id) == (desk, id)), None)
