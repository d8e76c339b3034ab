"""A real cache with demo cases in it, as the sync engine would have filled it, for one officer at one desk."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from imi_central import catalogue
from imi_central.demo import cases as demo_cases
from imi_central.demo import europe as demo_europe
from imi_core import visibility
from imi_core.authority import Seat
from imi_core.case import Case, Entry, to_wire
from imi_core.procedure import Rules
from imi_tui.cache.store import Store
from imi_tui.cache.sync import Page
from imi_tui.context import Context
from imi_tui.profile import Profile
from tests.shared import once

if TYPE_CHECKING:
    import pytest

NOW = dt.datetime(2026, 3, 5, 9, 0, tzinfo=dt.UTC)
TODAY = NOW.date()
KEY = bytes(range(32))
OFFICER = {"id": "demo-camille", "name": "Camille Martin", "language": "fr"}


@lru_cache(maxsize=1)
def all_rules() -> tuple[Rules, ...]:
    """Every procedure of the catalogue."""
    return catalogue.load()


def a_desk(country: str = "FR", area: str = "pw") -> Seat:
    """An officer at a desk of the demo."""
    europe = demo_europe.load()
    desk, _authority = next(pair for pair in europe.desks[area][country] if not pair[0].coordinator)
    return europe.seat(desk.id, OFFICER["id"], OFFICER["name"])


def session(*seats: Seat) -> dict[str, Any]:
    """The session resource that names these seats."""
    accounts: dict[str, Any] = {"directory": {"name": "Directory", "accountCapabilities": {"urn:imi:case": {}}}}
    for seat in seats:
        given = {
            "authority": seat.authority,
            "country": seat.country,
            "area": seat.area,
            "roles": sorted(seat.roles),
            "coordinator": seat.coordinator,
            "defaultReplyDays": 14,
            "accessState": "a",
            "initialState": "0",
        }
        accounts[seat.desk] = {"name": seat.authority_name, "accountCapabilities": {"urn:imi:case": given}}
    return {"accounts": accounts, "officer": OFFICER, "username": "camille"}


@lru_cache(maxsize=4)
def demo(seat: Seat, number: int) -> tuple[tuple[Case, tuple[Entry, ...]], ...]:
    """Cases of the demo as the officer in `seat` sees them."""
    europe = demo_europe.load()
    out = []
    made = demo_cases.generate(europe, all_rules(), demo_cases.Plan(number, NOW, {seat.desk: 1.0}))
    for case, entries in made:
        rules = next(one for one in all_rules() if one.procedure.id == case.procedure)
        level = visibility.level(rules, case, seat)
        if level != "nothing":
            seen = tuple(visibility.project_entry(entry, level) for entry in entries)
            out.append((visibility.project(rules, case, level), seen))
    return tuple(out)


def directory_page() -> Page:
    """Authorities and procedures."""
    return Page(
        "d1",
        authorities=[to_wire(authority) for authority in demo_europe.load().authorities],
        procedures=[procedure_wire(rules) for rules in all_rules()],
    )


def procedure_wire(rules: Rules) -> dict[str, Any]:
    """A procedure as it travels."""
    id = f"{rules.procedure.id.replace('.', '_')}-{rules.procedure.version}"
    wire: dict[str, Any] = to_wire(rules)
    return {"id": id, **wire}


def fill(store: Store, seat: Seat, cases: tuple[tuple[Case, tuple[Entry, ...]], ...]) -> None:
    """Put session, directory and cases into the cache."""
    store.sync.set_session(session(seat))
    store.sync.apply("directory", directory_page())
    store.sync.apply(
        seat.desk,
        Page(
            "s1",
            cases=[to_wire(case) for case, _entries in cases],
            entries=[to_wire(entry) for _case, entries in cases for entry in entries],
        ),
    )
    while store.sync.index_pending(500):
        pass
    store.sync.set_ok(NOW)


def made(factory: pytest.TempPathFactory, number: int) -> Path:
    """A profile of the officer at `a_desk` with so many demo cases, made once for the whole run; tests copy it."""

    def make(home: Path) -> None:
        store, seat = open_store(home), a_desk()
        fill(store, seat, demo(seat, number))
        store.close()

    return once(factory, f"profile-{number}", make)


def open_store(home: Path) -> Store:
    """A store of its own in `home`."""
    return Store.open(Profile(home), KEY, now=lambda: NOW)


def context(store: Store, home: Path, **more: Any) -> Context:
    """What an app is given in tests: no sync thread, a fixed day."""
    return Context(store, Profile(home), today=lambda: TODAY, now=lambda: NOW, **more)


def mine(seat: Seat, case: Case) -> bool:
    """Whether the desk of `seat` has to act in `case`."""
    part = case.part_of(seat.desk)
    return part is not None and part.role == case.turn


def many(seat: Seat, number: int) -> list[dict[str, Any]]:
    """`number` cases on the wire, made from one: quick enough for a hundred thousand."""
    case, _entries = next(pair for pair in demo(seat, 60) if mine(seat, pair[0]) and pair[0].due is not None)
    wire = to_wire(msgspec.structs.replace(case, request={}))
    out = []
    for index in range(number):
        due = (TODAY + dt.timedelta(days=index % 200 - 20)).isoformat()
        at = (NOW - dt.timedelta(minutes=index)).isoformat().replace("+00:00", "Z")
        out.append(
            wire
            | {
                "id": f"{index:032x}",
                "reference": f"PW-26-{index:06}",
                "subject": f"Case number {index}",
                "due": due,
                "deadlines": [{"code": "PW.STD", "on": due, "role": "responder"}],
                "lastActivity": at,
            }
        )
    return out
