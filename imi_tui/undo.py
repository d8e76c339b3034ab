"""Taking back, and doing again, what has not left this machine. Undo beats asking."""

from __future__ import annotations

from collections.abc import Callable

from imi_core.lean import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from imi_tui.cache.draft import Draft
    from imi_tui.cache.model import OutboxItem, Untouched
    from imi_tui.cache.store import Store

CaseId = tuple[str, str]


class Change(NamedTuple):
    """Something done on this machine only. `back` undoes it and `again` does it once more, each for these cases."""

    what: str
    cases: tuple[CaseId, ...]
    back: Callable[[], object]
    again: Callable[[], object]
    kind: str = ""


class _Queued(NamedTuple):
    """What one action of the officer put into the outbox; `marks`: the numbers of the cases marked before."""

    what: str
    refs: tuple[str, ...]
    marks: tuple[int, ...] = ()


class _TakenBack(NamedTuple):
    """Entries that were taken back: (client ref, draft to queue again) of each."""

    what: str
    drafts: tuple[tuple[str, Draft], ...]
    marks: tuple[int, ...] = ()


class Done(NamedTuple):
    """What was taken back or done again, and of which entries of the outbox (`names`: how their cases are called).

    `refused`: entries that could not be queued again. `marks`: the numbers of the cases that were marked before.
    """

    what: str
    cases: tuple[CaseId, ...]
    names: tuple[str, ...] = ()
    refused: int = 0
    marks: tuple[int, ...] = ()


class Undo:
    """Steps, the newest last: a bulk action is one step and is taken back as one.

    After a restart the steps are gone and entries are taken back one by one.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._done: list[_Queued | Change] = []
        self._undone: list[_TakenBack | Change] = []
        self._next: tuple[Untouched, ...] | Change | None = None
        self._called: dict[str, str] = {}
        """What entries that were queued again are called now."""

    def forget(self) -> None:
        """The outbox changed: look again when asked."""
        self._next = None

    @property
    def possible(self) -> bool:
        """Whether there is something to take back. Cheap: asked for every binding at every key."""
        if self._next is None:
            self._next = self._look()
        return bool(self._next)

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

    def queued(self, items: Sequence[OutboxItem], what: str = "", marks: Iterable[int] = ()) -> None:
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

    def _look(self) -> tuple[Untouched, ...] | Change:
        """What `take_back` would take back now: nothing of the outbox once its first byte has left."""
        free = {each.client_ref: each for each in self._store.untouched()}
        while self._done:
            step = self._done[-1]
            if isinstance(step, Change):
                return step
            group = tuple(free[ref] for ref in step.refs if ref in free)
            if group:
                return group
            self._done.pop()
        last = max(free.values(), key=lambda each: (each.queued_at, each.client_ref), default=None)
        return (last,) if last is not None else ()

    def take_back(self) -> Done | None:
        """Take back the newest step, None where there is none. Raises `CacheError`.

        What somebody wrote comes back as a draft, a bare action leaves none.
        """
        found = self._look()
        if not found:
            return None
        what = self._done[-1].what if self._done else ""
        if isinstance(found, Change):
            found.back()
            self._undone.append(found)
            done = Done(what, found.cases)
        else:
            refs = [each.client_ref for each in reversed(found)]
            drafts = self._store.undo_all(refs, lambda draft: draft.written)
            step = self._done[-1] if self._done else None
            marks = step.marks if isinstance(step, _Queued) else ()
            self._undone.append(_TakenBack(what, tuple(zip(refs, drafts, strict=True))[::-1], marks))
            names = tuple(each.reference or each.subject for each in found)
            done = Done(what, tuple((each.desk, each.case_id) for each in found), names, marks=marks)
        if self._done:
            self._done.pop()
        self.forget()
        return done

    def take_back_entry(self, ref: str, numbers: Iterable[int] = ()) -> tuple[Draft, tuple[int, ...]]:
        """Take back one entry of the outbox, whichever step it belongs to; it can be done again as any other.

        `numbers`: that of its case; what comes back with the draft are those that were marked for the step.
        Raises `CacheError`. The draft stays where somebody wrote something.
        """
        [draft] = self._store.undo_all([ref], lambda draft: draft.written)
        steps = (step for step in self._done if isinstance(step, _Queued) and ref in step.refs)
        marked = next((step.marks for step in steps), ())
        marks = tuple(n for n in numbers if n in marked)
        self._undone.append(_TakenBack("", ((ref, draft),), marks))
        self.forget()
        return draft, marks

    def redo(self) -> Done | None:
        """Do again what was taken back last, None where there is nothing. Raises `CacheError`, `ImiError`.

        Where this machine's files do not allow it just now, it can be tried again.
        Of what somebody wrote the draft is sent as it is now; one that was thrown away meanwhile is not.
        """
        if not self._undone:
            return None
        step = self._undone[-1]
        self.forget()
        if isinstance(step, Change):
            step.again()
            self._undone.pop()
            self._done.append(step)
            return Done(step.what, step.cases)
        drafts = {ref: now for ref, draft in step.drafts if (now := self._as_it_is_now(draft)) is not None}
        items, refused = self._store.queue_all(list(drafts.values()))
        self._undone.pop()
        if refused and not items:
            raise refused[0][1]
        out = {id(draft) for draft, _error in refused}
        taken = [ref for ref, draft in drafts.items() if id(draft) not in out]
        self._called.update(zip(taken, (item.client_ref for item in items), strict=True))
        if items:
            self._done.append(_Queued(step.what, tuple(item.client_ref for item in items), step.marks))
        names = tuple(item.reference or item.subject for item in items)
        cases = tuple((item.desk, item.case_id) for item in items)
        return Done(step.what, cases, names, len(refused), step.marks)

    def _as_it_is_now(self, draft: Draft) -> Draft | None:
        """What to queue for a draft of an entry that was taken back; None where the officer threw it away."""
        found = self._store.draft(draft.id) if draft.written else draft
        if found is not None:
            found.after = [self._called.get(ref, ref) for ref in found.after]
        return found
