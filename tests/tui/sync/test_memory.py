"""A first sync takes no more memory for more cases: neither Python's nor SQLite's peak grows with their number."""

from __future__ import annotations

import gc
import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from imi_central.store import Store as Central
from imi_tui.cache.storage import db
from imi_tui.cache.store import Store
from imi_tui.profile import Profile
from imi_tui.sync import change_applier, streaming, wire
from imi_tui.sync.engine import Engine
from tests.central.world import Caller, send
from tests.tui.sync.world import KEY, NOW, Client, Line

PAGE = 10
FEW, MANY = 50, 150


class Recording(Line):
    """A line that keeps every answer in a file; a stream's end is an empty line."""

    path: Path

    def keep(self, answer: bytes) -> None:
        with self.path.open("ab") as file:
            file.write(answer + b"\n")

    def session(self) -> dict[str, Any]:
        found = super().session()
        self.keep(json.dumps(found).encode())
        return found

    def call(self, request: dict[str, Any]) -> dict[str, Any]:
        found = super().call(request)
        self.keep(json.dumps(found).encode())
        return found

    def stream(self, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        self.came = self.keep
        try:
            yield from super().stream(request)
        finally:
            self.keep(b"")


class Played:
    """What was kept, read when it is asked for, so that only the client's memory is looked at."""

    skew = None

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")

    def session(self) -> dict[str, Any]:
        return self.call({})

    def call(self, _: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._file.readline())
        return found

    def stream(self, _: dict[str, Any]) -> Iterator[dict[str, Any]]:
        while line := self._file.readline().strip():
            yield wire.record(line)

    def close(self) -> None:
        self._file.close()


def recorded(path: Path, home: Path, caller: Caller) -> Path:
    """The answers to a first sync of everything there is."""
    client = Client(home, caller, "lyon")
    line = Recording(caller, "lyon")
    line.path = path
    Engine(client.store.sync, line, lambda: NOW, page=PAGE).run_once()
    client.close()
    return path


def peaks(path: Path, home: Path, cases: int) -> tuple[int, int]:
    """Bytes of Python and of SQLite at the most while those answers are taken over and indexed."""
    store = Store.open(Profile(home), KEY, now=lambda: NOW)
    played = Played(path)
    gc.collect()
    apsw.memory_high_water(True)
    tracemalloc.start()
    try:
        Engine(store.sync, played, lambda: NOW, page=PAGE).run_once()
        while store.sync.index_pending(PAGE):
            pass
        python = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        played.close()
    sqlite = apsw.memory_high_water()
    assert store.counts()["all"] == cases
    assert store.status().wanted == store.indexing() == 0
    store.close()
    return python, sqlite


def test_neither_peak_grows_with_the_number_of_cases(
    central: Central, caller: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Everything that is bounded by a size is full with few cases already.
    for name in ("CHUNK", "LEAST", "MOST"):
        monkeypatch.setattr(streaming, name, PAGE)
    monkeypatch.setattr(streaming, "AT_ONCE", 3)
    monkeypatch.setattr(change_applier, "MAX_ROWS", 2 * PAGE)
    monkeypatch.setattr(db, "CACHE_KIB", 200)
    for _ in range(FEW):
        send(central)
    few = recorded(tmp_path / "few", tmp_path / "a", caller)
    for _ in range(MANY - FEW):
        send(central)
    many = recorded(tmp_path / "many", tmp_path / "b", caller)
    # What is loaded with the first is not counted.
    peaks(few, tmp_path / "c", FEW)
    python, sqlite = peaks(few, tmp_path / "d", FEW)
    python_of_many, sqlite_of_many = peaks(many, tmp_path / "e", MANY)
    assert python_of_many < 1.2 * python
    assert sqlite_of_many < 1.2 * sqlite
