"""A timer that rings once does ring, whatever held the program up when it was set."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from typing import Any

import pytest
from textual import timer
from textual.app import App
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.widgets import Static

from imi_tui.app import ImiApp
from imi_tui.framework.file_errors import LastingApp
from imi_tui.framework.timers import Punctual
from imi_tui.screens.base import BaseScreen
from imi_tui.widgets.status_line import StatusLine

pytestmark = pytest.mark.anyio


class Label(Punctual, Static):
    """A widget with timers."""


async def test_a_timer_that_is_over_when_it_begins_still_rings(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = itertools.count(step=60)
    async with LastingApp().run_test() as pilot:
        app: App[Any] = pilot.app
        label = Label()
        await app.mount(label)
        pumps: list[MessagePump] = [app, label]
        rung: list[int] = []
        with monkeypatch.context() as patch:
            # Between any two looks at the clock a minute has gone by, as on a machine that was stopped.
            patch.setattr(timer._time, "get_time", lambda: float(next(clock)))
            for number, pump in enumerate(pumps):
                pump.set_timer(0.001, ringing(rung, number))
            for _ in range(200):
                await asyncio.sleep(0.001)
                if len(rung) == len(pumps):
                    break
        assert sorted(rung) == [0, 1]


def ringing(rung: list[int], number: int) -> Callable[[], None]:
    """What notes that a timer rang."""
    return lambda: rung.append(number)


@pytest.mark.parametrize("kind", [ImiApp, BaseScreen, StatusLine])
def test_all_that_set_timers_are_punctual(kind: type[App[Any] | Screen[Any] | Static]) -> None:
    assert issubclass(kind, Punctual)
