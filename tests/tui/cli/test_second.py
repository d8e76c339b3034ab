"""A second full screen on the same data says so in one sentence and ends with its code (R10)."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from imi_tui import commands

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal")
PROGRAM = "import sys; from imi_tui import cli; sys.exit(cli.main(['--vault', 'file']))"


def started(home: Path) -> tuple[subprocess.Popen[bytes], int]:
    """The full screen in a process of its own, and its terminal."""
    master, slave = pty.openpty()
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "IMI_"))}
    environ |= {"IMI_TUI_HOME": str(home), "LANG": "C.UTF-8", "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"}
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdin=slave, stdout=slave, stderr=slave, env=environ, start_new_session=True
    )
    os.close(slave)
    return process, master


def read(master: int, until: bytes, seconds: float = 30) -> bytes:
    """What the terminal was sent until `until` came or the other side closed it."""
    found = b""
    end = time.monotonic() + seconds
    while until not in found and time.monotonic() < end:
        if not select.select([master], [], [], 0.2)[0]:
            continue
        try:
            data = os.read(master, 65536)
        except OSError:
            break
        found += data
        if not data:
            break
    return found


def test_a_second_full_screen_says_why_not_and_ends(home: Path) -> None:
    first, screen = started(home)
    try:
        assert b"IMI" in read(screen, b"IMI"), "the first one has painted"
        second, other = started(home)
        told = read(other, b"never printed").decode()
        assert second.wait(30) == commands.RUNNING
        os.close(other)
        assert told.splitlines()[0] == "The program already runs with this data; go on there, or close it first."
        assert "\x1b" not in told, "no screen was begun"
        assert "Traceback" not in told
        assert first.poll() is None, "the first one goes on"
    finally:
        first.kill()
        first.wait()
        os.close(screen)
    # What a killed one held is free at once.
    third, screen = started(home)
    try:
        assert b"IMI" in read(screen, b"IMI")
    finally:
        third.kill()
        third.wait()
        os.close(screen)
