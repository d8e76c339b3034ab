"""One measured part of `bench.ingest` in a process of its own: ``python -m bench.ingest_client WHAT FOLDER [URL]``.

``record`` synchronises with the server at URL (token on standard input) and keeps every reply as it came: a first sync
of everything, and one on a metered line, which brings the lists and nothing else. ``full`` and ``heads`` take these
replies over into a fresh profile, line and server off the clock; ``raw`` inserts the rows that came of it into empty
tables, which is the least it could take.
"""

from __future__ import annotations

import datetime as dt
import gc
import json
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from bench.memory import peak_kib
from bench.sync.world import NOW
from imi_tui.cache.storage import db, db_files, migrations, schema
from imi_tui.cache.storage.vault import open_vault
from imi_tui.cache.store import Store
from imi_tui.profile import Profile
from imi_tui.signin.tokens import GivenToken
from imi_tui.sync import http, wire
from imi_tui.sync.engine import Engine
from imi_tui.sync.transport import HttpTransport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

INDEX_AT_ONCE = 2000
_TABLES = ("listing", "view_row", "confirmed", "content", "entry")


class Recorded:
    """Replies in a file, each with its length in front."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, file: Any, body: bytes) -> None:
        """Add one."""
        file.write(len(body).to_bytes(8, "big") + body)

    def __iter__(self) -> Iterator[bytes]:
        with self._path.open("rb") as file:
            while size := file.read(8):
                yield file.read(int.from_bytes(size, "big"))


class Recording(HttpTransport):
    """The way to a server that keeps every reply it brings; an empty one stands for the end of a stream."""

    def __init__(self, url: str, token: str, path: Path) -> None:
        super().__init__(http.Http(url), GivenToken(token))
        self._recorded = Recorded(path)
        self._file = path.open("wb")

    def __enter__(self) -> Self:
        self._parse, self._read = wire.parse, wire.record
        http.wire.parse = http.wire.record = self._kept  # type: ignore[attr-defined]
        return self

    def __exit__(self, *_: object) -> None:
        http.wire.parse, http.wire.record = self._parse, self._read  # type: ignore[attr-defined]
        self._file.close()

    def _kept(self, body: bytes) -> Any:
        self._recorded.write(self._file, body)
        return self._parse(body)

    def stream(self, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The records of a stream."""
        try:
            yield from super().stream(request)
        finally:
            self._recorded.write(self._file, b"")


def record(folder: Path, url: str) -> None:
    """Everything a first sync brings, and what one on a metered line does."""
    token = sys.stdin.readline().strip()
    for what in ("full", "heads"):
        with open_store(folder / "recorded") as store, Recording(url, token, folder / what) as recording:
            Engine(store.sync, recording, lambda: NOW, metered=what == "heads").run_once()


class open_store:
    """A fresh profile's store."""

    def __init__(self, home: Path) -> None:
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True, mode=0o700)
        self.profile = Profile(home)
        self.key = open_vault("file", self.profile, _no_question).key()

    def __enter__(self) -> Store:
        self.store = Store.open(self.profile, self.key, now=lambda: NOW)
        self.store.checkpoint_aside()
        return self.store

    def __exit__(self, *_: object) -> None:
        self.store.close()


class Replay:
    """`imi_tui.sync.ports.Transport` that gives what was recorded."""

    skew = None

    def __init__(self, path: Path) -> None:
        self._bodies = iter(Recorded(path))

    def session(self) -> dict[str, Any]:
        """The next reply."""
        return self.call({})

    def call(self, request: dict[str, Any]) -> dict[str, Any]:
        """The next reply."""
        body = next(self._bodies)
        found: dict[str, Any] = wire.parse(body)
        return found

    def stream(self, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The next replies, up to the end of their stream."""
        try:
            while body := next(self._bodies):
                yield wire.record(body)
        except GeneratorExit:
            while next(self._bodies):
                pass


def full(folder: Path) -> dict[str, Any]:
    """The recorded first sync: engine, applier, then the index."""
    with open_store(folder / "full-profile") as store:
        engine = Engine(store.sync, Replay(folder / "full"), _clock())
        started, cpu = time.perf_counter(), time.process_time()
        engine.run_once()
        applied = time.perf_counter() - started
        while store.sync.index_pending(INDEX_AT_ONCE):
            pass
        took = time.perf_counter() - started
        return _told(store.counts()["all"], took, cpu) | {"applied": applied}


def heads(folder: Path) -> dict[str, Any]:
    """The recorded first sync on a metered line: every case visible in the list."""
    with open_store(folder / "heads-profile") as store:
        engine = Engine(store.sync, Replay(folder / "heads"), _clock(), metered=True)
        started, cpu = time.perf_counter(), time.process_time()
        engine.run_once()
        return _told(store.counts()["all"], time.perf_counter() - started, cpu)


def _clock() -> Callable[[], dt.datetime]:
    """A clock that goes on from the time of the recording: how long a record takes decides what is kept together."""
    started = time.perf_counter()
    return lambda: NOW + dt.timedelta(seconds=time.perf_counter() - started)


def _told(cases: int, took: float, cpu: float) -> dict[str, Any]:
    peak = peak_kib()
    return {"cases": cases, "took": took, "cpu": time.process_time() - cpu, "peak": peak}


def raw(folder: Path, which: str, at_once: int) -> dict[str, Any]:
    """The rows (and words) of a filled profile inserted into empty tables in the order of their keys."""
    profile = Profile(folder / f"{which}-profile")
    key = open_vault("file", profile, _no_question).key()
    source = db.open_file(profile.cache_db, key, "cache")
    path = folder / "raw.db"
    for old in (path, *db_files.sidecars(path)):
        old.unlink(missing_ok=True)
    target = db.open_file(path, key, "cache")
    migrations.migrate(target, schema.CACHE, "bench")
    took, cpu, cases = 0.0, 0.0, 0
    last = source.one("select max(n) from listing")[0]
    for start in range(0, last, at_once):
        span = (start, start + at_once)
        rows = [source.rows(_OF_SPAN[name], span) for name in _TABLES]
        texts = _texts(source, span) if which == "full" else []
        began, busy = time.perf_counter(), time.process_time()
        with target.write():
            for name, found in zip(_TABLES, rows, strict=True):
                if found:
                    target.many(f"insert into {name} values({','.join('?' * len(found[0]))})", found)
            target.many("insert into words(rowid, text) values(?, ?)", texts)
        took, cpu = took + time.perf_counter() - began, cpu + time.process_time() - busy
        cases += len(rows[0])
    source.close()
    target.close()
    return {"cases": cases, "took": took, "cpu": cpu}


_OF_SPAN = {
    "listing": "select * from listing where n > ? and n <= ?",
    "view_row": "select * from view_row where n > ? and n <= ? order by slot, key",
    "confirmed": "select * from confirmed where n > ? and n <= ?",
    "content": "select * from content where n > ? and n <= ?",
    "entry": "select * from entry where n > ? and n <= ? order by no",
}


def _texts(source: db.Database, span: tuple[int, int]) -> list[tuple[int, str]]:
    from imi_tui.cache.content.documents import Documents

    documents = Documents(source)
    numbers = source.rows("select docid, n from document where n > ? and n <= ? order by docid", span)
    return [(docid, documents.stored_text(n)) for docid, n in numbers]


def _no_question(_: str) -> str:
    raise AssertionError("a key file asks nothing")


def main() -> None:
    """Do one part and say what it took."""
    what, folder, *rest = sys.argv[1], Path(sys.argv[2]), *sys.argv[3:]
    # As in the program (`imi_tui.app`).
    gc.freeze()
    gc.set_threshold(50_000, 10, 140)
    parts: dict[str, Callable[[], Any]] = {
        "record": lambda: record(folder, rest[0]),
        "heads": lambda: heads(folder),
        "full": lambda: full(folder),
        "raw": lambda: raw(folder, rest[0], int(rest[1])),
    }
    print(json.dumps(parts[what]()))


if __name__ == "__main__":
    main()
