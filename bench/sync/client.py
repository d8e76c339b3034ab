"""The client at the near end of a line: ``python -m bench.sync.client URL HOME``, told what to do line by line.

``connect`` makes a new connection of the same client, ``stranger`` one that knows nothing of the server's TLS,
``sync`` synchronises and answers with one JSON line, ``first`` begins and answers when a screen is full, ``index`` does
what is left of the index. The token comes first.
Start-up is not measured: everything is imported before the first answer.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

# Loaded when a connection is first made; here that is start-up, which is not measured.
import certifi  # noqa: F401
import httpx  # noqa: F401
import zstandard  # noqa: F401

from bench.memory import peak_kib
from imi_tui.cache.storage.vault import open_vault
from imi_tui.cache.store import Store
from imi_tui.profile import Profile
from imi_tui.signin.tokens import GivenToken
from imi_tui.sync.engine import Engine
from imi_tui.sync.http import Http
from imi_tui.sync.run import Report
from imi_tui.sync.transport import HttpTransport

FIRST_PAGE = 40
"""Rows that fill a screen."""
LOOK = 0.01


class Client:
    """One officer's cache and connection."""

    def __init__(self, url: str, profile: Profile, token: str) -> None:
        self._url, self._profile, self._token = url, profile, token
        self._key = open_vault("file", profile, _no_question).key()
        self._store = Store.open(profile, self._key)
        self._http: Http | None = None
        self.stranger()

    def connect(self) -> None:
        """Forget the connection."""
        assert self._http is not None
        self._http.close()

    def stranger(self) -> None:
        """Forget all of the connection, a session of TLS too, as a new process does."""
        if self._http is not None:
            self._http.close()
        self._http = Http(self._url)
        transport = HttpTransport(self._http, GivenToken(self._token))
        self._engine = Engine(self._store.sync, transport, lambda: dt.datetime.now(dt.UTC))

    def sync(self) -> dict[str, Any]:
        """Synchronise on a thread while this one watches the list fill, as a screen does."""
        watching = Store.open(self._profile, self._key)
        done = threading.Event()
        told: list[Report] = []
        # The thread has connections of its own; the engine's store was opened here and is used there alone.
        started = time.monotonic()
        thread = threading.Thread(target=self._run, args=(told, done))
        thread.start()
        first = filled = 0.0
        rows = 0
        while not done.wait(LOOK):
            before, rows = rows, watching.counts()["all"]
            now = time.monotonic() - started
            first = first or (now if rows >= FIRST_PAGE else 0.0)
            filled = now if rows != before else filled
        wall = time.monotonic() - started
        thread.join()
        rows = watching.counts()["all"]
        watching.close()
        if not told:
            raise SystemExit("synchronising failed")
        return {
            "wall": wall,
            "first": first or wall,
            "list": filled or wall,
            "rows": rows,
            "changed": told[0].changed,
            "requests": told[0].requests,
            "rss": peak_kib(),
        }

    def first(self) -> dict[str, Any]:
        """Seconds until a first synchronisation has filled a screen; it ends with the process, wherever it is."""
        watching = Store.open(self._profile, self._key)
        done = threading.Event()
        started = time.monotonic()
        threading.Thread(target=self._run, args=([], done), daemon=True).start()
        while watching.counts()["all"] < FIRST_PAGE:
            if done.wait(LOOK):
                raise SystemExit("synchronising ended before a screen was full")
        return {"first": time.monotonic() - started}

    def _run(self, told: list[Report], done: threading.Event) -> None:
        try:
            told.append(self._engine.run_once())
        finally:
            done.set()

    def index(self) -> dict[str, Any]:
        """Index what is left."""
        started = time.monotonic()
        while self._store.sync.index_pending(500):
            pass
        return {"wall": time.monotonic() - started}


def _no_question(_: str) -> str:
    raise AssertionError("a key file asks nothing")


def main() -> None:
    """Read what to do, say what it took."""
    url, home = sys.argv[1:]
    client = Client(url, Profile(Path(home)), sys.stdin.readline().strip())
    print("ready", flush=True)
    for line in sys.stdin:
        match line.strip():
            case "connect":
                client.connect()
                print("{}", flush=True)
            case "stranger":
                client.stranger()
                print("{}", flush=True)
            case "sync":
                print(json.dumps(client.sync()), flush=True)
            case "first":
                print(json.dumps(client.first()), flush=True)
                # The line is not to be kept busy by what nobody measures.
                os._exit(0)
            case "index":
                print(json.dumps(client.index()), flush=True)


if __name__ == "__main__":
    main()
