"""Rights that come and go between the pages of one run: the end is what the server shows (F35)."""

from __future__ import annotations

import functools
import itertools
from pathlib import Path

import pytest

from imi_central.store import Store as Central
from imi_core.authority import Officer
from tests.central.world import MUNICH, ROSENHEIM, Caller
from tests.effort import tries
from tests.tui.sync.world import Client, server_ids

BOTH = {ROSENHEIM: ("handler",), MUNICH: ("handler",)}
ONE = {MUNICH: ("handler",)}
LESS = {ROSENHEIM: ("basic",), MUNICH: ("handler",)}


def put(central: Central, desks: dict[str, tuple[str, ...]]) -> None:
    central.put_officer(Officer(id="both", name="Both", desks=desks))  # type: ignore[arg-type]


@pytest.mark.has_cases(40, ROSENHEIM, MUNICH)
@pytest.mark.parametrize("streams", [True, False], ids=["streams", "short answers"])
@pytest.mark.parametrize("between", [[ONE, BOTH], [ONE, BOTH, ONE], [LESS, BOTH], [ONE, LESS], [LESS, ONE, BOTH]])
def test_the_end_is_what_the_server_shows(
    central: Central, tmp_path: Path, streams: bool, between: list[dict[str, tuple[str, ...]]]
) -> None:
    for first in range(2, tries(3, 6)):
        put(central, BOTH)
        client = Client(tmp_path / f"both-{first}", Caller(central), "both")
        client.restart(page=10)
        client.line.streams = streams
        steps = itertools.count()
        left = list(between)

        def change(
            response: dict[str, object],
            *,
            left: list[dict[str, tuple[str, ...]]],
            steps: itertools.count[int],
            first: int,
        ) -> dict[str, object]:
            # One change of rights behind each answer, from the given one on.
            if next(steps) >= first and left:
                put(central, left.pop(0))
            return response

        client.line.change = functools.partial(change, left=left, steps=steps, first=first)
        client.sync()
        assert len(left) < len(between), "rights changed within the run"
        client.line.change = lambda response: response
        client.sync()
        assert client.ids() == server_ids(central, "both")
        for seat in client.store.seats():
            for id in client.ids():
                detail = client.store.case(seat.desk, id)
                if detail is not None:
                    with central.view("both") as view:
                        [case] = view.cases(seat.desk, [id], 1)
                    assert detail.case.get("level", "full") == case.level
        client.close()
