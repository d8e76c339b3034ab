"""However the full screen ends, and when it starts, no copy of a file stays that another program was given (T11)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from imi_tui import commands
from imi_tui.outside.copies import copies
from imi_tui.profile import Profile
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


HANGING = """
import os, signal, time
os.dup2(1, 9)
from imi_tui import ending
ending.PATIENCE = 0.2
with ending.heard(lambda: os.write(9, b"cleared\\n")) as end:
    end.leave = lambda code: None
    os.kill(os.getpid(), signal.SIGHUP)
    time.sleep(60)
"""


def test_screens_that_hang_do_not_keep_the_process() -> None:
    done = subprocess.run([sys.executable, "-c", HANGING], capture_output=True, text=True, check=False, timeout=30)
    assert (done.returncode, done.stdout) == (commands.FAILED, "cleared\n")
