"""The stand-ins of the start behave as the standard library's."""

from __future__ import annotations

import contextlib
import functools
import json
import math
import pickle
import runpy
import sys
import threading
import types
import typing
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from imi_core import lean


class Own(lean.NamedTuple):
    one: int
    two: str = "b"
    three: tuple[int, ...] = ()

    @property
    def both(self) -> str:
        return f"{self.one}{self.two}"


class Theirs(typing.NamedTuple):
    one: int
    two: str = "b"
    three: tuple[int, ...] = ()


MAKE: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    ((1,), {}),
    ((1, "x", (2,)), {}),
    ((), {"one": 1, "three": (3,)}),
    ((), {"three": (3,), "one": 1, "two": "y"}),
    ((1,), {"two": "y"}),
]
REFUSED: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    ((), {}),
    ((), {"two": "y", "four": 2}),
    ((1, "x", (), 4), {}),
    ((1,), {"one": 2}),
    ((1,), {"four": 2}),
]


@pytest.mark.parametrize(("given", "named"), MAKE)
def test_a_record_is_made_as_a_named_tuple(given: tuple[Any, ...], named: dict[str, Any]) -> None:
    own, theirs = Own(*given, **named), Theirs(*given, **named)
    assert (own, hash(own), own._asdict(), own._fields) == (theirs, hash(theirs), theirs._asdict(), theirs._fields)
    assert repr(own) == repr(theirs).replace("Theirs", "Own")
    assert (own.one, own.two, own.three, own.both) == (*theirs, f"{theirs.one}{theirs.two}")
    assert own._replace(two="z") == theirs._replace(two="z")
    assert own._replace(three=(), one=5) == theirs._replace(three=(), one=5)
    assert type(own._replace(two="z")) is type(Own._make(own)) is type(pickle.loads(pickle.dumps(own))) is Own
    assert pickle.loads(pickle.dumps(own)) == own
    match own:
        case Own(one, two, three):
            assert (one, two, three) == theirs


@pytest.mark.parametrize(("given", "named"), REFUSED)
def test_a_record_refuses_what_a_named_tuple_refuses(given: tuple[Any, ...], named: dict[str, Any]) -> None:
    for kind in (Own, Theirs):
        with pytest.raises(TypeError):
            kind(*given, **named)
    for one in (Own(1), Theirs(1)):
        with pytest.raises(ValueError, match="four"):
            one._replace(four=1)  # type: ignore[call-arg]
        with pytest.raises(AttributeError):
            one.one = 2  # type: ignore[misc]


def _outcome(manager: Any, raised: BaseException | None, how: str) -> tuple[Any, ...]:
    seen: list[str] = []

    @manager
    def around(what: str) -> Any:
        """Doc."""
        seen.append("in")
        try:
            yield what
        except KeyError:
            if how == "other":
                raise ValueError("other") from None
            if how != "swallow":
                raise
            seen.append("caught")
        finally:
            seen.append("out")
        if how == "twice":
            yield what

    assert (around.__name__, around.__doc__) == ("around", "Doc.")
    try:
        with around(how) as got:
            seen.append(got)
            if raised is not None:
                raise raised
    except BaseException as error:  # noqa: BLE001
        return (*seen, type(error), str(error) if how == "other" else "", error is raised, error.__context__ is None)
    return tuple(seen)


@pytest.mark.parametrize("how", ["plain", "swallow", "other", "twice"])
@pytest.mark.parametrize("raised", [None, KeyError("k"), StopIteration("s"), RuntimeError("r"), GeneratorExit()])
def test_a_context_manager_ends_in_the_same_way(raised: BaseException | None, how: str) -> None:
    own = _outcome(lean.contextmanager, raised, how)
    assert own == _outcome(contextlib.contextmanager, raised, how)


def test_suppress_and_cached_property_do_what_theirs_do() -> None:
    for suppress in (lean.suppress, contextlib.suppress):
        with suppress(KeyError, OSError):
            raise FileNotFoundError
        with pytest.raises(ValueError, match="no"), suppress(KeyError):
            raise ValueError("no")
    for cached in (lean.cached_property, functools.cached_property):
        made: list[int] = []

        class Kept:
            @cached
            def value(self, made: list[int] = made) -> int:
                """Doc."""
                made.append(1)
                return len(made)

        one, other = Kept(), Kept()
        assert (one.value, one.value, other.value, made) == (1, 1, 2, [1, 1])
        assert Kept.value.__doc__ == "Doc."


TEXTS = [
    '{"a": [1, 2.5, -3e4, null, true, "é\\u00fc\\ud83d\\ude00"]}',
    " [1] ",
    "3",
    '"x"',
    "[NaN, Infinity, -Infinity]",
    '{"a": 1, "a": 2}',
]
BROKEN = ["", "[1", "{'a': 1}", "[1] x", '["\n"]', '["\\x"]', "nul"]


@pytest.mark.parametrize("text", TEXTS)
def test_json_is_read_and_written_as_by_the_module(text: str) -> None:
    own, theirs = lean.json.loads(text), json.loads(text)
    assert repr(own) == repr(theirs)
    assert lean.json.dumps(own) == json.dumps(theirs)
    assert lean.json.dumps(own, ensure_ascii=False, sort_keys=True) == json.dumps(
        theirs, ensure_ascii=False, sort_keys=True
    )
    assert repr(lean.json.loads(text.encode())) == repr(theirs)


@pytest.mark.parametrize("text", BROKEN)
def test_what_is_no_json_is_refused_as_by_the_module(text: str) -> None:
    with pytest.raises(json.JSONDecodeError) as theirs:
        json.loads(text)
    with pytest.raises(json.JSONDecodeError) as own:
        lean.json.loads(text)
    assert str(own.value) == str(theirs.value)
    with pytest.raises(TypeError):
        lean.json.dumps([object()])
    assert lean.json.dumps([("a", math.pi), {"b": None}]) == json.dumps([("a", math.pi), {"b": None}])


def test_an_interpreter_without_the_getter_in_c_has_records_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "_collections", types.ModuleType("_collections"))
    plain = runpy.run_path(str(lean.__file__))
    base = plain["NamedTuple"]
    record = types.new_class("Record", (base,), {}, lambda body: body.update(__annotations__={"one": "int"}))
    assert record(7).one == 7
    with pytest.raises(AttributeError):
        record(7).one = 8


def test_what_two_threads_make_at_once_is_one_and_the_same() -> None:
    both = threading.Barrier(2)

    class Holder:
        @lean.cached_property
        def held(self) -> object:
            both.wait(10)
            return object()

    holder = Holder()
    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(lambda _: holder.held, range(2))
    assert one is other is holder.held
