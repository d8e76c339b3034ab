"""A record read straight into the types of the rules is the record as plain data, or is not read so."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from imi_core.case import Case, Entry
from imi_tui.cache.content.contents import Content
from imi_tui.cache.wire import Sent, plain
from imi_tui.sync import reading, streaming, typed, wire
from imi_tui.sync.errors import ServerMistake
from tests.central.world import LYON, ROSENHEIM
from tests.tui.sync.world import Client

Clients = Callable[[str], Client]
CASES = 12


def recorded(client: Client) -> list[bytes]:
    """The records of a first synchronisation as they came."""
    out: list[bytes] = []
    client.line.came = out.append
    client.sync()
    return out


@pytest.fixture
def records(client: Clients, monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Of twelve cases: four in a page, four in a record of contents."""
    monkeypatch.setattr(streaming, "CHUNK", 4)
    lyon = client("lyon")
    lyon.restart(page=4)
    return recorded(lyon)


def told(response: Any) -> list[Any]:
    """What the engine reads of a response, as plain data without what is only left out of it."""
    out: list[Any] = []
    for name, arguments, call in response["methodResponses"]:
        if name == "Desk/sync":
            for account, value in sorted(arguments["accounts"].items()):
                found = reading.changes(value)
                rows = {kind: sorted(map(whole, each), key=str) for kind, each in found.created.items()}
                rest = [found.old_state, found.new_state, found.has_more, found.access, found.filling, found.updated]
                out.append([call, account, rows, *rest, found.destroyed, found.later])
        else:
            listed = reading.objects(reading.Answer(name, arguments), arguments["accountId"], None)
            out.append([name, call, [whole(each) for each in listed], arguments["notFound"]])
    return [out, response["sessionState"]]


def whole(value: Any) -> Any:
    """An object as plain data, its members in one order."""
    return dict(sorted(msgspec.json.decode(msgspec.json.encode(plain(value))).items()))


@pytest.mark.has_cases(CASES, ROSENHEIM)
def test_what_the_server_streams_is_read_so(records: list[bytes]) -> None:
    kinds: set[type] = set()
    cases = entries = 0
    for body in records:
        found = typed.lists(body) or typed.contents(body)
        names = [name for name, _, _ in json.loads(body)["methodResponses"]]
        rows = json.loads(body)["methodResponses"][0][1].get("accounts", {}).get(LYON, {}).get("Case")
        if names != ["Case/get", "Entry/get"] and not (names == ["Desk/sync"] and rows):
            continue
        assert found is not None, body[:200]
        assert told(found) == told(wire.parse(body))
        for _, arguments, _ in found["methodResponses"]:
            for each in arguments.get("list", ()):
                kinds.add(type(each))
                cases += type(each) is Content
                entries += type(each) is Sent and isinstance(each.value, Entry)
            for account in arguments.get("accounts", {}).values():
                assert all(isinstance(each.value, Case) for each in account["Case"]["created"])
                cases += len(account["Case"]["created"])
    assert (cases, kinds) == (2 * CASES, {Content, Sent})
    assert entries >= CASES


def row(**more: Any) -> dict[str, Any]:
    return {"procedure": "pw.info", "reference": "R", "state": "draft", "subject": "S", **more}


def lists(rows: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    members = {"ids": "a" * 32 * len(rows), "marks": "b" * 8 * len(rows), "created": rows, **more}
    account = {"oldState": "0", "newState": "1", "hasMoreChanges": True, "Case": members, "accessState": "x"}
    arguments = {"accounts": {LYON: account}, "notCalculated": {}}
    return {"methodResponses": [["Desk/sync", arguments, "s"]], "sessionState": "t"}


def contents(cases: list[dict[str, Any]], entries: list[dict[str, Any]]) -> dict[str, Any]:
    about = {"accountId": LYON, "state": "1"}
    return {
        "methodResponses": [
            ["Case/get", {**about, "list": cases, "notFound": []}, "c0"],
            ["Entry/get", {**about, "list": entries, "notFound": []}, "e0"],
        ],
        "sessionState": "t",
    }


CASE = {"id": "c" * 32, "request": {"a": "b"}}
ENTRY = {"id": "e" * 32, "caseId": "c" * 32, "action": "send", "answers": {"q": "ja"}, "version": 1}


def test_rows_get_their_ids_and_marks() -> None:
    found = typed.lists(msgspec.json.encode(lists([row()])))
    assert found is not None
    ((case, stored),) = found["methodResponses"][0][1]["accounts"][LYON]["Case"]["created"]
    assert (case.id, case.head, case.subject) == ("a" * 32, "b" * 8, "S")
    assert msgspec.json.decode(stored) == {**row(), "id": "a" * 32, "head": "b" * 8}


@pytest.mark.parametrize(
    "response",
    [
        lists([row(novelty=1)]),
        lists([row(request={"a": 1})]),
        lists([row(id="a" * 32)]),
        lists([row(head="b" * 8)]),
        lists([row(subject=[1])]),
        lists([row(version=1)]),
        lists([dict(reversed(row().items()))]),
        lists([row()], ids="a" * 31),
        lists([row()], marks="b" * 9),
        lists([row()], ids='"' * 32),
        lists([row()], destroyed=["d"]),
        lists([]),
        contents([{**CASE, "novelty": 1}], [ENTRY]),
        contents([CASE], [{**ENTRY, "role": "stranger"}]),
        contents([{**CASE, "request": [1]}], [ENTRY]),
        {"methodResponses": [["Case/get", {}, "c"]], "sessionState": "t"},
        {"methodResponses": [["Desk/sync", {"accounts": {}}, "s"]], "sessionState": "t"},
        {"methodResponses": [], "sessionState": "t"},
        [],
    ],
)
def test_what_is_not_known_to_the_last_byte_is_read_as_plain_data(response: Any) -> None:
    body = msgspec.json.encode(response)
    assert typed.lists(body) is None
    assert typed.contents(body) is None
    assert wire.record(body) == json.loads(body)


@pytest.mark.parametrize(
    ("change", "twice"),
    [
        (b'"subject":"S"', b'"subject":"T","subject":"S"'),
        (b'"accessState":"x"', b'"accessState":"y","accessState":"x"'),
        (b'"sessionState":"t"', b'"sessionState":"u","sessionState":"t"'),
    ],
)
def test_no_member_stands_twice_in_a_row(change: bytes, twice: bytes) -> None:
    body = msgspec.json.encode(lists([row()]))
    assert body.count(change) == 1
    with pytest.raises(ServerMistake):
        wire.record(body.replace(change, twice))


def test_no_member_stands_twice_in_answers() -> None:
    body = msgspec.json.encode(contents([CASE], [ENTRY])).replace(b'{"q":"ja"}', b'{"q":"nein","q":"ja"}')
    with pytest.raises(ServerMistake):
        wire.record(body)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"q": 2**60}, "not usable JSON"), ({"q": json.loads("[" * 70 + "]" * 70)}, "not usable JSON")],
)
def test_the_caps_of_a_reply_hold(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ServerMistake, match=said):
        wire.record(msgspec.json.encode(contents([CASE], [{**ENTRY, "answers": wrong}])))


@pytest.mark.parametrize("name", ["request", "answers", "notCalculated"])
def test_nothing_in_a_record_of_rows_is_nested_deeper_than_a_reply_may_be(name: str) -> None:
    deep = {"q": json.loads("[" * 70 + "]" * 70)}
    response = lists([row() if name == "notCalculated" else row(**{name: deep})])
    if name == "notCalculated":
        response["methodResponses"][0][1][name] = deep
    with pytest.raises(ServerMistake, match="not usable JSON"):
        wire.record(msgspec.json.encode(response))


def test_text_that_is_not_to_be_shown_is_cleaned() -> None:
    found = wire.record(msgspec.json.encode(contents([CASE], [{**ENTRY, "answers": {"q": "a\u202eb"}}])))
    assert [plain(each)["answers"] for each in found["methodResponses"][1][1]["list"]] == [{"q": "a<U+202E>b"}]
