"""Tables of sign-in. Instants are milliseconds since 1970 (UTC)."""

from __future__ import annotations

import hashlib

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, String, Table

from imi_central.store.tables import metadata


def digest(value: str) -> bytes:
    """What is stored of a random secret (and of the name of a counter)."""
    return hashlib.sha256(value.encode()).digest()


password = Table(
    "password",
    metadata,
    Column("officer", String, primary_key=True),
    Column("hash", String, nullable=False),
    Column("changed", BigInteger, nullable=False),
)

session = Table(
    "session",
    metadata,
    Column("id", String, primary_key=True),
    Column("officer", String, nullable=False, index=True),
    Column("client", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False, index=True),
    Column("revoked", Boolean, nullable=False),
)

token = Table(
    "token",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("session", String, nullable=False, index=True),
    Column("kind", String, nullable=False),
    Column("expires", BigInteger, nullable=False, index=True),
    Column("used", Boolean, nullable=False),
    Column("parent", LargeBinary, nullable=True, index=True),
)
"""`kind`: access or refresh. `used`: exchanged (refresh) or shown (access) at least once. `parent`: the refresh token
it was given for, as long as nothing that was given with it has been shown as an access token."""

code = Table(
    "code",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("officer", String, nullable=False),
    Column("client", String, nullable=False),
    Column("redirect_uri", String, nullable=False),
    Column("challenge", String, nullable=False),
    Column("expires", BigInteger, nullable=False, index=True),
    Column("session", String, nullable=False),
)
"""Authorization codes; `session` names the session a used one opened."""

device = Table(
    "device",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("user_code", LargeBinary, nullable=False, unique=True),
    Column("client", String, nullable=False),
    Column("address", String, nullable=False),
    Column("number", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("officer", String, nullable=False),
    Column("expires", BigInteger, nullable=False, index=True),
    Column("interval", Integer, nullable=False),
    Column("polled", BigInteger, nullable=False),
)
"""`state`: pending, approved, denied or used. `interval`: seconds a client has to wait between two questions."""

attempt = Table(
    "attempt",
    metadata,
    Column("bucket", LargeBinary, primary_key=True),
    Column("ends", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False),
    Index("attempt_ends", "ends"),
)
"""How often something was tried in the window that ends at `ends`; buckets are digests, so no name or address."""

secret = Table(
    "secret",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)
