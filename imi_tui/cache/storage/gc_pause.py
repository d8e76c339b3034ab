"""Work that makes tens of thousands of values which are all needed: nothing of them is looked through for rubbish."""

from __future__ import annotations

import gc

from imi_core.lean import TYPE_CHECKING, contextmanager

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def no_rubbish(later: Callable[[Callable[[], None]], object] | None = None) -> Iterator[None]:
    """Around work with very many cases, in which a collection would take as long as a part of it and find nothing.

    `later`: is given what lets values be looked through again, to call it when nobody waits; by default at the end.
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
