"""What leaves `make test` is run in full by `make test-faults`: it finds every test that depends on how hard to try."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests import conftest, effort

TESTS = Path(__file__).parent
ROOT = TESTS.parent


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("@settings(max_examples=tries(1, 9))\ndef test_a(): ...\ndef test_b(): ...", {"test_a"}),
        ("def test_a():\n    for _ in range(tries(1, 9)): ...", {"test_a"}),
        ("FEW = tries([1], [2])\nPAIRS = [(a, a) for a in FEW]\ndef test_a():\n    assert PAIRS", {"test_a"}),
        (
            "@pytest.fixture\ndef world():\n    return tries(1, 2)\ndef test_a(world): ...\ndef test_b(): ...",
            {"test_a"},
        ),
        ("async def test_a():\n    await rounds()\ndef rounds():\n    return tries(1, 2)", {"test_a"}),
        ("TestAll = Machine.TestCase\nTestAll.settings = settings(max_examples=tries(1, 2))", {"TestAll"}),
        ("class TestOne:\n    def test_a(self):\n        assert tries(1, 2)\ndef test_b(): ...", {"TestOne"}),
        ("pytestmark = pytest.mark.skipif(not MANY, reason='')\ndef test_a(): ...", {"pytestmark"}),
        ("def test_a(tried): ...", set()),
    ],
)
def test_what_depends_on_it_is_found(source: str, found: set[str]) -> None:
    names = effort.depending(ast.parse(f"from tests.effort import MANY, tries\n{source}"))
    assert {name for name in names if name[:4].lower() in ("test", "pyte")} == found


def test_a_turn_tries_few_and_all_turns_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(effort, "MANY", False)
    assert [effort.some("abc", turn) for turn in range(4)] == [["a"], ["b"], ["c"], ["a"]]
    assert [effort.some("abcd", turn, 3) for turn in range(4)] == [list("abc"), list("dab"), list("cda"), list("bcd")]
    assert effort.some("a", 7, 2) == ["a"]
    monkeypatch.setattr(effort, "MANY", True)
    assert effort.some("abc", 1) == "abc"


def test_only_modules_of_tests_ask_where_they_are_found() -> None:
    """A helper that asked would hide it from `make test-faults`, which looks into the modules themselves."""
    for path in TESTS.rglob("*.py"):
        asks = re.findall(
            r"^[ \t]*(?:from tests\.effort import|from tests import .*\beffort\b|import tests\.effort).*",
            path.read_text("utf-8"),
            re.MULTILINE,
        )
        if path.name not in ("conftest.py", "test_effort.py"):
            assert not asks or (path.name.startswith("test_") and asks[0].startswith("from tests.effort ")), path
            assert len(asks) < 2, path


def test_with_the_option_only_they_run() -> None:
    modules = ["tests/sim/test_seeds.py", "tests/sim/test_lines.py", "tests/core/test_text.py"]
    command = [sys.executable, "-m", "pytest", "-n", "0", "-qq", "--collect-only", "--harder", *modules]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL)
    counted = dict(line.rsplit(": ", 1) for line in done.stdout.splitlines() if ": " in line)
    assert counted.keys() == {modules[0], modules[2]}
    assert int(counted[modules[2]]) < 20, "of more than a hundred"


@pytest.mark.parametrize(
    ("args", "harder", "many", "runs"),
    [
        ([str(TESTS)], False, False, "s0 p0 s1 s2 s3 p3"),
        ([str(TESTS / "central")], False, False, "s0 p0 s1 p1 s2 p2 s3 p3"),
        ([str(TESTS)], False, True, "s0 p0 s1 p1 s2 p2 s3 p3"),
        ([str(TESTS)], True, True, "p0 p1 p2 p3"),
    ],
)
def test_a_third_of_what_runs_on_postgresql_is_in_make_test_and_all_in_the_other(
    args: list[str], harder: bool, many: bool, runs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Item(SimpleNamespace):
        nodeid, path = "a::test", TESTS / "limit.py"
        __hash__ = object.__hash__

    monkeypatch.setattr(effort, "MANY", many)
    items: list[Any] = [
        Item(name=f"{kind[0]}{number}", callspec=SimpleNamespace(params={"kind": kind}))
        for number in range(4)
        for kind in ("sqlite", "postgresql")
    ]
    gone: list[Any] = []
    hook = SimpleNamespace(pytest_deselected=lambda items: gone.extend(items))
    config: Any = SimpleNamespace(args=args, hook=hook, getoption=lambda _name: harder)
    conftest.pytest_collection_modifyitems(config, items)
    assert " ".join(each.name for each in items) == runs
    assert len(items) + len(gone) == 8
