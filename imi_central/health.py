"""/health: whether this process can do its work, for whoever starts servers or spreads requests over them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
from starlette.responses import JSONResponse, Response

from imi_central.store import Unavailable

if TYPE_CHECKING:
    from starlette.requests import Request

    from imi_central.store import Store

PATH = "/health"
LOOK_SECONDS = 1.0
"""Between two looks at the database: anybody may ask, so asking often costs nothing more."""
WAIT_SECONDS = 3.0
"""A database that says nothing for so long does not answer."""


class Health:
    """Asked without a token and from anywhere: it says yes or no and nothing else."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._one = anyio.CapacityLimiter(1)
        self._next = 0.0
        self._problem: Unavailable | None = None

    async def answer(self, _request: Request) -> Response:
        """200. Raises `Unavailable` while the database does not answer."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + WAIT_SECONDS
            self._problem = await self._looked()
            self._next = time.monotonic() + LOOK_SECONDS
        if self._problem is not None:
            raise self._problem
        return JSONResponse({"ok": True})

    async def _looked(self) -> Unavailable | None:
        try:
            with anyio.fail_after(WAIT_SECONDS):
                await anyio.to_thread.run_sync(self._store.identity, limiter=self._one, abandon_on_cancel=True)
        except Unavailable as error:
            return error
        except TimeoutError:
            return Unavailable(f"it says nothing for {WAIT_SECONDS:.0f} seconds")
        return None
