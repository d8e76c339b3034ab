"""However the full screen ends, and when it starts, no copy of a file stays that another program was given (T11)."""

from __future__ import annotations

import errno
import io
import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO, cast

import pytest
from textual.drivers._writer_thread import WriterThread

from imi_tui import commands
from imi_tui.outside.copies import copies
from imi_tui.profile import Profile
from imi_tui.terminal.driver import Lasting
from tests.limit import ends_within
from tests.tui.cli.terminal import read, started

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal")
QUIT = b"\x11"
LEFT = b"\x1b[?1049l"


def a_copy(home: Path) -> Path:
    """A copy as opening an attachment leaves it."""
    path = copies(Profile(home).runtime) / "0123" / "a.pdf"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"%PDF")
    return path


@pytest.mark.parametrize("way", ["key", "terminal closed", "hang-up", "terminated"])
def test_copies_go_with_the_client_however_it_ends(way: str, home: Path) -> None:
    client, screen = started(home)
    closed = False
    try:
        # It listens for signals before the framework paints, and for keys once that has asked for them.
        assert b"\x1b[?2004h" in read(screen, b"\x1b[?2004h")
        copy = a_copy(home)
        match way:
            case "key":
                os.write(screen, QUIT)
            case "terminal closed":
                os.close(screen)
                closed = True
            case "hang-up":
                client.send_signal(signal.SIGHUP)
            case "terminated":
                client.send_signal(signal.SIGTERM)
        if not closed:
            assert LEFT in read(screen, LEFT), "the terminal is given back as it was"
        code = {"key": 0, "terminated": 128 + signal.SIGTERM}.get(way, 128 + signal.SIGHUP)
        assert client.wait(20) == code
        assert not copy.exists()
        assert not (home / "incidents").exists()
    finally:
        client.kill()
        client.wait()
        if not closed:
            os.close(screen)


def test_copies_that_a_killed_client_left_go_with_the_next_start(home: Path) -> None:
    copy = a_copy(home)
    client, screen = started(home)
    try:
        assert b"IMI" in read(screen, b"IMI")
        assert not copy.exists()
    finally:
        client.kill()
        client.wait()
        os.close(screen)


def test_a_terminal_whose_end_nobody_tells_is_missed_all_the_same(home: Path) -> None:
    client, screen = started(home, told=False)
    try:
        assert b"\x1b[?2004h" in read(screen, b"\x1b[?2004h")
        os.close(screen)
        assert client.wait(20) == 128 + signal.SIGHUP
    finally:
        client.kill()
        client.wait()


def test_a_terminal_without_a_size_is_painted_once(home: Path) -> None:
    client, screen = started(home, COLUMNS="", LINES="")
    try:
        assert b"\x1b[?2004h" in read(screen, b"\x1b[?2004h")
        for _ in range(200):
            if not select.select([screen], [], [], 0.5)[0]:
                break
            os.read(screen, 65536)
        else:
            pytest.fail("it paints for ever")
    finally:
        client.kill()
        client.wait()
        os.close(screen)


class Closed(io.StringIO):
    """A terminal that is gone."""

    def write(self, _text: str) -> int:
        raise OSError(errno.EIO, "gone")


def test_who_writes_to_a_closed_terminal_does_not_wait_for_it() -> None:
    writer = WriterThread(cast("IO[str]", Lasting(Closed())))
    writer.daemon = True
    writer.start()
    with ends_within(10, "the queue is full and nobody takes from it"):
        for _ in range(100):
            writer.write("a frame")
        writer.stop()


HANGING = """
import os, select, signal, time
os.dup2(1, 9)
from imi_tui import ending
ending.PATIENCE = 0.2
with ending.heard(lambda: os.write(9, b"cleared\\n")) as end:
    end.leave = lambda code: None
    os.kill(os.getpid(), signal.SIGHUP)
    os.read(0, 100)
    os.write(9, b"ends again and again\\n" if select.select([0], [], [], 0)[0] else b"")
    time.sleep(60)
"""


def test_screens_that_hang_do_not_keep_the_process() -> None:
    done = subprocess.run(
        [sys.executable, "-c", HANGING], input="", capture_output=True, text=True, check=False, timeout=30
    )
    assert (done.returncode, done.stdout) == (commands.FAILED, "cleared\n")
