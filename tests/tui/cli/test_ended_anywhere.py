"""Wherever an officer is when the program is ended, stopped or resized: the terminal is as it was before."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path

import pytest

from tests.effort import tries
from tests.tui.cli.terminal import switched
from tests.tui.cli.test_on_a_terminal import READY, ended, on_a_terminal, opened, stopped, written

__all__ = ["written"]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a pseudo-terminal, and how a process is")
STEPS = {
    "picture": (),
    "list": (),
    "case": (b"\r",),
    "form": (b"n", b"\r"),
    "search": (b"/", b"ab"),
    "palette": (b":",),
    "help": (b"\x1bOP",),
    "menu": (b"\x1b[20~",),
    "lock": (b"q",),
    "export": (b"-", b"\r"),
    "folder": (b"-", b"\r", b"\x1b[A\x1b[A\x1b[A", b"\r"),
    "authorities": (b"A",),
}
WAYS = ("SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "stopped", "closed", "sizes")
SIZES = ((20, 5), (1, 1), (300, 100), (80, 24))


EVERYWHERE = [(step, way) for at, step in enumerate(STEPS) for by, way in enumerate(WAYS) if (at + by) % 2 == 0]
"""Each way at every other step, each step with three or four ways: all of them together take minutes."""


@pytest.mark.parametrize(("step", "way"), tries([("export", "SIGTERM")], EVERYWHERE))
def test_the_terminal_is_as_it_was_before(step: str, way: str, written: Path) -> None:
    with on_a_terminal(written) as client:
        before = client.mode()
        if step == "picture":
            client.wait_for(READY, 30)
        else:
            opened(client)
        for keys in STEPS[step]:
            client.send(keys)
            client.settle(0.4)
        client.settle(0.6)
        asked = signal.SIGTERM
        match way:
            case "stopped":
                shown = client.text().split()
                stopped(client, signal.SIGTSTP)
                assert (switched(client.output), client.mode()) == (set(), before)
                client.screen().reset()
                client.process.send_signal(signal.SIGCONT)
                client.settle(1, 10)
                assert step == "picture" or client.text().split() == shown
            case "closed":
                client.close()
                end = time.monotonic() + 4
                while client.process.poll() is None and time.monotonic() < end:
                    time.sleep(0.02)
                assert client.process.poll() == 128 + signal.SIGHUP
            case "sizes":
                for size in SIZES:
                    client.resize(*size)
                    client.settle(0.2)
            case name:
                asked = signal.Signals[name]
        if way != "closed":
            client.process.send_signal(asked)
            code = ended(client)
            assert code == 128 + asked
            assert (switched(client.output), client.mode()) == (set(), before)
    assert not (written / "incidents").exists()
