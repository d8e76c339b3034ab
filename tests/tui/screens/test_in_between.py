"""Pictures on the way from one screen to another: nothing goes that comes back, nothing comes one picture late."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from imi_tui.app import ImiApp
from imi_tui.cache.store import Store
from imi_tui.screens import routes
from imi_tui.screens.menu import MenuList
from imi_tui.widgets.form_view import FieldRow
from tests.tui.screens import filled
from tests.tui.screens.seen import Seen
from tests.tui.screens.test_inbox_screen import settled

pytestmark = pytest.mark.anyio
FIRST, SECOND = "Queued, as said.", "Taken back, as said."


@asynccontextmanager
async def watched(
    store: Store, home: Path, patch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[ImiApp, Pilot[None], Seen]]:
    """The app with the first sentence in its corner."""
    app = ImiApp(filled.context(store, home))
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await settled(pilot)
        app.screen.say(FIRST)  # type: ignore[attr-defined]
        await settled(pilot)
        yield app, pilot, Seen(app, patch)


def opened(name: str) -> Any:
    """A screen, or a window over the one that is there."""
    return routes.outbox() if name == "outbox" else routes.choose("Which?", [("this", "1")], "1")


@pytest.mark.parametrize("name", ["outbox", "window"])
async def test_what_was_said_stays_when_a_screen_opens_and_is_left(
    store: Store, home: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    async with watched(store, home, monkeypatch) as (app, pilot, seen):
        await app.push_screen(opened(name))
        await settled(pilot)
        assert len(seen.pictures) > 1
        assert seen.without(FIRST) == []
        app.screen.say(SECOND, problem=True)  # type: ignore[attr-defined]
        await settled(pilot)
        assert seen.without(FIRST, SECOND) == [], "one sentence takes the place of the other"
        assert FIRST not in "\n".join(seen.pictures[-1])
        seen.begin()
        await app.pop_screen()
        await settled(pilot)
        assert len(seen.pictures) > 1
        assert seen.without(SECOND) == []
        assert all(FIRST not in "\n".join(lines) for lines in seen.pictures), "no longer news"


async def test_the_mark_of_a_field_goes_with_its_edge_from_field_to_field(
    store: Store, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with watched(store, home, monkeypatch) as (app, pilot, seen):
        await pilot.press("6", "m")
        await settled(pilot)
        assert app.screen.query(FieldRow)
        for _step in range(3):
            seen.begin()
            await pilot.press("tab")
            await settled(pilot)
            assert len(seen.pictures) > 1
            for lines in seen.pictures:
                edges = [line for line in lines if "┃" in line]
                assert edges
                assert all(line.startswith("▌") for line in edges), lines


async def test_the_menu_is_never_seen_without_its_scroll_bar(
    store: Store, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with watched(store, home, monkeypatch) as (_app, pilot, seen):
        await pilot.press("f9")
        await settled(pilot)
        shown = [lines for lines in seen.pictures if any("Take on" in line for line in lines)]
        assert shown
        assert all(set("▁▂▃▄▅▆▇") & set("".join(lines)) for lines in shown)


@pytest.mark.parametrize("width", [60, 120])
async def test_the_menu_keeps_its_keys_at_the_right_in_a_terminal_of_another_size(
    store: Store, home: Path, width: int
) -> None:
    app = ImiApp(filled.context(store, home))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("f9")
        await settled(pilot)
        before = keys_of("Take on", app)
        await pilot.resize_terminal(width, 24)
        await settled(pilot)
        assert keys_of("Take on", app) == before


def keys_of(name: str, app: ImiApp) -> tuple[str, int]:
    """The keys of an action in the menu, and how far from its right edge they begin."""
    found = app.screen.query_one(MenuList)
    [line] = [text.plain for _index, text in found._lines if text.plain.startswith(name)]
    keys = line.removeprefix(name).strip()
    return keys, found.size.width - line.rindex(keys)
