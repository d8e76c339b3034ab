"""What is painted is what the framework would paint, from fewer lines."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual._compositor import ChopsUpdate, Compositor, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from imi_tui.app import ImiApp
from imi_tui.cache.store import Store
from imi_tui.framework.compositor import SparingCompositor
from imi_tui.screens import routes
from imi_tui.terminal.screen_state import Standing
from imi_tui.viewmodel import rows
from imi_tui.widgets.case_list import CaseList
from imi_tui.widgets.list_frame import ColumnHeads
from tests.tui.screens import filled
from tests.tui.screens.test_inbox_screen import settled

pytestmark = pytest.mark.anyio


async def test_any_part_of_the_screen_is_the_framework_s(
    store: Store, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = ImiApp(filled.context(store, home))
    async with app.run_test(size=(120, 30)) as pilot:
        await pilot.press("slash", "a", "l")
        compositor = app.screen._compositor
        assert isinstance(compositor, SparingCompositor)
        lines = 0
        original = Widget.render_lines

        def render_lines(self: Widget, crop: Region) -> object:
            nonlocal lines
            lines += crop.height
            return original(self, crop)

        chance = random.Random(4)
        parts = [compositor.size.region]
        for _each in range(60):
            left, top = chance.randrange(120), chance.randrange(30)
            parts.append(Region(left, top, chance.randint(1, 120 - left), chance.randint(1, 30 - top)))
        for part in parts:
            asked = frozenset(y for y in part.line_range if chance.random() < 0.6 or part is parts[0])
            theirs = Compositor._render_chops(compositor, part, asked.__contains__)
            monkeypatch.setattr(Widget, "render_lines", render_lines)
            lines = 0
            ours = compositor._render_chops(part, asked.__contains__)
            monkeypatch.undo()
            assert lines <= 2 * len(asked), "nothing of what lies behind"
            for y in asked:
                ends = compositor.cuts[y][1:]
                for (x, piece), end in zip(theirs[y].items(), ends, strict=True):
                    if x < part.right and end > part.x:
                        assert ours[y][x] == piece, (part, x, y)


async def test_a_whole_screen_is_written_whole(store: Store, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = ImiApp(filled.context(store, home))
    async with app.run_test(size=(80, 24)):
        standing = Standing()
        monkeypatch.setattr(app._driver, "standing", standing, raising=False)
        line = "\x1b[2;1Habc\x1b[1;1H"
        standing.changed(line)
        app._display(app.screen, ChopsUpdate([], [], []))
        assert standing.changed(line) == ""
        app._display(app.screen, LayoutUpdate([], app.screen.region))
        assert (standing.width, standing.changed(line)) == (80, line)


async def test_what_changed_while_pictures_are_held_back_is_all_in_the_next_one(store: Store, home: Path) -> None:
    app = ImiApp(filled.context(store, home))
    async with app.run_test(size=(80, 24)) as pilot:
        app._begin_batch()
        await app.push_screen(routes.choose("Which?", [("this", "1"), ("that", "2")], "1"))
        for _step in range(3):
            await pilot.pause()
        compositor = app.screen._compositor
        stack = app._background_screens
        assert compositor.render_update(screen_stack=stack) is None
        app._batch_count -= 1
        update = compositor.render_update(screen_stack=stack)
        assert isinstance(update, LayoutUpdate | ChopsUpdate)
        box = app.screen.query_one(".dialogue").region
        painted = {(y, x) for y, left, right in _spans(update, app) for x in range(left, right)}
        assert {(y, x) for y in box.line_range for x in box.column_range} <= painted
        app._batch_count += 1
        app._end_batch()


async def test_a_new_layout_and_the_whole_screen_are_one_picture(
    store: Store, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    painted: list[str] = []
    display = ImiApp._display

    def shown(self: ImiApp, screen: Any, update: Any) -> None:
        painted.append(type(update).__name__)
        display(self, screen, update)

    app = ImiApp(filled.context(store, home))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        monkeypatch.setattr(ImiApp, "_display", shown)
        app.screen.query_one(CaseList).refresh(layout=True)
        app.screen.refresh(layout=True)
        await pilot.pause()
        # A timer may write another line behind that.
        assert (painted[0], painted.count("LayoutUpdate")) == ("LayoutUpdate", 1)
        painted.clear()
        app.screen.query_one(CaseList).refresh()
        await pilot.pause()
        assert set(painted) == {"ChopsUpdate"}, "what changes alone is painted alone"


@pytest.mark.parametrize("size", [(80, 24), (200, 50)])
async def test_the_heads_of_columns_stand_over_them_in_the_first_picture_of_another_size(
    store: Store, home: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    drawn: list[str] = []
    original = ColumnHeads.render_lines

    def render_lines(self: ColumnHeads, crop: Region) -> list[Strip]:
        lines = original(self, crop)
        drawn.extend(line.text.rstrip() for line in lines)
        return lines

    app = ImiApp(filled.context(store, home))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        monkeypatch.setattr(ColumnHeads, "render_lines", render_lines)
        await pilot.resize_terminal(*size)
        await pilot.pause()
        room = app.screen.query_one(CaseList).room
        assert set(drawn) == {rows.heading(rows.columns(room)).rstrip()}


def _spans(update: LayoutUpdate | ChopsUpdate, app: ImiApp) -> list[tuple[int, int, int]]:
    if isinstance(update, LayoutUpdate):
        return [(y, 0, app.size.width) for y in app.screen.region.line_range]
    return list(update.spans)


async def test_a_letter_is_one_picture_and_never_a_whole_screen(
    store: Store, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    painted: list[str] = []
    laid_out = 0
    reflow = SparingCompositor.reflow

    def counted(self: SparingCompositor, *given: Any) -> Any:
        nonlocal laid_out
        laid_out += 1
        return reflow(self, *given)

    display = ImiApp._display

    def shown(self: ImiApp, screen: Any, update: Any) -> None:
        painted.append(type(update).__name__)
        display(self, screen, update)

    app = ImiApp(filled.context(store, home))
    async with app.run_test(size=(120, 30)) as pilot:
        await pilot.press("slash", "a", "l")
        monkeypatch.setattr(SparingCompositor, "reflow", counted)
        monkeypatch.setattr(ImiApp, "_display", shown)
        for key, most in (("q", 1), ("backspace", 1), ("l", 0)):
            laid_out = 0
            painted.clear()
            await pilot.press(key)
            await pilot.pause()
            assert laid_out == most, key
            assert most or len(painted) == 1
            assert "LayoutUpdate" not in painted
        await pilot.press("escape")
        await pilot.pause()
    assert "LayoutUpdate" not in painted


async def test_what_can_be_done_with_a_case_is_not_asked_for_a_key_of_the_screen(
    store: Store, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = ImiApp(filled.context(store, home))
    async with app.run_test(size=(80, 24)):
        asked = 0

        def ask(*_given: object) -> tuple[()]:
            nonlocal asked
            asked += 1
            return ()

        monkeypatch.setattr(type(app.screen), "offered_actions", ask)
        for key, times in (("3", 0), ("down", 0), ("slash", 0), ("a", 1)):
            asked = 0
            await app.screen.on_key(events.Key(key, None))
            assert asked == times, key
        app.context.keymap["do.accept"] = ("3",)
        await app.screen.on_key(events.Key("3", None))
        assert asked == 2
