"""The audit trail: who did what to which object, and where the clock by which it is told jumped (F26)."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from imi_central.store.tables import assignment, audit, cases, entries, entry_blob, officer, translation

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

JUMP = dt.timedelta(seconds=60)
"""What a clock may be away from where it should be; processes of one database and setting a clock right differ less."""


def note(conn: Connection, at: int, officer: str, desk: str, action: str, object_id: str) -> None:
    """Add one row to the audit trail."""
    row = {"at": at, "officer": officer, "desk": desk, "action": action, "object_id": object_id}
    conn.execute(sa.insert(audit), row)


class Wanted(NamedTuple):
    """Which rows: from an instant (milliseconds) on and before another one, of who signs in so, of a case (its id or
    reference). Empty ones do not count."""

    since: int | None = None
    before: int | None = None
    login: str = ""
    case: str = ""


class Noted(NamedTuple):
    """One row. `who` is the name to sign in with; empty where the server itself or whoever runs it did it."""

    at: dt.datetime
    who: str
    desk: str
    action: str
    object_id: str


def rows(conn: Connection, wanted: Wanted) -> Iterator[Noted]:
    """These rows in their order, as they are read."""
    who = sa.func.coalesce(officer.c.username, audit.c.officer)
    query = sa.select(audit.c.at, who, audit.c.desk, audit.c.action, audit.c.object_id).order_by(audit.c.id)
    query = query.outerjoin(officer, officer.c.id == audit.c.officer)
    if wanted.since is not None:
        query = query.where(audit.c.at >= wanted.since)
    if wanted.before is not None:
        query = query.where(audit.c.at < wanted.before)
    if wanted.login:
        query = query.where(who == wanted.login)
    if wanted.case:
        named = sa.or_(cases.c.id == wanted.case, cases.c.reference == wanted.case)
        of = sa.select(cases.c.id).where(named).scalar_subquery()
        ids = [sa.select(each.c.id).where(each.c.case_id == of) for each in (entries, assignment, translation)]
        files = sa.select(entry_blob.c.blob_id).where(entry_blob.c.case_id == of)
        query = query.where(audit.c.object_id.in_(sa.union_all(sa.select(of), *ids, files)))
    for at, *rest in conn.execute(query.execution_options(yield_per=500)):
        yield Noted(dt.datetime.fromtimestamp(at / 1000, dt.UTC), *rest)


def last(conn: Connection) -> int | None:
    """The time of the newest row, None where there is none."""
    return conn.scalar(sa.select(audit.c.at).order_by(audit.c.id.desc()).limit(1))


def steady() -> float:
    """Seconds that nobody sets, those in which the machine slept included where the system counts them."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class Watch:
    """A clock that notices when it was set: called like the clock itself, from any thread.

    Without a steady clock beside it only a jump back is noticed.
    """

    def __init__(self, clock: Callable[[], dt.datetime], steady: Callable[[], float] | None) -> None:
        self._clock, self._steady = clock, steady
        self._lock = threading.Lock()
        self._seen: tuple[dt.datetime, float] | None = None
        self._jumped = dt.timedelta(0)

    def __call__(self) -> dt.datetime:
        """The present instant."""
        with self._lock:
            now, counted = self._clock(), self._steady() if self._steady is not None else 0.0
            if self._seen is not None:
                passed = dt.timedelta(seconds=counted - self._seen[1])
                off = now - self._seen[0] - passed
                if off <= -JUMP or (off >= JUMP and self._steady is not None):
                    self._jumped += off
            self._seen = (now, counted)
        return now

    def was_at(self, moment: dt.datetime) -> None:
        """What this clock, or another one for the same database, has shown before."""
        now = self()
        if now <= moment - JUMP:
            self.jumped(now - moment)

    def jumped(self, by: dt.timedelta) -> None:
        """Note a jump that nobody has taken yet."""
        with self._lock:
            self._jumped += by

    def take(self) -> dt.timedelta:
        """What it has jumped since this was asked last; zero where it did not."""
        with self._lock:
            by, self._jumped = self._jumped, dt.timedelta(0)
            return by
