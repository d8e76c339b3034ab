"""Taking one assignment: who at a desk looks after a case. Here too everything happens in one write transaction.

The case itself is not touched: its version, its chain and every other desk stay as they are. What the desk's own
change log says is that the case was updated, so that all of its clients read it again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from imi_central.store import changes
from imi_central.store.changes import Change
from imi_central.store.codec import assignment_columns, decode_assignment, ms
from imi_central.store.commit import case_at, content_hash, id_at, id_of, installation
from imi_central.store.errors import AlreadyExists, EntryRefused
from imi_central.store.sight import Sight, batches
from imi_central.store.tables import assignment, desk_case, officer, seat
from imi_central.store.trail import note
from imi_core import assigning
from imi_core.case import Assigned, Assignment
from imi_core.errors import ActionRefused

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection


class Wanted(NamedTuple):
    """What a client may say: give the case to `officer` ("" for nobody).

    `case_id` may be `ref:<clientRef>`; `after` are clientRefs of earlier assignments that the author knew beside the
    version `based_on`.
    """

    client_ref: str
    case_id: str
    officer: str
    based_on: int = 0
    after: tuple[str, ...] = ()


class Taken(NamedTuple):
    """What the author is told. `version` is that of the assignment; `seq`: see `commit.Committed`."""

    id: str
    case_id: str
    version: int
    at: dt.datetime
    seq: int


def assign(conn: Connection, now: dt.datetime, officer_id: str, desk: str, given: Wanted, received: object) -> Taken:
    """Take what an officer in the seat at `desk` says; `received` is the payload as it came in, for P1.

    Raises `NoSeat`, `EntryRefused`, `AlreadyExists`.
    """
    sight = Sight(conn, officer_id)
    own_seat = sight.seat(desk)
    if known := _repeat(conn, desk, given.client_ref, received):
        return known
    case = case_at(sight, own_seat, given.case_id)
    if known := _repeat(conn, desk, given.client_ref, received):
        # The same came twice at once, and this one has waited for the case.
        return known
    where = (desk_case.c.desk == desk, desk_case.c.case_id == case.id)
    present = decode_assignment(conn.execute(sa.select(desk_case).where(*where)).one())
    version = present.version if present is not None else 0
    try:
        colleague = _roles(conn, desk, given.officer) if given.officer else None
        own = _versions(conn, desk, case.id, given.after)
        assigning.check(own_seat, given.officer, colleague, present, given.based_on, own)
    except ActionRefused as error:
        raise EntryRefused(error.code, error.message, version=version) from error  # type: ignore[arg-type]
    now = now.replace(microsecond=now.microsecond // 1000 * 1000)
    changed = given.officer != (present.officer if present is not None else "")
    if changed:
        # Above what its author saw too: a restored server may lack the assignments in between.
        version = max(version, given.based_on) + 1
        made = Assignment(officer=given.officer, version=version, at=now, by=officer_id)
        conn.execute(sa.update(desk_case).where(*where).values(assignment_columns(made)))
    id = id_of(conn, "assignment", desk, given.client_ref)
    conn.execute(
        sa.insert(assignment).values(
            id=id,
            desk=desk,
            client_ref=given.client_ref,
            case_id=case.id,
            version=version,
            officer=given.officer,
            by=officer_id,
            at=ms(now),
            content_hash=content_hash(id, received),
        )
    )
    note(conn, ms(now), officer_id, desk, "assign", id)
    if changed:
        changes.append(conn, ms(now), {desk: [Change("Case", case.id, "updated")]})
    return Taken(id, case.id, version, now, changes.head(conn, desk).seq)


def history(conn: Connection, desk: str, case_ids: Iterable[str]) -> Iterator[Assigned]:
    """Everything that changed who looks after these cases at a desk, case by case, in its order.

    What said again what held already changed nothing; of an erased case nothing is told.
    """
    for batch in batches(case_ids):
        found = sa.select(assignment).where(
            assignment.c.desk == desk, assignment.c.case_id.in_(batch), assignment.c.content_hash != b""
        )
        rows: dict[str, dict[int, Any]] = {}
        for row in conn.execute(found.order_by(assignment.c.version, assignment.c.at, assignment.c.id)):
            rows.setdefault(row.case_id, {}).setdefault(row.version, row)
        for case_id in batch:
            for row in rows.get(case_id, {}).values():
                at = dt.datetime.fromtimestamp(row.at / 1000, dt.UTC)
                yield Assigned(id=row.id, case_id=case_id, officer=row.officer, version=row.version, at=at, by=row.by)


def erase(conn: Connection, case_id: str) -> None:
    """Forget who looked after a case, at every desk."""
    conn.execute(
        sa.update(assignment).where(assignment.c.case_id == case_id).values(officer="", by="", content_hash=b"")
    )
    conn.execute(sa.update(desk_case).where(desk_case.c.case_id == case_id).values(assigned_to="", assigned_by=""))


def load(conn: Connection, at: int, given: Iterable[tuple[str, str, Assignment]]) -> int:
    """Write assignments that were made elsewhere, as (desk, case id, assignment); how many there were."""
    log: dict[str, list[Change]] = {}
    given = list(given)
    rows = [{"at_desk": desk, "of_case": case_id, **assignment_columns(made)} for desk, case_id, made in given]
    if not rows:
        return 0
    where = (desk_case.c.desk == sa.bindparam("at_desk"), desk_case.c.case_id == sa.bindparam("of_case"))
    conn.execute(sa.update(desk_case).where(*where), rows)
    for row in rows:
        log.setdefault(str(row["at_desk"]), []).append(Change("Case", str(row["of_case"]), "updated"))
    changes.append(conn, at, log)
    here = installation(conn)
    conn.execute(sa.insert(assignment), [_record(here, *each) for each in given])
    return len(given)


def _record(here: str, desk: str, case_id: str, made: Assignment) -> dict[str, Any]:
    """The row of an assignment that was made elsewhere; it has a clientRef that no client makes."""
    client_ref = f"{case_id}.{made.version}"
    id = id_at(here, "assignment", desk, client_ref)
    told = {"officer": made.officer, "by": made.by, "at": ms(made.at), "version": made.version}
    return {"id": id, "desk": desk, "client_ref": client_ref, "case_id": case_id, "content_hash": b"-", **told}


def _repeat(conn: Connection, desk: str, client_ref: str, received: object) -> Taken | None:
    where = (assignment.c.desk == desk, assignment.c.client_ref == client_ref)
    row = conn.execute(sa.select(assignment).where(*where)).one_or_none()
    if row is None:
        return None
    # Of an erased case nothing is left to compare with.
    if row.content_hash and bytes(row.content_hash) != content_hash(row.id, received):
        raise AlreadyExists(row.id, "assignment")
    at = dt.datetime.fromtimestamp(row.at / 1000, dt.UTC)
    return Taken(row.id, row.case_id, row.version, at, changes.head(conn, desk).seq)


def _roles(conn: Connection, desk: str, officer_id: str) -> frozenset[str] | None:
    """The roles of an active officer at the desk, None where there is no such one."""
    found = conn.scalar(
        sa.select(seat.c.roles)
        .join(officer, officer.c.id == seat.c.officer)
        .where(seat.c.officer == officer_id, seat.c.desk == desk, officer.c.active.is_(True))
    )
    return frozenset(found.split()) if found is not None else None


def _versions(conn: Connection, desk: str, case_id: str, refs: tuple[str, ...]) -> frozenset[int]:
    """The versions that these assignments of the case made."""
    if not refs:
        return frozenset()
    where = (assignment.c.desk == desk, assignment.c.client_ref.in_(refs), assignment.c.case_id == case_id)
    return frozenset(conn.scalars(sa.select(assignment.c.version).where(*where)))
