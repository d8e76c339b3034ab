"""Choosing an authority without leaving the line in which one types."""

from __future__ import annotations

from pathlib import Path

import pytest

from imi_tui.cache.store import Store
from imi_tui.widgets.authority_list import AuthorityList
from tests.tui.screens.test_inbox_screen import running, settled


@pytest.mark.anyio
async def test_arrows_go_through_authorities_while_one_types(store: Store, home: Path) -> None:
    async with running(store, home, (100, 30)) as (app, pilot):
        await pilot.press("f4", "a")
        await settled(pilot)
        found = app.screen.query_one(AuthorityList)
        second = found.items[1]
        await pilot.press("down")
        assert found.item == second
        await pilot.press("pagedown")
        assert found.item not in found.items[:2]
        await pilot.press("pageup", "r")
        await settled(pilot)
        assert app.focused is not found, "one types on"
        await pilot.press("down", "enter")
        await settled(pilot)
        assert type(app.screen).__name__ == "AuthorityScreen"
