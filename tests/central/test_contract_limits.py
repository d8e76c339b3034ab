"""All limits of the session resource, and requests that are malformed on purpose."""

from __future__ import annotations

import datetime as dt
import gzip
import signal
import threading
from collections.abc import Callable
from typing import Any

import anyio
import httpx
import msgspec
import pytest
import sqlalchemy as sa
import zstandard

from imi_central.api import body, dispatch
from imi_central.api.context import Context
from imi_central.api.errors import Problem
from imi_central.api.gate import Gate
from imi_central.api.routes import UNTAKEN
from imi_central.store import CaseFilter, Store, budget, dialect, files, view
from imi_core.authority import Officer
from imi_core.jmap import CASE, CORE, Limits, Request
from tests.central.world import LYON, MUNICH, REQUEST, ROSENHEIM, USING, Caller, Clock, accept, ref, send

ECHO = ["Core/echo", {"hello": True}, "c"]


def post(caller: Caller, content: bytes, officer: str = "lyon", **headers: str) -> httpx.Response:
    given = {"content-type": "application/json", **{key.replace("_", "-"): each for key, each in headers.items()}}
    return caller.http(officer, "POST", "/jmap/api", content=content, headers=given)


def request(*calls: list[Any], **more: Any) -> bytes:
    return msgspec.json.encode({"using": USING, "methodCalls": list(calls), **more})


def small(store: Store, **limits: int) -> Caller:
    return Caller(store, Limits(**limits))


class TestLimits:
    def test_the_session_names_all_seven(self, store: Store) -> None:
        limits = Limits(max_calls_in_request=7)
        session = Caller(store, limits).http("lyon", "GET", "/jmap/session").json()
        core = session["capabilities"][CORE]
        assert core.pop("collationAlgorithms") == []
        assert core == msgspec.to_builtins(limits)
        assert len(core) == 7

    def test_max_size_request(self, store: Store) -> None:
        caller = small(store, max_size_request=200)
        long = request(["Core/echo", {"x": "y" * 200}, "c"])
        answer = post(caller, long)
        assert (answer.status_code, answer.json()["limit"]) == (413, "maxSizeRequest")
        assert answer.json()["type"] == "urn:ietf:params:jmap:error:limit"
        assert post(caller, request(ECHO)).status_code == 200

    @pytest.mark.parametrize("encoding", ["gzip", "zstd"])
    def test_max_size_request_counts_decoded_bytes(self, store: Store, encoding: str) -> None:
        caller = small(store, max_size_request=100_000)
        bomb = b" " * 50_000_000
        packed = gzip.compress(bomb) if encoding == "gzip" else zstandard.compress(bomb)
        assert len(packed) < 100_000
        answer = post(caller, packed, content_encoding=encoding)
        assert (answer.status_code, answer.json()["limit"]) == (413, "maxSizeRequest")

    def test_max_calls_in_request(self, store: Store) -> None:
        caller = small(store, max_calls_in_request=2)
        answer = post(caller, request(ECHO, ECHO, ECHO))
        assert (answer.status_code, answer.json()["limit"]) == (400, "maxCallsInRequest")

    @pytest.mark.parametrize(
        ("method", "account"), [("Case/get", LYON), ("Entry/get", LYON), ("Authority/get", "directory")]
    )
    def test_max_objects_in_get(self, store: Store, method: str, account: str) -> None:
        caller = small(store, max_objects_in_get=2)
        three = {"accountId": account, "ids": ["a", "b", "c"]}
        assert caller.call("lyon", method, **three)["error"]["type"] == "requestTooLarge"
        for _ in range(3):
            send(store)
        assert caller.call("lyon", method, accountId=account, ids=None)["error"]["type"] == "requestTooLarge"

    def test_max_objects_in_get_holds_for_what_a_reference_brings(self, store: Store) -> None:
        caller = small(store, max_objects_in_get=2)
        for _ in range(3):
            send(store)
        ids = {"resultOf": "q", "name": "Case/query", "path": "/ids"}
        answers = caller.post(
            "lyon", ["Case/query", {"accountId": LYON}, "q"], ["Case/get", {"accountId": LYON, "#ids": ids}, "g"]
        )["methodResponses"]
        assert len(answers[0][1]["ids"]) == 3
        assert answers[1][:2] == ["error", answers[1][1]]
        assert answers[1][1]["type"] == "requestTooLarge"

    def test_max_objects_in_set(self, store: Store) -> None:
        caller = small(store, max_objects_in_set=2)
        create = {key: {"clientRef": ref()} for key in "abc"}
        assert caller.call("lyon", "Entry/set", accountId=LYON, create=create)["error"]["type"] == "requestTooLarge"
        mixed = {"create": {"a": {}}, "update": {"b": {}}, "destroy": ["c"]}
        assert caller.call("lyon", "Entry/set", accountId=LYON, **mixed)["error"]["type"] == "requestTooLarge"

    def test_max_size_upload(self, store: Store) -> None:
        caller = small(store, max_size_upload=10)
        answer = caller.http("lyon", "POST", f"/jmap/upload/{LYON}", content=b"x" * 11)
        assert (answer.status_code, answer.json()["limit"]) == (413, "maxSizeUpload")
        assert caller.http("lyon", "POST", f"/jmap/upload/{LYON}", content=b"x" * 10).status_code == 201

    @pytest.mark.parametrize(
        ("path", "limit"), [("/jmap/api", "maxConcurrentRequests"), (f"/jmap/upload/{LYON}", "maxConcurrentUpload")]
    )
    def test_concurrent_requests_of_one_officer(self, store: Store, path: str, limit: str) -> None:
        caller = small(store, max_concurrent_requests=1, max_concurrent_upload=1)
        answers: list[int] = []

        async def slow(started: anyio.Event, end: anyio.Event) -> Any:
            started.set()
            yield request(ECHO)[:10]
            await end.wait()
            yield request(ECHO)[10:]

        async def go() -> httpx.Response:
            headers = {"x-officer": "lyon", "content-type": "application/json"}
            transport = httpx.ASGITransport(caller.app)
            started, end = anyio.Event(), anyio.Event()
            async with (
                httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as client,
                anyio.create_task_group() as group,
            ):

                async def first() -> None:
                    answers.append((await client.post(path, content=slow(started, end))).status_code)

                group.start_soon(first)
                await started.wait()
                refused = await client.post(path, content=request(ECHO))
                other = await client.post("/jmap/api", content=request(ECHO), headers={"x-officer": "warsaw"})
                assert other.status_code == 200, "the limit is each officer's own"
                end.set()
            return refused

        refused = anyio.run(go)
        assert (refused.status_code, refused.json()["limit"]) == (429, limit)
        assert "retry-after" in refused.headers
        assert answers == [201 if "upload" in path else 200]

    def test_answers_that_are_not_taken_are_few(self, store: Store) -> None:
        """They wait in memory, which could be filled with one token. Who was cut off is not kept out by them."""
        caller = small(store, max_concurrent_requests=1)

        async def go() -> list[int]:
            begun, take = 0, anyio.Event()

            async def nothing() -> dict[str, Any]:
                return {"type": "http.request", "body": b"", "more_body": False}

            async def slow(message: Any) -> None:
                nonlocal begun
                if message["type"] == "http.response.body":
                    begun += 1
                    await take.wait()

            scope = {"type": "http", "method": "GET", "path": "/jmap/session", "query_string": b""}
            headers = {"x-officer": "lyon"}
            transport = httpx.ASGITransport(caller.app)
            said = []
            async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as client:
                async with anyio.create_task_group() as group:
                    for number in range(1, UNTAKEN + 1):
                        said.append((await client.get("/jmap/session")).status_code)
                        group.start_soon(caller.app, {**scope, "headers": [(b"x-officer", b"lyon")]}, nothing, slow)
                        while begun < number:
                            await anyio.sleep(0.001)
                    said.append((await client.get("/jmap/session")).status_code)
                    take.set()
                said.append((await client.get("/jmap/session")).status_code)
            return said

        assert anyio.run(go) == [200, 200, 200, 429, 200]

    def test_a_place_is_given_back_when_a_request_fails(self) -> None:
        gate = Gate("maxConcurrentRequests", 1)
        for _ in range(3):
            with pytest.raises(ValueError), gate("lyon"):
                raise ValueError

    def test_the_whole_answer_is_capped(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(dispatch, "MAX_RESPONSE", 2_000)
        caller = Caller(store)
        long = ["Core/echo", {"x": "y" * 1_500}, "c"]
        names = [answer[0] for answer in caller.post("lyon", long, long, ECHO)["methodResponses"]]
        assert names == ["Core/echo", "error", "Core/echo"]

    def test_a_request_has_so_much_of_the_processor(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        """Sixty-four calls that each just stay below their limits would keep it busy for many seconds."""
        send(store)
        caller = Caller(store)
        asked = ["Case/get", {"accountId": LYON, "ids": None}, "c"]
        assert [name for name, _, _ in caller.post("lyon", asked, asked)["methodResponses"]] == ["Case/get"] * 2
        monkeypatch.setattr(dispatch, "PROCESSOR_SECONDS", 0.0)
        answers = caller.post("lyon", asked, asked, ECHO)["methodResponses"]
        assert [given.get("type") for _, given, _ in answers[1:]] == ["requestTooLarge"] * 2

    @pytest.mark.parametrize("method", ["Case/get", "Entry/get"])
    def test_objects_are_not_read_without_end(self, store: Store, method: str, monkeypatch: pytest.MonkeyPatch) -> None:
        entries = [send(store) for _ in range(3)]
        ids = [entry.case_id if method == "Case/get" else entry.id for entry in entries]
        caller = Caller(store)
        assert len(caller.call("lyon", method, accountId=LYON, ids=ids)["list"]) == 3
        monkeypatch.setattr(view, "MAX_READ", 2_500)
        assert len(caller.call("lyon", method, accountId=LYON, ids=ids[:1])["list"]) == 1
        assert caller.call("lyon", method, accountId=LYON, ids=ids)["error"]["type"] == "requestTooLarge"

    @pytest.mark.parametrize(("fetch", "most"), [("heads", 1_500), ("contents", 4_000)])
    def test_objects_of_all_accounts_of_a_call_count_together(
        self, store: Store, fetch: str, most: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        accept(store, send(store, to=ROSENHEIM).case_id)
        accept(store, send(store, to=MUNICH).case_id, "munich", MUNICH)
        monkeypatch.setattr(view, "MAX_READ", most)
        caller, states = Caller(store), {ROSENHEIM: "0", MUNICH: "0"}
        apart = [["Desk/sync", {"states": {desk: "0"}, "fetch": fetch}, desk] for desk in states]
        assert [name for name, _, _ in caller.post("both", *apart)["methodResponses"]] == ["Desk/sync"] * 2
        assert caller.sync("both", states, fetch=fetch)["error"]["type"] == "requestTooLarge"

    def test_max_changes_is_cut_to_what_a_get_may_bring(self, store: Store) -> None:
        for _ in range(4):
            send(store)
        caller = small(store, max_objects_in_get=3)
        found = caller.sync("lyon", {LYON: "0"}, maxChanges=10_000)["accounts"][LYON]
        assert len(found["Case"]["changed"]) + len(found["Entry"]["changed"]) == 3
        for wrong in (0, -1, 1.5, "9", True):
            assert caller.sync("lyon", {LYON: "0"}, maxChanges=wrong)["error"]["type"] == "invalidArguments"

    def test_an_officer_cannot_fill_the_disk(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(files, "QUOTA", 15)
        caller = Caller(store)
        answers = [caller.http("lyon", "POST", f"/jmap/upload/{LYON}", content=b"x" * 10) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [201, 413]
        assert answers[1].json()["limit"] == "quota"

    def test_files_whose_time_is_over_take_no_room(
        self, store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(files, "QUOTA", 15)
        caller = Caller(store)
        for status in (201, 413):
            assert caller.http("lyon", "POST", f"/jmap/upload/{LYON}", content=b"x" * 10).status_code == status
        clock.at += dt.timedelta(hours=25)
        assert caller.http("lyon", "POST", f"/jmap/upload/{LYON}", content=b"x" * 10).status_code == 201

    def test_calls_that_just_fit_into_the_time_are_answered(
        self, caller: Caller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def last(context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
            budget.allow(context.view._conn, -1)
            return arguments

        monkeypatch.setitem(dispatch.METHODS, "Core/echo", last)
        assert caller.call("lyon", "Core/echo", x=1) == {"x": 1}


class TestMalformed:
    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"{",
            b"<html>",
            b"\xff\xfe{}",
            b'{"using": [], "using": [], "methodCalls": []}',
            b'{"using": [], "methodCalls": [["Core/echo", {"a": 1, "a": 2}, "c"]]}',
            b'{"using": [], "methodCalls": [["Core/echo", {"a": NaN}, "c"]]}',
            b'{"using": [], "methodCalls": [["Core/echo", {"a": 9007199254740993}, "c"]]}',
            b'{"using": [], "methodCalls": [["Core/echo", {"a": ' + b"9" * 5000 + b'}, "c"]]}',
            b'{"using": [], "methodCalls": [["Core/echo", {"a": "\\ud800"}, "c"]]}',
            b'{"using": [], "methodCalls": [["Core/echo", {"a": ' + b"[" * 70 + b"]" * 70 + b'}, "c"]]}',
            b"[" * 500_000,
            b'{"a":' * 100_000,
        ],
        ids=lambda content: repr(content[:40]),
    )
    def test_what_is_no_json(self, caller: Caller, content: bytes) -> None:
        answer = post(caller, content)
        assert answer.status_code == 400
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["type"] == "urn:ietf:params:jmap:error:notJSON"

    @pytest.mark.parametrize(
        "content",
        [
            b"[]",
            b"null",
            b"{}",
            b'{"using": "x", "methodCalls": []}',
            b'{"using": [], "methodCalls": {}}',
            b'{"using": [], "methodCalls": [["Core/echo", {}]]}',
            b'{"using": [], "methodCalls": [["Core/echo", [], "c"]]}',
            b'{"using": [], "methodCalls": [[1, {}, "c"]]}',
            b'{"using": [], "methodCalls": [], "createdIds": {"a": 1}}',
        ],
    )
    def test_what_is_no_request(self, caller: Caller, content: bytes) -> None:
        answer = post(caller, content)
        assert (answer.status_code, answer.json()["type"]) == (400, "urn:ietf:params:jmap:error:notRequest")

    def test_text_that_never_ends_does_not_stop_the_server(self) -> None:
        content = b'{"a":"' + b'[\\"' * 300_000

        def stuck(_signal: int, _frame: object) -> None:
            raise AssertionError("one request keeps every thread waiting")

        before = signal.signal(signal.SIGALRM, stuck)
        signal.alarm(20)
        try:
            with pytest.raises(Problem, match="notJSON"):
                body.decode(content, Request)
        finally:
            signal.alarm(0)
            signal.signal(signal.SIGALRM, before)

    def test_brackets_in_text_are_no_depth(self, caller: Caller) -> None:
        text = '[{"' * 100
        assert caller.call("lyon", "Core/echo", a=text) == {"a": text}

    def test_other_content_types_are_refused(self, caller: Caller) -> None:
        answer = post(caller, request(ECHO), content_type="text/plain")
        assert answer.json()["type"] == "urn:ietf:params:jmap:error:notJSON"
        assert post(caller, request(ECHO), content_type="application/json; charset=utf-8").status_code == 200

    def test_unknown_capabilities_and_methods(self, caller: Caller) -> None:
        unknown = msgspec.json.encode({"using": [CORE, "urn:x"], "methodCalls": [ECHO]})
        assert post(caller, unknown).json()["type"] == "urn:ietf:params:jmap:error:unknownCapability"
        for using in ([], [CORE]):
            body = msgspec.json.encode({"using": using, "methodCalls": [["Case/get", {"accountId": LYON}, "c"]]})
            assert post(caller, body).json()["methodResponses"] == [
                ["error", {"type": "unknownMethod", "description": "there is no method Case/get"}, "c"]
            ]
        body = msgspec.json.encode({"using": [CASE], "methodCalls": [ECHO]})
        assert post(caller, body).json()["methodResponses"][0][1]["type"] == "unknownMethod"
        assert caller.call("lyon", "Case/set", accountId=LYON)["error"]["type"] == "unknownMethod"

    @pytest.mark.parametrize("method", sorted(set(dispatch.METHODS) - {"Core/echo", "Desk/sync", "Session/get"}))
    def test_the_account_is_needed(self, caller: Caller, method: str) -> None:
        for arguments in ({}, {"accountId": None}, {"accountId": 5}, {"accountId": [LYON]}):
            assert caller.call("lyon", method, **arguments)["error"]["type"] == "invalidArguments"
        assert caller.call("lyon", method, accountId="nowhere")["error"]["type"] == "accountNotFound"
        account = LYON if method.split("/")[0] in ("Authority", "Procedure", "Officer") else "directory"
        assert caller.call("lyon", method, accountId=account)["error"]["type"] == "accountNotSupportedByMethod"

    @pytest.mark.parametrize(
        ("method", "arguments"),
        [
            ("Case/get", {"ids": "x"}),
            ("Case/get", {"ids": [1]}),
            ("Case/get", {"ids": [""]}),
            ("Case/get", {"ids": ["x" * 256]}),
            ("Case/get", {"ids": [], "properties": "id"}),
            ("Case/get", {"ids": [], "unheard": 1}),
            ("Case/changes", {}),
            ("Case/changes", {"sinceState": 5}),
            ("Case/changes", {"sinceState": "0", "maxChanges": 0}),
            ("Case/query", {"position": -1}),
            ("Case/query", {"filter": {"turn": "mine"}}),
            ("Case/query", {"filter": {"text": 5}}),
            ("Case/digest", {"prefix": "XYZ"}),
            ("Case/digest", {"depth": 9}),
            ("Case/digest", {"depth": 0}),
            ("Case/digest", {"items": "yes"}),
            ("Entry/set", {"create": []}),
            ("Entry/set", {"destroy": {}}),
        ],
    )
    def test_arguments_of_the_wrong_shape(self, caller: Caller, method: str, arguments: dict[str, Any]) -> None:
        assert caller.call("lyon", method, accountId=LYON, **arguments)["error"]["type"] == "invalidArguments"

    @pytest.mark.parametrize("method", ["Authority/index", "Procedure/get", "Desk/sync"])
    def test_languages_are_few(self, caller: Caller, method: str) -> None:
        """Each of a thousand authorities would be looked through for each of them."""
        asked = {"states": {}} if method == "Desk/sync" else {"accountId": "directory"}
        asked |= {"country": "DE"} if method == "Authority/index" else {}
        some = [f"x{number}" for number in range(51)]
        assert "error" not in caller.call("lyon", method, **asked, languages=some[:50] * 2)
        assert caller.call("lyon", method, **asked, languages=some)["error"]["type"] == "invalidArguments"

    @pytest.mark.parametrize("states", ["", [], {LYON: 5}, {LYON: None}])
    def test_states_of_the_wrong_shape(self, caller: Caller, states: Any) -> None:
        assert caller.call("lyon", "Desk/sync", states=states)["error"]["type"] == "invalidArguments"

    def test_filters_and_sorts_that_are_not_there(self, caller: Caller) -> None:
        for filter in ({"operator": "AND", "conditions": []}, {"unheard": "x"}, "x"):
            answer = caller.call("lyon", "Case/query", accountId=LYON, filter=filter)
            assert answer["error"]["type"] == "unsupportedFilter"
        answer = caller.call("lyon", "Case/query", accountId=LYON, sort=[{"property": "state"}])
        assert answer["error"]["type"] == "unsupportedSort"

    @pytest.mark.parametrize(
        "reference",
        [
            5,
            {},
            {"resultOf": "nothing", "name": "Core/echo", "path": "/a"},
            {"resultOf": "e", "name": "Case/get", "path": "/a"},
            {"resultOf": "e", "name": "Core/echo", "path": "a"},
            {"resultOf": "e", "name": "Core/echo", "path": "/nothing"},
            {"resultOf": "e", "name": "Core/echo", "path": "/list/*/a/*/b/*/c"},
        ],
    )
    def test_references_to_nothing(self, caller: Caller, reference: Any) -> None:
        echo = ["Core/echo", {"a": ["x"], "list": [1]}, "e"]
        get = ["Case/get", {"accountId": LYON, "#ids": reference}, "g"]
        answers = caller.post("lyon", echo, get)["methodResponses"]
        assert answers[1][1]["type"] == "invalidResultReference"

    def test_a_name_with_and_without_a_reference(self, caller: Caller) -> None:
        reference = {"resultOf": "e", "name": "Core/echo", "path": "/a"}
        get = ["Case/get", {"accountId": LYON, "ids": [], "#ids": reference}, "g"]
        answers = caller.post("lyon", ["Core/echo", {"a": []}, "e"], get)["methodResponses"]
        assert answers[1][1]["type"] == "invalidArguments"

    def test_a_reference_into_what_a_sync_has_not_to_say_is_empty(self, caller: Caller) -> None:
        state = caller.sync("lyon", {LYON: "0"})["accounts"][LYON]["newState"]
        calls: list[list[Any]] = [["Desk/sync", {"states": {LYON: state, ROSENHEIM: "0"}}, "s"]]
        for account, type_ in ((LYON, "Case"), (LYON, "Entry"), (ROSENHEIM, "Case")):
            ids = {"resultOf": "s", "name": "Desk/sync", "path": f"/accounts/{account}/{type_}/changed"}
            calls.append([f"{type_}/get", {"accountId": LYON, "#ids": ids}, "g"])
        answers = caller.post("lyon", *calls)["methodResponses"]
        assert [answer[1]["list"] for answer in answers[1:]] == [[], [], []]
        elsewhere = {"resultOf": "s", "name": "Desk/sync", "path": "/accounts/nowhere/Case/changed"}
        answers = caller.post("lyon", calls[0], ["Case/get", {"accountId": LYON, "#ids": elsewhere}, "g"])
        assert answers["methodResponses"][1][1]["type"] == "invalidResultReference"

    @pytest.mark.parametrize("brief", [False, True])
    def test_a_reference_into_a_list_of_objects_that_is_left_out_is_empty(
        self, store: Store, caller: Caller, brief: bool
    ) -> None:
        def answers(since: str) -> list[Any]:
            calls: list[list[Any]] = [["Desk/sync", {"states": {LYON: since}, "fetch": "heads", "brief": brief}, "s"]]
            for listed in ("created/*/id", "updated/*/id", "destroyed", "changed", "other/*/id"):
                ids = {"resultOf": "s", "name": "Desk/sync", "path": f"/accounts/{LYON}/Case/{listed}"}
                calls.append(["Case/get", {"accountId": LYON, "#ids": ids, "properties": ["id"]}, "g"])
            found = caller.post("lyon", *calls)["methodResponses"][1:]
            return [each[1]["list"] if each[0] == "Case/get" else each[1]["type"] for each in found]

        empty = caller.sync("lyon", {LYON: "0"})["accounts"][LYON]["newState"]
        assert answers(empty) == [[], [], [], [], []], "nothing changed at all"
        case_id = send(store).case_id
        there = caller.sync("lyon", {LYON: empty})["accounts"][LYON]["newState"]
        # Only what is left out because it is empty: `changed` is not told here, and would hide what came.
        wrong = "invalidResultReference"
        assert answers(empty) == [[{"id": case_id}], [], [], wrong, wrong]
        accept(store, case_id)
        assert answers(there) == [[], [{"id": case_id}], [], wrong, wrong]


class TestEncodings:
    @pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
    def test_packed_requests(self, caller: Caller, pack: Callable[[bytes], bytes]) -> None:
        name = "gzip" if pack is gzip.compress else "zstd"
        packed = pack(request(ECHO))
        answer = post(caller, packed, content_encoding=name)
        assert answer.json()["methodResponses"] == [ECHO]
        for cut in range(0, len(packed), 3):
            assert post(caller, packed[:cut], content_encoding=name).status_code == 400

    def test_frames_one_behind_the_other(self, caller: Caller) -> None:
        body = request(ECHO)
        packed = zstandard.compress(body[:20]) + zstandard.compress(body[20:])
        assert post(caller, packed, content_encoding="zstd").json()["methodResponses"] == [ECHO]

    def test_other_encodings(self, caller: Caller) -> None:
        answer = post(caller, request(ECHO), content_encoding="br")
        assert (answer.status_code, answer.headers["accept-encoding"]) == (415, "zstd, gzip")
        assert post(caller, b"plain", content_encoding="gzip").status_code == 400
        assert post(caller, b"plain", content_encoding="zstd").status_code == 400


class TestSignIn:
    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "/jmap/session"),
            ("GET", "/.well-known/jmap"),
            ("POST", "/jmap/api"),
            ("POST", f"/jmap/upload/{LYON}"),
            ("GET", f"/jmap/download/{LYON}/{'0' * 32}/a"),
        ],
    )
    def test_nothing_without_it(self, caller: Caller, method: str, path: str) -> None:
        answer = caller.http("", method, path, content=b"{}")
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
        answer = caller.http(
            "nobody", method, path, content=request(ECHO), headers={"content-type": "application/json"}
        )
        assert answer.status_code == 401, "a token of an officer who was deleted"

    def test_a_disabled_officer(self, store: Store, caller: Caller) -> None:
        store.put_officer(Officer(id="lyon", name="Lyon", desks={LYON: ("handler",)}), active=False)
        assert post(caller, request(ECHO)).status_code == 403
        assert caller.http("lyon", "GET", "/jmap/session").status_code == 403
        assert caller.http("lyon", "POST", f"/jmap/upload/{LYON}", content=b"x").status_code == 403

    def test_methods_of_http(self, caller: Caller) -> None:
        assert caller.http("lyon", "GET", "/jmap/api").status_code == 405
        assert caller.http("lyon", "DELETE", f"/jmap/download/{LYON}/x/y").status_code == 405


def test_a_database_that_cannot_answer_says_try_again(
    fresh: Callable[[Clock], Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialect, "BUSY_MS", 50)
    store = fresh(Clock())
    caller = Caller(store)
    locked, end = threading.Event(), threading.Event()

    def hold() -> None:
        with store.writing() as conn:
            # PostgreSQL locks what was written, not the database.
            conn.execute(sa.text("update account set floor = floor"))
            locked.set()
            end.wait(20)

    holder = threading.Thread(target=hold)
    holder.start()
    locked.wait(20)
    new = {"clientRef": ref(), "procedure": "pw.info", "action": "send", "target": ROSENHEIM, "answers": REQUEST}
    answer = post(caller, request(["Entry/set", {"accountId": LYON, "create": {"k": new}}, "c"]))
    read = post(caller, request(["Case/get", {"accountId": LYON, "ids": None}, "c"]))
    end.set()
    holder.join()
    store.close()
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert read.status_code == 200, "readers never wait for a writer"


def test_what_takes_the_database_too_long_is_ended_and_said_so(
    store: Store, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(store)
    endless = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 2000000000)"
    with store.writing() as conn:
        conn.execute(sa.text("alter table cases rename to real_cases"))
        conn.execute(
            sa.text(f"create view cases as {endless} select * from real_cases where (select count(*) from n) > 0")
        )
    monkeypatch.setattr("imi_central.store.store.REQUEST_SECONDS", 0.5)
    calls = [
        ECHO,
        ["Case/query", {"accountId": LYON, "filter": {"text": "alpbau"}}, "slow"],
        ["Entry/get", {"accountId": LYON, "ids": None}, "after"],
    ]
    answers = caller.post("lyon", *calls)["methodResponses"]
    assert [name for name, _, _ in answers] == ["Core/echo", "error", "error"]
    for _, error, _ in answers[1:]:
        assert error["type"] == "requestTooLarge"
        assert "ask for less at once" in error["description"]
    assert len(caller.call("lyon", "Entry/get", accountId=LYON, ids=None)["list"]) == 1, "the connection works on"


def test_what_many_statements_take_together_is_counted(
    store: Store, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(store)
    some = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 300000)"
    with store.writing() as conn:
        conn.execute(sa.text("alter table cases rename to real_cases"))
        conn.execute(
            sa.text(f"create view cases as {some} select * from real_cases where (select count(*) from n) > 0")
        )
    one = ["Case/query", {"accountId": LYON, "filter": {"text": "alpbau"}}, "q"]
    monkeypatch.setattr("imi_central.store.store.REQUEST_SECONDS", 1e5)
    with store.view("lyon") as view:
        view.find_cases(LYON, CaseFilter(text="alpbau"), 0, 10)
        taken = 1e5 - budget.left(view._conn)
    monkeypatch.setattr("imi_central.store.store.REQUEST_SECONDS", 3 * taken)
    answers = caller.post("lyon", *[one] * 16)["methodResponses"]
    names = [name for name, _, _ in answers]
    assert names[0] == "Case/query"
    assert names[-1] == "error"


@pytest.mark.parametrize("strange", ["\0", "a\0b", "\ud7ff\uffff", "%", "ref:\0", "ref:", "#", "'", "x" * 255])
def test_strange_values_are_answered(store: Store, caller: Caller, strange: str) -> None:
    """PostgreSQL keeps no NUL in text; a client's mistake is answered as one all the same."""
    case_id = send(store).case_id
    calls = [
        ["Case/get", {"accountId": LYON, "ids": [strange, case_id]}, "0"],
        ["Entry/get", {"accountId": LYON, "ids": [strange]}, "1"],
        ["Case/get", {"accountId": strange, "ids": []}, "2"],
        ["Authority/get", {"accountId": "directory", "ids": [strange]}, "3"],
        ["Case/query", {"accountId": LYON, "filter": {"text": strange}}, "4"],
        ["Case/query", {"accountId": LYON, "filter": {"reference": strange}}, "5"],
        ["Case/query", {"accountId": LYON, "position": 2**53 - 1}, "6"],
        ["Authority/query", {"accountId": "directory", "filter": {"text": strange, "country": strange}}, "7"],
        ["Case/changes", {"accountId": LYON, "sinceState": strange}, "8"],
        ["Case/changes", {"accountId": LYON, "sinceState": f"1.{strange}"}, "9"],
        ["Desk/sync", {"states": {LYON: "0", strange: strange}}, "10"],
        ["Case/digest", {"accountId": LYON, "prefix": strange}, "11"],
        ["Entry/set", {"accountId": LYON, "create": {strange: {"clientRef": strange, "caseId": strange}}}, "12"],
        ["Entry/set", {"accountId": LYON, "create": {"k": message(f"ref:{strange}")}}, "13"],
        ["Entry/set", {"accountId": LYON, "create": {"k": message(strange)}}, "14"],
        ["Entry/set", {"accountId": LYON, "create": {"k": message(case_id, blobId=strange, name=strange)}}, "15"],
        [
            "Entry/set",
            {"accountId": LYON, "create": {"k": {**message(""), "procedure": strange, "target": strange}}},
            "16",
        ],
    ]
    answers = [caller.post("lyon", call)["methodResponses"][0] for call in calls]
    assert [call_id for _, _, call_id in answers] == [str(number) for number in range(len(calls))]
    assert [each["id"] for each in answers[0][1]["list"]] == [case_id]
    assert caller.http("lyon", "GET", f"/jmap/download/{LYON}/a%00b/name").status_code == 404


def message(case_id: str, **file: str) -> dict[str, Any]:
    given = {"action": "message", "clientRef": ref(), "caseId": case_id, "text": {"lang": "en", "text": "Hello."}}
    return {**given, "attachments": [file]} if file else given
