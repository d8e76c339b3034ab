"""What sign-in keeps: passwords, sessions with their tokens, pending codes (see also `attempts` and `devices`).

Tokens and codes are stored only as SHA-256 digests of random values, so that the database gives none away. A
*session* is one signed-in client: the family of every token that followed from one sign-in.
"""

from __future__ import annotations

import datetime as dt
import secrets
from typing import TYPE_CHECKING, Literal, NamedTuple

import sqlalchemy as sa

from imi_central.store import attempts, devices
from imi_central.store.attempts import Attempts
from imi_central.store.codec import ms
from imi_central.store.devices import Device, Devices
from imi_central.store.dialect import alone
from imi_central.store.identity_tables import code, device, digest, password, secret, session, token
from imi_central.store.tables import officer
from imi_central.store.trail import note

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from imi_central.store.store import Store

SessionKind = Literal["browser", "device", "script"]

ACCESS = dt.timedelta(minutes=10)
REFRESH = dt.timedelta(days=14)
SESSION = dt.timedelta(days=90)
"""Lives of tokens: a refresh token ends with its session at the latest."""
CODE = dt.timedelta(minutes=2)


class Login(NamedTuple):
    """Who tries to sign in. `hash` is empty where the officer has no password."""

    officer: str
    active: bool
    hash: str


class Code(NamedTuple):
    """An authorization code that was found."""

    digest: bytes
    officer: str
    client: str
    redirect_uri: str
    challenge: str


class Refresh(NamedTuple):
    """A refresh token that may be exchanged."""

    digest: bytes
    officer: str
    client: str
    session: str


class Tokens(NamedTuple):
    """What a client gets; `refresh` is empty for scripts."""

    access: str
    refresh: str


class Sessions:
    """Sign-in data of one database. Every method is one transaction.

    `attempts` counts what can be guessed, `devices` are the terminals that wait for an officer's decision.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.attempts = Attempts(store)
        self.devices = Devices(store)

    def now(self) -> int:
        """Milliseconds since 1970."""
        return ms(self._store.now())

    def secret(self, name: str) -> bytes:
        """32 random bytes, the same for every process; made at the first call."""
        with self._store.reading() as conn:
            found = conn.scalar(sa.select(secret.c.value).where(secret.c.name == name))
        if found is None:
            with self._store.writing() as conn:
                alone(conn)
                found = conn.scalar(sa.select(secret.c.value).where(secret.c.name == name))
                if found is None:
                    found = secrets.token_bytes(32)
                    conn.execute(sa.insert(secret).values(name=name, value=found))
        return bytes(found)

    def login(self, username: str) -> Login | None:
        """The officer with this name to sign in with."""
        query = (
            sa.select(officer.c.id, officer.c.active, password.c.hash)
            .outerjoin(password, password.c.officer == officer.c.id)
            .where(officer.c.username == username)
        )
        with self._store.reading() as conn:
            row = conn.execute(query).one_or_none()
        return Login(row.id, row.active, row.hash or "") if row is not None else None

    def set_password(self, officer_id: str, hashed: str) -> None:
        """Keep a new password hash; whoever is signed in with the old one is signed out."""
        with self._store.writing() as conn:
            alone(conn)
            conn.execute(sa.delete(password).where(password.c.officer == officer_id))
            conn.execute(sa.insert(password).values(officer=officer_id, hash=hashed, changed=self.now()))
            _end(conn, session.c.officer == officer_id)
            note(conn, self.now(), officer_id, "", "password", "")

    def failed(self, officer_id: str) -> None:
        """Record in the audit trail that somebody failed to sign in as this officer, "" where there is none."""
        with self._store.writing() as conn:
            note(conn, self.now(), officer_id, "", "sign-in-failed", "")

    def add_code(self, value: str, officer_id: str, client: str, redirect_uri: str, challenge: str) -> None:
        """Keep an authorization code for two minutes."""
        with self._store.writing() as conn:
            self._prune(conn)
            conn.execute(
                sa.insert(code).values(
                    digest=digest(value),
                    officer=officer_id,
                    client=client,
                    redirect_uri=redirect_uri,
                    challenge=challenge,
                    expires=self.now() + _ms(CODE),
                    session="",
                )
            )

    def code(self, value: str, client: str) -> Code | None:
        """An unused code of this client. A used one ends the session it opened: somebody else may have it."""
        with self._store.writing() as conn:
            row = conn.execute(
                sa.select(code).where(code.c.digest == digest(value), code.c.client == client)
            ).one_or_none()
            if row is not None and row.session:
                self._revoke(conn, row.session, "code-reuse")
            if row is None or row.session or row.expires <= self.now():
                return None
            return Code(bytes(row.digest), row.officer, row.client, row.redirect_uri, row.challenge)

    def refresh(self, value: str) -> Refresh | None:
        """A refresh token that may be exchanged. A used one ends its session: it was copied.

        But where nothing that was given for it has ever been shown, the answer was lost on a bad line: then it may be
        exchanged once more, and what was given for it before is void.
        """
        query = (
            sa.select(token, session.c.officer, session.c.client, session.c.revoked, session.c.expires.label("ends"))
            .join(session, session.c.id == token.c.session)
            .where(token.c.digest == digest(value), token.c.kind == "refresh")
        )
        with self._store.writing() as conn:
            row = conn.execute(query).one_or_none()
            if row is None or row.revoked or min(row.expires, row.ends) <= self.now():
                return None
            if row.used and not self._unheard(conn, bytes(row.digest)):
                self._revoke(conn, row.session, "refresh-reuse")
                return None
            return Refresh(bytes(row.digest), row.officer, row.client, row.session)

    def active(self, officer_id: str) -> bool:
        """Whether the officer may use the system now."""
        with self._store.reading() as conn:
            return bool(conn.scalar(sa.select(officer.c.active).where(officer.c.id == officer_id)))

    def redeem(self, given: Code | Device, kind: SessionKind, tokens: Tokens) -> bool:
        """Open a session with these tokens for a code or an approved device; false where it was used meanwhile."""
        table, is_open = (code, code.c.session == "") if isinstance(given, Code) else (device, devices.approved())
        with self._store.writing() as conn:
            opened = secrets.token_hex(16)
            value = {"session": opened} if isinstance(given, Code) else {"state": "used"}
            taken = conn.execute(sa.update(table).where(table.c.digest == given.digest, is_open).values(value))
            if taken.rowcount != 1:
                return False
            self._open(conn, opened, given.officer, given.client, kind, SESSION)
            self._save(conn, opened, tokens, ACCESS)
            return True

    def rotate(self, given: Refresh, tokens: Tokens) -> bool:
        """Exchange a refresh token; false, and the session over, where it was exchanged before and that was heard."""
        with self._store.writing() as conn:
            # Of several at once each sees what the one before it gave.
            conn.execute(sa.select(token.c.used).where(token.c.digest == given.digest).with_for_update())
            taken = conn.execute(
                sa.update(token).where(token.c.digest == given.digest, sa.not_(token.c.used)).values(used=True)
            )
            if taken.rowcount != 1:
                if not self._unheard(conn, given.digest):
                    self._revoke(conn, given.session, "refresh-reuse")
                    return False
                # Whoever shows one of these now has what the client of the session never got.
                conn.execute(sa.delete(token).where(token.c.parent == given.digest, token.c.kind == "access"))
                conn.execute(sa.update(token).where(token.c.parent == given.digest).values(used=True, parent=None))
            self._save(conn, given.session, tokens, ACCESS, given.digest)
            return True

    def _unheard(self, conn: Connection, parent: bytes) -> bool:
        """Whether tokens were given for this refresh token of which none was ever shown."""
        found = conn.scalars(sa.select(token.c.used).where(token.c.parent == parent)).all()
        return bool(found) and not any(found)

    def script_token(self, officer_id: str, value: str, life: dt.timedelta) -> None:
        """Keep an access token for scripts, made by whoever runs the server; the audit trail shows it."""
        with self._store.writing() as conn:
            opened = secrets.token_hex(16)
            self._open(conn, opened, officer_id, "script", "script", life)
            self._save(conn, opened, Tokens(value, ""), life)

    def bearer(self, value: str) -> Login | None:
        """Whose access token this is; None for an unknown, expired or revoked one."""
        query = (
            sa.select(session.c.officer, officer.c.active, token.c.used)
            .join(token, token.c.session == session.c.id)
            .join(officer, officer.c.id == session.c.officer)
            .where(
                token.c.digest == digest(value),
                token.c.kind == "access",
                token.c.expires > self.now(),
                sa.not_(session.c.revoked),
            )
        )
        with self._store.reading() as conn:
            row = conn.execute(query).one_or_none()
        if row is None:
            return None
        if not row.used:
            self._heard(digest(value))
        return Login(row.officer, row.active, "")

    def _heard(self, access: bytes) -> None:
        """Keep that an access token was shown, beyond its own short life: the answer that brought it had arrived."""
        with self._store.writing() as conn:
            mine = token.c.digest == access
            parent = conn.scalar(sa.select(token.c.parent).where(mine))
            conn.execute(sa.update(token).where(mine).values(used=True))
            if parent is not None:
                conn.execute(sa.update(token).where(token.c.parent == parent).values(parent=None))

    def revoke(self, value: str, client: str) -> None:
        """End the session of a token of this client, whichever of its tokens it is."""
        with self._store.writing() as conn:
            found = conn.scalar(
                sa.select(session.c.id)
                .join(token, token.c.session == session.c.id)
                .where(token.c.digest == digest(value), session.c.client == client, sa.not_(session.c.revoked))
            )
            if found is not None:
                self._revoke(conn, found, "sign-out")

    def revoke_all(self, officer_id: str) -> int:
        """End every session of an officer; returns how many there were."""
        with self._store.writing() as conn:
            return _end(conn, session.c.officer == officer_id)

    def end_all(self) -> int:
        """End every session of everybody; returns how many there were."""
        with self._store.writing() as conn:
            return _end(conn, sa.true())

    def prune(self) -> None:
        """Delete what has expired."""
        with self._store.writing() as conn:
            self._prune(conn)

    def _prune(self, conn: Connection) -> None:
        now = self.now()
        attempts.prune(conn, now)
        devices.prune(conn, now)
        # A used code is remembered a little longer, so that its reuse is noticed.
        conn.execute(sa.delete(code).where(code.c.expires <= now - _ms(ACCESS)))
        # Exchanged refresh tokens stay until their session ends, for the same reason.
        conn.execute(sa.delete(token).where(token.c.expires <= now, token.c.kind == "access"))
        ended = sa.select(session.c.id).where(session.c.expires <= now)
        conn.execute(sa.delete(token).where(token.c.session.in_(ended)))
        conn.execute(sa.delete(session).where(session.c.expires <= now))

    def _open(
        self, conn: Connection, id: str, officer_id: str, client: str, kind: SessionKind, life: dt.timedelta
    ) -> None:
        now = self.now()
        conn.execute(
            sa.insert(session).values(
                id=id, officer=officer_id, client=client, kind=kind, created=now, expires=now + _ms(life), revoked=False
            )
        )
        note(conn, now, officer_id, "", f"sign-in-{kind}", id)

    def _save(
        self, conn: Connection, session_id: str, tokens: Tokens, life: dt.timedelta, parent: bytes | None = None
    ) -> None:
        now = self.now()
        for value, kind, lives in ((tokens.access, "access", life), (tokens.refresh, "refresh", REFRESH)):
            if value:
                conn.execute(
                    sa.insert(token).values(
                        digest=digest(value),
                        session=session_id,
                        kind=kind,
                        expires=now + _ms(lives),
                        used=False,
                        parent=parent,
                    )
                )

    def _revoke(self, conn: Connection, session_id: str, why: str) -> None:
        officer_id = conn.scalar(sa.select(session.c.officer).where(session.c.id == session_id)) or ""
        _end(conn, session.c.id == session_id)
        note(conn, self.now(), officer_id, "", why, session_id)


def _end(conn: Connection, where: sa.ColumnElement[bool]) -> int:
    return conn.execute(sa.update(session).where(where, sa.not_(session.c.revoked)).values(revoked=True)).rowcount


def _ms(span: dt.timedelta) -> int:
    return round(span.total_seconds() * 1000)
