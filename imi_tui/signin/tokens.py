"""Access and refresh tokens: kept encrypted in the cache, bound to the server they came from, renewed when needed."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from imi_tui.signin import oauth
from imi_tui.signin.errors import SignInRefused
from imi_tui.sync.errors import NotSignedIn

if TYPE_CHECKING:
    from imi_tui.sync.http import Http
    from imi_tui.sync.ports import Clock, Secrets

SECRET = "tokens"  # noqa: S105
EARLY = 30
"""Seconds before its end at which an access token is no longer used."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a sign-in brought. `until`: seconds since 1970 at which `access` ends."""

    server: str
    access: str
    refresh: str
    until: float

    @classmethod
    def of(cls, server: str, granted: oauth.Granted, now: dt.datetime) -> Tokens:
        """The tokens of a token endpoint's answer."""
        return cls(server, granted.access, granted.refresh, now.timestamp() + granted.seconds)


def keep(secrets: Secrets, tokens: Tokens | None) -> None:
    """Store the tokens, or forget them."""
    secrets.set_secret(SECRET, _text(tokens))


def _replace(secrets: Secrets, old: Tokens, new: Tokens | None) -> bool:
    """Store or forget, unless others than `old` are stored now; whether that was done."""
    return secrets.swap_secret(SECRET, _text(old) or "", _text(new))


def _text(tokens: Tokens | None) -> str | None:
    return None if tokens is None else json.dumps(asdict(tokens))


def kept(secrets: Secrets) -> Tokens | None:
    """The stored tokens."""
    found = secrets.secret(SECRET)
    return Tokens(**json.loads(found)) if found else None


class StoredTokens:
    """`imi_tui.sync.ports.TokenSource` over the stored tokens; renews them by their refresh token."""

    def __init__(self, secrets: Secrets, http: Http, clock: Clock) -> None:
        self._secrets = secrets
        self._http = http
        self._clock = clock

    def token(self) -> str:
        """A token that is probably valid. Raises `NotSignedIn`, or `SyncError` where renewing it fails."""
        tokens = self._kept()
        if self._clock().timestamp() < tokens.until - EARLY:
            return tokens.access
        return self._renew(tokens).access

    def renewed(self, refused: str) -> str:
        """A token other than `refused`."""
        # Another thread may have renewed it meanwhile: a refresh token is good for one use only.
        tokens = self._kept()
        return tokens.access if tokens.access != refused else self._renew(tokens).access

    def _kept(self) -> Tokens:
        tokens = kept(self._secrets)
        # Tokens of one server are never shown to another.
        if tokens is None or tokens.server != self._http.server:
            raise NotSignedIn("no tokens for this server")
        return tokens

    def _renew(self, tokens: Tokens) -> Tokens:
        if not tokens.refresh:
            raise NotSignedIn("the access token ended and there is no refresh token")
        endpoints = oauth.discover(self._http)
        try:
            granted = oauth.refresh(self._http, endpoints, tokens.refresh)
        except SignInRefused as error:
            if error.reason == "invalid_grant" and not _replace(self._secrets, tokens, None):
                # The officer signed in anew while the server refused the old ones.
                return self._kept()
            raise NotSignedIn(error.reason) from error
        fresh = Tokens.of(self._http.server, granted, self._clock())
        if not _replace(self._secrets, tokens, fresh):
            # The officer signed out, or in anew, while the server answered: that counts.
            oauth.revoke(self._http, endpoints, fresh.refresh or fresh.access)
            return self._kept()
        return fresh


class GivenToken:
    """A `TokenSource` for scripts: one token, given from outside, never renewed."""

    def __init__(self, token: str) -> None:
        self._token = token

    def token(self) -> str:
        """The token. Raises `NotSignedIn` for what cannot be one."""
        if not oauth.is_token(self._token):
            raise NotSignedIn("the given token has characters no token has")
        return self._token

    def renewed(self, refused: str) -> str:
        """There is no other one."""
        raise NotSignedIn("the given token was refused")
