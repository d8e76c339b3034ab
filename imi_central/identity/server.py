"""The authorization server: Authlib's, made to speak Starlette.

Authlib knows requests and answers of its own; here a Starlette request becomes one and its answer a Starlette
response. The peer's address is part of the request because limits are counted by it.
"""

from __future__ import annotations

import ipaddress
import logging
import secrets
from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl

import anyio
from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc6749 import AuthorizationServer, InvalidRequestError, OAuth2Request, UnauthorizedClientError
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, RedirectResponse, Response

from imi_central.identity.clients import DEVICE_GRANT, clients
from imi_central.identity.grants import (
    POLL_SECONDS,
    CodeGrant,
    DeviceGrant,
    OnlyS256,
    RotatingGrant,
    plain_user_code,
    save,
    user_code,
)
from imi_central.store import devices
from imi_central.store.identity import ACCESS, Sessions

if TYPE_CHECKING:
    from starlette.requests import Request

# Authlib writes tokens to its debug log.
logging.getLogger("authlib").setLevel(logging.WARNING)

MAX_FORM = 16 * 1024
FORM_SECONDS = 60.0
"""Anybody may begin a form: who does not end it is not waited for."""
_DEVICES_BY_ADDRESS, _DEVICES = 10, 300
"""Devices that may ask at once (in `devices.LIFE`): from one address, and from all."""


class Asked(NamedTuple):
    """What a request to an OAuth endpoint brings, read completely. `pairs`: its parameters in order."""

    method: str
    uri: str
    pairs: tuple[tuple[str, str], ...]
    address: str
    issuer: str


class _Payload(BasicOAuth2Payload):  # type: ignore[misc]
    def __init__(self, pairs: tuple[tuple[str, str], ...]) -> None:
        super().__init__(dict(pairs))
        self._datalist = defaultdict(list)
        for name, value in pairs:
            self._datalist[name].append(value)


class _Request(OAuth2Request):  # type: ignore[misc]
    def __init__(self, asked: Asked) -> None:
        super().__init__(asked.method, asked.uri)
        self.asked = asked
        self.payload = _Payload(asked.pairs)

    @property
    def args(self) -> Any:
        return self.payload.data if self.method == "GET" else {}

    @property
    def form(self) -> Any:
        return self.payload.data if self.method == "POST" else {}


class Server(AuthorizationServer):  # type: ignore[misc]
    """Grants and endpoints of this installation. All methods block: call them in a worker thread."""

    def __init__(self, sessions: Sessions, *, device_grant: bool) -> None:
        super().__init__()
        self.sessions = sessions
        self.device_grant = device_grant
        self._clients = clients(device_grant)
        # No scopes, no secrets: a public client gets a token for the officer and nothing else.
        self.register_token_generator(
            "default",
            BearerTokenGenerator(_random, _random, lambda _client, _grant: int(ACCESS.total_seconds())),
        )
        self.register_grant(CodeGrant, [OnlyS256(required=True)])
        self.register_grant(RotatingGrant)
        if device_grant:
            self.register_grant(DeviceGrant)

    def query_client(self, client_id: str) -> Any:
        return self._clients.get(client_id)

    def save_token(self, token: dict[str, Any], request: Any) -> None:
        save(self.sessions, token, request)

    def create_oauth2_request(self, request: Any) -> Any:
        return request if isinstance(request, OAuth2Request) else _Request(request)

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens."""

    def handle_response(self, status: int, body: Any, headers: Any) -> Response:
        found = dict(headers)
        if status == 302:
            # The browser comes from a form: 303 makes it forget what was posted.
            return RedirectResponse(found["Location"], 303)
        return JSONResponse(body, status, found)

    def handle_error_response(self, request: Any, error: Any) -> Response:
        return self.handle_response(*error(self.get_error_uri(request, error)))

    def token(self, asked: Asked) -> Response:
        """The token endpoint. Raises `OAuth2Error`, as all endpoints here do."""
        _check(asked)
        return self.create_token_response(asked)  # type: ignore[no-any-return]

    def consent(self, asked: Asked) -> Any:
        """The grant of a valid authorization request. Raises `OAuth2Error`."""
        _check(asked)
        return self.get_consent_grant(asked)

    def grant(self, asked: Asked, officer: str) -> Response:
        """Send the browser back to the client with a code for this officer."""
        grant = self.consent(asked)
        return self.with_issuer(self.create_authorization_response(grant.request, officer, grant), asked)

    def refuse(self, error: Any) -> Response:
        """The answer to a request that cannot be granted."""
        return self.handle_response(*error(None))

    def with_issuer(self, response: Response, asked: Asked) -> Response:
        """Tell the client who answers (RFC 9207)."""
        if location := response.headers.get("location"):
            response.headers["location"] = add_params_to_uri(location, [("iss", asked.issuer)])
        return response

    def device(self, asked: Asked) -> Response:
        """The device authorization endpoint: a code to type, and a number to compare with that of the browser."""
        _check(asked)
        request = self.create_oauth2_request(asked)
        client = self.authenticate_client(request, ["none"], "device_authorization")
        if not client.check_grant_type(DEVICE_GRANT):
            raise UnauthorizedClientError("The device grant is switched off.")
        limits = {f"device address {asked.address}": _DEVICES_BY_ADDRESS, "device": _DEVICES}
        if wait := self.sessions.attempts.count(limits, devices.LIFE):
            return JSONResponse({"error": "temporarily_unavailable"}, 429, {"Retry-After": str(wait)})
        value, number = secrets.token_urlsafe(32), 10 + secrets.randbelow(90)
        shown = user_code()
        plain = plain_user_code(shown)
        while not self.sessions.devices.add(value, plain, client.client_id, asked.address, number, POLL_SECONDS):
            shown = user_code()
            plain = plain_user_code(shown)
        return JSONResponse(
            {
                "device_code": value,
                "user_code": shown,
                "verification_uri": f"{asked.issuer}/device",
                "expires_in": int(devices.LIFE.total_seconds()),
                "interval": POLL_SECONDS,
                "number": number,
            }
        )

    def revoke(self, asked: Asked) -> Response:
        """The revocation endpoint (RFC 7009): ends the session the token belongs to; unknown tokens are fine."""
        _check(asked)
        request = self.create_oauth2_request(asked)
        client = self.authenticate_client(request, ["none"], "revocation")
        if not (token := request.form.get("token")):
            raise InvalidRequestError("Missing 'token' in request.")
        self.sessions.revoke(token, client.client_id)
        return JSONResponse({})

    def metadata(self, issuer: str) -> dict[str, Any]:
        """What this server can do (RFC 8414)."""
        grants = ["authorization_code", "refresh_token", *([DEVICE_GRANT] if self.device_grant else [])]
        device = {"device_authorization_endpoint": f"{issuer}/oauth/device_authorization"} if self.device_grant else {}
        return {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/oauth/authorize",
            "token_endpoint": f"{issuer}/oauth/token",
            "revocation_endpoint": f"{issuer}/oauth/revoke",
            **device,
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": grants,
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["none"],
            "revocation_endpoint_auth_methods_supported": ["none"],
            "authorization_response_iss_parameter_supported": True,
        }


async def read(request: Request, issuer: str) -> Asked:
    """The parameters of a request: of its query for GET, of its form for POST. Raises `InvalidRequestError`."""
    if request.method == "GET":
        text = request.url.query
    else:
        if request.headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
            raise InvalidRequestError("The body has to be application/x-www-form-urlencoded.")
        body = bytearray()
        try:
            with anyio.fail_after(FORM_SECONDS):
                async for part in request.stream():
                    body += part
                    if len(body) > MAX_FORM:
                        raise InvalidRequestError("The body is too large.")
        except (ClientDisconnect, TimeoutError) as error:
            raise InvalidRequestError("The body did not come to its end.") from error
        try:
            text = body.decode()
        except UnicodeDecodeError as error:
            raise InvalidRequestError("The body is not UTF-8.") from error
    return asked(request, issuer, request.method, text)


def asked(request: Request, issuer: str, method: str, text: str) -> Asked:
    """`Asked` with the parameters in `text`. Raises `InvalidRequestError`."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=30)
    except ValueError as error:
        raise InvalidRequestError("There are too many parameters.") from error
    return Asked(method, issuer + request.url.path, tuple(pairs), peer(request), issuer)


def peer(request: Request) -> str:
    """The address a request comes from; for IPv6 its /64 network, which one subscriber has to itself."""
    host = request.client.host if request.client is not None else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        if not address.is_loopback:
            return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def _check(asked: Asked) -> None:
    """Raise `InvalidRequestError` unless the parameters are as RFC 6749 has them: each once, of printable ASCII.

    Authlib quotes some of them in its descriptions, which have no quotation marks and backslashes.
    """
    names: set[str] = set()
    for name, value in asked.pairs:
        if name in names:
            raise InvalidRequestError("A parameter stands twice.")
        names.add(name)
        forbidden = "" if name == "state" else '"\\'
        if any(not "\x20" <= letter <= "\x7e" or letter in forbidden for letter in name + value):
            raise InvalidRequestError("A parameter has characters that are not allowed.")


def _random(**_: object) -> str:
    return secrets.token_urlsafe(32)
