"""Fixtures: the small Europe of the server's tests, and clients on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from imi_central.store import Store as Central
from tests.central.conftest import address, caller, clock, cluster, fresh, kind, store, template
from tests.central.world import Caller
from tests.tui.sync.world import Client

__all__ = ["address", "caller", "clock", "cluster", "fresh", "kind", "store", "template"]


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
