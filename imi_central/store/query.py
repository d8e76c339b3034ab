"""Digests and online search. What is searched is what every reader of a case sees; nothing matches on content."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from imi_central.store.errors import TooMany
from imi_central.store.sight import SITUATION
from imi_central.store.tables import authority, cases, desk, desk_case
from imi_core.text import fold

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from imi_central.store.sight import Sight


class Bucket(NamedTuple):
    """A digest over the cases whose ids share a prefix; `items` as (id, version, level, mark).

    To the mark of a case that was ever assigned at the desk, or has translations there, belongs how.
    """

    number: int
    hash: str
    items: tuple[tuple[str, int, str, str], ...]


class CaseFilter(NamedTuple):
    """All of these have to hold; empty ones do not count. `turn`: whether this desk has to act."""

    text: str = ""
    state: str = ""
    procedure: str = ""
    reference: str = ""
    turn: bool | None = None


class AuthorityFilter(NamedTuple):
    """All of these have to hold; empty ones do not count."""

    text: str = ""
    country: str = ""
    area: str = ""
    topic: str = ""


def digest(sight: Sight, desk_id: str, prefix: str, depth: int, items: bool, limit: int) -> dict[str, Bucket]:
    """See `View.digest`."""

    sight.seat(desk_id)
    of = desk_case.c
    found = sight.conn.execute(
        sa.select(of.case_id, of.version, of.mark, of.assigned, of.assigned_to, of.translations, *SITUATION)
        # Ids are lower-case hexadecimal digits: "g" comes right behind all of them.
        .where(of.desk == desk_id, of.case_id >= prefix, of.case_id < prefix + "g")
        .order_by(of.case_id)
        .execution_options(yield_per=2000)
    )
    width = len(prefix) + depth
    hashes: dict[str, tuple[int, hashlib._Hash]] = {}
    listed: dict[str, list[tuple[str, int, str, str]]] = {}
    total = 0
    with found:
        for case_id, version, mark, assigned, assigned_to, translations, *situation in found:
            level = sight.level_in(desk_id, *situation)
            if level == "nothing":
                continue
            key = case_id[:width]
            count, hash = hashes.get(key) or (0, hashlib.sha256())
            if assigned:
                mark = f"{mark}.{assigned_to}.{assigned}"
            if translations and level == "full":
                mark = f"{mark}.t{translations}"
            hash.update(f"{case_id} {version} {level} {mark}\n".encode())
            hashes[key] = (count + 1, hash)
            if items:
                total += 1
                if total > limit:
                    raise TooMany
                listed.setdefault(key, []).append((case_id, version, level, mark))
    return {
        key: Bucket(count, hash.hexdigest()[:32], tuple(listed.get(key, ()))) for key, (count, hash) in hashes.items()
    }


def cases_matching(sight: Sight, desk_id: str, wanted: CaseFilter, position: int, limit: int) -> list[str]:
    """See `View.find_cases`."""
    query = (
        sa.select(desk_case)
        .where(desk_case.c.desk == desk_id, desk_case.c.blocked.is_(False))
        .order_by(desk_case.c.last_activity.desc(), desk_case.c.case_id.desc())
    )
    if wanted.state:
        query = query.where(desk_case.c.state == wanted.state)
    if wanted.procedure:
        query = query.where(desk_case.c.procedure == wanted.procedure)
    of_cases = [cases.c.folded.contains(word, autoescape=True) for word in fold(wanted.text).split()]
    if wanted.reference:
        of_cases.append(cases.c.reference == wanted.reference)
    if wanted.turn is not None:
        mine = sa.and_(cases.c.turn.is_not(None), cases.c.turn == desk_case.c.role)
        of_cases.append(mine if wanted.turn else sa.not_(mine))
    if of_cases:
        # Cases are long: whoever asks for nothing of theirs reads none.
        query = query.join(cases, cases.c.id == desk_case.c.case_id).where(*of_cases)
    found = sight.conn.execute(query.offset(position).limit(limit))
    return [row.case_id for row in found if sight.level(desk_id, row) != "nothing"]


def authorities_matching(conn: Connection, wanted: AuthorityFilter, position: int, limit: int) -> list[str]:
    """See `View.find_authorities`."""
    query = sa.select(authority.c.id).order_by(authority.c.folded, authority.c.id)
    for word in fold(wanted.text).split():
        query = query.where(authority.c.folded.contains(word, autoescape=True))
    if wanted.country:
        query = query.where(authority.c.country == wanted.country)
    if wanted.topic:
        query = query.where(authority.c.folded.contains(f" {wanted.topic} ", autoescape=True))
    if wanted.area:
        here = sa.select(desk.c.authority).where(desk.c.area == wanted.area, desk.c.active.is_(True))
        query = query.where(authority.c.id.in_(here))
    return list(conn.scalars(query.offset(position).limit(limit)))


def authorities_by_country(conn: Connection) -> dict[str, int]:
    """How many authorities each country has."""
    counted = sa.select(authority.c.country, sa.func.count().label("number")).group_by(authority.c.country)
    return {row.country: row.number for row in conn.execute(counted.order_by(authority.c.country))}


def authorities_of(conn: Connection, country: str, after: str, limit: int) -> list[bytes]:
    """Stored authorities of a country behind an id, in id order."""
    query = sa.select(authority.c.data).where(authority.c.country == country, authority.c.id > after)
    return list(conn.scalars(query.order_by(authority.c.id).limit(limit)))
