"""The directory: authorities with their desks, officers with their seats, procedures in every version.

Writing compares with what is stored, so that loading the same register again changes nothing and logs nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

import msgspec
import sqlalchemy as sa

from imi_central.store import changes
from imi_central.store.changes import Change
from imi_central.store.errors import ProcedureChanged, UnknownOfficer
from imi_central.store.tables import authority, desk, directory, officer, procedure, seat
from imi_central.store.trail import note
from imi_core.authority import Authority, Officer
from imi_core.jmap import DIRECTORY
from imi_core.procedure import Rules
from imi_core.text import fold
from imi_core.workflow import Target

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

_BATCH = 500
encode = msgspec.json.Encoder().encode
decode_authority = msgspec.json.Decoder(Authority).decode
decode_rules = msgspec.json.Decoder(Rules).decode


def wire_id(rules: Rules) -> str:
    """The object id of a procedure version: ``pw_info-1``."""
    name, version = rules.key
    return f"{name.replace('.', '_')}-{version}"


def put_authorities(conn: Connection, at: int, given: Iterable[Authority]) -> int:
    """Write authorities and their desks; returns how many were new or different. `version` is set here."""
    log: list[Change] = []
    desks: list[str] = []
    items = list(given)
    for start in range(0, len(items), _BATCH):
        batch = {item.id: item for item in items[start : start + _BATCH]}
        found = conn.execute(sa.select(authority.c.id, authority.c.data).where(authority.c.id.in_(list(batch))))
        stored = {row.id: decode_authority(row.data) for row in found}
        fresh = {key: item for key, item in batch.items() if stored.get(key) != _at_version(item, stored.get(key), 0)}
        if not fresh:
            continue
        for key, item in fresh.items():
            fresh[key] = _at_version(item, stored.get(key), 1)
            log.append(Change("Authority", key, "updated" if key in stored else "created"))
        for table, column in ((authority, authority.c.id), (desk, desk.c.authority)):
            conn.execute(sa.delete(table).where(column.in_(list(fresh))))
        conn.execute(sa.insert(authority), [_authority_row(item) for item in fresh.values()])
        rows = [row for item in fresh.values() for row in _desk_rows(item)]
        if rows:
            conn.execute(sa.insert(desk), rows)
        desks += [str(row["id"]) for row in rows]
    for start in range(0, len(desks), _BATCH):
        changes.open_accounts(conn, desks[start : start + _BATCH])
    _log(conn, at, log)
    return len(log)


def _at_version(item: Authority, stored: Authority | None, step: int) -> Authority:
    return msgspec.structs.replace(item, version=(stored.version if stored is not None else 0) + step)


def _authority_row(item: Authority) -> dict[str, object]:
    words = (item.formal_name, item.town, item.region, item.id, *item.titles.values(), *item.descriptions.values())
    # Topics and areas are searched as whole words between spaces.
    folded = fold(" ".join(words)) + "\n" + " ".join(("", *item.topics, ""))
    return {"id": item.id, "country": item.country, "folded": folded, "data": encode(item)}


def _desk_rows(item: Authority) -> list[dict[str, object]]:
    return [
        {
            "id": each.id,
            "authority": item.id,
            "name": item.formal_name,
            "country": item.country,
            "area": each.area,
            "active": each.status == "active" and item.status == "active",
            "coordinator": each.coordinator,
            "default_reply_days": each.default_reply_days,
        }
        for each in item.desks
    ]


def put_officer(conn: Connection, at: int, given: Officer, username: str, active: bool) -> bool:
    """Write an officer with all seats (those not named are taken away); true where something changed."""
    row = conn.execute(sa.select(officer).where(officer.c.id == given.id).with_for_update()).one_or_none()
    before = _seats(conn, given.id)
    after = {name: " ".join(sorted(set(roles))) for name, roles in given.desks.items()}
    head = {"username": username, "name": given.name, "language": given.language, "active": active}
    if row is not None and before == after and all(row._mapping[key] == value for key, value in head.items()):
        return False
    version = (row.version if row is not None else 0) + 1
    if row is None:
        conn.execute(sa.insert(officer).values(id=given.id, version=version, **head))
    else:
        conn.execute(sa.update(officer).where(officer.c.id == given.id).values(version=version, **head))
    conn.execute(sa.delete(seat).where(seat.c.officer == given.id))
    if after:
        conn.execute(sa.insert(seat), [{"officer": given.id, "desk": d, "roles": roles} for d, roles in after.items()])
    log = [Change("Officer", f"{d}/{given.id}", "updated" if d in before else "created") for d in after]
    log += [Change("Officer", f"{d}/{given.id}", "destroyed") for d in before if d not in after]
    _log(conn, at, log)
    for d in sorted({*before, *after}):
        if before.get(d) != after.get(d):
            note(conn, at, given.id, d, "seat" if d in after else "seat-removed", after.get(d, ""))
    if row is not None and row.active != active:
        note(conn, at, given.id, "", "officer-enabled" if active else "officer-disabled", "")
    return True


def change_officer(
    conn: Connection, at: int, officer_id: str, seats: Mapping[str, Collection[str]], active: bool | None
) -> bool:
    """Change some seats of an officer (by desk: the roles, none to take it away), or whether they may sign in.

    True where something changed. Raises `UnknownOfficer`.
    """
    row = conn.execute(sa.select(officer).where(officer.c.id == officer_id).with_for_update()).one_or_none()
    if row is None:
        raise UnknownOfficer(officer_id)
    held = {name: roles.split() for name, roles in _seats(conn, officer_id).items()} | dict(seats)
    changed = Officer(
        id=row.id,
        name=row.name,
        language=row.language,
        desks={name: tuple(roles) for name, roles in held.items() if roles},  # type: ignore[arg-type]
    )
    return put_officer(conn, at, changed, row.username, row.active if active is None else active)


def _seats(conn: Connection, officer_id: str) -> dict[str, str]:
    found = conn.execute(sa.select(seat.c.desk, seat.c.roles).where(seat.c.officer == officer_id))
    return {row.desk: row.roles for row in found}


def put_procedures(conn: Connection, at: int, given: Iterable[Rules]) -> int:
    """Write procedure versions; returns how many were new or got other translations.

    Raises `ProcedureChanged` where a stored version would change its meaning: cases rely on it.
    """
    log: list[Change] = []
    for rules in given:
        name, version = rules.key
        where = (procedure.c.id == name, procedure.c.version == version)
        row = conn.execute(sa.select(procedure.c.data).where(*where)).one_or_none()
        data = encode(rules)
        if row is None:
            conn.execute(sa.insert(procedure).values(id=name, version=version, wire_id=wire_id(rules), data=data))
            log.append(Change("Procedure", wire_id(rules), "created"))
            continue
        stored = decode_rules(row.data)
        if msgspec.structs.replace(stored, labels=rules.labels) != rules:
            raise ProcedureChanged(name, version)
        if stored.labels != rules.labels:
            conn.execute(sa.update(procedure).where(*where).values(data=data))
            log.append(Change("Procedure", wire_id(rules), "updated"))
    _log(conn, at, log)
    return len(log)


def _log(conn: Connection, at: int, log: list[Change]) -> None:
    """Log directory changes and keep the order of a first sync."""
    if not log:
        return
    seq = changes.append(conn, at, {DIRECTORY: log})[DIRECTORY]
    joined = [
        {"joined": seq + index, "type": item.type, "object_id": item.object_id}
        for index, item in enumerate(log)
        if item.kind == "created"
    ]
    if joined:
        conn.execute(sa.insert(directory), joined)
    for item in log:
        if item.kind == "destroyed":
            conn.execute(
                sa.delete(directory).where(directory.c.type == item.type, directory.c.object_id == item.object_id)
            )


def target(conn: Connection, desk_id: str) -> Target | None:
    """The desk an entry is addressed to, None where there is none."""
    row = conn.execute(sa.select(desk).where(desk.c.id == desk_id)).one_or_none()
    if row is None:
        return None
    return Target(
        desk=row.id, authority=row.authority, name=row.name, country=row.country, area=row.area, active=row.active
    )


def rules(conn: Connection, name: str, version: int | None = None) -> Rules | None:
    """A procedure version without its translations, the newest where none is named.

    A version never changes its meaning, so each connection reads it once: with all languages it is long, and every
    request about a case needs one.
    """
    if version is None:
        version = conn.scalar(sa.select(sa.func.max(procedure.c.version)).where(procedure.c.id == name))
        if version is None:
            return None
    known: dict[tuple[str, int], Rules] = conn.info.setdefault("rules", {})
    key = (name, version)
    if key not in known:
        data = conn.scalar(sa.select(procedure.c.data).where(procedure.c.id == name, procedure.c.version == version))
        if data is None:
            return None
        known[key] = msgspec.structs.replace(decode_rules(data), labels={})
    return known[key]
