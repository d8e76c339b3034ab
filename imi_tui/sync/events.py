"""Listens for change events of the server and wakes the synchronisation. Fetches nothing itself.

Losing a server that sent events also wakes it, so that the officer is told. Otherwise events are optional: if they do
not get through (refused, intercepted, buffered by a proxy), the synchronisation polls and nobody is told.
"""

from __future__ import annotations

import contextlib
import logging
import secrets
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

from imi_tui.sync import wire
from imi_tui.sync.errors import Offline, ReplyTooLarge, ServerMistake, StreamRefused, SyncError, Unavailable
from imi_tui.sync.heads import TokenRefused

if TYPE_CHECKING:
    from collections.abc import Mapping

log = logging.getLogger("imi_tui.sync")

PING = 120
"""Seconds between pings requested from the server: as few as suffice to detect a dead line in time."""
SILENCE = 2.0 * PING
AGAIN = 3600.0
"""Seconds until a line that does not carry events is tried again."""
FIRST_RETRY, LAST_RETRY = 5.0, 900.0
BREATH = 2.0
"""Seconds until the retry after a working connection was lost. If it succeeds, nobody is told."""
CUTS = 3
"""Consecutive connections lost soon after they began, after which the line counts as not carrying events."""
SETTLE = 2.0
"""Most seconds to wait before waking: the colleagues at a desk do not ask all at once, and what comes together counts
once."""
MAX_EVENT = 256 * 1024
"""Bytes of one event."""
ADDRESS = f"/jmap/eventsource?types=Case&closeafter=no&ping={PING}"


class Line(Protocol):
    """A connection of its own to the server (`imi_tui.sync.http.Http`)."""

    def events(self, path: str, token: str, silence: float, most: int) -> Iterator[bytes]:
        """The lines of an event stream. Raises `SyncError`, `TokenRefused`."""

    def interrupt(self) -> None:
        """From another thread: let `events` end now."""

    def close(self) -> None:
        """Give the connection back."""


class Event(NamedTuple):
    """One event; `data` is cleaned."""

    name: str
    data: Any


class Offer(NamedTuple):
    """What the synchronisation provides: a valid token, and the state of each desk in the cache."""

    token: str
    held: Mapping[str, str]


def events(lines: Iterable[bytes]) -> Generator[Event, None, None]:
    """The events in the lines of a stream. Raises `ServerMistake`."""
    name, data, size = "", [], 0
    for line in lines:
        size += len(line)
        if size > MAX_EVENT:
            raise ReplyTooLarge(f"an event of more than {MAX_EVENT} bytes")
        field, _, value = line.removesuffix(b"\r").partition(b":")
        value = value.removeprefix(b" ")
        if field == b"event":
            name = value.decode("ascii", "replace")
        elif field == b"data":
            data.append(value)
        elif not field and not value:
            if data:
                yield Event(name, wire.parse(b"\n".join(data)))
            name, data, size = "", [], 0


def states(data: Any) -> dict[str, str]:
    """The states of a StateChange by desk. Raises `ServerMistake`."""
    changed = data.get("changed") if isinstance(data, dict) and data.get("@type") == "StateChange" else None
    if not isinstance(changed, dict) or not all(isinstance(each, dict) for each in changed.values()):
        raise ServerMistake("a state event that is none")
    return {desk: str(types["Case"]) for desk, types in changed.items() if "Case" in types}


class Listener:
    """Listens in its own thread over its own connection."""

    def __init__(
        self,
        line: Line,
        wake: Callable[[], None],
        *,
        silence: float = SILENCE,
        jitter: Callable[[], float] | None = None,
        pause: Callable[[float], object] | None = None,
    ) -> None:
        """`wake` is called from the thread. `silence`: seconds without a byte after which a line counts as dead.

        `pause` waits for some seconds, or until the listener is stopped."""
        self._line, self._wake, self._silence = line, wake, silence
        self._jitter = jitter or secrets.SystemRandom().random
        self.working = False
        """Whether the server can be heard now."""
        self._offer: Offer | None = None
        self._offered = threading.Event()
        self._refused = ""
        self._failures = 0
        self._lost: Literal["", "cut", "told"] = ""
        """State of a lost connection: "cut", or "told" once the failed retry was reported."""
        self._stopping = threading.Event()
        self._pause = pause or self._stopping.wait
        self._thread = threading.Thread(target=self._main, name="imi-events", daemon=True)

    def start(self) -> None:
        """Start the thread. It waits for the first `offer`."""
        self._thread.start()

    def stop(self, timeout: float = 2.0) -> None:
        """Stop the thread."""
        self._stopping.set()
        self._offered.set()
        self._line.interrupt()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def offer(self, token: str, held: Mapping[str, str]) -> None:
        """Provide a valid token and the states in the cache after each synchronisation. Any thread."""
        self._offer = Offer(token, held)
        self._offered.set()

    def hold(self) -> None:
        """Stop listening until the next `offer`. Any thread."""
        self._offer = None
        self._line.interrupt()

    def step(self) -> float | None:
        """Run one connection. Returns the seconds until the next; None: wait for another token."""
        self._offered.clear()
        offer = self._offer
        if offer is None or offer.token == self._refused:
            return None
        asked = 0.0
        try:
            self._listen(offer.token)
        except TokenRefused:
            # Whoever synchronises renews it.
            self._refused, self._lost = offer.token, ""
            self._wake()
            return None
        except (Offline, Unavailable) as error:
            log.info("events: %s (%s)", error.code, error.detail)
            asked = error.retry_after or 0.0
        except SyncError as error:
            log.info("events: not on this line: %s (%s)", error.code, error.detail)
            return self._give_up()
        finally:
            heard, self.working = self.working, False
            self._miss(heard)
        self._failures += 1
        if heard and self._failures >= CUTS:
            log.info("events: not on this line: cut soon each time")
            return self._give_up()
        first = BREATH if heard and self._failures == 1 else FIRST_RETRY
        wait: float = min(first * 2 ** min(self._failures - 1, 10), LAST_RETRY)
        return max(wait * (0.5 + self._jitter()), asked * (1 + self._jitter() / 4))

    def _miss(self, heard: bool) -> None:
        """After a connection ended: wake the synchronisation if the retry failed, so that it reports the reason."""
        if heard:
            self._lost = "cut"
        elif self._lost == "cut":
            self._lost = "told"
            self._wake()

    def _give_up(self) -> float:
        self._failures = 0
        return AGAIN * (1 + self._jitter() / 4)

    def _main(self) -> None:
        try:
            while not self._stopping.is_set():
                pause = self.step()
                if pause is not None:
                    self._pause(pause)
                elif not self._stopping.is_set():
                    # Looked at behind the step, which forgets an offer and with it what `stop` said.
                    self._offered.wait()
        except Exception as error:  # noqa: BLE001 - the top of a thread that nobody needs
            log.error("events: internal mistake %s", type(error).__name__)
        finally:
            self._line.close()

    def _listen(self, token: str) -> None:
        seen: set[str] = set()
        heard = events(self._line.events(ADDRESS, token, self._silence, MAX_EVENT))
        with contextlib.closing(heard):
            for event in heard:
                if self._stopping.is_set() or self._offer is None:
                    return
                if event.name == "ping":
                    _check_interval(event.data)
                elif event.name == "state":
                    # The first one names every desk.
                    self._consider(states(event.data), whole="state" not in seen)
                else:
                    continue
                self.working = True
                if self._lost == "told":
                    self._wake()
                self._lost = ""
                if event.name in seen:
                    # More than the beginning came through.
                    self._failures = 0
                seen.add(event.name)

    def _consider(self, named: Mapping[str, str], *, whole: bool) -> None:
        if self._differs(named, whole=whole):
            self._pause(SETTLE * self._jitter())
            if self._differs(named, whole=whole):
                self._wake()

    def _differs(self, named: Mapping[str, str], *, whole: bool) -> bool:
        held = self._offer.held if self._offer is not None else {}
        return any(held.get(desk) != state for desk, state in named.items()) or (whole and set(held) != set(named))


def _check_interval(data: Any) -> None:
    """Raise `StreamRefused` where signs of life come too seldom to tell silence from a dead line."""
    interval = data.get("interval") if isinstance(data, dict) else None
    if not isinstance(interval, int) or not 0 < interval <= PING:
        raise StreamRefused("another interval than asked for")
