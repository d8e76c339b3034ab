"""How tests drive a screen: as Textual's pilot does, with the same certainty for less work."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

from textual import app, pilot
from textual._context import active_app
from textual._wait import SLEEP_GRANULARITY, wait_for_idle
from textual.app import ScreenStackError
from textual.css.stylesheet import Stylesheet
from textual.pilot import Pilot, WaitForScreenTimeout

if TYPE_CHECKING:
    import pytest
    from textual.css.model import RuleSet
    from textual.message_pump import MessagePump

SOON = 3 * SLEEP_GRANULARITY
"""Seconds; more than the app waits with what it offers to complete a word."""
_parse = Stylesheet._parse_rules
_parsed: dict[tuple[Any, ...], list[RuleSet]] = {}
_themes: dict[tuple[tuple[str, str], ...], int] = {}


def quick(patch: pytest.MonkeyPatch) -> None:
    """From now on the pilot looks whether anybody has something to do, where it asked every widget for an answer and
    then waited for an idle processor, which others use as well. What one app understood of the style sheets is there
    for the next.
    """
    for module in (app, pilot):
        patch.setattr(module, "wait_for_idle", _idle)
    patch.setattr(Pilot, "_wait_for_screen", _all_done)
    patch.setattr(Stylesheet, "_parse_rules", _parse_once)


async def _idle(min_sleep: float = SLEEP_GRANULARITY, max_sleep: float = 1) -> None:
    """Until nothing runs, and what was to run before a person could press another key has run. Nobody waits for the
    time of the next picture: it is drawn as soon as there is nothing else to do.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + SOON
    drawn = False
    while True:
        await asyncio.sleep(0)
        if loop._ready:
            drawn = False
        elif _threads_work(loop):
            await wait_for_idle(min_sleep, max_sleep)
            return
        elif not drawn:
            drawn = _draw()
        else:
            next_ = _next(loop)
            if next_ > end:
                return
            await asyncio.sleep(max(0.0, next_ - loop.time()))
            drawn = False


def _draw() -> bool:
    """Draw what changed on the screen."""
    running = active_app.get()
    if running._running and running._screen_stack:
        running.screen._on_timer_update()
    return True


def _next(loop: Any) -> float:
    """When something runs next by the clock, pictures apart."""
    pictures = {id(each._fut_waiter) for each in asyncio.all_tasks(loop) if each.get_name() == "screen_update"}
    due = (
        each.when()
        for each in loop._scheduled
        if not each.cancelled() and not (each._args and id(each._args[0]) in pictures)
    )
    return min(due, default=float("inf"))


def _threads_work(loop: Any) -> bool:
    """Whether a thread of the app may still have something to tell."""
    pool = loop._default_executor
    if pool is not None and (not pool._work_queue.empty() or pool._idle_semaphore._value < len(pool._threads)):
        return True
    return any(each.name.startswith("imi-") for each in threading.enumerate())


async def _all_done(self: Pilot[Any], timeout: float = 30.0) -> bool:
    """Until the app, its screen and all widgets wait for a message; False where one of them failed."""
    running = self.app
    loop = asyncio.get_running_loop()
    end = loop.time() + timeout
    while True:
        await asyncio.sleep(0)
        if running._exception_event.is_set():
            return False
        if loop._ready:
            continue
        try:
            pumps = [running, *running.screen.walk_children(with_self=True)]
        except ScreenStackError:
            return False
        if all(map(_waits, pumps)):
            return True
        if loop.time() > end:
            raise WaitForScreenTimeout("A widget still has something to do.")
        await asyncio.sleep(0.001)


def _waits(pump: MessagePump) -> bool:
    """Whether it waits for a message, or takes none any more."""
    queue = pump._message_queue
    return pump._closing or pump._closed or (queue.empty() and bool(queue.ready_event._waiters))


def _parse_once(
    self: Stylesheet, css: str, read_from: Any, is_default_rules: bool = False, tie_breaker: int = 0, scope: str = ""
) -> list[RuleSet]:
    key = (css, read_from, is_default_rules, tie_breaker, scope, _theme(self))
    if key not in _parsed:
        _parsed[key] = _parse(self, *key[:-1])
    return _parsed[key]


def _theme(sheet: Stylesheet) -> int:
    """A number for its variables, which the rules are made of."""
    of, number = getattr(sheet, "_theme", (None, 0))
    if of is not sheet._variables:
        number = _themes.setdefault(tuple(sorted(sheet._variables.items())), len(_themes))
        sheet._theme = (sheet._variables, number)
    return number
