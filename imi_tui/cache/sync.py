"""The sync engine's side of the cache: confirmed tables, states, and the outbox on its way to the server."""

from __future__ import annotations

import contextlib
import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from imi_core.case import MARK
from imi_tui.cache import reoffered
from imi_tui.cache.contents import OPENED, REST, Wanted, content_of, head_of
from imi_tui.cache.errors import BadObject, CacheBusy
from imi_tui.cache.ids import LOCAL
from imi_tui.cache.model import Changed
from imi_tui.cache.projection import Arrival
from imi_tui.cache.register_parts import RegisterParts
from imi_tui.cache.session import seats_of
from imi_tui.cache.wire import encode, signed, to_cases, to_entries

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping, Sequence

    from imi_core.case import Case, Entry
    from imi_tui.cache.contents import Content, Contents
    from imi_tui.cache.db import Database
    from imi_tui.cache.directory import Directory
    from imi_tui.cache.documents import Document, Documents
    from imi_tui.cache.model import OutboxItem
    from imi_tui.cache.outbox import Note, Outbox
    from imi_tui.cache.projection import Key, Projector
    from imi_tui.cache.session import SessionTable
    from imi_tui.cache.store import Store

DIRECTORY = "directory"
_REGISTER = ("authority", "authority_desk", "register_part", "register_wanted")
INDEX_AT_ONCE = 64
"""Cases a page may bring to be searchable in its own transaction; more are indexed when there is time."""
STEP = 64
"""Cases indexed without looking whether somebody waits."""
HOLD = 0.02
"""Seconds for which indexing keeps others from writing, before it commits."""
NAMED = 256
"""Changed cases that are named to subscribers; more are announced as "many"."""
OF_THE_LINE = frozenset(
    ("offline", "noAnswer", "captivePortal", "proxy", "tls", "unavailable", "rateLimited", "notSignedIn", "disabled")
)
"""Problems that any answer of the server disproves."""


@dataclass(frozen=True)
class Page:
    """What one answer brings for one account. Objects are wire dicts, cleaned.

    `cases` are whole; `heads` come without content, `updates` also without the members that stay (docs/protocol.md,
    "Desk/sync"); `contents` are the contents of cases, whose `entries` are all there are.
    `destroyed` maps a type's name to ids. `filling` is the share of a first sync that is done, None when it is over.
    """

    new_state: str
    has_more: bool = False
    cases: Sequence[dict[str, Any]] = ()
    heads: Sequence[dict[str, Any]] = ()
    updates: Sequence[dict[str, Any]] = ()
    contents: Sequence[dict[str, Any]] = ()
    entries: Sequence[dict[str, Any]] = ()
    authorities: Sequence[dict[str, Any]] = ()
    procedures: Sequence[dict[str, Any]] = ()
    officers: Sequence[dict[str, Any]] = ()
    destroyed: Mapping[str, Sequence[str]] = field(default_factory=dict)
    filling: float | None = None


class SyncStore:
    """Reached as `Store.sync`."""

    def __init__(
        self,
        store: Store,
        cache: Database,
        outbox: Outbox,
        directory: Directory,
        session: SessionTable,
        documents: Documents,
        projector: Projector,
        contents: Contents,
    ) -> None:
        self._store = store
        self._cache = cache
        self._outbox = outbox
        self._directory = directory
        self._session = session
        self._documents = documents
        self._projector = projector
        self._contents = contents
        self.register = RegisterParts(store, cache, directory, session)
        self.brake = store.brake
        self._looked = False

    # --- session, states, secrets ---------------------------------------------------------------------------

    def session(self) -> dict[str, Any] | None:
        """The session resource as last stored."""
        return self._session.session()

    def set_session(self, session: dict[str, Any]) -> None:
        """Store the session. What the cache holds of desks the officer no longer sits at is removed.

        Raises `BadObject` where it is no session.
        """
        try:
            desks = {seat.desk for seat in seats_of(session)}
            complete = DIRECTORY in session["accounts"]
        except (AttributeError, TypeError, LookupError) as error:
            raise BadObject("Session", "", str(error)) from error
        if not complete:
            # What is no session must not look like one in which every seat was lost.
            raise BadObject("Session", "", "there is no directory account")
        with self._store.desks.kept(), self._cache.write():
            self._set_meta("session", json.dumps(session, ensure_ascii=False))
            lost = [id for (id,) in self._cache.rows("select id from desk") if id not in desks]
            for desk in lost:
                self._forget(desk)
            self._projector.refresh(set())
            self._store.file_moves.forget_gone()
        kinds = {"session", "cases"} if lost else {"session"}
        self._store.publish(Changed(frozenset(kinds)))  # type: ignore[arg-type]

    def state(self, account: str) -> str:
        """The state token of an account; empty before its first sync."""
        found = self._cache.one("select state from account where id = ?", (account,))
        return found[0] if found is not None else ""

    def desk_states(self) -> dict[str, str]:
        """The state token of each desk that was synchronised."""
        return {id: state for id, state in self._cache.rows("select id, state from account") if id != DIRECTORY}

    def secret(self, name: str) -> str | None:
        """A secret kept encrypted with everything else (a token)."""
        found = self._cache.one("select value from secret where name = ?", (name,))
        return found[0] if found is not None else None

    def set_secret(self, name: str, value: str | None) -> None:
        """Keep a secret, or forget it."""
        if value is None:
            self._cache.run("delete from secret where name = ?", (name,))
        else:
            self._cache.run("insert or replace into secret values(?, ?)", (name, value))

    def swap_secret(self, name: str, old: str, new: str | None) -> bool:
        """Where a secret is `old` at this moment, keep `new` or forget it; whether it was."""
        if new is None:
            return self._cache.run("delete from secret where name = ? and value = ?", (name, old)) > 0
        return self._cache.run("update secret set value = ? where name = ? and value = ?", (new, name, old)) > 0

    def set_problem(self, code: str) -> None:
        """Why synchronising does not work just now; empty when it does."""
        self._set_meta("problem", code)
        self._store.publish(Changed(frozenset(("status",))))

    def answered(self) -> None:
        """The server answered: what was wrong with the line is over, though the run still goes on."""
        found = self._cache.one("select value from meta where name = 'problem'")
        if found is not None and found[0] in OF_THE_LINE:
            self.set_problem("")

    def set_ok(self, at: dt.datetime | str) -> None:
        """When it last worked."""
        self._set_meta("last_ok", at if isinstance(at, str) else at.isoformat(timespec="seconds"))
        self._set_meta("problem", "")
        self._store.publish(Changed(frozenset(("status",))))

    def _set_meta(self, name: str, value: str) -> None:
        self._cache.run("insert or replace into meta values(?, ?)", (name, value))

    # --- the outbox on its way ------------------------------------------------------------------------------

    def recover(self) -> None:
        """Before a run: whatever was on its way when the last one ended is queued again."""
        reflected = self._cache.one("select value from meta where name = 'generation'")[0]
        forgotten = self._outbox.work.one("select 1 from touched where generation <= ?", (reflected,)) is not None
        if forgotten:
            # The listing's file may lose its last moments with the power. What it reflects is forgotten once it cannot.
            self._cache.harden("insert into meta values('hardened', 1) on conflict do update set value = value + 1")
        with self._outbox.work.write():
            left = self._outbox.work.run("update outbox set state = 'queued' where state = 'sending'")
            if forgotten:
                self._outbox.work.run("delete from touched where generation <= ?", (reflected,))
        if left:
            self._store.publish(Changed(frozenset(("outbox", "status"))))

    def server_of_outbox(self) -> str:
        """Which server the entries that wait were written for; empty where none waits, or none is known."""
        return self._outbox.noted("server") if self._outbox.shown() else ""

    def officer_of_work(self) -> str:
        """Whose drafts and entries lie here; empty where there are none, or nobody is known."""
        return self._outbox.noted("officer") if self._outbox.live() or self._outbox.drafts() else ""

    def note_origin(self, server: str, officer: str) -> None:
        """Keep the ids of server and officer beside the outbox, where a lost cache does not take them along."""
        notes: tuple[tuple[Note, str], ...] = (("server", server), ("officer", officer))
        for name, value in notes:
            if self._outbox.noted(name) != value:
                with self._outbox.work.write():
                    self._outbox.note(name, value)

    def ready(self, limit: int) -> list[OutboxItem]:
        """What may be sent now, in order; a rejected entry holds up its own case only."""
        officer = str(self._session.officer().get("id", ""))
        return [item.shown() for item in self._outbox.ready(officer, limit)]

    def begin(self, refs: Sequence[str]) -> None:
        """To be called before the first byte leaves. Raises `OutboxChanged` (then nothing was marked)."""
        with self._outbox.work.write():
            self._outbox.begin(refs)
        self._store.publish(Changed(frozenset(("outbox",))))

    def settle(
        self,
        acked: Mapping[str, Mapping[str, Any]],
        rejected: Mapping[str, Mapping[str, Any]],
        retry: Sequence[str] = (),
    ) -> int:
        """What became of what was sent: taken (with the server-set members), refused for good, to be tried again.

        How many of the refused ones wait all the same, because there is hope for them.
        """
        again = [ref for ref, error in rejected.items() if self._files_lost(ref, error)]
        waiting = 0
        with self._outbox.work.write():
            for ref, created in acked.items():
                self._outbox.acknowledge(ref, created)
            for ref, error in rejected.items():
                if ref in again:
                    continue
                waits, noted = reoffered.judged(self._outbox.item(ref), error, self._store.stamp())
                waiting += waits
                (self._outbox.wait if waits else self._outbox.reject)(ref, noted)
            self._outbox.requeue([*retry, *again])
        self._store.reflect()
        self._set_confirmed([(ref,) for ref in acked if self._is_here(ref)])
        self._store.activity.sent(len(acked))
        return waiting + len(again)

    def _files_lost(self, client_ref: str, error: Mapping[str, Any]) -> bool:
        """Whether an entry was refused for files that expired on the server and can be sent once more."""
        if error.get("type") != "blobNotFound":
            return False
        given = error.get("notFound")
        named = [each for each in given if isinstance(each, str)] if isinstance(given, list) else []
        return self._store.file_moves.lost(json.loads(self._outbox.item(client_ref).payload), named)

    def waiting_for_files(self) -> list[OutboxItem]:
        """Entries that cannot be sent before their files, in order."""
        officer = str(self._session.officer().get("id", ""))
        return [item.shown() for item in self._outbox.waiting_for_files(officer)]

    def _is_here(self, client_ref: str) -> bool:
        return self._projector.is_confirmed(self._outbox.item(client_ref).desk, client_ref)

    def journal(self, account: str) -> list[OutboxItem]:
        """Acknowledged entries that are still kept, in order, for the case that the server is restored."""
        return [item.shown() for item in self._outbox.journal(account)]

    def reoffer(self, refs: Sequence[str]) -> None:
        """Queue acknowledged entries again: the server lost them. It knows them by their client refs."""
        with self._outbox.work.write():
            self._outbox.requeue(refs)
        self._store.reflect()

    def follow_epoch(self, epoch: str, desks: Sequence[str]) -> bool:
        """Note the server's epoch; where it is another one, everything acknowledged there is queued again (P4).

        Both in one transaction. True where the server was restored since it was last seen.
        """
        before = self._outbox.noted("epoch")
        if before == epoch:
            return False
        with self._outbox.work.write():
            if before:
                self._outbox.requeue([item.client_ref for desk in desks for item in self._outbox.journal(desk)])
            self._outbox.note("epoch", epoch)
        if before:
            self._store.reflect()
        return bool(before)

    def prune(self, account: str, safe: int) -> None:
        """Forget acknowledged entries that a verified backup of the server has (P4).

        One that is not among the confirmed entries may have been lost with a history of the server that nobody saw
        end, as when this machine lost its last pages too: it is offered once more, and forgotten when it was known.
        """
        if safe <= 0:
            return
        known = self._outbox.safe(account, safe)
        missing = [ref for ref in known if not self._projector.is_confirmed(account, ref)]
        if not known:
            return
        with self._outbox.work.write():
            again = self._outbox.doubt(missing)
            self._outbox.forget([ref for ref in known if ref not in again])
        if again:
            self._store.reflect()

    # --- what the server says -------------------------------------------------------------------------------

    def apply(self, account: str, page: Page) -> None:
        """Write a page and its state in one transaction. Raises `BadObject`: then nothing was written."""
        lean = [*map(head_of, page.heads), *self._renewed(account, page.updates)]
        cases = list(zip(to_cases(page.cases), map(head_of, page.cases), strict=True))
        cases += zip(to_cases(lean), lean, strict=True)
        contents = [content_of(wire) for wire in page.contents]
        whole = [content_of(wire) for wire in page.cases]
        entries = signed(to_entries(page.entries), page.entries, [case for case, _ in cases])
        _require_ids("Case", [case.id for case, _ in cases])
        _require_ids("Entry", [entry.id for entry, _ in entries])
        _require_ids("Entry", [entry.case_id for entry, _ in entries])
        known = self._directory.check(page.authorities, page.procedures, page.officers)
        destroyed = {kind: list(ids) for kind, ids in page.destroyed.items()}
        with _storable(account), self._store.desks.kept(), self._cache.write():
            affected, arrivals = self._arrive(account, cases, entries, destroyed, contents)
            directory = bool(any(known) or {"Authority", "Procedure", "Officer"} & set(destroyed))
            if directory:
                affected |= self._put_directory(known, destroyed)
            changed = self._projector.refresh(affected, arrivals)
            updated = {str(each.get("id")) for each in page.updates}
            erased = self._put_contents(account, [case for case, _ in cases], whole, updated)
            changed |= {(account, each.id) for each in contents}
            if arrivals:
                self._store.file_moves.forget_gone()
            if 0 < len(changed) <= INDEX_AT_ONCE:
                self._documents.index(INDEX_AT_ONCE)
            self._cache.run("insert or replace into account values(?, ?, ?)", (account, page.new_state, page.filling))
        self._note_confirmed(account, entries)
        if erased or destroyed.get("Case"):
            self._truncate_log()
        kinds = {"status"} | ({"cases"} if changed else set()) | ({"directory"} if directory else set())
        named = frozenset(changed) if len(changed) <= NAMED else frozenset()
        self._store.publish(Changed(frozenset(kinds), named))  # type: ignore[arg-type]

    def _arrive(
        self,
        account: str,
        cases: list[tuple[Case, dict[str, Any]]],
        entries: list[tuple[Entry, dict[str, Any]]],
        destroyed: dict[str, list[str]],
        contents: list[Content],
    ) -> tuple[set[Key], dict[Key, Arrival]]:
        """Inside: take old words out of the index, store entries; the cases concerned, and those that came."""
        if not (cases or entries or contents or destroyed.get("Case") or destroyed.get("Entry")):
            return set(), {}
        desk = self._store.desks.number_for(account)
        gone_cases = destroyed.get("Case", [])
        gone_entries = [(desk, id) for id in destroyed.get("Entry", [])]
        of_entries = {entry.case_id for entry, _ in entries} | self._cases_of(gone_entries)
        of_cases = {case.id for case, _ in cases}
        of_contents = {each.id for each in contents}
        numbers = self._unindex(desk, of_cases | of_entries | of_contents | set(gone_cases))
        self._contents.put(desk, contents)
        first = self.state(account) == "" or self._is_filling(account)
        own = self._own(entries)
        arrivals = {
            (account, case.id): Arrival(case, encode(wire), first, own.get(case.id, 0) >= case.version)
            for case, wire in cases
        }
        arrivals |= {(account, id): Arrival(None) for id in gone_cases}
        self._store_entries(desk, account, entries)
        self._cache.many("delete from entry where desk = ? and id = ?", gone_entries)
        self._cache.many("delete from entry where desk = ? and case_id = ?", [(desk, id) for id in gone_cases])
        if gone_cases or gone_entries:
            self._documents.need_scrub()
        self._documents.want(n for id, n in numbers.items() if id in of_entries | of_contents and id not in gone_cases)
        self._mark_own_read(desk, own, of_cases)
        affected = {(account, id) for id in of_cases | (of_entries - of_contents) | set(gone_cases)}
        affected |= {(account, id) for id in self._contents.with_pending(desk, of_contents)}
        affected |= {(account, id) for id in self._local_of(desk) & {LOCAL + entry.client_ref for entry, _ in entries}}
        return affected, arrivals

    def _renewed(self, account: str, updates: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        number = self._store.desks.number(account)
        return self._contents.renewed(number, [head_of(each) for each in updates]) if number is not None else []

    def _put_contents(self, account: str, cases: Sequence[Case], whole: list[Content], updated: set[str]) -> bool:
        """Inside, behind the listing: keep contents, want those that these heads say are missing; whether any went."""
        if not cases:
            return False
        desk = self._store.desks.number_for(account)
        self._contents.put(desk, whole)
        verdict = self._contents.judge(desk, cases, updated)
        self._documents.want(verdict.here)
        self._documents.want(verdict.missing, late=True)
        if verdict.hidden:
            self._documents.need_scrub()
        return verdict.hidden

    def _store_entries(self, desk: int, account: str, entries: list[tuple[Entry, dict[str, Any]]]) -> None:
        self._cache.many(
            # An entry never changes its case: the words of the other one would stay in the index for good.
            "insert into entry(desk, id, case_id, version, client_ref, wire) values(?, ?, ?, ?, ?, ?)"
            " on conflict(desk, id) do update set version = excluded.version, client_ref = excluded.client_ref,"
            " wire = excluded.wire where case_id = excluded.case_id",
            [
                # Only an own entry can confirm one of the outbox: another desk does not choose our references.
                (desk, found.id, found.case_id, found.version, found.client_ref * (found.desk == account), encode(wire))
                for found, wire in entries
            ],
        )

    def _cases_of(self, entries: list[tuple[int, str]]) -> set[str]:
        """The cases of those stored entries (desk number, id)."""
        sql = "select case_id from entry where desk = ? and id = ?"
        return {found[0] for found in (self._cache.one(sql, entry) for entry in entries) if found is not None}

    def _local_of(self, desk: int) -> set[str]:
        """The cases of a desk that are only in the outbox."""
        sql = "select id from listing where desk = ? and id >= ? and id < ?"
        return {id for (id,) in self._cache.rows(sql, (desk, LOCAL, LOCAL + "\U0010ffff"))}

    def _unindex(self, desk: int, ids: set[str]) -> dict[str, int]:
        """Inside: take the words of these cases out of the index, while what they were made from is still there."""
        sql = "select l.id, l.n from json_each(?) j cross join listing l on l.desk = ? and l.id = j.value"
        numbers = dict(self._cache.rows(sql, (json.dumps(list(ids)), desk)))
        self._documents.remove_all(numbers.values())
        return numbers

    def _own(self, entries: list[tuple[Entry, dict[str, Any]]]) -> dict[str, int]:
        """Case id to the version of the latest entry there, where that entry is this officer's own."""
        officer = str(self._session.officer().get("id", ""))
        latest: dict[str, Entry] = {}
        for entry, _ in entries:
            if entry.case_id not in latest or entry.version > latest[entry.case_id].version:
                latest[entry.case_id] = entry
        return {id: entry.version for id, entry in latest.items() if officer and entry.officer == officer}

    def _mark_own_read(self, desk: int, own: dict[str, int], arriving: set[str]) -> None:
        for id, version in own.items():
            if id not in arriving:
                sql = "update listing set seen = max(seen, ?) where desk = ? and id = ?"
                self._cache.run(sql, (version, desk, id))

    def _is_filling(self, account: str) -> bool:
        sql = "select 1 from account where id = ? and filling is not null"
        return self._cache.one(sql, (account,)) is not None

    def _put_directory(self, known: Any, destroyed: dict[str, list[str]]) -> set[Key]:
        """Inside: the cases that waited for one of the procedures."""
        authorities, procedures, officers = known
        self._directory.put_authorities(authorities)
        self._directory.put_officers(officers)
        affected: set[Key] = set()
        for key in self._directory.put_procedures(procedures):
            sql = "select desk, id from without_rules where procedure = ? and version = ?"
            affected |= {(self._store.desks.id(desk), id) for desk, id in self._cache.rows(sql, key)}
            self._cache.run("delete from without_rules where procedure = ? and version = ?", key)
        self._directory.destroy(destroyed)
        self._directory.changed()
        return affected

    def _note_confirmed(self, account: str, entries: list[tuple[Entry, dict[str, Any]]]) -> None:
        """Acknowledged items whose entries are here no longer need to be looked at."""
        refs = [(entry.client_ref,) for entry, _ in entries if entry.client_ref and entry.desk == account]
        self._set_confirmed(refs)

    def _set_confirmed(self, refs: list[tuple[str]]) -> None:
        if not refs or not any(item.state == "acked" for item in self._outbox.live()):
            return
        with contextlib.suppress(CacheBusy), self._outbox.work.write():
            sql = "update outbox set confirmed = 1 where client_ref = ? and state = 'acked'"
            self._outbox.work.many(sql, refs)

    def followed(self) -> None:
        """Every desk was followed to its end: what the server took has come by now, or is not this officer's to see.

        Or the server lost it with a history whose end nobody saw: it is offered once more. A case that was blocked
        before it could come back must not go on showing as it was sent.
        """
        # With the power a machine may lose what it had read: once a process, everything kept is looked for.
        kept = self._outbox.kept() if not self._looked else self._outbox.live()
        self._looked = True
        left = [
            item
            for item in kept
            if item.state == "acked" and not self._projector.is_confirmed(item.desk, item.client_ref)
        ]
        if not left:
            return
        officer, seats = str(self._session.officer().get("id", "")), {seat.desk for seat in self._session.seats()}
        # Of a desk that went nothing can come back; offered there, what was sent would be shown as refused.
        asked = [item.client_ref for item in left if item.officer == officer and item.desk in seats]
        with self._outbox.work.write():
            again = self._outbox.doubt(asked)
            hidden = [item for item in left if item.client_ref not in again]
            self._outbox.work.many(
                "update outbox set confirmed = 1 where client_ref = ? and state = 'acked'",
                [(item.client_ref,) for item in hidden],
            )
            self._outbox.touch([(item.desk, item.case_id) for item in hidden])
        self._store.reflect()

    def _truncate_log(self) -> None:
        """Erased text shall not stay in the write-ahead log."""
        with contextlib.suppress(CacheBusy):
            self._cache.run("pragma wal_checkpoint(truncate)")

    # --- contents -------------------------------------------------------------------------------------------

    def unknown(self, account: str, ids: Sequence[str]) -> list[str]:
        """Those of these cases that are not here."""
        number = self._store.desks.number(account)
        sql = "select 1 from listing l join confirmed c on c.n = l.n where l.desk = ? and l.id = ?"
        return [id for id in ids if self._cache.one(sql, (number, id)) is None]

    def wanted(self, limit: int, *, opened: bool = False) -> list[Wanted]:
        """Cases whose contents are to be fetched, the most urgent first; `opened`: only those somebody looks at."""
        found = self._contents.next(limit, OPENED if opened else REST)
        return [Wanted(self._store.desks.id(desk), id, whole) for desk, id, whole in found]

    def put_contents(
        self, account: str, cases: Sequence[dict[str, Any]], entries: Sequence[dict[str, Any]], *, whole: bool
    ) -> None:
        """Keep contents (or whole cases) with all their entries; the account's state stays. Raises `BadObject`."""
        found = self._cache.one("select filling from account where id = ?", (account,))
        state, filling = self.state(account), found[0] if found is not None else None
        if whole:
            self.apply(account, Page(state, cases=cases, entries=entries, filling=filling))
        else:
            self.apply(account, Page(state, contents=cases, entries=entries, filling=filling))

    def is_filling(self, account: str) -> bool:
        """Whether the first sync of an account is not over, or has not begun."""
        return self.state(account) == "" or self._is_filling(account)

    def give_up(self, account: str, ids: Sequence[str]) -> None:
        """The server did not give these contents: not asked for again until something says so."""
        with self._cache.write():
            self._contents.give_up(self._store.desks.number(account), ids)

    def size(self, account: str) -> int:
        """How many confirmed cases a desk has."""
        sql = "select count(*) from listing l where l.desk = ? and exists (select 1 from confirmed c where c.n = l.n)"
        found: int = self._cache.one(sql, (self._store.desks.number(account),))[0]
        return found

    # --- recovery -------------------------------------------------------------------------------------------

    def known(self, account: str, prefix: str = "") -> list[tuple[str, int, str, str]]:
        """(id, version, level, mark) of the confirmed cases of an account whose ids start so, in id order."""
        sql = (
            "select l.id, c.version, c.level, substr(coalesce(cast(c.wire as text) ->> 'head', ''), 1, ?4)"
            " from listing l join confirmed c on c.n = l.n"
            " where l.desk = ?1 and l.id >= ?2 and l.id < ?3 order by l.id"
        )
        return self._cache.rows(sql, (self._store.desks.number(account), prefix, prefix + "\U0010ffff", MARK))

    def entries_of(self, account: str, cases: Sequence[str]) -> list[str]:
        """Ids of the confirmed entries that are here of these cases."""
        sql = "select e.id from json_each(?) j join entry e on e.desk = ? and e.case_id = j.value"
        return [id for (id,) in self._cache.rows(sql, (json.dumps(cases), self._store.desks.number(account)))]

    def drop(self, account: str, ids: Sequence[str]) -> None:
        """Remove cases that, as a complete comparison showed, are no longer in this account."""
        state = self.state(account)
        found = self._cache.one("select filling from account where id = ?", (account,))
        self.apply(account, Page(state, destroyed={"Case": ids}, filling=found[0] if found is not None else None))

    def reset_account(self, account: str) -> None:
        """Forget everything the server said of an account, its state included. The outbox is not concerned."""
        with self._cache.write():
            if account == DIRECTORY:
                for table in (*_REGISTER, "procedure", "officer"):
                    self._cache.run(f"delete from {table}")  # noqa: S608
                self._directory.changed()
                self._cache.run("delete from account where id = ?", (account,))
            else:
                self._forget(account)
            self._projector.refresh(set())
            self._store.file_moves.forget_gone()
        self._truncate_log()
        self._store.publish(Changed(frozenset(("cases", "directory", "status"))))

    def _forget(self, desk: str) -> None:
        """Inside: remove everything confirmed of a desk."""
        number = self._store.desks.number(desk)
        if number is not None:
            rows = self._cache.rows("select n, id from listing where desk = ?", (number,))
            for n, _ in rows:
                self._documents.remove(n)
            self._cache.run("delete from entry where desk = ?", (number,))
            self._projector.refresh({(desk, id) for _, id in rows}, {(desk, id): Arrival(None) for _, id in rows})
            self._documents.need_scrub()
        self._cache.run("delete from account where id = ?", (desk,))

    # --- the index ------------------------------------------------------------------------------------------

    def index_pending(self, limit: int, *, late: bool = True) -> int:
        """Index about so many cases, and clean up when none is left; what is still to do (0: nothing).

        Those whose content is still to come are put off to the end, or (`late` false) left for another time.
        The words are gathered before the file is locked for writing, and it is given back as soon as somebody else
        wants it, at the latest after `HOLD` seconds and what it takes to commit.
        """
        with self._cache.snapshot():
            version, documents = self._cache.version(), self._documents.read(limit, late=late)
            if not documents and not self._documents.scrubs:
                return 0
        while True:
            with self._cache.write():
                if self._cache.version() != version:
                    # Something was written in between: what it says now is read again, in a few cases at once.
                    documents = self._documents.read(min(limit, STEP), late=late)
                documents = self._put(documents)
                if not documents:
                    left = self._documents.left()
                    return left if left or not self._documents.scrub() else 1
                version = self._cache.version()

    def _put(self, documents: list[Document]) -> list[Document]:
        """Inside: index for a moment; the documents there was no time for."""
        until = time.monotonic() + HOLD
        for start in range(0, len(documents), STEP):
            if start and (self._cache.turns.wanted or time.monotonic() > until):
                return documents[start:]
            self._documents.put(documents[start : start + STEP])
        return []


@contextlib.contextmanager
def _storable(account: str) -> Iterator[None]:
    """Around a transaction: what SQLite cannot hold (numbers beyond 64 bits, broken characters) is a wrong shape."""
    try:
        yield
    except (OverflowError, UnicodeError) as error:
        raise BadObject("Page", account, str(error)) from error


def _require_ids(kind: str, ids: list[str]) -> None:
    for id in ids:
        if not id or len(id) > 255 or id.startswith(LOCAL):
            raise BadObject(kind, id[:80], "an id is missing or not allowed")
