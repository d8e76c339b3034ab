"""What lists in groups are read from: indexes of the listing, and how many cases each group has.

Both are made when a grouping is first asked for, beside the caller where there are many cases. SQLite keeps them true
from then on, the sizes by triggers; who never groups pays nothing. What nobody groups by any more is removed.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import apsw

from imi_tui.cache.errors import CacheError
from imi_tui.cache.listing.rows import COUNTS
from imi_tui.cache.order import sort_of
from imi_tui.cache.storage.db import typed_error

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from imi_tui.cache.model import GroupId, SortId, ViewId
    from imi_tui.cache.storage.db import Database

AT_ONCE = 20_000
"""Up to so many cases an index is made while the key waits for it."""
VALUES: dict[str, tuple[str, ...]] = {
    "country": ("country",),
    "authority": ("country", "counterpart"),
    "area": ("procedure",),
    "procedure": ("procedure",),
    "state": ("procedure", "state", "mine"),
    "handler": ("handler",),
}
"""What the cases of a group have in common; areas are groups of procedures."""
_LATEST = "printf('%016x%010x', 9223372036854775807 - activity, n)"
PLACES: dict[str, str] = {
    "due": f"cast((case due when '' then '9' else due end) || {_LATEST} as blob)",
    "activity": f"cast({_LATEST} as blob)",
    "reference": "cast((case reference when '' then '1' else '0' || reference || char(1) end)"
    " || printf('%010x', n) as blob)",
    "authority": f"cast({_LATEST} as blob)",
}
"""Where a case stands within its group, as bytes that compare in the order. An index holds the very same text.

By name it would have to be made anew for every alphabet: there it is where a case stands among those with its name.
"""
LATEST_BYTES = 26
_TABLE = (
    "create table if not exists grouped_size(kind text not null, views integer not null, value text not null,"
    " name text not null, cases integer not null, primary key (kind, views, value, name)) strict, without rowid"
)
_MADE = "select name from sqlite_master where name like 'grouped\\_%' escape '\\'"


def order_in(view: ViewId, by: GroupId, sort: SortId) -> SortId:
    """The order within groups where `sort` is asked for. Groups by authority stand in the order of names themselves."""
    return "due" if by == "due" or (by, sort) == ("authority", "authority") else sort_of(view, sort)


def value_sql(by: GroupId, of: str = "") -> str:
    """What a row's group is told by; `of` names the row, with a dot."""
    return " || ' ' || ".join(of + column for column in VALUES[by])


def index_name(by: GroupId, sort: SortId) -> str:
    """The index in which a grouping is read in an order."""
    return f"grouped_{_own(by)}_{sort}"


def kinds(by: GroupId, sort: SortId) -> list[str]:
    """The kinds of sizes that a grouping takes in an order: of its groups, and of each name's part in them."""
    return [_own(by), f"{_own(by)} by name"] if sort == "authority" else [_own(by)]


def _own(by: GroupId) -> GroupId:
    # Areas are read as procedures.
    return "procedure" if by == "area" else by


class GroupIndex:
    """Makes what groups are read from, and knows whether it is there. `tell` is called when it has been made."""

    def __init__(self, cache: Database, tell: Callable[[], None]) -> None:
        self._cache = cache
        self._tell = tell
        self._known: tuple[int, frozenset[str]] = (-1, frozenset())
        self._making: threading.Thread | None = None
        self.problem: CacheError | None = None
        """Why it could not be made the last time."""

    def ready(self, view: ViewId, by: GroupId, sort: SortId) -> bool:
        """Whether a view can be read in these groups."""
        return by == "due" or self._made().issuperset(_needed(by, order_in(view, by, sort)))

    def _made(self) -> frozenset[str]:
        moment = self._cache.connection.pragma("schema_version")
        if self._known[0] != moment:
            self._known = moment, frozenset(name for (name,) in self._cache.rows(_MADE))
        return self._known[1]

    def prepare(self, view: ViewId, by: GroupId, sort: SortId, *, wait: bool = False) -> bool:
        """Make what reading these groups takes; whether it is there.

        With many cases it is made beside the caller, and told when it is there, unless the caller would `wait`.
        Raises `CacheBusy`, `DiskFull` where it is made at once.
        """
        if self.ready(view, by, sort):
            return True
        parts = _making(by, order_in(view, by, sort), self._made())
        few = sum(rows for _no, rows in self._cache.rows(COUNTS)) <= AT_ONCE
        again = self._cache.again
        if wait or few or again is None:
            for part in parts:
                with self._cache.write():
                    for sql in part:
                        self._cache.run(sql)
            return True
        if not self.making:
            self.problem = None
            self._making = threading.Thread(target=self._make, args=(again, parts), name="imi-groups", daemon=True)
            self._making.start()
        return False

    @property
    def making(self) -> bool:
        """Whether something is being made beside the caller."""
        return self._making is not None and self._making.is_alive()

    def _make(self, again: Callable[[], apsw.Connection], parts: Iterable[list[str]]) -> None:
        try:
            connection = again()
            try:
                for part in parts:
                    with self._cache.write_queue.turn(), connection:
                        for sql in part:
                            connection.execute(sql)
            finally:
                connection.close()
        except apsw.Error as error:
            self.problem = typed_error(error, "cache")
        except CacheError as error:
            self.problem = error
        self._tell()

    def drop_unused(self, used: Collection[tuple[GroupId, SortId]]) -> None:
        """Remove what no list that is still shown in groups is read from: it would be kept true for nobody."""
        needed = {name for by, sort in used if by != "due" for name in _needed(by, sort)}
        for name in sorted(self._made() - needed):
            with self._cache.write():
                if name.endswith(_TRIGGERS):
                    self._cache.run(f'drop trigger "{name}"')
                    kind = name.removeprefix("grouped_size ").rpartition(" ")[0]
                    self._cache.run("delete from grouped_size where kind = ?", (kind,))
                elif name != "grouped_size":
                    self._cache.run(f'drop index "{name}"')


_TRIGGERS = (" replaced", " new", " gone", " moved")


def _needed(by: GroupId, sort: SortId) -> set[str]:
    """The names of the index and of the triggers that reading takes."""
    return {index_name(by, sort), *(f"grouped_size {kind}{what}" for kind in kinds(by, sort) for what in _TRIGGERS)}


def _making(by: GroupId, sort: SortId, made: frozenset[str]) -> list[list[str]]:
    """The statements that make what is missing, by transaction: others may write between two."""
    index = index_name(by, sort)
    place = f"counterpart, {PLACES[sort]}" if sort == "authority" else PLACES[sort]
    out = [[f"create index if not exists {index} on listing(views, {value_sql(by)}, {place})"]]
    for kind in kinds(by, sort):
        if f"grouped_size {kind}{_TRIGGERS[-1]}" not in made:
            out.append(_sizing(kind, by, index, "counterpart" if kind != _own(by) else "''"))
    return out


def _sizing(kind: str, by: GroupId, index: str, name: str) -> list[str]:
    """The statements that count the cases of each group and keep the numbers true."""
    columns = ", ".join(dict.fromkeys(("views", *VALUES[by], "counterpart")))

    def at(of: str) -> str:
        named = name if name == "''" else of + name
        return f"kind = '{kind}' and views = {of}views and value = {value_sql(by, of)} and name = {named}"

    def new() -> str:
        # No conflict clause: that of the statement by which a trigger is fired would be used instead.
        named = name if name == "''" else f"new.{name}"
        row = f"'{kind}', new.views, {value_sql(by, 'new.')}, {named}, 0"
        return (
            f"insert into grouped_size select {row} where not exists (select 1 from grouped_size where {at('new.')});"  # noqa: S608
            f" update grouped_size set cases = cases + 1 where {at('new.')};"
        )

    def less(at: str) -> str:
        one = f"update grouped_size set cases = cases - 1 where {at};"  # noqa: S608
        return f"{one} delete from grouped_size where {at} and cases < 1;"  # noqa: S608

    gone = less(at("old."))
    old = f"select views, {value_sql(by)}, {name} from listing where n = new.n"  # noqa: S608
    # A row that another one replaces goes without a word of its own.
    replaced = less(f"kind = '{kind}' and (views, value, name) = ({old})")
    head = f'create trigger "grouped_size {kind}'
    # By what the index is sorted by and no more: else SQLite would sort all cases anew.
    sorted_by = "2, 3" if name == "''" else "2, 3, 4"
    counted = f"'{kind}', views, {value_sql(by)}, {name}, count(*) from listing indexed by {index} group by {sorted_by}"
    return [
        _TABLE,
        f"delete from grouped_size where kind = '{kind}'",  # noqa: S608
        f"insert into grouped_size select {counted}",
        f'{head} replaced" before insert on listing begin {replaced} end',
        f'{head} new" after insert on listing begin {new()} end',
        f'{head} gone" after delete on listing begin {gone} end',
        f'{head} moved" after update of {columns} on listing begin {gone} {new()} end',
    ]
