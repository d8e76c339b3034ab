"""Writing a changed case: its row, the desks' parts, and the change log with what became visible to whom (P5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from imi_central.store import changes
from imi_central.store.changes import Change
from imi_central.store.codec import case_columns, desk_columns, desks
from imi_central.store.sight import desk_level
from imi_central.store.tables import cases, desk_case, entries

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from imi_core.case import Case
    from imi_core.procedure import Rules


def write_case(
    conn: Connection, at: int, rules: Rules, before: Case | None, after: Case, *, new: str = "", erased: bool = False
) -> None:
    """Store `after` in place of `before` and log it for every desk that had or has a part.

    `new` is the id of the entry (already inserted) that caused it, empty where time did.
    """
    columns = case_columns(after, erased=erased)
    if before is None:
        conn.execute(sa.insert(cases), columns)
    else:
        conn.execute(sa.update(cases).where(cases.c.id == after.id), columns)
    old_desks, now_desks = desks(before), desks(after)
    older: list[str] | None = None
    log: dict[str, list[Change]] = {}
    for desk_id in dict.fromkeys((*old_desks, *now_desks)):
        seen, sees = desk_level(rules, before, desk_id), desk_level(rules, after, desk_id)
        if seen == sees == "nothing":
            continue
        if seen != sees and older is None:
            older = _entries(conn, after.id, new)
        kind: changes.Kind = "created" if seen == "nothing" else "destroyed" if sees == "nothing" else "updated"
        items = [Change("Case", after.id, kind)]
        if seen != sees:
            items += [Change("Entry", entry, kind) for entry in older or ()]
        if new and sees != "nothing":
            items.append(Change("Entry", new, "created"))
        log[desk_id] = items
    first = changes.append(conn, at, log)
    for desk_id in now_desks:
        appeared = desk_id not in old_desks or (desk_id in log and log[desk_id][0].kind == "created")
        joined = first.get(desk_id) if appeared else None
        _write_part(conn, after, desk_id, desk_id in old_desks, joined)
    gone = [desk_id for desk_id in old_desks if desk_id not in now_desks]
    if gone:
        conn.execute(sa.delete(desk_case).where(desk_case.c.case_id == after.id, desk_case.c.desk.in_(gone)))


def _write_part(conn: Connection, case: Case, desk_id: str, exists: bool, joined: int | None) -> None:
    columns = desk_columns(case, desk_id)
    if joined is not None:
        columns["joined"] = joined
    if exists:
        where = (desk_case.c.desk == desk_id, desk_case.c.case_id == case.id)
        conn.execute(sa.update(desk_case).where(*where), columns)
    else:
        conn.execute(sa.insert(desk_case), {"desk": desk_id, "case_id": case.id, "joined": 0, **columns})


def _entries(conn: Connection, case_id: str, without: str) -> list[str]:
    found = conn.scalars(sa.select(entries.c.id).where(entries.c.case_id == case_id).order_by(entries.c.version))
    return [entry for entry in found if entry != without]
