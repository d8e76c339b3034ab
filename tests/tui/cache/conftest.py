"""A store with a signed-in officer at de1."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from imi_core.procedure import Rules
from imi_tui.cache.store import Store
from tests.tui.cache.world import open_store, set_up


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The folder of a profile."""
    return tmp_path / "profile"


@pytest.fixture
def store(home: Path, pw_info: Rules) -> Iterator[Store]:
    """A store of an officer at de1 with the directory in it."""
    store = set_up(open_store(home), pw_info)
    yield store
    store.close()
