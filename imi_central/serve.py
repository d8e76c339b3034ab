"""Listening: one process, until SIGTERM or Ctrl-C."""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import signal
import socket
import ssl
import sys
import time
from typing import TYPE_CHECKING, cast

import uvicorn

from imi_central.app import create_app
from imi_central.connection import Connection
from imi_central.errors import AddressTaken
from imi_central.settings import Settings, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp

log = logging.getLogger("imi_central")

GRACE_SECONDS = 6
"""How long requests may take to end after SIGTERM: a request has five seconds of the database's time."""
TICKETS = 1
"""For resuming TLS: a client has one connection, and each ticket travels before the first answer."""


def serve(settings: Settings, ready: Callable[[str], None], *, stop_when_idle: float = 0) -> None:
    """Listen and serve until told to stop; `ready` gets the address clients use, once connections are taken.

    `stop_when_idle`: seconds without a request after which it stops by itself, 0 for never.
    Raises `AddressTaken`, `SettingsError`, and what `create_app` raises.
    """
    _log_to_stderr()
    _allow_many_files()
    listening = _listen(settings)
    try:
        url = settings.url or _url(settings, listening)
        app = create_app(settings, url=url)
        config = _config(settings, app)
        server = _Server(config, lambda: ready(url), stop_when_idle, app.state.end_flows)
        _stop_on_signals(server)
        _hang_up(server, settings)
        server.run(sockets=[listening])
    finally:
        listening.close()


def _config(settings: Settings, app: ASGIApp) -> uvicorn.Config:
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        ssl_certfile=settings.certificate or None,
        ssl_keyfile=settings.key or None,
        http=Connection,
        ws="none",
        timeout_keep_alive=75,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    try:
        config.load()
    except OSError as error:  # that of TLS is one
        files = f"{settings.certificate!r} and {settings.key!r}"
        raise SettingsError("certificate, key", "https", f"{files} cannot be used: {error}", "a pair in PEM") from error
    if config.ssl is not None:
        config.ssl.num_tickets = TICKETS
    return config


def announce(url: str, ready_fd: int | None) -> None:
    """Say where the server listens: on standard output, and to whoever waits at a file descriptor."""
    sys.stdout.write(f"IMI central server at {url}\n")
    sys.stdout.flush()
    if ready_fd is not None:
        with os.fdopen(ready_fd, "w", encoding="utf-8") as waiting:
            waiting.write(f"{url}\n")


class _Server(uvicorn.Server):
    def __init__(
        self, config: uvicorn.Config, ready: Callable[[], None], stop_when_idle: float, end_flows: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._ready, self._end_flows = ready, end_flows
        self._stop_when_idle = stop_when_idle
        self._requests, self._last_request = 0, time.monotonic()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Who only listens has no request to end, and a stream goes on from where it ended.
        self._end_flows()
        letting_go = asyncio.create_task(self._let_go())
        try:
            await super().shutdown(sockets)
        finally:
            letting_go.cancel()

    async def _let_go(self) -> None:
        while True:
            await asyncio.sleep(0.1)
            for each in list(self.server_state.connections):
                cast("Connection", each).let_go()

    async def on_tick(self, counter: int) -> bool:
        if self.server_state.total_requests != self._requests or self.server_state.tasks:
            self._requests, self._last_request = self.server_state.total_requests, time.monotonic()
        idle = time.monotonic() - self._last_request
        return await super().on_tick(counter) or 0 < self._stop_when_idle < idle


def _stop_on_signals(server: uvicorn.Server) -> None:
    """Being told to stop is no failure: uvicorn raises the signal again at its end, and this takes it."""

    def stop(_number: int, _frame: object) -> None:
        server.should_exit = True

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, stop)


def _hang_up(server: uvicorn.Server, settings: Settings) -> None:
    """SIGHUP reads the certificate anew. A server without one has most likely lost its terminal, and ends.

    Unless it was told to outlive that, as `nohup` does.
    """
    if server.config.ssl is None and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        return

    def hang_up(_number: int, _frame: object) -> None:
        if server.config.ssl is None:
            server.should_exit = True
        else:
            _reread(server.config.ssl, settings)

    signal.signal(signal.SIGHUP, hang_up)


def _reread(context: ssl.SSLContext, settings: Settings) -> None:
    """Use the certificate that the files hold now, from the next connection on."""
    try:
        # Tried apart first: with half a pair no connection would come about any more.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(settings.certificate, settings.key)
        context.load_cert_chain(settings.certificate, settings.key)
    except OSError as error:
        log.error("the certificate cannot be read anew, the one before stays: %s", error)
    else:
        log.info("the certificate was read anew")


def _allow_many_files() -> None:
    """As many open files as the system lets this process have: each client that listens for events is one.

    Systems begin with 1024, because of `select`, which nothing here uses.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        listening = socket.create_server((settings.host.strip("[]"), settings.port), family=family, backlog=512)
    except (OSError, OverflowError) as error:
        raise AddressTaken(f"cannot listen at {settings.host} port {settings.port}: {error}") from error
    # Connections inherit it. asyncio sets it only on sockets it made itself, and without it the body of every answer
    # waits for the acknowledgement of its head: 40 ms.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def _url(settings: Settings, listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared with, not bound to
        raise SettingsError("url", "default", "is missing while the server listens at every address", "https://host")
    if settings.trusted_proxies:
        # Else clients would be told an address behind the proxy.
        raise SettingsError("url", "default", "is missing while trusted_proxies names a proxy", "https://host")
    name = settings.host if settings.certificate else host
    return f"{settings.scheme}://{f'[{name}]' if ':' in name else name}:{port}"


def _log_to_stderr() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr)
    # Their lines may hold statements with data, or addresses with names in them.
    for name in ("sqlalchemy", "alembic", "uvicorn.access"):
        logging.getLogger(name).setLevel(logging.WARNING)
