"""A program on a real pseudo-terminal: start it, type, watch what it writes and when. Used by tests and benchmarks."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

import pyte

from bench.memory import peak_kib

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

KEYS = {
    "enter": b"\r",
    "escape": b"\x1b",
    "tab": b"\t",
    "shift+tab": b"\x1b[Z",
    "space": b" ",
    "backspace": b"\x7f",
    "up": b"\x1b[A",
    "down": b"\x1b[B",
    "right": b"\x1b[C",
    "left": b"\x1b[D",
    "home": b"\x1b[H",
    "end": b"\x1b[F",
    "pageup": b"\x1b[5~",
    "pagedown": b"\x1b[6~",
    "nextgroup": b"\x1b[6;5~",
    "delete": b"\x1b[3~",
    "f1": b"\x1bOP",
    "f2": b"\x1bOQ",
    "f3": b"\x1bOR",
    "f4": b"\x1bOS",
    "f5": b"\x1b[15~",
    "f6": b"\x1b[17~",
    "f7": b"\x1b[18~",
    "f8": b"\x1b[19~",
    "f9": b"\x1b[20~",
    "f10": b"\x1b[21~",
    **{f"ctrl+{letter}": bytes([ord(letter) - 96]) for letter in "abdefghklnopqrstuvwxyz"},
}

ASKS, KNOWS, WHOLE = b"\x1b[?2026$p", b"\x1b[?2026;2$y", b"\x1b[?2026l"
"""How a program asks whether a terminal knows whole pictures, the answer of one that does, and the end of a picture."""


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class NotSeen(AssertionError):
    """What was waited for did not come; the message shows the screen."""


@dataclass
class Terminal:
    """One program on a pty of `columns` x `rows`. Use as a context manager; the program is ended on exit.

    `output` is everything the program wrote. Times are `time.perf_counter` seconds. A `synchronised` terminal says
    that it shows what is written between two marks as one picture: see `pictures`.
    """

    argv: Sequence[str]
    columns: int = 80
    rows: int = 24
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    synchronised: bool = False

    def __enter__(self) -> Self:
        self.output = bytearray()
        self._screen = pyte.Screen(self.columns, self.rows)
        self._stream = pyte.ByteStream(self._screen)
        self._fed = 0
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", self.rows, self.columns, 0, 0))
        # The size is the terminal's: readline sets LINES and COLUMNS in the process that runs the tests.
        base = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PYTHON", "TEXTUAL", "LC_")) and name not in ("LINES", "COLUMNS")
        }
        env = {
            **base,
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "LANG": "C.UTF-8",
            "LANGUAGE": "",
            **self.env,
        }
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            list(self.argv),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=env,
            cwd=self.cwd,
            start_new_session=True,
            preexec_fn=_take_terminal,  # noqa: PLW1509
        )
        os.close(slave)
        self._master = master
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        os.close(self._master)

    def stop(self, with_signal: int = signal.SIGTERM, timeout: float = 5) -> int:
        """End the program and return its exit status; SIGKILL where it does not react."""
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, with_signal)
            deadline = time.perf_counter() + timeout
            while self.process.poll() is None and time.perf_counter() < deadline:
                self.read(0.05)
            if self.process.poll() is None:
                os.killpg(self.process.pid, signal.SIGKILL)
        return self.process.wait()

    def read(self, timeout: float) -> float | None:
        """Read one chunk; the time at which it arrived, None when nothing came within `timeout` or at the end."""
        ready, _, _ = select.select([self._master], [], [], max(timeout, 0))
        if not ready:
            return None
        try:
            data = os.read(self._master, 1 << 16)
        except OSError:
            return None
        arrived = time.perf_counter()
        asked = bytes(self.output[-len(ASKS) :]) + data
        self.output += data
        if self.synchronised and ASKS in asked and ASKS not in asked[: len(ASKS)]:
            os.write(self._master, KNOWS)
        return arrived if data else None

    def wait_for(self, what: str | Callable[[list[str]], bool], timeout: float = 10) -> float:
        """Read until the screen shows `what` (a text, or a predicate on its lines); the time it was complete.

        Raises `NotSeen` with the screen's text.
        """
        deadline = time.perf_counter() + timeout
        arrived = time.perf_counter()
        while True:
            lines = self.lines()
            if any(what in line for line in lines) if isinstance(what, str) else what(lines):
                return arrived
            got = self.read(min(0.2, deadline - time.perf_counter()))
            if got is not None:
                arrived = got
            elif time.perf_counter() >= deadline or (self.process.poll() is not None and not self.read(0)):
                shown = "\n".join(self.lines())
                status = self.process.poll()
                raise NotSeen(f"not seen within {timeout} s (exit status {status}): {what}\n{shown}")

    def wait_gone(self, text: str, timeout: float = 10) -> float:
        """Read until the screen no longer shows `text`."""
        return self.wait_for(lambda lines: not any(text in line for line in lines), timeout)

    def settle(self, quiet: float = 0.15, timeout: float = 5) -> float:
        """Read until nothing came for `quiet` seconds; the time of the last chunk."""
        last = time.perf_counter()
        deadline = last + timeout
        while time.perf_counter() < deadline:
            arrived = self.read(quiet)
            if arrived is None:
                break
            last = arrived
        return last

    def send(self, data: bytes) -> float:
        """Type raw bytes; the time just before."""
        before = time.perf_counter()
        os.write(self._master, data)
        return before

    def press(self, *keys: str) -> None:
        """Press named keys (see `KEYS`) or single characters, letting the program answer each."""
        for key in keys:
            self.send(KEYS.get(key) or key.encode())
            self.settle(0.08, 2)

    def type(self, text: str) -> None:
        """Type a text at once."""
        self.send(text.encode())
        self.settle(0.1, 3)

    def lines(self, upto: int | None = None) -> list[str]:
        """The screen as text, as it is now or was after the first `upto` bytes of output."""
        return list(self.screen(upto).display)

    def screen(self, upto: int | None = None) -> pyte.Screen:
        """The screen with its looks, as it is now or was after the first `upto` bytes of output."""
        end = len(self.output) if upto is None else upto
        if self._fed < end:
            self._stream.feed(bytes(self.output[self._fed : end]))
            self._fed = end
        return self._screen

    def pictures(self) -> Iterator[list[str]]:
        """The screen as text after each picture the program wrote, in-between ones too, if it is `synchronised`."""
        screen = pyte.Screen(self.columns, self.rows)
        stream = pyte.ByteStream(screen)
        for part in bytes(self.output).split(WHOLE)[:-1]:
            stream.feed(part)
            yield list(screen.display)

    def text(self) -> str:
        """The screen as one text."""
        return "\n".join(line.rstrip() for line in self.lines())

    def mode(self) -> list[object]:
        """The mode of the terminal, as `termios` has it."""
        return termios.tcgetattr(self._master)

    def resize(self, columns: int, rows: int) -> None:
        """Make the terminal larger or smaller; the system tells the program."""
        self.screen().resize(rows, columns)
        self.columns, self.rows = columns, rows
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def close(self) -> None:
        """Close the terminal under the program."""
        os.close(self._master)
        self._master = os.open(os.devnull, os.O_RDONLY)

    def peak_memory(self) -> int:
        """The program's peak resident memory so far, in KiB (Linux)."""
        return peak_kib(self.process.pid)
