"""Counting attempts of anything that can be guessed: passwords, user codes, devices that ask."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from imi_central.store.codec import ms
from imi_central.store.dialect import locked
from imi_central.store.identity_tables import attempt, digest

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Row

    from imi_central.store.store import Store


class Attempts:
    """The counters of one database, shared by its processes. Every method is one transaction.

    Whoever needs several counters locks them in one order, so that nobody waits in a circle; a counter whose time is
    over is begun anew where it stands.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def count(self, buckets: dict[str, int], window: dt.timedelta) -> int:
        """Count one attempt in each bucket; 0, or the seconds to wait where one is full (then none is counted).

        `buckets`: name to the attempts allowed in `window`. Counted before anything is checked, so that many
        attempts at once are not more than one after the other.
        """
        limits = {digest(name): limit for name, limit in buckets.items()}
        with self._store.writing() as conn:
            now = ms(self._store.now())
            there = conn.execute(sa.select(attempt).where(attempt.c.bucket.in_(list(limits)))).all()
            if wait := _wait(there, limits, now):
                # Who goes on guessing costs no more than a look.
                return wait
            new = {"ends": now, "tries": 0}
            found = {key: locked(conn, attempt.c.bucket, {"bucket": key, **new}) for key in sorted(limits)}
            if wait := _wait(found.values(), limits, now):
                return wait
            ends = now + round(window.total_seconds() * 1000)
            for key, row in found.items():
                values = {"tries": row.tries + 1} if row.ends > now else {"tries": 1, "ends": ends}
                conn.execute(sa.update(attempt).where(attempt.c.bucket == key).values(values))
            return 0

    def succeeded(self, forget: str, give_back: str) -> None:
        """After a success: start the one bucket anew, and take this attempt out of the other."""
        mine, shared = digest(forget), digest(give_back)
        with self._store.writing() as conn:
            both = sa.select(attempt.c.bucket).where(attempt.c.bucket.in_((mine, shared)))
            # One that somebody else makes at this moment is not waited for behind the other.
            held = conn.scalars(both.order_by(attempt.c.bucket).with_for_update()).all()
            here = attempt.c.bucket.in_(held)
            conn.execute(sa.update(attempt).where(here, attempt.c.bucket == mine).values(tries=0))
            where = (here, attempt.c.bucket == shared, attempt.c.tries > 0)
            conn.execute(sa.update(attempt).where(*where).values(tries=attempt.c.tries - 1))


def _wait(rows: Iterable[Row[Any]], limits: dict[bytes, int], now: int) -> int:
    """Seconds until none of these is full any more."""
    left = [row.ends - now for row in rows if row.ends > now and row.tries >= limits[bytes(row.bucket)]]
    return -(-int(max(left)) // 1000) if left else 0


def prune(conn: Connection, now: int) -> None:
    """Forget the counters whose window is over, but those that somebody counts in at this moment."""
    over = sa.select(attempt.c.bucket).where(attempt.c.ends <= now).with_for_update(skip_locked=True)
    if keys := conn.scalars(over).all():
        conn.execute(sa.delete(attempt).where(attempt.c.bucket.in_(keys)))
