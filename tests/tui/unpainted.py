"""Screens that a test reads as text are not painted as well: without a terminal nobody would see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual._compositor import Compositor
from textual._context import visible_screen_stack

if TYPE_CHECKING:
    import pytest


def unpainted(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on what changes on a screen is only noted as done.

    A window is painted with the screens behind it: reading it finds these only where they were painted.
    """
    paint = Compositor.render_update

    def noted(self: Compositor, full: bool = False, screen_stack: Any = None, simplify: bool = False) -> Any:
        top = self.root
        if screen_stack and (top is None or top.styles.background.a < 1):
            return paint(self, full, screen_stack, simplify)
        visible_screen_stack.set([])
        self._dirty_regions.clear()
        return None

    monkeypatch.setattr(Compositor, "render_update", noted)
