"""A real server process with one officer, and a transport that shows what would reach the line."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import io
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from imi_central.cli import main
from imi_central.store import Store
from imi_core.authority import Authority, Desk, Officer

SECRET = "Geheimnis"


class Running(NamedTuple):
    process: subprocess.Popen[str]
    url: str
    token: str


class Wire(asyncio.Transport):
    """Notes what reaches the line."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 2)})
        self.written: list[bytes] = []
        self.closed = False

    def write(self, data: bytes) -> None:  # type: ignore[override]
        assert not self.closed
        self.written.append(data)

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        """What comes is held by whoever says it."""

    def resume_reading(self) -> None:
        """Nothing was held."""


@functools.cache
def _one_officer() -> tuple[bytes, str]:
    """A database as the commands make it, and a token for its officer."""
    said = io.StringIO()
    with tempfile.TemporaryDirectory() as data, contextlib.redirect_stdout(said):
        assert main(["init", "--data", data]) == 0
        store = Store.open(f"sqlite:///{data}/central.db")
        store.put_authorities(
            [Authority(id="fr-a", formal_name="A", country="FR", desks=(Desk(id="fr-a_pw", area="pw"),))]
        )
        store.put_officer(Officer(id="lea", name=SECRET, desks={"fr-a_pw": ("handler",)}))
        store.close()
        said.truncate(said.seek(0))
        assert main(["token", "lea", "--data", data]) == 0
        return (Path(data) / "central.db").read_bytes(), said.getvalue().strip()


@contextmanager
def started(folder: Path, *more: str) -> Iterator[Running]:
    """The server on a database in `folder`; killed where it still runs at the end."""
    database, token = _one_officer()
    (folder / "central.db").write_bytes(database)
    reading, writing = os.pipe()

    def few_files() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (128, 1024))

    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "imi_central.cli", "serve", "--port", "0"),
            *("--data", str(folder), "--ready-fd", str(writing), *more),
        ],
        pass_fds=[writing],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=few_files,
    )
    os.close(writing)
    with os.fdopen(reading) as ready:
        url = ready.readline().strip()
    yield Running(process, url, token)
    if process.poll() is None:
        process.kill()
        process.communicate()
