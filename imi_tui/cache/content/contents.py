"""Contents of cases, kept apart from their heads: what is here, what is wanted, and in which order it is fetched.

A head is enough for a row of a list. The content of a case (`imi_core.case.CONTENT`) and its entries come behind it:
first what somebody has opened, then what this desk has to do by its date, then the rest, the latest activity first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from imi_core.case import CONTENT, FIXED
from imi_tui.cache.model import ASIDE
from imi_tui.cache.order import VIEW_BIT
from imi_tui.cache.wire import Sent, convert, decode, encode, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from imi_core.case import Case
    from imi_tui.cache.storage.db import Database

OPENED, TODO, REST = 0, 1, 2
"""Priorities; `TODO` is what this desk has to do. Behind them comes `ASIDE`, with the second (since 1970) from which it
is asked for again as its rank."""
_NUMBER = "(select n from listing where desk = ? and id = ?)"
_WANT = (
    "insert into wanted(n, priority, rank, whole) values(?, ?, ?, ?) on conflict(n) do update set"
    " whole = max(whole, excluded.whole), rank = excluded.rank, priority = min(priority, excluded.priority)"
)
_NO_DUE = 99_999_999
_TODO = VIEW_BIT["todo"]


class Wanted(NamedTuple):
    """A case whose content is to be fetched. `whole`: its head may be older than its content too."""

    desk: str
    id: str
    whole: bool


class NewRow(NamedTuple):
    """A row of the listing that this transaction made: nothing else is here of its case."""

    n: int
    views: int
    due: str
    activity: int


class Verdict(NamedTuple):
    """Numbers of cases whose content is here, and of those for which it has to come; whether any had to go."""

    here: list[int]
    missing: list[int]
    hidden: bool


class Content(msgspec.Struct, kw_only=True, rename="camel", omit_defaults=True):
    """The content of a case on the wire, as of a version and at a level. Members are in the order of `Case`."""

    id: str
    version: int = 1
    content_version: int = 1
    level: str = "full"
    request: dict[str, Any] = {}
    questions: list[str] = []
    answers: dict[str, Any] = {}
    answered: dict[str, int] = {}


def head_of(wire: Any) -> Any:
    """A case without its content. One that came read already has none."""
    if type(wire) is Sent or wire.keys().isdisjoint(CONTENT):
        return wire
    return {name: value for name, value in wire.items() if name not in CONTENT}


def content_of(wire: Any) -> Content:
    """The content of a case. Raises `BadObject`."""
    return convert(Content, plain(wire))


def contents_of(wires: Sequence[Any]) -> list[Content]:
    """`content_of` of each, where it is not read so already."""
    if all(type(wire) is Content for wire in wires):
        return list(wires)
    try:
        return msgspec.convert(list(map(plain, wires)), list[Content])
    except (msgspec.ValidationError, RecursionError, OverflowError):
        # Says which one.
        return [content_of(wire) for wire in wires]


def whole_case(head: bytes, content: bytes | None) -> dict[str, Any]:
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
        answered=stored.get("answered", {}),
    )


def _listed(ids: Iterable[str]) -> str:
    """Ids as the argument of `json_each`."""
    return encode(list(ids)).decode()


class Contents:
    """The tables `content` and `wanted`. All writing is inside a transaction of the cache."""

    def __init__(self, cache: Database) -> None:
        self._cache = cache

    def renewed(self, desk: int, updates: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Heads that came without their fixed members, with those of the stored ones; unknown cases are left out."""
        sql = (
            "select l.id, c.wire from json_each(?) j cross join listing l on l.desk = ? and l.id = j.value"
            " join confirmed c on c.n = l.n"
        )
        heads = dict(self._cache.rows(sql, (_listed(str(each.get("id", "")) for each in updates), desk)))
        out: list[dict[str, Any]] = []
        for update in updates:
            head = heads.get(str(update.get("id", "")))
            if head is not None:
                stored = decode(head)
                out.append({name: stored[name] for name in FIXED if name in stored} | update)
        return out

    def put(self, contents: Sequence[Content], numbers: Mapping[str, int]) -> None:
        """Inside: keep these; of cases without a head here, which have no number, nothing is kept."""
        if not contents:
            return
        rows = {
            numbers[each.id]: (numbers[each.id], each.content_version, each.level, encode(_members(each)))
            for each in contents
            if each.id in numbers
        }
        # Translations go with what may no longer be seen; where it is only replaced nothing would delete them.
        self._cache.many(
            "delete from content where n = ?", [(n,) for n, _, level, _ in rows.values() if level != "full"]
        )
        self._cache.many("insert or replace into content values(?, ?, ?, ?)", [rows[n] for n in sorted(rows)])
        self._cache.run("delete from wanted where n in (select value from json_each(?))", (str(list(rows)),))

    def with_pending(self, desk: int, ids: Iterable[str]) -> list[str]:
        """Those of these cases for which something waits in the outbox."""
        sql = (
            "select l.id from json_each(?) j cross join listing l on l.desk = ? and l.id = j.value"
            " where l.pending > 0 or l.rejected > 0"
        )
        return [id for (id,) in self._cache.rows(sql, (_listed(ids), desk))]

    def numbers(self, desk: int, ids: Iterable[str]) -> dict[str, int]:
        """The rows of these cases."""
        sql = "select l.id, l.n from json_each(?) j cross join listing l on l.desk = ? and l.id = j.value"
        return dict(self._cache.rows(sql, (_listed(ids), desk)))

    def without(self, desk: int | None, ids: Iterable[str]) -> dict[str, tuple[int, int, bytes]]:
        """Those of these cases of which nothing but the head is here, nor in the index or the outbox, by id.

        Each with its row, its latest activity and its head.
        """
        sql = (
            "select l.id, l.n, l.activity, c.wire from json_each(?) j cross join listing l on l.desk = ?"
            " and l.id = j.value join confirmed c on c.n = l.n where l.pending = 0 and l.rejected = 0"
            " and not exists (select 1 from content t where t.n = l.n)"
            " and not exists (select 1 from document d where d.n = l.n)"
            " and not exists (select 1 from entry e where e.n = l.n and e.n > 0)"
            " and not exists (select 1 from translation r where r.n = l.n)"
        )
        return {id: (n, activity, head) for id, n, activity, head in self._cache.rows(sql, (_listed(ids), desk))}

    def judge(self, desk: int, heads: Sequence[Case], known: set[str], new: Mapping[str, NewRow]) -> Verdict:
        """Inside, behind the listing: want the contents that are missing or older than these heads say.

        `known` are the cases that came without their fixed members, `new` those of which no content can be here.
        Content that may no longer be seen is deleted.
        """
        sql = (
            "select l.id, l.n, l.views, l.due, l.activity, t.version, t.level from json_each(?) j"
            " cross join listing l on l.desk = ? and l.id = j.value left join content t on t.n = l.n"
        )
        stored = [case.id for case in heads if case.id not in new]
        found: dict[str, tuple[Any, ...]] = {id: (*row, None, None) for id, row in new.items()}
        if stored:
            found |= {row[0]: row[1:] for row in self._cache.rows(sql, (_listed(stored), desk))}
        here, wanted, hidden = [], [], []
        for case in heads:
            if case.id not in found:
                continue
            n, views, due, activity, version, level = found[case.id]
            if level == "full" and case.level != "full":
                hidden.append((n,))
            elif version is not None and version >= case.content_version and level == case.level:
                here.append(n)
                continue
            if views & _TODO:
                wanted.append((n, TODO, int(due.replace("-", "")) if due else _NO_DUE, case.id in known))
            else:
                wanted.append((n, REST, -activity, case.id in known))
        self._cache.many("delete from content where n = ?", hidden)
        self._cache.many(_WANT, wanted)
        return Verdict(here, [row[0] for row in wanted], bool(hidden))

    def want(self, desk: int, id: str) -> bool:
        """Inside: somebody opened a case; whether its content still has to come."""
        self._cache.run(
            f"insert into wanted(n, priority, rank, whole) select l.n, {OPENED}, 0, 0 from listing l"  # noqa: S608
            " join confirmed c on c.n = l.n left join content t on t.n = l.n"
            " where l.desk = ? and l.id = ? and t.n is null on conflict(n) do nothing",
            (desk, id),
        )
        sql = f"update wanted set priority = {OPENED} where n = {_NUMBER} and priority < {ASIDE}"  # noqa: S608
        self._cache.run(sql, (desk, id))
        return self.is_wanted(desk, id)

    def is_missing(self, desk: int, id: str) -> bool:
        """Whether a confirmed case's content is not here, or older than its head."""
        sql = (
            "select 1 from listing l join confirmed c on c.n = l.n left join content t on t.n = l.n"
            " left join wanted w on w.n = l.n where l.desk = ? and l.id = ? and (t.n is null or w.n is not null)"
        )
        return self._cache.one(sql, (desk, id)) is not None

    def is_opened(self, desk: int, id: str) -> bool:
        """Whether its content is wanted most urgently already, or was put aside and cannot be hurried."""
        sql = f"select 1 from wanted where n = {_NUMBER} and priority in ({OPENED}, {ASIDE})"  # noqa: S608
        return self._cache.one(sql, (desk, id)) is not None

    def is_aside(self, desk: int | None, id: str) -> bool:
        """Whether a case's content came in a form that cannot be used."""
        sql = f"select 1 from wanted where n = {_NUMBER} and priority = {ASIDE}"  # noqa: S608
        return self._cache.one(sql, (desk, id)) is not None

    def put_aside(self, desk: int | None, ids: Iterable[str], until: int) -> None:
        """Inside: not asked for again before this second, unless its head changes."""
        self._cache.many(
            f"insert into wanted select n, {ASIDE}, ?, 0 from listing where desk = ? and id = ?"  # noqa: S608
            " on conflict(n) do update set priority = excluded.priority, rank = excluded.rank",
            [(until, desk, id) for id in ids],
        )

    def has_aside(self) -> bool:
        """Whether anything was put aside."""
        return self._cache.one("select 1 from wanted where priority = ? limit 1", (ASIDE,)) is not None

    def ask_again(self, now: int) -> None:
        """Inside: what was put aside until now is wanted like the rest."""
        sql = f"update wanted set priority = {REST}, rank = 0 where priority = {ASIDE} and rank <= ?"  # noqa: S608
        self._cache.run(sql, (now,))

    def want_again(self, desk: int | None, ids: Iterable[str], priority: int = REST) -> None:
        """Inside: want the contents and entries of these, whatever their heads say."""
        self._cache.many(
            "insert into wanted select n, ?, -activity, 0 from listing where desk = ? and id = ?"
            " on conflict(n) do nothing",
            [(priority, desk, id) for id in ids],
        )

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
        """How many contents are still to come."""
        found: int = self._cache.one(f"select count(*) from wanted where priority < {ASIDE}")[0]  # noqa: S608
        return found


def _members(content: Content) -> dict[str, Any]:
    given = {
        "request": content.request,
        "questions": content.questions,
        "answers": content.answers,
        "answered": content.answered,
    }
    return {name: value for name, value in given.items() if value}
