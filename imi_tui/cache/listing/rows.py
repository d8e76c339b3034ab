"""Reading the projection: windows of a view, single rows, counts. Imports nothing that the first paint could miss."""

from __future__ import annotations

import datetime as dt
import functools
from operator import itemgetter

from imi_core.lean import TYPE_CHECKING, contextmanager
from imi_core.text import fold
from imi_tui.cache.model import DATED, SORTS, VIEWS, Row
from imi_tui.cache.order import VIEW_BIT, Spelling, behind, groups, keys, name_key, slots, sort_of, span, tail

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from imi_tui.cache.model import SortId, ViewId
    from imi_tui.cache.storage.db import Database

COLUMNS = (
    "l.n, l.desk, l.id, l.reference, l.procedure, l.state, l.subject, l.country, l.counterpart, l.due, l.activity,"
    " l.level, l.mine, l.unread, l.pending, l.rejected, l.files, l.views, l.handler, l.assigning"
)
_key = itemgetter(0)
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
SPELLING = "select alphabet, position from spelling where role = 'shown'"
COUNTS = "select no, rows from group_count where rows > 0"
ONE = f"select {COLUMNS} from listing l where l.desk = ? and l.id = ?"  # noqa: S608
_NUMBER = "select n from listing where desk = ? and id = ?"
_REFERRED = "select l.desk, l.id from json_each(?) j cross join listing l on l.n = j.value where l.reference = ?"
_COUNT_BEFORE = "select count(*) from view_row where slot = ? and key < ?"
_COUNT_BETWEEN = "select count(*) from view_row where slot = ? and key >= ? and key < ?"
_NTH = "select key from view_row where slot = ? order by key limit 1 offset ?"
_NTH_LAST = "select key from view_row where slot = ? order by key desc limit 1 offset ?"


@functools.cache
def keys_sql(slots: tuple[int, ...], where: str, limit: str, *, back: bool = False) -> str:
    """The rows (key, n) of slots by key: each in the order it is stored in, merged as they are read."""
    arms = (f"select key, n from view_row where slot = {slot}{where}" for slot in slots)  # noqa: S608
    return f"{' union all '.join(arms)} order by key{' desc' if back else ''} limit {limit}"


def numbered(dated: bool, where: str) -> str:
    """`where` with its value's number, behind the two of a span where there is one."""
    return " and key >= ?1 and key < ?2" + where.replace("?", "?3") if dated else where.replace("?", "?1")


@functools.cache
def window_sql(slots: tuple[int, ...], where: str, limit: str, *, back: bool = False) -> str:
    """The keys and `COLUMNS` of a window. CROSS JOIN keeps SQLite from turning the join round."""
    found = keys_sql(slots, where, limit, back=back)
    return f"select v.key, {COLUMNS} from ({found}) v cross join listing l on l.n = v.n"  # noqa: S608


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

    def __init__(self, cache: Database, desks: Desks, today: Callable[[], dt.date]) -> None:
        self._cache = cache
        self._desks = desks
        self._today = today
        self._counts: dict[ViewId, int] = {}
        self._counted: tuple[int, int, int, dt.date] | None = None
        """The state of the file, and the day, that these are of: those of a date are counted row by row."""

    def counts(self) -> dict[ViewId, int]:
        """Rows of every view."""
        today = self._today()
        with self._cache.snapshot():
            state = *self._cache.moment(), today
            if state != self._counted:
                sizes = self._sizes()
                found = {view: sum(sizes.get(group, 0) for group in groups(view)) for view in VIEWS}
                self._counts = found | {view: self._count_dated(view, sizes) for view in DATED}
                self._counted = state
            return dict(self._counts)

    def _sizes(self) -> dict[int, int]:
        """Rows of the groups that have any."""
        return dict(self._cache.rows(COUNTS))

    def _count_dated(self, view: ViewId, sizes: dict[int, int]) -> int:
        first, end = span(view, self._today())
        slots = self._slots(view, "due", sizes)
        return sum(self._count_between(slot, first, end) for slot in slots)

    def _count_between(self, slot: int, first: bytes, end: bytes) -> int:
        rest = self._cache.deferred
        more = rest.more(slot, first, end) if rest is not None else None
        # Of thousands that move the numbers are known before they are written.
        read = self._cache.one if more is None else self._cache.one_as_written
        found: int = read(_COUNT_BETWEEN, (slot, first, end))[0]
        return found + (more or 0)

    def _slots(self, view: ViewId, sort: SortId, sizes: dict[int, int]) -> tuple[int, ...]:
        """The slots of a view that have rows; with those of empty groups a merge would cost twice as much."""
        return slots([group for group in groups(view) if group in sizes], self._position(sort_of(view, sort)))

    def _position(self, sort: SortId) -> int:
        """Where among the orders of a group this one is."""
        return self._spelling().position if sort == "authority" else SORTS.index(sort)

    @property
    def alphabet(self) -> str:
        """The alphabet by which names are shown in order."""
        return self._spelling().alphabet

    def _spelling(self) -> Spelling:
        """By which alphabet the order of names that is shown was made."""
        return Spelling(*self._cache.one(SPELLING))

    def window(self, view: ViewId, sort: SortId, after: bytes | None, limit: int) -> list[Row]:
        """Rows behind a key, or the first ones."""
        return self._window(view, sort, " and key > ?" if after is not None else "", after, limit)

    def window_before(self, view: ViewId, sort: SortId, before: bytes | None, limit: int) -> list[Row]:
        """Rows in front of a key (the nearest ones, in the view's order), or the last ones."""
        return self._window(view, sort, " and key < ?" if before is not None else "", before, limit, back=True)

    def window_at(self, view: ViewId, sort: SortId, offset: int, limit: int) -> list[Row]:
        """Rows from a position on, counted from 0."""
        with self._cache.snapshot():
            sizes = self._sizes()
            if view in DATED:
                if not 0 <= offset < self._count_dated(view, sizes):
                    return []
                key = self._dated_key_at(view, offset, sizes)
            else:
                sizes = {group: sizes[group] for group in groups(view) if group in sizes}
                if not 0 <= offset < sum(sizes.values()):
                    return []
                key = self._key_at(sort, offset, sizes)
            return self._window(view, sort, " and key >= ?", key, limit)

    def _dated_key_at(self, view: ViewId, offset: int, sizes: dict[int, int]) -> bytes:
        first, end = span(view, self._today())
        sql = keys_sql(self._slots(view, "due", sizes), " and key >= ?1 and key < ?2", "1 offset ?3")
        key: bytes = self._cache.one(sql, (first, end, offset))[0]
        return key

    def _key_at(self, sort: SortId, offset: int, sizes: dict[int, int]) -> bytes:
        """The key at a position: by way of the largest group, so that few rows have to be merged."""
        largest = max(sizes, key=lambda group: sizes[group])
        position = self._position(sort)
        here = min(offset, sizes[largest] - 1)
        if here * 2 > sizes[largest]:
            found = self._cache.one(_NTH_LAST, (largest * 8 + position, sizes[largest] - 1 - here))
        else:
            found = self._cache.one(_NTH, (largest * 8 + position, here))
        key: bytes = found[0]
        others = [group * 8 + position for group in sizes if group != largest]
        ahead = here + sum(self._cache.one(_COUNT_BEFORE, (slot, key))[0] for slot in others) - offset
        slots_of_all = slots(sizes, position)
        if ahead > 0:
            sql = keys_sql(slots_of_all, " and key < ?1", "1 offset ?2", back=True)
            key = self._cache.one(sql, (key, ahead - 1))[0]
        elif ahead < 0:
            key = self._cache.one(keys_sql(slots_of_all, " and key > ?1", "1 offset ?2"), (key, -ahead - 1))[0]
        return key

    def before(self, view: ViewId, sort: SortId, key: bytes) -> int:
        """How many rows of a view stand in front of a key."""
        with self._cache.snapshot():
            found = self._slots(view, sort, self._sizes())
            if view in DATED:
                first, end = span(view, self._today())
                return sum(self._cache.one(_COUNT_BETWEEN, (slot, first, min(key, end)))[0] for slot in found)
            return sum(self._cache.one(_COUNT_BEFORE, (slot, key))[0] for slot in found)

    def numbers(self, view: ViewId, sort: SortId, first: bytes, last: bytes, limit: int) -> list[int]:
        """The numbers of the rows of a view from one key to another, both included, in its order."""
        with self._cache.snapshot():
            found = self._slots(view, sort, self._sizes())
            if not found:
                return []
            if view in DATED:
                begin, end = span(view, self._today())
                sql = keys_sql(found, " and key >= ?1 and key <= ?2 and key >= ?4 and key < ?5", "?3")
                return [n for _key, n in self._cache.rows(sql, (first, last, limit, begin, end))]
            sql = keys_sql(found, " and key >= ?1 and key <= ?2", "?3")
            return [n for _key, n in self._cache.rows(sql, (first, last, limit))]

    def with_reference(self, reference: str) -> list[tuple[int, str]]:
        """(desk number, id) of the cases with this reference, by desk: from the order of references."""
        with self._cache.snapshot():
            places = slots(self._sizes(), self._position("reference"))
            if not places or not reference or not _is_text(reference):
                return []
            begin = reference.encode()[:40]
            sql = keys_sql(places, " and key >= ?1 and key < ?2", "-1")
            numbers = [n for _key, n in self._cache.rows(sql, (begin + b"\0", begin + b"\1"))]
            # Only their beginnings are compared in the order.
            return sorted(self._cache.rows(_REFERRED, (str(numbers), reference)))

    def names(self, begin: str, limit: int) -> list[str]:
        """Names of other sides that begin with these folded letters, in order, each once."""
        from imi_core.collation import beginnings

        with self._cache.snapshot():
            spelling = self._spelling()
            places = slots(self._sizes(), spelling.position)
            sql = keys_sql(places, " and key >= ?1 and key < ?2", "1")
            found: list[str] = []
            for first in beginnings(begin, spelling.alphabet) if places else ():
                found += self._names(sql, first.encode(), begin, spelling.alphabet, limit - len(found))
            return found

    def _names(self, sql: str, first: bytes, begin: str, alphabet: str, limit: int) -> list[str]:
        out: list[str] = []
        at, end = first, first + b"\xff"
        while len(out) < limit and (found := self._cache.one(sql, (at, end))) is not None:
            (name,) = self._cache.one("select counterpart from listing where n = ?", (found[1],))
            at = behind(name_key(name, alphabet))
            if fold(name).startswith(begin):
                out.append(name)
        return out

    def row(self, desk: str, id: str, view: ViewId, sort: SortId) -> Row | None:
        """One case's row as it stands in a view and order; also where it has just left that view."""
        number = self._desks.number(desk)
        found = self._shown(ONE, (number, id), _NUMBER) if number is not None else ()
        return self.made(found[0], sort_of(view, sort)) if found else None

    def made(self, found: Any, sort: SortId) -> Row:
        """A row from `COLUMNS`, with its key in `sort`."""
        due, activity, reference = found[9], found[10], found[3]
        names = [name_key(found[8], self._spelling().alphabet)] if sort == "authority" else []
        in_order = keys(due, activity, reference, names, tail(found[2], found[1]))
        return self.as_row(in_order[SORTS.index(sort)], found)

    def _window(
        self, view: ViewId, sort: SortId, where: str, key: bytes | None, limit: int, *, back: bool = False
    ) -> list[Row]:
        """At most `limit` rows of a view whose key is as `where` says of `key`, the first or (`back`) the last."""
        found = self._slots(view, sort, self._sizes())
        if not found:
            return []
        values: tuple[Any, ...] = span(view, self._today()) if view in DATED else ()
        if key is not None:
            values += (key,)
        asked = found, numbered(view in DATED, where), f"?{len(values) + 1}"
        rows = self._shown(window_sql(*asked, back=back), (*values, limit), keys_sql(*asked, back=back))
        # The rows come in the order of the window, which SQL does not promise of what is joined to it.
        return [self.as_row(row[0], row[1:]) for row in sorted(rows, key=_key)]

    def _shown(self, sql: str, values: tuple[Any, ...], numbers: str) -> list[Any]:
        """What a statement reads of few rows; `numbers`: the one that tells which they are, last in what it brings."""
        if (rest := self._cache.deferred) is None:
            return self._cache.rows(sql, values)
        rest.show([found[-1] for found in self._cache.rows(numbers, values)])
        return self._cache.rows_as_written(sql, values)

    def as_row(self, key: bytes, found: Any) -> Row:
        """A row from its key in the order it was read in and `COLUMNS`."""
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
            n=found[0],
            asleep=bool(found[17] & VIEW_BIT["put_off"]),
            handler=found[18],
            assigning=found[19],
        )


def _is_text(given: str) -> bool:
    """Whether it can be stored: an argument of a command may have bytes in it that are no letters."""
    try:
        given.encode()
    except UnicodeEncodeError:
        return False
    return True


def iso(microseconds: int) -> str:
    """A time as ISO 8601 in UTC, to the second; empty for 0."""
    if not microseconds:
        return ""
    return (_EPOCH + dt.timedelta(microseconds=microseconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
