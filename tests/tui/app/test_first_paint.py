"""What the first paint imports, what an idle client writes, and what a key costs: measured on a real terminal."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.tui.screens import filled

IDLE = 1.2
"""Seconds without a byte; a blinking cursor would write every half second."""
ROOT = Path(__file__).parents[3]
LATER = ("httpx", "keyring", "zstandard", "holidays", "babel", "authlib", "imi_tui.sync.http", "imi_tui.sync.engine")
BY_NOW = (*LATER, "tomllib", "zoneinfo", "imi_core.workflow", "imi_tui.cache.sync", "imi_tui.cache.listing.projection")
"""What the list itself does without; the first look at a case loads it."""

BEFORE = (
    *BY_NOW,
    *("argparse", "ast", "bz2", "contextlib", "dataclasses", "enum", "importlib", "inspect", "json", "logging", "lzma"),
    *("msgspec", "pathlib", "re", "rich", "shutil", "signal", "subprocess", "textual", "threading", "typing", "urllib"),
    *("imi_tui.ending", "imi_tui.config.keymap", "imi_tui.signin", "imi_tui.sync"),
)
"""What the early picture does without as well, where the file of settings holds nothing unusual."""

PROBE = """
import asyncio, json, sys, datetime as dt
from pathlib import Path
from imi_tui.cache.store import Store
from imi_tui.profile import Profile
from imi_tui.context import Context
from imi_tui.app import ImiApp
from imi_tui.screens.inbox import InboxScreen
from textual.keys import key_to_character
from textual.screen import Screen

late, later = json.loads(sys.argv[2])
painted = []
settle = InboxScreen._settle

def first(screen):
    painted.append([m for m in late if m in sys.modules])
    mine = screen._binding_chain
    if key_to_character.cache_info().currsize or "rich._unicode_data.unicode17-0-0" in sys.modules:
        painted[-1].append("tables of the signs of the world")
    if [(node, keys.key_to_bindings) for node, keys in mine] != [
        (node, keys.key_to_bindings) for node, keys in Screen._binding_chain.fget(screen)
    ]:
        painted[-1].append("other keys")
    settle(screen)

InboxScreen._settle = first

async def main():
    profile = Profile(Path(sys.argv[1]))
    store = Store.open(profile, bytes(range(32)))
    knows = bool(store.remembered("states en"))
    started = []
    app = ImiApp(Context(store, profile, start=lambda: started.append([m for m in later if m in sys.modules])))
    async with app.run_test(size=(80, 24)) as pilot:
        for _ in range(200):
            if started and painted:
                break
            await pilot.pause(0.02)
    print(json.dumps([knows, painted[0], *started]))

asyncio.run(main())
"""
RUN = """
import sys
from pathlib import Path
from imi_tui.cache.store import Store
from imi_tui.profile import Profile
from imi_tui.context import Context
from imi_tui import app

profile = Profile(Path(sys.argv[1]))
sys.exit(app.run(Context(Store.open(profile, bytes(range(32))), profile)))
"""

START = f"""
import os, sys

os.environ["IMI_TUI_HOME"] = sys.argv.pop()
os.environ["LC_ALL"] = "C.UTF-8"
early = []

class Framework:
    def find_spec(self, name, path=None, target=None):
        if name == "imi_tui.early.cursor":
            early.extend(each for each in {BEFORE!r} if each in sys.modules)

sys.meta_path.insert(0, Framework())
from imi_tui import cli

code = cli.main()
import json
print("early", json.dumps(early), "left", code)
"""
"""The command itself, which says at its end what it had loaded when the picture stood."""

KILLED = """
import os, signal, sys

os.environ["IMI_TUI_HOME"] = sys.argv.pop()
os.environ["LC_ALL"] = "C.UTF-8"
when = os.environ["KILLED"]
if when == "before":
    class Framework:
        def find_spec(self, name, path=None, target=None):
            if name == "imi_tui.ending":
                os.kill(os.getpid(), signal.SIGTERM)

    sys.meta_path.insert(0, Framework())
from imi_tui.early import first_paint

class Ended(first_paint.Early):
    def end(self):
        super().end()
        if when == "after":
            os.kill(os.getpid(), signal.SIGHUP)

first_paint.Early = Ended
if when == "after":
    def run(*_screens):
        raise SystemExit(7)

    from imi_tui.commands import tui
    tui._run_screen = run
from imi_tui import cli

sys.exit(cli.main())
"""
"""The command, told to end when only the picture stands, or when that is being taken away."""

CRASH = RUN.replace(
    "profile =",
    """
from imi_tui.widgets.case_list import CaseList

def action_move(self, step):
    citizen = self.row.subject
    raise ValueError(f"cannot move to {citizen}")

CaseList.action_move = action_move
profile =""",
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A profile with some cases."""
    home = tmp_path_factory.mktemp("paint")
    store = filled.open_store(home)
    seat = filled.a_desk()
    filled.fill(store, seat, filled.demo(seat, 60))
    store.close()
    return home


@pytest.fixture(scope="module")
def painted(home: Path) -> list[str]:
    """What a start that knows the names of states had imported at its first paint.

    An earlier start remembers them, for which it needs the rules; a hurried one may not get to it.
    """
    for _start in range(8):
        done = subprocess.run(
            [sys.executable, "-c", PROBE, str(home), json.dumps([BY_NOW, LATER])],
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
            timeout=60,
        )
        knows, painted, started = json.loads(done.stdout.splitlines()[-1])
        assert not started, "imported before the sync thread was to start"
        if knows:
            return list(painted)
    raise AssertionError("no start remembered what it had to look up")


def test_the_first_paint_imports_nothing_that_can_wait(painted: list[str]) -> None:
    assert not painted, "imported before the list was painted"


@pytest.mark.usefixtures("painted")
def test_the_command_imports_still_less_before_the_early_picture(home: Path) -> None:
    with_a_key(home)
    with terminal(home, START) as client:
        client.until(b"-26-")
        client.quiet(0.5)
        os.write(client.master, b"\x11")
        end = client.until(b"left 0")
    assert b"early [] left 0" in end


@pytest.mark.usefixtures("painted")
@pytest.mark.parametrize(("when", "code"), [("before", 128 + signal.SIGTERM), ("after", 7)])
def test_who_is_told_to_end_without_screens_leaves_the_terminal_as_it_was(
    home: Path, when: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KILLED", when)
    with_a_key(home)
    with terminal(home, KILLED) as client:
        client.until(b"\x1b[?1049l\x1b[?25h")
        assert client.process.wait(20) == code
        mode = termios.tcgetattr(client.master)
        assert mode[3] & termios.ECHO
        assert mode[3] & termios.ICANON
        assert mode[0] & termios.ICRNL


def with_a_key(home: Path) -> None:
    """What the command needs to open the profile by itself."""
    (home / "config.toml").write_text('vault = "file"\n')
    key = home / "key"
    key.write_bytes(base64.b64encode(filled.KEY))
    key.chmod(0o600)


class Terminal:
    """A process on a pseudo-terminal of 80x24."""

    def __init__(self, home: Path, code: str) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        environ = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        # With a size that is said there is no early picture.
        for name in ("COLUMNS", "LINES"):
            environ.pop(name, None)
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, str(home)],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=ROOT,
            env=environ,
            start_new_session=True,
        )
        os.close(slave)

    def until(self, marker: bytes, seconds: float = 20.0) -> bytes:
        """What was written until `marker` came."""
        out = b""
        end = time.monotonic() + seconds
        while marker not in out and time.monotonic() < end:
            if select.select([self.master], [], [], 0.1)[0]:
                out += os.read(self.master, 65536)
        assert marker in out, out[-2000:]
        return out

    def quiet(self, seconds: float) -> bytes:
        """What is written until nothing came for `seconds`."""
        out = b""
        while select.select([self.master], [], [], seconds)[0]:
            out += os.read(self.master, 65536)
        return out

    def key(self, data: bytes) -> bytes:
        """Press a key; what is written then."""
        os.write(self.master, data)
        return self.quiet(0.4)


@contextmanager
def terminal(home: Path, code: str = RUN) -> Iterator[Terminal]:
    """The client on a terminal of its own."""
    found = Terminal(home, code)
    try:
        yield found
    finally:
        found.process.kill()
        found.process.wait()
        os.close(found.master)


def test_an_idle_client_writes_nothing_and_a_key_costs_two_rows(home: Path) -> None:
    with terminal(home) as client:
        client.until(b"Reference")
        client.quiet(0.5)
        assert client.quiet(IDLE) == b""
        costs = [len(client.key(b"j")) for _press in range(4)]
        # The footer follows once the cursor rests; the rows alone are what holding a key down costs.
        assert min(costs) <= 450, costs
        assert max(costs) <= 900, costs
        assert client.quiet(IDLE) == b""
        client.key(b"/")
        assert client.quiet(IDLE) == b"", "nothing blinks in the search line"


def test_quitting_leaves_with_code_zero_and_a_clean_terminal(home: Path) -> None:
    with terminal(home) as client:
        client.until(b"Reference")
        os.write(client.master, b"\x11")
        client.until(b"\x1b[?1049l")
        assert client.process.wait(timeout=10) == 0


def test_a_crash_shows_no_value_and_leaves_a_report_that_holds_none(home: Path) -> None:
    with terminal(home, CRASH) as client:
        drawn = client.until(b"Reference") + client.quiet(0.5)
        assert b"cannot move" not in drawn
        os.write(client.master, b"j")
        end = client.until(b"Incident ")
        assert client.process.wait(timeout=10) == 1
    end = end.partition(b"\x1b[?1049l")[2]
    assert b"Incident " in end
    assert b"ValueError" not in end
    assert b"cannot move" not in end
    [report] = (home / "incidents").iterdir()
    text = report.read_text()
    assert "builtins.ValueError" in text
    assert "action_move" in text
    assert "cannot move" not in text
