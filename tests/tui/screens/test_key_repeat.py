"""A key held down or pressed twice does once what it does (F5)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from imi_tui.cache.store import Store
from imi_tui.screens.act import ActScreen
from imi_tui.screens.prompt import DaysPrompt
from tests.tui.screens.test_case_screen import a_case, opened
from tests.tui.screens.test_inbox_screen import running, settled

pytestmark = pytest.mark.anyio


async def test_enter_held_down_queues_one_entry(store: Store, home: Path, seat: Any) -> None:
    case = a_case(seat, "awaiting_acceptance")
    async with running(store, home) as (app, pilot):
        await opened(app, pilot, case, seat)
        await pilot.press("a")
        assert isinstance(app.screen, DaysPrompt)
        await pilot.press(*["enter"] * 5)
        await settled(pilot)
        assert [item.action for item in store.outbox()] == ["accept"]


async def test_send_held_down_queues_one_entry(store: Store, home: Path, seat: Any) -> None:
    case = a_case(seat, "accepted")
    async with running(store, home) as (app, pilot):
        await opened(app, pilot, case, seat)
        await pilot.press("m")
        await pilot.pause()
        assert isinstance(app.screen, ActScreen)
        await pilot.press(*"Once", *["f8"] * 5)
        await settled(pilot)
        assert [item.payload["text"]["text"] for item in store.outbox()] == ["Once"]
