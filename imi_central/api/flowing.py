"""Answers that are given piece by piece, for as long as the client is there and takes them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import anyio
from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import Receive, Scope, Send

PIECE = 128 * 1024
"""Bytes of an answer that are given at once: behind each a client that reads slowly is waited for."""
SEND_SECONDS = 60.0
"""A client that takes nothing for so long is gone."""


def pieces(body: bytes) -> Iterator[tuple[bytes, bool]]:
    """`body` in pieces, and whether more of it comes behind each; an empty one is one piece."""
    for start in range(0, max(len(body), 1), PIECE):
        yield body[start : start + PIECE], start + PIECE < len(body)


class Flowing(Response, ABC):
    """An answer without a known end. Ends when `flow` has sent everything, or when the client goes away."""

    def __init__(self, media_type: str, **headers: str) -> None:
        """`headers`: more of them, with _ for -."""
        given = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "X-Accel-Buffering": "no"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        super().__init__(None, 200, given, media_type)
        del self.headers["content-length"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer: the ASGI side."""
        async with anyio.create_task_group() as group:

            async def watch() -> None:
                while (await receive())["type"] != "http.disconnect":
                    pass
                group.cancel_scope.cancel()

            group.start_soon(watch)
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            await self.flow(send)
            group.cancel_scope.cancel()

    @abstractmethod
    async def flow(self, send: Send) -> None:
        """Send the body."""

    async def give(self, send: Send, body: bytes) -> None:
        """Send a part of the body. Raises TimeoutError where nothing of it is taken for `SEND_SECONDS`."""
        for piece, _ in pieces(body):
            with anyio.fail_after(SEND_SECONDS):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
