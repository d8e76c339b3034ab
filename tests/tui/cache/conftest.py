"""A store with a signed-in officer at de1."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from imi_core.procedure import Rules
from imi_tui.cache.store import Store
from tests.shared import once
from tests.tui.cache import many
from tests.tui.cache.world import open_store, set_up


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The folder of a profile."""
    return tmp_path / "profile"


@pytest.fixture(scope="session")
def signed_in(tmp_path_factory: pytest.TempPathFactory, pw_info: Rules) -> Path:
    """A profile of an officer at de1 with the directory in it, to be copied."""
    return once(tmp_path_factory, "de1", lambda folder: set_up(open_store(folder / "home"), pw_info).close()) / "home"


@pytest.fixture
def store(home: Path, signed_in: Path) -> Iterator[Store]:
    """A store of an officer at de1 with the directory in it."""
    store = open_store(Path(shutil.copytree(signed_in, home)))
    yield store
    store.close()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A desk with many cases, for the tests of one module: each leaves it as it was."""
    found = many.desk(tmp_path_factory)
    yield found
    found.close()
