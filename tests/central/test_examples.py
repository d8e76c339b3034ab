"""The examples of the protocol's documentation, run against the real server on the small Europe of the tests."""

from __future__ import annotations

import pytest

from imi_central.api import dispatch
from imi_central.store import Service, Store
from tests.central import examples
from tests.central.world import Caller


def test_every_example_is_what_the_server_answers(store: Store, caller: Caller) -> None:
    store.translations.service = Service("LibreTranslate")
    known: dict[str, object] = {}
    wrong = []
    for example in examples.read(examples.DOCUMENT.read_text("utf-8")):
        answered = caller.post(example.officer, *examples.fill(example.calls, known))["methodResponses"]
        found = examples.differences(example.answers, answered, known)
        wrong += [f"line {example.line}{each}" for each in found]
    assert wrong == []


def test_every_method_has_an_example() -> None:
    shown = {call[0] for example in examples.read(examples.DOCUMENT.read_text("utf-8")) for call in example.calls}
    assert dispatch.METHODS.keys() - shown == set()


@pytest.mark.parametrize(
    ("printed", "real", "says"),
    [
        ({"a": 1}, {"a": 2}, "/a: 2, printed is 1"),
        ({"a": 1}, {"a": True}, "/a: True, printed is 1"),
        ({"a": 1}, {"a": 1, "b": 2}, "/b is not printed"),
        ({"a": 1, "…": "…"}, {"b": 2}, "/a is missing"),
        ([1, "…"], [], ": 0 values, printed are 1"),
        ([1], [1, 2], ": 2 values, printed are 1"),
        (["$x", "$x"], ["a", "b"], "/1: 'b' is not $x"),
        ("ab…", "ac", ": 'ac' does not start so"),
    ],
)
def test_what_differs_is_found(printed: object, real: object, says: str) -> None:
    assert examples.differences(printed, real, {}) == [says]


def test_what_is_left_open_fits() -> None:
    printed = {"id": "$case", "seal": "…", "list": ["$case", "…"], "at": "2026-…", "…": "…"}
    real = {"id": "x", "seal": "y", "list": ["x", 2], "at": "2026-01-01", "more": 1}
    assert examples.differences(printed, real, {}) == []


def test_a_request_without_its_response_is_an_error() -> None:
    block = '```json request lyon\n["Core/echo", {}, "c"]\n```\n'
    for text in (block, block + block, block.replace(" lyon", "")):
        with pytest.raises(ValueError, match=r"line [14]"):
            examples.read(text)
