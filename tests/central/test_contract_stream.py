"""Heads, lean changes and streams: what travels, page by page, whatever happens between two pages."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import anyio
import msgspec
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imi_central.api import dispatch, stream
from imi_central.store import Store
from imi_core.authority import Authority, Desk, Officer
from imi_core.case import CONTENT, FIXED, Text
from imi_core.jmap import Limits, Request
from tests.central.replica import Replica, assert_same, force, oracle, work
from tests.central.world import LYON, MUNICH, ROSENHEIM, USING, Caller, Clock, accept, act, send
from tests.effort import tries

SLOW = settings(max_examples=tries(2, 60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Lean(Replica):
    """A client that is brought objects in place of ids, and puts lean ones together with what it has."""

    def asked(self, size: int, fetch: str = "contents") -> list[Any]:
        return ["Desk/sync", {"states": {self.desk: self.state}, "maxChanges": size, "fetch": fetch}, "s"]

    def take(self, response: dict[str, Any]) -> bool:
        """Apply one response; whether more follows."""
        found = response["methodResponses"][0][1]["accounts"][self.desk]
        assert found["oldState"] == self.state
        for type_, held in (("Case", self.cases), ("Entry", self.entries)):
            changes = found.get(type_, {})
            for id in changes.get("destroyed", ()):
                held.pop(id, None)
            held |= {each["id"]: each for each in changes.get("created", ())}
            for each in changes.get("updated", ()):
                fixed = {name: value for name, value in held[each["id"]].items() if name in (*FIXED, *CONTENT)}
                held[each["id"]] = fixed | each
        assert not (found["hasMoreChanges"] and found["newState"] == self.state)
        self.state = found["newState"]
        return bool(found["hasMoreChanges"])

    def page(self, size: int = 100) -> bool:
        return self.take(self.caller.post(self.officer, self.asked(size)))


def lines(caller: Caller, officer: str, *calls: list[Any], **more: Any) -> list[dict[str, Any]]:
    """The records of a stream that was read to its end."""
    body = {"using": USING, "methodCalls": list(calls)}
    answer = caller.http(officer, "POST", "/jmap/stream", json=body, **more)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.text.splitlines()]


def records(store: Store, officer: str, *calls: list[Any], **limits: int) -> Iterator[dict[str, Any]]:
    """The records one by one, so that something can happen between two."""
    request = Request(using=tuple(USING), method_calls=[tuple(call) for call in calls])
    return map(msgspec.json.decode, stream.records(store, officer, request, Limits(**limits)))


@SLOW
@given(size=st.integers(1, 7), seed=st.integers(0, 2**16), fetch=st.sampled_from(("contents", "stream")))
def test_pages_of_objects_of_any_size_give_the_same_final_set(
    fresh: Callable[[Clock], Store], size: int, seed: int, fetch: str
) -> None:
    store, draw = fresh(Clock()), random.Random(seed)
    caller = Caller(store)
    readers = [("lyon", LYON), ("lyon-basic", LYON), ("lyon-data", LYON), ("both", MUNICH), ("rosenheim", ROSENHEIM)]
    early = [Lean(caller, officer, desk) for officer, desk in readers]

    def read(replica: Lean, cut: int | None) -> None:
        if fetch == "contents":
            for _ in itertools.takewhile(lambda _: replica.page(size), range(cut or 1000)):
                pass
            return
        for record in itertools.islice(records(store, replica.officer, replica.asked(size)), cut):
            replica.take(record)
            if cut is not None:
                work(store, draw)

    for _ in range(12):
        work(store, draw)
        # Cut behind one or two pages, with writes between them.
        read(draw.choice(early), draw.choice((1, 2)))
    for replica in early:
        read(replica, None)
        assert_same(store, replica)
        other = Lean(caller, replica.officer, replica.desk)
        read(other, None)
        assert_same(store, other)
    store.close()


def test_what_is_put_together_from_lean_changes_is_what_a_get_brings(store: Store, caller: Caller) -> None:
    case_id = send(store).case_id
    clients = [Lean(caller, "lyon", LYON), Lean(caller, "rosenheim", ROSENHEIM), Lean(caller, "munich", MUNICH)]
    for client in clients[:2]:
        client.page()
    act(store, "rosenheim", ROSENHEIM, case_id, "forward", target=MUNICH)
    accept(store, case_id, "munich", MUNICH)
    for client in clients:
        while client.page():
            pass
        [whole] = caller.call(client.officer, "Case/get", accountId=client.desk, ids=[case_id])["list"]
        held = client.cases[case_id]
        whole["head"] = whole["head"][:8]
        first = min(
            (each for each in client.entries.values() if each["caseId"] == case_id), key=lambda each: each["at"]
        )
        assert whole.pop("sentAt") == first["at"], "what a case repeats of its first entry does not travel twice"
        changing = {name for name in whole if name not in (*FIXED, *CONTENT)}
        assert {name: held.get(name) for name in changing} == {name: whole[name] for name in changing}
    # The addressee changed: the content version says that members which stay as a rule have to be read again.
    assert clients[0].cases[case_id]["contentVersion"] == 2
    assert clients[1].cases[case_id]["level"] == "summary"


def test_heads_have_no_content_and_a_first_sync_of_heads_names_no_entries(store: Store, caller: Caller) -> None:
    case_id = send(store).case_id
    client = Lean(caller, "lyon", LYON)
    client.take(caller.post("lyon", client.asked(10, "heads")))
    assert client.entries == {}
    head = client.cases[case_id]
    assert not set(CONTENT) & set(head)
    assert len(head["head"]) == 8
    assert head["parts"][1]["name"] == "Hauptzollamt Rosenheim"
    entry = accept(store, case_id)
    response = caller.post("lyon", client.asked(10, "heads"))
    client.take(response)
    assert list(client.entries) == [entry.id]
    assert not {*CONTENT, *FIXED} & set(response["methodResponses"][0][1]["accounts"][LYON]["Case"]["updated"][0])
    # The part of its desk, in the same answer, says whose it is; without it a client fills in nothing.
    assert not {"authority", "authorityName"} & set(client.entries[entry.id])
    [whole] = caller.call("lyon", "Entry/get", accountId=LYON, ids=[entry.id])["list"]
    part = next(each for each in head["parts"] if each["desk"] == whole["desk"])
    assert (part["authority"], part["name"]) == (whole["authority"], whole["authorityName"])
    # The seal stays out, and the reference another desk gave its entry is none of ours.
    assert not {"seal", "prev", "digest", "salt", "clientRef"} & set(client.entries[entry.id])


def test_lists_leave_entries_to_whoever_opens_the_case(store: Store, caller: Caller) -> None:
    case_id = send(store).case_id
    client = Lean(caller, "lyon", LYON)
    client.take(caller.post("lyon", client.asked(10, "lists")))
    assert client.entries == {}
    accept(store, case_id)
    long = Text(lang="de", text="B" * 20_000)
    act(store, "rosenheim", ROSENHEIM, case_id, "message", text=long)
    own = act(store, "lyon", LYON, case_id, "message", text=Text(lang="fr", text="mine"))
    response = caller.post("lyon", client.asked(10, "lists"))
    assert len(json.dumps(response)) < 2_500
    client.take(response)
    # Its own is what a client knows its outbox by.
    assert list(client.entries) == [own.id]
    assert client.entries[own.id]["clientRef"] == own.client_ref
    changes = response["methodResponses"][0][1]["accounts"][LYON]
    assert changes["Entry"]["cases"] == [case_id]
    assert changes["Case"]["updated"][0]["entries"] == 4
    rest = {"resultOf": "s", "name": "Desk/sync", "path": f"/accounts/{LYON}/Entry/cases"}
    get = ["Entry/get", {"accountId": LYON, "#caseIds": rest, "properties": ["id"]}, "e"]
    states = {"states": {LYON: changes["oldState"]}, "fetch": "lists"}
    for fetch, count in (("lists", 4), ("heads", 0)):
        answers = caller.post("lyon", ["Desk/sync", states | {"fetch": fetch}, "s"], get)["methodResponses"]
        assert len(answers[1][1]["list"]) == count


def test_lists_bring_what_has_to_be_forgotten(store: Store, caller: Caller) -> None:
    case_id = send(store).case_id
    sees = Lean(caller, "rosenheim", ROSENHEIM)
    sees.page()
    accept(store, case_id)
    while sees.page():
        pass
    told = act(store, "lyon", LYON, case_id, "message", text=Text(lang="fr", text="Geheim"))
    while sees.page():
        pass
    assert sees.entries[told.id]["text"]["text"] == "Geheim"
    act(store, "rosenheim", ROSENHEIM, case_id, "forward", target=MUNICH)
    response = caller.post("rosenheim", sees.asked(50, "lists"))
    sees.take(response)
    if told.id in sees.entries:
        assert sees.entries[told.id]["redacted"]
    assert "Geheim" not in json.dumps(sees.entries)


def test_an_own_entry_keeps_its_client_ref(store: Store, caller: Caller) -> None:
    entry = send(store)
    client = Lean(caller, "lyon", LYON)
    client.page()
    assert client.entries[entry.id]["clientRef"] == entry.client_ref


def test_contents_and_entries_come_by_case(store: Store, caller: Caller) -> None:
    first, second, hidden = send(store), send(store), send(store, to=MUNICH)
    answer = accept(store, first.case_id)
    calls: list[list[Any]] = [
        [
            "Case/get",
            {"accountId": ROSENHEIM, "ids": [first.case_id, second.case_id, hidden.case_id], "properties": [*CONTENT]},
            "c",
        ],
        [
            "Entry/get",
            {"accountId": ROSENHEIM, "#caseIds": {"resultOf": "c", "name": "Case/get", "path": "/list/*/id"}},
            "e",
        ],
    ]
    [[_, cases, _], [_, entries, _]] = caller.post("rosenheim", *calls)["methodResponses"]
    assert [each["id"] for each in cases["list"]] == [first.case_id, second.case_id]
    assert cases["notFound"] == [hidden.case_id]
    assert [each["id"] for each in entries["list"]] == [first.id, answer.id, second.id]
    assert [each.get("redacted", False) for each in entries["list"]] == [False, False, True]
    assert caller.call("rosenheim", "Entry/get", accountId=ROSENHEIM, ids=[], caseIds=[])["error"]["type"] == (
        "invalidArguments"
    )


@pytest.mark.parametrize(
    "arguments",
    [
        {"fetch": "everything"},
        {"fetch": True},
        {"brief": "yes"},
        {"languages": "fr"},
        {"languages": [1]},
    ],
)
def test_wrong_arguments_are_refused(caller: Caller, arguments: dict[str, Any]) -> None:
    assert caller.sync("lyon", {LYON: "0"}, **arguments)["error"]["type"] == "invalidArguments"


def _twenty_desks(store: Store) -> list[str]:
    desks = [f"de-hauptzollamt-{number:02d}_pw" for number in range(20)]
    store.put_authorities(
        Authority(id=desk[:-3], formal_name=f"Amt {desk}", country="DE", desks=(Desk(id=desk, area="pw"),))
        for desk in desks
    )
    store.put_officer(Officer(id="busy", name="Busy", desks=dict.fromkeys(desks, ("handler",))))
    return desks


def _packed(value: Any) -> int:
    data = value if isinstance(value, bytes) else json.dumps(value, separators=(",", ":")).encode()
    return len(zstandard.ZstdCompressor(level=9).compress(data))


def test_nothing_new_at_twenty_desks_is_less_than_a_kilobyte_each_way(store: Store, caller: Caller) -> None:
    desks = _twenty_desks(store)
    for desk in desks:
        send(store, to=desk)
    # 300 bytes of headers on top, of which a client's token, the address and the lengths take most.
    room = 1024 - 300
    first = caller.sync("busy", dict.fromkeys([*desks, "directory"], "0"))["accounts"]
    states = {desk: each["newState"] for desk, each in first.items()}
    call = ["Desk/sync", {"states": states, "maxChanges": 250, "fetch": "contents", "brief": True}, "s"]
    answer = caller.post("busy", call)
    assert answer["methodResponses"] == [["Desk/sync", {"accounts": {}, "notCalculated": {}, "unchanged": 21}, "s"]]
    assert _packed({"using": USING, "methodCalls": [call]}) <= room
    assert _packed(answer) <= 200


def test_twenty_changed_cases_travel_as_what_changed(store: Store, caller: Caller) -> None:
    """New state, date and one message each: no more than 2.6 kB both ways."""
    cases = [send(store, subject=f"Establishment of firm {number} at Lyon").case_id for number in range(20)]
    client = Lean(caller, "lyon", LYON)
    client.page()
    for number, case_id in enumerate(cases):
        accept(store, case_id)
        text = Text(lang="de", text=f"Wir haben die Firma am {number + 1}. März besucht und melden uns wieder.")
        act(store, "rosenheim", ROSENHEIM, case_id, "message", text=text)
    call = client.asked(250)
    answer = caller.post("lyon", call)
    assert len(answer["methodResponses"][0][1]["accounts"][LYON]["Case"]["updated"]) == 20
    assert _packed({"using": USING, "methodCalls": [call]}) + _packed(answer) <= 2600


def test_an_account_that_changed_stands_in_a_brief_answer(store: Store, caller: Caller) -> None:
    states = {desk: caller.call("both", "Case/get", accountId=desk, ids=[])["state"] for desk in (ROSENHEIM, MUNICH)}
    send(store, to=MUNICH)
    answer = caller.sync("both", {**states, "elsewhere": "1"}, brief=True)
    assert list(answer["accounts"]) == [MUNICH]
    assert (answer["unchanged"], list(answer["notCalculated"])) == (1, ["elsewhere"])


# --- streams ----------------------------------------------------------------------------------------------------


def test_a_stream_brings_groups_in_order_page_by_page_account_by_account(store: Store, caller: Caller) -> None:
    cases = [send(store, to=desk).case_id for desk in (ROSENHEIM, MUNICH, ROSENHEIM, MUNICH, ROSENHEIM)]
    ids = {"resultOf": "s", "name": "Desk/sync", "path": f"/accounts/{ROSENHEIM}/Case/changed"}
    found = lines(
        caller,
        "both",
        ["Core/echo", {"a": 1}, "e"],
        ["Desk/sync", {"states": {ROSENHEIM: "0", MUNICH: "0"}, "maxChanges": 2}, "s"],
        ["Case/get", {"accountId": ROSENHEIM, "#ids": ids, "properties": ["subject"]}, "g"],
        ["Case/get", {"accountId": MUNICH, "ids": cases[:2], "properties": []}, "c"],
    )
    calls = [[(name, call_id) for name, _, call_id in each["methodResponses"]] for each in found]
    page = [("Desk/sync", "s"), ("Case/get", "g")]
    assert calls == [
        [("Core/echo", "e")],
        page,
        page,
        page,
        [("Desk/sync", "s")],
        [("Desk/sync", "s")],
        [("Case/get", "c")],
    ]
    assert all(each["sessionState"] for each in found)
    assert [len(each["methodResponses"][1][1]["list"]) for each in found[1:4]] == [1, 1, 1]


def test_ids_and_marks_of_a_first_synchronisation_come_joined_where_that_is_asked_for(
    store: Store, caller: Caller
) -> None:
    for number in range(5):
        send(store, subject=f"Case {number}")
    name, arguments, call_id = Lean(caller, "lyon", LYON).asked(3, "heads")
    arguments["states"] = None
    plain = [
        found["methodResponses"][0][1]["accounts"][LYON] for found in lines(caller, "lyon", [name, arguments, call_id])
    ]
    joined = lines(caller, "lyon", [name, {**arguments, "joined": True}, call_id])
    for page, record in zip(plain, joined, strict=True):
        rows = page["Case"]["created"]
        ids, marks = ("".join(row.pop(each) for row in rows) for each in ("id", "head"))
        page["Case"] = {"ids": ids, "marks": marks, "created": rows}
        assert record["methodResponses"][0][1]["accounts"][LYON] == page
    assert [len(page["Case"]["created"]) for page in plain] == [3, 2]
    # Behind the first synchronisation others refer to the ids: they stay where they are.
    send(store)
    since = {LYON: plain[-1]["newState"]}
    later = caller.call("lyon", "Desk/sync", states=since, fetch="heads", joined=True)["accounts"][LYON]
    assert set(later["Case"]) == {"created"}
    assert later["Case"]["created"][0]["id"]
    error = caller.post("lyon", [name, {**arguments, "joined": 1}, call_id])["methodResponses"][0]
    assert (error[0], error[1]["type"], error[1]["arguments"]) == ("error", "invalidArguments", ["joined"])


def test_pages_grow_from_small_ones(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "FIRST_PAGE", 1)
    for _ in range(9):
        send(store)
    client = Lean(Caller(store), "lyon", LYON)
    sizes = []
    for record in records(store, "lyon", client.asked(4, "heads")):
        before = len(client.cases)
        client.take(record)
        sizes.append(len(client.cases) - before)
    assert sizes == [1, 2, 4, 2]


def test_a_page_that_would_be_too_long_is_divided(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imi_central.api.dispatch.MAX_RESPONSE", 6_000)
    for _ in range(8):
        send(store)
    client = Lean(Caller(store), "lyon", LYON)
    taken = [client.take(record) for record in records(store, "lyon", client.asked(16))]
    assert taken == [True] * (len(taken) - 1) + [False]
    assert len(taken) > 2
    assert_same(store, client)


def test_access_that_is_taken_between_two_records_ends_what_is_shown(store: Store) -> None:
    """F35: rights are read for every page."""
    for number in range(6):
        accept(store, send(store, subject=f"Case {number}").case_id)
    client = Lean(Caller(store), "rosenheim", ROSENHEIM)
    going = records(store, "rosenheim", client.asked(2))
    client.take(next(going))
    store.put_officer(Officer(id="rosenheim", name="Rosenheim", desks={ROSENHEIM: ("basic",)}))
    second = next(going)
    listed = second["methodResponses"][0][1]["accounts"][ROSENHEIM]
    shown = [*listed.get("Case", {}).get("created", ()), *listed.get("Entry", {}).get("created", ())]
    assert shown
    assert all(each.get("level") == "summary" or each.get("redacted") for each in shown)
    store.put_officer(Officer(id="rosenheim", name="Rosenheim", desks={MUNICH: ("handler",)}))
    last = list(going)
    assert [each["methodResponses"][0][1]["notCalculated"] for each in last] == [
        {ROSENHEIM: {"type": "accountNotFound"}}
    ]


def test_a_case_that_is_blocked_between_two_records_is_removed(store: Store) -> None:
    cases = [send(store).case_id for _ in range(4)]
    client = Lean(Caller(store), "lyon", LYON)
    going = records(store, "lyon", client.asked(2))
    client.take(next(going))
    force(store, cases[-1], "block")
    force(store, cases[0], "block")
    for record in going:
        client.take(record)
    assert_same(store, client)
    assert set(client.cases) == set(cases[1:3])


def test_a_disabled_officer_is_cut_off_between_two_records(store: Store, caller: Caller) -> None:
    for _ in range(4):
        send(store)
    client = Lean(caller, "lyon", LYON)
    seen = 0
    original = dispatch.answer

    def disable(*given: Any) -> Any:
        nonlocal seen
        seen += 1
        if seen == 2:
            store.put_officer(Officer(id="lyon", name="Lyon", desks={LYON: ("handler",)}), active=False)
        return original(*given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("imi_central.api.stream.dispatch.answer", disable)
        found = lines(caller, "lyon", client.asked(1))
    assert len(found) == 1
    refused = caller.http("lyon", "POST", "/jmap/stream", json={"using": USING, "methodCalls": [client.asked(1)]})
    assert refused.status_code == 403


def _refused(caller: Caller, calls: list[Any], using: list[str] = USING) -> dict[str, Any]:
    answer = caller.http("lyon", "POST", "/jmap/stream", json={"using": using, "methodCalls": calls})
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return dict(answer.json())


def test_what_writes_or_makes_no_sense_is_refused_before_anything_runs(store: Store, caller: Caller) -> None:
    entry = {"clientRef": "00000000-0000-4000-8000-000000000000", "procedure": "pw.info", "action": "send"}
    read = ["Core/echo", {}, "a"]
    for name in ("Entry/set", "Blob/upload", "Nothing/copy", ""):
        call = [name, {"accountId": LYON, "create": {"k": entry}}, "b"]
        assert _refused(caller, [read, call])["type"] == "urn:imi:error:notStreamed"
    behind = {"resultOf": "a", "name": "Core/echo", "path": "/x"}
    other = ["Core/echo", {"#x": behind}, "c"]
    assert _refused(caller, [read, ["Core/echo", {}, "b"], other])["type"].endswith("notRequest")
    assert _refused(caller, [other])["type"].endswith("notRequest")
    assert _refused(caller, [])["type"].endswith("notRequest")
    assert _refused(caller, [read], ["urn:else"])["type"].endswith("unknownCapability")
    assert _refused(caller, [["Core/echo", {}, str(n)] for n in range(65)])["limit"] == "maxCallsInRequest"
    assert oracle(store, "lyon", LYON) == (set(), {})


@pytest.mark.parametrize("states", [None, [], {LYON: 1}, {}, {LYON: "9.x"}, {"nowhere": "0"}])
@pytest.mark.parametrize("most", [None, 0, -1, True, "2", 10**9])
def test_nonsense_in_a_desk_sync_is_answered_once_and_ends(caller: Caller, states: Any, most: Any) -> None:
    found = lines(caller, "lyon", ["Desk/sync", {"states": states, "maxChanges": most}, "s"])
    assert len(found) == 1


def test_an_officer_without_a_desk_gets_a_stream_without_records(store: Store, caller: Caller) -> None:
    store.put_officer(Officer(id="new", name="New"))
    assert lines(caller, "new", ["Desk/sync", {"states": None}, "s"]) == []


def test_a_stream_counts_as_one_request_until_it_ends(store: Store) -> None:
    caller = Caller(store, Limits(max_concurrent_requests=1))
    for _ in range(3):
        assert lines(caller, "lyon", ["Core/echo", {}, "e"])


def test_pages_share_one_frame_and_come_as_they_are_made(store: Store, caller: Caller) -> None:
    for _ in range(30):
        send(store)
    client = Lean(caller, "lyon", LYON)
    chunks = _messages(caller, client.asked(5))
    decoder = zstandard.ZstdDecompressor(max_window_size=2**stream.WINDOW_LOG).decompressobj()
    for index, chunk in enumerate(chunks[:-1]):
        text = decoder.decompress(chunk)
        assert text.endswith(b"\n"), f"page {index} is not whole when its bytes are there"
        client.take(json.loads(text))
    decoder.decompress(chunks[-1])
    assert decoder.eof
    assert_same(store, client)
    # Each page alone costs far more than in one window.
    assert sum(map(len, chunks)) < 0.7 * sum(_packed(line) for line in _plain(caller, client.officer))


def _plain(caller: Caller, officer: str) -> list[bytes]:
    client = Lean(caller, officer, LYON)
    headers = {"accept-encoding": "identity"}
    answer = caller.http(
        officer,
        "POST",
        "/jmap/stream",
        json={"using": USING, "methodCalls": [client.asked(5)]},
        headers=headers,
    )
    assert "content-encoding" not in answer.headers
    return [line.encode() for line in answer.text.splitlines()]


def _messages(caller: Caller, call: list[Any], leave_after: int | None = None) -> list[bytes]:
    """The body as the server sends it, piece by piece; the client may leave."""
    body = json.dumps({"using": USING, "methodCalls": [call]}).encode()
    out: list[bytes] = []

    async def go() -> None:
        left = anyio.Event()
        asked = False

        async def receive() -> dict[str, Any]:
            nonlocal asked
            if not asked:
                asked = True
                return {"type": "http.request", "body": body}
            await left.wait()
            return {"type": "http.disconnect"}

        async def send_(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.body":
                out.append(message["body"])
                if leave_after is not None and len(out) == leave_after:
                    left.set()
                    await anyio.sleep_forever()

        headers = [(b"x-officer", b"lyon"), (b"content-type", b"application/json"), (b"accept-encoding", b"zstd")]
        scope = {"type": "http", "method": "POST", "path": "/jmap/stream", "headers": headers, "query_string": b""}
        with anyio.fail_after(20):
            await caller.app(scope, receive, send_)  # type: ignore[arg-type]

    anyio.run(go)
    return out


def test_a_client_that_goes_away_ends_the_work_and_gives_its_place_back(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller = Caller(store, Limits(max_concurrent_requests=1))
    for _ in range(10):
        send(store)
    made, original = 0, dispatch.answer

    def counted(*given: Any) -> Any:
        nonlocal made
        made += 1
        return original(*given)

    monkeypatch.setattr("imi_central.api.stream.dispatch.answer", counted)
    client = Lean(caller, "lyon", LYON)
    assert len(_messages(caller, client.asked(1), leave_after=3)) == 3
    assert made == 3
    # The only place of this officer is free again.
    assert lines(caller, "lyon", ["Core/echo", {}, "e"])


def test_a_stream_ends_after_a_while_behind_a_whole_page(
    store: Store, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "SECONDS", -1.0)
    for _ in range(3):
        send(store)
    client = Lean(caller, "lyon", LYON)
    for _ in range(20):
        found = lines(caller, "lyon", client.asked(2))
        assert len(found) == 1
        if not client.take(found[0]):
            break
    assert_same(store, client)


def test_a_stream_ends_behind_a_whole_page_when_the_server_stops(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    caller, original = Caller(store), dispatch.answer

    def last(*given: Any) -> Any:
        caller.stop()
        return original(*given)

    monkeypatch.setattr("imi_central.api.stream.dispatch.answer", last)
    for _ in range(3):
        send(store)
    client = Lean(caller, "lyon", LYON)
    [only] = lines(caller, "lyon", client.asked(2))
    assert client.take(only)
