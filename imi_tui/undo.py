"""Taking back, and doing again, what has not left this machine. Undo beats asking."""

from __future__ import annotations

from collections.abc import Callable

from imi_core.lean import TYPE_CHECKING, NamedTuple
from imi_tui.cache.errors import CacheError
from imi_tui.cache.storage.gc_pause import gc_paused

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from imi_core.errors import ImiError
    from imi_tui.cache.model import OutboxItem, Queued, Untouched
    from imi_tui.cache.outbox.draft import Draft
    from imi_tui.cache.outbox.item import Taken
    from imi_tui.cache.store import Store

CaseId = tuple[str, str]


class Change(NamedTuple):
    """Something done on this machine only. `back` undoes it and `again` does it once more, each for these cases.

    `marks`: the numbers of those that were marked and are not any more.
    """

    what: str
    cases: tuple[CaseId, ...]
    back: Callable[[], object]
    again: Callable[[], object]
    kind: str = ""
    marks: tuple[int, ...] = ()


class _Queued(NamedTuple):
    """What one action of the officer put into the outbox; `marks`: the numbers of the cases marked before."""

    what: str
    refs: tuple[str, ...]
    marks: tuple[int, ...] = ()


class _TakenBack(NamedTuple):
    """Entries that were taken back, in the order in which they are queued again."""

    what: str
    taken: tuple[Taken, ...]
    marks: tuple[int, ...] = ()


class Done(NamedTuple):
    """What was taken back or done again, and of which entries of the outbox (`names`: how their cases are called).

    `refused`: entries that could not be queued again. `marks`: the numbers of the cases that were marked before.
    `drafts`: whether something that was written became a draft again.
    """

    what: str
    cases: tuple[CaseId, ...]
    names: tuple[str, ...] = ()
    refused: int = 0
    marks: tuple[int, ...] = ()
    drafts: bool = False


class Undo:
    """Steps, the newest last: a bulk action is one step and is taken back as one.

    After a restart the steps are gone and entries are taken back one by one.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._done: list[_Queued | Change] = []
        self._undone: list[_TakenBack | Change] = []
        self._possible: bool | None = None
        self._called: dict[str, str] = {}
        """What entries that were queued again are called now."""

    def forget(self) -> None:
        """The outbox changed: look again when asked."""
        self._possible = None

    @property
    def possible(self) -> bool:
        """Whether there is something to take back. Cheap: asked for every binding at every key."""
        if self._possible is None:
            self._possible = self._is_something()
        return self._possible

    @property
    def last(self) -> str:
        """The kind of the newest step, "" where it has none."""
        step = self._done[-1] if self._done else None
        return step.kind if isinstance(step, Change) else ""

    @property
    def what(self) -> str:
        """What would be taken back, in words; "" where nothing would, or nobody said what it is."""
        return self._done[-1].what if self.possible and self._done else ""

    @property
    def again(self) -> str | None:
        """What would be done again, in words; None where nothing would."""
        return self._undone[-1].what if self._undone else None

    def queued(self, items: Sequence[OutboxItem | Queued], what: str = "", marks: Iterable[int] = ()) -> None:
        """Remember what one action of the officer queued, and the numbers of the cases that were marked for it."""
        if items:
            self._done.append(_Queued(what, tuple(item.client_ref for item in items), tuple(marks)))
            self._undone.clear()
        self.forget()

    def did(self, change: Change) -> None:
        """Remember something done on this machine only."""
        self._done.append(change)
        self._undone.clear()
        self.forget()

    def _is_something(self) -> bool:
        """Whether `_look` would find something; of ten thousand entries one is enough."""
        while self._done:
            step = self._done[-1]
            if isinstance(step, Change) or self._store.is_untouched(step.refs):
                return True
            self._done.pop()
        return self._store.is_untouched()

    def _look(self) -> tuple[Untouched, ...] | Change:
        """What `take_back` would take back now: nothing of the outbox once its first byte has left."""
        while self._done:
            step = self._done[-1]
            if isinstance(step, Change):
                return step
            if group := tuple(self._store.untouched_of(step.refs)):
                return group
            self._done.pop()
        last = max(self._store.untouched(), key=lambda each: (each.queued_at, each.client_ref), default=None)
        return (last,) if last is not None else ()

    def take_back(self) -> Done | None:
        """Take back the newest step, None where there is none. Raises `CacheError`.

        What somebody wrote comes back as a draft, a bare action leaves none.
        """
        with gc_paused():
            return self._take_back()

    def _take_back(self) -> Done | None:
        found = self._look()
        if not found:
            return None
        what = self._done[-1].what if self._done else ""
        if isinstance(found, Change):
            found.back()
            self._undone.append(found)
            done = Done(what, found.cases, marks=found.marks)
        else:
            refs = [each.client_ref for each in reversed(found)]
            step = self._done[-1] if self._done else None
            marks = step.marks if isinstance(step, _Queued) else ()
            taken = self._store.take_back(refs, lambda draft: draft.written, marks)
            if isinstance(step, _Queued) and len(refs) < len(step.refs):
                # What was sent is done: only the rest is to be done otherwise. What the step says is of all of it.
                what = ""
                here = set(self._store.marking.numbers((each.desk, each.case_id) for each in found)) if marks else ()
                marks = tuple(n for n in marks if n in here)
            self._undone.append(_TakenBack(what, tuple(reversed(taken)), marks))
            names = tuple(each.reference or each.subject for each in found)
            cases = tuple((each.desk, each.case_id) for each in found)
            done = Done(what, cases, names, marks=marks, drafts=any(each.draft for each in taken))
        if self._done:
            self._done.pop()
        self.forget()
        return done

    def take_back_entry(self, ref: str, numbers: Iterable[int] = ()) -> tuple[bool, tuple[int, ...]]:
        """Take back one entry of the outbox, whichever step it belongs to; it can be done again as any other.

        `numbers`: that of its case; what comes back are those that were marked for the step, behind whether a draft
        stays, as it does where somebody wrote something. Raises `CacheError`.
        """
        taken = self._store.take_back([ref], lambda draft: draft.written)
        steps = (step for step in self._done if isinstance(step, _Queued) and ref in step.refs)
        marked = next((step.marks for step in steps), ())
        marks = tuple(n for n in numbers if n in marked)
        self._undone.append(_TakenBack("", tuple(taken), marks))
        self.forget()
        return bool(taken[0].draft), marks

    def redo(self) -> Done | None:
        """Do again what was taken back last, None where there is nothing. Raises `CacheError`, `ImiError`.

        Where this machine's files do not allow it just now, it can be tried again.
        Of what somebody wrote the draft is sent as it is now; one that was thrown away meanwhile is not.
        """
        with gc_paused():
            return self._redo()

    def _redo(self) -> Done | None:
        if not self._undone:
            return None
        step = self._undone[-1]
        self.forget()
        if isinstance(step, Change):
            step.again()
            self._undone.pop()
            self._done.append(step)
            return Done(step.what, step.cases, marks=step.marks)
        again: list[tuple[str, Draft]] = []
        for each, draft in zip(step.taken, self._store.drafts_of(step.taken), strict=True):
            if draft is not None:
                draft.after = [self._called.get(ref, ref) for ref in draft.after]
                again.append((each.client_ref, draft))
        items, refused = self._queue([draft for _ref, draft in again], step.marks)
        self._undone.pop()
        if refused and not items:
            raise refused[0][1]
        # By draft, not by case: two entries of a step may be for one.
        self._called.update((ref, items[id(draft)].client_ref) for ref, draft in again if id(draft) in items)
        done = [items[id(draft)] for _ref, draft in again if id(draft) in items]
        if done:
            self._done.append(_Queued(step.what, tuple(item.client_ref for item in done), step.marks))
        names = tuple(item.reference or item.subject for item in done)
        cases = tuple((item.desk, item.case_id) for item in done)
        return Done(step.what, cases, names, len(refused), step.marks)

    def _queue(
        self, drafts: list[Draft], marks: Sequence[int]
    ) -> tuple[dict[int, OutboxItem | Queued], list[tuple[Draft, ImiError | CacheError]]]:
        """Queue drafts: what became of each, by its identity, and what was refused and why."""
        made: dict[int, OutboxItem | Queued] = {}
        refused: list[tuple[Draft, ImiError | CacheError]] = []
        left = drafts
        of_case = {(draft.desk, draft.case_id): id(draft) for draft in drafts}
        if len(of_case) == len(drafts):
            queued, refused, left = self._store.queue_alike(drafts, marks)
            made = {of_case[item.desk, item.case_id]: item for item in queued}
        try:
            items, more = self._store.queue_all(left) if left else ([], [])
        except CacheError as error:
            if not made:
                raise
            # What was queued is a step that can be taken back.
            items, more = [], [(draft, error) for draft in left]
        out = {id(draft) for draft, _error in more}
        made.update(zip((id(draft) for draft in left if id(draft) not in out), items, strict=True))
        return made, refused + more
