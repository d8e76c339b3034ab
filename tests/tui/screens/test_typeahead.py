"""Somebody types faster than screens open: nothing is lost, and no text turns into commands."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import TextArea

from imi_tui.app import ImiApp
from imi_tui.cache.store import Store
from imi_tui.framework.typeahead import Passed
from imi_tui.screens import routes
from imi_tui.screens.act import ActScreen
from imi_tui.screens.inbox import InboxScreen
from imi_tui.widgets.case_list import CaseList
from tests.tui.screens import filled
from tests.tui.screens.test_inbox_screen import running, settled

pytestmark = pytest.mark.anyio


def burst(app: ImiApp, keys: str) -> None:
    """All keys at once, as a terminal on a slow line delivers them."""
    for key in keys:
        name = {"\r": "enter", "\t": "tab"}.get(key, key)
        app.post_message(events.Key(name, key))


async def calm(pilot: Pilot[None]) -> None:
    """Until nothing waits any more."""
    app = pilot.app
    assert isinstance(app, ImiApp)
    while app._typed._busy or app._typed._waiting:
        await pilot.pause()
    await settled(pilot)


async def test_a_text_goes_into_the_form_its_key_opens(store: Store, home: Path) -> None:
    async with running(store, home) as (app, pilot):
        burst(app, "3")
        await calm(pilot)
        burst(app, "mHello there, are rules kept?")
        await calm(pilot)
        assert isinstance(app.screen, ActScreen)
        assert isinstance(app.focused, TextArea)
        assert app.focused.text == "Hello there, are rules kept?"


async def test_what_stands_in_a_field_is_kept_and_sent_before_anybody_heard_of_it(store: Store, home: Path) -> None:
    async with running(store, home) as (app, pilot):
        burst(app, "3m")
        await calm(pilot)
        screen, area = app.screen, app.focused
        assert isinstance(screen, ActScreen)
        assert isinstance(area, TextArea)
        area.insert("Kep")
        screen.keep()
        assert [draft.text for draft in store.drafts()] == ["Kep"]
        area.insert("t")
        screen.keep()
        assert [draft.text for draft in store.drafts()] == ["Kept"]
        area.insert(" and sent")
        screen.action_act_send()
        assert [item.payload["text"]["text"] for item in store.outbox()] == ["Kept and sent"]
        await calm(pilot)
        assert not store.drafts()


async def test_digits_after_accept_are_days_and_no_views(store: Store, home: Path) -> None:
    async with running(store, home) as (app, pilot):
        burst(app, "2")
        await calm(pilot)
        row = app.screen.query_one(CaseList).row
        burst(app, "a21\r")
        await calm(pilot)
        assert isinstance(app.screen, InboxScreen)
        assert [(item.case_id, item.payload["answers"]) for item in store.outbox()] == [
            (row.id if row else "", {"agreed_days": 21})
        ]


async def test_a_paste_waits_its_turn(store: Store, home: Path) -> None:
    async with running(store, home) as (app, pilot):
        burst(app, "3m")
        app.post_message(events.Paste("Guten Tag"))
        burst(app, "!")
        await calm(pilot)
        assert isinstance(app.focused, TextArea)
        assert app.focused.text == "Guten Tag!"


async def test_keys_pass_again_when_nothing_comes_back(
    store: Store, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imi_tui.framework.typeahead.GIVE_UP", 0.01)
    async with running(store, home) as (app, pilot):
        monkeypatch.setattr(app._typed, "_send", lambda _round: None)
        burst(app, "jjj")
        while app._typed._waiting or app._typed._busy:
            await asyncio.sleep(0.001)
        await settled(pilot)
        assert app.screen.query_one(CaseList).index == 3


@pytest.mark.parametrize("keys", ["ctrl+q", "j ctrl+q j j"])
async def test_leaving_is_no_mistake_whatever_is_typed_behind_it(store: Store, home: Path, keys: str) -> None:
    app = ImiApp(filled.context(store, home))
    async with app.run_test() as pilot:
        await settled(pilot)
        for key in keys.split():
            app.post_message(events.Key(key, None))
        while app.return_code is None:
            await asyncio.sleep(0.001)
    assert app.return_code == 0
    assert not (home / "incidents").exists()


async def test_an_end_while_a_screen_opens_is_no_mistake(store: Store, home: Path) -> None:
    row = store.window("todo", "due", limit=1)[0]
    case = row.desk, row.id
    for opens in (
        lambda: routes.export_case(*case),
        lambda: routes.act([case], "message"),
        lambda: routes.case(*case),
        routes.authorities,
        routes.drafts,
        routes.lock,
    ):
        app = ImiApp(filled.context(store, home))
        async with app.run_test() as pilot:
            await settled(pilot)
            # As a signal comes between the key and what it opens.
            app.exit(return_code=143)
            app.push_screen(opens())
        assert app.return_code == 143
    assert not (home / "incidents").exists()


async def test_a_key_that_is_dealt_with_when_no_screen_is_left_harms_nothing(store: Store, home: Path) -> None:
    async with running(store, home) as (app, _pilot):
        app._typed.follow()
        last = Passed(app._typed._number, 1)
        stack, app._screen_stacks[app._current_mode] = app._screen_stack, []
        await app._typed.passed(last)
        app._typed.follow()
        app._screen_stacks[app._current_mode] = stack


async def test_what_is_done_leaves_the_list_before_the_next_key_counts(store: Store, home: Path) -> None:
    async with running(store, home) as (app, pilot):
        burst(app, "2")
        await calm(pilot)
        rows = app.screen.query_one(CaseList)
        first = [row.id for at in range(3) if (row := rows.around(at)) is not None]
        burst(app, "a\ra\ra\r")
        await calm(pilot)
        assert [item.case_id for item in store.outbox()] == first
