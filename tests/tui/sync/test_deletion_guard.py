"""The deletion guard holds from run to run, and whatever the server says it with (F12, F44)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from imi_central.store import Store as Central
from imi_core.authority import Officer
from imi_tui.sync.errors import ManyRemoved, Offline
from imi_tui.sync.recovery import AGAIN
from tests.central.world import LYON, MUNICH, ROSENHEIM, accept, send
from tests.tui.sync.world import Client

Clients = Callable[[str], Client]
CASES, PAGE = 60, 15


def filled(central: Central, client: Clients) -> tuple[Client, list[str]]:
    """A desk with many cases, all on this machine."""
    cases = [send(central, subject=f"Case {number}").case_id for number in range(CASES)]
    lyon = client("lyon")
    lyon.sync()
    assert lyon.ids() == set(cases)
    lyon.line.streams = False
    accept(central, cases[0])
    return lyon, cases


def destroying(line_client: Client, cases: list[str]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """A server that calls all cases destroyed, some a page, though it still has them."""

    def change(response: dict[str, Any]) -> dict[str, Any]:
        calls = line_client.line.requests[-1]["methodCalls"]
        for name, arguments, _ in response["methodResponses"]:
            if name != "Desk/sync":
                continue
            state = next(call[1]["states"].get(LYON) for call in calls if call[0] == "Desk/sync")
            if state is None:
                continue
            page = int(state.removeprefix("lie-")) if state.startswith("lie-") else 0
            if arguments["notCalculated"].pop(LYON, None) is None and LYON not in arguments["accounts"]:
                arguments["unchanged"] -= 1
            arguments["accounts"][LYON] = {
                **arguments["accounts"].get(LYON, {"accessState": line_client.engine._sessions.held.accounts[LYON][1]}),
                "oldState": state,
                "newState": f"lie-{page + 1}",
                "hasMoreChanges": (page + 2) * PAGE <= CASES,
                "Case": {"destroyed": cases[page * PAGE : (page + 1) * PAGE]},
                "Entry": {},
            }
        return response

    return change


def test_what_is_on_hold_does_not_go_page_by_page_in_later_runs(central: Central, client: Clients) -> None:
    lyon, cases = filled(central, client)
    lyon.line.change = destroying(lyon, cases)
    for _ in range(5):
        with pytest.raises(ManyRemoved):
            lyon.sync()
        assert lyon.store.held() == ((LYON, 2 * PAGE, CASES),)
        assert len(lyon.ids()) == CASES - PAGE
        lyon.restart()
    lyon.store.allow_removals()
    with pytest.raises(ManyRemoved):
        lyon.sync()
    assert lyon.store.held() == ((LYON, 3 * PAGE, CASES),)
    assert len(lyon.ids()) == CASES - 2 * PAGE, "no more than the officer let go"


def test_a_page_a_run_is_counted_as_one_removal(central: Central, client: Clients) -> None:
    """On a line that breaks after each page no run would ever remove many."""
    lyon, cases = filled(central, client)
    lyon.line.change = destroying(lyon, cases)
    start = len(lyon.line.requests)
    lyon.line.lose = lambda _: "request" if len(lyon.line.requests) > start else ""
    with pytest.raises(Offline):
        lyon.sync()
    lyon.line.lose = lambda _: ""
    assert len(lyon.ids()) == CASES - PAGE
    with pytest.raises(ManyRemoved):
        lyon.sync()
    assert len(lyon.ids()) == CASES - PAGE


def test_what_went_counts_no_longer_when_the_desk_was_followed(central: Central, client: Clients) -> None:
    lyon, cases = filled(central, client)
    lyon.line.change = destroying(lyon, cases[: PAGE - 1] + cases)
    start = len(lyon.line.requests)
    lyon.line.lose = lambda _: "request" if len(lyon.line.requests) > start else ""
    with pytest.raises(Offline):
        lyon.sync()
    assert lyon.store.sync.deletion_guard.removed_since(LYON) == PAGE
    lyon.line.lose, lyon.line.change = lambda _: "", lambda response: response
    lyon.sync()
    assert lyon.store.sync.deletion_guard.removed_since(LYON) == 0


def test_seats_that_are_missing_once_take_nothing_away(central: Central, client: Clients) -> None:
    lyon, cases = filled(central, client)

    def without(session: dict[str, Any]) -> dict[str, Any]:
        session["accounts"].pop(LYON)
        return session

    lyon.line.change_session = without
    for _ in range(3):
        lyon.restart()
        with pytest.raises(ManyRemoved):
            lyon.sync()
        assert lyon.store.held() == ((LYON, CASES, CASES),)
        assert lyon.ids() == set(cases)
    # The server has its directory again.
    lyon.line.change_session = None
    lyon.now += dt.timedelta(seconds=2 * AGAIN)
    lyon.restart()
    lyon.sync()
    assert (lyon.ids(), lyon.store.held()) == (set(cases), ())
    lyon.line.change_session = without
    lyon.restart()
    with pytest.raises(ManyRemoved):
        lyon.sync()
    assert lyon.ids() == set(cases), "what was said before the seats were there again does not count"


def test_a_seat_that_stays_away_takes_its_cases_along(central: Central, client: Clients) -> None:
    cases = [send(central, subject=f"Case {number}").case_id for number in range(CASES)]
    there = send(central, to=MUNICH).case_id
    both = client("both")
    both.sync()
    central.put_officer(Officer(id="both", name="Both", desks={MUNICH: ("handler",)}))
    with pytest.raises(ManyRemoved):
        both.sync()
    assert both.ids() == {*cases, there}
    both.now += dt.timedelta(seconds=AGAIN)
    both.sync()
    assert (both.ids(), both.store.held()) == ({there}, ())
    assert both.store.case(ROSENHEIM, cases[0]) is None


def test_other_rights_and_an_empty_comparison_remove_nothing_that_is_still_there(
    central: Central, client: Clients
) -> None:
    lyon, cases = filled(central, client)

    def other(session: dict[str, Any]) -> dict[str, Any]:
        session["accounts"][LYON]["accountCapabilities"]["urn:imi:case"]["accessState"] = "other"
        return session

    def empty(response: dict[str, Any]) -> dict[str, Any]:
        for name, arguments, _ in response["methodResponses"]:
            if name == "Case/digest":
                arguments["buckets"] = {}
        return response

    lyon.line.change_session, lyon.line.change = other, empty
    for _ in range(2):
        lyon.restart()
        with pytest.raises(ManyRemoved):
            lyon.sync()
        assert lyon.ids() == set(cases)


def test_rights_that_are_taken_away_take_many_cases_along(central: Central, client: Clients) -> None:
    lyon, _ = filled(central, client)
    central.put_officer(Officer(id="lyon", name="Lyon", desks={LYON: ("data_administrator",)}))
    lyon.sync()
    assert (lyon.ids(), lyon.store.held()) == (set(), ())


def test_a_comparison_removes_nothing_unasked_while_something_is_on_hold(central: Central, client: Clients) -> None:
    lyon, cases = filled(central, client)
    lyon.line.change = destroying(lyon, cases)
    with pytest.raises(ManyRemoved):
        lyon.sync()
    left = lyon.ids()

    def shorter(response: dict[str, Any]) -> dict[str, Any]:
        """The state is unknown, and the bucket of a case that is here is missing in the comparison."""
        for name, arguments, _ in response["methodResponses"]:
            if name == "Desk/sync" and not arguments["accounts"].get(LYON):
                arguments["unchanged"] -= LYON not in arguments["notCalculated"]
                arguments["notCalculated"][LYON] = {"type": "cannotCalculateChanges"}
            if name == "Case/digest":
                arguments["buckets"].pop(max(left)[:2], None)
        return response

    lyon.line.change = shorter
    with pytest.raises(ManyRemoved):
        lyon.sync()
    assert left <= lyon.ids()
