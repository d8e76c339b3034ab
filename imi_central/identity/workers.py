"""Threads for what anybody may ask, apart from those of officers who are signed in: these never wait for the others."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import anyio
import anyio.to_thread

AT_ONCE = 8
P = ParamSpec("P")
T = TypeVar("T")


class Workers:
    """At most so many threads at the same time."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._places = anyio.CapacityLimiter(at_once)

    async def run(self, work: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
        """What `work` gives, which blocks."""
        return await anyio.to_thread.run_sync(functools.partial(work, *args, **named), limiter=self._places)
