"""A TCP proxy on this machine that makes a line bad: cut, slow, silent, half open, flapping."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

STEP = 1024


@dataclass
class Weather:
    """What the line is like now. May be changed at any time from any thread.

    `cut_down`, `cut_up`: bytes a connection carries that way before it is reset; None for no end.
    `latency`: seconds each piece is late. `rate`: bytes a second each way; 0 for no limit.
    `black_hole`: connections are taken and nothing is passed on. `half_open`: what comes back is swallowed.
    `buffering`: of replies only the heads are passed on before the server is done.
    """

    cut_down: int | None = None
    cut_up: int | None = None
    latency: float = 0.0
    rate: int = 0
    black_hole: bool = False
    half_open: bool = False
    buffering: bool = False
    refuse: bool = False


class Proxy:
    """Listens on a free port of 127.0.0.1 in a thread of its own."""

    def __init__(self, target: str) -> None:
        parts = urlsplit(target)
        self._host, self._port = parts.hostname or "", parts.port or 0
        self.weather = Weather()
        self.url = ""
        self.connections = self.up = self.down = 0
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._open: set[asyncio.StreamWriter] = set()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._ready.wait(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        self._ready.set()
        self._loop.run_forever()
        self._server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    def close(self) -> None:
        """End everything."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def hang_up(self) -> None:
        """Reset every connection there is, as a changed network does."""
        self._loop.call_soon_threadsafe(lambda: [each.transport.abort() for each in self._open])

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if self.weather.refuse:
            writer.transport.abort()
            return
        there, back = await asyncio.open_connection(self._host, self._port)
        mine = {writer, back}
        self._open |= mine
        ways = [
            asyncio.create_task(self._pass(reader, back, up=True)),
            asyncio.create_task(self._pass(there, writer, up=False)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in ways:
                each.cancel()
            for each in mine:
                with suppress(OSError):
                    each.transport.abort()
            self._open -= mine

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, up: bool) -> None:
        carried, gathered = 0, b""
        with suppress(OSError):
            while data := await reader.read(STEP):
                weather = self.weather
                end = weather.cut_up if up else weather.cut_down
                if end is not None:
                    data = data[: max(0, end - carried)]
                if weather.latency:
                    await asyncio.sleep(weather.latency)
                if weather.rate:
                    await asyncio.sleep(len(data) / weather.rate)
                if weather.black_hole or (weather.half_open and not up):
                    continue
                if weather.buffering and not up:
                    at = data.find(b"\r\n\r\n") + 4 if data.startswith(b"HTTP/1.1") else 0
                    data, gathered = data[:at], gathered + data[at:]
                carried += len(data)
                if up:
                    self.up += len(data)
                else:
                    self.down += len(data)
                writer.write(data)
                await writer.drain()
                if end is not None and carried >= end:
                    # What was written has to leave before the connection is reset.
                    await asyncio.sleep(0.005)
                    return
            if gathered:
                writer.write(gathered)
                await writer.drain()
                await asyncio.sleep(0.005)


@contextmanager
def proxy_to(target: str) -> Iterator[Proxy]:
    """A proxy in front of the server at `target`."""
    proxy = Proxy(target)
    try:
        yield proxy
    finally:
        proxy.close()
