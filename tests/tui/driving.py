"""How tests drive a screen: as Textual's pilot does, with the same certainty for less work."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from textual.app import ScreenStackError
from textual.css.stylesheet import Stylesheet
from textual.pilot import Pilot, WaitForScreenTimeout

if TYPE_CHECKING:
    import pytest
    from textual.css.model import RuleSet
    from textual.message_pump import MessagePump

_parse = Stylesheet._parse_rules
_parsed: dict[tuple[Any, ...], list[RuleSet]] = {}
_themes: dict[tuple[tuple[str, str], ...], int] = {}


def quick(patch: pytest.MonkeyPatch) -> None:
    """From now on the pilot looks whether anybody has something to do, where it asked every widget for an answer, and
    what one app understood of the style sheets is there for the next. That is a tenth of the work of such tests.
    """
    patch.setattr(Pilot, "_wait_for_screen", _all_done)
    patch.setattr(Stylesheet, "_parse_rules", _parse_once)


async def _all_done(self: Pilot[Any], timeout: float = 30.0) -> bool:
    """Until the app, its screen and all widgets wait for a message; False where one of them failed."""
    app = self.app
    loop = asyncio.get_running_loop()
    end = loop.time() + timeout
    while True:
        await asyncio.sleep(0)
        if app._exception_event.is_set():
            return False
        if loop._ready:
            continue
        try:
            pumps = [app, *app.screen.walk_children(with_self=True)]
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
