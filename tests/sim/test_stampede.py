"""500 clients lose their server in the same second and find it again: they come back spread out, and all of them (F34).

Simulated time; the pace of each is the client's own, and each one's return is a real request to the real server.
"""

from __future__ import annotations

import asyncio
import heapq
import random
from collections import Counter
from collections.abc import Iterator

import pytest

from imi_central.store import Store as Central
from imi_core.jmap import CASE, CORE
from imi_tui.sync.engine import Report
from imi_tui.sync.errors import Offline, SyncError, Unavailable
from imi_tui.sync.transport import HttpTransport
from imi_tui.sync.worker import LAST_RETRY, Pace
from tests.central.world import LYON
from tests.effort import MANY
from tests.sim.net import Line, SimHttp, Tokens, serve

pytestmark = pytest.mark.skipif(not MANY, reason="make test-faults")

CLIENTS = 500
HOUR = 3600.0
AT_ONCE = 40
"""Requests in any second at most: one core of the server answers several times as many."""


class Farm:
    """The clients, the server and a clock that jumps from one try to the next. `room`: requests it takes a second."""

    def __init__(self, transport: HttpTransport, *, room: int, failure: SyncError, seed: int) -> None:
        self._transport, self._room, self._failure = transport, room, failure
        rng = random.Random(seed)
        self.paces = [Pace(300.0, rng.random) for _ in range(CLIENTS)]
        # Something they all heard of: each asks within the same second.
        self.tries = [(rng.random(), number) for number in range(CLIENTS)]
        heapq.heapify(self.tries)
        self.second: Counter[int] = Counter()
        self.through: dict[int, float] = {}

    def run(self, outage: float, until: float) -> None:
        """From the moment the server is gone; it is back after `outage` seconds."""
        while self.tries[0][0] < until:
            at, number = heapq.heappop(self.tries)
            self.second[int(at)] += 1
            try:
                if at < outage:
                    raise self._failure
                if self.second[int(at)] > self._room:
                    # As the server says it where its database has no time.
                    raise Unavailable("status 503", 5.0)
                wait = self.paces[number].after(self._report(number))
                self.through.setdefault(number, at - outage)
            except SyncError as error:
                wait = self.paces[number].after_failure(error)
            heapq.heappush(self.tries, (at + wait, number))

    def _report(self, number: int) -> Report:
        if number not in self.through:
            calls = [["Desk/sync", {"states": {LYON: "0."}, "brief": True}, "s"]]
            self._transport.call({"using": [CORE, CASE], "methodCalls": calls})
        return Report(requests=1)


@pytest.fixture
def transport(central: Central) -> Iterator[HttpTransport]:
    loop = asyncio.new_event_loop()
    tokens = Tokens("lyon")
    line = Line(loop, random.Random(0), lambda _: None)
    line.app = serve(central, tokens.valid)
    http = SimHttp(line)
    yield HttpTransport(http, tokens)
    http.close()
    loop.close()


@pytest.mark.parametrize(
    ("outage", "failure"),
    [(60.0, Unavailable()), (60.0, Unavailable("", 30.0)), (8 * HOUR, Unavailable()), (HOUR, Offline())],
    ids=["a minute", "a minute, and it asks for half of one", "eight hours", "an hour off the line"],
)
def test_who_lost_the_server_together_does_not_come_back_together(
    transport: HttpTransport, outage: float, failure: SyncError
) -> None:
    farm = Farm(transport, room=AT_ONCE, failure=failure, seed=4)
    farm.run(outage, outage + LAST_RETRY)
    assert len(farm.through) == CLIENTS, "everybody is through within a quarter of an hour"
    peak = max(count for second, count in farm.second.items() if second >= outage)
    assert peak <= AT_ONCE, f"{peak} requests in one second"
    # Waiting costs what stands in the place of the server next to nothing.
    waiting = [count for second, count in farm.second.items() if HOUR < second < outage]
    assert sum(waiting) <= CLIENTS * len(range(int(HOUR), int(outage))) / 400


def test_a_server_that_cannot_take_them_all_gets_through_them_all_the_same(transport: HttpTransport) -> None:
    """It answers five a second and sends the others away: with every round fewer are left."""
    farm = Farm(transport, room=5, failure=Unavailable(), seed=5)
    farm.run(60.0, 60.0 + LAST_RETRY)
    assert len(farm.through) == CLIENTS
