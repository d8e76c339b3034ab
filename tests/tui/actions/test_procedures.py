"""What procedures let an officer do: each action of a lifecycle by its letter, the menu and the plain command.

Of those that ask for more than the authority or a number of days, on screen the form is what is reached: forms are
filled in elsewhere. The command does the whole.
"""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from imi_core.authority import Seat
from imi_tui.actions import Action
from imi_tui.cache.model import Row
from imi_tui.cache.store import Store
from imi_tui.screens import routes
from tests.effort import some, tries
from tests.tui.actions.desk import Desk, desk
from tests.tui.actions.proofs import PROOFS, Command, Steps, tried
from tests.tui.actions.ways import COMMAND, MENU, Way
from tests.tui.screens import filled

pytestmark = pytest.mark.anyio


async def at(here: Desk, row: Row) -> None:
    """The case under the cursor of the list, or open."""
    here.inbox.view = "all"
    here.list.aim = (row.desk, row.id)
    here.inbox.show_rows(keep=True)
    await here.calm()
    assert here.row.id == row.id, "the list is on another case"
    if here.scope == "case":
        await here.open(routes.case(row.desk, row.id))


def proof(row: Row, name: str) -> object:
    """That `name` is done with this case, or that its form is there."""

    async def steps(here: Desk) -> Steps:
        if not here.commanded:
            await at(here, row)
        yield command(here, row, name) if here.commanded else ()
        for asked in ("choose_authority", "prompt"):
            if here.here == asked:
                await here.press("enter")
        if here.here == "act":
            assert (here.top._action, here.top._cases) == (name, [(row.desk, row.id)]), "another form opens"
            return
        found = [(item.action, item.case_id) for item in here.store.outbox()]
        assert found == [(name, row.id)], f"{here.here!r} is on top and the outbox has {found}"
        if here.commanded:
            assert here.said.startswith("queued"), here.said

    return steps


def command(here: Desk, row: Row, name: str) -> Command:
    """The plain command, with what ``--form`` says it needs."""
    here.command("act", row.reference, name, "--form", "--json")
    fields = json.loads(here.said)["fields"]
    detail = here.store.case(row.desk, row.id)
    assert detail is not None
    action = here.store.rules(row.procedure, detail.case["procedureVersion"]).lifecycle.actions[name]
    # A partial reply has one answer, whichever.
    asked = fields[:1] if action.partial else [each for each in fields if each["needed"]]
    out: list[str] = []
    for field in asked:
        value = field["options"][0]["value"] if field["options"] else VALUES.get(field["type"], "Said.")
        out += ["--answer", f"{field['id']}={value}"]
    if action.text == "required":
        out += ["--text", "Said so."]
    if action.target is not None:
        colleagues = here.store.authorities("", country=here.seat.country, area=here.seat.area, limit=9)
        out += ["--to", next(hit.desk for hit in colleagues if hit.desk not in ("", here.seat.desk))]
    return ("act", row.reference, name, *out, "--no-sync")


ROUNDS = ("inbox", "case", "command")
VALUES = {"days": "14", "date": "2026-03-02", "number": "3", "country": "DE"}
"""Of fields by their type; every other takes words."""


async def test_every_action_of_a_lifecycle_is_done_by_each_of_its_ways(
    store: Store, seat: Seat, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A coordinator may do all that others may, and refuse.
    store.sync.set_session(filled.session(msgspec.structs.replace(seat, coordinator=True)))
    cases: dict[str, Row] = {}
    for row in store.window("all", "due", limit=120):
        detail = store.case(row.desk, row.id)
        for name in detail.actions if detail is not None else ():
            cases.setdefault(name, row)
    known = {name for rules in filled.all_rules() for name, each in rules.lifecycle.actions.items() if not each.starts}
    assert set(cases) == known
    faults: list[str] = []
    async with desk(store, seat, home, monkeypatch) as here:
        for number, (name, row) in enumerate(cases.items()):
            for scope in ("inbox", "case"):
                here.scope = scope
                await at(here, row)
                action = next((each for each in here.top.offered_actions() if each.id == f"do.{name}"), None)
                await here.tidy()
                assert isinstance(action, Action), f"{name} is possible with {row.reference} and not offered"
                monkeypatch.setitem(PROOFS, action.id, proof(row, name))  # type: ignore[arg-type]
                ways = [*(Way("key", key) for key in action.keys), MENU]
                # On both screens and by command in turn, by key and menu in turn: what runs is the same.
                if scope in some(ROUNDS, number):
                    turn = [ways[(number + (scope == "case")) % len(ways)]]
                    faults += [await tried(here, scope, action, way) for way in tries(turn, ways)]
            if "command" in some(ROUNDS, number):
                faults.append(await tried(here, "case", action, COMMAND))
    assert not any(faults), "\n".join(filter(None, faults))
