"""Result references (RFC 8620, section 3.7) and the envelope."""

from __future__ import annotations

import contextlib
import typing
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imi_core.jmap import (
    MAX_REFERENCED,
    Limits,
    MethodError,
    Request,
    Response,
    SetError,
    SetErrorType,
    resolve_references,
)

Responses = list[tuple[str, dict[str, Any], str]]

# The two examples of the RFC.
CHANGES: Responses = [
    (
        "Foo/changes",
        {
            "accountId": "A1",
            "oldState": "abcdef",
            "newState": "123456",
            "created": ["f1", "f4"],
            "updated": [],
            "destroyed": [],
        },
        "t0",
    )
]
THREADS: Responses = [
    ("Email/query", {"accountId": "A1", "ids": ["msg1023", "msg223", "msg110"]}, "t0"),
    (
        "Email/get",
        {"accountId": "A1", "list": [{"id": "msg1023", "threadId": "trd194"}, {"id": "msg223", "threadId": "trd114"}]},
        "t1",
    ),
    (
        "Thread/get",
        {
            "accountId": "A1",
            "list": [
                {"id": "trd194", "emailIds": ["msg1020", "msg1021", "msg1023"]},
                {"id": "trd114", "emailIds": ["msg201", "msg223"]},
            ],
        },
        "t2",
    ),
    (
        "Odd/get",
        {"a/b": {"m~n": [10, 20]}, "": 7, "~1": 8, "*": "star", "deep": [[1, 2], [3]], "nested": [{"l": [{"x": 1}]}]},
        "t3",
    ),
]


def resolve(path: str, result_of: str = "t3", name: str = "Odd/get", limit: int = 100) -> Any:
    reference = {"resultOf": result_of, "name": name, "path": path}
    return resolve_references({"#ids": reference}, THREADS, limit)["ids"]


def test_the_examples_of_the_rfc() -> None:
    reference = {"resultOf": "t0", "name": "Foo/changes", "path": "/created"}
    assert resolve_references({"accountId": "A1", "#ids": reference}, CHANGES, 10) == {
        "accountId": "A1",
        "ids": ["f1", "f4"],
    }
    assert resolve("/ids", "t0", "Email/query") == ["msg1023", "msg223", "msg110"]
    assert resolve("/list/*/threadId", "t1", "Email/get") == ["trd194", "trd114"]
    assert resolve("/list/*/emailIds", "t2", "Thread/get") == ["msg1020", "msg1021", "msg1023", "msg201", "msg223"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("", THREADS[3][1]),
        ("/a~1b/m~0n/1", 20),
        ("/a~1b/m~0n", [10, 20]),
        ("/", 7),
        ("/~01", 8),
        ("/*", "star"),
        ("/deep/*", [1, 2, 3]),
        ("/deep/1/0", 3),
        ("/nested/*/l/*/x", [1]),
    ],
)
def test_json_pointers(path: str, value: Any) -> None:
    assert resolve(path) == value


@pytest.mark.parametrize(
    "path",
    [
        "deep",
        "/nowhere",
        "/deep/2",
        "/deep/-1",
        "/deep/-",
        "/deep/01",
        "/deep/²",
        "/deep/" + "9" * 5000,
        "/deep/x",
        "/a~1b/*",
        "/nested/*/l/*/x/*",
        "/deep/0/0/0",
        "/" * 3000,
    ],
)
def test_what_is_not_there_is_an_invalid_reference(path: str) -> None:
    with pytest.raises(MethodError) as caught:
        resolve(path)
    assert caught.value.type == "invalidResultReference"
    assert len(caught.value.description) < 300


@pytest.mark.parametrize(
    "reference",
    [
        None,
        "t0",
        [],
        {},
        {"resultOf": "t0", "name": "Email/query"},
        {"resultOf": 1, "name": "Email/query", "path": "/ids"},
        {"resultOf": "t0", "name": "Email/query", "path": None},
        {"resultOf": "t9", "name": "Email/query", "path": "/ids"},
        {"resultOf": "t0", "name": "Email/get", "path": "/ids"},
    ],
)
def test_malformed_references(reference: Any) -> None:
    with pytest.raises(MethodError) as caught:
        resolve_references({"#ids": reference}, THREADS, 10)
    assert caught.value.type == "invalidResultReference"


def test_the_first_response_with_the_call_id_counts() -> None:
    twice: Responses = [("error", {"type": "serverFail"}, "t0"), ("Foo/get", {"list": [1]}, "t0")]
    with pytest.raises(MethodError):
        resolve_references({"#ids": {"resultOf": "t0", "name": "Foo/get", "path": "/list"}}, twice, 10)


def test_a_name_given_twice_is_refused() -> None:
    with pytest.raises(MethodError) as caught:
        resolve_references({"ids": [], "#ids": {"resultOf": "t0", "name": "Email/query", "path": "/ids"}}, THREADS, 10)
    assert caught.value.type == "invalidArguments"


def test_more_values_than_allowed() -> None:
    assert len(resolve("/list/*/emailIds", "t2", "Thread/get", limit=5)) == 5
    with pytest.raises(MethodError) as caught:
        resolve("/list/*/emailIds", "t2", "Thread/get", limit=4)
    assert caught.value.type == "requestTooLarge"


def test_arguments_without_references_stay_untouched() -> None:
    given_arguments = {"accountId": "A1", "ids": None, "properties": ["#id"]}
    assert resolve_references(given_arguments, [], 1) == given_arguments


@given(st.text(st.sampled_from("/*~01ab-²"), max_size=20))
def test_no_path_brings_more_than_a_method_error(path: str) -> None:
    with contextlib.suppress(MethodError):
        resolve(path)


def test_the_envelope_on_the_wire() -> None:
    raw = b'{"using": ["c"], "methodCalls": [["Core/echo", {"x": [1]}, "c0"]], "createdIds": {"k": "v"}, "more": 1}'
    request = msgspec.json.decode(raw, type=Request)
    assert request.method_calls == [("Core/echo", {"x": [1]}, "c0")]
    assert request.created_ids == {"k": "v"}
    response = Response(method_responses=[("Core/echo", {"x": [1]}, "c0")], session_state="s")
    assert msgspec.json.decode(msgspec.json.encode(response)) == {
        "methodResponses": [["Core/echo", {"x": [1]}, "c0"]],
        "sessionState": "s",
    }
    for wrong in (
        b'{"using": []}',
        b'{"using": [], "methodCalls": [["a", {}]]}',
        b'{"using": [], "methodCalls": [["a", [], "c"]]}',
    ):
        with pytest.raises(msgspec.ValidationError):
            msgspec.json.decode(wrong, type=Request)
    assert set(msgspec.to_builtins(Limits())) == {
        "maxSizeUpload",
        "maxConcurrentUpload",
        "maxSizeRequest",
        "maxConcurrentRequests",
        "maxCallsInRequest",
        "maxObjectsInGet",
        "maxObjectsInSet",
    }
    refused = SetError(type="stale", version=7)
    assert msgspec.to_builtins(refused) == {"type": "stale", "version": 7}
    error = MethodError("forbidden", "no", arguments=["x"])
    assert error.arguments() == {"type": "forbidden", "description": "no", "arguments": ["x"]}
    assert MethodError("serverFail").arguments() == {"type": "serverFail"}


def test_every_refusal_of_the_rules_is_a_set_error() -> None:
    assert {"notAvailable", "forbidden", "stale", "badTarget", "blocked", "invalidAnswers", "unknownProcedure"} <= set(
        typing.get_args(SetErrorType)
    )


def test_references_that_together_bring_too_much() -> None:
    long: Responses = [("Core/echo", {"x": "y" * (MAX_REFERENCED // 10)}, "e")]
    one = {"resultOf": "e", "name": "Core/echo", "path": "/x"}
    assert len(resolve_references({f"#{n}": one for n in range(9)}, long, 10)) == 9
    with pytest.raises(MethodError) as error:
        resolve_references({f"#{n}": one for n in range(10)}, long, 10)
    assert error.value.type == "requestTooLarge"
