"""What an officer may see: the one place where seats and visibility meet the tables.

Every read (get, changes, query, digest, file) and every write goes through `Sight`; nothing else decides. The rule
itself is `imi_core.visibility`; here it is asked with what the tables hold, once for each distinct situation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from imi_central.store import register
from imi_central.store.errors import NoSeat, OfficerDisabled, UnknownOfficer
from imi_central.store.tables import desk, desk_case, officer, seat
from imi_core import visibility
from imi_core.authority import Role, Seat
from imi_core.case import Case, Part

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Row

    from imi_core.case import Level, PartRole
    from imi_core.procedure import Rules


SITUATION = tuple(desk_case.c[each] for each in ("role", "procedure", "procedure_version", "state", "blocked"))
"""What of a `desk_case` row decides how much of the case is seen."""
_ALL: frozenset[Role] = frozenset(("viewer", "handler"))


class Person(NamedTuple):
    """The officer who asks."""

    id: str
    username: str
    name: str
    language: str


class Place(NamedTuple):
    """A seat together with the settings of its desk."""

    seat: Seat
    active: bool
    default_reply_days: int


class Sight:
    """One officer's sight on one snapshot. Rights are read when it is made, and never kept longer.

    Raises `UnknownOfficer` and `OfficerDisabled`.
    """

    def __init__(self, conn: Connection, officer_id: str) -> None:
        self.conn = conn
        row = conn.execute(sa.select(officer).where(officer.c.id == officer_id)).one_or_none()
        if row is None:
            raise UnknownOfficer(officer_id)
        if not row.active:
            raise OfficerDisabled(officer_id)
        self.person = Person(row.id, row.username, row.name, row.language)
        self.places = {place.seat.desk: place for place in self._places()}
        self._rules: dict[tuple[str, int], Rules | None] = {}
        self._levels: dict[tuple[object, ...], Level] = {}

    def _places(self) -> Iterable[Place]:
        found = self.conn.execute(
            sa.select(seat.c.roles, desk)
            .join(desk, desk.c.id == seat.c.desk)
            .where(seat.c.officer == self.person.id)
            .order_by(desk.c.id)
        )
        for row in found:
            roles: tuple[Role, ...] = tuple(row.roles.split())
            each = Seat(
                officer=self.person.id,
                officer_name=self.person.name,
                desk=row.id,
                authority=row.authority,
                authority_name=row.name,
                country=row.country,
                area=row.area,
                roles=frozenset(roles),
                coordinator=row.coordinator,
            )
            yield Place(each, row.active, row.default_reply_days)

    def seat(self, desk_id: str) -> Seat:
        """The officer's seat at a desk. Raises `NoSeat`."""
        place = self.places.get(desk_id)
        if place is None:
            raise NoSeat(desk_id)
        return place.seat

    def sees_any(self, desk_id: str) -> bool:
        """Whether the officer's roles at the desk let any case be seen at all. Raises `NoSeat`."""
        return bool(self.seat(desk_id).roles & visibility.SUMMARY_ROLES)

    def rules(self, name: str, version: int) -> Rules:
        """The procedure version of a stored case."""
        key = (name, version)
        if key not in self._rules:
            self._rules[key] = register.rules(self.conn, name, version)
        rules = self._rules[key]
        if rules is None:
            raise LookupError(f"the database has a case of {name} version {version}, but not that version")
        return rules

    def level(self, desk_id: str, row: Row[tuple[object, ...]]) -> Level:
        """What the officer in the seat at `desk_id` sees of the case of a `desk_case` row."""
        return self.level_in(desk_id, row.role, row.procedure, row.procedure_version, row.state, row.blocked)

    def level_in(self, desk_id: str, role: PartRole, procedure: str, version: int, state: str, blocked: bool) -> Level:
        """The same of a `SITUATION`, of which very many cases are in the same one."""
        key = (desk_id, role, procedure, version, state, blocked)
        level = self._levels.get(key)
        if level is None:
            rules = self.rules(procedure, version)
            case = _outline(desk_id, role, procedure, state, blocked)
            level = self._levels[key] = visibility.level(rules, case, self.seat(desk_id))
        return level

    def levels(self, desk_id: str, ids: Iterable[str]) -> dict[str, Level]:
        """The level of each of these cases at a desk, without those that may not be seen. Raises `NoSeat`."""
        return {row.case_id: level for row, level in self.parts(desk_id, ids)}

    def parts(self, desk_id: str, ids: Iterable[str]) -> Iterator[tuple[Row[tuple[object, ...]], Level]]:
        """The `desk_case` row and the level of each of these cases that may be seen. Raises `NoSeat`."""
        self.seat(desk_id)
        for batch in batches(ids):
            found = self.conn.execute(
                sa.select(desk_case).where(desk_case.c.desk == desk_id, desk_case.c.case_id.in_(batch))
            )
            for row in found:
                level = self.level(desk_id, row)
                if level != "nothing":
                    yield row, level


def desk_level(rules: Rules, case: Case | None, desk_id: str) -> Level:
    """What the desk as a whole sees: the level of an officer with full rights there. Decides the change log (P5)."""
    part = case.part_of(desk_id) if case is not None else None
    if case is None or part is None:
        return "nothing"
    whole = Seat(
        officer="",
        officer_name="",
        desk=desk_id,
        authority=part.authority,
        authority_name=part.name,
        country=part.country,
        area=rules.procedure.area,
        roles=_ALL,
    )
    return visibility.level(rules, case, whole)


def batches(ids: Iterable[str], size: int = 500) -> Iterable[list[str]]:
    """`ids` in lists that a statement can carry."""
    every = list(ids)
    return (every[start : start + size] for start in range(0, len(every), size))


def _outline(desk_id: str, role: PartRole, procedure: str, state: str, blocked: bool) -> Case:
    part = Part(role=role, desk=desk_id, authority="", country="", name="")
    return Case(id="", procedure=procedure, state=state, parts=(part,), blocked=blocked)
