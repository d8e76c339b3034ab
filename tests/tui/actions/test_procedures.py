"""What procedures let an officer do: each action of a lifecycle, by its letter and by the menu, from list and case."""

from __future__ import annotations

from pathlib import Path

import pytest

from imi_core.authority import Seat
from imi_tui.actions import Action
from imi_tui.cache.model import Row
from imi_tui.cache.store import Store
from imi_tui.screens import routes
from tests.tui.actions.desk import Desk, desk
from tests.tui.actions.proofs import PROOFS, Steps, tried
from tests.tui.actions.ways import MENU, Way

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
        await at(here, row)
        yield ()
        for asked in ("choose_authority", "prompt"):
            if here.here == asked:
                await here.press("enter")
        if here.here == "act":
            assert (here.top._action, here.top._cases) == (name, [(row.desk, row.id)]), "another form opens"
            return
        found = [(item.action, item.case_id) for item in here.store.outbox()]
        assert found == [(name, row.id)], f"{here.here!r} is on top and the outbox has {found}"

    return steps


async def test_every_action_that_a_procedure_offers_is_done_with_its_case(
    store: Store, seat: Seat, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases: dict[str, Row] = {}
    for row in store.window("all", "due", limit=120):
        detail = store.case(row.desk, row.id)
        for name in detail.actions if detail is not None else ():
            cases.setdefault(name, row)
    faults: list[str] = []
    done: set[str] = set()
    async with desk(store, seat, home, monkeypatch) as here:
        for number, (name, row) in enumerate(cases.items()):
            for scope in ("inbox", "case"):
                here.scope = scope
                await at(here, row)
                action = next((each for each in here.top.offered_actions() if each.id == f"do.{name}"), None)
                await here.tidy()
                assert isinstance(action, Action), f"{name} is possible with {row.reference} and not offered"
                monkeypatch.setitem(PROOFS, action.id, proof(row, name))  # type: ignore[arg-type]
                # By key and menu in turn: what runs is the same on both screens.
                by_key = Way("key", action.keys[0]) if action.keys else MENU
                way = by_key if (number + (scope == "case")) % 2 else MENU
                faults.append(await tried(here, scope, action, way))
                done.add(name)
    assert not any(faults), "\n".join(filter(None, faults))
    assert {"accept", "reply", "forward", "message", "close"} <= done
