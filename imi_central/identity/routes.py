"""The addresses of sign-in, and who a request belongs to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from authlib.oauth2.rfc6749 import OAuth2Error
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from imi_central.identity.errors import NotAuthenticated
from imi_central.identity.pages import DevicePolicy, Pages
from imi_central.identity.server import Asked, Server, read
from imi_central.identity.workers import Workers
from imi_central.store.errors import OfficerDisabled
from imi_central.store.identity import Sessions

if TYPE_CHECKING:
    from starlette.requests import Request

    from imi_central.store import Store

_STYLE = Path(__file__).parent / "templates" / "style.css"


class Identity:
    """Sign-in of one installation.

    `issuer` is its address as clients reach it, without a slash at the end; empty: as each request names it, which
    is for tests and machines that talk to themselves.
    """

    def __init__(self, store: Store, *, device_grant: DevicePolicy = "off", issuer: str = "") -> None:
        self.sessions = Sessions(store)
        self._issuer = issuer
        self._device_grant = device_grant
        self._server = Server(self.sessions, device_grant=device_grant != "off")
        self._workers = Workers()
        self._pages = Pages(self._server, self.sessions, device_grant, self._workers)

    async def authenticate(self, request: Request) -> str:
        """The officer whose bearer token the request carries. Raises `NotAuthenticated`, `OfficerDisabled`.

        The token says who asks and nothing else; what the officer may do is read from the database.
        """
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        value = value.strip()
        if scheme.lower() != "bearer" or not value or len(value) > 200:
            raise NotAuthenticated("an access token is needed")
        login = await run_in_threadpool(self.sessions.bearer, value)
        if login is None:
            raise NotAuthenticated("the access token is not valid")
        if not login.active:
            raise OfficerDisabled("the officer may not use the system")
        return login.officer

    def routes(self) -> list[Route]:
        """Every address of sign-in."""
        device = [
            Route("/oauth/device_authorization", self._endpoint(self._server.device), methods=["POST"]),
            Route("/device", self._device, methods=["GET", "POST"]),
        ]
        return [
            Route("/.well-known/oauth-authorization-server", self._metadata),
            Route("/oauth/authorize", self._authorize, methods=["GET", "POST"]),
            Route("/oauth/token", self._endpoint(self._server.token), methods=["POST"]),
            Route("/oauth/revoke", self._endpoint(self._server.revoke), methods=["POST"]),
            Route("/oauth/style.css", _style),
            *(device if self._device_grant != "off" else []),
        ]

    def _at(self, request: Request) -> str:
        return self._issuer or str(request.base_url).rstrip("/")

    async def _metadata(self, request: Request) -> Response:
        return JSONResponse(self._server.metadata(self._at(request)))

    async def _authorize(self, request: Request) -> Response:
        return await self._pages.authorize(request, self._at(request))

    async def _device(self, request: Request) -> Response:
        return await self._pages.device(request, self._at(request))

    def _endpoint(self, answer: Callable[[Asked], Response]) -> Callable[[Request], object]:
        async def endpoint(request: Request) -> Response:
            try:
                question = await read(request, self._at(request))
                return await self._workers.run(answer, question)
            except OAuth2Error as error:
                return self._server.refuse(error)

        return endpoint


async def _style(_request: Request) -> Response:
    return FileResponse(_STYLE, media_type="text/css")
