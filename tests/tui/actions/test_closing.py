"""A screen is closed while it writes its texts in another language."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from imi_core.authority import Seat
from imi_tui import i18n
from imi_tui.cache.store import Store
from imi_tui.screens import routes
from tests.tui.actions.desk import desk

pytestmark = pytest.mark.anyio
STEPS = (1, 4, 8, 14)
"""Steps of the event loop between the language and the end of the screen."""


async def test_a_screen_may_be_closed_at_any_step_of_a_change_of_language(
    store: Store, seat: Seat, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = store.window("to_accept", "due", limit=1)[0]
    screens = (
        lambda: routes.authorities(choose=True, area="pw"),
        lambda: routes.act([(row.desk, row.id)], "accept"),
    )
    async with desk(store, seat, home, monkeypatch) as here:
        for opened in screens:
            for steps in STEPS:
                here.app.clear_notifications()
                i18n.install("en")
                await here.open(opened())
                i18n.install("de")
                here.app.context.language = "de"
                here.app.write_again()
                for _ in range(steps):
                    await asyncio.sleep(0)
                here.app.pop_screen()
                await here.calm()
                assert here.app.is_running, f"{steps} steps behind it the program ended"
