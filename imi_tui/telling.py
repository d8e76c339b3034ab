"""When the officer looks elsewhere: telling of new and urgent cases by the desktop, the terminal and its bell.

Numbers and days only, for such a text stands on a desktop that others see. Behind the lock only the bell rings.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from imi_tui.idle import AWAY
from imi_tui.outside import notifying
from imi_tui.viewmodel import news

if TYPE_CHECKING:
    from collections.abc import Callable

    from imi_tui.app import ImiApp
    from imi_tui.cache.model import Changed
    from imi_tui.viewmodel.news import CaseId


def local_time() -> dt.time:
    """The time of day on this machine."""
    return dt.datetime.now().astimezone().time()


class Teller:
    """Gathers what changed and tells it once, outside the quiet hours."""

    def __init__(self, app: ImiApp, clock: Callable[[], dt.time] = local_time) -> None:
        self._app, self._clock = app, clock
        self._waiting: set[CaseId] = set()
        self._told: set[tuple[str, str, str]] = set()

    def changed(self, changed: Changed) -> None:
        """These cases may be new."""
        if "cases" not in changed.kinds or not changed.cases:
            return
        status = self._app.context.store.status()
        if status.first or status.filling is not None:
            # A first synchronisation brings what others have known for long.
            return
        self._waiting |= changed.cases
        self.tell()

    def tell(self) -> None:
        """Tell what waits to be told, if it is still new and this is the time."""
        app, context = self._app, self._app.context
        if not self._waiting or news.quiet(context.quiet_hours, self._clock()):
            return
        cases, self._waiting = self._waiting, set()
        if not self._away:
            return
        rows = {(row.desk, row.id, row.activity): row for row in news.waiting(context.store, cases).values()}
        fresh = [row for key, row in rows.items() if key not in self._told]
        self._told |= set(rows)
        today = context.today()
        found = news.news(fresh, today)
        only_urgent = context.notify == "urgent" or context.store.status().now.metered
        if not found.new or (only_urgent and not found.urgent):
            return
        if context.notify_by != "bell" and not app.locked:
            self._show(news.sentence(found, today), urgent=found.urgent > 0)
        if context.notify_by != "desktop" or app.locked:
            app.bell()

    @property
    def _away(self) -> bool:
        """Whether the officer looks elsewhere. Not every terminal says so: a while without a key counts too."""
        return self._app.locked or not self._app.app_focus or self._app.idle.seconds >= AWAY

    def _show(self, text: str, *, urgent: bool) -> None:
        if not notifying.on_desktop(news.TITLE, text, urgent=urgent):
            self._app.write_sequence(notifying.for_terminal(news.TITLE, text))
