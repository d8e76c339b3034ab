"""An answer without a known end: sent piece by piece for as long as the client is there."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING

import anyio
from starlette.responses import Response

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send


class Flowing(Response, ABC):
    """Ends when `flow` has sent everything, or when the client goes away; `release` is called once, however it ends."""

    def __init__(self, media_type: str, release: Callable[[], None], **headers: str) -> None:
        """`headers`: more of them, with _ for -."""
        given = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "X-Accel-Buffering": "no"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        super().__init__(None, 200, given, media_type)
        del self.headers["content-length"]
        self._release = release

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer: the ASGI side."""
        try:
            async with anyio.create_task_group() as group:

                async def watch() -> None:
                    while (await receive())["type"] != "http.disconnect":
                        pass
                    group.cancel_scope.cancel()

                group.start_soon(watch)
                await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
                await self.flow(send)
                group.cancel_scope.cancel()
        finally:
            self._release()

    @abstractmethod
    async def flow(self, send: Send) -> None:
        """Send the body."""
