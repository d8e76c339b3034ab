"""Who sits at the demo's desks beside the officers one can sign in as, and who of them looks after which case."""

from __future__ import annotations

import datetime as dt
import hashlib
import random
from typing import TYPE_CHECKING

from imi_core.authority import Officer
from imi_core.case import Assignment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from imi_central.demo.europe import Europe
    from imi_core.case import Case, Entry

DESK_OFFICERS = 3
"""Officers of every desk who write in its cases: always the same ones, so that names recur as they do in real work."""
_ASSIGNED, _OWN = 0.6, 0.4
"""Share of the open cases that somebody looks after, and of these the share of the officer one signs in as."""


def person(europe: Europe, desk: str, number: int) -> tuple[str, str]:
    """(id, name) of one of the officers of a desk."""
    name = europe.people[europe.by_desk[desk][1].country].name(random.Random(f"{desk}:{number}"))
    return f"{desk}-{hashlib.sha256(name.encode()).hexdigest()[:8]}", name


def colleagues(europe: Europe, officers: Iterable[Officer]) -> list[Officer]:
    """The other officers at the desks of `officers`, with the same roles there."""
    out: dict[str, Officer] = {}
    for officer in officers:
        for desk, roles in officer.desks.items():
            for number in range(DESK_OFFICERS):
                id, name = person(europe, desk, number)
                out[id] = Officer(id=id, name=name, language=officer.language, desks={desk: roles})
    return list(out.values())


class Assigning:
    """Notes the open cases that pass by, to say afterwards who looks after them."""

    def __init__(self, europe: Europe, officers: Iterable[Officer], seed: int) -> None:
        self._europe, self._seed = europe, seed
        self._own = {desk: officer.id for officer in officers for desk in officer.desks}
        self._open: list[tuple[str, str, dt.datetime]] = []

    def passing(self, made: Iterable[tuple[Case, list[Entry]]]) -> Iterator[tuple[Case, list[Entry]]]:
        """The same cases."""
        for case, entries in made:
            if case.closed_at is None and case.last_activity is not None:
                desks = {part.desk for part in case.parts if part.role != "observer"} & self._own.keys()
                self._open += [(desk, case.id, case.last_activity) for desk in sorted(desks)]
            yield case, entries

    def made(self) -> Iterator[tuple[str, str, Assignment]]:
        """(desk, case id, assignment)."""
        for desk, case_id, at in self._open:
            rng = random.Random(f"{self._seed}:{desk}:{case_id}")
            if rng.random() >= _ASSIGNED:
                continue
            others = [person(self._europe, desk, number)[0] for number in range(DESK_OFFICERS)]
            officer = self._own[desk] if rng.random() < _OWN else rng.choice(others)
            by = officer if rng.random() < 0.5 else rng.choice(others)
            yield desk, case_id, Assignment(officer=officer, version=1, at=at, by=by)
