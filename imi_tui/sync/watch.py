"""Watches over a request: one that creeps, or that the machine slept through, is cut instead of held for ever."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from imi_tui.sync.connection import write_together

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import httpx

PATIENCE = 120.0
"""Seconds a request may take, beside what its bytes take at `SLOWEST`."""
SLOWEST = 500.0
"""Bytes a second below which a line counts as broken: a sixteenth of 64 kbit/s."""
ASLEEP = 5.0
"""Seconds by which the clock that counts sleep has to be ahead to say that the machine slept."""
LOOK = 1.0


def awake_and_asleep() -> float:
    """Seconds that also pass while the machine is suspended."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.time() if clock is None else time.clock_gettime(clock)


class Times(NamedTuple):
    """The clocks: `monotonic` stands still while the machine sleeps, `always` does not."""

    monotonic: Callable[[], float] = time.monotonic
    always: Callable[[], float] = awake_and_asleep
    patience: float = PATIENCE
    look: float = LOOK


class Watch:
    """Belongs to one `Http`, and cuts its connection from a thread of its own while a request runs.

    After a failure `cut_late` says that the answer crept, `stale` that nothing was answered and the connection was an
    old one or the machine slept.
    """

    def __init__(self, times: Times | None = None) -> None:
        self._times = times or Times()
        self._slept = self._offset()
        self.socket: socket.socket | None = None
        self._fresh = self._answered = self._cut_asleep = self.cut_late = False
        self.requests = self.handshakes = 0

    @property
    def stale(self) -> bool:
        """Whether the request that just failed is worth one more try on a new connection."""
        return not self._answered and (not self._fresh or self._cut_asleep)

    def answered(self) -> None:
        """The head of the answer is here."""
        self._answered = True

    def slept_since(self) -> bool:
        """Whether the machine slept since this was asked last: connections of before are good for nothing."""
        now = self._offset()
        slept = now - self._slept > ASLEEP
        self._slept = now
        return slept

    def follow(self, request: httpx.Request) -> None:
        """Hear which connection a request gets (a hook of httpx)."""
        request.extensions = {**request.extensions, "trace": self._heard}

    def _heard(self, event: str, info: Mapping[str, Any]) -> None:
        if event.endswith("connect_tcp.started"):
            self._fresh = True
        elif event.endswith(("connect_tcp.complete", "start_tls.complete")):
            self.handshakes += event.endswith("start_tls.complete")
            stream = info["return_value"]
            self.socket = stream.get_extra_info("socket")
            write_together(stream)

    @contextmanager
    def over(self, size: int, received: Callable[[], int]) -> Iterator[None]:
        """Watch over one request with a body of `size` bytes; `received` counts what came."""
        self._fresh = self._answered = self._cut_asleep = self.cut_late = False
        self.requests += 1
        done = threading.Event()
        thread = threading.Thread(target=self._look, args=(done, size - received(), received), daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()

    def _look(self, done: threading.Event, base: int, received: Callable[[], int]) -> None:
        begun, offset = self._times.monotonic(), self._offset()
        while not done.wait(self._times.look):
            self._cut_asleep = self._offset() - offset > ASLEEP
            allowed = self._times.patience + (base + received()) / SLOWEST
            late = self._cut_asleep or self._times.monotonic() - begun > allowed
            self.cut_late = late and not self._cut_asleep and self.socket is not None
            # While there is no connection yet, the time to make one is limited elsewhere.
            if late and self._cut():
                return

    def _offset(self) -> float:
        return self._times.always() - self._times.monotonic()

    def _cut(self) -> bool:
        if self.socket is None:
            return False
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
            return True
        return False
