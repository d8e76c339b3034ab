"""The tour on screen: watches what the officer does and says what comes next. Nothing waits for it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from imi_tui.cache.errors import CacheError
from imi_tui.hints import hint
from imi_tui.i18n import _
from imi_tui.screens.base import ActionScreen, BaseScreen
from imi_tui.viewmodel.tour import NAME, Moment, Tour
from imi_tui.widgets.tour_bar import TourBar

if TYPE_CHECKING:
    from textual.screen import Screen

    from imi_tui.tour_host import TourHost

MOVES = 3
"""Rows to go until somebody has seen how that works."""
LETTERS = 3
"""Letters of a search that has begun."""
FAREWELL = 12.0
"""Seconds that the last words stand."""


class Touring:
    """One tour over all screens of an app."""

    def __init__(self, app: TourHost) -> None:
        self._app = app
        self._store = app.context.store
        self.tour = Tour(self._store.kept(NAME))
        self._moves = 0
        self._screens: list[Screen[Any]] = []

    @property
    def running(self) -> bool:
        """Whether there is something left to show."""
        return not self.tour.ended

    @property
    def unfinished(self) -> bool:
        """Whether a step is left to do; the last words are for the run in which the last one was done."""
        return self.running and bool(self.tour.step)

    def begin(self, *, anew: bool = False) -> None:
        """Show the tour where it is, or from its beginning."""
        if anew:
            self.tour = Tour()
            self._keep()
        if self.running:
            self.changed()

    def happened(self, fact: str) -> None:
        """The officer did something."""
        if not self.running:
            return
        if fact == "row":
            self._moves += 1
            fact = "moved" if self._moves > MOVES else ""
        if fact and self.tour.happened(fact):
            self._went_on()

    def typed(self, scope: str, text: str) -> None:
        """Something was typed into a line of a screen."""
        if scope == "inbox" and len(text.strip()) >= LETTERS:
            self.happened("searched")

    def skip(self) -> None:
        """Leave the present step out."""
        self.tour.skip()
        self._went_on()

    def end(self) -> None:
        """No tour any more; it begins again from the menu."""
        self.tour.end()
        self._keep()
        for screen in self._app.screen_stack:
            screen.query(TourBar).remove()
            screen.remove_class("-touring")

    def show(self, screen: Screen[Any]) -> None:
        """Write on `screen` what comes next there."""
        # What stands behind a small window counts as current, too.
        if not self.running or not isinstance(screen, ActionScreen) or screen is not self._app.screen:
            return
        bar = next(iter(screen.query(TourBar)), None)
        if bar is None:
            bar = TourBar()
            if isinstance(screen, BaseScreen):
                # Above the footer and what is said to a screen reader, whatever room the rest of the screen leaves.
                bar.styles.margin = (0, 0, 3 if self._app.context.screen_reader else 1, 0)
            screen.mount(bar)
        for below in self._app.screen_stack[:-1]:
            # What stands behind a small window is not for this moment.
            for other in below.query(TourBar):
                other.visible = False
        bar.visible = True
        screen.add_class("-touring")
        offered = frozenset(action.id.removeprefix("do.") for action in screen.offered_actions())
        under = getattr(self._app.screen_stack[-2], "SCOPE", "") if len(self._app.screen_stack) > 1 else ""
        now = Moment(screen.SCOPE, offered, self._app.undo.possible, under)
        if screen.focused is not None and screen.focused.id == "search" and screen.SCOPE == "inbox":
            # There a letter is a letter.
            now = Moment("search")
        leave = _("({menu}: skip it, end the tour)").format(menu=hint("app.menu")) if self.tour.step else ""
        bar.say(self.tour.title(), self.tour.text(now), leave)

    def changed(self) -> None:
        """Call it when another screen is on top: which were opened, which were left?"""
        if not self.running:
            return
        before, self._screens = self._screens, list(self._app.screen_stack)
        for screen in before:
            if screen not in self._screens:
                self.happened(f"left {getattr(screen, 'SCOPE', '')}")
        for screen in self._screens:
            if screen not in before:
                self.happened(f"shown {getattr(screen, 'SCOPE', '')}")
        self.show(self._app.screen)

    def _went_on(self) -> None:
        self._keep()
        if not self.tour.step:
            self._app.set_timer(FAREWELL, self._finish)
        self.show(self._app.screen)

    def _finish(self) -> None:
        if not self.tour.step:
            self._app.end_tour()

    def _keep(self) -> None:
        # While a large synchronisation writes, how far the tour is matters least.
        with suppress(CacheError):
            self._store.keep(NAME, self.tour.to_keep())
