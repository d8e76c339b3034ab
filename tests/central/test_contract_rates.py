"""What one officer may write and search in a minute (S8)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from imi_central.api import rates
from imi_central.api.rates import Rate, Rates
from imi_central.store import Store
from imi_core.jmap import DIRECTORY
from tests.central.world import LYON, REQUEST, ROSENHEIM, USING, Caller, ref

SEARCH = ["Case/query", {"accountId": LYON}, "q"]


class Seconds:
    at = 0.0

    def __call__(self) -> float:
        return self.at


def ask(caller: Caller, *calls: list[Any], officer: str = "lyon", path: str = "/jmap/api") -> httpx.Response:
    return caller.http(officer, "POST", path, json={"using": USING, "methodCalls": list(calls)})


def entries(number: int) -> list[Any]:
    given = {"action": "send", "procedure": "pw.info", "target": ROSENHEIM, "answers": REQUEST}
    create = {f"k{index}": {**given, "clientRef": ref()} for index in range(number)}
    return ["Entry/set", {"accountId": LYON, "create": create}, "s"]


def assert_waits(answer: httpx.Response, limit: str, seconds: int) -> None:
    assert answer.status_code == 429
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["type"], problem["limit"]) == ("urn:ietf:params:jmap:error:limit", limit)
    assert answer.headers["retry-after"] == str(seconds)


def test_an_officer_writes_so_much_and_no_more(store: Store) -> None:
    clock = Seconds()
    caller = Caller(store, rates=Rates(writes=6, clock=clock))
    assert len(ask(caller, entries(4)).json()["methodResponses"][0][1]["created"]) == 4
    refused = [ask(caller, entries(1), entries(3)), ask(caller, entries(4))]
    for each in refused:
        assert_waits(each, "maxWritesPerMinute", 20)
    with store.view("lyon") as view:
        assert len(view.cases(LYON, None, 100)) == 4
    # Others are not held back, and reading goes on.
    assert ask(caller, entries(6), officer="lyon-basic").status_code == 200
    assert ask(caller, SEARCH).status_code == 200
    clock.at = 19.0
    assert_waits(ask(caller, entries(4)), "maxWritesPerMinute", 1)
    clock.at = 20.0
    assert ask(caller, entries(4)).status_code == 200


def test_more_than_a_minutes_worth_goes_when_nothing_went_before(store: Store) -> None:
    clock = Seconds()
    caller = Caller(store, rates=Rates(writes=2, clock=clock))
    assert len(ask(caller, entries(5)).json()["methodResponses"][0][1]["created"]) == 5
    assert_waits(ask(caller, entries(5)), "maxWritesPerMinute", 60)
    clock.at = 60.0
    assert ask(caller, entries(5)).status_code == 200


def test_what_a_reference_brings_counts_in_full(store: Store) -> None:
    caller = Caller(store, rates=Rates(writes=100, clock=Seconds()))
    echo = ["Core/echo", {"create": entries(1)[1]["create"]}, "e"]
    reference = {"resultOf": "e", "name": "Core/echo", "path": "/create"}
    hidden = ["Entry/set", {"accountId": LYON, "#create": reference}, "s"]
    assert ask(caller, echo, hidden).status_code == 200
    assert_waits(ask(caller, entries(1)), "maxWritesPerMinute", 1)


def test_files_put_together_count(store: Store) -> None:
    caller = Caller(store, rates=Rates(writes=1, clock=Seconds()))
    given = {"clientRef": ref(), "data": [{"blobId": "0"}], "sha256": "0" * 64}
    made = ["Blob/upload", {"accountId": LYON, "create": {"b": given}}, "b"]
    assert ask(caller, made).status_code == 200
    assert_waits(ask(caller, made), "maxWritesPerMinute", 60)


@pytest.mark.parametrize("path", ["/jmap/api", "/jmap/stream"])
def test_an_officer_searches_so_often(store: Store, path: str) -> None:
    clock = Seconds()
    caller = Caller(store, rates=Rates(searches=3, clock=clock))
    others = ["Authority/query", {"accountId": DIRECTORY}, "a"]
    assert ask(caller, SEARCH, others, path=path).status_code == 200
    assert_waits(ask(caller, SEARCH, others, path=path), "maxSearchesPerMinute", 20)
    assert ask(caller, ["Case/get", {"accountId": LYON, "ids": []}, "g"], path=path).status_code == 200
    assert ask(caller, SEARCH, path=path).status_code == 200
    clock.at = 60.0
    assert ask(caller, SEARCH, others, path=path).status_code == 200


def test_who_was_still_for_a_minute_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "_MANY", 5)
    clock = Seconds()
    rate = Rate("x", 10, clock)
    for index in range(100):
        rate.take(f"officer {index}", 1)
        clock.at += 60
    assert len(rate._empty) <= 6
