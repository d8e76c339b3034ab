"""Terminals without a browser that ask to be signed in (RFC 8628): from their question to their officer's decision."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from imi_central.store.codec import ms
from imi_central.store.identity_tables import device, digest
from imi_central.store.trail import note

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from imi_central.store.store import Store

LIFE = dt.timedelta(minutes=5)
"""How long a device may wait for its officer."""
_REMEMBERED_MS = 10 * 60 * 1000
"""Kept after its end, so that a client that asks late is told that its time is over."""


class Device(NamedTuple):
    """A device that waits for, or has got, its officer's decision."""

    digest: bytes
    client: str
    address: str
    number: int
    state: str
    officer: str
    expired: bool


class Devices:
    """The devices of one database. Every method is one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, value: str, user_code: str, client: str, address: str, number: int, interval: int) -> bool:
        """Keep a device that asks to be signed in; false where another one has this user code."""
        now = ms(self._store.now())
        with self._store.writing() as conn:
            prune(conn, now)
            if conn.scalar(sa.select(device.c.number).where(device.c.user_code == digest(user_code))) is not None:
                return False
            conn.execute(
                sa.insert(device).values(
                    digest=digest(value),
                    user_code=digest(user_code),
                    client=client,
                    address=address,
                    number=number,
                    state="pending",
                    officer="",
                    expires=now + round(LIFE.total_seconds() * 1000),
                    interval=interval,
                    polled=0,
                )
            )
            return True

    def find(self, *, value: str = "", user_code: str = "") -> Device | None:
        """A device by its own code or by the one its officer types."""
        where = device.c.digest == digest(value) if value else device.c.user_code == digest(user_code)
        with self._store.reading() as conn:
            row = conn.execute(sa.select(device).where(where)).one_or_none()
        if row is None:
            return None
        expired = row.expires <= ms(self._store.now())
        return Device(bytes(row.digest), row.client, row.address, row.number, row.state, row.officer, expired)

    def decide(self, given: Device, officer_id: str, approve: bool) -> bool:
        """Let a waiting device in or not; false where it waits no longer."""
        now = ms(self._store.now())
        with self._store.writing() as conn:
            done = conn.execute(
                sa.update(device)
                .where(device.c.digest == given.digest, device.c.state == "pending", device.c.expires > now)
                .values(state="approved" if approve else "denied", officer=officer_id)
            )
            if done.rowcount == 1:
                note(conn, now, officer_id, "", "device-approved" if approve else "device-denied", "")
            return done.rowcount == 1

    def too_fast(self, given: Device) -> bool:
        """Note that a device asked; true where it did not wait, and then it has to wait five seconds longer."""
        now = ms(self._store.now())
        with self._store.writing() as conn:
            where = device.c.digest == given.digest
            row = conn.execute(sa.select(device.c.interval, device.c.polled).where(where).with_for_update()).one()
            fast = bool(now < row.polled + row.interval * 1000)
            conn.execute(sa.update(device).where(where).values(polled=now, interval=row.interval + 5 * fast))
            return fast


def approved() -> sa.ColumnElement[bool]:
    """Whether the officer has let a device in and nobody was given tokens for it yet."""
    return device.c.state == "approved"


def prune(conn: Connection, now: int) -> None:
    """Forget the devices whose time is long over."""
    conn.execute(sa.delete(device).where(device.c.expires <= now - _REMEMBERED_MS))
