"""Very many rows of the listing that change in one go: what becomes of them, and their places, written by group."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from imi_tui.cache.order import group_of, keys, moved_keys, name_key, positions, tail

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imi_tui.cache.alike import Standing
    from imi_tui.cache.db import Database
    from imi_tui.cache.order import Spelling

_LISTING = (
    "update listing set state = ?2, due = ?3, activity = ?4, mine = ?5, unread = ?6, pending = ?7, rejected = 0,"
    " views = ?8, assigning = 0 where n = ?1"
)
_GONE = "delete from view_row where slot = ? and key = ?"
_COUNTS = "insert into group_count values(?, ?) on conflict(no) do update set rows = rows + excluded.rows"


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
        stood = [old.keys or keys_of(old, self._spellings) for old, _row in rows]
        stands = [
            moved_keys(at, row.due, row.activity) if row.pending or not old.keys_before else old.keys_before
            for (old, row), at in zip(rows, stood, strict=True)
        ]
        for (old, _row), at in zip(rows, stood, strict=True):
            old.keys = at
        numbers = [row.n for _old, row in rows]
        self._keys.update(zip(numbers, stands, strict=True))
        by_order = zip(positions(self._spellings), zip(*stood, strict=True), zip(*stands, strict=True), strict=True)
        for position, olds, news in by_order:
            self._gone.setdefault(before * 8 + position, []).extend(olds)
            self._stays.setdefault(after * 8 + position, {}).update(zip(news, numbers, strict=True))

    def write(self, cache: Database) -> None:
        """Inside a transaction of the cache: rows, places and counts."""
        cache.many(_LISTING, [row for _old, row in self._rows])
        for slot, gone in self._gone.items():
            # What stays where it stood is only written over.
            kept = self._stays.get(slot, {})
            cache.many(_GONE, [(slot, key) for key in gone if key not in kept])
        for slot, stays in self._stays.items():
            # In their order, so that neighbouring rows are written together.
            cache.many_rows("insert or replace into view_row", [(slot, key, stays[key]) for key in sorted(stays)])
        cache.many(_COUNTS, [(group, step) for group, step in self._counts.items() if step])

    def done(self) -> None:
        """It was written: the rows stand so now."""
        stands = self._keys
        for old, row in self._rows:
            old.become(row, stands[row.n])
