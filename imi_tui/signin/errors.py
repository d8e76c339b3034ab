"""Why signing in did not work.

::

    SignInError
      SignInRefused      the server said no (`reason` is its OAuth error code)
      SignInExpired      nobody finished it in time
      SignInCancelled    the officer did not allow it
      DeviceNotAllowed   this server has no device sign-in

A server that cannot be reached or answers nonsense raises `imi_tui.sync.errors`, as everywhere else.
"""

from __future__ import annotations


class SignInError(Exception):
    """Base of everything that ends a sign-in without a token."""

    code = "signIn"


class SignInRefused(SignInError):
    """The server refused. `reason` is the OAuth error code, cleaned."""

    code = "signInRefused"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class SignInExpired(SignInError):
    """Nobody finished the sign-in in time."""

    code = "signInExpired"


class SignInCancelled(SignInError):
    """The officer did not allow the sign-in."""

    code = "signInCancelled"


class DeviceNotAllowed(SignInError):
    """The server does not offer to sign in with a code."""

    code = "deviceNotAllowed"
