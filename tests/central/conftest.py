"""Fixtures of the central server's tests; what they are made of is in `world`."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from imi_central.store import Store
from tests.central import postgresql
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
def cluster() -> Iterator[postgresql.Cluster]:
    """A PostgreSQL server whose databases have the directory of the small Europe."""
    programs = postgresql.programs()
    if programs is None:
        pytest.skip(postgresql.MISSING)
    with postgresql.cluster(programs) as running:
        first = running.empty()
        fill(Store.open(first, now=Clock())).close()
        running.keep(first)
        yield running


@pytest.fixture(scope="session")
def kind(request: pytest.FixtureRequest) -> str:
    """Of the kinds of store the one the test is about: SQLite, or both one after the other (see `tests.conftest`)."""
    return str(getattr(request, "param", "sqlite"))


@pytest.fixture
def empty(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Gives the address of a new database without tables."""
    if kind == "postgresql":
        running: postgresql.Cluster = request.getfixturevalue("cluster")
        return running.empty
    return lambda: f"sqlite:///{tmp_path}/{secrets.token_hex(4)}.db"


@pytest.fixture(scope="session")
def address(kind: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], str]:
    """Gives the address of another copy of the small Europe each time it is called."""
    if kind == "postgresql":
        running: postgresql.Cluster = request.getfixturevalue("cluster")
        return running.copy
    template = request.getfixturevalue("template")

    def copy() -> str:
        path = tmp_path_factory.mktemp("store") / "central.db"
        path.write_bytes(template.read_bytes())
        return f"sqlite:///{path}"

    return copy


@pytest.fixture(scope="session")
def fresh(address: Callable[[], str]) -> Callable[[Clock], Store]:
    """Opens another copy of the small Europe each time it is called."""
    return lambda clock: Store.open(address(), now=clock)


@pytest.fixture
def store(fresh: Callable[[Clock], Store], clock: Clock) -> Iterator[Store]:
    opened = fresh(clock)
    yield opened
    opened.close()


@pytest.fixture
def caller(store: Store) -> Caller:
    return Caller(store)
