"""The terminal's own cursor where something is typed, and that a screen reader sees it."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from textual.driver import Driver

from imi_tui.cache.store import Store
from imi_tui.terminal.driver import HIDE, taking_over
from imi_tui.widgets.entry import LineInput
from tests.tui.screens.test_inbox_screen import running, settled, text_of

if TYPE_CHECKING:
    from imi_tui.app import ImiApp


def behind_the_text(app: ImiApp) -> tuple[int, int]:
    """Where the text of the field with the keys ends on the screen."""
    field = app.focused
    assert isinstance(field, LineInput)
    rows = [y for y, line in enumerate(text_of(app).splitlines()) if "┃" in line]
    assert len(rows) == 1
    return text_of(app).splitlines()[rows[0]].index("┃") + 1 + len(field.value), rows[0]


@pytest.mark.anyio
@pytest.mark.parametrize("keys", [("slash",), ("p",), ("x",), ("2", "space", "down", "space", "a")])
async def test_it_is_where_the_next_letter_will_stand(store: Store, home: Path, keys: tuple[str, ...]) -> None:
    async with running(store, home, (100, 30)) as (app, pilot):
        await pilot.press(*keys)
        await settled(pilot)
        assert tuple(app.cursor_position) == behind_the_text(app), "before anything is typed"
        await pilot.press("7", "1")
        await settled(pilot)
        assert tuple(app.cursor_position) == behind_the_text(app)
        await pilot.resize_terminal(100, 24)
        await settled(pilot)
        assert tuple(app.cursor_position) == behind_the_text(app), "the field has moved"


def at_cursor(app: ImiApp) -> str:
    """What stands at the terminal's cursor."""
    x, y = app.cursor_position
    return text_of(app).splitlines()[y][x:].strip()


@pytest.mark.anyio
@pytest.mark.parametrize("key", ["f9", "f4"])
async def test_it_goes_along_with_a_list_that_arrows_move_meanwhile(store: Store, home: Path, key: str) -> None:
    async with running(store, home, (100, 30), screen_reader=True) as (app, pilot):
        await pilot.press(key)
        await settled(pilot)
        typing = tuple(app.cursor_position)
        await pilot.press("down")
        await settled(pilot)
        first = at_cursor(app)
        assert first.startswith("> ")
        await pilot.press("down")
        await settled(pilot)
        assert at_cursor(app).startswith("> ")
        assert at_cursor(app) != first
        await pilot.press("a")
        await settled(pilot)
        assert tuple(app.cursor_position) == (typing[0] + 1, typing[1]), "one types again"


@pytest.mark.anyio
async def test_it_goes_along_with_the_help_that_arrows_scroll(store: Store, home: Path) -> None:
    async with running(store, home, (80, 24), screen_reader=True) as (app, pilot):
        await pilot.press("f1")
        await settled(pilot)
        await pilot.press("down")
        await settled(pilot)
        once = at_cursor(app)
        await pilot.press("down")
        await settled(pilot)
        assert at_cursor(app) != once


@pytest.mark.anyio
async def test_a_list_that_a_screen_opens_with_has_it_at_once(store: Store, home: Path) -> None:
    async with running(store, home, (80, 24), screen_reader=True) as (app, pilot):
        await pilot.press("n")
        await settled(pilot)
        assert at_cursor(app).startswith("> ")
        await pilot.resize_terminal(80, 30)
        await settled(pilot)
        assert at_cursor(app).startswith("> ")


@pytest.mark.anyio
@pytest.mark.parametrize(("key", "said"), [("d", "There are no drafts."), ("q", "The screen is locked.")])
async def test_where_nothing_can_be_chosen_it_is_at_what_is_said(store: Store, home: Path, key: str, said: str) -> None:
    async with running(store, home, (80, 24), screen_reader=True) as (app, pilot):
        await pilot.press(key)
        await settled(pilot)
        assert at_cursor(app).startswith(said)


@pytest.mark.anyio
async def test_nothing_stands_beside_a_dialogue_that_is_read_aloud(store: Store, home: Path) -> None:
    async with running(store, home, (100, 30), screen_reader=True) as (app, pilot):
        await pilot.press("b")
        await settled(pilot)
        x, y = app.cursor_position
        assert x == 0
        assert text_of(app).splitlines()[y].strip() == "> by deadline"


@pytest.mark.anyio
@pytest.mark.parametrize("aloud", [False, True])
async def test_it_is_hidden_only_where_nothing_reads_along(aloud: bool) -> None:
    written = StringIO()

    class Terminal(Driver):
        def write(self, data: str) -> None:
            written.write(data)

        def _nothing(self, *_given: Any, **_more: Any) -> None: ...

        start_application_mode = disable_input = stop_application_mode = _nothing

    class Nobody:
        app_size = None

    driver = taking_over(Terminal, None, aloud=aloud)(Nobody())  # type: ignore[arg-type]
    driver.write(HIDE)
    driver.write("a row")
    assert (HIDE in written.getvalue()) is not aloud
    assert "a row" in written.getvalue()
