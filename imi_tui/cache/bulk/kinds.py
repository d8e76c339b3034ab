"""Cases that fare alike under one entry: what becomes of them is worked out once for a kind, by the rules themselves.

Ten thousand cases are of some dozen kinds. What an entry makes of one (`imi_tui.cache.listing.fold`) it makes of every
other one of its kind; only the dates of those deadlines that it leaves running are each case's own.
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
    from imi_tui.cache.listing.moves import Becomes, Moves
    from imi_tui.cache.listing.rows import Desks
    from imi_tui.cache.outbox.item import Item
    from imi_tui.cache.register.directory import Directory
    from imi_tui.cache.storage.db import Database

MOST = 20_000
"""Rows that are remembered until they change."""
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
    """What of a stored case its kind is made of. One with a role that these rules do not know is not read."""

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


class Standing(msgspec.Struct, gc=False):
    """A row of the listing as it stands, with the version of its confirmed case.

    `like`: the same number for rows that `kind_of` does not tell apart. `waits`: so many entries and assignments wait
    for it here or were refused. `before`: state, deadline, latest activity, whose turn it is, views and handler of one
    for which an entry waits now, as they were without it. `keys`, `keys_before`: where it stands in the orders, and
    stood then, if that was worked out.
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

    def become(self, row: Becomes, keys: tuple[bytes, ...]) -> None:
        """The row was written so, and stands at these keys."""
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


class Effect(NamedTuple):
    """What an entry makes of every case of a kind.

    `due` is the earliest of the deadlines that it sets, "" where it sets none; those with a code in `running`, if they
    are the `turn`'s, count besides.
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

    def row(self, old: Standing, unread: int) -> tuple[int, str, str, int, int, int, int, int, str, int]:
        """What becomes of a row of this kind: the members of `Becomes`."""
        due = self.due_of(old.head) if self.running else self.due
        return old.n, self.state, due, self.activity, self.mine, unread, 1, self.views, old.handler, 0


class Given(NamedTuple):
    """What an assignment makes of every case of a kind; "" is nobody."""

    handler: str
    views: int

    def row(self, old: Standing, unread: int) -> tuple[int, str, str, int, int, int, int, int, str, int]:
        """What becomes of a row of this kind: the members of `Becomes`."""
        return old.n, old.state, old.due, old.activity, old.mine, unread, 1, self.views, self.handler, 1


_decode = msgspec.json.Decoder(Head).decode


class Alike:
    """Reads many cases at once, and tells what one entry makes of all of a kind."""

    def __init__(self, cache: Database, desks: Desks, directory: Directory, folder: Folder) -> None:
        self._cache = cache
        self._desks = desks
        self._directory = directory
        self._folder = folder
        self._known: dict[int, Standing] = {}
        self._likes: dict[Any, int] = {}
        self._moment = self._cache.moment()
        self._during: object = None
        """The transaction that is open behind the picture, of which it is known what it makes of rows."""
        self._moves: Moves | None = None
        """What that is, where the rows that are remembered do not show it yet."""

    def numbers(self, cases: Iterable[tuple[str, str]]) -> list[int]:
        """The numbers of the rows of these cases; those that are not here are left out."""
        asked = [(self._desks.number(desk), id) for desk, id in cases]
        return [n for (n,) in self._cache.rows(_NUMBERS, (msgspec.json.encode(asked).decode(),))]

    def standing(self, numbers: Collection[int]) -> list[Standing]:
        """Rows with what is stored of their confirmed cases; what cannot be read is left out."""
        known, likes, desk_of = self.known(), self._likes, self._desks.id
        new = [n for n in numbers if n not in known]
        for *row, wire in self._cache.rows(_ROWS, (str(new),)) if new else ():
            try:
                head = _decode(wire)
            except msgspec.ValidationError:
                continue
            if head.version == row[17]:
                like = likes.setdefault((row[1], kind_of(head, desk_of(row[1]), None)), len(likes))
                known[row[0]] = Standing(*row, head, like)  # type: ignore[call-arg]
        found = [known[n] for n in numbers if n in known]
        if len(known) > MOST:
            self.forget()
        return found

    def known(self) -> dict[int, Standing]:
        """The rows that are remembered, as they stand now."""
        goes_on = self._during is not None and self._during is self._cache.unfinished
        if not goes_on and self._moment != self._cache.moment():
            self.forget()
        if self._moves is not None:
            self._moves.done()
            self._moves = None
        return self._known

    def read(self, seen: Iterable[tuple[int, int]]) -> None:
        """These rows were written as seen up to these versions, and nothing else since `known` was asked."""
        for n, version in seen:
            if n in self._known:
                self._known[n].seen = version
        self._moment = self._cache.moment()

    def forget(self) -> None:
        """Nothing is known any more."""
        self._known.clear()
        self._during = self._moves = None
        self._moment = self._cache.moment()

    def moved(self, moves: Moves, during: object) -> None:
        """These rows stand so now, and nothing else is written before the transaction `during` which it was is over."""
        self._during, self._moves = during, moves

    def over(self, moment: tuple[int, int, int]) -> None:
        """That transaction was committed, at this moment."""
        self._during, self._moment = None, moment

    def rules(self, head: Head) -> Rules | None:
        """The rules of a case, None where they are not here."""
        try:
            return self._directory.rules(head.procedure, head.procedure_version)
        except UnknownProcedure:
            return None

    def unchanged(self, desk: str, standing: Standing, officer: str, *, asleep: bool) -> Facts | None:
        """The row of a case for which nothing waits; None where it cannot be told by its kind."""
        case = self.case(standing)
        return self._row(desk, standing, case, officer, asleep=asleep)

    def effect(self, desk: str, standing: Standing, item: Item, officer: str, *, asleep: bool) -> Effect | Given | None:
        """What an entry makes of a case, and so of all of its kind; None where that cannot be told by its kind."""
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
            return Given(row.handler, row.views)
        # What goes on is taken over as it is; what is new has been made.
        before = {id(each) for each in case.deadlines}
        new = [each.on.isoformat() for each in shown.deadlines if id(each) not in before and each.role == shown.turn]
        running = frozenset(each.code for each in shown.deadlines if id(each) in before)
        return Effect(row.state, shown.turn, min(new, default=""), running, row.activity, row.mine, row.views)

    def case(self, standing: Standing) -> Case:
        """Its confirmed case."""
        case: Case = to_case(decode(self._cache.one("select wire from confirmed where n = ?", (standing.n,))[0]))
        return case

    def _row(self, desk: str, standing: Standing, case: Case, officer: str, *, asleep: bool) -> Facts | None:
        state = self._directory.state_facts(case.procedure, case.procedure_version, case.state)
        if state is None:
            return None
        row = facts(desk, case, state, asleep=asleep, officer=officer)
        kept = row.reference, row.subject, row.country, row.counterpart, row.level, row.files
        here = standing.reference, standing.subject, standing.country, standing.counterpart
        return row if kept == (*here, standing.level, standing.files) else None


def is_alike(rules: Rules, action: str) -> bool:
    """Whether an action fares alike with all cases of a kind, whatever their content is and whomever they are with.

    One with an addressee does so where it hands on what this desk is in a case (`hands_on`).
    """
    if action == ASSIGN:
        return True
    found = rules.lifecycle.actions.get(action)
    if found is None or found.starts or found.form in ("request", "reply"):
        return False
    form = rules.form(found.form) if found.form else None
    return form is None or not any(field.type in ("question", "questions") for field in form.fields)


def hands_on(rules: Rules, action: str, head: Head, desk: str) -> bool:
    """Whether an addressee of an action becomes what this desk is in a case: whom it is with stays the same."""
    found = rules.lifecycle.actions[action]
    return any(part.desk == desk and part.role == found.target for part in head.parts)


def kind_of(head: Head, desk: str, counted: frozenset[str] | None) -> tuple[Any, ...]:
    """What decides how an action fares with a case; `counted`: the parts by whose country deadlines are counted.

    None: any of them may be.
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
