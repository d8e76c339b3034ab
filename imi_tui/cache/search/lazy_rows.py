"""Rows that are made when somebody looks at them: a search finds many more than a screen shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, overload

if TYPE_CHECKING:
    from collections.abc import Callable

    from imi_tui.cache.model import Row


class LateRows(Sequence["Row"]):
    """Rows of `found`, as the cache gave it at one moment. `made` makes several at once, and is called once for each.

    A part of them is late too, and shares with the whole what was made.
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
    def __getitem__(self, at: slice) -> LateRows: ...
    def __getitem__(self, at: int | slice) -> Row | LateRows:
        if isinstance(at, slice):
            part = LateRows.__new__(LateRows)
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
