"""What the retention jobs ask of the tables: which cases are due, and doing it to one case in one transaction."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Literal

import sqlalchemy as sa

from imi_central.store import assigning, files, register, translating
from imi_central.store.casefile import write_case
from imi_central.store.codec import decode_case, decode_entry, encode, ms
from imi_central.store.tables import cases, entries
from imi_central.store.trail import note
from imi_core import retention

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

Job = Literal["block", "erase", "idle"]


def due(conn: Connection, job: Job, now: dt.datetime, today: dt.date, limit: int) -> list[str]:
    """The cases for which `job` is due, at most `limit` of them."""
    if job == "idle":
        query = sa.select(cases.c.id).where(cases.c.idle_from <= ms(now)).order_by(cases.c.idle_from)
    else:
        column = cases.c.block_on if job == "block" else cases.c.erase_on
        query = sa.select(cases.c.id).where(column <= today.isoformat()).order_by(column)
    return list(conn.scalars(query.limit(limit)))


def age(conn: Connection, job: Job, now: dt.datetime, case_id: str) -> None:
    """Do `job` to one case: desks are told, and the audit trail has a row."""
    row = conn.execute(sa.select(cases).where(cases.c.id == case_id).with_for_update()).one()
    waiting = {"block": row.block_on, "erase": row.erase_on, "idle": row.idle_from}[job]
    if waiting is None or (job == "idle" and waiting > ms(now)):
        # Another process did it, or an entry came in, since the case was found to be due.
        return
    before = decode_case(row.data)
    rules = register.rules(conn, before.procedure, before.procedure_version)
    if rules is None:
        raise LookupError(f"the database has a case of {before.procedure} version {before.procedure_version}")
    if job != "idle":
        # Nobody reads the case from now on, and a translation is no record of anything.
        translating.forget(conn, case_id)
    if job == "erase":
        _erase_content(conn, case_id)
    after = _AFTER[job](before)
    note(conn, ms(now), "", "", job, case_id)
    write_case(conn, ms(now), rules, before, after, erased=job == "erase")


def _erase_content(conn: Connection, case_id: str) -> None:
    for entry_id, data in conn.execute(
        sa.select(entries.c.id, entries.c.data).where(entries.c.case_id == case_id)
    ).all():
        left = retention.erase_entry(decode_entry(data))
        conn.execute(sa.update(entries).where(entries.c.id == entry_id).values(data=encode(left), content_hash=b""))
    files.erase(conn, case_id)
    assigning.erase(conn, case_id)


_AFTER = {"block": retention.block, "erase": retention.erase, "idle": retention.mark_idle}
