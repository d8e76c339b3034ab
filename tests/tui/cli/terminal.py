"""The command on a pseudo-terminal: the real process, without arguments the full screen."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
import time
from pathlib import Path

TOLD = """
import fcntl, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
"""
PROGRAM = """
import sys
from imi_tui import cli
sys.exit(cli.main([*sys.argv[1:], "--vault", "file"]))
"""


def started(home: Path, *arguments: str, told: bool = True, **environment: str) -> tuple[subprocess.Popen[bytes], int]:
    """The command in a process of its own, and its terminal; `told`: the system tells it the end of that."""
    import pty

    master, slave = pty.openpty()
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "IMI_"))}
    environ |= {"IMI_TUI_HOME": str(home), "LANG": "C.UTF-8", "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"}
    environ |= environment
    command = [sys.executable, "-c", TOLD * told + PROGRAM, *arguments]
    process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=environ, start_new_session=True)
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


_SWITCH = re.compile(rb"\x1b\[\?([\d;]+)([hl])|\x1b\[([<>])\d*u")
_AT_FIRST = {"25": True, "7": True}
"""The cursor shows and lines are wrapped; nothing else is switched on."""


def switched(output: bytes | bytearray) -> set[str]:
    """The modes of a terminal that are not as before any of this was written to it; "u": what its keys send."""
    now: dict[str, bool] = {}
    deep = 0
    for modes, on, keys in _SWITCH.findall(bytes(output)):
        if keys:
            deep += 1 if keys == b">" else -1
        else:
            now |= dict.fromkeys(modes.decode().split(";"), on == b"h")
    return {mode for mode, on in now.items() if on != _AT_FIRST.get(mode, False)} | ({"u"} if deep else set())


def state_of(process: subprocess.Popen[bytes]) -> str:
    """How a process is, as Linux says it: "T" where it is stopped."""
    return Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0]
