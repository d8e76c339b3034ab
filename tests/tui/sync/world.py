"""The real server in process, the real cache, and a line between them that can be cut where a test wants."""

from __future__ import annotations

import datetime as dt
import functools
import itertools
import json
import queue
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from imi_central.store import Store as Central
from imi_core.text import clean
from imi_tui.cache.store import Store
from imi_tui.profile import Profile
from imi_tui.sync import transfers, wire
from imi_tui.sync.engine import Engine
from imi_tui.sync.errors import Offline, OverQuota, StreamRefused
from imi_tui.sync.http import Part
from imi_tui.sync.run import Report
from imi_tui.sync.transfers import Transfers
from tests.central.world import Caller

KEY = bytes(range(32))
MOST = 400
"""Requests of one line: eight times what a test needs."""
PARTS = 60
"""The same of parts of files, each way: four times."""
NOW = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)


class Line:
    """A transport to the server in process. `lose` says for each POST what gets lost: "", "request" or "reply"."""

    def __init__(self, caller: Caller, officer: str) -> None:
        self.caller, self.officer = caller, officer
        self.lose: Callable[[int], str] = lambda _: ""
        self.change: Callable[[dict[str, Any]], dict[str, Any]] = lambda response: response
        self.change_session: Callable[[dict[str, Any]], dict[str, Any]] | None = None
        self.lose_part: Callable[[int], str] = lambda _: ""
        self.cut: Callable[[int], int] = lambda size: size
        self.change_part: Callable[[Part], Part] = lambda part: part
        self.uploads: list[bytes] = []
        self.downloads: list[tuple[int, int]] = []
        self.cut_stream: Callable[[int], bool] = lambda _: False
        self.came: Callable[[bytes], None] = lambda _: None
        self.streams = True
        self.requests: list[dict[str, Any]] = []
        self.sessions = 0
        self.skew: float | None = 0.0
        self._count = itertools.count()

    def session(self) -> dict[str, Any]:
        self.sessions += 1
        answer = self.caller.http(self.officer, "GET", "/jmap/session")
        assert answer.status_code == 200
        return self._session(dict(clean(answer.json())))

    def _session(self, session: dict[str, Any]) -> dict[str, Any]:
        # Whatever is another in a session, its state is another too.
        return session if self.change_session is None else {**self.change_session(session), "state": "changed"}

    def call(self, request: dict[str, Any]) -> dict[str, Any]:
        lost = self.lose(next(self._count))
        if lost == "request":
            raise Offline("lost before the server")
        self._record(request)
        answer = self.caller.http(self.officer, "POST", "/jmap/api", json=request)
        assert answer.status_code == 200, answer.text
        if lost == "reply":
            raise Offline("lost after the server")
        response = dict(clean(answer.json()))
        return self.change(response if self.change_session is None else {**response, "sessionState": "changed"})

    def _record(self, request: dict[str, Any]) -> None:
        self.requests.append(request)
        # What should end by itself fails here, and does not hang.
        names = {call[0] for call in request["methodCalls"]}
        assert len(self.requests) < MOST, f"there is no end of requests; the last one asks for {names}"

    def upload(self, desk: str, data: bytes) -> dict[str, Any]:
        lost = self.lose_part(len(data))
        if lost == "request":
            raise Offline("lost before the server")
        self.uploads.append(data)
        assert len(self.uploads) < PARTS, f"there is no end of parts to send; the last one has {len(data)} bytes"
        answer = self.caller.http(self.officer, "POST", f"/jmap/upload/{desk}", content=data)
        if answer.status_code == 404:
            return {}
        if answer.status_code == 413:
            raise OverQuota("status 413")
        assert answer.status_code == 201, answer.text
        if lost == "reply":
            raise Offline("lost after the server")
        return dict(clean(answer.json()))

    @contextmanager
    def download(self, desk: str, blob_id: str, start: int, end: int, etag: str) -> Iterator[Part]:
        headers = {"range": f"bytes={start}-{end - 1}", "if-range": etag}
        answer = self.caller.http(self.officer, "GET", f"/jmap/download/{desk}/{blob_id}/file", headers=headers)
        self.downloads.append((start, end))
        assert len(self.downloads) < PARTS, f"there is no end of parts to fetch; the last one is {start}-{end}"
        given, data = answer.headers, answer.content
        cut = self.cut(len(data))

        def chunks() -> Iterator[bytes]:
            for at in range(0, min(cut, len(data)), 10_000):
                yield data[at : min(at + 10_000, cut)]
            if cut < len(data):
                raise Offline("cut off")

        part = Part(answer.status_code, given.get("etag", ""), given.get("content-range", ""), chunks())
        yield self.change_part(part)

    def stream(self, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        if not self.streams:
            raise StreamRefused("a proxy")
        lost = self.lose(next(self._count))
        if lost == "request":
            raise Offline("lost before the server")
        self._record(request)
        answer = self.caller.http(self.officer, "POST", "/jmap/stream", json=request)
        assert answer.status_code == 200, answer.text
        for number, line in enumerate(answer.text.splitlines()):
            if lost == "reply" or self.cut_stream(number):
                raise Offline("cut in the middle of a stream")
            response = dict(clean(json.loads(line)))
            if self.change_session is not None:
                response["sessionState"] = "changed"
                for each in response["methodResponses"]:
                    each[1] = self._session(each[1]) if each[0] == "Session/get" else each[1]
            body = msgspec.json.encode(self.change(response))
            self.came(body)
            yield wire.record(body)

    @property
    def methods(self) -> list[str]:
        """Names of all calls so far."""
        return [call[0] for request in self.requests for call in request["methodCalls"]]


@functools.cache
def _new() -> dict[str, bytes]:
    """The files of a cache that was only just made: to make one takes longer than most tests do with it."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        Store.open(Profile(home), KEY, now=lambda: NOW).close()
        return {path.name: path.read_bytes() for path in home.iterdir()}


def _begin(home: Path) -> None:
    home.mkdir(0o700, parents=True)
    for name, content in _new().items():
        (home / name).write_bytes(content)
        (home / name).chmod(0o600)


class Client:
    """One officer's client: cache, line and engine. `restart` is a new process on the same files."""

    def __init__(self, home: Path, caller: Caller, officer: str) -> None:
        self.profile = Profile(home)
        if not home.exists():
            _begin(home)
        self.now = NOW
        self.line = Line(caller, officer)
        self._open()

    def _open(self, **options: Any) -> None:
        self.store = Store.open(self.profile, KEY, now=lambda: self.now)
        self.store.sync.recover()
        self.engine = Engine(self.store.sync, self.line, lambda: self.now, **options)
        ticks = itertools.count()
        self.transfers = Transfers(
            self.store.sync, self.store.file_moves, self.line, lambda: self.now, lambda: next(ticks) / 1000
        )

    def restart(self, **options: Any) -> None:
        self.store.close()
        self._open(**options)

    def sync(self) -> Report:
        report = self.engine.run_once()
        self.store.sync.index_little()
        return report

    def sync_all(self) -> Report:
        """Entries and files until nothing is left."""
        return transfers.synchronise(self.engine, self.transfers)

    def ids(self) -> set[str]:
        """Confirmed case ids of all desks."""
        return {id for seat in self.store.seats() for id, *_ in self.store.sync.known(seat.desk, "")}

    def close(self) -> None:
        self.store.close()


def server_ids(central: Central, officer: str) -> set[str]:
    """What the server would show this officer: the oracle."""
    with central.view(officer) as view:
        return {case.id for desk in view.places for case in view.cases(desk, None, 100_000)}


class Heard:
    """What the worker says, waited for."""

    def __init__(self) -> None:
        self.queue: queue.Queue[str] = queue.Queue()

    def __call__(self, code: str) -> None:
        self.queue.put(code)

    def next(self) -> str:
        return self.queue.get(timeout=20)
