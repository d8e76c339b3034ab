"""A filled cache for each test: made once a process, copied."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from imi_core.authority import Seat
from imi_tui import i18n
from imi_tui.cache.store import Store
from imi_tui.forms import form_history
from tests.tui.screens import filled

CASES = 120


@pytest.fixture(scope="session")
def seat() -> Seat:
    """An officer of a French labour inspection."""
    return filled.a_desk()


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A profile with `CASES` demo cases."""
    return filled.made(tmp_path_factory, CASES)


@pytest.fixture
def home(tmp_path: Path, template: Path) -> Path:
    """A copy of the template."""
    return Path(shutil.copytree(template, tmp_path / "profile"))


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    """The cache in `home`."""
    found = filled.open_store(home)
    yield found
    found.close()


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Texts in English, whatever a test before chose; what is typed is one step, however slow the machine is."""
    monkeypatch.setattr(form_history, "PAUSE", math.inf)
    i18n.install("en")
    yield
    i18n.install("en")


@pytest.fixture
def anyio_backend() -> str:
    """Textual runs on asyncio."""
    return "asyncio"
