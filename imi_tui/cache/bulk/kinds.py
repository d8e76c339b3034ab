"""Groups cases into kinds on which an entry has the same effect, so that the rules run once per kind.

Ten thousand cases fall into a few dozen kinds. The effect is computed for one case (`imi_tui.cache.listing.fold`) and
holds for all of its kind, except for the dates of deadlines that keep running.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from imi_core.case import PartRole
from imi_core.errors import UnknownProcedure
from imi_tui.cache.content.contents import with_content
from imi_tui.cache.ids import ASSIGN
from imi_tui.cache.listing.fold import facts
from imi_tui.cache.wire import decode, to_case

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from imi_core.case import Case
    from imi_core.procedure import Rules
    from imi_tui.cache.listing.fold import Facts, Folder
    from imi_tui.cache.listing.moves import RowChange, RowMoves
    from imi_tui.cache.listing.rows import Desks
    from imi_tui.cache.outbox.item import Item
    from imi_tui.cache.register.directory import Directory
    from imi_tui.cache.storage.db import Database

MOST = 20_000
"""Rows kept in memory until they change."""
_ROWS = (
    "select l.n, l.desk, l.id, l.state, l.due, l.activity, l.mine, l.views, l.reference, l.subject, l.country,"
    " l.counterpart, l.level, l.files, l.handler, l.seen, l.pending + l.rejected + l.assigning, c.version, c.wire"
    " from json_each(?1) j cross join listing l on l.n = j.value cross join confirmed c on c.n = l.n"
)
_NUMBERS = "select l.n from json_each(?1) j cross join listing l on l.desk = j.value ->> 0 and l.id = j.value ->> 1"


class _Part(msgspec.Struct, gc=False):
    role: PartRole
    desk: str = ""
    country: str = ""


class _Deadline(msgspec.Struct, gc=False):
    code: str
    on: str
    role: PartRole


class _Assignment(msgspec.Struct, gc=False):
    version: int = 0
    officer: str = ""


_NOBODY = _Assignment()


class Head(msgspec.Struct, gc=False, rename="camel"):
    """The members of a stored case that determine its kind. Cases with an unknown role are not decoded."""

    procedure: str
    state: str
    version: int = 1
    procedure_version: int = 1
    level: str = "full"
    parts: tuple[_Part, ...] = ()
    deadlines: tuple[_Deadline, ...] = ()
    turn: PartRole | None = None
    due: str | None = None
    last_activity: dt.datetime | None = None
    closed_at: str | None = None
    blocked: bool = False
    assignment: _Assignment | None = None

    @property
    def given(self) -> _Assignment:
        """Who looks after the case."""
        return self.assignment or _NOBODY


class ListedCase(msgspec.Struct, gc=False):
    """The current row of a case in the listing, with the version of its confirmed case.

    `like`: a number shared by rows of the same `kind_of`. `waits`: number of pending or refused entries and
    assignments. `before`: state, deadline, latest activity, turn, views and handler without the pending entry, if there
    is one. `keys`, `keys_before`: sort keys of the row with and without it, once computed.
    """

    n: int
    number: int
    id: str
    state: str
    due: str
    activity: int
    mine: int
    views: int
    reference: str
    subject: str
    country: str
    counterpart: str
    level: str
    files: int
    handler: str
    seen: int
    waits: int
    version: int
    head: Head
    like: int
    before: tuple[str, str, int, int, int, str] | None = None
    keys: tuple[bytes, ...] = ()
    keys_before: tuple[bytes, ...] = ()

    def become(self, row: RowChange, keys: tuple[bytes, ...]) -> None:
        """Take over the row as written, and its new sort keys."""
        _n, state, due, activity, mine, _unread, pending, views, handler, _assigning = row
        self.keys_before, self.keys = self.keys if pending else (), keys
        stood = self.state, self.due, self.activity, self.mine, self.views, self.handler
        self.before = stood if pending else None
        self.waits = pending
        self.state, self.due, self.activity, self.mine, self.views, self.handler = (
            state,
            due,
            activity,
            mine,
            views,
            handler,
        )


class EntryEffect(NamedTuple):
    """The effect of an entry on every case of a kind.

    `due`: the earliest deadline that the entry sets, "" if it sets none. Deadlines of the case itself also count if
    their code is in `running` and their role is `turn`.
    """

    state: str
    turn: str | None
    due: str
    running: frozenset[str]
    activity: int
    mine: int
    views: int

    def due_of(self, head: Head) -> str:
        """The deadline of a case of this kind, an ISO date or empty."""
        turn, running, due = self.turn, self.running, self.due
        for each in head.deadlines:
            if each.role == turn and each.code in running and (not due or each.on < due):
                due = each.on
        return due

    def row(self, old: ListedCase, unread: int) -> tuple[int, str, str, int, int, int, int, int, str, int]:
        """What becomes of a row of this kind: the members of `RowChange`."""
        due = self.due_of(old.head) if self.running else self.due
        return old.n, self.state, due, self.activity, self.mine, unread, 1, self.views, old.handler, 0


class AssignmentEffect(NamedTuple):
    """The effect of an assignment on every case of a kind. `handler`: "" for nobody."""

    handler: str
    views: int

    def row(self, old: ListedCase, unread: int) -> tuple[int, str, str, int, int, int, int, int, str, int]:
        """What becomes of a row of this kind: the members of `RowChange`."""
        return old.n, old.state, old.due, old.activity, old.mine, unread, 1, self.views, self.handler, 1


_decode = msgspec.json.Decoder(Head).decode


class CaseKinds:
    """Reads many cases at once and computes the effect of an entry per kind of case."""

    def __init__(self, cache: Database, desks: Desks, directory: Directory, folder: Folder) -> None:
        self._cache = cache
        self._desks = desks
        self._directory = directory
        self._folder = folder
        self._known: dict[int, ListedCase] = {}
        self._likes: dict[Any, int] = {}
        self._moment = self._cache.moment()
        self._during: object = None
        """The deferred transaction whose effect on rows is known, if one is open."""
        self._moves: RowMoves | None = None
        """That effect, until it is applied to the rows in memory."""

    def numbers(self, cases: Iterable[tuple[str, str]]) -> list[int]:
        """The numbers of the rows of these cases; those that are not here are left out."""
        asked = [(self._desks.number(desk), id) for desk, id in cases]
        return [n for (n,) in self._cache.rows(_NUMBERS, (msgspec.json.encode(asked).decode(),))]

    def standing(self, numbers: Collection[int]) -> list[ListedCase]:
        """The current rows of these cases; those that cannot be decoded are left out."""
        known, likes, desk_of = self.known(), self._likes, self._desks.id
        new = [n for n in numbers if n not in known]
        for *row, wire in self._cache.rows(_ROWS, (str(new),)) if new else ():
            try:
                head = _decode(wire)
            except msgspec.ValidationError:
                continue
            if head.version == row[17]:
                like = likes.setdefault((row[1], kind_of(head, desk_of(row[1]), None)), len(likes))
                known[row[0]] = ListedCase(*row, head, like)  # type: ignore[call-arg]
        found = [known[n] for n in numbers if n in known]
        if len(known) > MOST:
            self.forget()
        return found

    def known(self) -> dict[int, ListedCase]:
        """The rows in memory, all of them up to date."""
        goes_on = self._during is not None and self._during is self._cache.deferred
        if not goes_on and self._moment != self._cache.moment():
            self.forget()
        if self._moves is not None:
            self._moves.done()
            self._moves = None
        return self._known

    def read(self, seen: Iterable[tuple[int, int]]) -> None:
        """Take over that rows were marked as read up to these versions and nothing else changed since `known`."""
        for n, version in seen:
            if n in self._known:
                self._known[n].seen = version
        self._moment = self._cache.moment()

    def forget(self) -> None:
        """Drop all rows from memory."""
        self._known.clear()
        self._during = self._moves = None
        self._moment = self._cache.moment()

    def moved(self, moves: RowMoves, during: object) -> None:
        """These rows changed in the deferred transaction `during`; nothing else is written before it ends."""
        self._during, self._moves = during, moves

    def over(self, moment: tuple[int, int, int]) -> None:
        """That transaction was committed; `moment` is `Database.moment` afterwards."""
        self._during, self._moment = None, moment

    def rules(self, head: Head) -> Rules | None:
        """The rules of a case; None if they are not on this machine."""
        try:
            return self._directory.rules(head.procedure, head.procedure_version)
        except UnknownProcedure:
            return None

    def unchanged(self, desk: str, standing: ListedCase, officer: str, *, asleep: bool) -> Facts | None:
        """The row of a case without pending entries; None if it cannot be derived from the kind."""
        case = self.case(standing)
        return self._row(desk, standing, case, officer, asleep=asleep)

    def effect(
        self, desk: str, standing: ListedCase, item: Item, officer: str, *, asleep: bool
    ) -> EntryEffect | AssignmentEffect | None:
        """The effect of an entry on a case, and so on all of its kind; None if the kind does not determine it."""
        case = self.case(standing)
        found = self._cache.one("select wire from content where n = ?", (standing.n,))
        if found is not None:
            case = with_content(case, found[0])
        folded = self._folder.fold(desk, standing.id, case, [item])
        shown = folded.case
        if shown is None or item.client_ref not in (folded.assigned if item.action == ASSIGN else folded.versions):
            return None
        row = self._row(desk, standing, shown, officer, asleep=asleep)
        if row is None:
            return None
        if item.action == ASSIGN:
            return AssignmentEffect(row.handler, row.views)
        # What goes on is taken over as it is; what is new has been made.
        before = {id(each) for each in case.deadlines}
        new = [each.on.isoformat() for each in shown.deadlines if id(each) not in before and each.role == shown.turn]
        running = frozenset(each.code for each in shown.deadlines if id(each) in before)
        return EntryEffect(row.state, shown.turn, min(new, default=""), running, row.activity, row.mine, row.views)

    def case(self, standing: ListedCase) -> Case:
        """Its confirmed case."""
        case: Case = to_case(decode(self._cache.one("select wire from confirmed where n = ?", (standing.n,))[0]))
        return case

    def _row(self, desk: str, standing: ListedCase, case: Case, officer: str, *, asleep: bool) -> Facts | None:
        state = self._directory.state_facts(case.procedure, case.procedure_version, case.state)
        if state is None:
            return None
        row = facts(desk, case, state, asleep=asleep, officer=officer)
        kept = row.reference, row.subject, row.country, row.counterpart, row.level, row.files
        here = standing.reference, standing.subject, standing.country, standing.counterpart
        return row if kept == (*here, standing.level, standing.files) else None


def is_uniform(rules: Rules, action: str) -> bool:
    """Whether an action has the same effect on all cases of a kind, regardless of content and other side.

    For an action with an addressee, `hands_on` has to hold as well.
    """
    if action == ASSIGN:
        return True
    found = rules.lifecycle.actions.get(action)
    if found is None or found.starts or found.form in ("request", "reply"):
        return False
    form = rules.form(found.form) if found.form else None
    return form is None or not any(field.type in ("question", "questions") for field in form.fields)


def hands_on(rules: Rules, action: str, head: Head, desk: str) -> bool:
    """Whether the addressee of an action takes over this desk's part in the case, so that the other side stays."""
    found = rules.lifecycle.actions[action]
    return any(part.desk == desk and part.role == found.target for part in head.parts)


def kind_of(head: Head, desk: str, counted: frozenset[str] | None) -> tuple[Any, ...]:
    """The kind of a case: everything that decides what an action does to it.

    `counted`: roles by whose country deadlines are computed; None if any of them may matter.
    """
    return (
        head.procedure,
        head.procedure_version,
        head.state,
        head.turn,
        head.level,
        head.blocked,
        head.closed_at is None,
        *[
            (part.role, part.desk == desk, part.country if counted is None or part.role in counted else "")
            for part in head.parts
        ],
        *[(each.code, each.role) for each in head.deadlines],
    )
