"""Who at a desk looked after its cases before: what the server told, and of which cases it is still to be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from imi_tui.cache.wire import decode, encode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from imi_core.case import Case
    from imi_tui.cache.storage.db import Database

_WANTED = "select l.desk, l.id from history_wanted w cross join listing l on l.n = w.n order by w.n desc limit ?"
_KEEP = (
    "insert or replace into history select l.n, ?3, ?4 from listing l"
    " where l.desk = ?1 and l.id = ?2 and exists (select 1 from confirmed c where c.n = l.n)"
)
_SERVED = "delete from history_wanted where n in (select n from listing where desk = ? and id = ?)"
_WANT = (
    "insert or ignore into history_wanted select ?1"
    " where not exists (select 1 from history where n = ?1 and version >= ?2)"
)


class Stand(NamedTuple):
    """How a case that arrives is assigned: its row's number, the version; 0 where nothing is left of it."""

    n: int
    version: int


def stand(n: int, case: Case) -> Stand | None:
    """What of an arriving case concerns its history; None where there is none, or it is what the case says itself."""
    given = case.assignment
    if given is None or (given.version == 1 and given.by):
        return None
    # Of an erased case nobody is named any more.
    return Stand(n, given.version if given.by else 0)


class Histories:
    """Reading and writing; writing is inside a transaction of the cache."""

    def __init__(self, cache: Database) -> None:
        self._cache = cache

    def of(self, desk: int | None, id: str, now: Mapping[str, Any] | None) -> tuple[dict[str, Any], ...]:
        """All assignments of a case that are known here, in order; `now` is the one it has."""
        sql = "select h.wire from listing l join history h on h.n = l.n where l.desk = ? and l.id = ?"
        found = self._cache.one(sql, (desk, id)) if now else None
        kept: list[dict[str, Any]] = decode(found[0]) if found is not None else []
        last = [dict(now)] if now else []
        return (*(each for each in kept if each["version"] < last[0]["version"]), *last)

    def want(self, stands: Iterable[Stand]) -> None:
        """Inside: ask for what is not known of these, and forget what is left of those that were erased."""
        stands = list(stands)
        self._cache.many(_WANT, [each for each in stands if each.version])
        self._cache.many("delete from history where n = ?", [(each.n,) for each in stands if not each.version])

    def wanted(self, limit: int) -> list[tuple[int, str]]:
        """(desk number, case id) of cases to be asked for, the latest first."""
        return self._cache.rows(_WANTED, (limit,))

    def keep(self, desk: int, histories: Mapping[str, Sequence[dict[str, Any]]]) -> None:
        """Inside: what the server told of these cases."""
        rows = [(desk, id, max(each["version"] for each in told), encode(list(told))) for id, told in histories.items()]
        self._cache.many(_KEEP, rows)

    def served(self, desk: int, ids: Iterable[str]) -> None:
        """Inside: these are not asked for again before something changes."""
        self._cache.many(_SERVED, [(desk, id) for id in ids])
