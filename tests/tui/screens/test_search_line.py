"""The search line as somebody meets it for the first time: what the keys do there, and the way back."""

from __future__ import annotations

from pathlib import Path

import pytest

from imi_tui.cache.store import Store
from imi_tui.widgets.search_line import SearchLine
from tests.tui.screens.test_inbox_screen import case_list, footer, running, settled, text_of
from tests.tui.screens.test_touring import at, bar

pytestmark = pytest.mark.anyio


async def test_the_last_line_says_what_keys_do_before_anything_is_typed(store: Store, home: Path) -> None:
    async with running(store, home) as (app, pilot):
        await settled(pilot)
        # Nobody moves the cursor, which would have the last line written again.
        await pilot.press("slash")
        await pilot.pause()
        assert "Enter Search" in footer(app)
        assert "n New" not in footer(app), "there a letter is a letter"


async def test_escape_comes_back_to_the_case_one_was_at(store: Store, home: Path) -> None:
    async with running(store, home) as (app, pilot):
        await pilot.press("3", *["down"] * 4)
        await settled(pilot)
        row = case_list(app).row
        assert row is not None
        answers = {each.id for each in store.window("to_answer", "due", limit=60)}
        await pilot.press("slash", *"is:accept")
        await settled(pilot)
        assert case_list(app).row is not None
        assert case_list(app).row.id not in answers  # type: ignore[union-attr]
        await pilot.press("escape")
        await settled(pilot)
        assert (case_list(app).row, case_list(app).index) == (row, 4), "the view has nothing of what was found"
        # The case one found comes along, where the view has it.
        await pilot.press("slash", *"is:todo", "enter")
        await settled(pilot)
        found = [each.id for each in store.hits(store.finding.read("is:todo"), 60).rows]
        to = next(place for place, id in enumerate(found) if id in answers)
        await pilot.press("home", *["down"] * to)
        await settled(pilot)
        assert case_list(app).row is not None
        assert case_list(app).row.id == found[to]  # type: ignore[union-attr]
        await pilot.press("escape")
        await settled(pilot)
        assert case_list(app).row is not None
        assert case_list(app).row.id == found[to]  # type: ignore[union-attr]
        # Else one is back where one was.
        place = case_list(app).index
        await pilot.press("slash", *"is:accept", "enter")
        await settled(pilot)
        assert case_list(app).row is not None
        assert case_list(app).row.id not in answers  # type: ignore[union-attr]
        await pilot.press("end", "escape")
        await settled(pilot)
        assert (case_list(app).row.id, case_list(app).index) == (found[to], place)  # type: ignore[union-attr]


async def test_where_nothing_is_found_enter_leaves_the_keys_in_the_line(store: Store, home: Path) -> None:
    async with running(store, home) as (app, pilot):
        await pilot.press("slash", *"due:5x", "enter")
        await settled(pilot)
        assert "due:5x is no date" in " ".join(text_of(app).split())
        # What is typed next mends the line; in the list "o" would open the outbox and "u" take something back.
        await pilot.press("backspace", "d", "enter")
        await settled(pilot)
        assert app.screen.query_one(SearchLine).value == "due:5d"
        assert app.focused is case_list(app)
        # A line that asks for nothing goes back to the list.
        await pilot.press("slash", *["backspace"] * 6, "enter")
        assert app.focused is case_list(app)


async def test_the_tour_asks_for_no_letter_that_the_line_would_take(store: Store, home: Path) -> None:
    store.keep("tour", "move open accept undo reply")
    async with running(store, home, demo=True) as (app, pilot):
        app.go_on_with_tour()
        await settled(pilot)
        await pilot.press("slash")
        await settled(pilot)
        assert "then some letters" in bar(app)
        await pilot.press(*"alp")
        assert await at(app, pilot) == "compose"
        assert ": n." not in bar(app)
        assert "Esc" in bar(app)
        await pilot.press("escape")
        await settled(pilot)
        assert ": n." in bar(app), text_of(app)
