"""Passwords: Argon2id, and counting attempts before anything is compared."""

from __future__ import annotations

import datetime as dt
import os
import threading
import unicodedata
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from imi_central.identity.errors import TooManyAttempts, WeakPassword, WrongPassword

if TYPE_CHECKING:
    from imi_central.store.identity import Sessions

SHORTEST, LONGEST = 12, 256
WINDOW = dt.timedelta(minutes=15)
PER_OFFICER, PER_ADDRESS = 10, 40
"""Attempts allowed in `WINDOW`; several officers may share an address."""

# OWASP's smallest advised cost, so that a crowd on a Monday morning fits in memory.
_ITERATIONS, _MEMORY_KIB = 2, 19 * 1024
AT_ONCE = 4
"""Passwords compared at the same time."""
_PLACES = threading.BoundedSemaphore(AT_ONCE)
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
"""No password has this hash; it costs as much to compare with as a real one."""


def _bytes(password: str) -> bytes:
    return unicodedata.normalize("NFKC", password).encode()


def check_strength(password: str, login: str) -> None:
    """Raise `WeakPassword` unless the password is long enough, not too long and not the officer's own name."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise WeakPassword(f"a password has {SHORTEST} to {LONGEST} characters")
    if login.casefold() in password.casefold() or len(set(password)) < 5:
        raise WeakPassword(
            "a password does not contain the name to sign in with and has at least 5 characters that differ"
        )


def hash_password(password: str) -> str:
    """The Argon2id hash in its usual text form."""
    with _PLACES:
        kdf = Argon2id(salt=os.urandom(16), length=32, iterations=_ITERATIONS, lanes=1, memory_cost=_MEMORY_KIB)
        return kdf.derive_phc_encoded(_bytes(password))


def matches(password: str, hashed: str) -> bool:
    """Whether the password has this hash; always false for an empty one, and as slowly."""
    if len(password) > LONGEST:
        return False
    with _PLACES:
        try:
            Argon2id.verify_phc_encoded(_bytes(password), hashed or _NOBODY)
        except InvalidKey:
            return False
    return bool(hashed)


def sign_in(sessions: Sessions, username: str, password: str, address: str) -> str:
    """The officer's id. Raises `WrongPassword`, `TooManyAttempts`.

    `address` stands for the peer (an IPv6 peer by its /64 network). An attempt is counted before it is checked.
    """
    username = username.strip().casefold()[:100]
    mine, peer = f"sign-in officer {username}", f"sign-in address {address}"
    if wait := sessions.attempts.count({mine: PER_OFFICER, peer: PER_ADDRESS}, WINDOW):
        raise TooManyAttempts(wait)
    login = sessions.login(username)
    if not matches(password, login.hash if login is not None else "") or login is None or not login.active:
        # Of nobody, too: the time that writing takes would tell which names there are.
        sessions.failed(login.officer if login is not None else "")
        raise WrongPassword("wrong name or password")
    # Many officers share an address: what succeeds does not count against it.
    sessions.attempts.succeeded(mine, peer)
    return login.officer
