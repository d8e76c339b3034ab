"""What a server that does not keep to the protocol can do to the cache: nothing."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from imi_central.store import Store as Central
from imi_tui.sync.errors import ServerMistake, SyncError, Unavailable
from tests.central.world import LYON, ROSENHEIM, send
from tests.tui.sync.test_engine import new_case
from tests.tui.sync.world import Client

Clients = Callable[[str], Client]
Change = Callable[[dict[str, Any]], None]


def _answer(response: dict[str, Any], name: str, account: str = "") -> dict[str, Any]:
    """The arguments of the first answer of this name (and account)."""
    for answer in response["methodResponses"]:
        if answer[0] == name and account in ("", answer[1].get("accountId")):
            found: dict[str, Any] = answer[1]
            return found
    raise LookupError(name)


def on_lyon(change: Callable[[dict[str, Any]], object]) -> Change:
    def changed(response: dict[str, Any]) -> None:
        change(_answer(response, "Desk/sync")["accounts"][LYON])

    return changed


def on(name: str, change: Callable[[dict[str, Any]], object]) -> Change:
    def changed(response: dict[str, Any]) -> None:
        change(_answer(response, name, LYON))

    return changed


def error(name: str, kind: str) -> Change:
    def change(response: dict[str, Any]) -> None:
        for answer in response["methodResponses"]:
            if answer[0] == name and answer[1].get("accountId", LYON) == LYON:
                answer[0], answer[1] = "error", {"type": kind}

    return change


MISTAKES: dict[str, tuple[Change, type[SyncError]]] = {
    "state of another moment": (on_lyon(lambda lyon: lyon.update(oldState="1.x")), ServerMistake),
    "no new state": (on_lyon(lambda lyon: lyon.pop("newState")), ServerMistake),
    "number as state": (on_lyon(lambda lyon: lyon.update(newState=5)), ServerMistake),
    "text as flag": (on_lyon(lambda lyon: lyon.update(hasMoreChanges="no")), ServerMistake),
    "ids that are none": (on_lyon(lambda lyon: lyon["Case"].update(created=[5])), ServerMistake),
    "destroyed that is no list": (on_lyon(lambda lyon: lyon["Case"].update(destroyed={"a": 1})), ServerMistake),
    "changes that are a list": (on_lyon(lambda lyon: lyon.update(Case=[])), ServerMistake),
    "missing account": (lambda r: _answer(r, "Desk/sync")["accounts"].pop(LYON), ServerMistake),
    "accounts that are a list": (lambda r: _answer(r, "Desk/sync").update(accounts=[]), ServerMistake),
    "a wrong number of quiet desks": (lambda r: _answer(r, "Desk/sync").update(unchanged=7), ServerMistake),
    "an object twice": (
        on_lyon(lambda lyon: lyon["Case"]["created"].append(lyon["Case"]["created"][0])),
        ServerMistake,
    ),
    "an object without id": (on_lyon(lambda lyon: lyon["Case"]["created"][0].pop("id")), ServerMistake),
    "a list that is none": (on_lyon(lambda lyon: lyon["Entry"].update(created="x")), ServerMistake),
    "a text among objects": (on_lyon(lambda lyon: lyon["Entry"]["created"].append("x")), ServerMistake),
    "a case without state": (on_lyon(lambda lyon: lyon["Case"]["created"][0].pop("state")), ServerMistake),
    "a version that is a text": (on_lyon(lambda lyon: lyon["Case"]["created"][0].update(version="x")), ServerMistake),
    "parts that are a text": (on_lyon(lambda lyon: lyon["Case"]["created"][0].update(parts="x")), ServerMistake),
    "an entry without case": (on_lyon(lambda lyon: lyon["Entry"]["created"][0].pop("caseId")), ServerMistake),
    "a failed sync": (error("Desk/sync", "serverUnavailable"), Unavailable),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_nothing_of_a_mistaken_answer_is_applied(central: Central, client: Clients, name: str) -> None:
    change, expected = MISTAKES[name]
    lyon = client("lyon")
    lyon.sync()
    send(central, subject="Known")
    lyon.sync()
    before = lyon.ids(), lyon.store.sync.state(LYON)
    send(central, subject="New")
    new_case(lyon)

    def apply(response: dict[str, Any]) -> dict[str, Any]:
        changed = copy.deepcopy(response)
        change(changed)
        return changed

    lyon.line.change = apply
    with pytest.raises(expected):
        lyon.sync()
    assert (lyon.ids(), lyon.store.sync.state(LYON)) == before
    lyon.line.change = lambda response: response
    lyon.sync()
    assert len(lyon.ids()) == 3
    assert lyon.store.outbox() == []
    with central.view("lyon") as view:
        assert len(view.cases(LYON, None, 100)) == 3


MISTAKEN_CONTENTS: dict[str, tuple[Change, type[SyncError]]] = {
    "objects nobody asked for": (on("Case/get", lambda get: get["list"][0].update(id="f" * 32)), ServerMistake),
    "an object more than was asked for": (
        on("Case/get", lambda get: get["list"].append({**get["list"][0], "id": "f" * 32})),
        ServerMistake,
    ),
    "an object left out in silence": (on("Case/get", lambda get: get["list"].pop()), ServerMistake),
    "a not found that is no list": (on("Case/get", lambda get: get.update(list=[], notFound="x")), ServerMistake),
    "an object without id": (on("Case/get", lambda get: get["list"][0].pop("id")), ServerMistake),
    "an object of another account": (on("Case/get", lambda get: get.update(accountId="other")), ServerMistake),
    "a list that is none": (on("Entry/get", lambda get: get.update(list="x")), ServerMistake),
    "a text among objects": (on("Entry/get", lambda get: get["list"].append("x")), ServerMistake),
    "a failed get": (error("Case/get", "serverFail"), Unavailable),
    "a get it does not know": (error("Entry/get", "unknownMethod"), ServerMistake),
}


@pytest.mark.has_cases(30, ROSENHEIM)
@pytest.mark.parametrize("streams", [True, False])
@pytest.mark.parametrize("name", MISTAKEN_CONTENTS)
def test_nothing_of_mistaken_contents_is_kept(client: Clients, cases: list[str], name: str, streams: bool) -> None:
    change, expected = MISTAKEN_CONTENTS[name]
    lyon = client("lyon")
    lyon.line.streams = streams

    def apply(response: dict[str, Any]) -> dict[str, Any]:
        changed = copy.deepcopy(response)
        if any(answer[2].startswith("c") and answer[0] == "Case/get" for answer in response["methodResponses"]):
            change(changed)
        return changed

    lyon.line.change = apply
    with pytest.raises(expected):
        lyon.sync()
    # The list is complete all the same, and says that contents are missing.
    assert lyon.ids() == set(cases)
    assert (lyon.store.status().wanted, lyon.store.status().aside) == (30, ())
    assert all(detail is not None and detail.fetching for detail in (lyon.store.case(LYON, id) for id in cases))
    lyon.line.change = lambda response: response
    lyon.sync()
    assert lyon.store.status().wanted == 0
    assert all(detail is not None and detail.case["request"] for detail in (lyon.store.case(LYON, id) for id in cases))


def test_what_a_newer_server_adds_is_kept_and_harmless(central: Central, client: Clients) -> None:
    case = send(central).case_id

    def newer(response: dict[str, Any]) -> dict[str, Any]:
        for name, arguments, _ in response["methodResponses"]:
            mine = arguments["accounts"].get(LYON, {}) if name == "Desk/sync" else {}
            for item in mine.get("Case", {}).get("created", []):
                item["mood"] = {"nested": ["x"]}
                item["state"] = "hibernating"
                item["turn"] = "ombudsman"
                item["parts"].append({"role": "ombudsman", "desk": "d", "authority": "a", "country": "EU", "name": "O"})
            if mine:
                arguments["hint"] = 1
                mine["Ombudsman"] = {"changed": ["x"], "destroyed": []}
        response["methodResponses"].append(["Weather/get", {}, response["methodResponses"][0][2]])
        return response

    lyon = client("lyon")
    lyon.line.change = newer
    lyon.sync()
    detail = lyon.store.case(LYON, case)
    assert detail is not None
    assert detail.case["mood"] == {"nested": ["x"]}
    assert detail.case["state"] == "hibernating"
    assert [row.state for row in lyon.store.window("all", "due", limit=10)] == ["hibernating"]


@pytest.mark.has_cases(30, ROSENHEIM)
def test_a_reply_too_large_is_asked_for_in_smaller_pages(client: Clients, cases: list[str]) -> None:
    sent = set(cases)

    def small(response: dict[str, Any]) -> dict[str, Any]:
        for answer in response["methodResponses"]:
            found = answer[1].get("accounts", {}).get(LYON, {}).get("Case", {}).get("created", [])
            if len([*answer[1].get("list", []), *found]) > 15 and answer[0] in ("Case/get", "Entry/get", "Desk/sync"):
                answer[0], answer[1] = "error", {"type": "requestTooLarge"}
        return response

    lyon = client("lyon")
    lyon.line.change = small
    lyon.sync()
    assert lyon.ids() == sent


def test_a_server_without_identity_is_none(client: Clients) -> None:
    lyon = client("lyon")
    lyon.line.change_session = lambda session: {**session, "capabilities": {}}
    with pytest.raises(ServerMistake):
        lyon.sync()
    assert lyon.store.sync.session() is None


def test_an_entry_too_large_for_the_server_is_refused_here(central: Central, client: Clients) -> None:
    lyon = client("lyon")
    lyon.sync()
    new_case(lyon)

    def tiny(session: dict[str, Any]) -> dict[str, Any]:
        session["capabilities"]["urn:ietf:params:jmap:core"]["maxSizeRequest"] = 33 * 1024 - 900
        return session

    lyon.restart()
    lyon.line.change_session = tiny
    assert lyon.sync().rejected == 1
    [item] = lyon.store.outbox()
    assert item.error == {"type": "tooLarge"}


def test_an_entry_for_a_desk_that_was_lost_is_refused_and_kept(central: Central, client: Clients) -> None:
    lyon = client("lyon")
    lyon.sync()
    new_case(lyon)

    def lost(response: dict[str, Any]) -> dict[str, Any]:
        for answer in response["methodResponses"]:
            if answer[0] == "Entry/set":
                answer[0], answer[1] = "error", {"type": "accountNotFound"}
        return response

    lyon.line.change = lost
    assert lyon.sync().rejected == 1
    [item] = lyon.store.outbox()
    assert (item.state, item.error) == ("rejected", {"type": "noSuchSeat"})
    assert item.payload["answers"]["subject"] == "Number 0"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("version", "abc"),
        ("version", True),
        ("version", [1]),
        ("at", "yesterday"),
        ("at", 5),
        ("reference", {"a": 1}),
        ("reference", "x" * 10_000),
        ("seal", None),
        ("action", "close"),
        ("text", "another text"),
    ],
)
def test_what_an_acknowledgement_holds_cannot_spoil_the_outbox(client: Clients, name: str, value: Any) -> None:
    lyon = client("lyon")
    lyon.sync()
    ref = new_case(lyon)

    def odd(response: dict[str, Any]) -> dict[str, Any]:
        for answer in response["methodResponses"]:
            for created in (answer[1].get("created") or {}).values() if answer[0] == "Entry/set" else ():
                created[name] = value
            if answer[0] == "Desk/sync":
                answer[0], answer[1] = "error", {"type": "serverFail"}
        return response

    lyon.line.change = odd
    with pytest.raises(Unavailable):
        lyon.sync()
    lyon.restart()
    assert lyon.store.outbox() == []
    case_id = lyon.store.outbox_table.item(ref).case_id
    detail = lyon.store.case(LYON, case_id)
    assert detail is not None
    assert detail.entries[0]["action"] == "send"
    assert lyon.store.counts()["all"] == 1
    lyon.store.act(LYON, case_id, "message", text="goes on", lang="fr")
    lyon.line.change = lambda response: response
    lyon.sync()
    assert lyon.store.outbox() == []


@pytest.mark.parametrize("case_id", ["", "ref:x", "x" * 300, 5, None])
def test_an_acknowledgement_without_a_usable_case_is_none(central: Central, client: Clients, case_id: Any) -> None:
    lyon = client("lyon")
    lyon.sync()
    new_case(lyon)

    def odd(response: dict[str, Any]) -> dict[str, Any]:
        for created in (_answer(response, "Entry/set").get("created") or {}).values():
            created["caseId"] = case_id
        return response

    lyon.line.change = odd
    assert lyon.sync().waiting == 1
    assert [item.state for item in lyon.store.outbox()] == ["queued"]
    lyon.line.change = lambda response: response
    assert lyon.sync().sent == 1
    with central.view("lyon") as view:
        assert len(view.cases(LYON, None, 100)) == 1
