"""An emulated line between two network namespaces of our own: what crosses it is slow, lossy and counted."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Sequence

CLIENT, SERVER = "10.77.0.1", "10.77.0.2"
DEVICE = "sl0"
QUEUE_KB = 64
CONGESTION = "bbr"


class NoLine(Exception):
    """This machine cannot emulate a line; the message says what is missing."""


@dataclass(frozen=True)
class Kind:
    """A line: kbit/s each way (0: as fast as the machine), round trip in ms, per cent of packets lost each way."""

    name: str
    rate: float
    rtt: float
    loss: float

    @property
    def round_trip(self) -> float:
        """Seconds."""
        return self.rtt / 1000

    def transfer(self, size: int) -> float:
        """Seconds that `size` bytes take at the line's rate."""
        return size * 8 / (self.rate * 1000) if self.rate else 0.0


LOOPBACK = Kind("loopback", 0, 0, 0)
OFFICE = Kind("256 kbit/s, 300 ms, 1 %", 256, 300, 1)
ISLAND = Kind("64 kbit/s, 600 ms, 2 %", 64, 600, 2)


def missing() -> str:
    """What this machine lacks for emulating a line, or ""."""
    if shutil.which("ip") is None:
        return "the command ip (package iproute2)"
    if not Path("/dev/net/tun").exists():
        return "the device /dev/net/tun"
    if os.geteuid() != 0:
        return "the right to make network namespaces (root)"
    return ""


class Line:
    """Two namespaces and the queue between them, while it is entered. Raises `NoLine`."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self._names = f"imi-{os.getpid()}-c", f"imi-{os.getpid()}-s"
        self._queue: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        if lacks := missing():
            raise NoLine(f"missing: {lacks}")
        try:
            self._make()
        except (OSError, subprocess.CalledProcessError) as error:
            self._unmake()
            raise NoLine(f"the line cannot be made: {error}") from error
        return self

    def __exit__(self, *_: object) -> None:
        self._unmake()

    def at(self, side: str, argv: Sequence[str]) -> list[str]:
        """`argv` so that it runs at one side, "client" or "server"."""
        return ["ip", "netns", "exec", self._names[side == "server"], *argv]

    def counted(self) -> dict[str, Any]:
        """Counters since the last call: {"up": {bytes, packets, lost, dropped}, "down": {…}, "turns"}."""
        queue = self._queue
        assert queue is not None
        assert queue.stdin is not None
        assert queue.stdout is not None
        queue.stdin.write("\n")
        queue.stdin.flush()
        found: dict[str, Any] = json.loads(queue.stdout.readline())
        return found

    def _make(self) -> None:
        for name, own, peer in zip(self._names, (CLIENT, SERVER), (SERVER, CLIENT), strict=True):
            _run("ip", "netns", "add", name)
            inside = ("ip", "netns", "exec", name)
            _run(*inside, "ip", "link", "set", "lo", "up")
            _run(*inside, "ip", "tuntap", "add", "dev", DEVICE, "mode", "tun")
            _run(*inside, "ip", "addr", "add", own, "peer", peer, "dev", DEVICE)
            _run(*inside, "ip", "link", "set", DEVICE, "mtu", "1500", "up")
            # A connection must not profit from what an earlier one learnt of the line.
            _run(*inside, "sysctl", "-qw", "net.ipv4.tcp_no_metrics_save=1")
            subprocess.run(
                [*inside, "sysctl", "-qw", f"net.ipv4.tcp_congestion_control={CONGESTION}"],
                check=False,
                stderr=subprocess.DEVNULL,
            )
        kind = self.kind
        numbers = [str(each) for each in (kind.rate, kind.rtt, kind.loss, QUEUE_KB)]
        self._queue = subprocess.Popen(
            [sys.executable, "-m", "bench.sync.line_queue", *self._names, *numbers],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._queue.stdout is not None
        if self._queue.stdout.readline().strip() != "ready":
            raise OSError("the queue did not start")

    def _unmake(self) -> None:
        if self._queue is not None:
            assert self._queue.stdin is not None
            self._queue.stdin.close()
            try:
                self._queue.wait(5)
            except subprocess.TimeoutExpired:
                self._queue.kill()
            self._queue = None
        for name in self._names:
            subprocess.run(["ip", "netns", "del", name], check=False, stderr=subprocess.DEVNULL)


def _run(*argv: str) -> None:
    subprocess.run(argv, check=True, stderr=subprocess.PIPE)
