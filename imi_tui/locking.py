"""The lock of the screen: what the officer works on stays as it is, behind a page of its own that shows nothing of it.

The lock is a mode of the app with its own stack of screens: whatever happens behind it (a sign-in that ends, a file
that was read) happens to the stack it belongs to, and nothing that opens or closes there can open the lock.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from textual import events

from imi_tui.framework.toasts import CornerApp
from imi_tui.idle import Idle
from imi_tui.screens import routes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from textual.await_complete import AwaitComplete
    from textual.notifications import SeverityLevel
    from textual.screen import Screen

LOCK, DESK = "lock", "_default"
"""The modes; Textual names the second one."""


class LockingApp(CornerApp, inherit_bindings=False):
    """An app that locks: by `lock`, and when nobody touched it for as long as `idle` says."""

    MODES = {LOCK: routes.lock}
    idle = Idle(0)
    _held: Callable[[], None] | None = None

    @property
    def locked(self) -> bool:
        """Whether the lock is on."""
        return self.current_mode == LOCK

    @property
    def desk_stack(self) -> list[Screen[Any]]:
        """The screens the officer works on, locked or not."""
        return list(self._screen_stacks.get(DESK, ()))

    def lock(self) -> None:
        """Hide everything; nothing of it ends or changes."""
        if not self.locked and self.desk_stack:
            self._held = None
            self.clear_notifications()
            # Textual goes back only to modes that it was told of, and cannot be told of its own first one.
            self._modes.setdefault(DESK, routes.inbox)
            self.switch_mode(LOCK)

    def unlock(self) -> None:
        """Go on where the officer was. Only the lock's own page calls it."""
        self.idle.touch()
        if self.locked:
            self.switch_mode(DESK)
            if self._held is not None:
                self._held()

    def touched(self, event: events.Event) -> bool:
        """Somebody is there. True where they come too late: then the screen is locked, and `event` does nothing."""
        if isinstance(event, events.InputEvent | events.Paste):
            if self.idle.over and not self.locked:
                self.lock()
                return True
            self.idle.touch()
        return False

    def lock_when_idle(self) -> None:
        """To be called every now and then."""
        if self.idle.over:
            self.lock()

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """Tell something as plain text. While locked the last message waits: it may name a case."""
        if self.locked:
            self._held = lambda: self.notify(message, title=title, severity=severity, timeout=timeout, markup=False)
        else:
            super().notify(message, title=title, severity=severity, timeout=timeout, markup=False)

    def push_screen(self, screen: Any, *more: Any, mode: str | None = None, **others: Any) -> Any:
        """What opens by itself while locked opens behind the lock."""
        return super().push_screen(screen, *more, mode=mode or (DESK if self.locked else None), **others)

    def pop_screen(self) -> AwaitComplete:
        """What closes by itself while locked closes behind the lock."""
        with self._behind():
            return super().pop_screen()

    @contextmanager
    def _behind(self) -> Iterator[None]:
        mode = self._current_mode
        self._current_mode = DESK
        try:
            yield
        finally:
            self._current_mode = mode
