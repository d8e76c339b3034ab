"""The clients that may ask for tokens: public ones, and only with a redirect to the machine they run on."""

from __future__ import annotations

import re
from typing import Any

from authlib.oauth2.rfc6749 import ClientMixin

CLIENT_ID = "imi-tui"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"

_LOOPBACK = re.compile(r"http://(?:127\.0\.0\.1|\[::1\]):([1-9]\d{0,4})(?:/[A-Za-z0-9._~/-]*)?")


def is_loopback_redirect(uri: str) -> bool:
    """Whether `uri` is an address of the machine the client runs on (RFC 8252, section 7.3), on any port."""
    match = _LOOPBACK.fullmatch(uri)
    return match is not None and int(match.group(1)) < 65_536


class PublicClient(ClientMixin):  # type: ignore[misc]
    """A client without a secret: it runs where anybody could read one."""

    def __init__(self, client_id: str, name: str, grants: frozenset[str]) -> None:
        self.client_id, self.name, self._grants = client_id, name, grants

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> None:
        return None

    def get_allowed_scope(self, scope: str | None) -> str:
        """There are no scopes: rights are read from the database at each request."""
        return ""

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return is_loopback_redirect(redirect_uri)

    def check_client_secret(self, client_secret: str) -> bool:
        return False

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "none"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in self._grants


def clients(device_grant: bool) -> dict[str, Any]:
    """The clients this server knows."""
    grants = {"authorization_code", "refresh_token"} | ({DEVICE_GRANT} if device_grant else set())
    return {CLIENT_ID: PublicClient(CLIENT_ID, "IMI terminal client", frozenset(grants))}
