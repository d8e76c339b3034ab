"""How hard a run tries: enough to see every kind of fault in `make test`, far more in `make test-faults`.

`make test-faults` runs only the tests of modules that import from here, and of these only what depends on it: what
tries no harder than in `make test` has run there. A test says so with no more than the use of a name from here.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator, Sequence
from typing import TypeVar

_T = TypeVar("_T")
HISTORIES = int(os.environ.get("IMI_SIM_SEEDS", "6"))
"""Of the simulation, each from a seed of its own."""
KILLS = int(os.environ.get("IMI_SIM_KILLS", "2"))
"""Of real processes, in each test that kills them."""
MANY = HISTORIES > 100


def tries(few: _T, many: _T) -> _T:
    """What of this run's size: how many examples of a property, rounds of something random, or which of many."""
    return many if MANY else few


def some(of: Sequence[_T], turn: int, few: int = 1) -> Sequence[_T]:
    """All of them; in `make test` `few`, from the one on whose turn it is, so that all neighbours together try all."""
    return tries([of[(turn * few + number) % len(of)] for number in range(min(few, len(of)))], of)


def depending(tree: ast.Module) -> frozenset[str]:
    """The names of a test module that are made with what this one says, directly or by way of other names there:
    tests, classes of tests, and the fixtures that tests name as arguments.
    """
    made: list[tuple[set[str], set[str]]] = []
    found: set[str] = set()
    for statement in tree.body:
        if isinstance(statement, ast.ImportFrom) and statement.module == __name__:
            found |= {each.asname or each.name for each in statement.names}
        elif not isinstance(statement, ast.Import | ast.ImportFrom):
            made.append((set(_given(statement)), set(_used(statement))))
    size = -1
    while size != len(found):
        size = len(found)
        for given, used in made:
            if found & used:
                found |= given
    return frozenset(found)


def _given(statement: ast.stmt) -> Iterator[str]:
    """Names that a statement gives a value, or whose value it changes."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield statement.name
        return
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and isinstance(node.value, ast.Name):
            yield node.value.id


def _used(statement: ast.stmt) -> Iterator[str]:
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
