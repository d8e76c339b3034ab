"""What the synchronisation is at: how far it is, what it does now, when it tries again, what it cost today."""

from __future__ import annotations

import time

from imi_core.lean import TYPE_CHECKING
from imi_tui.cache.model import ASIDE, Changed, DeskProgress, Now, SyncStatus

if TYPE_CHECKING:
    import datetime as dt

    from imi_tui.cache.outbox.outbox import Outbox
    from imi_tui.cache.session import SessionTable
    from imi_tui.cache.storage.db import Database
    from imi_tui.cache.storage.hub import Hub

DAYS_KEPT = 60
NAMED = 100
"""Cases put aside that are named."""
MANY = 20_000
"""Contents to come that are counted at every look: above it counting takes milliseconds."""
COUNT_AGAIN = 1.0
_STATUS = Changed(frozenset(("status",)))


class Activity:
    """Reached as `Store.activity`: the sync thread says here what it does, the screens read it."""

    def __init__(self, cache: Database, hub: Hub, outbox: Outbox, session: SessionTable) -> None:
        self._cache, self._hub, self._outbox, self._session = cache, hub, outbox, session
        self._counted = (0, 0.0)

    def say(self, now: Now) -> None:
        """What happens now. Nothing is written: it is true for this process only. `sending` goes on."""
        now = now._replace(sending=self._hub.now.sending)
        if now != self._hub.now:
            self._hub.now = now
            self._hub.publish(_STATUS)

    def sent(self, count: int) -> None:
        """So many entries more are sent, and settled in the outbox."""
        if not count:
            return
        done, total = self._hub.now.sending
        done = count if done >= total else done + count
        self._hub.now = self._hub.now._replace(sending=(done, done + self._outbox.counts()[0]))
        self._hub.publish(_STATUS)

    def meter(self, metered: bool) -> None:
        """The officer wants the line spared, or no longer: to be seen before the sync thread gets round to it."""
        self._hub.now = self._hub.now._replace(metered=metered)
        self._hub.publish(_STATUS)

    def spent(self, day: dt.date, sent: int, received: int) -> None:
        """Count bytes that went over the line on this day of the officer's calendar."""
        if not sent and not received:
            return
        with self._cache.write():
            self._cache.run(
                "insert into traffic values(?, ?, ?) on conflict(day) do update"
                " set sent = sent + excluded.sent, received = received + excluded.received",
                (day.isoformat(), sent, received),
            )
            self._cache.run(
                "delete from traffic where day not in (select day from traffic order by day desc limit ?)", (DAYS_KEPT,)
            )

    def traffic(self, day: dt.date) -> tuple[int, int]:
        """(bytes sent, bytes received) on this day."""
        found = self._cache.one("select sent, received from traffic where day = ?", (day.isoformat(),))
        return (0, 0) if found is None else (int(found[0]), int(found[1]))

    def status(self) -> SyncStatus:
        """When synchronising last worked, what waits, how far it is, and why it does not move."""
        queued, rejected = self._outbox.counts()
        known = dict(self._cache.rows("select name, value from meta where name in ('last_ok', 'problem', 'first')"))
        wanted, filling = self._wanted(), self._filling()
        counted = wanted or filling is not None
        listed = self._cache.one("select sum(rows) from group_count") if counted else None
        register = self._cache.one("select coalesce(sum(done), 0), count(*) from register_part")
        return SyncStatus(
            known.get("last_ok", ""),
            queued,
            rejected,
            known.get("problem", ""),
            filling,
            wanted,
            listed=int(listed[0] or 0) if listed is not None else 0,
            register=(int(register[0]), int(register[1])),
            now=self._hub.now,
            aside=self._aside(),
            first="first" in known,
        )

    def _wanted(self) -> int:
        """How many contents are to come: of very many, what was counted a moment ago. Metered, none comes by itself."""
        if self._hub.now.metered:
            return 0
        count, until = self._counted
        now = time.monotonic()
        if count <= MANY or now >= until:
            count = self._cache.one("select count(*) from wanted where priority < ?", (ASIDE,))[0]
            self._counted = (count, now + COUNT_AGAIN)
        return count

    def _aside(self) -> tuple[str, ...]:
        sql = (
            "select l.reference from wanted w cross join listing l on l.n = w.n where w.priority = ?"
            " order by l.reference limit ?"
        )
        return tuple(reference for (reference,) in self._cache.rows(sql, (ASIDE, NAMED)))

    def _filling(self) -> float | None:
        """The share of all desks' lists that is here; None when no first sync is going on."""
        shares = dict(self._cache.rows("select id, coalesce(filling, 1.0) from account"))
        if not shares:
            return None
        desks = {seat.desk for seat in self._session.seats()} | {id for id, share in shares.items() if share < 1}
        done = sum(float(shares.get(id, 0.0)) for id in desks)
        return done / len(desks) if done < len(desks) else None

    def progress(self) -> list[DeskProgress]:
        """How far the first sync of each desk is, in the order of the seats."""
        sql = (
            "select d.id, count(*), a.filling, count(w.n) from listing l join confirmed c on c.n = l.n"
            " join desk d on d.no = l.desk left join account a on a.id = d.id left join wanted w on w.n = l.n"
            " and w.priority < ? group by l.desk"
        )
        found = {row[0]: DeskProgress(*row) for row in self._cache.rows(sql, (ASIDE,))}
        return [found.get(seat.desk, DeskProgress(seat.desk, 0, None, 0)) for seat in self._session.seats()]
