"""Reading as one officer: every answer of the server comes from here, projected."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import sqlalchemy as sa

from imi_central.store import budget, changes, files, paging, query, translating
from imi_central.store.assigning import history
from imi_central.store.codec import decode_assignment, decode_case, decode_entry
from imi_central.store.errors import TooMany
from imi_central.store.register import decode_authority, decode_rules
from imi_central.store.sight import Person, Place, Sight, batches
from imi_central.store.tables import account, authority, cases, directory, entries, officer, procedure, seat, server
from imi_core import assigning, visibility
from imi_core.authority import Authority, Officer
from imi_core.case import Assigned, Case, Entry, Translation
from imi_core.jmap import DIRECTORY
from imi_core.procedure import Rules
from imi_core.translating import counted

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

MAX_READ = 32 * 1024 * 1024
"""Bytes of stored objects read for one call: far more than an answer holds, far less than 1000 of the largest."""

_ASSIGNED = 200
"""Bytes that an assignment counts as."""
_LAST_SECONDS = 1.0


class View:
    """One officer's reading on one snapshot. Account ids are checked in every method (`NoSeat`)."""

    def __init__(self, conn: Connection, officer_id: str, service: translating.Service | None = None) -> None:
        self._conn = conn
        self.service = service
        self._officer = officer_id
        self._sight = Sight(conn, officer_id)
        self._read = 0

    def begin_call(self) -> None:
        """What is read from here on belongs to another call (`MAX_READ`)."""
        self._read = 0

    def refresh(self) -> None:
        """Go on with a new snapshot, rights read again: what this request has just written becomes visible."""
        left = budget.left(self._conn)
        self._conn.rollback()
        self._conn.begin()
        budget.allow(self._conn, left)
        self._sight = Sight(self._conn, self._officer)

    def end_quickly(self) -> None:
        """After `TooSlow`: go on with a new snapshot, for the little that ends an answer."""
        self._conn.rollback()
        self._conn.begin()
        budget.allow(self._conn, _LAST_SECONDS)
        self._sight = Sight(self._conn, self._officer)

    @property
    def person(self) -> Person:
        return self._sight.person

    @property
    def places(self) -> dict[str, Place]:
        """The officer's seats by desk."""
        return self._sight.places

    @property
    def identity(self) -> tuple[str, str]:
        """(id of this installation, present epoch)."""
        row = self._conn.execute(sa.select(server.c.id, server.c.epoch)).one()
        return row.id, row.epoch

    def state(self, account_id: str) -> str:
        """The account's present state token."""
        self._check(account_id)
        return changes.head(self._conn, account_id).token

    def states(self) -> dict[str, str]:
        """The present state tokens of the directory and of every desk of the officer."""
        return changes.tokens(self._conn, [DIRECTORY, *self.places])

    def safe_seqs(self) -> dict[str, int]:
        """By desk: the highest change that a verified backup contains."""
        found = self._conn.execute(
            sa.select(account.c.id, account.c.safe_seq).where(account.c.id.in_(list(self.places)))
        )
        return {row.id: row.safe_seq for row in found}

    def access_state(self, account_id: str) -> str:
        """A digest of what decides this officer's sight of an account: roles and the desk's settings."""
        self._check(account_id)
        if account_id == DIRECTORY:
            parts: object = sorted(self.places)
        else:
            place = self.places[account_id]
            mine = place.seat
            parts = [sorted(mine.roles), mine.area, mine.authority, mine.country, mine.coordinator, place.active]
        return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()[:16]

    def changes(self, account_id: str, since: str, types: Sequence[str], limit: int) -> paging.Page:
        """The next page of changes. Raises `StateUnknown`."""
        return paging.page(self._sight, account_id, since, types, limit)

    def is_filling(self, since: str) -> bool:
        """Whether a state is the initial one or belongs to a first sync under way."""
        return paging.is_filling(since)

    def cases(self, desk: str, ids: Iterable[str] | None, limit: int) -> list[Case]:
        """The visible ones of these cases (all of the desk's where None), projected. Raises `TooMany`."""
        wanted = self._all(desk, "Case", limit) if ids is None else ids
        parts = {row.case_id: (row, level) for row, level in self._sight.parts(desk, wanted)}
        found: dict[str, Case] = {}
        for case_id, data in self._rows(cases, parts):
            case = decode_case(data)
            row, level = parts[case_id]
            if row.assigned:
                case = assigning.assigned(case, decode_assignment(row))
            if row.translations and level == "full":
                case = counted(case, row.translations)
            rules = self._sight.rules(case.procedure, case.procedure_version)
            found[case_id] = visibility.project(rules, case, level)
        return [found[each] for each in parts if each in found]

    def entries(self, desk: str, ids: Iterable[str] | None, limit: int) -> list[Entry]:
        """The visible ones of these entries (all of the desk's where None), projected, in that order.

        All of the desk's come newest case first, each case's in their order. Raises `TooMany`.
        """
        self._check(desk)
        wanted = self._all(desk, "Entry", limit) if ids is None else list(ids)
        found = {entry_id: decode_entry(data) for entry_id, data in self._rows(entries, wanted)}
        held = [found[each] for each in wanted if each in found]
        levels = self._sight.levels(desk, {entry.case_id for entry in held})
        return [visibility.project_entry(entry, levels[entry.case_id]) for entry in held if entry.case_id in levels]

    def entries_of(self, desk: str, case_ids: Iterable[str]) -> list[Entry]:
        """All entries of the visible ones of these cases, case by case, in their order. Raises `TooMany`."""
        wanted = list(case_ids)
        levels = self._sight.levels(desk, wanted)
        of_cases = paging.entry_ids(self._sight, list(levels))
        held = [entry for case_id in wanted for entry in of_cases.get(case_id, ())]
        found = {entry_id: decode_entry(data) for entry_id, data in self._rows(entries, held)}
        return [visibility.project_entry(found[each], levels[found[each].case_id]) for each in held]

    def translations(self, desk: str, ids: Iterable[str] | None, case_ids: Iterable[str] | None) -> list[Translation]:
        """The desk's translations of these ids, or of these cases, where the officer may read the texts.

        Raises `TooMany`.
        """
        return [
            translating.decode(self._counted(data)) for data in translating.stored(self._sight, desk, ids, case_ids)
        ]

    def assignments(self, desk: str, case_ids: Iterable[str]) -> list[Assigned]:
        """All assignments at the desk of the visible ones of these cases, case by case. Raises `TooMany`."""
        wanted = list(case_ids)
        levels = self._sight.levels(desk, wanted)
        out: list[Assigned] = []
        for each in history(self._conn, desk, [case_id for case_id in wanted if case_id in levels]):
            self._count(_ASSIGNED)
            out.append(each)
        return out

    def case_of(self, desk: str, entry_id: str) -> str | None:
        """The case of a visible entry."""
        found = self.entries(desk, [entry_id], 1)
        return found[0].case_id if found else None

    def authorities(self, ids: Iterable[str] | None, limit: int) -> list[Authority]:
        """Authorities by id, all where None. Raises `TooMany`."""
        wanted = self._all(DIRECTORY, "Authority", limit) if ids is None else ids
        out: list[Authority] = []
        for batch in batches(wanted):
            found = self._conn.scalars(sa.select(authority.c.data).where(authority.c.id.in_(batch)))
            out += [decode_authority(data) for data in found]
        return out

    def procedures(self, ids: Iterable[str] | None, languages: Sequence[str], limit: int) -> list[tuple[str, Rules]]:
        """(object id, procedure) with the labels of `languages` only; all versions where `ids` is None."""
        wanted = self._all(DIRECTORY, "Procedure", limit) if ids is None else ids
        out: list[tuple[str, Rules]] = []
        for batch in batches(wanted):
            columns = (procedure.c.wire_id, procedure.c.data)
            for row in self._conn.execute(sa.select(*columns).where(procedure.c.wire_id.in_(batch))):
                rules = decode_rules(row.data)
                labels = {each: rules.labels[each] for each in languages if each in rules.labels}
                out.append((row.wire_id, msgspec.structs.replace(rules, labels=labels)))
        return out

    def officers(self, ids: Iterable[str] | None, limit: int) -> list[Officer]:
        """The officers who share a desk with this one, and their roles at shared desks. Raises `TooMany`."""
        colleagues = (
            sa.select(officer, seat.c.desk, seat.c.roles)
            .join(seat, seat.c.officer == officer.c.id)
            .where(seat.c.desk.in_(list(self.places)))
            .order_by(officer.c.id, seat.c.desk)
        )
        wanted = None if ids is None else set(ids)
        out: dict[str, Officer] = {}
        for row in self._conn.execute(colleagues):
            if wanted is None or row.id in wanted:
                desks: dict[str, Any] = {**(out[row.id].desks if row.id in out else {}), row.desk: row.roles.split()}
                out[row.id] = msgspec.convert(
                    {
                        "id": row.id,
                        "name": row.name,
                        "language": row.language,
                        "active": row.active,
                        "version": row.version,
                        "desks": desks,
                    },
                    Officer,
                    strict=False,
                )
        if len(out) > limit and wanted is None:
            raise TooMany
        return list(out.values())

    def digest(self, desk: str, prefix: str, depth: int, items: bool, limit: int) -> dict[str, query.Bucket]:
        """Per id prefix of ``len(prefix) + depth`` digits: how many cases there are, and a hash over them (P7).

        Raises `TooMany` where more than `limit` items would be listed.
        """
        return query.digest(self._sight, desk, prefix, depth, items, limit)

    def find_cases(self, desk: str, wanted: query.CaseFilter, position: int, limit: int) -> list[str]:
        """Ids of visible cases, latest activity first."""
        return query.cases_matching(self._sight, desk, wanted, position, limit)

    def find_authorities(self, wanted: query.AuthorityFilter, position: int, limit: int) -> list[str]:
        """Ids of authorities by name."""
        return query.authorities_matching(self._conn, wanted, position, limit)

    def authority_counts(self) -> dict[str, int]:
        """How many authorities each country has."""
        return query.authorities_by_country(self._conn)

    def authority_index(self, country: str, after: str, limit: int) -> list[Authority]:
        """The authorities of a country behind an id, in id order."""
        return [decode_authority(data) for data in query.authorities_of(self._conn, country, after, limit)]

    def file(self, desk: str, blob_id: str, now: dt.datetime) -> files.File | None:
        """A file this officer may read at this desk."""
        return files.find(self._sight, desk, blob_id, now)

    def read_file(self, found: files.File, start: int, length: int) -> bytes:
        """A part of the bytes of a file that `file` gave."""
        return files.read(self._conn, found.id, start, length)

    def _rows(self, table: sa.Table, ids: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """(id, stored form) of these objects. Raises `TooMany` above `MAX_READ` in a call."""
        for batch in batches(ids, 100):
            for row in self._conn.execute(sa.select(table.c.id, table.c.data).where(table.c.id.in_(batch))):
                yield row.id, self._counted(row.data)

    def _counted(self, data: bytes) -> bytes:
        """`data`, which was read. Raises `TooMany` above `MAX_READ` in a call."""
        self._count(len(data))
        return data

    def _count(self, size: int) -> None:
        self._read += size
        if self._read > MAX_READ:
            raise TooMany

    def _check(self, account_id: str) -> None:
        if account_id != DIRECTORY:
            self._sight.seat(account_id)

    def _all(self, account_id: str, type_: str, limit: int) -> list[str]:
        """Every visible id of a type. Raises `TooMany` above `limit`."""
        if account_id == DIRECTORY:
            held = sa.select(directory.c.object_id).where(directory.c.type == type_).limit(limit + 1)
            ids = list(self._conn.scalars(held))
            if len(ids) > limit:
                raise TooMany
            return ids
        page = paging.page(self._sight, account_id, paging.INITIAL, (type_,), limit)
        if page.filling is not None:
            raise TooMany
        return page.types[type_].created
