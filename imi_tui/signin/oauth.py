"""OAuth 2.0 as a public native client (RFC 8252): what the server offers, and its token endpoint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from imi_core.text import display
from imi_tui.signin.errors import SignInRefused
from imi_tui.sync.errors import ServerMistake

if TYPE_CHECKING:
    from imi_tui.sync.http import Http, Reply

CLIENT_ID = "imi-tui"
METADATA_PATH = "/.well-known/oauth-authorization-server"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
MAX_TOKEN = 4096


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Paths on the server; "" where it does not offer one. `issuer` is the server itself (RFC 8414, RFC 9207)."""

    issuer: str
    authorize: str
    token: str
    device: str
    revoke: str


@dataclass(frozen=True, slots=True)
class Granted:
    """A token endpoint's answer. `seconds`: life of the access token."""

    access: str
    refresh: str
    seconds: float


def discover(http: Http) -> Endpoints:
    """What the server offers. Every endpoint has to be on the server itself. Raises `SyncError`."""
    reply = http.get(METADATA_PATH)
    if reply.status != 200 or not isinstance(reply.data, dict):
        raise ServerMistake("no authorization server metadata")
    given = reply.data
    issuer = given.get("issuer")
    if not isinstance(issuer, str) or _origin(issuer) != _origin(http.server):
        raise ServerMistake("an authorization server at another address than the one asked")

    def path(name: str, *, needed: bool = True) -> str:
        value = given.get(name, "")
        if not value and not needed:
            return ""
        if not isinstance(value, str) or _origin(value) != _origin(http.server):
            raise ServerMistake(f"{name} is not on the server")
        parts = urlsplit(value)
        return parts.path + (f"?{parts.query}" if parts.query else "")

    return Endpoints(
        issuer=issuer,
        authorize=path("authorization_endpoint"),
        token=path("token_endpoint"),
        device=path("device_authorization_endpoint", needed=False),
        revoke=path("revocation_endpoint", needed=False),
    )


def exchange(http: Http, endpoints: Endpoints, code: str, verifier: str, redirect: str) -> Granted:
    """The tokens for an authorization code. Raises `SignInRefused`, `SyncError`."""
    fields = {"grant_type": "authorization_code", "code": code, "code_verifier": verifier, "redirect_uri": redirect}
    return granted(http.post_form(endpoints.token, {**fields, "client_id": CLIENT_ID}))


def refresh(http: Http, endpoints: Endpoints, token: str) -> Granted:
    """New tokens for a refresh token, which is used up by this. Raises `SignInRefused`, `SyncError`."""
    fields = {"grant_type": "refresh_token", "refresh_token": token, "client_id": CLIENT_ID}
    return granted(http.post_form(endpoints.token, fields))


def revoke(http: Http, endpoints: Endpoints, token: str) -> None:
    """Tell the server that the session of a token is over, where it offers that. Raises `SyncError`."""
    if endpoints.revoke:
        http.post_form(endpoints.revoke, {"token": token, "client_id": CLIENT_ID})


def granted(reply: Reply) -> Granted:
    """The tokens in a reply. Raises `SignInRefused` with the OAuth error code, `ServerMistake`."""
    data: dict[str, Any] = reply.data if isinstance(reply.data, dict) else {}
    if reply.status != 200:
        reason = data.get("error")
        if reply.status in (400, 401) and isinstance(reason, str):
            raise SignInRefused(display(reason)[:60])
        raise ServerMistake(f"status {reply.status} from the token endpoint")
    access, renewal, seconds = data.get("access_token"), data.get("refresh_token", ""), data.get("expires_in", 600)
    kind = str(data.get("token_type", "")).lower()
    sound = is_token(access) and (renewal == "" or is_token(renewal)) and kind == "bearer"
    if not sound or not isinstance(seconds, int | float) or not 0 < seconds < 10**7:
        raise ServerMistake("a token endpoint's answer in another shape")
    return Granted(str(access), str(renewal), float(seconds))


def is_token(value: Any) -> bool:
    """Whether it can stand in a header."""
    return (
        isinstance(value, str)
        and 0 < len(value) <= MAX_TOKEN
        and value.isascii()
        and value.isprintable()
        and " " not in value
    )


def _origin(address: str) -> tuple[str, str, int]:
    try:
        parts = urlsplit(address)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)
    except ValueError:
        return ("", "", 0)
    return (parts.scheme, (parts.hostname or "").lower(), port)
