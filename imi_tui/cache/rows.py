"""Reading the projection: windows of a view, single rows, counts. Imports nothing that the first paint could miss."""

from __future__ import annotations

import datetime as dt
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from imi_tui.cache.model import VIEWS, Row
from imi_tui.cache.order import keys, slot, tail

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imi_tui.cache.db import Database
    from imi_tui.cache.model import SortId, ViewId

COLUMNS = (
    "l.n, l.desk, l.id, l.reference, l.procedure, l.state, l.subject, l.country, l.counterpart, l.due, l.activity,"
    " l.level, l.mine, l.unread, l.pending, l.rejected, l.files, l.name_key, l.views"
)
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
# CROSS JOIN keeps SQLite from turning the join round: the view's rows come first, in the order of their key.
_FROM = f"select v.key, {COLUMNS} from view_row v cross join listing l on l.n = v.n where v.slot = ?"  # noqa: S608
AFTER = f"{_FROM} and v.key > ? order by v.key limit ?"
AT = f"{_FROM} and v.key >= ? order by v.key limit ?"
FIRST = f"{_FROM} order by v.key limit ?"
BEFORE = f"{_FROM} and v.key < ? order by v.key desc limit ?"
LAST = f"{_FROM} order by v.key desc limit ?"
KEY_AT = "select key from view_row where slot = ? order by key limit 1 offset ?"
KEY_FROM_END = "select key from view_row where slot = ? order by key desc limit 1 offset ?"
COUNTS = "select view, rows from view_count"
COUNT = "select rows from view_count where view = ?"
ONE = f"select {COLUMNS} from listing l where l.desk = ? and l.id = ?"  # noqa: S608


class Desks:
    """Desk ids and the small numbers the tables know them by."""

    def __init__(self, cache: Database) -> None:
        self._cache = cache
        self._ids: dict[int, str] = {}
        self._numbers: dict[str, int] = {}

    def id(self, number: int) -> str:
        """The desk's id."""
        if number not in self._ids:
            self._load()
        return self._ids[number]

    def number(self, id: str) -> int | None:
        """The desk's number, None where there is none yet."""
        if id not in self._numbers:
            self._load()
        return self._numbers.get(id)

    def number_for(self, id: str) -> int:
        """The desk's number, given one if need be. To be called inside a write transaction."""
        if (found := self.number(id)) is not None:
            return found
        self._cache.run("insert into desk(id) values(?)", (id,))
        self._load()
        return self._numbers[id]

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Around a write transaction: forget the numbers it gave when it is rolled back."""
        try:
            yield
        except BaseException:
            self._ids.clear()
            self._numbers.clear()
            raise

    def _load(self) -> None:
        for number, id in self._cache.rows("select no, id from desk"):
            self._ids[number] = id
            self._numbers[id] = number


class Listing:
    """What screens read of the projection."""

    def __init__(self, cache: Database, desks: Desks) -> None:
        self._cache = cache
        self._desks = desks

    def counts(self) -> dict[ViewId, int]:
        """Rows of every view."""
        found = dict(self._cache.rows(COUNTS))
        return {view: found.get(view, 0) for view in VIEWS}

    def window(self, view: ViewId, sort: SortId, after: bytes | None, limit: int) -> list[Row]:
        """Rows behind a key, or the first ones."""
        if after is None:
            return self._made(self._cache.rows(FIRST, (slot(view, sort), limit)))
        return self._made(self._cache.rows(AFTER, (slot(view, sort), after, limit)))

    def window_before(self, view: ViewId, sort: SortId, before: bytes | None, limit: int) -> list[Row]:
        """Rows in front of a key (the nearest ones, in the view's order), or the last ones."""
        if before is None:
            found = self._cache.rows(LAST, (slot(view, sort), limit))
        else:
            found = self._cache.rows(BEFORE, (slot(view, sort), before, limit))
        found.reverse()
        return self._made(found)

    def window_at(self, view: ViewId, sort: SortId, offset: int, limit: int) -> list[Row]:
        """Rows from a position on, counted from 0; reached from the nearer end."""
        place = slot(view, sort)
        total = (self._cache.one(COUNT, (view,)) or (0,))[0]
        if not 0 <= offset < total:
            return []
        if offset * 2 > total:
            found = self._cache.one(KEY_FROM_END, (place, total - 1 - offset))
        else:
            found = self._cache.one(KEY_AT, (place, offset))
        return self._made(self._cache.rows(AT, (place, found[0], limit))) if found is not None else []

    def row(self, desk: str, id: str, view: ViewId, sort: SortId) -> Row | None:
        """One case's row as it stands in a view and order; also where it has just left that view."""
        number = self._desks.number(desk)
        found = self._cache.one(ONE, (number, id)) if number is not None else None
        return self.made(found, sort) if found is not None else None

    def made(self, found: Any, sort: SortId) -> Row:
        """A row from `COLUMNS`, with its key in `sort`."""
        due, activity, reference, name = found[9], found[10], found[3], found[17]
        in_order = keys(due, activity, reference, name, tail(found[2], found[1]))
        index = {"due": 0, "activity": 1, "reference": 2, "authority": 3}[sort]
        return self._row(in_order[index], found)

    def _made(self, found: list[Any]) -> list[Row]:
        return [self._row(row[0], row[1:]) for row in found]

    def _row(self, key: bytes, found: Any) -> Row:
        return Row(
            desk=self._desks.id(found[1]),
            id=found[2],
            key=key,
            reference=found[3],
            procedure=found[4],
            state=found[5],
            subject=found[6],
            country=found[7],
            counterpart=found[8],
            due=found[9],
            activity=iso(found[10]),
            level=found[11],
            turn_mine=bool(found[12]),
            unread=bool(found[13]),
            pending=found[14],
            rejected=found[15],
            files=found[16],
        )


def iso(microseconds: int) -> str:
    """A time as ISO 8601 in UTC, to the second; empty for 0."""
    if not microseconds:
        return ""
    return (_EPOCH + dt.timedelta(microseconds=microseconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
