"""Stopped and let go on, sent what is no key, ended by any signal: the terminal is taken, and given back as it was."""

from __future__ import annotations

import base64
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bench.terminal import Terminal
from imi_tui import commands
from tests.tui.cli.terminal import PROGRAM, state_of, switched
from tests.tui.screens import filled

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a pseudo-terminal, and how a process is")
ROOT = Path(__file__).parents[3]
READY = "-26-"
LISTENS = b"\x1b[?2004h"
"""Written once keys are read."""


@pytest.fixture
def written(home: Path) -> Path:
    """A profile with cases whose key is in its file."""
    store = filled.open_store(home)
    seat = filled.a_desk()
    filled.fill(store, seat, filled.demo(seat, 60))
    store.close()
    (home / "key").write_bytes(base64.b64encode(filled.KEY))
    (home / "key").chmod(0o600)
    return home


def on_a_terminal(home: Path, before: str = "", **environment: str) -> Terminal:
    """The client on a terminal; `before` is done by its process first."""
    env = {"IMI_TUI_HOME": str(home), "PYTHONPATH": str(ROOT), **environment}
    return Terminal([sys.executable, "-c", before + PROGRAM], 80, 24, env, cwd=ROOT)


def opened(client: Terminal) -> None:
    """The list stands, and keys are read by the framework."""
    client.wait_for(READY, 30)
    client.wait_for(lambda _lines: LISTENS in client.output, 30)
    client.settle(0.3)


def stopped(client: Terminal, by: signal.Signals) -> None:
    """Stop the program, and let another one use the whole terminal."""
    client.process.send_signal(by)
    end = time.monotonic() + 10
    while state_of(client.process) != "T":
        client.read(0.02)
        assert time.monotonic() < end, "it goes on"
    while client.read(0.02) is not None:
        pass


def gone_on(client: Terminal) -> None:
    """Let the program go on; whatever it showed stands there again."""
    client.screen().reset()
    client.process.send_signal(signal.SIGCONT)
    client.wait_for(lambda lines: sum(READY in line for line in lines) > 10, 20)
    client.settle(0.2)


def on_row(number: int) -> Callable[[list[str]], bool]:
    return lambda lines: [index - 2 for index, line in enumerate(lines) if line.startswith(">")] == [number]


def ended(client: Terminal, within: float = 10) -> int | None:
    """Its exit code, when everything it wrote has been read."""
    end = time.monotonic() + within
    while client.process.poll() is None and time.monotonic() < end:
        client.read(0.05)
    while client.read(0.02) is not None:
        pass
    return client.process.poll()


def test_the_terminal_is_given_back_and_taken_again(written: Path) -> None:
    with on_a_terminal(written) as client:
        before = client.mode()
        opened(client)
        ours = switched(client.output)

        stopped(client, signal.SIGTSTP)
        assert (switched(client.output), client.mode()) == (set(), before)
        gone_on(client)
        assert switched(client.output) == ours
        client.send(b"j")
        client.wait_for(on_row(1))

        # By SIGSTOP nobody can give anything back; it is taken anew all the same.
        stopped(client, signal.SIGSTOP)
        gone_on(client)
        client.process.send_signal(signal.SIGCONT)
        client.settle(0.3)
        assert switched(client.output) == ours

        for _ in range(2):
            client.send(b"\xe9\xff\x1b[99999999999;1u" + b"\x1b[200~jjj\x1b[2J" + b"q" * 40 + b"\x1b[201~")
            client.send(b"j")
        client.wait_for(on_row(3))

        client.process.send_signal(signal.SIGQUIT)
        assert ended(client) == 128 + signal.SIGQUIT
        assert (switched(client.output), client.mode()) == (set(), before)
    assert not (written / "incidents").exists()


def test_what_is_written_when_it_is_interrupted_is_kept(written: Path) -> None:
    with on_a_terminal(written) as client:
        before = client.mode()
        opened(client)
        for keys, shown in ((b"n", "Procedure"), (b"\r", "Find"), (b"finanz\r", "Subject")):
            client.send(keys)
            client.wait_for(shown)
            client.settle(0.3)
        client.send(b"Last words")
        client.wait_for("Last words")
        client.process.send_signal(signal.SIGINT)
        assert ended(client) == 128 + signal.SIGINT
        assert (switched(client.output), client.mode()) == (set(), before)
    store = filled.open_store(written)
    [draft] = store.drafts()
    store.close()
    assert draft.answers["subject"] == "Last words"


def test_a_terminal_that_takes_nothing_any_more_is_given_back(written: Path) -> None:
    with on_a_terminal(written, "from imi_tui import ending\nending.PATIENCE = 0.5") as client:
        before = client.mode()
        opened(client)
        # Nobody reads what it writes, and it has more to write than waits anywhere.
        for number in range(200):
            client.resize(150 + number % 50, 50 + number % 7)
            time.sleep(0.02)
        client.process.send_signal(signal.SIGTERM)
        assert client.process.wait(10) == commands.FAILED, "it was not held up"
        assert client.mode() == before
        while client.read(0.05) is not None:
            pass
        assert switched(client.output) == set()


def test_a_terminal_that_is_not_utf_8_keeps_its_lines_and_its_letters(written: Path) -> None:
    with on_a_terminal(written, PYTHONIOENCODING="latin-1") as client:
        client._stream.use_utf8 = False
        opened(client)
        client.resize(120, 24)
        client.wait_for(lambda lines: any("|" in line[20:40] for line in lines), 20)
        client.settle(0.3)
        lines = client.lines()
        assert b"\\u" not in client.output, "what it lacks would be written in six cells"
        assert len({line.index("|") for line in lines[1:20]}) == 1
        client.send(b"/caf\xe9")
        client.wait_for("café", 20)
