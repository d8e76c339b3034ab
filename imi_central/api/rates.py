"""How much one officer may write and search in a minute (S8), whatever the number of their terminals and addresses.

Counted in this process: with several of them each grants as much. A request is refused before anything of it is done.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from imi_central.api.errors import over_limit

if TYPE_CHECKING:
    from imi_core.jmap import Limits, Request

WRITES, SEARCHES = 1000, 120
"""A minute's worth for an officer: a week of work written offline goes out at once."""
_MANY = 10_000
"""Officers beyond which those who have been still for a minute are forgotten."""


class Rate:
    """A bucket for each officer: a minute's worth at once, refilled evenly. For any thread. `name` is the limit's."""

    def __init__(self, name: str, per_minute: int, clock: Callable[[], float]) -> None:
        self._name, self._most, self._clock = name, per_minute, clock
        self._lock = threading.Lock()
        self._empty: dict[str, tuple[float, float]] = {}
        """By officer: how much is gone, and when that was so."""

    def take(self, officer_id: str, number: int) -> None:
        """Take so many. Raises `Problem` 429 where the officer has not so many now; then none is taken.

        Nobody has to wait for more than a full bucket.
        """
        number = min(number, self._most)
        if not number:
            return
        with self._lock:
            now = self._clock()
            gone = self._gone(officer_id, now)
            over = gone + number - self._most
            if over <= 0:
                self._empty[officer_id] = (gone + number, now)
                if len(self._empty) > _MANY:
                    self._forget(now)
                return
        wait = -int(-over * 60 // self._most) or 1
        raise over_limit(self._name, f"at most {self._most} in a minute", 429, **{"Retry-After": str(wait)})

    def _gone(self, officer_id: str, now: float) -> float:
        gone, at = self._empty.get(officer_id, (0.0, now))
        return max(0.0, gone - (now - at) * self._most / 60)

    def _forget(self, now: float) -> None:
        self._empty = {each: held for each, held in self._empty.items() if self._gone(each, now)}


class Rates:
    """The rates of the protocol: new entries, assignments and translations, files put together, and searches."""

    def __init__(
        self, writes: int = WRITES, searches: int = SEARCHES, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Each for a minute and an officer; `clock` counts seconds."""
        self._writes = Rate("maxWritesPerMinute", writes, clock)
        self._searches = Rate("maxSearchesPerMinute", searches, clock)

    def check(self, officer_id: str, request: Request, limits: Limits) -> None:
        """Count what a request asks for. Raises `Problem` 429."""
        calls = request.method_calls
        self._searches.take(officer_id, sum(name.endswith("/query") for name, _, _ in calls))
        self._writes.take(officer_id, sum(_written(name, given, limits) for name, given, _ in calls))


def _written(name: str, given: dict[str, Any], limits: Limits) -> int:
    if name not in ("Entry/set", "Assignment/set", "Translation/set", "Blob/upload"):
        return 0
    create = given.get("create")
    # What a result reference brings is not known yet.
    return limits.max_objects_in_set if "#create" in given else len(create) if isinstance(create, dict) else 0
