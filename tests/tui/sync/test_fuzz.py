"""Real answers with random members lost, doubled, exchanged or replaced by nonsense (T20).

A seed draws the server's history, what the officer does and what becomes of each answer. Whatever it is: the run ends
with a typed error or well, everything a screen reads can be read, and what was written arrives once or is still here.
"""

from __future__ import annotations

import contextlib
import copy
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from imi_central.store import Store as Central
from imi_core.errors import ImiError
from imi_tui.cache.errors import CacheError
from imi_tui.cache.model import SORTS, VIEWS
from imi_tui.sync import wire
from imi_tui.sync.errors import ServerMistake, SyncError
from imi_tui.sync.transport import _response
from imi_tui.viewmodel import conflict, outgoing, similar
from tests.central.world import LYON, ROSENHEIM, accept, send
from tests.effort import tries
from tests.limit import index_all
from tests.tui.sync.test_engine import new_case
from tests.tui.sync.world import Client

Clients = Callable[[str], Client]
MANY: list[Any] = []
for _ in range(50):
    MANY = [MANY]
NONSENSE: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 2**53 - 1, 1 - 2**53, 1.5, -1e300, 3.0),
    *(
        "",
        "x",
        "ref:x",
        "a" * 300,
        "\u202e",
        "\u0000",
        "²",
        "-1",
        "initiator",
        "0001-01-01T00:00:00+14:00",
        "2026-13-40",
    ),
    *([], {}, [[]], [None], [5], [{}], {"a": 1}, {"": {}}, {"id": "x"}, MANY),
)
MEMBERS = (
    "Case",
    "Entry",
    "Procedure",
    "Authority",
    "created",
    "updated",
    "destroyed",
    "list",
    "notFound",
    "type",
    "ids",
)
SEEDS = (0, 1, 62, 285, 330)
STEPS = 12


class Fuzz:
    """Spoils answers, as long as `on`."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.share = self.random.choice([0.1, 0.3, 1.0])
        self.on = True

    def answer(self, response: dict[str, Any]) -> dict[str, Any]:
        """What is left of it, as the line hands it on."""
        if not self.on or self.random.random() > self.share:
            return response
        spoilt = self._spoilt(response)
        calls = [each[2] for each in response["methodResponses"]]
        try:
            parsed = _response(wire.parse(json.dumps(spoilt).encode()))
        except SyncError:
            return response
        return parsed if [each[2] for each in parsed["methodResponses"]] == calls else response

    def session(self, session: dict[str, Any]) -> dict[str, Any]:
        """A session whose officer is who they are."""
        if not self.on or self.random.random() > self.share / 2:
            return session
        spoilt = self._spoilt(session)
        if not isinstance(spoilt.get("accounts"), dict):
            raise ServerMistake("a session without accounts")
        return {**spoilt, "officer": session["officer"]}

    def _spoilt(self, given: dict[str, Any]) -> dict[str, Any]:
        out = copy.deepcopy(given)
        places = list(_places(out))
        for _ in range(self.random.choice([1, 1, 1, 2, 4])):
            at, key = self.random.choice(places)
            other, name = self.random.choice(places)
            value = other[name] if name in _keys(other) else None
            value = copy.deepcopy(value if self.random.random() < 0.4 else self.random.choice(NONSENSE))
            match self.random.randrange(4):
                case 0 if key in _keys(at):
                    del at[key]
                case 1 if isinstance(at, list):
                    at.append(value)
                case 2 if isinstance(at, dict):
                    at[self.random.choice(MEMBERS)] = value
                case _ if key in _keys(at):
                    at[key] = value
        return out


def _keys(at: Any) -> Any:
    return at.keys() if isinstance(at, dict) else range(len(at))


def _places(at: Any) -> Iterator[tuple[Any, Any]]:
    """Every member of every object and list."""
    for key in _keys(at):
        yield at, key
        if isinstance(at[key], dict | list):
            yield from _places(at[key])


def look(client: Client) -> None:
    """Read what screens read."""
    store = client.store
    store.status(), store.progress(), store.held(), store.seats()
    for sort in SORTS:
        for view in VIEWS:
            assert len(store.window(view, sort, limit=1000)) == store.counts()[view]
    for row in store.window("all", "due", limit=1000):
        detail = store.case(row.desk, row.id)
        if detail is not None:
            similar.similar(detail, "message", client.now)
    for item in store.outbox():
        outgoing.state(item), outgoing.reasons(item), outgoing.written(item), conflict.is_conflict(item)
    store.search("alpbau"), store.authorities(""), store.procedures()
    index_all(store)


@pytest.mark.parametrize("seed", tries(SEEDS[:2], SEEDS))
def test_whatever_an_answer_holds(central: Central, client: Clients, seed: int) -> None:
    fuzz = Fuzz(seed)
    cases = [send(central, subject=f"Case {number}").case_id for number in range(3)]
    accept(central, cases[0])
    officer, desk = fuzz.random.choice([("lyon", LYON), ("both", ROSENHEIM)])
    each = client(officer)
    honest = each.line.session
    each.line.session = lambda: fuzz.session(honest())  # type: ignore[method-assign]
    each.line.change = fuzz.answer
    each.line.streams = fuzz.random.random() < 0.5
    written: list[str] = []
    for step in range(STEPS):
        if fuzz.random.random() < 0.4:
            cases.append(send(central, subject=f"More {step}").case_id)
        try:
            if officer == "lyon" and fuzz.random.random() < 0.3:
                new_case(each, step)
            else:
                each.store.act(desk, fuzz.random.choice(cases), "message", text=f"Words {step}.", lang="en")
                written.append(f"Words {step}.")
        except (ImiError, CacheError):
            # What is here does not allow it.
            pass
        with contextlib.suppress(SyncError, CacheError):
            each.sync_all() if fuzz.random.random() < 0.3 else each.sync()
        look(each)
        if fuzz.random.random() < 0.2:
            each.restart()
            look(each)
    fuzz.on = False
    _settle(each)
    look(each)
    left = {outgoing.written(item) for item in each.store.outbox()}
    held = {(item.desk, item.case_id) for item in each.store.outbox() if item.state == "rejected"}
    assert all((item.desk, item.case_id) in held for item in each.store.outbox())
    with central.view("lyon") as view:
        there = [entry.text.text for entry in view.entries(LYON, None, 1000) if entry.text is not None]
    for text in written:
        assert there.count(text) == 1 or (there.count(text) == 0 and text in left)


def _settle(client: Client) -> None:
    """Synchronise with the honest server: what is left of the nonsense may cost a few tries, and no more."""
    for _ in range(5):
        try:
            client.sync_all()
        except (SyncError, CacheError):
            continue
        break
    client.sync_all()
