"""Work that makes tens of thousands of values which are all needed: nothing of them is looked through for rubbish."""

from __future__ import annotations

import gc

from imi_core.lean import TYPE_CHECKING, contextmanager

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def no_rubbish() -> Iterator[None]:
    """Around work with very many cases, in which a collection would take as long as a part of it and find nothing."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
