"""Aborts requests that are too slow or during which the machine was suspended."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from imi_tui.sync.connection import buffer_writes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import httpx

PATIENCE = 120.0
"""Seconds that a request may take in addition to the time for its bytes at `SLOWEST`."""
SLOWEST = 500.0
"""Bytes per second below which a line counts as broken: a sixteenth of 64 kbit/s."""
ASLEEP = 5.0
"""Seconds of suspension that count as sleep."""
LOOK = 1.0


def awake_and_asleep() -> float:
    """A clock in seconds that also advances while the machine is suspended."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.time() if clock is None else time.clock_gettime(clock)


class Times(NamedTuple):
    """The clocks: `monotonic` stands still while the machine sleeps, `always` does not."""

    monotonic: Callable[[], float] = time.monotonic
    always: Callable[[], float] = awake_and_asleep
    patience: float = PATIENCE
    look: float = LOOK


@dataclass(eq=False)
class _Request:
    """One request: its connection, whether that is a new one, and what became of it."""

    socket: socket.socket | None
    fresh: bool = False
    answered: bool = False
    cut_asleep: bool = False
    cut_late: bool = False


class Watch:
    """Supervises the requests of one `Http` and shuts down a connection from a thread of its own.

    After a failure, `cut_late` tells that the answer was too slow, `stale` that there was no answer on a reused
    connection or because of suspension. A request that starts while another answer is read uses another connection,
    which is closed afterwards, so that the kept connection is always known.
    """

    def __init__(self, times: Times | None = None) -> None:
        self._times = times or Times()
        self._slept = self._offset()
        self._kept: socket.socket | None = None
        self._running: list[_Request] = []
        self._last = _Request(None)
        self.requests = self.handshakes = 0
        self._ended = False

    def end(self) -> None:
        """From another thread: abort running requests and prevent retries."""
        self._ended = True
        for each in list(self._running):
            _cut(each.socket)

    @property
    def socket(self) -> socket.socket | None:
        """The connection of the request at hand."""
        return self._at_hand.socket

    @property
    def _at_hand(self) -> _Request:
        return self._running[-1] if self._running else self._last

    @property
    def stale(self) -> bool:
        """Whether the failed request is worth a retry on a new connection."""
        return not self._ended and not self._last.answered and (not self._last.fresh or self._last.cut_asleep)

    @property
    def cut_late(self) -> bool:
        """Whether the failed request was aborted for being too slow."""
        return self._last.cut_late

    def answered(self) -> None:
        """Note that response headers arrived."""
        self._at_hand.answered = True

    def slept_since(self) -> bool:
        """Whether the machine was suspended since the last call, so that old connections are dead."""
        now = self._offset()
        slept = now - self._slept > ASLEEP
        self._slept = now
        return slept

    def follow(self, request: httpx.Request) -> None:
        """Hear which connection a request gets (a hook of httpx)."""
        mine = self._at_hand
        if len(self._running) > 1:
            request.headers["Connection"] = "close"
        request.extensions = {**request.extensions, "trace": lambda event, info: self._heard(mine, event, info)}

    def _heard(self, mine: _Request, event: str, info: Mapping[str, Any]) -> None:
        if event.endswith("connect_tcp.started"):
            mine.fresh = True
        elif event.endswith(("connect_tcp.complete", "start_tls.complete")):
            self.handshakes += event.endswith("start_tls.complete")
            stream = info["return_value"]
            mine.socket = stream.get_extra_info("socket")
            buffer_writes(stream)

    @contextmanager
    def over(self, size: int, received: Callable[[], int]) -> Iterator[None]:
        """Supervise one request with a body of `size` bytes. `received`: returns the bytes received so far."""
        alone = not self._running
        mine = _Request(self._kept if alone else None)
        self._running.append(mine)
        self.requests += 1
        done = threading.Event()
        thread = threading.Thread(target=self._look, args=(mine, done, size - received(), received), daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            self._running.remove(mine)
            self._last = mine
            if alone:
                self._kept = mine.socket

    def _look(self, mine: _Request, done: threading.Event, base: int, received: Callable[[], int]) -> None:
        begun, offset = self._times.monotonic(), self._offset()
        while not done.wait(self._times.look):
            mine.cut_asleep = self._offset() - offset > ASLEEP
            allowed = self._times.patience + (base + received()) / SLOWEST
            late = mine.cut_asleep or self._times.monotonic() - begun > allowed
            mine.cut_late = late and not mine.cut_asleep and mine.socket is not None
            # While there is no connection yet, the time to make one is limited elsewhere.
            if late and _cut(mine.socket):
                return

    def _offset(self) -> float:
        return self._times.always() - self._times.monotonic()


def _cut(line: socket.socket | None) -> bool:
    if line is None:
        return False
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
        return True
    return False
