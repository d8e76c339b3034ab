"""Fixtures: the small Europe of the server's tests, and clients on it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from imi_central.store import Store as Central
from tests.central import statements
from tests.central.conftest import address, caller, clock, cluster, fresh, kind, template
from tests.central.world import Caller, Clock, send
from tests.shared import once
from tests.tui.sync.world import Client

__all__ = ["address", "caller", "clock", "cluster", "fresh", "kind", "template"]


Making = Callable[..., tuple[bytes, list[str]]]


@pytest.fixture(scope="session")
def with_cases(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Making:
    """Gives the database of the small Europe after so many cases of Lyon to these desks in turn, and their ids.

    Each is made once: to start the cases takes longer than most tests do with them.
    """

    @functools.cache
    def make(count: int, *desks: str) -> tuple[bytes, list[str]]:
        def begin(folder: Path) -> None:
            path = folder / "central.db"
            path.write_bytes(template.read_bytes())
            begun = Central.open(f"sqlite:///{path}", now=Clock())
            ids = [send(begun, to=desks[at % len(desks)], subject=f"Case {at}").case_id for at in range(count)]
            begun.close()
            (folder / "ids").write_text("\n".join(ids))

        folder = once(tmp_path_factory, "-".join(("cases", str(count), *desks)), begin)
        return (folder / "central.db").read_bytes(), (folder / "ids").read_text().split()

    return make


@pytest.fixture
def store(
    request: pytest.FixtureRequest, fresh: Callable[[Clock], Central], clock: Clock, tmp_path: Path
) -> Iterator[Central]:
    """A server's store of the test's own: of the small Europe, or as the mark `has_cases` says."""
    mark = request.node.get_closest_marker("has_cases")
    if mark is None:
        opened = fresh(clock)
    else:
        making: Making = request.getfixturevalue("with_cases")
        path = tmp_path / "central.db"
        path.write_bytes(making(*mark.args)[0])
        opened = statements.opened(f"sqlite:///{path}", now=clock)
    yield opened
    opened.close()


@pytest.fixture
def cases(request: pytest.FixtureRequest, with_cases: Making) -> list[str]:
    """The ids of the cases that the mark `has_cases` asked for, in order."""
    return list(with_cases(*request.node.get_closest_marker("has_cases").args)[1])


@pytest.fixture
def central(store: Central) -> Central:
    """The server's own store."""
    return store


@pytest.fixture
def client(tmp_path: Path, caller: Caller) -> Iterator[Callable[[str], Client]]:
    """Makes a client for an officer; a second one of the same officer has its own files."""
    made: list[Client] = []

    def make(officer: str) -> Client:
        made.append(Client(tmp_path / f"{officer}-{len(made)}", caller, officer))
        return made[-1]

    yield make
    for each in made:
        each.close()
