"""The filled cache of the screens' tests with a clock that goes: what happens last can be told."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from imi_tui.cache.store import Store
from imi_tui.profile import Profile
from tests.tui.screens import filled
from tests.tui.screens.conftest import anyio_backend, english, home, seat, template

__all__ = ["anyio_backend", "english", "home", "seat", "template"]


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    """The cache in `home`."""
    ticks = itertools.count()
    found = Store.open(Profile(home), filled.KEY, now=lambda: filled.NOW + dt.timedelta(milliseconds=next(ticks)))
    yield found
    found.close()
