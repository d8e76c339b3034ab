"""/jmap/eventsource: which desks have changed, told as server-sent events (RFC 8620, section 7.3).

Events name states and nothing else: a client that hears of one it does not have asks as usual, with rights read anew.
All listeners of a process share one look at the database each second; where nobody listens there is none.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import time
from collections.abc import Awaitable, Callable, Collection
from typing import TYPE_CHECKING, NamedTuple

import anyio
import msgspec

from imi_central.api.errors import Problem, not_request, over_limit
from imi_central.api.flowing import Flowing
from imi_central.api.gate import Gate
from imi_central.store import OfficerDisabled, TooSlow, Unavailable, UnknownOfficer
from imi_core.jmap import DIRECTORY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from starlette.types import Send

log = logging.getLogger("imi_central")

LOOK_SECONDS = 1.0
"""Between two looks at the database."""
LEAST_PING, MOST_PING = 60, 300
"""Seconds between pings that a client may ask for; rights are read at least as often."""
MOST_EACH, MOST_IN_ALL = 4, 1000
"""Listeners of one officer and of the process."""
TYPES = ("Case", "Entry")

States = dict[str, str]
Look = Callable[[Collection[str]], Awaitable[States]]
"""The state tokens of these accounts now."""


class Asked(NamedTuple):
    """What a client wants to hear. `ping`: seconds, 0 for none; `seen`: id of the last event it has had."""

    types: tuple[str, ...]
    close_after_state: bool
    ping: int
    seen: str


def asked(query: Mapping[str, str], seen: str) -> Asked:
    """The parameters of the address. Raises `Problem`."""
    types, close, ping = (query.get(name, "") for name in ("types", "closeafter", "ping"))
    if not types or close not in ("state", "no") or not (ping.isascii() and ping.isdigit() and len(ping) < 10):
        raise not_request("types, closeafter (state or no) and ping (seconds) are needed")
    named = {each.strip() for each in types.split(",")}
    return Asked(
        tuple(each for each in TYPES if "*" in named or each in named),
        close == "state",
        min(max(int(ping), LEAST_PING), MOST_PING) if int(ping) else 0,
        seen,
    )


class Listener:
    """One connection: the accounts it hears of, as it has last been told, and its wake-up."""

    def __init__(self) -> None:
        self.states: States = {}
        self.wake = asyncio.Event()
        self.over = False

    def end(self) -> None:
        """Let it end."""
        self.over = True
        self.wake.set()


class Events:
    """All listeners of the process; used on the event loop only."""

    def __init__(self, look: Look, *, most_each: int = MOST_EACH, most: int = MOST_IN_ALL) -> None:
        self._look, self._most = look, most
        self._gate = Gate("maxConcurrentEventSources", most_each)
        self._listeners: set[Listener] = set()
        self._known: States = {}
        self._task: asyncio.Task[None] | None = None

    @contextlib.contextmanager
    def listener(self, officer_id: str) -> Iterator[Listener]:
        """A place to listen. Raises `Problem` 429 where the officer has all of theirs, 503 where there is none."""
        if len(self._listeners) >= self._most:
            limit = "maxEventSources"
            raise over_limit(limit, "too many clients listen; ask from time to time", 503, **{"Retry-After": "600"})
        with self._gate(officer_id):
            made = Listener()
            self._listeners.add(made)
            try:
                yield made
            finally:
                self._listeners.discard(made)
                if not self._listeners:
                    self._rest()

    def follow(self, listener: Listener, states: States) -> None:
        """Wake the listener as soon as one of its accounts is not in the state it has just read."""
        listener.states = states
        if any(self._known.setdefault(account, state) != state for account, state in states.items()):
            listener.wake.set()
        if self._task is None:
            self._task = asyncio.create_task(self._watch())
            self._task.add_done_callback(self._stopped)

    def close(self) -> None:
        """End all listeners: the server stops."""
        for each in self._listeners:
            each.end()

    def _rest(self) -> None:
        self._known = {}
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def _stopped(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (mistake := task.exception()) is not None:
            # Nobody would be told of anything any more.
            log.error("events: %s", type(mistake).__name__)
            self._task = None
            self.close()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            accounts = {account for each in self._listeners for account in each.states}
            try:
                now = await self._look(accounts)
            except Unavailable:
                continue
            changed = {account for account, state in now.items() if self._known.get(account) != state}
            self._known = now
            for each in self._listeners:
                if not changed.isdisjoint(each.states):
                    each.wake.set()


class EventStream(Flowing):
    """The connection of one listener; ends when the client goes away."""

    def __init__(
        self,
        events: Events,
        listener: Listener,
        wanted: Asked,
        read: Callable[[], Awaitable[States]],
    ) -> None:
        """`read` brings the officer's accounts with their states, or raises where the officer or the token is not
        valid any more."""
        super().__init__("text/event-stream")
        self._events, self._listener, self._wanted = events, listener, wanted
        self._read = read

    async def flow(self, send: Send) -> None:
        """Send the body."""
        every = self._wanted.ping or MOST_PING
        told: States | None = None
        last = time.monotonic()
        while not self._listener.over:
            self._listener.wake.clear()
            try:
                states = await self._read()
            except (TooSlow, Unavailable, UnknownOfficer, OfficerDisabled, Problem):
                # The next request of this client is told why.
                break
            if told is not None and set(states) != set(told):
                # Other desks than before: the client comes again and hears which.
                break
            self._events.follow(self._listener, states)
            state, now = self._state(states, told), time.monotonic()
            ping = self._ping() if told is None or (not state and now - last >= every) else b""
            if told is None or state or now - last >= every:
                last = now
            told = states
            if state or ping:
                await self.give(send, ping + state)
            if state and self._wanted.close_after_state:
                break
            with anyio.move_on_after(max(last + every - time.monotonic(), 0.0)):
                await self._listener.wake.wait()
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _state(self, states: States, told: States | None) -> bytes:
        """A state event with what has changed since `told`, with everything at first; empty where there is nothing."""
        changed = {
            account: dict.fromkeys(self._wanted.types, state)
            for account, state in states.items()
            if account != DIRECTORY and (told is None or told[account] != state)
        }
        desks = sorted((account, state) for account, state in states.items() if account != DIRECTORY)
        id_ = hashlib.sha256(msgspec.json.encode(desks)).hexdigest()[:16]
        if not changed or not self._wanted.types or (told is None and self._wanted.seen == id_):
            return b""
        data = msgspec.json.encode({"@type": "StateChange", "changed": changed})
        return b"event: state\nid: " + id_.encode() + b"\ndata: " + data + b"\n\n"

    def _ping(self) -> bytes:
        return b'event: ping\ndata: {"interval":%d}\n\n' % self._wanted.ping if self._wanted.ping else b""
