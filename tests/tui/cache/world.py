"""A small Europe at the officer's machine: sessions, authorities and cases as the server would send them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import msgspec

from imi_core.case import Case, Entry, to_wire
from imi_core.procedure import Rules
from imi_tui.cache.store import Store
from imi_tui.cache.sync import Page
from imi_tui.profile import Profile
from tests.core import world

KEY = bytes(range(32))
NOW = dt.datetime(2026, 3, 10, 9, 0, tzinfo=dt.UTC)
DE, FR = "de1", "fr1"
DESKS = ("de1", "de2", "fr1")


class Clock:
    """A clock that moves a second at each look."""

    def __init__(self, at: dt.datetime = NOW) -> None:
        self.at = at

    def __call__(self) -> dt.datetime:
        self.at += dt.timedelta(seconds=1)
        return self.at


def session(*desks: str, officer: str = "officer-de1", coordinator: bool = False) -> dict[str, Any]:
    """A session of an officer who handles cases at these desks."""
    accounts: dict[str, Any] = {"directory": {"name": "Directory", "accountCapabilities": {"urn:imi:case": {}}}}
    for desk in desks:
        given = {
            "authority": f"authority-{desk}",
            "country": desk[:2].upper(),
            "area": "pw",
            "roles": ["handler", "a_role_of_tomorrow"],
            "coordinator": coordinator,
        }
        accounts[desk] = {"name": f"Authority {desk}", "accountCapabilities": {"urn:imi:case": given}}
    return {
        "accounts": accounts,
        "officer": {"id": officer, "name": "Officer", "language": "de"},
        "capabilities": {"urn:imi:case": {"server": "s", "epoch": "e"}},
    }


def authority(desk: str, **members: Any) -> dict[str, Any]:
    """The authority of a desk."""
    wire: dict[str, Any] = {
        "id": f"authority-{desk}",
        "formalName": f"Authority {desk}",
        "country": desk[:2].upper(),
        "town": "Town",
        "desks": [{"id": desk, "area": "pw"}],
    }
    return wire | members


def procedure(rules: Rules) -> dict[str, Any]:
    """A procedure on the wire."""
    wire: dict[str, Any] = to_wire(rules)
    return wire | {"id": f"{rules.procedure.id.replace('.', '_')}-{rules.procedure.version}"}


def open_store(home: Path, **options: Any) -> Store:
    """A store of the profile at `home`, with a clock of its own."""
    return Store.open(Profile(home), options.pop("key", KEY), now=options.pop("now", Clock()), **options)


def set_up(store: Store, rules: Rules, *desks: str) -> Store:
    """Sign in at `desks` (de1 if none is given) and fill the directory."""
    store.sync.set_session(session(*(desks or (DE,))))
    store.sync.apply(
        "directory", Page("d1", authorities=[authority(desk) for desk in DESKS], procedures=[procedure(rules)])
    )
    return store


def case_id(number: int) -> str:
    """The id of a case."""
    return f"{number:032x}"


def case(rules: Rules, number: int = 1, state: str = "awaiting_acceptance", **members: Any) -> Case:
    """A case from fr1 to de1."""
    found = world.case_in(rules, state)
    given = {"id": case_id(number), "reference": f"PW-26-{number:06}", **members}
    return msgspec.structs.replace(found, **given)


def entry(case: Case, action: str = "message", *, id: str = "", desk: str = FR, **members: Any) -> dict[str, Any]:
    """The entry that brought `case` where it is, on the wire."""
    given = {"text": {"lang": "fr", "text": "Bonjour"}} | members
    made = msgspec.convert(given | {"action": action}, Entry)
    made = msgspec.structs.replace(
        made,
        id=id or f"e{case.version}-{case.id[-20:]}",
        case_id=case.id,
        version=case.version,
        desk=desk,
        officer=made.officer or f"officer-{desk}",
        at=case.last_activity,
    )
    wire: dict[str, Any] = to_wire(made)
    return wire


def put(store: Store, *cases: Case, entries: list[dict[str, Any]] | None = None, desk: str = DE, **page: Any) -> None:
    """Apply a page with these cases to the desk's account."""
    state = page.pop("new_state", "s" + str(len(store.sync.state(desk)) + 1))
    store.sync.apply(desk, Page(state, cases=[to_wire(case) for case in cases], entries=entries or [], **page))
    store.sync.index_little()
