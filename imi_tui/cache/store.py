"""The cache as screens and commands use it. One `Store` a thread; cheap to open with the raw key."""

from __future__ import annotations

import datetime as dt

from imi_core.lean import TYPE_CHECKING, cached_property, json
from imi_tui.cache.acting import Acting
from imi_tui.cache.errors import DiskFull
from imi_tui.cache.ids import Random, SystemRandom
from imi_tui.cache.listing.rows import ONE
from imi_tui.cache.model import VIEWS, Changed, DeskProgress, Hits, Row, Seat, SyncStatus
from imi_tui.cache.opening import open_pair
from imi_tui.cache.personal.annotations import Personal
from imi_tui.cache.register.handlers import Handlers
from imi_tui.cache.registered import Registered
from imi_tui.cache.storage.hub import hub_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from imi_tui.cache.listing.grouping import Grouping
    from imi_tui.cache.model import CaseDetail, GroupId, Held, SortId, ViewId
    from imi_tui.cache.search.finding import Finding
    from imi_tui.cache.search.query import Query as CaseQuery
    from imi_tui.cache.sync import SyncStore
    from imi_tui.profile import Profile


_HERE = (
    "select d.id, l.id from json_each(?1) j cross join desk d on d.id = j.value ->> 0"
    " cross join listing l on l.desk = d.no and l.id = j.value ->> 1"
)


def utc_now() -> dt.datetime:
    """The time, with its zone."""
    return dt.datetime.now(dt.UTC)


class Store(Acting, Registered):
    """Reading the cache, and what an officer writes. See `SyncStore` (`.sync`) for the engine's side."""

    @classmethod
    def open(
        cls,
        profile: Profile,
        key: bytes,
        *,
        now: Callable[[], dt.datetime] = utc_now,
        rng: Random | None = None,
    ) -> Store:
        """Open the profile's files with the raw key (a `MemoryKey` keeps everything in memory).

        `rng` is a source of random bytes such as the module `secrets`. Raises `PlaintextCipher`, `WrongKey`,
        `NewerCache`, `CorruptCache` (of `work.db`; a damaged `cache.db` is set aside and begun anew), `DiskFull` (where
        there is no reserve either: SQLite needs some room to read).
        """

        def opened() -> Store:
            hub = hub_of(profile.folder)
            work, cache = open_pair(profile, key, hub, now().isoformat(timespec="seconds"))
            store = cls(work, cache, hub, now, rng or SystemRandom(), profile)
            store.recover_projection()
            return store

        try:
            return opened()
        except DiskFull:
            from imi_tui.cache.storage.reserve import Reserve

            if not Reserve(profile).give_up():
                raise
            return opened()

    @cached_property
    def sync(self) -> SyncStore:
        """The sync engine's side of this store."""
        from imi_tui.cache.sync import SyncStore

        return SyncStore(
            self,
            self._cache,
            self.outbox_table,
            self._directory,
            self._session,
            self._documents,
            self._projector,
            self._contents,
        )

    @cached_property
    def personal(self) -> Personal:
        """What the officer keeps about cases on this machine."""
        return Personal(self._work, self.outbox_table, self.publish, self.reflect)

    def _shown(self, rows: list[Row]) -> list[Row]:
        """Rows with what the officer keeps about them, and with the names of those who look after them."""
        rows = self.personal.shown(rows)
        if not any(row.handler for row in rows):
            return rows
        return [
            row._replace(handler=row.handler if name else "", handler_name=name)
            for row in rows
            for name in (self.handlers.name(row.desk, row.handler),)
        ]

    @cached_property
    def handlers(self) -> Handlers:
        """Who looks after cases at this officer's desks."""
        return Handlers(self._cache)

    @cached_property
    def grouping(self) -> Grouping:
        """Lists in groups."""
        from imi_tui.cache.listing.grouping import Grouping

        return Grouping(
            self._cache,
            self.desks,
            self._listing,
            self.today,
            self._shown,
            lambda: self.publish(Changed(frozenset(("views",)))),
        )

    @cached_property
    def finding(self) -> Finding:
        """The search over cases, which knows what the officer keeps about them too."""
        found = super().finding
        kept = self.personal

        def tagged(values: tuple[str, ...]) -> list[int]:
            return self.marking.numbers({case for value in values for case in kept.with_tag(value.lstrip("#"))})

        def noted(values: tuple[str, ...]) -> list[int]:
            return self.marking.numbers({case for value in values for case in kept.with_note(value)})

        found.sets |= {"tag": tagged, "note": noted}
        return found

    # --- reading ------------------------------------------------------------------------------------------------

    def seats(self) -> tuple[Seat, ...]:
        """The officer's desks, as the last session said."""
        return self._session.seats()

    def officer(self) -> dict[str, Any]:
        """``id``, ``name`` and ``language`` of the officer; empty before the first session."""
        return self._session.officer()

    def counts(self) -> dict[ViewId, int]:
        """Rows of every view, from a table."""
        return self._listing.counts()

    def window(self, view: ViewId, sort: SortId, *, after: bytes | None = None, limit: int) -> list[Row]:
        """At most `limit` rows behind the key `after`, or the first ones."""
        return self._shown(self._listing.window(view, sort, after, limit))

    def window_before(self, view: ViewId, sort: SortId, *, before: bytes | None = None, limit: int) -> list[Row]:
        """At most `limit` rows in front of the key `before`, or the last ones; in the view's order."""
        return self._shown(self._listing.window_before(view, sort, before, limit))

    def window_at(self, view: ViewId, sort: SortId, offset: int, limit: int) -> list[Row]:
        """At most `limit` rows from position `offset` on (0 is the first)."""
        return self._shown(self._listing.window_at(view, sort, offset, limit))

    def before(self, view: ViewId, sort: SortId, key: bytes) -> int:
        """How many rows of a view stand in front of `key`."""
        return self._listing.before(view, sort, key)

    def numbers(self, view: ViewId, sort: SortId, first: bytes, last: bytes) -> list[int]:
        """The numbers of the cases of a view from one key to another, both included; at most `marking.MOST`."""
        return self.marking.between(view, sort, first, last)

    def row(self, desk: str, id: str, view: ViewId, sort: SortId) -> Row | None:
        """The row of one case as it is now (it may have left the view), by its id or its earlier local one."""
        found = self._listing.row(desk, id, view, sort)
        if found is None and id.startswith("ref:"):
            found = self._listing.row(desk, self._projector.resolve(desk, id), view, sort)
        return self._shown([found])[0] if found is not None else None

    def search(self, line: str, limit: int = 50) -> list[Row]:
        """Cases found by a search line (docs/desk.md), the newest first. See `hits` and `unsearched`."""
        return list(self.hits(self.finding.read(line), limit).rows)

    def saying(self, said: str, limit: int) -> list[str]:
        """Ids of the newest cases in which these words were written, the last one perhaps no more than begun."""
        found = self.finding.find(self.finding.read(said), limit, plain=True)
        return [id for _n, _desk, id, *_ in found.rows]

    def hits(self, query: CaseQuery, limit: int, *, best: bool = False, patient: bool = False) -> Hits:
        """Cases that answer a search line which `finding.read`: by deadline where it asks for one without words,
        else the newest first; `best`: those first that say it in reference, subject or name; `patient`: compare
        as many as it takes."""
        from imi_tui.cache.search.lazy_rows import LazyRows

        found = self.finding.find(query, limit, best=best, patient=patient)
        by: SortId = "due" if found.by == "due" else "activity"
        made = self._listing.made
        rows = LazyRows(found.rows, lambda part: self._shown([made(row, by) for row in part]))
        return Hits(rows, by, found.whole, found.ranked)

    def names(self, begin: str, limit: int = 20) -> list[str]:
        """Names of other sides in the cases here that begin with these folded letters, in order."""
        return self._listing.names(begin, limit)

    def indexing(self) -> int:
        """How many cases the search does not know yet."""
        return self._documents.left()

    def unsearched(self) -> int:
        """How many cases the search knows in part or not at all, their content being missing or not indexed.

        At most `model.MANY`.
        """
        return self._documents.partly()

    def case(self, desk: str, id: str) -> CaseDetail | None:
        """One case with its entries and what waits for it."""
        found = self._desk_work.detail(desk, id)
        if found is None:
            return None
        given = found.case.get("assignment") or {}
        return found._replace(
            mine=self.personal.one(found.desk, found.id),
            handler=self.handlers.name(found.desk, str(given.get("officer", ""))),
            assigner=self.handlers.called(str(given.get("by", ""))),
            translations=self.translations.of(found.desk, found.id),
            wishes=self.translations.wishes(found.desk, found.id),
            assignments=tuple(self.handlers.named(each) for each in found.assignments),
        )

    def entry(self, desk: str, id: str) -> dict[str, Any] | None:
        """One confirmed entry on the wire, None where it is not here."""
        return self._desk_work.entry(desk, id)

    def find(self, reference: str) -> list[tuple[str, str]]:
        """(desk, case id) of the cases with this reference."""
        found = self._listing.with_reference(reference.strip().upper())
        return [(self.desks.id(desk), id) for desk, id in found]

    def mark_read(self, desk: str, id: str) -> None:
        """The officer has seen the case as it is now."""
        number = self.desks.number(desk)
        found = self._cache.one(ONE, (number, id)) if number is not None else None
        if found is None or not found[13]:
            return
        with self._cache.write():
            self._cache.run(
                "update listing set unread = 0,"
                " seen = coalesce((select version from confirmed where n = listing.n), seen) where n = ?",
                (found[0],),
            )
        self.publish(Changed(frozenset(("cases",)), frozenset(((desk, id),))))

    def status(self) -> SyncStatus:
        """When synchronising last worked, what waits, how far it is, and why it does not move."""
        return self.activity.status()

    def progress(self) -> list[DeskProgress]:
        """How far the first sync of each desk is, in the order of the seats."""
        return self.activity.progress()

    def want(self, desk: str, id: str) -> bool:
        """Ask for the content of a case that somebody looks at; whether it is still to come.

        The synchronisation hears of it and fetches it first.
        """
        number = self.desks.number(desk)
        if number is None or not self._contents.is_missing(number, id):
            return False
        if self._contents.is_opened(number, id):
            return True
        with self._cache.write():
            wanted = self._contents.want(number, id)
        if wanted:
            self.publish(Changed(frozenset(("wanted",)), frozenset(((desk, id),))))
        return wanted

    def held(self) -> tuple[Held, ...]:
        """Removals on hold: so much would go at once that the officer has to say so."""
        return self.deletion_guard.held()

    def allow_removals(self) -> None:
        """The officer lets what is on hold be removed at the next synchronisation."""
        self.deletion_guard.allow()

    def remembered(self, name: str) -> str:
        """What `remember` kept under this name, empty where there is nothing."""
        found = self._cache.one("select value from meta where name = ?", (f"kept:{name}",))
        return found[0] if found is not None else ""

    def remember(self, name: str, value: str) -> None:
        """Keep something a screen would otherwise work out again at every start; lost with the cache."""
        self._cache.run("insert or replace into meta values(?, ?)", (f"kept:{name}", value))

    def kept(self, name: str) -> str:
        """What `keep` kept under this name, empty where there is nothing."""
        found = self._work.one("select value from meta where name = ?", (f"kept:{name}",))
        return str(found[0]) if found is not None else ""

    def keep(self, name: str, value: str) -> None:
        """Keep something about this officer's work with the drafts, for good."""
        self._work.run("insert or replace into meta values(?, ?)", (f"kept:{name}", value))

    def wake(self) -> int:
        """Bring back what was put off until today or an earlier day; how many cases."""
        return self.personal.wake(self.today().isoformat())

    def tidy(self) -> None:
        """Once a day: what is kept about cases that are no longer here goes in its time, however they went."""
        today = self.today().isoformat()
        if self.kept("tidied") == today:
            return
        self.keep("tidied", today)
        desks = {seat.desk for seat in self.seats()}
        # A list that is not whole yet misses none.
        whole = {desk for (desk,) in self._cache.rows("select id from account where filling is null and state <> ''")}
        kept = self.personal
        asked = [case for case in kept.all() if case[0] in whole or (desks and case[0] not in desks)]
        here = set(self._cache.rows(_HERE, (json.dumps(asked),)))
        kept.gone({case: False for case in asked if case not in here}, self.today())
        kept.forget(self.today())
        self.grouping.index.drop_unused(self._grouped())

    def _grouped(self) -> list[tuple[GroupId, SortId]]:
        """What lists are put in groups by, and in which order, as screens keep it."""
        from imi_tui.cache.listing.grouped_index import order_in

        kept = json.loads(self.kept("arrangements") or "{}")
        arranged = [(view, kept[view]) for view in VIEWS if view in kept]
        return [(by, order_in(view, by, sort)) for view, (sort, by) in arranged if by]

    # --- the projection -------------------------------------------------------------------------------------------

    def recover_projection(self) -> None:
        """Catch up with what the outbox committed and the cache did not, as after a crash, and with the day."""
        self.wake()
        reflected = self._cache.one("select value from meta where name = 'generation'")[0]
        if reflected != self.outbox_table.generation():
            with self.desks.kept(), self._cache.write():
                self._projector.refresh(set())
