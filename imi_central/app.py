"""The whole server as one ASGI application: protocol and sign-in behind the rules every answer keeps to."""

from __future__ import annotations

import contextlib
import logging
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio.to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette_compress import CompressMiddleware

from imi_central import catalogue, health
from imi_central.api import Unauthorized, build_routes
from imi_central.api.errors import unavailable
from imi_central.api.flowing import pieces
from imi_central.api.rates import Rates
from imi_central.database import open_store
from imi_central.identity.errors import NotAuthenticated
from imi_central.identity.routes import Identity
from imi_central.settings import Settings, is_loopback
from imi_central.store import Service, Store, Unavailable

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from imi_central.jobs.translating import Worker

log = logging.getLogger("imi_central")

_LOGGED = ("jmap", "oauth", ".well-known", "device", "health")
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


def create_app(settings: Settings, *, url: str = "", store: Store | None = None) -> Starlette:
    """The server for these settings.

    Opens and migrates the database and stores the procedures. `url` is the address clients use where it is known
    only now (a free port). A `store` given is used instead and stays the caller's to close. Raises
    `DefinitionError`, `StoreError`, ValueError for a database address that cannot be used.
    """
    rules = catalogue.load(settings.modules)
    opened = store or open_store(settings)
    opened.put_procedures(rules)
    issuer = settings.url or url
    identity = Identity(opened, device_grant=settings.device_grant, issuer=issuer)

    async def authenticate(request: Request) -> str:
        try:
            return await identity.authenticate(request)
        except NotAuthenticated as error:
            raise Unauthorized(detail=str(error)) from error

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        worker = await anyio.to_thread.run_sync(_translating, settings, opened)
        yield
        if worker is not None:
            await anyio.to_thread.run_sync(worker.stop)
        if store is None:
            opened.close()

    if settings.translator:
        personal, most = settings.translator_personal, settings.translations_per_hour
        opened.translations.service = Service(settings.translator_name, personal, most)
    rates = Rates(settings.writes_per_minute, settings.searches_per_minute)
    ending: list[Callable[[], None]] = []
    app = Starlette(
        routes=[
            *build_routes(opened, authenticate, rates=rates, base_url=issuer, ending=ending.append),
            *identity.routes(),
            Route(health.PATH, health.Health(opened).answer, methods=["GET"]),
        ],
        middleware=[Middleware(Outside), Middleware(CompressProtocol)],
        exception_handlers={HTTPException: _refused, Unavailable: _unavailable},
        lifespan=lifespan,
    )
    app.state.store, app.state.identity, app.state.end_flows = opened, identity, ending[0]
    return app


def _translating(settings: Settings, store: Store) -> Worker | None:
    """The thread that asks the translation service, running; None, and what waits given up, where there is none."""
    if not settings.translator:
        with contextlib.suppress(Unavailable):
            store.translations.give_up()
        return None
    # httpx is only loaded where there is somebody to ask.
    from imi_central.jobs.translating import Worker
    from imi_central.jobs.translator import Translator

    file = settings.translator_key_file
    worker = Worker(store, Translator(settings.translator, Path(file).read_text("utf-8").strip() if file else ""))
    worker.start()
    return worker


class Outside:
    """What every request and answer passes: safe transport, headers, one line in the log.

    The log has methods, sizes, codes and times; no address beyond its first part, because names stand there.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status, size = time.perf_counter(), 0, 0

        async def outgoing(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": _with_headers(message.get("headers", []))}
                await send(message)
                return
            body = message.get("body", b"")
            size += len(body)
            # What a client does not take would else wait in memory, and its request would count as done.
            for piece, more in pieces(body):
                await send({**message, "body": piece, "more_body": more or message.get("more_body", False)})

        try:
            # What looks whether a server is well comes to it without the proxy that speaks https.
            if _is_safe(scope) or scope["path"] == health.PATH:
                await self._app(scope, receive, outgoing)
            else:
                await _problem(403, "insecureTransport", "use https")(scope, receive, outgoing)
        except Exception as error:  # noqa: BLE001 - the top of a request
            if status:
                # Half an answer is out: only a broken connection tells the client so.
                log.error("answer cut off: %s", type(error).__name__)
                raise _CutOff from None
            await _broken(error)(scope, receive, outgoing)
        finally:
            first = scope["path"].removeprefix("/").partition("/")[0]
            spent = (time.perf_counter() - started) * 1000
            shown = first if first in _LOGGED else "-"
            log.info("%s /%s %d %d B %.0f ms", scope["method"], shown, status, size, spent)


class _CutOff(Exception):
    """Raised to the HTTP server so that it closes the connection; says nothing else."""


class CompressProtocol:
    """Compresses what the protocol answers, and only that: sign-in pages hold secrets beside what a link brings."""

    def __init__(self, app: ASGIApp) -> None:
        self._plain = app
        self._compressed = CompressMiddleware(app, minimum_size=200, brotli=False, zstd_level=9)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # A stream compresses itself, in one frame with a longer window.
        protocol = scope["type"] == "http" and scope["path"].startswith("/jmap/") and scope["path"] != "/jmap/stream"
        await (self._compressed if protocol else self._plain)(scope, receive, send)


def _is_safe(scope: Scope) -> bool:
    """https, or http that never leaves this machine."""
    if scope.get("scheme") == "https":
        return True
    ends = (scope.get("server"), scope.get("client"))
    return all(end is not None and is_loopback(end[0]) for end in ends)


def _with_headers(headers: Any) -> list[tuple[bytes, bytes]]:
    out = list(headers)
    present = {name.lower() for name, _ in out}
    # An answer of the protocol is read by a program that shows a token: what pages need is no use there, and on a
    # slow line headers are the half of a small answer.
    wanted = _HEADERS[:1] if (b"content-type", b"application/json") in out else _HEADERS
    out += [(name, value) for name, value in wanted if name not in present]
    if b"cache-control" not in present:
        out.append((b"cache-control", b"no-store"))
    return out


def _problem(status: int, type_: str, detail: str, headers: dict[str, str] | None = None, **extra: Any) -> Response:
    body = {"type": f"urn:imi:error:{type_}", "status": status, "detail": detail, **extra}
    return JSONResponse(body, status, headers, "application/problem+json")


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    names = {404: "notFound", 405: "methodNotAllowed"}
    return _problem(error.status_code, names.get(error.status_code, "refused"), error.detail, dict(error.headers or {}))


async def _unavailable(_request: Request, error: Exception) -> Response:
    """Sign-in, too, is asked for again when the database answers."""
    return unavailable(error).response()


def _broken(error: Exception) -> Response:
    """What a mistake of ours answers: an id for the log, nothing of what went wrong."""
    incident = secrets.token_hex(8)
    where = error.__traceback__
    while where is not None and where.tb_next is not None:
        where = where.tb_next
    place = f"{where.tb_frame.f_globals.get('__name__')}:{where.tb_lineno}" if where is not None else "-"
    # Without the error's own text, which may hold data of a case.
    log.error("incident %s: %s at %s", incident, type(error).__name__, place)
    return _problem(500, "internal", "something went wrong; give the incident to your help desk", incident=incident)
