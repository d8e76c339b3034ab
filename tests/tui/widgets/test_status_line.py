"""The status line while a synchronisation runs: never more than one repaint a second, and nothing when it is quiet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from imi_tui import i18n
from imi_tui.cache.model import Now, SyncStatus
from imi_tui.widgets import status_line
from imi_tui.widgets.status_line import StatusLine

REST = SyncStatus("2026-03-05T08:02:00+00:00", 0, 0, "", None)
CONTEXT: Any = SimpleNamespace(
    language="en", today=lambda: dt.date(2026, 3, 5), demo=False, vault="", screen_reader=False
)


class Line(StatusLine):
    """One that is not on a screen: what it paints is kept, and time passes when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.painted: list[str] = []
        self.due: list[Callable[[], Any]] = []

    @property
    def size(self) -> Any:
        return SimpleNamespace(width=120)

    def update(self, content: Any = "", *, layout: bool = True) -> None:
        self.painted.append(str(content))

    def set_timer(self, delay: float, callback: Any = None, **_more: Any) -> Any:
        assert delay == status_line.LIVE_SECONDS
        self.due.append(callback)
        return SimpleNamespace(stop=self.due.clear)

    def pass_a_second(self) -> None:
        due, self.due = self.due, []
        for callback in due:
            callback()

    def see(self, now: SyncStatus) -> None:
        self.show("Inbox", "", now, CONTEXT)


@pytest.fixture(autouse=True)
def english() -> None:
    i18n.install("en")


def test_a_synchronisation_that_is_over_at_once_is_not_shown() -> None:
    line = Line()
    line.see(REST)
    line.see(REST._replace(now=Now("syncing")))
    line.see(REST._replace(now=Now(next_at="2026-03-05T08:05:00+00:00")))
    line.pass_a_second()
    assert len(line.painted) == 1


def test_progress_is_painted_once_a_second() -> None:
    line = Line()
    line.see(REST)
    for percent in range(50):
        line.see(REST._replace(filling=percent / 100, now=Now("syncing")))
    assert len(line.painted) == 1
    line.pass_a_second()
    assert len(line.painted) == 2
    assert "49 %" in line.painted[1]
    for percent in range(50, 90):
        line.see(REST._replace(filling=percent / 100, now=Now("syncing")))
    assert len(line.painted) == 2
    line.pass_a_second()
    assert len(line.painted) == 3
    assert "89 %" in line.painted[2]
    line.pass_a_second()
    assert len(line.painted) == 3


def test_what_the_officer_did_shows_at_once_and_so_does_the_end() -> None:
    line = Line()
    line.see(REST)
    running = REST._replace(filling=0.5, now=Now("syncing"))
    line.see(running)
    line.see(running._replace(queued=1))
    assert "1 queued" in line.painted[-1]
    assert "%" not in line.painted[-1]
    line.see(REST._replace(problem="offline"))
    assert "offline" in line.painted[-1]
    painted = len(line.painted)
    line.pass_a_second()
    assert len(line.painted) == painted
