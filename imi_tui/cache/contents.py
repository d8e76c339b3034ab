"""Contents of cases, kept apart from their heads: what is here, what is wanted, and in which order it is fetched.

A head is enough for a row of a list. The content of a case (`imi_core.case.CONTENT`) and its entries come behind it:
first what somebody has opened, then what this desk has to do by its date, then the rest, the latest activity first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from imi_core.case import CONTENT, FIXED
from imi_tui.cache.order import VIEW_BIT
from imi_tui.cache.wire import convert, decode, encode

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from imi_core.case import Case
    from imi_tui.cache.db import Database

OPENED, TODO, REST = 0, 1, 2
"""Priorities; `TODO` is what this desk has to do."""
_NUMBER = "(select n from listing where desk = ? and id = ?)"
_WANT = (
    "insert into wanted(n, priority, rank, whole) select l.n, iif(l.views & ?1, 1, 2),"
    " iif(l.views & ?1, iif(l.due = '', '9', l.due), printf('%020d', 4611686018427387904 - l.activity)), ?2"
    " from listing l left join content t on t.n = l.n"
    " where l.desk = ?3 and l.id = ?4 and (t.n is null or t.version < ?5 or t.level <> ?6)"
    " on conflict(n) do update set whole = max(whole, excluded.whole), rank = excluded.rank,"
    " priority = min(priority, excluded.priority)"
)


class Wanted(NamedTuple):
    """A case whose content is to be fetched. `whole`: its head may be older than its content too."""

    desk: str
    id: str
    whole: bool


class Content(msgspec.Struct, kw_only=True, rename="camel"):
    """The content of a case on the wire, as of a version and at a level."""

    id: str
    content_version: int = 1
    level: str = "full"
    request: dict[str, Any] = {}
    questions: list[str] = []
    answers: dict[str, Any] = {}


class Judged(NamedTuple):
    """What a head says of its content. `known`: it came without its fixed members."""

    id: str
    version: int
    level: str
    known: bool


def head_of(wire: dict[str, Any]) -> dict[str, Any]:
    """A case without its content."""
    return {name: value for name, value in wire.items() if name not in CONTENT}


def content_of(wire: dict[str, Any]) -> Content:
    """The content of a case. Raises `BadObject`."""
    return convert(Content, {name: wire[name] for name in ("id", "contentVersion", "level", *CONTENT) if name in wire})


def together(head: bytes, content: bytes | None) -> dict[str, Any]:
    """The wire object of a case from both parts as they are stored."""
    out: dict[str, Any] = decode(head)
    return out | decode(content) if content is not None else out


def with_content(case: Case, content: bytes) -> Case:
    """A case that came as its head, with the content stored for it."""
    if case.request or case.questions or case.answers:
        return case
    stored = msgspec.json.decode(content)
    return msgspec.structs.replace(
        case,
        request=stored.get("request", {}),
        questions=tuple(stored.get("questions", ())),
        answers=stored.get("answers", {}),
    )


def judged(case: Case, *, known: bool = False) -> Judged:
    """What this head says of its content."""
    return Judged(case.id, case.content_version, case.level, known)


class Contents:
    """The tables `content` and `wanted`. All writing is inside a transaction of the cache."""

    def __init__(self, cache: Database) -> None:
        self._cache = cache

    def renewed(self, desk: int, updates: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """Heads that came without their fixed members, with those of the stored ones; unknown cases are left out."""
        out: list[dict[str, Any]] = []
        sql = "select c.wire from listing l join confirmed c on c.n = l.n where l.desk = ? and l.id = ?"
        for update in updates:
            found = self._cache.one(sql, (desk, str(update.get("id", ""))))
            if found is not None:
                stored = decode(found[0])
                out.append({name: stored[name] for name in FIXED if name in stored} | update)
        return out

    def put(self, desk: int, contents: Sequence[Content]) -> None:
        """Inside: keep these; of cases without a head here nothing is kept."""
        self._cache.many(
            "insert or replace into content(n, version, level, wire) select n, ?, ?, ? from listing"
            " where desk = ? and id = ?",
            [(each.content_version, each.level, encode(_members(each)), desk, each.id) for each in contents],
        )
        self._cache.many(f"delete from wanted where n = {_NUMBER}", [(desk, each.id) for each in contents])  # noqa: S608

    def with_pending(self, desk: int, ids: Iterable[str]) -> list[str]:
        """Those of these cases for which something waits in the outbox."""
        sql = "select 1 from listing where desk = ? and id = ? and (pending > 0 or rejected > 0)"
        return [id for id in ids if self._cache.one(sql, (desk, id)) is not None]

    def judge(self, desk: int, heads: Sequence[Judged]) -> bool:
        """Inside, behind the listing: want what is missing or older than these heads say.

        Content that may no longer be seen is deleted; whether there was any.
        """
        before = self._cache.connection.total_changes()
        self._cache.many(
            f"delete from content where n = {_NUMBER} and level = 'full'",  # noqa: S608
            [(desk, each.id) for each in heads if each.level != "full"],
        )
        deleted = self._cache.connection.total_changes() > before
        todo = VIEW_BIT["todo"]
        self._cache.many(_WANT, [(todo, each.known, desk, each.id, each.version, each.level) for each in heads])
        return deleted

    def want(self, desk: int, id: str) -> bool:
        """Inside: somebody opened a case; whether its content still has to come."""
        self._cache.run(
            f"insert into wanted(n, priority, rank, whole) select l.n, {OPENED}, '', 0 from listing l"  # noqa: S608
            " join confirmed c on c.n = l.n left join content t on t.n = l.n"
            " where l.desk = ? and l.id = ? and t.n is null on conflict(n) do nothing",
            (desk, id),
        )
        self._cache.run(f"update wanted set priority = {OPENED} where n = {_NUMBER}", (desk, id))  # noqa: S608
        return self.is_wanted(desk, id)

    def is_missing(self, desk: int, id: str) -> bool:
        """Whether a confirmed case's content is not here, or older than its head."""
        sql = (
            "select 1 from listing l join confirmed c on c.n = l.n left join content t on t.n = l.n"
            " left join wanted w on w.n = l.n where l.desk = ? and l.id = ? and (t.n is null or w.n is not null)"
        )
        return self._cache.one(sql, (desk, id)) is not None

    def is_opened(self, desk: int, id: str) -> bool:
        """Whether its content is wanted most urgently already."""
        sql = f"select 1 from wanted where n = {_NUMBER} and priority = {OPENED}"  # noqa: S608
        return self._cache.one(sql, (desk, id)) is not None

    def is_wanted(self, desk: int | None, id: str) -> bool:
        """Whether a case's content is missing here, or older than its head."""
        return self._cache.one(f"select 1 from wanted where n = {_NUMBER}", (desk, id)) is not None  # noqa: S608

    def next(self, limit: int, worst: int = REST) -> list[tuple[int, str, bool]]:
        """(desk number, id, whole) of what to fetch next, none of a priority behind `worst`."""
        sql = (
            "select l.desk, l.id, w.whole from wanted w cross join listing l on l.n = w.n where w.priority <= ?"
            " order by w.priority, w.rank, w.n limit ?"
        )
        return [(desk, id, bool(whole)) for desk, id, whole in self._cache.rows(sql, (worst, limit))]

    def give_up(self, desk: int | None, ids: Iterable[str]) -> None:
        """Inside: the server has none of these; they are wanted again when their heads change or they are opened."""
        self._cache.many(f"delete from wanted where n = {_NUMBER}", [(desk, id) for id in ids])  # noqa: S608

    def left(self) -> int:
        """How many contents are wanted."""
        found: int = self._cache.one("select count(*) from wanted")[0]
        return found


def _members(content: Content) -> dict[str, Any]:
    given = {"request": content.request, "questions": content.questions, "answers": content.answers}
    return {name: value for name, value in given.items() if value}
