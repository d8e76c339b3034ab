"""Counting attempts of anything that can be guessed: passwords, user codes, devices that ask."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from imi_central.store.codec import ms
from imi_central.store.identity_tables import attempt, digest

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from imi_central.store.store import Store


class Attempts:
    """The counters of one database, shared by its processes. Every method is one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def count(self, buckets: dict[str, int], window: dt.timedelta) -> int:
        """Count one attempt in each bucket; 0, or the seconds to wait where one is full (then none is counted).

        `buckets`: name to the attempts allowed in `window`. Counted before anything is checked, so that many
        attempts at once are not more than one after the other.
        """
        keys = {digest(name): limit for name, limit in sorted(buckets.items())}
        for last in (False, True):
            try:
                with self._store.writing() as conn:
                    return self._count(conn, keys, window)
            except IntegrityError:
                # Another process made the same bucket a moment ago: look again.
                if last:
                    raise
        raise AssertionError

    def _count(self, conn: Connection, keys: dict[bytes, int], window: dt.timedelta) -> int:
        now = ms(self._store.now())
        prune(conn, now)
        rows = conn.execute(
            sa.select(attempt).where(attempt.c.bucket.in_(list(keys))).order_by(attempt.c.bucket).with_for_update()
        ).all()
        found = {bytes(row.bucket): row for row in rows}
        if waits := [row.ends - now for key, row in found.items() if row.tries >= keys[key]]:
            return -(-int(max(waits)) // 1000)
        ends = now + round(window.total_seconds() * 1000)
        for key in keys:
            if key in found:
                conn.execute(sa.update(attempt).where(attempt.c.bucket == key).values(tries=attempt.c.tries + 1))
            else:
                conn.execute(sa.insert(attempt).values(bucket=key, ends=ends, tries=1))
        return 0

    def succeeded(self, forget: str, give_back: str) -> None:
        """After a success: start the one bucket anew, and take this attempt out of the other."""
        keys = [digest(name) for name in (forget, give_back)]
        with self._store.writing() as conn:
            conn.execute(sa.delete(attempt).where(attempt.c.bucket == keys[0]))
            where = (attempt.c.bucket == keys[1], attempt.c.tries > 0)
            conn.execute(sa.update(attempt).where(*where).values(tries=attempt.c.tries - 1))


def prune(conn: Connection, now: int) -> None:
    """Forget the counters whose window is over."""
    conn.execute(sa.delete(attempt).where(attempt.c.ends <= now))
