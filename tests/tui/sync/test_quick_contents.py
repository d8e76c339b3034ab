"""Contents that come quickly are kept many cases in one transaction; nothing is held where the line is slow."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from imi_tui.cache.wire import id_of
from imi_tui.sync import streaming
from imi_tui.sync.engine import Engine
from imi_tui.sync.errors import Offline
from tests.central.world import LYON, ROSENHEIM
from tests.tui.sync.world import NOW, Client

Clients = Callable[[str], Client]
CASES = 30

pytestmark = pytest.mark.has_cases(CASES, ROSENHEIM)


@pytest.fixture
def lyon(client: Clients, monkeypatch: pytest.MonkeyPatch) -> Client:
    """A client before its first synchronisation, in records of five cases."""
    monkeypatch.setattr(streaming, "CHUNK", 5)
    monkeypatch.setattr(streaming, "MAX_CASES", 15)
    return client("lyon")


def sizes(client: Client, seconds: float) -> list[int]:
    """Synchronise on a line that takes so long for each record; how many cases each transaction kept."""
    now = NOW
    kept: list[int] = []
    put = client.store.sync.put_contents

    def later(response: dict[str, Any]) -> dict[str, Any]:
        nonlocal now
        now += dt.timedelta(seconds=seconds)
        return response

    def counted(account: str, cases: list[Any], entries: list[Any], *, whole: bool) -> None:
        put(account, cases, entries, whole=whole)
        kept.append(len(cases))

    client.line.change = later
    client.store.sync.put_contents = counted  # type: ignore[method-assign,assignment]
    client.engine = Engine(client.store.sync, client.line, lambda: now)
    client.sync()
    assert client.store.status().wanted == 0
    return kept


def test_records_that_come_quickly_are_kept_together(lyon: Client) -> None:
    assert sizes(lyon, 0.01) == [15, 15]


def test_a_record_of_a_slow_line_is_kept_when_it_comes(lyon: Client) -> None:
    assert sizes(lyon, 0.5) == [5] * 6


def test_what_somebody_looks_at_is_kept_when_it_comes(lyon: Client) -> None:
    lyon.restart(metered=True)
    lyon.sync()
    assert lyon.store.want(LYON, max(lyon.ids()))
    assert sizes(lyon, 0.01) == [5, 15, 10]


def test_what_came_before_the_line_broke_is_kept(lyon: Client) -> None:
    lyon.line.cut_stream = lambda number: "Entry/get" in lyon.line.methods[-4:] and number == 2
    with pytest.raises(Offline):
        lyon.sync()
    assert lyon.store.status().wanted == CASES - 10
    lyon.line.cut_stream = lambda _: False
    lyon.sync()
    assert lyon.store.status().wanted == 0


def test_one_that_cannot_be_kept_takes_no_other_record_along(lyon: Client) -> None:
    wrong: list[str] = []

    def spoil(response: dict[str, Any]) -> dict[str, Any]:
        for name, arguments, _ in response["methodResponses"]:
            if name == "Case/get" and not wrong:
                wrong.append(arguments["list"][2]["id"])
                arguments["list"][2]["request"] = [1]
        return response

    kept: list[list[str]] = []
    put = lyon.store.sync.put_contents

    def counted(account: str, cases: list[Any], entries: list[Any], *, whole: bool) -> None:
        put(account, cases, entries, whole=whole)
        kept.append(list(map(id_of, cases)))

    lyon.line.change = spoil
    lyon.store.sync.put_contents = counted  # type: ignore[method-assign,assignment]
    lyon.sync()
    assert [len(each) for each in kept] == [1, 1, 1, 1, 5, 5, 15]
    assert sum(lyon.store.case(LYON, id).fetching for each in kept for id in each) == 0  # type: ignore[union-attr]
    assert [lyon.store.case(LYON, id).aside for id in wrong] == [True]  # type: ignore[union-attr]
