"""One connection of a client: what uvicorn's own protocol leaves open, so that nobody holds it by saying nothing."""

from __future__ import annotations

import asyncio
import http
import select
from typing import Any, cast

import msgspec
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LARGE = 16 * 1024
"""Bytes of an answer that are not held back."""
HEAD_SECONDS = 30.0
"""A connection on which no request begins for so long is closed, whether its client says nothing or never ends."""
TAKE_SECONDS = 180.0
"""An answer of which the client takes nothing for so long is given up with its connection: it is kept in memory."""
HEAD_BYTES = 32 * 1024
"""A head may be so long. A token, a file's name and whatever proxies add fit in a quarter of it."""
STILL_LOOKS = 10
"""Looks while the server stops, behind which a body that does not go on is not waited for."""


class _Together:
    """A transport that writes once in a turn of the loop: head and body of an answer leave in one packet."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport, self._loop = transport, loop
        self._held: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Write, before the loop turns to anybody else."""
        if not self._held:
            self._loop.call_soon(self._let_go)
        self._held.append(data)
        if len(data) >= LARGE:
            # Now, so that a client that reads slowly is noticed.
            self._let_go()

    def close(self) -> None:
        """Close behind what was written."""
        self._let_go()
        self._transport.close()

    def _let_go(self) -> None:
        held, self._held = b"".join(self._held), []
        if held and not self._transport.is_closing():
            self._transport.write(held)


class Connection(HttpToolsProtocol):
    """uvicorn's protocol with an end to every head, in time and bytes.

    uvicorn itself ends a connection only behind an answer, and forgets even that with the first byte that comes.
    """

    _timer: asyncio.TimerHandle | None = None
    _taking: asyncio.TimerHandle | None = None
    _heads = _begun = 0
    _received = _seen = _looks = 0
    _in_head = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(cast("asyncio.Transport", _Together(transport, self.loop)))
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._rest()
        self._stop_looking()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._look_later()

    def resume_writing(self) -> None:
        self._stop_looking()
        super().resume_writing()

    def data_received(self, data: bytes) -> None:
        heads, in_head = self._heads, self._in_head
        self._received += len(data)
        super().data_received(data)
        if in_head and heads == self._heads:
            self._begun += len(data)
        if self._begun > HEAD_BYTES:
            self._refuse(431, f"the head of a request has at most {HEAD_BYTES} bytes")
        elif not self._answering():
            self._wait()

    def on_headers_complete(self) -> None:
        self._rest()
        self._heads += 1
        self._begun, self._in_head = 0, False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._in_head = True
        super().on_message_complete()

    def let_go(self) -> None:
        """While the server stops, ten times a second: do not wait for a client from which nothing comes.

        Closing TLS waits for the other side to say the same, which a client that keeps a connection does not do; and
        a body may have stopped with its line.
        """
        self._looks = self._looks + 1 if self._received == self._seen else 0
        self._seen = self._received
        done = self.transport.is_closing() and not self._answering() and self._is_taken()
        if done or (self._answering() and self.cycle.more_body and self._looks >= STILL_LOOKS):
            self.transport.abort()

    def _look_later(self) -> None:
        left = self.transport.get_write_buffer_size()
        self._taking = self.loop.call_later(TAKE_SECONDS, self._is_stuck, left)

    def _is_stuck(self, before: int) -> None:
        if self.transport.get_write_buffer_size() >= before:
            self.transport.abort()
        else:
            self._look_later()

    def _stop_looking(self) -> None:
        if self._taking is not None:
            self._taking.cancel()
            self._taking = None

    def _answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _is_taken(self) -> bool:
        """Whether the system takes more, and so has taken all there was: the loop writes before it looks here."""
        poll = select.poll()
        poll.register(self.transport.get_extra_info("socket"), select.POLLOUT)
        return any(event & select.POLLOUT for _, event in poll.poll(0))

    def _wait(self) -> None:
        if self._timer is None and not self.transport.is_closing():
            self._timer = self.loop.call_later(HEAD_SECONDS, self._too_late)

    def _rest(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_late(self) -> None:
        self._timer = None
        if self._begun:
            self._refuse(408, "the head of the request did not come to its end")
        else:
            self.transport.close()

    def _refuse(self, status: int, detail: str) -> None:
        if not self._answering() and not self.transport.is_closing():
            body = msgspec.json.encode({"type": "about:blank", "status": status, "detail": detail})
            lines = (
                f"HTTP/1.1 {status} {http.HTTPStatus(status).phrase}",
                "content-type: application/problem+json",
                f"content-length: {len(body)}",
                "connection: close",
            )
            self.transport.write("\r\n".join((*lines, "", "")).encode() + body)
        self.transport.close()
