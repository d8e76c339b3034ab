"""docs/faults.md is complete and true: every fault once, and every test it names is there."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

from imi_tui import problems

ROOT = Path(__file__).parents[2]
FAULTS = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
SEEDS = "tests/sim/test_seeds.py::test_nothing_is_lost_doubled_or_shown_wrong"
ROW = re.compile(r"^\| ([FT]\d+) \| (.+) \| (.+) \| (.+) \|$", re.MULTILINE)
CHECKS = (9, 10, 11, 12, 13, 20)
"""Of what comes from outside; how text is made harmless on the way to the screen is tested with the screens."""


@functools.cache
def _tests_in(path: str) -> frozenset[str]:
    """What pytest collects of a file: functions at the top and methods of classes called Test..., without a mark that
    leaves them out."""
    found: set[str] = set()
    for node in ast.parse((ROOT / path).read_text(encoding="utf-8")).body:
        inside = node.body if isinstance(node, ast.ClassDef) and node.name.startswith("Test") else [node]
        for each in inside:
            if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and each.name.startswith("test_"):
                assert not any(
                    "skip" in ast.unparse(mark) for mark in each.decorator_list if "if" not in ast.unparse(mark)
                )
                found.add(each.name)
    return frozenset(found)


def test_every_fault_stands_in_the_table_once() -> None:
    wanted = [*(f"F{number}" for number in range(1, 45)), *(f"T{number}" for number in CHECKS)]
    assert [number for number, *_ in ROW.findall(FAULTS)] == wanted
    for number, fault, seen, _ in ROW.findall(FAULTS):
        assert fault.strip(), number
        assert seen.strip().strip('"').endswith("."), f"{number} says nothing to the officer"


def test_what_it_quotes_is_what_the_program_says() -> None:
    quoted = {(number, each) for number, _, seen, _ in ROW.findall(FAULTS) for each in re.findall(r'"([^"]+)"', seen)}
    assert quoted
    for number, text in quoted:
        said = [each for each in problems._SENTENCES.values() if each.startswith(text)]
        assert said or text in problems._SHORT.values(), f"{number}: nobody says {text!r}"


def test_every_test_it_names_is_collected() -> None:
    assert f"`{SEEDS}`" in FAULTS
    for number, _, _, cell in ROW.findall(FAULTS):
        named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", cell)
        if "SEEDS" in cell:
            named.append(tuple(SEEDS.split("::")))
        assert named, f"{number} has no test"
        rest = re.sub(r"`tests/[\w/]+\.py::\w+`|SEEDS|[, ]", "", cell)
        assert not rest, f"{number}: {rest}"
        for path, name in named:
            assert name in _tests_in(path), f"{number} names {path}::{name}"
