"""Many cases at once: which are marked, how each stands, and what is done to all of them in one transaction.

Marks are numbers of rows. Nothing here asks once a case: ten thousand are read with one question.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from imi_core import workflow
from imi_core.errors import UnknownProcedure
from imi_tui.cache.model import Changed, Seen
from imi_tui.cache.order import VIEW_BIT
from imi_tui.cache.outbox.item import maker
from imi_tui.cache.wire import microseconds

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Collection, Iterable, Iterator

    from imi_core.authority import Seat
    from imi_core.case import Case
    from imi_tui.cache.bulk.kinds import CaseKinds, ListedCase
    from imi_tui.cache.listing.rows import Desks, Listing
    from imi_tui.cache.model import CaseDetail, SortId, ViewId
    from imi_tui.cache.register.directory import Directory
    from imi_tui.cache.search.finding import Finding
    from imi_tui.cache.session import SessionTable
    from imi_tui.cache.storage.db import Database

MOST = 100_000
"""Cases marked at once at most."""
PART = 2000
"""Rows that are looked at and written before the next ones: their pages are still in memory then."""
_END = b"\xff" * 64
"""Behind every key."""
_IN = "from json_each(?1) j cross join listing l on l.n = j.value"
_CASES = f"select l.n, l.desk, l.id, l.reference {_IN}"
_NUMBERS = "select l.n from json_each(?1) j cross join listing l on l.desk = j.value ->> 0 and l.id = j.value ->> 1"
_ACTIVE = (
    "select l.desk, l.id from json_each(?1) j cross join listing l"
    " on l.desk = j.value ->> 0 and l.id = j.value ->> 1 where l.activity >= ?2"
)
_WAITING = (
    "select l.desk, l.id, l.due, coalesce(c.version, 0) from json_each(?1) j cross join listing l"
    " on l.desk = j.value ->> 0 and l.id = j.value ->> 1 left join confirmed c on c.n = l.n where l.views & ?2"
)
_VERSIONS = "select c.n, c.version from json_each(?1) j cross join confirmed c on c.n = j.value"
_UNREAD = f"select l.n, l.unread, l.seen {_IN} where l.unread = 1"
_SEEN = "update listing set unread = ?, seen = ? where n = ?"


class Kind(NamedTuple):
    """What decides which actions are possible on a case: cases of one kind allow the same."""

    desk: str
    procedure: str
    version: int
    state: str
    role: str
    blocked: bool


class MarkedCase(NamedTuple):
    """A marked case: which it is, its kind, and what of it is here, on which an entry is based."""

    desk: str
    id: str
    reference: str
    kind: Kind | None
    seen: Seen
    assigned: Seen = Seen()
    handler: str = ""


class _Versions(dict[int, Seen]):
    """What is seen of a case of a version for which nothing waits: of thousands of cases it is some dozen."""

    def __missing__(self, version: int) -> Seen:
        found = self[version] = Seen(version)
        return found


class Marking:
    """Reading and writing for sets of marked cases."""

    def __init__(
        self,
        cache: Database,
        desks: Desks,
        listing: Listing,
        case_kinds: CaseKinds,
        finding: Finding,
        directory: Directory,
        session: SessionTable,
        detail: Callable[[str, str], CaseDetail | None],
        publish: Callable[[Changed], None],
    ) -> None:
        self._cache = cache
        self._desks = desks
        self._listing = listing
        self._case_kinds = case_kinds
        self._finding = finding
        self._directory = directory
        self._session = session
        self._detail = detail
        self._publish = publish
        self._cases: dict[Kind, Case] = {}

    # --- which ----------------------------------------------------------------------------------------------------

    def between(self, view: ViewId, sort: SortId, first: bytes, last: bytes) -> list[int]:
        """The numbers of the rows of a view from one key to another, both included; at most `MOST`."""
        return self._listing.numbers(view, sort, first, last, MOST)

    def all(self, view: ViewId) -> list[int]:
        """The numbers of the rows of a view; at most `MOST`."""
        return self.between(view, "due", b"", _END)

    def matching(self, text: str, view: ViewId) -> Iterator[list[int]]:
        """The numbers of the cases of a view that the search line `text` finds, in parts; at most `MOST`."""
        return self._finding.numbers(self._finding.read(text), view, MOST)

    def cases(self, numbers: Iterable[int]) -> list[tuple[str, str]]:
        """(desk, id) of these cases; those that are gone are left out."""
        rows = self._cache.rows(_CASES, (str(sorted(numbers)),))
        return [(self._desks.id(desk), id) for _n, desk, id, _reference in rows]

    def waiting(self, cases: Iterable[tuple[str, str]]) -> dict[tuple[str, str], tuple[str, int]]:
        """(deadline, version) of those cases in which this desk has to act."""
        asked = json.dumps([(self._desks.number(desk), id) for desk, id in cases])
        views = VIEW_BIT["todo"] | VIEW_BIT["put_off"]
        rows = self._cache.rows(_WAITING, (asked, views))
        return {(self._desks.id(desk), id): (due, version) for desk, id, due, version in rows}

    def active_since(self, cases: Iterable[tuple[str, str]], moment: dt.datetime) -> list[tuple[str, str]]:
        """Those of these cases in which something happened since then."""
        asked = json.dumps([(self._desks.number(desk), id) for desk, id in cases])
        rows = self._cache.rows(_ACTIVE, (asked, microseconds(moment)))
        return [(self._desks.id(desk), id) for desk, id in rows]

    def numbers(self, cases: Iterable[tuple[str, str]]) -> list[int]:
        """The numbers of these cases; those that are not here are left out."""
        asked = json.dumps([(self._desks.number(desk), id) for desk, id in cases])
        return [n for (n,) in self._cache.rows(_NUMBERS, (asked,))]

    # --- how they stand -------------------------------------------------------------------------------------------

    def standings(self, numbers: Iterable[int]) -> dict[int, MarkedCase]:
        """How each of these cases stands; those that are gone are left out."""
        wanted = sorted(numbers)
        out: dict[int, MarkedCase] = {}
        kinds: dict[int, Kind] = {}
        seen, made = _Versions(), maker(MarkedCase)
        for each in self._case_kinds.standing(wanted):
            if each.waits:
                continue
            if (kind := kinds.get(each.like)) is None:
                kind = kinds[each.like] = self._kind(each)
            given = each.head.given
            of_case = kind.desk, each.id, each.reference, kind
            out[each.n] = made((*of_case, seen[each.version], seen[given.version], given.officer))
        if others := [n for n in wanted if n not in out]:
            out |= {n: self._expected(*case) for n, case in self._rows(others)}
            return {n: out[n] for n in wanted if n in out}
        return out

    def _kind(self, row: ListedCase) -> Kind:
        desk, head = self._desks.id(row.number), row.head
        role = next((part.role for part in head.parts if part.desk == desk), "")
        kind = Kind(desk, head.procedure, head.procedure_version, head.state, role, head.blocked)
        if kind not in self._cases:
            self._cases[kind] = self._case_kinds.case(row)
        return kind

    def _rows(self, numbers: list[int]) -> list[tuple[int, tuple[str, str, str]]]:
        """(number, (desk, id, reference)) of those of these cases that are here."""
        rows = self._cache.rows(_CASES, (str(numbers),))
        return [(n, (self._desks.id(desk), id, reference)) for n, desk, id, reference in rows]

    def _expected(self, desk: str, id: str, reference: str) -> MarkedCase:
        """A case with entries of this machine, as it is expected to be."""
        found = self._detail(desk, id)
        if found is None:
            return MarkedCase(desk, id, reference, None, Seen())
        from imi_tui.cache.wire import to_case

        case = to_case(found.case)
        part = case.part_of(desk)
        kind = Kind(
            desk,
            case.procedure,
            case.procedure_version,
            case.state,
            part.role if part is not None else "",
            case.blocked,
        )
        self._cases.setdefault(kind, case)
        given = str((found.case.get("assignment") or {}).get("officer", ""))
        return MarkedCase(desk, id, reference, kind, found.seen, found.assigned, given)

    def available(self, kind: Kind | None) -> tuple[str, ...]:
        """The actions possible on cases of this kind."""
        seat = self._seat(kind)
        if kind is None or seat is None:
            return ()
        try:
            rules = self._directory.rules(kind.procedure, kind.version)
        except UnknownProcedure:
            return ()
        return workflow.available(rules, self._cases[kind], seat)

    def refusal(self, kind: Kind | None, action: str) -> str:
        """Why an action is not possible on cases of this kind, as the code of an error; "" where it is."""
        seat = self._seat(kind)
        if kind is None or seat is None:
            return "noSuchCase"
        try:
            rules = self._directory.rules(kind.procedure, kind.version)
        except UnknownProcedure:
            return "unknownProcedure"
        found = workflow.refusal(rules, self._cases[kind], seat, action)
        return found.code if found is not None else ""

    def _seat(self, kind: Kind | None) -> Seat | None:
        return self._session.core_seat(kind.desk) if kind is not None else None

    # --- read and unread ------------------------------------------------------------------------------------------

    def read(self, numbers: Collection[int]) -> list[tuple[int, int, int]]:
        """Count these cases as read; (number, unread, seen) as it was before, of those that were not."""
        wanted = sorted(numbers)
        before: list[tuple[int, int, int]] = []
        with self._writing(len(wanted)) as write:
            # How they stand is known while it is shown what is possible with them.
            known = self._case_kinds.known()
            versions = {n: known[n].version for n in wanted if n in known}
            for start in range(0, len(wanted), PART):
                found = self._cache.rows(_UNREAD, (str(wanted[start : start + PART]),))
                if missing := [n for n, _unread, _seen in found if n not in versions]:
                    versions.update(self._cache.rows(_VERSIONS, (str(missing),)))
                write([(0, versions.get(n, seen), n) for n, _unread, seen in found])
                before += found
        self._tell(bool(before))
        return before

    def unread(self, before: list[tuple[int, int, int]]) -> None:
        """Take `read` back."""
        with self._writing(len(before)) as write:
            self._case_kinds.known()
            write([(unread, seen, n) for n, unread, seen in before])
        self._tell(bool(before))

    @contextmanager
    def _writing(self, cases: int) -> Iterator[Callable[[list[tuple[int, int, int]]], None]]:
        """A transaction in which nothing else is written than what is given to its value: (unread, seen, number).

        What is known of cases has to be asked for in it, before anything is written.
        """
        written: list[tuple[int, int]] = []

        def write(rows: list[tuple[int, int, int]]) -> None:
            self._cache.many(_SEEN, rows)
            written.extend([(n, seen) for _unread, seen, n in rows])

        with self._cache.write():
            if cases > PART:
                self._cache.grow_page_cache()
            yield write
            self._case_kinds.read(written)

    def _tell(self, changed: bool) -> None:
        if changed:
            self._publish(Changed(frozenset(("cases",))))
