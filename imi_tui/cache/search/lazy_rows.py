"""A sequence of rows that are built on first access: a search finds many more than a screen shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, overload

if TYPE_CHECKING:
    from collections.abc import Callable

    from imi_tui.cache.model import Row


class LazyRows(Sequence["Row"]):
    """Rows built from `found` on demand. `made` builds several at once and is called at most once per row.

    A slice is lazy as well and shares the rows already built.
    """

    def __init__(self, found: Sequence[Any], made: Callable[[Sequence[Any]], list[Row]]) -> None:
        self._found = found
        self._make = made
        self._rows: list[Row | None] = [None] * len(found)
        self._places: Sequence[int] = range(len(found))

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, at: int) -> Row: ...
    @overload
    def __getitem__(self, at: slice) -> LazyRows: ...
    def __getitem__(self, at: int | slice) -> Row | LazyRows:
        if isinstance(at, slice):
            part = LazyRows.__new__(LazyRows)
            part._found, part._make, part._rows, part._places = self._found, self._make, self._rows, self._places[at]
            return part
        return self._made([self._places[at]])[0]

    def __iter__(self) -> Iterator[Row]:
        return iter(self._made(self._places))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def _made(self, places: Sequence[int]) -> list[Row]:
        rows = self._rows
        missing = [place for place in places if rows[place] is None]
        if missing:
            for place, made in zip(missing, self._make([self._found[place] for place in missing]), strict=True):
                rows[place] = made
        return [row for place in places if (row := rows[place]) is not None]
