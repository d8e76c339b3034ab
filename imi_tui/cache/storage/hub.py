"""Who hears of commits: one hub a profile and process, shared by the stores of all threads."""

from __future__ import annotations

from _thread import allocate_lock

from imi_core.lean import TYPE_CHECKING
from imi_tui.cache.model import Now
from imi_tui.cache.storage.checkpoints import Checkpointer
from imi_tui.cache.storage.write_queue import WriteQueue

if TYPE_CHECKING:
    from collections.abc import Callable

    from imi_tui.cache.model import Changed


class Hub:
    """Passes on what changed, in the committing thread."""

    def __init__(self) -> None:
        self._lock = allocate_lock()
        self._callbacks: list[Callable[[Changed], None]] = []
        self.write_queue = WriteQueue()
        """Who of them writes the cache next."""
        self.checkpointer = Checkpointer()
        """Who copies its log."""
        self.now = Now()
        """What the sync thread does; replaced as a whole, so that reading it takes no lock."""
        self.keeper: list[object] = []
        """Connections that keep a database in memory alive while stores come and go."""

    def subscribe(self, callback: Callable[[Changed], None]) -> Callable[[], None]:
        """Call `callback` after each commit; the result ends it."""
        with self._lock:
            self._callbacks.append(callback)

        def unsubscribe() -> None:
            with self._lock:
                if callback in self._callbacks:
                    self._callbacks.remove(callback)

        return unsubscribe

    def publish(self, changed: Changed) -> None:
        """Tell everybody."""
        with self._lock:
            callbacks = list(self._callbacks)
        for callback in callbacks:
            callback(changed)


_hubs: dict[str, Hub] = {}
_hubs_lock = allocate_lock()


def hub_of(name: str) -> Hub:
    """The hub of the profile with this name."""
    with _hubs_lock:
        return _hubs.setdefault(name, Hub())
