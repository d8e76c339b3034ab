"""Keeping the listing true: confirmed cases with what waits in the outbox applied, and where each row stands.

Everything happens inside one write transaction of the cache: rows, their places in every view and order, counts,
and the generation of the outbox that all this reflects. Whatever the reason of the transaction, it also catches up
with everything the outbox touched since that generation; a crash between a commit to the outbox and the one here is
made good by the next transaction, at the latest when the cache is opened.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from imi_tui.cache.content.contents import NewRow, whole_case, with_content
from imi_tui.cache.content.vocabulary import text_of
from imi_tui.cache.ids import ASSIGN, LOCAL, TRANSLATE
from imi_tui.cache.listing.alphabet import SPELLINGS
from imi_tui.cache.listing.batch import Batch, listing_row
from imi_tui.cache.listing.fold import Facts, Folder, facts, partner_of
from imi_tui.cache.listing.moves import RowMoves, keys_of
from imi_tui.cache.order import VIEW_BIT, Spelling, keys, name_key, places, positions, tail
from imi_tui.cache.personal.annotations import put_off
from imi_tui.cache.register.former_handlers import Histories, stand
from imi_tui.cache.wire import decode, to_case

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from imi_core.case import Case
    from imi_tui.cache.bulk.kinds import ListedCase
    from imi_tui.cache.content.documents import Documents
    from imi_tui.cache.listing.moves import RowChange
    from imi_tui.cache.listing.rows import Desks
    from imi_tui.cache.outbox.item import Item
    from imi_tui.cache.outbox.outbox import Outbox
    from imi_tui.cache.register.directory import Directory
    from imi_tui.cache.session import SessionTable
    from imi_tui.cache.storage.db import Database

Key = tuple[str, str]
"""(desk, case id)"""


@dataclass(slots=True)
class Arrival:
    """A confirmed case as a page brings it; `case` None: it is no longer there.

    `first`: part of a first sync. `own`: its latest entry is this officer's own. `new`: there is no row of it yet;
    `row` is then the one that was made of it.
    """

    case: Case | None
    wire: bytes = b""
    first: bool = False
    own: bool = False
    new: bool = False
    row: NewRow | None = None


_TO_ACCEPT = VIEW_BIT["to_accept"]
_OLD = (
    "select l.n, l.due, l.activity, l.reference, l.counterpart, l.views, l.seen, c.wire, t.wire"
    " from listing l left join confirmed c on c.n = l.n left join content t on t.n = l.n where l.desk = ? and l.id = ?"
)
_OLD_OF_MANY = (
    "select l.id, l.n, l.due, l.activity, l.reference, l.counterpart, l.views, l.seen"
    " from json_each(?) j cross join listing l on l.desk = ? and l.id = j.value"
)


class Projector:
    """Writes the projection. All methods are to be called inside a write transaction of the cache."""

    def __init__(
        self,
        cache: Database,
        desks: Desks,
        outbox: Outbox,
        directory: Directory,
        session: SessionTable,
        documents: Documents,
    ) -> None:
        self._cache = cache
        self._desks = desks
        self._outbox = outbox
        self._directory = directory
        self._documents = documents
        self.folder = Folder(directory, session.core_seat, self.confirmed_at, outbox.assigned_at)
        self._histories = Histories(cache)
        self._next = 0
        self._put_off: dict[Key, int] = {}
        self._session = session
        self._officer = ""
        self._spellings: tuple[Spelling, ...] = ()
        self._at: tuple[int, ...] = ()

    def is_confirmed(self, desk: str, client_ref: str) -> bool:
        """Whether the server's entry with this client ref is here."""
        return self.confirmed_at(desk, client_ref) > 0

    def is_here(self, item: Item) -> bool:
        """Whether what the server took, an entry or an assignment, has come back."""
        if item.action not in (ASSIGN, TRANSLATE):
            return self.is_confirmed(item.desk, item.client_ref)
        if not item.created:
            return False
        if item.action == TRANSLATE:
            made = str(json.loads(item.created).get("id", ""))
            return self._cache.one("select 1 from translation where id = ?", (made,)) is not None
        sql = (
            "select coalesce(cast(c.wire as text) ->> '$.assignment.version', 0)"
            " from listing l join confirmed c on c.n = l.n where l.desk = ? and l.id = ?"
        )
        found = self._cache.one(sql, (self._desks.number(item.desk), item.case_id))
        return found is not None and int(found[0]) >= int(json.loads(item.created).get("version", 0))

    def confirmed_at(self, desk: str, client_ref: str) -> int:
        """The version of its case that the server's entry with this client ref made; 0 where it is not here."""
        number = self._desks.number(desk)
        sql = "select version from entry where desk = ? and client_ref = ? and client_ref <> ''"
        found = self._cache.one(sql, (number, client_ref)) if number is not None else None
        return max(int(found[0]), 1) if found is not None else 0

    def resolve(self, desk: str, case_id: str) -> str:
        """What a case is called now: a local id may have become the server's."""
        case_id = self._outbox.alias(desk, case_id)
        if case_id.startswith(LOCAL) and (number := self._desks.number(desk)) is not None:
            sql = "select case_id from entry where desk = ? and client_ref = ? and client_ref <> ''"
            found = self._cache.one(sql, (number, case_id.removeprefix(LOCAL)))
            if found is not None:
                return str(found[0])
        return case_id

    def refresh(self, affected: set[Key], arrivals: Mapping[Key, Arrival] | None = None) -> set[Key]:
        """Make the rows of `affected`, and of all the outbox touched meanwhile, true again; which they were."""
        arrivals = arrivals or {}
        self._directory.notice()
        self._officer = self._session.officer_id()
        self._spellings = self._all_spellings()
        self._at = positions(self._spellings)
        reflected = self._cache.one("select value from meta where name = 'generation'")[0]
        with self._outbox.snapshot():
            generation = self._outbox.generation()
            self._put_off = put_off(self._outbox.work)
            items = self._outbox.live()
            touched = self._outbox.touched(reflected)
            if reflected > generation or self._outbox.is_beyond_telling(reflected):
                touched += self._all_pending(items)
            groups: dict[Key, list[Item]] = {}
            for item in items:
                groups.setdefault((item.desk, self.resolve(item.desk, item.case_id)), []).append(item)
            todo = set(affected)
            for desk, id in touched:
                todo |= {(desk, id), (desk, self.resolve(desk, id))}
            # What arrives has ids of the server's.
            local = {key: self.resolve(*key) for key in todo - arrivals.keys() if key[1].startswith(LOCAL)}
        # A mark is a number: that of a case that is gone must not come to be another's.
        sql = "select max((select coalesce(max(n), 0) from listing), (select value from meta where name = 'rows')) + 1"
        self._next = self._cache.one(sql)[0]
        batch = Batch()
        self._put_arrivals(batch, [key for key in arrivals if key not in groups], arrivals)
        alone = {key for key, arrival in arrivals.items() if arrival.case is None} | (groups.keys() & arrivals.keys())
        for key in sorted((todo - arrivals.keys()) | (todo & alone)):
            if local.get(key, key[1]) != key[1]:
                self._remove(batch, key)
            else:
                self._put(batch, key, groups.get(key, []), arrivals.get(key))
        batch.write(self._cache, self._documents, self._histories, self._at)
        self.reflects(generation)
        return todo

    def catch_up(self) -> None:
        """Make true what the outbox touched since the generation that the rows reflect, if it did."""
        if self._cache.one("select value from meta where name = 'generation'")[0] != self._outbox.generation():
            self.refresh(set())

    def foresee(self, rows: Sequence[ListedCase]) -> None:
        """Work out where these rows stand."""
        spellings = self._all_spellings()
        for row in rows:
            row.keys = row.keys or keys_of(row, spellings)

    def _all_spellings(self) -> tuple[Spelling, ...]:
        return tuple(Spelling(*row) for row in self._cache.rows(SPELLINGS))

    def move(self, rows: Sequence[tuple[ListedCase, RowChange]]) -> RowMoves:
        """What becomes of rows with a change of the outbox that concerns nothing else: only how many is written yet."""
        moves = RowMoves(rows, self._all_spellings())
        moves.count(self._cache)
        return moves

    def reflects(self, generation: int) -> None:
        """The rows reflect the outbox as of this generation."""
        self._cache.run("update meta set value = ? where name = 'generation'", (generation,))

    def _all_pending(self, items: list[Item]) -> list[Key]:
        """Everything the outbox may show in: where it is not the one that the projection was made with, or where very
        many entries came or went at once.
        """
        rows = self._cache.rows("select desk, id from listing where pending > 0 or rejected > 0 or id like 'ref:%'")
        return [(self._desks.id(desk), id) for desk, id in rows] + [(item.desk, item.case_id) for item in items]

    def _put_arrivals(self, batch: Batch, keys: Iterable[Key], arrivals: Mapping[Key, Arrival]) -> None:
        """What `_put` does, for cases that arrive and for which nothing waits in the outbox."""
        by_desk: dict[str, list[tuple[str, Arrival, Case]]] = {}
        for key in keys:
            arrival = arrivals[key]
            if arrival.case is not None:
                by_desk.setdefault(key[0], []).append((key[1], arrival, arrival.case))
        for desk, arriving in by_desk.items():
            number = self._desks.number_for(desk)
            ids = [id for id, arrival, _ in arriving if not arrival.new]
            rows = self._cache.rows(_OLD_OF_MANY, (json.dumps(ids), number)) if ids else ()
            known = {row[0]: row[1:] for row in rows}
            self._take_new(batch, desk, number, [each for each in arriving if each[0] not in known])
            for id, arrival, case in arriving if known else ():
                if id in known:
                    self._take(batch, desk, number, id, known[id], arrival, case, 0, 0, case)

    def _take_new(self, batch: Batch, desk: str, number: int, arriving: list[tuple[str, Arrival, Case]]) -> None:
        """What `_take` does, for cases of which there is no row and for which nothing waits: most of a first sync."""
        state_facts, put_off, officer = self._directory.state_facts, self._put_off, self._officer
        alphabets = [spelling.alphabet for spelling in self._spellings]
        for n, (id, arrival, case) in enumerate(arriving, self._next):
            version, procedure, rules = case.version, case.procedure, case.procedure_version
            state = state_facts(procedure, rules, case.state)
            if state is None:
                batch.without_rules.append((procedure, rules, number, id))
            asleep = bool(put_off) and put_off.get((desk, id), -1) == version
            row = facts(desk, case, state, asleep=asleep, officer=officer)
            views, due, activity = row.views, row.due, row.activity
            seen = 0
            if arrival.own or (arrival.first and not views & _TO_ACCEPT):
                seen = version
            batch.new.append(listing_row(n, number, id, row, int(version > seen), 0, 0, seen, 0))
            names = [name_key(row.counterpart, alphabet) for alphabet in alphabets]
            by_sort = keys(due, activity, row.reference, names, tail(id, number))
            batch.stands.append((by_sort, n, views))
            batch.count(views, 1)
            batch.met(row.partner, activity, 1)
            arrival.row = NewRow(n, views, due, activity)
            batch.confirmed.append((n, version, case.level, arrival.wire))
            if case.assignment is not None and (given := stand(n, case)) is not None:
                batch.assigned.append(given)
        self._next += len(arriving)

    def _put(self, batch: Batch, key: Key, items: list[Item], arrival: Arrival | None) -> None:
        desk, id = key
        number = self._desks.number_for(desk)
        old = self._cache.one(_OLD, (number, id))
        case: Case | None = None
        if arrival is not None:
            case = arrival.case
        elif old is not None and old[7] is not None:
            case = to_case(whole_case(old[7], old[8]))
        if items and case is not None and old is not None and old[8] is not None:
            case = with_content(case, old[8])
        folded = self.folder.fold(desk, id, case, items)
        if folded.case is None or (case is None and not id.startswith(LOCAL) and not _starting(items)):
            self._remove(batch, key)
            return
        row = self._take(
            batch, desk, number, id, old, arrival, folded.case, folded.waiting, folded.rejected, case, folded.assigning
        )
        if case is None:
            n, activity = row[0], row[10]
            self._documents.remove(n)
            batch.local.append((n, activity, text_of(desk, _wire(folded.case), folded.entries)))
        if case is None and old is not None and old[7] is not None:
            batch.unconfirmed.append((old[0],))

    def _take(
        self,
        batch: Batch,
        desk: str,
        number: int,
        id: str,
        old: Any,
        arrival: Arrival | None,
        shown: Case,
        pending: int,
        rejected: int,
        confirmed: Case | None,
        assigning: int = 0,
    ) -> tuple[Any, ...]:
        """A row for `shown`, which is `confirmed` with what waits."""
        version = confirmed.version if confirmed is not None else 0
        state = self._directory.state_facts(shown.procedure, shown.procedure_version, shown.state)
        if state is None:
            batch.without_rules.append((shown.procedure, shown.procedure_version, number, id))
        row = facts(desk, shown, state, asleep=self._put_off.get((desk, id), -1) == version, officer=self._officer)
        if old is not None:
            n, seen = old[0], old[6]
        else:
            n, seen = self._next, 0
            self._next += 1
        if arrival is not None and (arrival.own or (arrival.first and old is None)):
            seen = 0 if arrival.first and not arrival.own and row.views & VIEW_BIT["to_accept"] else version
        made = listing_row(n, number, id, row, int(version > seen), pending, rejected, seen, assigning)
        (batch.new if old is None else batch.listing).append(made)
        self._move(batch, n, number, id, old, row)
        if confirmed is not None and (old is None or old[4] != row.counterpart):
            batch.met(row.partner if shown is confirmed else partner_of(desk, confirmed), row.activity, 1)
        if arrival is not None and old is None:
            arrival.row = NewRow(n, row.views, row.due, row.activity)
        if arrival is not None and confirmed is not None:
            batch.confirmed.append((n, version, confirmed.level, arrival.wire))
            if (given := stand(n, confirmed)) is not None:
                batch.assigned.append(given)
        return made

    def _move(self, batch: Batch, n: int, number: int, id: str, old: Any, row: Facts) -> None:
        end = tail(id, number)
        by_sort = self._keys(row.due, row.activity, row.reference, row.counterpart, end)
        batch.count(row.views, 1)
        if old is None:
            batch.stands.append((by_sort, n, row.views))
            return
        stands = places(row.views, by_sort, self._at)
        stood = self._old_places(old, end)
        batch.count(old[5], -1)
        if stood != stands:
            kept = set(stood) & set(stands)
            batch.places.update({place: None for place in stood if place not in kept})
            batch.places.update({place: n for place in stands if place not in kept})

    def _keys(self, due: str, activity: int, reference: str, name: str, end: bytes) -> tuple[bytes, ...]:
        return keys(due, activity, reference, [name_key(name, each.alphabet) for each in self._spellings], end)

    def _old_places(self, old: Any, end: bytes) -> list[tuple[int, bytes]]:
        return places(old[5], self._keys(old[1], old[2], old[3], old[4], end), self._at)

    def _remove(self, batch: Batch, key: Key) -> None:
        desk, id = key
        number = self._desks.number(desk)
        old = self._cache.one(_OLD, (number, id)) if number is not None else None
        if old is None or number is None:
            return
        self._documents.remove(old[0])
        batch.places.update(dict.fromkeys(self._old_places(old, tail(id, number))))
        batch.count(old[5], -1)
        if old[7] is not None:
            batch.met(partner_of(desk, to_case(decode(old[7]))), 0, -1)
        batch.removed.append((old[0],))


def _starting(items: list[Item]) -> bool:
    return any(item.starts for item in items)


def _wire(case: Case) -> dict[str, Any]:
    from imi_core.case import to_wire

    out: dict[str, Any] = to_wire(case)
    return out
