"""Queues one action for many cases, and takes it back, in one transaction per database file.

The result is the same as if `DeskWork` and `Projector` handled the drafts one by one: the same payloads and rows.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from imi_core.errors import ImiError
from imi_tui.cache.bulk.kinds import is_uniform
from imi_tui.cache.bulk.payloads import EntryTemplate, EntryTemplates
from imi_tui.cache.bulk.prepared import PreparedDrafts
from imi_tui.cache.bulk.queued_batch import QueuedBatch
from imi_tui.cache.errors import AlreadyAttempted, CacheError, OutboxChanged
from imi_tui.cache.listing.deferred import DeferredTransaction
from imi_tui.cache.listing.moves import RowChange
from imi_tui.cache.model import Queued
from imi_tui.cache.order import DUE
from imi_tui.cache.outbox.bulk_rows import going
from imi_tui.cache.outbox.item import Item, Taken, maker
from imi_tui.cache.personal.annotations import put_off
from imi_tui.cache.storage.gc_pause import gc_paused
from imi_tui.cache.wire import microseconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from imi_tui.cache.bulk.kinds import CaseKinds, ListedCase
    from imi_tui.cache.bulk.payloads import Written
    from imi_tui.cache.listing.fold import Facts
    from imi_tui.cache.listing.moves import RowMoves
    from imi_tui.cache.listing.projection import Projector
    from imi_tui.cache.listing.rows import Desks
    from imi_tui.cache.model import Untouched
    from imi_tui.cache.outbox.draft import Draft
    from imi_tui.cache.outbox.outbox import Outbox
    from imi_tui.cache.queueing.freezing import Freezer
    from imi_tui.cache.session import SessionTable
    from imi_tui.cache.storage.db import Database

    Case = tuple[str, str]
    Refused = list[tuple[Draft, ImiError | CacheError]]
    Rows = list[tuple[ListedCase, RowChange]]


T = TypeVar("T")
ATTEMPTS = 3
FEW = 30_000
"""Groups with up to this many cases have all their sort keys read in advance."""
_LISTED = "select count(l.state) from json_each(?) j cross join listing l on l.n = j.value"
_STAND = "select count(*) from view_row where slot between ?1 * 8 and ?1 * 8 + 7"


class _Step(NamedTuple, Generic[T]):
    """A step: `result` to return, row changes, and `work` on the outbox, which returns its new generation."""

    result: Callable[[], T]
    rows: Rows
    work: Callable[[], int]


class BulkQueue:
    """Queues and takes back entries for many cases at once. Part of a `Store`."""

    def __init__(
        self,
        cache: Database,
        desks: Desks,
        outbox: Outbox,
        session: SessionTable,
        projector: Projector,
        freezer: Freezer,
        case_kinds: CaseKinds,
        first_ref: Callable[[], str],
        stamp: Callable[[], str],
    ) -> None:
        self._cache = cache
        self._desks = desks
        self._outbox = outbox
        self._session = session
        self._projector = projector
        self._freezer = freezer
        self._case_kinds = case_kinds
        self._first_ref = first_ref
        self._stamp = stamp
        self._prepared: PreparedDrafts | None = None
        """The drafts sorted last; valid as long as nothing else is written."""
        self._last: QueuedBatch | None = None
        """The entries queued last, as long as all of them may be taken back together."""
        self.behind: Callable[[], None] | None = None
        """Called when sort keys remain to be written; the callee schedules that. None: they are written at once."""
        self.failed: Callable[[], None] = _nothing
        """Called if writing them fails."""

    def queue(self, drafts: Sequence[Draft], numbers: Iterable[int]) -> tuple[list[Queued], Refused, list[Draft]]:
        """Queue the drafts that can share a template. Returns what was queued, what was refused and why, and the rest.

        The rest has to be queued one by one. `numbers`: numbers of rows that include those of the cases. At most one
        draft per case. Raises `CacheError`; then nothing was queued.
        """
        return self._whole(lambda: self._queue(drafts, numbers))

    def foresee(self, numbers: Iterable[int], drafts: Sequence[Draft] = ()) -> Iterator[None]:
        """Read in small steps what queueing these drafts will need, while the officer still answers the question.

        Answers may be added to the drafts afterwards.
        """
        wanted = sorted(numbers)
        with self._cache.snapshot():
            self._projector.foresee(self._case_kinds.standing(wanted))
        yield
        # The pages that will be written stay in memory.
        self._cache.grow_page_cache()
        for sql, values in ((_LISTED, (str(wanted),)), *((_STAND, (group,)) for group in self._groups())):
            self._cache.rows(sql, values)
            yield
        self._prepared = PreparedDrafts(drafts)
        with self._cache.snapshot():
            found = self._by_case(wanted)
        yield from self._prepared.look(found)

    def _groups(self) -> list[int]:
        """The groups with at most `FEW` cases."""
        return [no for (no,) in self._cache.rows("select no from group_count where rows between 1 and ?", (FEW,))]

    def _queue(
        self, drafts: Sequence[Draft], numbers: Iterable[int]
    ) -> _Step[tuple[list[Queued], Refused, list[Draft]]]:
        """Inside a transaction of the cache."""
        prepared = self._prepared
        if prepared is None or not prepared.is_for(drafts, self._case_kinds.known()):
            prepared = self._prepared = PreparedDrafts(drafts)
            found = self._standing([(draft.desk, draft.case_id) for draft in drafts], numbers)
            for _step in prepared.look(found):
                pass
        templates = EntryTemplates(self._case_kinds, self._freezer, self._stamp(), self._session.officer_id())
        written, rows, refused, left = self._sorted(prepared, self._waiting(()), templates)
        batch = QueuedBatch(self._first_ref(), written, templates.officer, templates.at, self._session.server_time())

        def work() -> int:
            # Beside what becomes of the rows, which is written meanwhile.
            generation = self._outbox.stand_for(batch.coming.parts())
            self._last = batch
            return generation

        return _Step(lambda: (batch.queued(), refused, left), rows, work)

    def _whole(self, step: Callable[[], _Step[T]]) -> T:
        """Carry out a step completely or not at all. A commit of the outbox stands even if the listing fails."""
        out: list[T] = []
        for _attempt in range(ATTEMPTS):
            try:
                with gc_paused(), ExitStack() as transaction:
                    transaction.enter_context(self._desks.kept())
                    transaction.enter_context(self._cache.write(shorten=False))
                    moves = self._move(step, out)
                    rest = DeferredTransaction(self._cache, moves, transaction.pop_all(), self._end, self.failed)
                    self._case_kinds.moved(moves, rest)
                if self.behind is None:
                    rest.finish()
                    self._outbox.write_out_all()
                else:
                    self.behind()
            except OutboxChanged:
                # Between the look at the outbox and the step something of it was sent or came back.
                continue
            except CacheError:
                if not out:
                    raise
            return out[0]
        raise OutboxChanged(())

    def _move(self, step: Callable[[], _Step[T]], out: list[T]) -> RowMoves:
        """Inside a transaction of the cache: do the step on the outbox, append its result to `out`, move the rows."""
        self._cache.grow_page_cache()
        self._projector.catch_up()
        since = self._outbox.generation()
        result, rows, work = step()
        with ThreadPoolExecutor(1, "imi-outbox") as beside:
            # Two files on two processors; the one that cannot be fetched again is committed first.
            committed = beside.submit(self._commit, work, since)
            beside.submit(self._outbox.work.shorten_log)
            try:
                moves = self._projector.move(rows)
                # What is due is counted next.
                moves.work_out(DUE)
            finally:
                made = result()
                generation = committed.result()
                out.append(made)
        self._projector.reflects(generation)
        return moves

    def _end(self) -> Callable[[], None]:
        """Called before the commit of the deferred transaction; returns what to call after it."""
        self._case_kinds.known()
        moment = self._cache.moment()
        self._projector.catch_up()

        def committed() -> None:
            self._case_kinds.over(moment)
            self._cache.shorten_log()

        return committed

    def _commit(self, work: Callable[[], int], since: int) -> int:
        """Do `work` on the outbox if it is still at generation `since`; the new generation. Raises `OutboxChanged`."""
        with self._outbox.work.write(shorten=False):
            self._outbox.work.grow_page_cache()
            if self._outbox.generation() != since:
                raise OutboxChanged(())
            return work()

    def _sorted(
        self, prepared: PreparedDrafts, waiting: set[Case], templates: EntryTemplates
    ) -> tuple[list[Written], Rows, Refused, list[Draft]]:
        """Entries and row changes of the drafts, refused drafts with reasons, and drafts to be queued one by one."""
        written: list[Written] = []
        rows: Rows = []
        refused: Refused = []
        left = set(map(id, prepared.left))
        asleep = put_off(self._outbox.work)
        becomes, of = maker(RowChange), templates.of
        for draft, standing in prepared.plain:
            if waiting and (draft.desk, draft.case_id) in waiting:
                left.add(id(draft))
                continue
            version = standing.version
            template = of(draft, standing, bool(asleep) and asleep.get((draft.desk, draft.case_id), -1) == version)
            if isinstance(template, EntryTemplate):
                written.append((draft, standing, template))
                rows.append((standing, becomes(template.effect.row(standing, 1 if version > standing.seen else 0))))
            elif template is None:
                left.add(id(draft))
            else:
                refused.append((draft, template))
        return written, rows, refused, [draft for draft in prepared.drafts if id(draft) in left] if left else []

    def _standing(self, cases: Iterable[Case], numbers: Iterable[int]) -> dict[Case, ListedCase]:
        """The current rows of these cases."""
        found = self._by_case(numbers)
        if missing := [case for case in cases if case not in found]:
            found |= self._by_case(self._case_kinds.numbers(missing))
        return found

    def _by_case(self, numbers: Iterable[int]) -> dict[Case, ListedCase]:
        standing = self._case_kinds.standing(sorted(numbers))
        desks = {number: self._desks.id(number) for number in {each.number for each in standing}}
        return {(desks[each.number], each.id): each for each in standing}

    def _waiting(self, but: Iterable[Item]) -> set[Case]:
        """The cases for which the outbox holds other entries than these."""
        return self._resolved(self._outbox.live_cases([item.pos for item in but]))

    def _resolved(self, cases: Iterable[Case]) -> set[Case]:
        return {(desk, self._projector.resolve(desk, id)) for desk, id in cases}

    # --- taking back ------------------------------------------------------------------------------------------------

    def take_back(self, refs: Sequence[str], keep: Callable[[Draft], bool], numbers: Iterable[int]) -> list[Taken]:
        """Take back all of these entries or none; returns what they were, in this order.

        A draft is kept where `keep` says so. None of them may start a case. `numbers`: as for `queue`. Raises
        `AlreadyAttempted`, `NoSuchItem` or another `CacheError`; then nothing was taken back.
        """
        return self._whole(lambda: self._take_back_whole(refs, keep, numbers) or self._take_back(refs, keep, numbers))

    def untouched(self, refs: Sequence[str]) -> list[Untouched] | None:
        """These entries, if they are the batch queued last and all can be taken back; else None."""
        batch = self._last
        if batch is None or list(refs) != batch.refs:
            return None
        return batch.untouched() if self._are_untouched(batch) else None

    def _are_untouched(self, batch: QueuedBatch) -> bool:
        return self._outbox.are_untouched(batch.refs[0], batch.refs[-1], len(batch.refs))

    def _take_back_whole(
        self, refs: Sequence[str], keep: Callable[[Draft], bool], numbers: Iterable[int]
    ) -> _Step[list[Taken]] | None:
        """Inside a transaction of the cache: take back the batch queued last; None if these entries are not that."""
        batch = self._last
        if batch is None or batch.refs[::-1] != list(refs) or any(map(keep, batch.drafts())):
            return None
        span = self._outbox.span(batch.refs[0], batch.refs[-1])
        if span is None:
            return None
        taken, known = batch.taken(), self._case_kinds.known()
        found: list[ListedCase | None] = [standing for _draft, standing, _template in reversed(batch.written)]
        if any(known.get(standing.n) is not standing for _draft, standing, _template in batch.written):
            found = self._of(taken, numbers)
        rows = self._back(taken, self._resolved(self._outbox.live_cases(range(span[0], span[1] + 1))), found)
        if len(rows) < len(taken):
            return None

        def work() -> int:
            if not self._are_untouched(batch):
                self._last = None
                raise OutboxChanged(())
            return self._outbox.stand_for(going(*span))

        return _Step(lambda: taken, rows, work)

    def _take_back(
        self, refs: Sequence[str], keep: Callable[[Draft], bool], numbers: Iterable[int]
    ) -> _Step[list[Taken]]:
        """Inside a transaction of the cache."""
        items = self._outbox.items(refs)
        for item in items:
            if item.attempts or item.state != "queued" or item.starts:
                raise AlreadyAttempted(item.client_ref)
        drafts = self._drafts(items, keep)
        taken = [
            Taken(
                item.client_ref,
                item.desk,
                item.case_id,
                item,
                drafts[item.client_ref].id if item.client_ref in drafts else "",
            )
            for item in items
        ]
        rows = self._back(taken, self._waiting(items), self._of(taken, numbers))
        others: list[Case] = []
        if len(rows) < len(items):
            alike = {(self._desks.id(standing.number), standing.id) for standing, _row in rows}
            others = [case for item in items if (case := (item.desk, item.case_id)) not in alike]

        def work() -> int:
            self._outbox.drafts.put_all(drafts.values())
            generation = self._outbox.delete_all(items)
            if others:
                # They are folded anew: the rows that are moved here do not reflect them.
                self._outbox.touch(others)
            return generation

        return _Step(lambda: taken, rows, work)

    def _drafts(self, items: Sequence[Item], keep: Callable[[Draft], bool]) -> dict[str, Draft]:
        """The drafts that are kept of these entries, by client reference."""
        kept: dict[str, bool] = {}
        out: dict[str, Draft] = {}
        for item in items:
            said = item.said
            if said not in kept:
                kept[said] = keep(self._freezer.draft(item))
            if kept[said]:
                out[item.client_ref] = self._freezer.draft(item)
        return out

    def _of(self, taken: Sequence[Taken], numbers: Iterable[int]) -> list[ListedCase | None]:
        """The current rows of the entries' cases."""
        cases = [(each.desk, each.case_id) for each in taken]
        found = self._standing(cases, numbers)
        return [found.get(case) for case in cases]

    def _back(self, taken: Sequence[Taken], waiting: set[Case], found: Sequence[ListedCase | None]) -> Rows:
        """Inside: the row changes of cases that have no pending entry any more. `found`: the rows of `taken`."""
        asleep, officer = put_off(self._outbox.work), self._session.officer_id()
        known: dict[Any, Facts | None] = {}
        rows: Rows = []
        becomes = maker(RowChange)
        for (_ref, desk, id, said, _draft), standing in zip(taken, found, strict=True):
            if standing is None or (waiting and (desk, id) in waiting):
                continue
            unread = 1 if standing.version > standing.seen else 0
            if standing.before is not None:
                *facts, views, handler = standing.before
                rows.append((standing, becomes((standing.n, *facts, unread, 0, views, handler, 0))))
                continue
            head = standing.head
            if '"attachments"' in said.payload if isinstance(said, Item) else said.attachments:
                continue
            sleeps = asleep.get((desk, id), -1) == standing.version
            handler = head.given.officer
            kind = said.action, sleeps, handler == officer, standing.like
            if kind not in known:
                rules = self._case_kinds.rules(head)
                alike = rules is not None and is_uniform(rules, said.action)
                known[kind] = self._case_kinds.unchanged(desk, standing, officer, asleep=sleeps) if alike else None
            if (row := known[kind]) is None:
                continue
            activity = microseconds(head.last_activity)
            stood = standing.n, head.state, head.due or "", activity, row.mine
            rows.append((standing, becomes((*stood, unread, 0, row.views, handler, 0))))
        return rows


def _nothing() -> None:
    """Nobody is told."""
