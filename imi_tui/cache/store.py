"""The cache as screens and commands use it. One `Store` a thread; cheap to open with the raw key."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from functools import cached_property
from typing import TYPE_CHECKING, Any

from imi_tui.cache.errors import CacheError
from imi_tui.cache.handlers import Handlers
from imi_tui.cache.hub import hub_of
from imi_tui.cache.ids import Random, SystemRandom
from imi_tui.cache.model import Changed, DeskProgress, Hits, OutboxItem, Row, Seat, Seen, SyncStatus
from imi_tui.cache.opening import open_pair
from imi_tui.cache.parts import Parts
from imi_tui.cache.personal import Personal
from imi_tui.cache.rows import ONE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from imi_core.errors import ImiError
    from imi_core.procedure import Rules
    from imi_core.workflow import Target
    from imi_tui.cache.asked import Answer, Query
    from imi_tui.cache.draft import Draft
    from imi_tui.cache.finding import Finding
    from imi_tui.cache.grouping import Grouping
    from imi_tui.cache.model import AuthorityHit, CaseDetail, Held, SortId, Untouched, ViewId
    from imi_tui.cache.query import Query as CaseQuery
    from imi_tui.cache.register import Facets
    from imi_tui.cache.shelf import Kind, Phrase, Template
    from imi_tui.cache.sync import SyncStore
    from imi_tui.profile import Profile


_HERE = (
    "select d.id, l.id from json_each(?1) j cross join desk d on d.id = j.value ->> 0"
    " cross join listing l on l.desk = d.no and l.id = j.value ->> 1"
)


def utc_now() -> dt.datetime:
    """The time, with its zone."""
    return dt.datetime.now(dt.UTC)


class Store(Parts):
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
        `NewerCache`, `CorruptCache` (of `work.db`; a damaged `cache.db` is set aside and begun anew).
        """
        hub = hub_of(str(profile.home))
        work, cache = open_pair(profile, key, hub, now().isoformat(timespec="seconds"))
        store = cls(work, cache, hub, now, rng or SystemRandom(), profile)
        store.recover_projection()
        return store

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
        from imi_tui.cache.grouping import Grouping

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

    def hits(self, query: CaseQuery, limit: int, *, best: bool = False, patient: bool = False) -> Hits:
        """Cases that answer a search line which `finding.read`: by deadline where it asks for one without words,
        else the newest first; `best`: those first that say it in reference, subject or name; `patient`: compare
        as many as it takes."""
        from imi_tui.cache.late import LateRows

        found = self.finding.find(query, limit, best=best, patient=patient)
        by: SortId = "due" if found.by == "due" else "activity"
        made = self._listing.made
        rows = LateRows(found.rows, lambda part: self._shown([made(row, by) for row in part]))
        return Hits(rows, by, found.whole)

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

    def rules(self, procedure: str, version: int | None = None) -> Rules:
        """One version of a procedure, or the newest. Raises `UnknownProcedure`."""
        return self._directory.rules(procedure, version)

    def procedures(self, area: str = "") -> list[Rules]:
        """The newest version of every procedure (of one legal area)."""
        return self._directory.procedures(area)

    def authorities(
        self, words: str, *, country: str = "", area: str = "", languages: tuple[str, ...] = (), limit: int = 50
    ) -> list[AuthorityHit]:
        """Authorities as `find_authorities` ranks them, without anything this officer did before."""
        from imi_tui.cache.asked import Query

        query = Query(words=words, country=country, area=area, languages=tuple(languages))
        return self._register.search(query, limit)[0]

    def find_authorities(self, query: Query, limit: int) -> tuple[list[AuthorityHit], Answer]:
        """The best authorities for a query, and the answer that facets are counted in."""
        return self._register.search(query, limit)

    def authority_facets(self, query: Query, answer: Answer) -> Facets:
        """How many of what was found are in each country, area, language and town."""
        return self._register.facets(query, answer)

    def competences(self) -> dict[str, set[str]]:
        """By area, the ids of the fields of work that the register names."""
        return self._register.competences()

    def authority(self, id: str) -> dict[str, Any] | None:
        """The wire object of one authority."""
        return self._directory.authority(id)

    def coordinators(self, country: str) -> dict[str, list[str]]:
        """By area, the ids of the authorities that coordinate it in a country."""
        return self._directory.coordinators(country)

    def register_share(self) -> tuple[int, int]:
        """(countries whose authorities are all on this machine, countries there are)."""
        return self.sync.register.share()

    def authority_is_brief(self, id: str) -> bool:
        """Whether only what finding an authority takes is here of it."""
        return self._directory.is_brief(id)

    def want_authority(self, id: str) -> bool:
        """Ask for the whole record of an authority; True where it has to be fetched first."""
        return self.sync.register.want(id)

    def target(self, desk: str) -> Target | None:
        """A desk as an addressee."""
        return self._directory.target(desk)

    def authority_count(self) -> int:
        """How many authorities the cache holds."""
        return self._directory.count()

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
        return self.brake.held()

    def allow_removals(self) -> None:
        """The officer lets what is on hold be removed at the next synchronisation."""
        self.brake.allow()

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

    # --- writing ------------------------------------------------------------------------------------------------

    def save_draft(self, draft: Draft) -> None:
        """Save a draft durably; sets its `saved_at`."""
        draft.saved_at = self.stamp()
        self.reserve.write(lambda: self._put_draft(draft))
        self.publish(Changed(frozenset(("drafts",))))

    def _put_draft(self, draft: Draft) -> None:
        with self._work.write():
            self.outbox_table.drafts.put(draft)

    def draft(self, id: str) -> Draft | None:
        """One draft."""
        return self.outbox_table.drafts.one(id)

    def drafts(self) -> list[Draft]:
        """All drafts, the last saved first."""
        return self.outbox_table.drafts.all()

    def draft_count(self) -> int:
        """How many drafts there are."""
        found: int = self._work.one("select count(*) from draft")[0]
        return found

    def delete_draft(self, id: str) -> Callable[[], None]:
        """Throw a draft away; what brings it back."""
        draft, replaces = self.outbox_table.drafts.one(id), self.outbox_table.drafts.replaced_by(id)
        with self._work.write():
            self._work.run("delete from draft where id = ?", (id,))
        self.publish(Changed(frozenset(("drafts",))))

        def put_back() -> None:
            if draft is not None:
                with self._work.write():
                    self.outbox_table.drafts.put(draft, replaces)
                self.publish(Changed(frozenset(("drafts",))))

        return put_back

    def keep_template(self, template: Template) -> Template:
        """Save a template durably."""
        made = self.reserve.write(lambda: self.shelf.keep_template(template))
        self.publish(Changed(frozenset(("shelf",))))
        return made

    def keep_phrases(self, phrases: list[Phrase]) -> list[Phrase]:
        """Save phrases durably, all or none."""
        made = self.reserve.write(lambda: self.shelf.keep_phrases(phrases))
        self.publish(Changed(frozenset(("shelf",))))
        return made

    def drop(self, kind: Kind, id: str) -> None:
        """Throw a template or phrase away; `bring_back` undoes it."""
        self.shelf.drop(kind, id)
        self.publish(Changed(frozenset(("shelf",))))

    def bring_back(self, kind: Kind) -> str:
        """Undo the last `drop` of this kind; the id of what is back, "" where there is nothing."""
        found = self.shelf.bring_back(kind)
        self.publish(Changed(frozenset(("shelf",))))
        return found

    def queue(self, draft: Draft) -> OutboxItem:
        """Put a draft into the outbox: from now on it is safe and will be sent.

        It is `rejected` at once where the case has changed since `Draft.based_on` in what the entry depends on.
        Raises `ActionRefused`, `AnswersRefused`, `UnknownProcedure`, `NoSuchCase`, `NoSuchSeat`.
        """
        item = self.reserve.write(lambda: self._desk_work.queue(draft))
        self.reflect("drafts")
        return item.shown()

    def act(
        self,
        desk: str,
        case_id: str,
        action: str,
        *,
        answers: dict[str, Any] | None = None,
        text: str = "",
        lang: str = "",
        target: str = "",
        attachments: list[dict[str, Any]] | None = None,
        seen: Seen | None = None,
    ) -> OutboxItem:
        """Queue an action without writing a draft first.

        `seen`: what the officer had in front of them, by default the case as it is here now.
        """
        from imi_tui.cache.draft import Draft

        seen = seen or Seen()
        return self.queue(
            Draft(
                id=self._new_ref(),
                desk=desk,
                procedure="",
                action=action,
                case_id=case_id,
                target=target,
                answers=answers or {},
                text=text,
                lang=lang,
                based_on=seen.version,
                after=list(seen.after),
                attachments=attachments or [],
            )
        )

    def queue_all(self, drafts: Sequence[Draft]) -> tuple[list[OutboxItem], list[tuple[Draft, ImiError | CacheError]]]:
        """`queue` drafts for as many cases, in one transaction; what was queued, and what was refused and why."""
        items, refused = self.reserve.write(lambda: self._desk_work.queue_all(drafts))
        self.reflect("drafts")
        return [item.shown() for item in items], refused

    def outbox(self) -> list[OutboxItem]:
        """Entries the server has not taken, in order."""
        return [item.shown() for item in self.outbox_table.shown()]

    def untouched(self) -> list[Untouched]:
        """Entries that can be taken back, in order."""
        return self.outbox_table.untouched()

    def undo(self, client_ref: str) -> Draft:
        """Take a queued entry back into a draft. Raises `AlreadyAttempted`, `LaterEntries`, `NoSuchItem`."""
        draft = self._desk_work.undo(client_ref)
        self.reflect("drafts")
        return draft

    def undo_all(self, refs: Sequence[str], keep: Callable[[Draft], bool]) -> list[Draft]:
        """`undo` entries in this order, all or none; only the drafts that `keep` says stay among the drafts."""
        drafts = self._desk_work.undo_all(refs, keep)
        self.reflect("drafts")
        return drafts

    def revise(self, client_ref: str) -> Draft:
        """A draft from a rejected entry; queueing it withdraws that one. Raises `NoSuchItem`."""
        draft = self._desk_work.revise(client_ref)
        self.publish(Changed(frozenset(("drafts",))))
        return draft

    def discard(self, client_ref: str) -> Callable[[], None]:
        """Throw away a rejected or never attempted entry; what brings it back.

        Raises `AlreadyAttempted`, `LaterEntries`, `NoSuchItem`.
        """
        item = self._desk_work.discard(client_ref)
        self.reflect()

        def put_back() -> None:
            self._desk_work.put_back(item)
            self.reflect()

        return put_back

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

    # --- the projection -------------------------------------------------------------------------------------------

    def reflect(self, *kinds: str) -> None:
        """Let the listing follow a commit to the outbox, and tell.

        What was committed counts, whatever becomes of the listing: a busy cache, or one on a full disk, follows with
        its next transaction, a damaged one is found so by whoever reads it.
        """
        cases: set[tuple[str, str]] = set()
        with contextlib.suppress(CacheError), self.desks.kept(), self._cache.write():
            cases = self._projector.refresh(set())
        self.publish(Changed(frozenset(("outbox", "cases", "status", *kinds)), frozenset(cases)))  # type: ignore[arg-type]

    def recover_projection(self) -> None:
        """Catch up with what the outbox committed and the cache did not, as after a crash, and with the day."""
        self.wake()
        reflected = self._cache.one("select value from meta where name = 'generation'")[0]
        if reflected != self.outbox_table.generation():
            with self.desks.kept(), self._cache.write():
                self._projector.refresh(set())
