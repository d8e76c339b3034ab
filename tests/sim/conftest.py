"""Fixtures of the simulations."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tui.sync.conftest import address, caller, central, client, clock, cluster, fresh, kind, store, template

__all__ = [
    "address",
    "caller",
    "central",
    "client",
    "clock",
    "cluster",
    "fresh",
    "kind",
    "memory",
    "store",
    "template",
]

MEMORY = Path("/dev/shm")


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: what has to be durable is simulated, so no disk need be waited for."""
    if not os.access(MEMORY, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(prefix="imi-sim-", dir=MEMORY) as folder:
        yield Path(folder)
