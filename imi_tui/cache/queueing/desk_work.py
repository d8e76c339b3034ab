"""What an officer does: queue an entry (`imi_tui.cache.queueing.freezing`), take it back, revise a rejected one.

An action commits to `work.db` first and is safe from then on; the listing follows in the other file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imi_core import workflow
from imi_core.errors import ImiError, UnknownProcedure
from imi_tui.cache.content.contents import Contents
from imi_tui.cache.errors import (
    AlreadyAttempted,
    CacheError,
    LaterEntries,
    NoSuchItem,
    OutboxChanged,
)
from imi_tui.cache.ids import ASSIGN
from imi_tui.cache.model import CaseDetail
from imi_tui.cache.outbox.draft import Draft
from imi_tui.cache.outbox.item import Item, Taken
from imi_tui.cache.queueing.freezing import Freezer, assigned_of, seen_of
from imi_tui.cache.register.former_handlers import Histories
from imi_tui.cache.wire import decode, overlay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from imi_core.authority import Seat
    from imi_core.case import Case
    from imi_tui.cache.listing.projection import Projector
    from imi_tui.cache.listing.rows import Desks
    from imi_tui.cache.outbox.outbox import Outbox
    from imi_tui.cache.register.directory import Directory
    from imi_tui.cache.session import SessionTable
    from imi_tui.cache.storage.db import Database


class DeskWork:
    """The rules' side of a store: expected cases, and entries made from drafts."""

    def __init__(
        self,
        cache: Database,
        desks: Desks,
        outbox: Outbox,
        directory: Directory,
        session: SessionTable,
        projector: Projector,
        new_ref: Callable[[], str],
        now: Callable[[], str],
    ) -> None:
        self._cache = cache
        self._desks = desks
        self._outbox = outbox
        self._directory = directory
        self._session = session
        self._projector = projector
        self.freezer = Freezer(cache, desks, directory, session, projector, new_ref, now)

    # --- reading -----------------------------------------------------------------------------------------------

    def detail(self, desk: str, id: str) -> CaseDetail | None:
        """One case with everything that waits for it; `id` may be the local one it had before."""
        with self._cache.snapshot():
            id = self._projector.resolve(desk, id)
            items = self._items(desk, id)
            stored, folded = self.freezer.fold(desk, id, items)
            if folded.case is None:
                return None
            number = self._desks.number(desk)
            sql = (
                "select e.wire from listing l cross join entry e on e.n = l.n and e.n > 0"
                " where l.desk = ? and l.id = ? order by e.version"
            )
            entries = [decode(wire) for (wire,) in self._cache.rows(sql, (number, id))]
            contents = Contents(self._cache)
            aside = contents.is_aside(number, id)
            return CaseDetail(
                desk=desk,
                id=id,
                case=overlay(stored or {}, folded.case)
                if folded.entries or folded.assigned or stored is None
                else stored,
                entries=(*entries, *folded.entries),
                pending=tuple(folded.pending),
                actions=self._actions(folded.case, self._session.core_seat(desk)),
                fetching=contents.is_wanted(number, id) and not aside,
                refused=sum(item.state == "rejected" for item in items),
                aside=aside,
                seen=seen_of(stored, folded),
                assigned=assigned_of(stored, folded),
                assigning=folded.assigning,
                assignments=Histories(self._cache).of(number, id, (stored or {}).get("assignment")),
            )

    def entry(self, desk: str, id: str) -> dict[str, Any] | None:
        """One confirmed entry of a desk, None where it is not here."""
        number = self._desks.number(desk)
        found = self._cache.one("select wire from entry where desk = ? and id = ?", (number, id))
        return decode(found[0]) if found is not None else None

    def _actions(self, case: Case, seat: Seat | None) -> tuple[str, ...]:
        if seat is None:
            return ()
        try:
            rules = self._directory.rules(case.procedure, case.procedure_version)
        except UnknownProcedure:
            return ()
        return workflow.available(rules, case, seat)

    def _items(self, desk: str, id: str) -> list[Item]:
        """What the outbox holds for a case."""
        return [item for item in self._outbox.live_of(desk, id) if self._projector.resolve(desk, item.case_id) == id]

    # --- writing -----------------------------------------------------------------------------------------------

    def queue(self, draft: Draft) -> Item:
        """Check a draft as the server will, freeze it and put it into the outbox.

        One that is based on what has changed since goes there as refused, as if the server had said so: it stays to be
        compared and put right.

        Raises `ActionRefused`, `AnswersRefused`, `UnknownProcedure`, `NoSuchCase`, `NoSuchSeat`.
        """
        with self._cache.snapshot():
            case_id = self._projector.resolve(draft.desk, draft.case_id) if draft.case_id else ""
            item = self.freezer.item(draft, case_id, self._items(draft.desk, case_id) if case_id else [])
        with self._outbox.work.write():
            return self._put(draft, item)

    def queue_all(self, drafts: Iterable[Draft]) -> tuple[list[Item], list[tuple[Draft, ImiError | CacheError]]]:
        """`queue` each draft, all in one transaction; what was queued, and what was refused with its reason.

        No two of them may be for one case.
        """
        ready: list[tuple[Draft, Item]] = []
        refused: list[tuple[Draft, ImiError | CacheError]] = []
        with self._cache.snapshot():
            waiting: dict[tuple[str, str], list[Item]] = {}
            for item in self._outbox.live():
                waiting.setdefault((item.desk, self._projector.resolve(item.desk, item.case_id)), []).append(item)
            for draft in drafts:
                case_id = self._projector.resolve(draft.desk, draft.case_id) if draft.case_id else ""
                try:
                    found = waiting.get((draft.desk, case_id), []) if case_id else []
                    ready.append((draft, self.freezer.item(draft, case_id, found)))
                except (ImiError, CacheError) as error:
                    refused.append((draft, error))
        with self._outbox.work.write():
            return [self._put(draft, item) for draft, item in ready], refused

    def _put(self, draft: Draft, item: Item) -> Item:
        """Inside: an entry in the place of the one its draft revised, if any; the draft goes."""
        item = item._replace(pos=self._withdraw_replaced(draft, item))
        self._outbox.insert(item)
        self._outbox.work.run("delete from draft where id = ?", (draft.id,))
        return item

    def _withdraw_replaced(self, draft: Draft, item: Item) -> int:
        """Inside: the rejected entry that this draft revised goes; its place, which its successor takes, else 0."""
        ref = self._outbox.drafts.replaced_by(draft.id)
        if not ref:
            return 0
        try:
            old = self._outbox.item(ref)
        except NoSuchItem:
            return 0
        if old.state != "rejected":
            return 0
        self._outbox.remove(old)
        if old.starts and item.starts:
            self._outbox.replace_start(old, item.client_ref)
        return old.pos

    def undo_all(self, refs: Iterable[str], keep: Callable[[Draft], bool]) -> list[Taken]:
        """Take entries back, in this order and all or none; those drafts stay that `keep` says.

        Raises `AlreadyAttempted`, `LaterEntries`, `NoSuchItem`.
        """
        out: list[Taken] = []
        with self._outbox.work.write():
            for item in self._take_back(refs):
                draft = self.freezer.draft(item)
                if kept := keep(draft):
                    self._outbox.drafts.put(draft)
                out.append(Taken(item.client_ref, item.desk, item.case_id, item, draft.id if kept else ""))
        return out

    def drafts_of(self, taken: Sequence[Taken]) -> list[Draft | None]:
        """What to queue for entries that were taken back, drafts as they are now; None where one was thrown away."""
        drafts = self._outbox.drafts.some([each.draft for each in taken if each.draft])
        made = self.freezer.drafts(each.said for each in taken if isinstance(each.said, Item) and not each.draft)
        return [
            drafts.get(each.draft) if each.draft else next(made) if isinstance(each.said, Item) else each.said
            for each in taken
        ]

    def _take_back(self, refs: Iterable[str]) -> list[Item]:
        """Inside: remove queued entries; what they were."""
        items = []
        for ref in refs:
            item = self._outbox.item(ref)
            if item.attempts or item.state != "queued":
                raise AlreadyAttempted(ref)
            if self._outbox.followers(item):
                raise LaterEntries(ref)
            self._outbox.remove(item)
            items.append(item)
        return items

    def revise(self, client_ref: str) -> Draft:
        """A draft from a rejected entry, which stays until the draft is queued. Raises `NoSuchItem`.

        Who revises has been shown what happened meanwhile: the draft is based on the case as it is here now.
        """
        item = self._outbox.item(client_ref)
        detail = self.detail(item.desk, item.case_id)
        with self._outbox.work.write():
            item = self._outbox.item(client_ref)
            if item.state != "rejected":
                raise NoSuchItem(client_ref)
            draft = self.freezer.draft(item)
            if detail is not None:
                seen = detail.assigned if draft.action == ASSIGN else detail.seen
                draft.based_on, draft.after = seen.version, list(seen.after)
            self._outbox.drafts.put(draft, client_ref)
        return draft

    def discard(self, client_ref: str) -> Item:
        """Throw away a rejected entry, or a queued one that was never attempted; what it was.

        Raises `AlreadyAttempted`, `LaterEntries`, `NoSuchItem`.
        """
        with self._outbox.work.write():
            item = self._outbox.item(client_ref)
            if item.state == "acked" or (item.state != "rejected" and item.attempts):
                raise AlreadyAttempted(client_ref)
            if self._outbox.followers(item):
                raise LaterEntries(client_ref)
            self._outbox.remove(item)
        return item

    def put_back(self, item: Item) -> None:
        """Bring back what was thrown away, as it was and in its place. Raises `OutboxChanged` where it is there."""
        with self._outbox.work.write():
            if self._outbox.work.one("select 1 from outbox where client_ref = ?", (item.client_ref,)) is not None:
                raise OutboxChanged((item.client_ref,))
            self._outbox.insert(item)
