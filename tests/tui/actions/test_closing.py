"""A screen is closed at any step of what it does. One that is told twice to close, or from below, closes no other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from imi_core.authority import Seat
from imi_tui import i18n
from imi_tui.cache.store import Store
from imi_tui.screens import routes
from imi_tui.screens.sign_in import SignInScreen
from imi_tui.viewmodel.signing_in import Step
from imi_tui.widgets.line_list import LineList
from tests.effort import tries
from tests.tui.actions.desk import Desk, desk

pytestmark = pytest.mark.anyio
STEPS = (1, 4, 8, 14)
"""Steps of the event loop between the language and the end of the screen."""
OPENING = tries((1,), tuple(range(16)))
"""The same between its beginning and its end."""


def screens(here: Desk) -> list[Callable[[], Any]]:
    """How screens open that do much as they open, and one of each sort of the others."""
    row = here.store.window("to_accept", "due", limit=1)[0]
    return [
        lambda: routes.act([(row.desk, row.id)], "accept"),
        lambda: routes.compose(like=(row.desk, row.id)),
        routes.authorities,
        lambda: routes.case(row.desk, row.id),
        lambda: routes.menu(*here.inbox.everything()),
        lambda: routes.choose("?", [("a", "a")]),
    ]


async def test_a_screen_may_be_closed_at_any_step(
    store: Store, seat: Seat, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk(store, seat, home, monkeypatch) as here:
        for opened in screens(here):
            for steps in OPENING:
                here.app.push_screen(opened())
                await _some(steps)
                here.app.pop_screen()
                await here.calm()
                assert here.app.is_running, f"{here.app._exit_renderables}, {steps} steps behind the beginning"
        for opened in (screens(here)[0], lambda: routes.authorities(choose=True, area="pw")):
            for steps in STEPS:
                i18n.install("en")
                await here.open(opened())
                i18n.install("de")
                here.app.context.language = "de"
                here.app.write_again()
                await _some(steps)
                here.app.pop_screen()
                await here.calm()
                assert here.app.is_running, f"{steps} steps behind the language the program ended"
        i18n.install("en")

        # Two clicks more on what is under the cursor.
        below = await here.open(routes.outbox())
        answers: list[Any] = []
        here.app.push_screen(routes.authorities(choose=True, area="pw"), answers.append)
        await here.calm()
        found = here.top.query_one(LineList)
        for _ in range(2):
            found.post_message(LineList.Opened(found, found.item))
        await here.calm()
        assert here.top is below
        assert answers == [found.item]

        # An answer that comes to a screen as it leaves.
        row = store.window("to_accept", "due", limit=1)[0]
        for steps in (8, *OPENING):
            await here.open(routes.compose())
            await here.press("f3")
            here.top.dismiss((row.desk, row.id))
            await _some(steps)
            here.app.pop_screen()
            await here.calm()
            assert (here.app.is_running, here.top) == (True, below)

        # A key is dealt with by the app itself, which has to hear the next one.
        gone, heard = await here.open(routes.drafts()), asyncio.Event()
        here.app.pop_screen()
        await here.calm()
        here.app.call_later(gone.reload, frozenset())
        here.app.call_later(heard.set)
        await _some(20)
        assert heard.is_set(), "the app stopped with what a screen that is gone lacks"

        signing = await here.open(routes.sign_in())
        assert isinstance(signing, SignInScreen)
        above = await here.open(routes.read_lines("", []))
        signing.post_message(signing.Told(Step("done", "browser"), signing._attempt))
        await here.calm()
        assert here.top is above
        await here.press("escape")
        assert here.top is below, "what had come to its end stayed"


async def _some(steps: int) -> None:
    for _ in range(steps):
        await asyncio.sleep(0)
