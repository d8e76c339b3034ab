"""Writes pages of the server into the confirmed tables, with everything that depends on them."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from imi_tui.cache.content.contents import contents_of, head_of
from imi_tui.cache.content.first_contents import FirstContents
from imi_tui.cache.errors import BadObject, CacheBusy
from imi_tui.cache.ids import LOCAL
from imi_tui.cache.listing.projection import Arrival
from imi_tui.cache.model import Changed
from imi_tui.cache.register.lookup import RegisterIndex
from imi_tui.cache.wire import signed, to_cases, to_entries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from imi_core.case import Case, Entry
    from imi_tui.cache.content.contents import Content, Contents, NewRow
    from imi_tui.cache.content.documents import Documents
    from imi_tui.cache.content.first_contents import Arrived, First
    from imi_tui.cache.listing.projection import Key, Projector
    from imi_tui.cache.register.directory import Directory
    from imi_tui.cache.session import SessionTable
    from imi_tui.cache.storage.db import Database
    from imi_tui.cache.store import Store

_ENDS = (
    "select l.id, cast(c.wire as text) ->> '$.blockOn', cast(c.wire as text) ->> '$.eraseOn'"
    " from json_each(?1) j cross join listing l on l.desk = ?2 and l.id = j.value join confirmed c on c.n = l.n"
)
NAMED = 256
"""Changed cases that are named to subscribers; more are announced without names."""


@dataclass(frozen=True)
class Page:
    """What one answer brings for one account. Objects are wire dicts, cleaned, or read already (`imi_tui.sync.typed`).

    `cases` are whole; `heads` come without content, `updates` also without the members that stay (docs/protocol.md,
    "Desk/sync"); `contents` are the contents of cases, whose `entries` are all there are.
    `destroyed` maps a type's name to ids. `filling` is the share of a first sync that is done, None when it is over.
    `again` are cases whose contents and entries have to be fetched by themselves, whatever their heads say.
    """

    new_state: str
    cases: Sequence[Any] = ()
    heads: Sequence[Any] = ()
    updates: Sequence[dict[str, Any]] = ()
    contents: Sequence[Any] = ()
    entries: Sequence[Any] = ()
    authorities: Sequence[dict[str, Any]] = ()
    procedures: Sequence[dict[str, Any]] = ()
    officers: Sequence[dict[str, Any]] = ()
    destroyed: Mapping[str, Sequence[str]] = field(default_factory=dict)
    filling: float | None = None
    again: Sequence[str] = ()


class PageWriter:
    """Writes pages. `confirm` is called with the client references of confirmed entries of the outbox."""

    def __init__(
        self,
        store: Store,
        cache: Database,
        directory: Directory,
        session: SessionTable,
        documents: Documents,
        projector: Projector,
        contents: Contents,
        confirm: Callable[[list[tuple[str]]], None],
    ) -> None:
        self._store = store
        self._cache = cache
        self._directory = directory
        self._session = session
        self._documents = documents
        self._projector = projector
        self._contents = contents
        self._confirm = confirm
        self._index = RegisterIndex(cache)
        self._first_contents = FirstContents(cache, documents, contents, self._store_entries)

    def is_filling(self, account: str) -> bool:
        """Whether the first sync of an account is not over, or has not begun."""
        found = self._cache.one("select state, filling from account where id = ?", (account,))
        return found is None or found[0] == "" or found[1] is not None

    def apply(self, account: str, page: Page) -> None:
        """Write a page and its state in one transaction. Raises `BadObject`: then nothing was written."""
        lean = [*map(head_of, page.heads), *self._renewed(account, page.updates)]
        cases = to_cases(page.cases, head_of) + to_cases(lean)
        contents, whole = contents_of(page.contents), contents_of(page.cases)
        entries = signed(to_entries(page.entries), (case for case, _ in cases))
        _require_ids("Case", [case.id for case, _ in cases])
        _require_ids("Entry", [entry.id for entry, _ in entries])
        _require_ids("Entry", [entry.case_id for entry, _ in entries])
        known = self._directory.check(page.authorities, page.procedures, page.officers)
        destroyed = {kind: list(ids) for kind, ids in page.destroyed.items()}
        look = contents if not (cases or destroyed) else []
        with _storable(account):
            first = self._first_contents.look(self._store.desks.number(account), account, look, entries)
        over = self._over(account, destroyed.get("Case", []))
        with _storable(account), self._store.desks.kept(), self._cache.write():
            if self._cache.version() != first.version:
                # Somebody wrote in between.
                first = self._first_contents.look(self._store.desks.number(account), account, look, entries)
            affected = self._put_first(account, first)
            others, arrivals = self._arrive(
                account,
                cases,
                first.others(entries),
                destroyed,
                [each for each in contents if each.id not in first.numbers],
            )
            affected |= others
            directory = bool(any(known) or {"Authority", "Procedure", "Officer"} & set(destroyed))
            if directory:
                affected |= self._put_directory(known, destroyed)
            changed = self._projector.refresh(affected, arrivals)
            self._adopt(account, [case.id for case, _ in cases])
            updated = {str(each.get("id")) for each in page.updates}
            new = {id: arrival.row for (_, id), arrival in arrivals.items() if arrival.row is not None}
            erased = self._put_contents(account, [case for case, _ in cases], whole, updated, new)
            changed |= {(account, each.id) for each in contents}
            if page.again:
                self._contents.want_again(self._store.desks.number_for(account), page.again)
                changed |= {(account, id) for id in page.again}
            if arrivals:
                self._store.file_moves.forget_gone()
            if page.heads and self.is_filling(account):
                # Until all contents have come once (`SyncStore.set_ok`).
                self._cache.run("insert or ignore into meta values('first', '1')")
            self._cache.run("insert or replace into account values(?, ?, ?)", (account, page.new_state, page.filling))
        if directory:
            self._index.make()
        self._note_confirmed(account, entries)
        if erased or destroyed.get("Case"):
            self.truncate_log()
        if over:
            self._store.personal.gone(over, self._store.today())
        if arrivals:
            self._store.personal.back(key for key, arrival in arrivals.items() if arrival.case is not None)
        kinds = {"status"} | ({"cases"} if changed else set()) | ({"directory"} if directory else set())
        named = frozenset(changed) if len(changed) <= NAMED else frozenset()
        self._store.publish(Changed(frozenset(kinds), named))  # type: ignore[arg-type]

    def _over(self, account: str, gone: Sequence[str]) -> dict[Key, bool]:
        """For removed cases, whether their retention has ended: they were to be blocked or erased by today."""
        if not gone:
            return {}
        rows = self._cache.rows(_ENDS, (json.dumps(gone), self._store.desks.number(account)))
        today = self._store.today().isoformat()
        ends = {id: min((day for day in days if day), default="") for id, *days in rows}
        return {(account, id): bool(ends.get(id)) and ends[id] <= today for id in gone}

    def _put_first(self, account: str, first: First) -> set[Key]:
        """Inside: store contents that are the first of their case. Returns the affected cases."""
        if not first.contents:
            return set()
        desk = self._store.desks.number_for(account)
        self._first_contents.put(desk, account, first)
        self._mark_own_read(desk, self._own(first.entries), set())
        return self._local_of(account, desk, first.entries)

    def _arrive(
        self,
        account: str,
        cases: list[tuple[Case, bytes]],
        entries: Arrived,
        destroyed: dict[str, list[str]],
        contents: list[Content],
    ) -> tuple[set[Key], dict[Key, Arrival]]:
        """Inside: remove old words from the index and store entries. Returns affected and arrived cases."""
        if not (cases or entries or contents or destroyed.get("Case") or destroyed.get("Entry")):
            return set(), {}
        desk = self._store.desks.number_for(account)
        gone_cases = destroyed.get("Case", [])
        gone_entries = list(destroyed.get("Entry", []))
        of_entries = {entry.case_id for entry, _ in entries} | self._cases_of(desk, gone_entries)
        of_cases = {case.id for case, _ in cases}
        of_contents = {each.id for each in contents}
        # What may no longer be seen, or comes in other words under its old id, is not found for one moment more.
        at_once = {*gone_cases, *self._cases_of(desk, gone_entries + [entry.id for entry, _ in entries])}
        at_once |= {each.id for each in contents if each.level != "full"}
        at_once |= {case.id for case, _ in cases if case.level != "full"}
        numbers = self._unindex(desk, of_cases | of_entries | of_contents | set(gone_cases), at_once)
        self._contents.put(contents, numbers)
        first = self.is_filling(account)
        own = self._own(entries)
        arrivals = {
            (account, case.id): Arrival(case, wire, first, own.get(case.id, 0) >= case.version, case.id not in numbers)
            for case, wire in cases
        }
        arrivals |= {(account, id): Arrival(None) for id in gone_cases}
        self._store_entries(desk, account, entries, numbers)
        self._cache.many("delete from entry where desk = ? and id = ?", [(desk, id) for id in gone_entries])
        gone_rows = [(numbers[id],) for id in gone_cases if id in numbers]
        self._cache.many("delete from entry where n = ? and n > 0", gone_rows)
        gone_orphans = [(desk, id) for id in gone_cases]
        self._cache.many("delete from entry where n = 0 and desk = ? and case_id = ?", gone_orphans)
        if gone_cases or gone_entries:
            self._documents.need_scrub()
        self._documents.want(numbers[id] for id in (of_entries | of_contents) & numbers.keys() - set(gone_cases))
        self._mark_own_read(desk, own, of_cases)
        affected = {(account, id) for id in of_cases | (of_entries - of_contents) | set(gone_cases)}
        affected |= {(account, id) for id in self._contents.with_pending(desk, of_contents)}
        return affected | self._local_of(account, desk, entries), arrivals

    def _renewed(self, account: str, updates: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        number = self._store.desks.number(account)
        return self._contents.renewed(number, [head_of(each) for each in updates]) if number is not None else []

    def _put_contents(
        self, account: str, cases: Sequence[Case], whole: list[Content], updated: set[str], new: Mapping[str, NewRow]
    ) -> bool:
        """Inside, after the listing: store contents, request missing ones. Returns whether any were removed."""
        if not cases:
            return False
        desk = self._store.desks.number_for(account)
        if whole:
            self._contents.put(whole, self._contents.numbers(desk, [each.id for each in whole]))
        verdict = self._contents.judge(desk, cases, updated, {} if whole else new)
        self._documents.want(verdict.here)
        self._documents.want(verdict.missing, late=True)
        if verdict.hidden:
            self._documents.need_scrub()
        return verdict.hidden

    def _store_entries(self, desk: int, account: str, entries: Arrived, numbers: Mapping[str, int]) -> None:
        self._cache.many(
            # An entry never changes its case: the words of the other one would stay in the index for good.
            "insert into entry(n, desk, id, case_id, version, client_ref, wire) values(?, ?, ?, ?, ?, ?, ?)"
            " on conflict(desk, id) do update set version = excluded.version, client_ref = excluded.client_ref,"
            " wire = excluded.wire where case_id = excluded.case_id",
            [
                # Only an own entry can confirm one of the outbox: another desk does not choose our references.
                (
                    numbers.get(found.case_id, 0),
                    desk,
                    found.id,
                    found.case_id,
                    found.version,
                    found.client_ref * (found.desk == account),
                    wire,
                )
                for found, wire in entries
            ],
        )

    def _adopt(self, account: str, cases: Sequence[str]) -> None:
        """Inside, after the listing: attach entries that arrived before their cases to the new rows."""
        if cases and self._cache.one("select 1 from entry where n = 0 limit 1") is not None:
            desk = self._store.desks.number_for(account)
            self._cache.many(
                "update entry set n = coalesce((select n from listing where desk = ?1 and id = ?2), 0)"
                " where n = 0 and desk = ?1 and case_id = ?2",
                [(desk, id) for id in cases],
            )

    def _cases_of(self, desk: int, entries: list[str]) -> set[str]:
        """The cases of those of these entries that are stored."""
        sql = "select e.case_id from json_each(?) j cross join entry e on e.desk = ? and e.id = j.value"
        return {id for (id,) in self._cache.rows(sql, (json.dumps(entries), desk))} if entries else set()

    def _local_of(self, account: str, desk: int, entries: Arrived) -> set[Key]:
        """The cases known only from the outbox so far that one of these entries started."""
        sql = "select id from listing where desk = ? and id >= ? and id < ?"
        local = {id.removeprefix(LOCAL) for (id,) in self._cache.rows(sql, (desk, LOCAL, LOCAL + "\U0010ffff"))}
        return {(account, LOCAL + entry.client_ref) for entry, _ in entries if entry.client_ref in local}

    def _unindex(self, desk: int, ids: set[str], at_once: set[str]) -> dict[str, int]:
        """Inside: remove the words of these cases from the index while their stored texts still exist."""
        numbers = self._contents.numbers(desk, ids)
        self._documents.remove_all(n for id, n in numbers.items() if id in at_once)
        self._documents.outdate(n for id, n in numbers.items() if id not in at_once)
        return numbers

    def _own(self, entries: Arrived) -> dict[str, int]:
        """Version of the latest entry by case id, for cases whose latest entry is this officer's own."""
        if not entries:
            return {}
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

    def _note_confirmed(self, account: str, entries: Arrived) -> None:
        """Acknowledged items whose entries are here no longer need to be looked at."""
        refs = [(entry.client_ref,) for entry, _ in entries if entry.client_ref and entry.desk == account]
        self._confirm(refs)

    def truncate_log(self) -> None:
        """Remove erased text from the write-ahead log."""
        with contextlib.suppress(CacheBusy):
            self._cache.empty_log()


@contextlib.contextmanager
def _storable(account: str) -> Iterator[None]:
    """Around a transaction: values that SQLite cannot store (beyond 64 bits, invalid characters) raise `BadObject`."""
    try:
        yield
    except (OverflowError, UnicodeError) as error:
        raise BadObject("Page", account, str(error)) from error


def _require_ids(kind: str, ids: list[str]) -> None:
    for id in ids:
        if not id or len(id) > 255 or id.startswith(LOCAL):
            raise BadObject(kind, id[:80], "an id is missing or not allowed")
