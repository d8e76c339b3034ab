"""One measured part of `bench.ingest` in a process of its own: ``python -m bench.ingest_client WHAT FOLDER [URL]``.

``record`` synchronises with the server at URL (token on standard input) and keeps every reply as it came, then the
heads of all cases. ``heads`` and ``full`` take the recorded replies over into a fresh profile, line and server off
the clock; ``raw`` inserts the rows that came of it into empty tables, which is the least it could take.
"""

from __future__ import annotations

import gc
import json
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from bench.memory import peak_kib
from bench.sync.world import DESK, NOW
from imi_core.case import CONTENT, Case
from imi_tui.cache import db, migrations, schema
from imi_tui.cache.store import Store
from imi_tui.cache.sync import Page
from imi_tui.cache.vault import open_vault
from imi_tui.profile import Profile
from imi_tui.signin.tokens import GivenToken
from imi_tui.sync import http, wire
from imi_tui.sync.engine import Engine
from imi_tui.sync.transport import HttpTransport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HEADS_AT_ONCE = 500
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
        self._parse = wire.parse
        http.wire.parse = self._kept  # type: ignore[attr-defined]
        return self

    def __exit__(self, *_: object) -> None:
        http.wire.parse = self._parse  # type: ignore[attr-defined]
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
    """Everything a first sync brings, and the heads of all cases."""
    token = sys.stdin.readline().strip()
    with open_store(folder / "recorded") as store, Recording(url, token, folder / "full") as recording:
        Engine(store.sync, recording, lambda: NOW).run_once()
        ids = [id for id, *_ in store.sync.known(DESK)]
    transport = HttpTransport(http.Http(url), GivenToken(token))
    names = [name for name in Case.__struct_encode_fields__ if name not in CONTENT]
    with (folder / "heads").open("wb") as file:
        for start in range(0, len(ids), HEADS_AT_ONCE):
            asked = {"accountId": DESK, "ids": ids[start : start + HEADS_AT_ONCE], "properties": names}
            request = {
                "using": ["urn:ietf:params:jmap:core", "urn:imi:case"],
                "methodCalls": [["Case/get", asked, "g"]],
            }
            Recorded(folder / "heads").write(file, wire.encoded(transport.call(request)))


class open_store:
    """A fresh profile's store."""

    def __init__(self, home: Path) -> None:
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True, mode=0o700)
        self.profile = Profile(home)
        self.key = open_vault("file", self.profile, _no_question).key()

    def __enter__(self) -> Store:
        self.store = Store.open(self.profile, self.key, now=lambda: NOW)
        return self.store

    def __exit__(self, *_: object) -> None:
        self.store.close()


class Replay:
    """`imi_tui.sync.ports.Transport` that gives what was recorded."""

    skew = None

    def __init__(self, folder: Path) -> None:
        self._bodies = iter(Recorded(folder / "full"))

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
                yield wire.parse(body)
        except GeneratorExit:
            while next(self._bodies):
                pass


def full(folder: Path) -> dict[str, Any]:
    """The recorded first sync: engine, applier, then the index."""
    with open_store(folder / "full-profile") as store:
        started, cpu = time.perf_counter(), time.process_time()
        Engine(store.sync, Replay(folder), lambda: NOW).run_once()
        applied = time.perf_counter() - started
        while store.sync.index_pending(INDEX_AT_ONCE):
            pass
        took = time.perf_counter() - started
        return _told(store.counts()["all"], took, cpu) | {"applied": applied}


def heads(folder: Path) -> dict[str, Any]:
    """The heads of all cases, visible in the list."""
    with open_store(folder / "heads-profile") as store:
        bodies = iter(Recorded(folder / "full"))
        # The first record of the first stream is the session.
        store.sync.set_session(wire.parse(next(bodies))["methodResponses"][0][1])
        store.sync.apply("directory", Page("d", procedures=_procedures(folder)))
        started, cpu = time.perf_counter(), time.process_time()
        for number, body in enumerate(Recorded(folder / "heads")):
            found = wire.parse(body)["methodResponses"][0][1]["list"]
            store.sync.apply(DESK, Page(f"{number}", has_more=True, heads=found, filling=0.5))
        return _told(store.counts()["all"], time.perf_counter() - started, cpu)


def _procedures(folder: Path) -> list[Any]:
    out: list[Any] = []
    for body in Recorded(folder / "full"):
        for name, arguments, _ in json.loads(body).get("methodResponses", ()):
            if name == "Procedure/get":
                out += arguments["list"]
        if out:
            return out
    raise RuntimeError("no procedure was recorded")


def _told(cases: int, took: float, cpu: float) -> dict[str, Any]:
    peak = peak_kib()
    return {"cases": cases, "took": took, "cpu": time.process_time() - cpu, "peak": peak}


def raw(folder: Path, which: str, at_once: int) -> dict[str, Any]:
    """The rows (and words) of a filled profile inserted into empty tables in the order of their keys."""
    profile = Profile(folder / f"{which}-profile")
    key = open_vault("file", profile, _no_question).key()
    source = db.open_file(profile.cache_db, key, "cache")
    path = folder / "raw.db"
    for old in (path, *db.sidecars(path)):
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
    from imi_tui.cache.documents import Documents

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
    gc.set_threshold(700, 10, 10_000)
    parts: dict[str, Callable[[], Any]] = {
        "record": lambda: record(folder, rest[0]),
        "heads": lambda: heads(folder),
        "full": lambda: full(folder),
        "raw": lambda: raw(folder, rest[0], int(rest[1])),
    }
    print(json.dumps(parts[what]()))


if __name__ == "__main__":
    main()
