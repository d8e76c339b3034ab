"""Reading the register for whoever runs the server: without an officer, and with everything."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import sqlalchemy as sa

from imi_central.store.register import decode_authority
from imi_central.store.tables import authority, desk, officer, seat
from imi_core.authority import Authority, Officer
from imi_core.text import words

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

_BATCH = 500


def authorities(conn: Connection, ids: Iterable[str]) -> dict[str, Authority]:
    """The stored authorities with these ids."""
    wanted = list(ids)
    out: dict[str, Authority] = {}
    for start in range(0, len(wanted), _BATCH):
        query = sa.select(authority.c.id, authority.c.data).where(authority.c.id.in_(wanted[start : start + _BATCH]))
        out.update((row.id, decode_authority(row.data)) for row in conn.execute(query))
    return out


def missing_desks(conn: Connection, ids: Iterable[str]) -> list[str]:
    """Those of these desk ids that do not exist."""
    wanted = list(ids)
    found = set(conn.scalars(sa.select(desk.c.id).where(desk.c.id.in_(wanted))))
    return [each for each in wanted if each not in found]


def desks_like(conn: Connection, id: str, limit: int = 5) -> list[str]:
    """Desks whose id, or whose authority's name, holds every word of `id`: what somebody may have meant."""
    name, underscore, area = id.rpartition("_")
    query = sa.select(desk.c.id).join(authority, authority.c.id == desk.c.authority).order_by(desk.c.id)
    for word in words(name if underscore else id):
        found = authority.c.folded.contains(word, autoescape=True)
        query = query.where(sa.or_(found, desk.c.id.contains(word, autoescape=True)))
    near = conn.scalars(query.limit(200))
    return sorted(near, key=lambda each: (not each.endswith(f"_{area}"), each))[:limit]


def officer_by_username(conn: Connection, username: str) -> tuple[Officer, bool] | None:
    """The officer who signs in with this name, and whether they may."""
    row = conn.execute(sa.select(officer).where(officer.c.username == username)).one_or_none()
    if row is None:
        return None
    seats = conn.execute(sa.select(seat.c.desk, seat.c.roles).where(seat.c.officer == row.id))
    desks = {each.desk: tuple(each.roles.split()) for each in seats}
    return Officer(id=row.id, name=row.name, language=row.language, desks=desks, version=row.version), row.active
