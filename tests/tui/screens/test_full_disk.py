"""A full disk ends no screen: what cannot be kept is said, and everything goes on once there is room."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from imi_tui.screens.case import CaseScreen
from imi_tui.screens.inbox import InboxScreen
from tests.tui.cache.test_reserve import fill
from tests.tui.disks import disk_of
from tests.tui.screens import filled
from tests.tui.screens.test_inbox_screen import case_list, running, settled

pytestmark = pytest.mark.anyio


async def test_what_cannot_be_kept_is_said_and_the_screen_goes_on(template: Path, tmp_path: Path) -> None:
    with disk_of(tmp_path / "disk", "16m") as disk:
        home = Path(shutil.copytree(template, disk / "home"))
        store = filled.open_store(home)
        async with running(store, home) as (app, pilot):
            await settled(pilot)
            inbox, filler = app.screen, fill(disk)
            assert isinstance(inbox, InboxScreen)
            # Opening a case marks it as read, which can wait.
            await pilot.press("enter")
            await settled(pilot)
            assert isinstance(app.screen, CaseScreen)
            assert not app._notifications
            # The order holds until the end, and an authority is not remembered: both are said.
            for keys in (("escape", "b", "down", "enter"), ("w", "f3")):
                await pilot.press(*keys)
                await settled(pilot)
                assert [each.message for each in app._notifications] == ["The disk is full; make room and try again."]
                app.clear_notifications()
            assert not store.partners.remembered()
            await pilot.press("escape")
            assert inbox.sort != "due"
            filler.unlink()
            row = case_list(app).row
            assert row is not None
            await pilot.press("enter")
            await settled(pilot)
            assert isinstance(app.screen, CaseScreen)
            shown = store.row(row.desk, row.id, "all", "due")
            assert shown is not None
            assert not shown.unread
        store.close()
