"""Fixtures of the central server's tests; what they are made of is in `world`."""

from __future__ import annotations

import atexit
import functools
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from imi_central.store import Store
from tests.central import postgresql, statements
from tests.central.world import Caller, Clock, fill
from tests.shared import once


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the directory of the small Europe, to be copied."""

    def make(folder: Path) -> None:
        fill(Store.open(f"sqlite:///{folder}/central.db", now=Clock())).close()

    return once(tmp_path_factory, "europe", make) / "central.db"


@pytest.fixture(scope="session")
def cluster() -> postgresql.Cluster:
    """A PostgreSQL server whose databases have the directory of the small Europe."""
    programs = postgresql.programs()
    if programs is None:
        pytest.skip(postgresql.MISSING)
    return _cluster(programs)


@functools.cache
def _cluster(programs: Path) -> postgresql.Cluster:
    """One a process, whatever folders its tests are in."""
    whole = ExitStack()
    atexit.register(whole.close)
    running = whole.enter_context(postgresql.cluster(programs))
    first = running.empty()
    fill(Store.open(first, now=Clock())).close()
    running.keep(first)
    return running


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
    return lambda clock: statements.opened(address(), now=clock)


@pytest.fixture
def store(fresh: Callable[[Clock], Store], clock: Clock) -> Iterator[Store]:
    opened = fresh(clock)
    yield opened
    opened.close()


@pytest.fixture
def caller(store: Store) -> Caller:
    return Caller(store)
