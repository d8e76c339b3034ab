"""Watches over a request: one that creeps, or that the machine slept through, is cut instead of held for ever."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
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


@dataclass(eq=False)
class _Request:
    """One request: its connection, whether that is a new one, and what became of it."""

    socket: socket.socket | None
    fresh: bool = False
    answered: bool = False
    cut_asleep: bool = False
    cut_late: bool = False


class Watch:
    """Belongs to one `Http`, and cuts its connection from a thread of its own while a request runs.

    After a failure `cut_late` says that the answer crept, `stale` that nothing was answered and the connection was an
    old one or the machine slept. A request that begins while the answer to another is read has a connection of its own,
    which ends with it: the one that is kept is always known.
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
        """From another thread: cut what runs, and let nothing of it be tried once more."""
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
        """Whether the request that just failed is worth one more try on a new connection."""
        return not self._ended and not self._last.answered and (not self._last.fresh or self._last.cut_asleep)

    @property
    def cut_late(self) -> bool:
        """Whether the answer to the request that just failed crept."""
        return self._last.cut_late

    def answered(self) -> None:
        """The head of the answer is here."""
        self._at_hand.answered = True

    def slept_since(self) -> bool:
        """Whether the machine slept since this was asked last: connections of before are good for nothing."""
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
            write_together(stream)

    @contextmanager
    def over(self, size: int, received: Callable[[], int]) -> Iterator[None]:
        """Watch over one request with a body of `size` bytes; `received` counts what came."""
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
