"""The server is down: what an officer is told who presses a key about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from imi_tui import problems
from imi_tui.cache.store import Store
from tests.tui.screens.test_files_tab import said
from tests.tui.screens.test_inbox_screen import running, settled, text_of

pytestmark = pytest.mark.anyio


async def test_a_synchronisation_somebody_asked_for_says_why_it_failed_and_help_repeats_it(
    store: Store, home: Path
) -> None:
    async with running(store, home, size=(120, 40), sync_now=lambda: None) as (app, pilot):
        await pilot.press("s")
        await settled(pilot)
        assert "Synchronising. You can go on working." in said(app)
        store.sync.set_problem("offline")
        await settled(pilot)
        reason = problems.sentence("offline")
        assert said(app) == reason
        # One that nobody asked for is left to the status line.
        store.sync.set_problem("noAnswer")
        await settled(pilot)
        assert said(app) == reason
        await pilot.press("f1")
        await settled(pilot)
        shown = " ".join(text_of(app).replace("│", " ").split())
        assert "no answer for long" in shown
        assert "look at the network of this machine" in shown
        assert shown.index("look at the network") < shown.index("Most used here")
