"""Pausing the garbage collector during work that creates tens of thousands of live objects."""

from __future__ import annotations

import gc

from imi_core.lean import TYPE_CHECKING, contextmanager

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def gc_paused(later: Callable[[Callable[[], None]], object] | None = None) -> Iterator[None]:
    """Pause the collector, which would take long and find nothing.

    `later`: receives the function that resumes it, to be called when nobody waits; by default it resumes at the end.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled and later is not None:
            later(gc.enable)
        elif enabled:
            gc.enable()
