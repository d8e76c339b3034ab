"""Hundreds of entries after a week offline: in limits, in order within each case, each once (F38)."""

from __future__ import annotations

import json
from pathlib import Path

from imi_central.store import Store as Central
from imi_core.jmap import Limits
from imi_tui.sync.errors import Offline
from tests.central.world import LYON, Caller, send
from tests.effort import tries
from tests.tui.sync.world import Client

MANY, CASES = tries(240, 500), 24
SMALL = Limits(max_objects_in_set=7, max_size_request=64 * 1024, max_calls_in_request=8)


def filled(central: Central, lyon: Client) -> list[str]:
    """Messages to several cases, in turns."""
    cases = [send(central).case_id for _ in range(CASES)]
    lyon.sync()
    for number in range(MANY):
        lyon.store.act(LYON, cases[number % CASES], "message", text=f"{number:03}", lang="en")
    return cases


def texts(central: Central, case: str) -> list[str]:
    """What the server has of a case, in order."""
    with central.view("lyon") as view:
        entries = [each for each in view.entries(LYON, None, 10_000) if each.case_id == case and each.text]
        return [each.text.text for each in sorted(entries, key=lambda each: each.version) if each.text]


def test_a_week_of_work_goes_in_limits_and_in_order(central: Central, tmp_path: Path) -> None:
    lyon = Client(tmp_path / "lyon", Caller(central, SMALL), "lyon")
    cases = filled(central, lyon)
    # Every third reply is lost: what was on its way is sent again.
    lyon.line.lose = lambda number: "reply" if number % 3 == 2 else ""
    lyon.line.requests.clear()
    left: list[int] = []
    for _ in range(400):
        try:
            lyon.sync()
        except Offline:
            left.append(lyon.store.status().queued)
            continue
        break
    assert lyon.store.status().queued == 0
    assert left == sorted(left, reverse=True)
    assert len(set(left)) > 2, "the count falls while they go"
    for request in lyon.line.requests:
        assert len(json.dumps(request, ensure_ascii=False).encode()) <= SMALL.max_size_request
        assert len(request["methodCalls"]) <= SMALL.max_calls_in_request
        for name, arguments, _ in request["methodCalls"]:
            assert name != "Entry/set" or len(arguments["create"]) <= SMALL.max_objects_in_set
    for at, case in enumerate(cases):
        assert texts(central, case) == [f"{number:03}" for number in range(at, MANY, CASES)]
