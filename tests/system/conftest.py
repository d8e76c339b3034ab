"""A real server process on a real demo, and clients at its desks."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bench.terminal import Terminal
from imi_central.demo import cli as demo
from imi_central.settings import Settings
from tests.shared import once

if TYPE_CHECKING:
    from collections.abc import Iterator

BIN = Path(sys.executable).parent
CASES = 40


@dataclass
class Server:
    """`imi-central demo` as a process of its own; `start` after `kill` listens at the same port again."""

    data: Path
    port: int = 0
    url: str = ""
    tokens: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    what: str = "demo"

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        reading, writing = os.pipe()
        with (self.data / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [BIN / "imi-central", self.what, f"--data={self.data}", f"--port={self.port}", f"--ready-fd={writing}"],
                pass_fds=(writing,),
                stdout=log,
                stderr=log,
            )
        os.close(writing)
        with os.fdopen(reading, encoding="utf-8") as ready:
            line = ready.readline()
        assert line, (self.data / "log").read_text()
        self.url = self.told(line)
        self.port = int(self.url.rpartition(":")[2])

    def told(self, line: str) -> str:
        """The address in the line that a started server writes, and its tokens."""
        told = json.loads(line)
        self.tokens = told["tokens"]
        return str(told["url"])

    def kill(self) -> None:
        """End it without a warning, as a power cut does."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None


@dataclass(frozen=True)
class Seat:
    """A client at a desk of the demo, with a profile of its own."""

    home: Path
    server: Server
    login: str
    language: str = "en"

    @property
    def env(self) -> dict[str, str]:
        """The environment of its commands."""
        return {
            "IMI_TUI_HOME": str(self.home),
            "IMI_TUI_TOKEN": self.server.tokens[self.login],
            "IMI_TUI_LANG": self.language,
        }

    @property
    def argv(self) -> list[str]:
        """The command without what it shall do."""
        return [str(BIN / "imi-tui")]

    @property
    def flags(self) -> list[str]:
        """What every command of this seat needs to be told."""
        return [f"--server={self.server.url}", f"--vault=file:{self.home / 'key'}"]

    def run(self, *arguments: str, code: int = 0) -> str:
        """Run one command without the full screen; its standard output."""
        done = subprocess.run(
            [*self.argv, *arguments, *self.flags],
            env={**os.environ, **self.env},
            capture_output=True,
            text=True,
            timeout=60,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        assert done.returncode == code, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def open(self, columns: int = 80, rows: int = 24) -> Terminal:
        """The full screen on a terminal."""
        return Terminal([*self.argv, *self.flags], columns, rows, self.env)


@pytest.fixture(scope="session")
def made_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small demo, made once for the whole run and copied for each test."""
    return once(tmp_path_factory, "demo", lambda data: demo.make(Settings(data=data), CASES, 20260101))


@pytest.fixture
def server(made_demo: Path, tmp_path: Path) -> Iterator[Server]:
    """A running demo server."""
    data = tmp_path / "server"
    shutil.copytree(made_demo, data)
    running = Server(data)
    running.start()
    yield running
    running.kill()


@pytest.fixture
def lyon(server: Server, tmp_path: Path) -> Seat:
    """The labour inspectorate in Lyon."""
    return Seat(tmp_path / "lyon", server, "lyon")


@pytest.fixture
def rosenheim(server: Server, tmp_path: Path) -> Seat:
    """The customs office in Rosenheim."""
    return Seat(tmp_path / "rosenheim", server, "rosenheim")
