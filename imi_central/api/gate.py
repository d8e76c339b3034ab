"""How many requests of one officer run at the same time in this process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from imi_central.api.errors import over_limit


class Gate:
    """Counts what runs; used on the event loop only, so that it needs no lock. `name` is the limit's."""

    def __init__(self, name: str, most: int) -> None:
        self._name, self._most = name, most
        self._running: Counter[str] = Counter()

    @contextmanager
    def __call__(self, officer_id: str) -> Iterator[None]:
        """Hold one place. Raises `Problem` 429 where the officer has all of them."""
        if self._running[officer_id] >= self._most:
            raise over_limit(self._name, f"at most {self._most} at the same time", 429, **{"Retry-After": "1"})
        self._running[officer_id] += 1
        try:
            yield
        finally:
            self._running[officer_id] -= 1
            if not self._running[officer_id]:
                del self._running[officer_id]
