"""Limits for what ends by itself as long as the product is right, so that a test fails instead of hanging."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

    from imi_tui.cache.store import Store


@contextmanager
def ends_within(seconds: float, otherwise: str) -> Iterator[None]:
    """Fail with `otherwise` where the block takes longer, whatever it waits for; far above what it needs anywhere.

    Only in the main thread, and where the system has such alarms.
    """
    if not hasattr(signal, "SIGALRM"):
        yield
        return

    def ring(_number: int, _frame: FrameType | None) -> None:
        raise AssertionError(otherwise)

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def index_all(store: Store, at_once: int = 100) -> None:
    """Put all words into the index, of as many cases as a test may have."""
    for _ in range(1000):
        if not store.sync.index_pending(at_once):
            return
    raise AssertionError("the same words wait for the index for ever")
