"""How much is asked for at once: by what the line carries; and an answer that crept is asked for again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from imi_central.store import Store as Central
from imi_tui.sync import streaming
from imi_tui.sync.engine import Engine
from imi_tui.sync.errors import Offline, SlowReply
from tests.central.world import send
from tests.tui.sync.world import NOW, Client

Clients = Callable[[str], Client]


def chunks(client: Client) -> list[list[int]]:
    """Cases in each record of contents, request by request."""
    asked = [
        [len(call[1]["ids"]) for call in request["methodCalls"] if call[0] == "Case/get"]
        for request in client.line.requests
    ]
    return [each for each in asked if each]


@pytest.mark.parametrize(("seconds", "second"), [(3.0, 2), (0.75, 5), (0.01, 8)], ids=["slow", "right", "fast"])
def test_records_of_contents_are_sized_to_the_line(
    central: Central, client: Clients, monkeypatch: pytest.MonkeyPatch, seconds: float, second: int
) -> None:
    for _ in range(40):
        send(central)
    monkeypatch.setattr(streaming, "CHUNK", 4)
    monkeypatch.setattr(streaming, "LEAST", 2)
    monkeypatch.setattr(streaming, "AT_ONCE", 5)
    lyon = client("lyon")
    now = NOW

    def later(response: dict[str, Any]) -> dict[str, Any]:
        nonlocal now
        now += dt.timedelta(seconds=seconds)
        return response

    lyon.line.change = later
    lyon.engine = Engine(lyon.store.sync, lyon.line, lambda: now)
    lyon.sync()
    found = chunks(lyon)
    assert found[0] == [4] * 5
    assert found[1][0] == second
    assert sum(map(sum, found)) == 40


def test_an_answer_that_crept_is_asked_for_again_at_once_and_once(central: Central, client: Clients) -> None:
    case_id = send(central).case_id
    lyon = client("lyon")
    asked: list[int] = []

    def creeps(times: int) -> None:
        asked.clear()

        def lose(number: int) -> str:
            asked.append(number)
            if len(asked) <= times:
                raise SlowReply
            return ""

        lyon.line.lose = lose

    creeps(2)
    with pytest.raises(SlowReply):
        lyon.sync()
    assert len(asked) == 2
    creeps(1)
    lyon.sync()
    assert lyon.ids() == {case_id}


def test_pages_are_shorter_on_a_line_that_breaks_and_grow_again(central: Central, client: Clients) -> None:
    """What a break costs is a page: of pages too long for the line none would ever come through (F32)."""
    send(central)
    lyon = client("lyon")
    for _ in range(2):
        lyon.sync()

    def asked() -> int:
        calls = [call for request in lyon.line.requests for call in request["methodCalls"] if call[0] == "Desk/sync"]
        return int(calls[-1][1]["maxChanges"])

    whole = asked()
    sizes = []
    for lost in ("reply", "reply", "reply", "", "", ""):
        lyon.line.lose = lambda _, lost=lost: lost  # type: ignore[misc]
        with suppress(Offline):
            lyon.sync()
        sizes.append(asked())
    assert sizes == [whole, whole // 2, whole // 4, whole // 8, whole // 8 * 2, whole // 8 * 4]
    for _ in range(3):
        lyon.sync()
    assert asked() == whole
