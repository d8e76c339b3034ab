"""The framework's first picture takes the place of the one before it, once it is complete, and writes what differs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual._compositor import LayoutUpdate
from textual.app import App
from textual.widgets import Static

from imi_tui.cache.model import Changed
from imi_tui.framework.compositor import SparingCompositor
from imi_tui.messages import CacheChanged
from imi_tui.widgets.case_list import CaseList

if TYPE_CHECKING:
    from rich.console import RenderableType
    from textual.screen import Screen

    from imi_tui.early.first_paint import Early

ANYHOW = 0.5
"""Seconds after which a screen takes the place of the picture, whatever it lacks."""


class FirstScreen(App[None], inherit_bindings=False):
    """Draws over `early`: nothing before the list stands in its place, then its cells that differ."""

    _early: Early | None = None
    _fresh = False
    """Whether what stands on the terminal is no older than a moment."""

    def open_over(self) -> None:
        """Begin: there is a screen that is being made."""
        if self._early is not None and self._early.painted:
            screen = self.screen
            if isinstance(screen._compositor, SparingCompositor):
                screen._compositor.ready = lambda: self._early is None or _is_complete(screen)
            self.set_timer(ANYHOW, self._open_anyhow)

    def opened(self) -> None:
        """From now on a whole screen is written as it is: it heals what another program did to the one before."""
        self._fresh = False

    def _open_anyhow(self) -> None:
        if self._early is not None:
            self._give_way(self._early, self.screen)
            self.screen.refresh()

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        if (early := self._early) is not None:
            if renderable is None or self._batch_count or (early.painted and not _is_complete(screen)):
                return
            if self._give_way(early, screen):
                renderable = screen._compositor.render_full_update()
        if isinstance(renderable, LayoutUpdate) and (standing := getattr(self._driver, "standing", None)) is not None:
            if not self._fresh:
                standing.forget()
            standing.width = screen.outer_size.width
        super()._display(screen, renderable)

    def _give_way(self, early: Early, screen: Screen[object]) -> bool:
        """End the picture, go on where its cursor is; whether that is elsewhere."""
        self._early = None
        early.end()
        take_over = getattr(self._driver, "take_over", None)
        self._fresh = take_over is not None and take_over(tuple(screen.outer_size))
        early.forget()
        found = next(iter(screen.query(CaseList)), None)
        if not early.painted or found is None or early.at == found.index:
            return False
        found.go(early.at)
        if found.row is None or found.row[:2] != early.case:
            # The list is another one by now.
            found.aim = early.case
            screen.post_message(CacheChanged(Changed(frozenset(("cases",)))))
        return True


def _is_complete(screen: Screen[object]) -> bool:
    """Whether all stands there that the picture shows: the rows, and the heads of their columns."""
    found = next(iter(screen.query(CaseList)), None)
    if found is None:
        return not screen.query("#heading")
    return bool(found.count and found.room and found.has_focus and screen.query_one("#heading", Static).content)
