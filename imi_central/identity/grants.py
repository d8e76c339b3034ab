"""The grants of OAuth 2.0, on Authlib's framework-neutral ones: what they find and keep is in `Sessions`.

Codes and tokens are taken and replaced in one transaction each, in `save_token`, so that two requests at once can
never both succeed.
"""

from __future__ import annotations

import secrets
from typing import Any

from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, InvalidGrantError, InvalidRequestError
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, RefreshTokenGrant
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc8628 import DeviceCodeGrant

from imi_central.store.devices import Device
from imi_central.store.identity import Code, Refresh, Sessions, Tokens

USER_CODE_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
"""No vowels, so no words; no letter that looks like a digit."""
POLL_SECONDS = 5


class PendingCode(AuthorizationCodeMixin):  # type: ignore[misc]
    """An authorization code as Authlib wants to see it."""

    code_challenge_method = "S256"

    def __init__(self, found: Code) -> None:
        self.found = found
        self.code_challenge = found.challenge

    def get_redirect_uri(self) -> str:
        return self.found.redirect_uri

    def get_scope(self) -> str:
        return ""


class RefreshToken:
    """A refresh token as Authlib wants to see it."""

    def __init__(self, found: Refresh) -> None:
        self.found = found

    def check_client(self, client: Any) -> bool:
        return bool(client.get_client_id() == self.found.client)

    def get_scope(self) -> str:
        return ""


class WaitingDevice:
    """A device as Authlib wants to see it."""

    def __init__(self, found: Device) -> None:
        self.found = found

    def get_client_id(self) -> str:
        return self.found.client

    def get_scope(self) -> str:
        return ""

    def get_user_code(self) -> str:
        return ""

    def is_expired(self) -> bool:
        return self.found.expired


class OnlyS256(CodeChallenge):  # type: ignore[misc]
    """PKCE is asked for from every client, and only with a hash."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        data = grant.request.payload.data
        if not data.get("code_challenge") or data.get("code_challenge_method") != "S256":
            raise InvalidRequestError("Missing 'code_challenge' with 'code_challenge_method=S256'")
        super().validate_code_challenge(grant, redirect_uri)


class CodeGrant(AuthorizationCodeGrant):  # type: ignore[misc]
    """Authorization code, for a client that can open a browser on its own machine."""

    TOKEN_ENDPOINT_AUTH_METHODS = ("none",)

    @property
    def _sessions(self) -> Sessions:
        return self.server.sessions  # type: ignore[no-any-return]

    def generate_authorization_code(self) -> str:
        return secrets.token_urlsafe(32)

    def save_authorization_code(self, code: str, request: Any) -> None:
        payload = request.payload
        self._sessions.add_code(
            code, request.user, payload.client_id, payload.redirect_uri, payload.data["code_challenge"]
        )

    def query_authorization_code(self, code: str, client: Any) -> PendingCode | None:
        found = self._sessions.code(code, client.get_client_id())
        return PendingCode(found) if found is not None else None

    def delete_authorization_code(self, authorization_code: PendingCode) -> None:
        """Nothing to do: `save_token` took it."""

    def authenticate_user(self, authorization_code: PendingCode) -> str | None:
        officer = authorization_code.found.officer
        return officer if self._sessions.active(officer) else None


class RotatingGrant(RefreshTokenGrant):  # type: ignore[misc]
    """Refresh: every token once; the second use of one ends the session."""

    TOKEN_ENDPOINT_AUTH_METHODS = ("none",)
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> RefreshToken | None:
        found = self.server.sessions.refresh(refresh_token)
        return RefreshToken(found) if found is not None else None

    def authenticate_user(self, refresh_token: RefreshToken) -> str:
        officer = refresh_token.found.officer
        if not self.server.sessions.active(officer):
            raise InvalidGrantError("The officer may not sign in.")
        return officer

    def revoke_old_credential(self, refresh_token: RefreshToken) -> None:
        """Nothing to do: `save_token` took it."""


class DeviceGrant(DeviceCodeGrant):  # type: ignore[misc]
    """Device code, for a client on a machine without a browser (RFC 8628)."""

    TOKEN_ENDPOINT_AUTH_METHODS = ("none",)

    def query_device_credential(self, device_code: str) -> WaitingDevice | None:
        found = self.server.sessions.devices.find(value=device_code)
        return WaitingDevice(found) if found is not None and found.state != "used" else None

    def validate_device_credential(self, credential: WaitingDevice) -> Any:
        self._decision = credential.found
        return super().validate_device_credential(credential)

    def query_user_grant(self, user_code: str) -> tuple[str, bool] | None:
        decided = self._decision
        if decided.state not in ("approved", "denied"):
            return None
        return decided.officer, decided.state == "approved" and self.server.sessions.active(decided.officer)

    def should_slow_down(self, credential: WaitingDevice) -> bool:
        return bool(self.server.sessions.devices.too_fast(credential.found))


def save(sessions: Sessions, token: dict[str, Any], request: Any) -> None:
    """Keep the tokens of a reply and take what they were given for. Raises `InvalidGrantError` where it was taken."""
    tokens = Tokens(token["access_token"], token["refresh_token"])
    if request.refresh_token is not None:
        done = sessions.rotate(request.refresh_token.found, tokens)
    elif request.authorization_code is not None:
        done = sessions.redeem(request.authorization_code.found, "browser", tokens)
    else:
        done = sessions.redeem(request.credential.found, "device", tokens)
    if not done:
        raise InvalidGrantError("It was used already.")


def user_code() -> str:
    """Eight letters out of twenty, like ``BCDF-GHJK``."""
    letters = [secrets.choice(USER_CODE_LETTERS) for _ in range(8)]
    return f"{''.join(letters[:4])}-{''.join(letters[4:])}"


def plain_user_code(typed: str) -> str:
    """A user code as it was typed, in the form it is kept in."""
    return "".join(letter for letter in typed.upper() if letter in USER_CODE_LETTERS)
