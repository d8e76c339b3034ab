"""P7 and the deletion guard: a state nobody can follow costs a comparison; mass removal needs a reason."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from imi_central.store import Asked, Wanted
from imi_central.store import Store as Central
from imi_core.case import Entry
from imi_tui.cache.sync import Page
from imi_tui.sync import digest
from imi_tui.sync.digest import digest_of
from imi_tui.sync.errors import ManyRemoved, ServerMistake
from tests.central.world import LYON, ROSENHEIM, Caller, Clock, accept, send
from tests.tui.sync.world import Client, server_ids

Clients = Callable[[str], Client]


def forget_state(client: Client) -> None:
    """Give the cache a state that no server knows."""
    client.store.sync.apply(LYON, Page(new_state="999999.AAAAAAAAAAAAAAAA"))


@pytest.mark.has_cases(40, ROSENHEIM)
def test_an_unknown_state_costs_a_comparison(central: Central, client: Clients) -> None:
    lyon = client("lyon")
    spent = 0

    def weigh(response: dict[str, Any]) -> dict[str, Any]:
        nonlocal spent
        spent += len(json.dumps(response))
        return response

    lyon.line.change = weigh
    lyon.sync()
    whole, spent = spent, 0
    forget_state(lyon)
    before = len(lyon.line.requests)
    report = lyon.sync()
    assert spent < whole / 20
    assert report.recovered == [LYON]
    assert (report.changed, report.removed) == (0, 0)
    asked = [call for request in lyon.line.requests[before:] for call in request["methodCalls"]]
    assert [call[1]["items"] for call in asked if call[0] == "Case/digest"] == [False]
    assert not any("ids" in call[1] for call in asked)
    assert lyon.ids() == server_ids(central, "lyon")
    assert lyon.sync().recovered == []


def test_a_comparison_finds_every_kind_of_difference(
    central: Central, client: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Few buckets, so that what differs has others beside it.
    monkeypatch.setattr(digest, "DEPTH", 1)
    cases = [send(central, subject=f"Case {number}").case_id for number in range(30)]
    lyon = client("lyon")
    lyon.sync()
    forget_state(lyon)
    missing, changed, strange = cases[0], cases[1], "f" * 32
    lyon.store.sync.drop(LYON, [missing], lyon.store.sync.state(LYON))
    accept(central, changed)
    wire = dict(lyon.store.case(LYON, cases[2]).case, id=strange)  # type: ignore[union-attr]
    lyon.store.sync.apply(LYON, Page(new_state="999999.AAAAAAAAAAAAAAAA", cases=[wire]))
    assert strange in lyon.ids()
    before = len(lyon.line.requests)
    report = lyon.sync()
    assert report.recovered == [LYON]
    calls = [call for request in lyon.line.requests[before:] for call in request["methodCalls"]]
    assert {id for call in calls if call[0] == "Case/get" for id in call[1]["ids"]} == {missing, changed}
    assert lyon.ids() == set(cases)
    for case, entries in ((missing, 1), (changed, 2)):
        detail = lyon.store.case(LYON, case)
        assert detail is not None
        assert len(detail.entries) == entries
    detail = lyon.store.case(LYON, changed)
    assert detail is not None
    assert detail.case["state"] == "accepted"


def test_entries_of_found_cases_come_where_the_server_gives_them(central: Central, client: Clients) -> None:
    """Where it does not, the desk is filled as at first; either way nothing is missing."""
    cases = [send(central, subject=f"Case {number}").case_id for number in range(5)]
    lyon = client("lyon")
    lyon.sync()
    forget_state(lyon)
    for case in cases:
        accept(central, case)

    def refuse(response: dict[str, Any]) -> dict[str, Any]:
        for answer in response["methodResponses"]:
            if answer[0] == "Entry/get" and answer[2] == "e":
                answer[:2] = ["error", {"type": "invalidArguments"}]
        return response

    lyon.line.change = refuse
    lyon.sync()
    assert all(len(lyon.store.case(LYON, case).entries) == 2 for case in cases)  # type: ignore[union-attr]


def test_a_restored_server_gets_back_what_it_acknowledged(tmp_path: Path, template: Path) -> None:
    database = tmp_path / "central.db"
    database.write_bytes(template.read_bytes())
    clock = Clock()
    central = Central.open(f"sqlite:///{database}", now=clock)
    kept = send(central, subject="Kept").case_id
    lyon = Client(tmp_path / "lyon", Caller(central), "lyon")
    lyon.sync()
    central.close()
    backup = database.read_bytes()

    central = Central.open(f"sqlite:///{database}", now=clock)
    lyon.line.caller = Caller(central)
    lyon.store.act(LYON, kept, "message", text="Lost by the restore.", lang="en")
    lyon.sync()
    assert lyon.store.outbox() == []
    central.close()

    database.write_bytes(backup)
    for side in ("-wal", "-shm"):
        database.with_name(database.name + side).unlink(missing_ok=True)
    central = Central.open(f"sqlite:///{database}", now=clock)
    # A restored database never has the same history again.
    clock.at += dt.timedelta(days=1)
    for number in range(3):
        send(central, subject=f"After {number}")
    lyon.line.caller = Caller(central)
    lyon.line.change_session = _epoch("after the restore")
    lyon.restart()
    report = lyon.sync()
    assert report.recovered == [LYON]
    assert lyon.ids() == server_ids(central, "lyon")
    assert lyon.store.outbox() == []
    with central.view("lyon") as view:
        texts = [entry.text.text for entry in view.entries(LYON, None, 100) if entry.text is not None]
    assert texts == ["Lost by the restore."]
    lyon.close()
    central.close()


def _epoch(epoch: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def change(session: dict[str, Any]) -> dict[str, Any]:
        session["capabilities"]["urn:imi:case"]["epoch"] = epoch
        return session

    return change


def _empty_digest(response: dict[str, Any]) -> dict[str, Any]:
    for name, arguments, _ in response["methodResponses"]:
        if name == "Case/digest":
            arguments["buckets"] = {}
    return response


@pytest.mark.has_cases(40, ROSENHEIM)
def test_an_empty_server_removes_nothing_until_somebody_says_so(client: Clients) -> None:
    lyon = client("lyon")
    lyon.sync()
    forget_state(lyon)
    lyon.line.change = _empty_digest
    for _ in range(2):
        with pytest.raises(ManyRemoved) as raised:
            lyon.sync()
        assert (raised.value.count, raised.value.total) == (40, 40)
        assert len(lyon.ids()) == 40
    lyon.restart(accept_removals=True)
    lyon.sync()
    assert lyon.ids() == set()


@pytest.mark.has_cases(40, ROSENHEIM)
def test_what_is_on_hold_stays_so_and_goes_once_by_the_officers_word(central: Central, client: Clients) -> None:
    lyon = client("lyon")
    lyon.sync()
    forget_state(lyon)
    lyon.line.change = _empty_digest
    for _ in range(2):
        with pytest.raises(ManyRemoved):
            lyon.sync()
        lyon.restart()
        assert lyon.store.held() == ((LYON, 40, 40),)
    send(central, subject="One more")
    lyon.line.change = lambda response: response
    lyon.sync()
    # The server explained itself: nothing is on hold, and nothing is allowed either.
    assert (len(lyon.ids()), lyon.store.held()) == (41, ())
    lyon.store.allow_removals()
    forget_state(lyon)
    lyon.line.change = _empty_digest
    with pytest.raises(ManyRemoved):
        lyon.sync()
    lyon.store.allow_removals()
    lyon.sync()
    assert (lyon.ids(), lyon.store.held()) == (set(), ())
    lyon.line.change = lambda response: response
    forget_state(lyon)
    lyon.sync()
    forget_state(lyon)
    lyon.line.change = _empty_digest
    with pytest.raises(ManyRemoved):
        lyon.sync()


def test_a_few_removals_need_no_reason(central: Central, client: Clients) -> None:
    for number in range(10):
        send(central, subject=f"Case {number}")
    lyon = client("lyon")
    lyon.sync()
    forget_state(lyon)
    lyon.line.change = _empty_digest
    lyon.sync()
    assert lyon.ids() == set()


@pytest.mark.has_cases(30, ROSENHEIM)
@pytest.mark.parametrize("server_agrees", [True, False])
def test_mass_tombstones_are_confirmed_by_the_server(
    central: Central, client: Clients, cases: list[str], server_agrees: bool
) -> None:
    lyon = client("lyon")
    lyon.sync()

    accept(central, cases[0])

    def withdrawn(response: dict[str, Any]) -> dict[str, Any]:
        for name, arguments, call_id in response["methodResponses"]:
            if name == "Desk/sync" and LYON in arguments["accounts"]:
                arguments["accounts"][LYON]["Case"] = {"destroyed": cases}
                arguments["accounts"][LYON]["Entry"] = {}
            if name == "Case/get" and call_id == "c" and server_agrees:
                arguments["list"], arguments["notFound"] = [], cases
        return response

    lyon.line.change = withdrawn
    if server_agrees:
        lyon.sync()
        assert lyon.ids() == set()
    else:
        with pytest.raises(ManyRemoved):
            lyon.sync()
        assert lyon.ids() == set(cases)


def test_a_digest_that_does_not_fit_its_cases_is_not_believed(central: Central, client: Clients) -> None:
    for number in range(5):
        send(central, subject=f"Case {number}")
    lyon = client("lyon")
    lyon.sync()
    forget_state(lyon)

    def forged(response: dict[str, Any]) -> dict[str, Any]:
        for name, arguments, _ in response["methodResponses"]:
            for bucket in arguments["buckets"].values() if name == "Case/digest" else ():
                bucket["hash"] = "0" * 32
        return response

    lyon.line.change = forged
    with pytest.raises(ServerMistake):
        lyon.sync()
    assert len(lyon.ids()) == 5


def test_the_digest_is_the_servers(central: Central) -> None:
    entry = send(central)
    with central.view("lyon") as view:
        [bucket] = view.digest(LYON, "", 2, False, 100).values()
    assert bucket.hash == digest_of({entry.case_id: (1, "full", entry.seal[:8])})


def test_an_assignment_that_was_missed_is_found_by_the_comparison(central: Central, client: Clients) -> None:
    same, missed = (send(central).case_id for _ in range(2))
    central.assign("lyon", LYON, Wanted(str(uuid.uuid4()), same, "lyon"))
    lyon = client("lyon")
    lyon.sync()
    central.assign("lyon", LYON, Wanted(str(uuid.uuid4()), missed, "lyon"))
    forget_state(lyon)
    before = len(lyon.line.requests)
    lyon.sync()
    calls = [call for request in lyon.line.requests[before:] for call in request["methodCalls"]]
    assert [call[1]["ids"] for call in calls if call[0] == "Case/get"] == [[missed]]
    detail = lyon.store.case(LYON, missed)
    assert detail is not None
    assert detail.case["assignment"]["officer"] == "lyon"


def test_a_translation_that_was_missed_is_found_by_the_comparison(central: Central, client: Clients) -> None:
    same, missed = (send(central) for _ in range(2))

    def translate(entry: Entry) -> None:
        central.translate("lyon", LYON, Asked(str(uuid.uuid4()), entry.id, "fr", texts={"subject": "Siège"}))

    translate(same)
    lyon = client("lyon")
    lyon.sync()
    translate(missed)
    forget_state(lyon)
    before = len(lyon.line.requests)
    lyon.sync()
    calls = [call for request in lyon.line.requests[before:] for call in request["methodCalls"]]
    assert [call[1]["ids"] for call in calls if call[0] == "Case/get"] == [[missed.case_id]]
    detail = lyon.store.case(LYON, missed.case_id)
    assert detail is not None
    assert detail.case["translations"] == 1
