"""Lists in groups: how many cases of a view each group has, and the rows of one of them.

Groups by deadline are ranges of the order of deadlines. Every other grouping reads an index of the listing, by view,
group and place in the order, and the sizes that are kept with it (`grouped_index`).
"""

from __future__ import annotations

import datetime as dt
import functools
from typing import TYPE_CHECKING, Any, NamedTuple

from imi_tui.cache.listing.grouped_index import PLACES, GroupIndex, index_name, kinds, order_in, value_sql
from imi_tui.cache.listing.rows import COLUMNS, COUNTS
from imi_tui.cache.model import DATED, SORTS
from imi_tui.cache.order import GROUPS, VIEW_BIT, dated, day, groups, slots

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from imi_tui.cache.listing.grouped_names import NamedRows
    from imi_tui.cache.listing.rows import Desks, Listing
    from imi_tui.cache.model import GroupId, Row, SortId, ViewId
    from imi_tui.cache.storage.db import Database

MOST = 100_000
"""Numbers of cases read at once at most."""
_RANGE = "select count(*) from view_row where slot = ? and key >= ? and key < ?"
_DUE = SORTS.index("due")
_NEVER, _AFTER_ALL = b"\xff\xff\xff\xff", b"\xff\xff\xff\xff\xff"


class Tally(NamedTuple):
    """So many cases of a view with this value; `part` says where they stand."""

    value: str
    part: int
    cases: int


def value_of(row: Row, by: GroupId, today: dt.date) -> str:
    """The value in a row that its group goes by."""
    match by:
        case "country":
            return row.country
        case "authority":
            return f"{row.country} {row.counterpart}"
        case "state":
            return f"{row.procedure} {row.state} {row.turn_mine:d}"
        case "handler":
            return row.handler
        case "due":
            return _due_value(row.due, today)
    return row.procedure


def due_spans(today: dt.date) -> list[tuple[str, dt.date, dt.date | None]]:
    """The groups by deadline: from the first day on, before the second; weeks begin on Monday."""
    # The calendar ends before a deadline can be that far away.
    today = min(today, dt.date.max - dt.timedelta(30))
    monday = today + dt.timedelta(7 - today.weekday())
    tomorrow, after = today + dt.timedelta(1), monday + dt.timedelta(7)
    return [
        ("overdue", dt.date.min, today),
        ("today", today, tomorrow),
        ("week", tomorrow, monday),
        ("next_week", monday, after),
        ("later", after, None),
    ]


def _due_value(due: str, today: dt.date) -> str:
    if not due:
        return "none"
    date = dt.date.fromisoformat(due)
    return next(name for name, begin, end in due_spans(today) if begin <= date and (end is None or date < end))


class Grouping:
    """Groups of the listing. `shown` adds to rows what the officer keeps about them."""

    def __init__(
        self,
        cache: Database,
        desks: Desks,
        listing: Listing,
        today: Callable[[], dt.date],
        shown: Callable[[list[Row]], list[Row]],
        tell: Callable[[], None],
    ) -> None:
        self._cache = cache
        self._desks = desks
        self._listing = listing
        self._today = today
        self._shown = shown
        self._tell = tell
        self.index = GroupIndex(cache, tell)
        self._tallies: tuple[object, list[Tally]] = (None, [])

    # --- reading ----------------------------------------------------------------------------------------------------

    def tally(self, view: ViewId, by: GroupId, sort: SortId) -> list[Tally]:
        """How many cases of a view have each value there is."""
        today = self._today()
        moment = (view, by, sort, today, *self._cache.moment())
        if self._tallies[0] != moment:
            with self._cache.snapshot():
                sizes = dict(self._cache.rows(COUNTS))
                found = {no: sizes[no] for no in groups(view) if no in sizes}
                tallies = self._by_due(view, found, today) if by == "due" else self._by_value(view, by, sort, found)
            self._tallies = moment, tallies
        return self._tallies[1]

    def _by_value(self, view: ViewId, by: GroupId, sort: SortId, sizes: dict[int, int]) -> list[Tally]:
        if not sizes:
            return []
        masks = ",".join(str(_mask(no)) for no in sizes)
        if view not in DATED:
            kept = f"select value, views, cases from grouped_size where kind = ? and views in ({masks}) and name = ''"  # noqa: S608
            return [Tally(*row) for row in self._cache.rows(kept, (kinds(by, "due")[0],))]
        place = PLACES["due"]
        sql = (
            f"select {value_sql(by)}, views, count(*) from listing indexed by {index_name(by, 'due')}"  # noqa: S608
            f" where views in ({masks}) and {place} >= ? and {place} < ? group by views, {value_sql(by)}"
        )
        return [Tally(*row) for row in self._cache.rows(sql, self._between(view))]

    def _by_due(self, view: ViewId, sizes: dict[int, int], today: dt.date) -> list[Tally]:
        low, high = dated(view, today) if view in DATED else (dt.date.min, None)
        out: list[Tally] = []
        for slot, no in zip(slots(sizes, _DUE), sizes, strict=True):
            left = sizes[no]
            for name, begin, end in due_spans(today):
                begin, end = max(begin, low), _first(end, high)
                if end is not None and begin >= end:
                    continue
                span = (slot, day(begin), day(end) if end is not None else _NEVER)
                count = self._cache.one(_RANGE, span)[0]
                left -= count
                out.append(Tally(name, slot, count))
            # Most have none: what is left over need not be counted.
            out.append(Tally("none", slot, 0 if view in DATED else left))
        return [each for each in out if each.cases]

    def _between(self, view: ViewId) -> tuple[bytes, bytes]:
        begin, end = dated(view, self._today()) if view in DATED else (dt.date.min, dt.date.max)
        return begin.isoformat().encode(), end.isoformat().encode()

    def rows(self, view: ViewId, by: GroupId, sort: SortId, tallies: Sequence[Tally]) -> GroupRows | NamedRows:
        """The rows of one group: the cases with the values of these tallies."""
        values = tuple(dict.fromkeys(each.value for each in tallies))
        count = sum(each.cases for each in tallies)
        if by == "due":
            begin, end = self._due_keys(view, values[0])
            arms = tuple(
                f"select key, n from view_row where slot = {slot} and key >= ?1 and key < ?2"  # noqa: S608
                for slot in sorted({each.part for each in tallies})
            )
            return GroupRows(self, arms, (begin, end), "key", count)
        sort = order_in(view, by, sort)
        if sort == "authority":
            from imi_tui.cache.listing.grouped_names import NamedRows

            return NamedRows(self, by, tallies, self._listing.alphabet)
        key, bound = PLACES[sort], len(values)
        within = f" and {key} >= ?{bound + 1} and {key} < ?{bound + 2}" if view in DATED else ""
        arms = tuple(
            f"select {key} key, n from listing indexed by {index_name(by, sort)}"  # noqa: S608
            f" where views = {each.part} and {value_sql(by)} = ?{values.index(each.value) + 1}{within}"
            for each in tallies
        )
        return GroupRows(self, arms, values + (self._between(view) if within else ()), key, count)

    def named(self, by: GroupId, tallies: Sequence[Tally]) -> list[tuple[str, Tally]]:
        """The names in these groups and how many of the cases of each tally have them."""
        kind = kinds(by, "authority")[1]
        sql = "select name, cases from grouped_size where kind = ? and views = ? and value = ?"
        return [
            (name, each._replace(cases=cases))
            for each in tallies
            for name, cases in self._cache.rows(sql, (kind, each.part, each.value))
        ]

    def _due_keys(self, view: ViewId, value: str) -> tuple[bytes, bytes]:
        today = self._today()
        low, high = dated(view, today) if view in DATED else (dt.date.min, None)
        for name, begin, end in due_spans(today):
            if name == value:
                begin, end = max(begin, low), _first(end, high)
                return day(begin), day(end) if end is not None else _NEVER
        return _NEVER, _AFTER_ALL

    def read(self, sql: str, values: tuple[Any, ...]) -> list[Row]:
        """Rows (key, `COLUMNS`) by key."""
        found = sorted(self._cache.rows(sql, values), key=lambda row: row[0])
        return self._shown([self._listing.as_row(row[0], row[1:]) for row in found])

    def keys(self, sql: str, values: tuple[Any, ...]) -> list[int]:
        """Numbers of rows (key, n)."""
        return [n for _key, n in self._cache.rows(sql, values)]

    def count(self, sql: str, values: tuple[Any, ...]) -> int:
        """How many rows there are."""
        found: int = self._cache.one(f"select count(*) from ({sql})", values)[0]  # noqa: S608
        return found

    def one(self, key: str, desk: str, id: str) -> Row | None:
        """One case's row with its key."""
        number = self._desks.number(desk)
        if number is None:
            return None
        if key == "key":
            found = self._listing.row(desk, id, "all", "due")
            return self._shown([found])[0] if found is not None else None
        columns = COLUMNS.replace("l.", "")
        rows = self.read(f"select {key}, {columns} from listing where desk = ? and id = ?", (number, id))  # noqa: S608
        return rows[0] if rows else None


class GroupRows:
    """The rows of one group, as a window reads them. `key` is where a row stands, `arms` are what finds them."""

    def __init__(self, of: Grouping, arms: tuple[str, ...], values: tuple[Any, ...], key: str, count: int) -> None:
        self._of, self._arms, self._values, self._key, self.count = of, arms, values, key, count

    def window(self, view: ViewId, sort: SortId, *, after: bytes | None = None, limit: int) -> list[Row]:
        """Rows after a key, from the first one on without."""
        return self._read(">", after, limit)

    def window_before(self, view: ViewId, sort: SortId, *, before: bytes | None = None, limit: int) -> list[Row]:
        """Rows before a key in list order, the last ones without."""
        return self._read("<", before, limit, back=True)

    def window_at(self, view: ViewId, sort: SortId, offset: int, limit: int) -> list[Row]:
        """Rows from a number on, counted from the nearer end."""
        limit = min(limit, self.count - offset)
        if limit <= 0 or offset < 0:
            return []
        if offset * 2 > self.count:
            return self._read("<", None, limit, back=True, offset=self.count - offset - limit)
        return self._read(">", None, limit, offset=offset)

    def before(self, view: ViewId, sort: SortId, key: bytes) -> int:
        """How many rows stand in front of a key."""
        where = f" and {self._key} < ?{len(self._values) + 1}"
        return self._of.count(" union all ".join(arm + where for arm in self._arms), (*self._values, key))

    def numbers(self, view: ViewId, sort: SortId, first: bytes, last: bytes) -> list[int]:
        """The numbers of the cases from one key to another, both included."""
        at = len(self._values)
        where = f" and {self._key} >= ?{at + 1} and {self._key} <= ?{at + 2}"
        sql = merged(self._arms, where, f"?{at + 3}", back=False)
        return self._of.keys(sql, (*self._values, first, last, MOST))

    def row(self, desk: str, id: str, view: ViewId, sort: SortId) -> Row | None:
        """The row of a case with its key here, whichever group it is in."""
        return self._of.one(self._key, desk, id)

    def _read(self, sign: str, key: bytes | None, limit: int, *, back: bool = False, offset: int = 0) -> list[Row]:
        at = len(self._values)
        where, values = "", self._values
        if key is not None:
            at += 1
            where, values = f" and {self._key} {sign} ?{at}", (*values, key)
        found = merged(self._arms, where, f"?{at + 1} offset ?{at + 2}", back=back)
        sql = f"select v.key, {COLUMNS} from ({found}) v cross join listing l on l.n = v.n"  # noqa: S608
        return self._of.read(sql, (*values, limit, offset))


@functools.lru_cache(64)
def merged(arms: tuple[str, ...], where: str, limit: str, *, back: bool) -> str:
    """The rows (key, n) of all arms by key: each in the order it is stored in, merged as they are read."""
    return f"{' union all '.join(arm + where for arm in arms)} order by key{' desc' if back else ''} limit {limit}"


def _mask(no: int) -> int:
    return sum(VIEW_BIT[view] for view in GROUPS[no])


def _first(*dates: dt.date | None) -> dt.date | None:
    return min((date for date in dates if date is not None), default=None)
