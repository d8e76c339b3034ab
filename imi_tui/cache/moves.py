"""Very many rows of the listing that change in one go: what becomes of them, and their places, written by group."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from imi_tui.cache.order import group_of, keys, moved_keys, name_key, positions, tail

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from imi_tui.cache.alike import Standing
    from imi_tui.cache.db import Database
    from imi_tui.cache.order import Spelling

# Where it fails the whole transaction goes: SQLite need not keep every page to take the statement alone back.
_BECOMES = (
    "update or fail listing set state = ?2, due = ?3, activity = ?4, mine = ?5, unread = ?6, pending = ?7,"
    " rejected = 0, views = ?8, handler = ?9, assigning = ?10 where n "
)
_LISTING = _BECOMES + "= ?1"
_ALIKE = _BECOMES + "in (select value from json_each(?1))"  # noqa: S608 - put together of these two
_GONE = "delete from view_row where slot = ? and key in"
_COUNTS = "insert into group_count values(?, ?) on conflict(no) do update set rows = rows + excluded.rows"


FEW = 8
"""Rows of which the same becomes, on average, from which on one statement for them takes less than one each."""
STEP = 1000
"""Places written in one step."""


class Becomes(NamedTuple):
    """What of the row with number `n` is another now; of its other columns none is, and nothing of it is refused."""

    n: int
    state: str
    due: str
    activity: int
    mine: int
    unread: int
    pending: int
    views: int
    handler: str
    assigning: int


def keys_of(row: Standing, spellings: Sequence[Spelling]) -> tuple[bytes, ...]:
    """Where a row stands in every order."""
    names = [name_key(row.counterpart, spelling.alphabet) for spelling in spellings]
    return keys(row.due, row.activity, row.reference, names, tail(row.id, row.number))


class Moves:
    """Rows as they stood, and what becomes of them: where each goes and comes from, by slot."""

    def __init__(self, rows: Sequence[tuple[Standing, Becomes]], spellings: Sequence[Spelling]) -> None:
        self._rows = rows
        self._spellings = spellings
        self._keys: dict[int, tuple[bytes, ...]] = {}
        self._gone: dict[int, list[bytes]] = {}
        self._stays: dict[int, dict[bytes, int]] = {}
        self._counts: dict[int, int] = {}
        groups: dict[tuple[int, int], list[tuple[Standing, Becomes]]] = {}
        for each in rows:
            groups.setdefault((each[0].views, each[1].views), []).append(each)
        for (before, after), found in groups.items():
            self._add(group_of(before), group_of(after), found)

    def _add(self, before: int, after: int, rows: list[tuple[Standing, Becomes]]) -> None:
        """Rows that go from one group to another, or stay in theirs."""
        self._counts[before] = self._counts.get(before, 0) - len(rows)
        self._counts[after] = self._counts.get(after, 0) + len(rows)
        numbers = [row.n for _old, row in rows]
        for old, _row in rows:
            old.keys = old.keys or keys_of(old, self._spellings)
        stood = [old.keys for old, _row in rows]
        stands = [old.keys_before for old, _row in rows]
        if moved := [at for at, (old, row) in enumerate(rows) if row.pending or not old.keys_before]:
            found = [rows[at][1] for at in moved]
            new = moved_keys([stood[at] for at in moved], [row.due for row in found], [row.activity for row in found])
            for at, each in zip(moved, new, strict=True):
                stands[at] = each
        self._keys.update(zip(numbers, stands, strict=True))
        by_order = zip(positions(self._spellings), zip(*stood, strict=True), zip(*stands, strict=True), strict=True)
        for position, olds, news in by_order:
            self._gone.setdefault(before * 8 + position, []).extend(olds)
            self._stays.setdefault(after * 8 + position, {}).update(zip(news, numbers, strict=True))

    def write(self, cache: Database) -> None:
        """Inside a transaction of the cache: rows and counts; the places are left to `orders`."""
        self._write_rows(cache)
        cache.many(_COUNTS, [(group, step) for group, step in self._counts.items() if step])

    def orders(self, cache: Database) -> dict[int, Iterator[None]]:
        """Inside the same transaction: what writes the places in each slot, in steps."""
        return {slot: self._places(cache, slot) for slot in sorted({*self._gone, *self._stays})}

    def more(self, slot: int, first: bytes, end: bytes) -> int:
        """How many more places a slot has from one key on, before another, when it is written."""
        stand, stood = self._stays.get(slot, {}), self._gone.get(slot, [])
        return sum(first <= key < end for key in stand) - sum(first <= key < end for key in stood)

    def _places(self, cache: Database, slot: int) -> Iterator[None]:
        # What stays where it stood is not written. In their order, so that neighbours are written together.
        stays = self._stays.get(slot, {})
        stood = set(self._gone.get(slot, ()))
        gone = sorted(stood.difference(stays))
        for start in range(0, len(gone), STEP):
            cache.many_keys(_GONE, (slot,), gone[start : start + STEP])
            yield
        stand = sorted(stays.keys() - stood)
        for start in range(0, len(stand), STEP):
            rows = [(slot, key, stays[key]) for key in stand[start : start + STEP]]
            cache.many_rows("insert or replace into view_row", rows)
            yield

    def _write_rows(self, cache: Database) -> None:
        """Rows of which the same becomes with one statement, others one by one."""
        same: dict[tuple[Any, ...], list[int]] = {}
        for _old, row in self._rows:
            same.setdefault(row[1:], []).append(row.n)
        if len(same) * FEW > len(self._rows):
            cache.many(_LISTING, [row for _old, row in self._rows])
            return
        for becomes, numbers in same.items():
            cache.run(_ALIKE, (json.dumps(numbers), *becomes))

    def done(self) -> None:
        """It was written: the rows stand so now."""
        stands = self._keys
        for old, row in self._rows:
            old.become(row, stands[row.n])
