"""Changes of very many rows of the listing at once: new values, and new positions, grouped by origin and target."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from imi_tui.cache.order import LATEST, group_of, keys, latest_keys, moved_keys, name_key, positions, tail

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from imi_tui.cache.bulk.kinds import ListedCase
    from imi_tui.cache.order import Spelling
    from imi_tui.cache.storage.db import Database

# Where it fails the whole transaction goes: SQLite need not keep every page to take the statement alone back.
_BECOMES = (
    "update or fail listing set state = ?2, due = ?3, activity = ?4, mine = ?5, unread = ?6, pending = ?7,"
    " rejected = 0, views = ?8, handler = ?9, assigning = ?10 where n "
)
CHANGED = "state", "due", "activity", "mine", "unread", "pending", "rejected", "views", "handler", "assigning"
"""The columns that may change."""
_LISTING = _BECOMES + "= ?1"
_ALIKE = _BECOMES + "in (select value from json_each(?1))"  # noqa: S608 - put together of these two
_GONE = "delete from view_row where slot = ? and key in"
_COUNTS = "insert into group_count values(?, ?) on conflict(no) do update set rows = rows + excluded.rows"


FEW = 8
"""Average number of rows with equal changes from which one statement for all of them is faster than one each."""
STEP = 1000
"""Rows or positions written per step."""


class RowChange(NamedTuple):
    """The new values of the row with number `n`. Other columns stay, and it has no refused entries."""

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


def keys_of(row: ListedCase, spellings: Sequence[Spelling]) -> tuple[bytes, ...]:
    """The sort keys of a row, one per sort order."""
    names = [name_key(row.counterpart, spelling.alphabet) for spelling in spellings]
    return keys(row.due, row.activity, row.reference, names, tail(row.id, row.number))


class _Group:
    """Rows that change from one group to another, or stay: their sort keys, computed per order on demand."""

    def __init__(self, before: int, after: int, rows: Sequence[tuple[ListedCase, RowChange]]) -> None:
        self.before = before
        self.after = after
        self.rows = [row for _old, row in rows]
        # As it is now: what the rows are told of this change must not change it.
        self._stood = [old.keys for old, _row in rows]
        self._back = [() if row.pending else old.keys_before for old, row in rows]
        self._columns: dict[int, list[bytes]] = {}

    def stood(self, place: int) -> list[bytes]:
        """Their previous keys in the order with this index."""
        return [keys[place] for keys in self._stood]

    def stand(self, place: int) -> list[bytes]:
        """Their new keys."""
        if place not in self._columns:
            if all(self._back):
                self._columns[place] = [keys[place] for keys in self._back]
            else:
                moved = self._moved(place)
                back = zip(self._back, moved, strict=True)
                self._columns[place] = (
                    [keys[place] if keys else key for keys, key in back] if any(self._back) else moved
                )
        return self._columns[place]

    def _moved(self, place: int) -> list[bytes]:
        """Their keys with the new deadline and latest activity."""
        if place == LATEST:
            return latest_keys(self.stood(place), [row.activity for row in self.rows])
        return moved_keys(place, self.stood(place), [row.due for row in self.rows], self.stand(LATEST))

    def all(self) -> Iterable[tuple[bytes, ...]]:
        """The new keys of each row in all orders."""
        if all(self._back):
            return self._back
        return zip(*map(self.stand, range(len(self._stood[0]))), strict=True)


class RowMoves:
    """Row changes with the previous rows: which positions are added and removed per slot."""

    def __init__(self, rows: Sequence[tuple[ListedCase, RowChange]], spellings: Sequence[Spelling]) -> None:
        self._rows = rows
        self._left: dict[int, RowChange] | None = None
        """Rows not written individually yet, once one was."""
        self._at = {position: place for place, position in enumerate(positions(spellings))}
        groups: dict[tuple[int, int], list[tuple[ListedCase, RowChange]]] = {}
        for each in rows:
            old, row = each
            if not old.keys:
                old.keys = keys_of(old, spellings)
            groups.setdefault((old.views, row.views), []).append(each)
        self._groups = [_Group(group_of(old), group_of(new), found) for (old, new), found in groups.items()]

    def count(self, cache: Database) -> None:
        """Inside a transaction of the cache: update only the number of rows per group."""
        steps: dict[int, int] = {}
        for group in self._groups:
            steps[group.before] = steps.get(group.before, 0) - len(group.rows)
            steps[group.after] = steps.get(group.after, 0) + len(group.rows)
        cache.many(_COUNTS, [each for each in steps.items() if each[1]])

    def work_out(self, place: int) -> None:
        """Compute the keys for the order with this index in advance."""
        for group in self._groups:
            group.stand(place)

    def orders(self, cache: Database) -> dict[int, Iterator[None]]:
        """Inside the same transaction: generators that write the positions of each slot in steps."""
        slots = {
            at * 8 + position for group in self._groups for at in (group.before, group.after) for position in self._at
        }
        return {slot: self._places(cache, slot) for slot in sorted(slots)}

    def rows(self, cache: Database) -> Iterator[None]:
        """Inside it: write the rows in steps, rows with equal changes by one statement."""
        same: dict[tuple[Any, ...], list[int]] = {}
        for _old, row in self._rows:
            same.setdefault(row[1:], []).append(row.n)
        if len(same) * FEW > len(self._rows):
            for start in range(0, len(self._rows), STEP):
                cache.many(_LISTING, [row for _old, row in self._rows[start : start + STEP]])
                yield
            return
        for becomes, numbers in same.items():
            for start in range(0, len(numbers), STEP):
                cache.run(_ALIKE, (json.dumps(numbers[start : start + STEP]), *becomes))
                yield

    def rows_of(self, cache: Database, numbers: Iterable[int]) -> None:
        """Inside it: write those of these rows that change."""
        if self._left is None:
            self._left = {row.n: row for _old, row in self._rows}
        left = self._left
        cache.many(_LISTING, [left.pop(n) for n in numbers if n in left])

    def more(self, slot: int, first: bytes, end: bytes) -> int:
        """By how many positions from one key up to another a slot grows when it is written."""
        more, place = 0, self._at[slot % 8]
        for group in self._groups:
            for at, column, sign in ((group.after, group.stand, 1), (group.before, group.stood, -1)):
                if at == slot // 8:
                    more += sign * sum(first <= key < end for key in column(place))
        return more

    def _places(self, cache: Database, slot: int) -> Iterator[None]:
        # What stays where it stood is not written. In their order, so that neighbours are written together.
        at, place = slot // 8, self._at[slot % 8]
        stood: set[bytes] = set()
        stays: dict[bytes, int] = {}
        for group in self._groups:
            if group.before == at:
                stood.update(group.stood(place))
            if group.after == at:
                stays.update(zip(group.stand(place), [row.n for row in group.rows], strict=True))
        gone = sorted(stood.difference(stays))
        for start in range(0, len(gone), STEP):
            cache.many_keys(_GONE, (slot,), gone[start : start + STEP])
            yield
        stand = sorted(stays.keys() - stood)
        for start in range(0, len(stand), STEP):
            rows = [(slot, key, stays[key]) for key in stand[start : start + STEP]]
            cache.many_rows("insert or replace into view_row", rows)
            yield

    def done(self) -> None:
        """Apply the changes to the rows in memory after they were written."""
        stand = {row.n: keys for group in self._groups for row, keys in zip(group.rows, group.all(), strict=True)}
        for old, row in self._rows:
            old.become(row, stand[row.n])
