"""docs/contracts.md: every promise names tests, and each of them is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.conftest import BOTH

ROOT = Path(__file__).parents[2]
LINE = re.compile(r"^\| (?P<promise>[^|]+) \| (?P<tests>(?:`[^`|]+`(?:<br>)?)+) \|$", re.MULTILINE)


def promises(text: str) -> dict[str, list[str]]:
    return {each["promise"]: re.findall(r"`([^`]+)`", each["tests"]) for each in LINE.finditer(text)}


def written_in(path: Path) -> set[str]:
    """The names of a module's tests, as pytest gives them."""
    if not path.is_file():
        return set()
    out = set()
    for each in ast.parse(path.read_text("utf-8")).body:
        inside = each.body if isinstance(each, ast.ClassDef) else [each]
        prefix = f"{each.name}::" if isinstance(each, ast.ClassDef) else ""
        out |= {f"{prefix}{f.name}" for f in inside if isinstance(f, ast.FunctionDef) and f.name.startswith("test_")}
    return out


def missing(text: str) -> list[str]:
    named = [name.partition("::") for names in promises(text).values() for name in names]
    return [f"{file}::{test}" for file, _, test in named if test not in written_in(ROOT / file)]


def test_it_says_what_runs_on_both_stores() -> None:
    [said] = re.findall(
        r"Those in\s(.+?) run on SQLite and on PostgreSQL", (ROOT / "docs/contracts.md").read_text("utf-8")
    )
    assert re.findall(r"`([^`]+)`", said) == [each for each in BOTH if each.startswith("central/")]


def test_every_promise_has_its_tests() -> None:
    text = (ROOT / "docs/contracts.md").read_text("utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ")][1:]
    assert len(promises(text)) == len(rows) > 20, "a row that cannot be read"
    assert missing(text) == []


@pytest.mark.parametrize(
    "name",
    [
        "tests/central/test_contracts.py::test_nothing",
        "tests/central/nowhere.py::test_a",
        "tests/central/test_contract_entries.py::test_a_repeat_gets_the_first_answer",
    ],
)
def test_a_name_without_a_test_is_found(name: str) -> None:
    assert missing(f"| A promise | `{name}` |") == [name]
