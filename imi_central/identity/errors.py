"""What sign-in refuses."""

from __future__ import annotations


class IdentityError(Exception):
    """Base of everything sign-in refuses."""


class NotAuthenticated(IdentityError):
    """The request carries no valid access token."""


class WrongPassword(IdentityError):
    """There is no such officer, or the password is another one, or the officer may not sign in: said alike."""


class TooManyAttempts(IdentityError):
    """Too many attempts from this address or for this officer; `wait` is in seconds."""

    def __init__(self, wait: int) -> None:
        self.wait = wait
        super().__init__(f"too many attempts, wait {wait} seconds")


class WeakPassword(IdentityError):
    """A new password does not meet the rule (see `passwords.check_strength`)."""
