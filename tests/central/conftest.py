"""Fixtures of the central server's tests; what they are made of is in `world`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from imi_central.store import Store
from tests.central.world import Caller, Clock, fill


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the directory of the small Europe, to be copied."""
    path = tmp_path_factory.mktemp("template") / "central.db"
    fill(Store.open(f"sqlite:///{path}", now=Clock())).close()
    return path


@pytest.fixture(scope="session")
def fresh(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Clock], Store]:
    """Opens another copy of the small Europe each time it is called."""

    def make(clock: Clock) -> Store:
        path = tmp_path_factory.mktemp("store") / "central.db"
        path.write_bytes(template.read_bytes())
        return Store.open(f"sqlite:///{path}", now=clock)

    return make


@pytest.fixture
def store(fresh: Callable[[Clock], Store], clock: Clock) -> Iterator[Store]:
    opened = fresh(clock)
    yield opened
    opened.close()


@pytest.fixture
def caller(store: Store) -> Caller:
    return Caller(store)
