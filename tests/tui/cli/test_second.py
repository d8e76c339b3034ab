"""A second full screen on the same data says so in one sentence and ends with its code (R10)."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from imi_tui import commands
from tests.tui.cli.terminal import read, started

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal")


def test_a_second_full_screen_says_why_not_and_ends(home: Path) -> None:
    first, screen = started(home)
    try:
        assert b"IMI" in read(screen, b"IMI"), "the first one has painted"
        second, other = started(home)
        told = read(other, b"never printed").decode()
        assert second.wait(30) == commands.RUNNING
        os.close(other)
        assert told.splitlines() == ["The program already runs with this data; go on there, or close it first."]
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
