"""The small Europe, live."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from imi_central.store import Store as Central
from tests.central.conftest import template
from tests.tui.live import live_server, opened

__all__ = ["template"]


class Secrets:
    """Where tokens are kept, in memory."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def secret(self, name: str) -> str | None:
        return self.values.get(name)

    def set_secret(self, name: str, value: str | None) -> None:
        if value is None:
            self.values.pop(name, None)
        else:
            self.values[name] = value

    def swap_secret(self, name: str, old: str, new: str | None) -> bool:
        if self.values.get(name) != old:
            return False
        self.set_secret(name, new)
        return True


@pytest.fixture
def secrets() -> Secrets:
    return Secrets()


@pytest.fixture
def central(template: Path, tmp_path: Path) -> Iterator[Central]:
    with opened(template, tmp_path) as store:
        yield store


@pytest.fixture
def server(central: Central, tmp_path: Path) -> Iterator[str]:
    with live_server(central, tmp_path) as url:
        yield url
