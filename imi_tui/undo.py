"""Taking back what has not left this machine. Undo beats asking."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imi_tui.cache.model import OutboxItem
    from imi_tui.cache.store import Store


class Undo:
    """Groups of queued entries, the newest last: a bulk action is one group and is taken back as one.

    After a restart the groups are gone and entries are taken back one by one.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._groups: list[tuple[str, ...]] = []
        self._next: tuple[OutboxItem, ...] | None = None

    def forget(self) -> None:
        """The outbox changed: look again when asked."""
        self._next = None

    @property
    def possible(self) -> bool:
        """Whether there is something to take back. Cheap: asked for every binding at every key."""
        if self._next is None:
            self._next = self.next()
        return bool(self._next)

    def queued(self, items: list[OutboxItem]) -> None:
        """Remember what one action of the officer queued."""
        if items:
            self._groups.append(tuple(item.client_ref for item in items))
        self.forget()

    def next(self) -> tuple[OutboxItem, ...]:
        """What `take_back` would take back now: nothing once the first byte has left."""
        free = {item.client_ref: item for item in self._store.outbox() if item.state == "queued" and not item.attempts}
        while self._groups:
            group = tuple(free[ref] for ref in self._groups[-1] if ref in free)
            if group:
                return group
            self._groups.pop()
        last = max(free.values(), key=lambda item: (item.queued_at, item.client_ref), default=None)
        return (last,) if last is not None else ()

    def take_back(self) -> tuple[OutboxItem, ...]:
        """Take back the newest group; what somebody wrote comes back as a draft, a bare action leaves none."""
        items = self.next()
        for item in reversed(items):
            draft = self._store.undo(item.client_ref)
            if not draft.written:
                self._store.delete_draft(draft.id)
        if self._groups:
            self._groups.pop()
        self.forget()
        return items
