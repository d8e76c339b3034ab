"""The list in groups, operated by keyboard on a real cache."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from textual.pilot import Pilot

from imi_tui.app import ImiApp
from imi_tui.cache.listing import grouped_index
from imi_tui.cache.model import Row
from imi_tui.cache.store import Store
from imi_tui.early import first_paint
from imi_tui.screens.case import CaseScreen
from imi_tui.screens.confirm import ChooseScreen
from imi_tui.screens.inbox import InboxScreen
from imi_tui.viewmodel import front
from imi_tui.viewmodel.grouped import Heading
from imi_tui.widgets.announcer import Announcer
from tests.tui.screens import filled
from tests.tui.screens.test_inbox_screen import case_list, running, settled, text_of

pytestmark = pytest.mark.anyio


async def choose(pilot: Pilot[None], by: str) -> None:
    """Put the list in groups by the keyboard."""
    await pilot.press("t")
    screen = pilot.app.screen
    assert isinstance(screen, ChooseScreen)
    values = [value for _text, value in screen._answers]
    at = values.index(screen._value)
    step = values.index(by) - at
    await pilot.press(*["down" if step > 0 else "up"] * abs(step), "enter")
    await settled(pilot)


def shown(app: ImiApp) -> list[Row | Heading]:
    """The lines of the list."""
    found = case_list(app)
    assert found._window is not None
    return [line for index in range(found.count) if (line := found._window.get(index)) is not None]


def first_of_groups(app: ImiApp) -> list[int]:
    """The lines of the first row of each group."""
    return [index + 1 for index, line in enumerate(shown(app)) if isinstance(line, Heading)]


async def test_groups_are_chosen_walked_folded_and_marked(store: Store, home: Path) -> None:
    cases = store.window("todo", "due", limit=500)
    async with running(store, home) as (app, pilot):
        found = case_list(app)
        before = found.row
        assert before is not None
        await choose(pilot, "country")
        assert found.row is not None
        assert (found.row.desk, found.row.id) == (before.desk, before.id), "the cursor stays on its case"
        lines = shown(app)
        headings = [line for line in lines if isinstance(line, Heading)]
        counted = Counter(row.country for row in cases)
        assert {(line.label[:2], line.cases) for line in headings} == set(counted.items())
        assert f"To do {len(cases)} " in text_of(app).splitlines()[0], "headings are not counted"
        # The cursor never stands on the heading of an open group, whichever way it goes.
        for keys in (["home"], ["end"], ["home", *["down"] * 9], ["pagedown"], ["pagedown"], *[["up"]] * 9, ["pageup"]):
            await pilot.press(*keys)
            assert isinstance(found.row, Row), keys
        starts = first_of_groups(app)
        await pilot.press("home", "ctrl+pagedown", "ctrl+pagedown")
        assert found.index == starts[2]
        await pilot.press("ctrl+pageup")
        assert found.index == starts[1]
        await pilot.press("home", "up")
        assert found.scroll_offset.y == 0, "the heading above the first row can be seen"
        assert text_of(app).splitlines()[2].startswith(f" [-] {headings[0].label}: ")
        # Folding leaves the heading under the cursor; it stands for its cases.
        await pilot.press("ctrl+t")
        await settled(pilot)
        assert found.heading == headings[0]._replace(folded=True)
        assert text_of(app).splitlines()[2].startswith(f">[+] {headings[0].label}: ")
        await pilot.press("space")
        assert found.marked == {row.n for row in cases if row.country == headings[0].label[:2]}
        await pilot.press("space")
        assert not found.marked
        await pilot.press("enter")
        await settled(pilot)
        assert found.row is not None
        assert found.index == 1
        assert isinstance(app.screen, InboxScreen), "Enter opened the group and no case"
        # A range goes across groups, and takes a folded one between with it.
        await pilot.press("ctrl+pagedown", "delete")
        await settled(pilot)
        assert found.heading is not None
        await pilot.press("home", "space", "home", "ctrl+pagedown", "ctrl+pagedown", "v")
        await settled(pilot)
        first_two = {line.label[:2] for line in headings[:2]}
        assert {row.n for row in cases if row.country in first_two} <= found.marked
        assert len(found.marked) == headings[0].cases + headings[1].cases + 1
        await pilot.press("escape")
        # One that was marked whole is where a range begins.
        await pilot.press("home", "ctrl+pagedown", "space", "ctrl+pagedown", "v")
        await settled(pilot)
        assert len(found.marked) == headings[1].cases + 1
        await pilot.press("escape")
        # All at once, and back.
        await app.screen.run_action("group_fold_all")
        await settled(pilot)
        assert [line.cases for line in shown(app) if isinstance(line, Heading)] == [h.cases for h in headings]
        assert found.count == len(headings)
        await app.screen.run_action("group_fold_all")
        await settled(pilot)
        assert found.count == len(lines)
        await choose(pilot, "")
        assert found.count == len(cases)
        assert found.group is None


async def test_the_next_case_from_inside_is_the_next_row_whatever_stands_between(store: Store, home: Path) -> None:
    async with running(store, home) as (app, pilot):
        await choose(pilot, "country")
        found = case_list(app)
        # The next group but one is reached over a folded one.
        await pilot.press("home", "ctrl+pagedown", "ctrl+t")
        await settled(pilot)
        rows = [line for line in shown(app) if isinstance(line, Row)]
        await pilot.press("home", "enter")
        await settled(pilot)
        for row in rows[1:6]:
            await pilot.press("full_stop")
            await settled(pilot)
            assert isinstance(app.screen, CaseScreen)
            assert app.screen._at == (row.desk, row.id)
        assert f"6/{len(store.window('todo', 'due', limit=500))}" not in text_of(app).splitlines()[0]
        await pilot.press("escape")
        await settled(pilot)
        assert found.row is not None
        assert found.row.id == rows[5].id


async def test_how_a_view_was_shown_is_remembered_for_each_view(store: Store, home: Path) -> None:
    async with running(store, home, (100, 30)) as (app, pilot):
        await choose(pilot, "state")
        await pilot.press("8")
        await settled(pilot)
        assert case_list(app).group is None, "another view is as it was left"
        await choose(pilot, "handler")
        await pilot.press("b")
        assert isinstance(app.screen, ChooseScreen)
        assert [value for _text, value in app.screen._answers] == ["due", "activity", "reference", "authority"]
        await pilot.press("down", "enter")
        await settled(pilot)
        await pilot.press("1")
        await settled(pilot)
        labels = [line.label for line in shown(app) if isinstance(line, Heading)]
        assert "to accept" in labels
        # A search has groups of its own, and keeps them as a view.
        await pilot.press("slash", *"is:open")
        await settled(pilot)
        assert case_list(app).group is None
        await pilot.press("enter")
        await choose(pilot, "area")
        assert [line.label for line in shown(app) if isinstance(line, Heading)] == ["Posting of workers"]
        await app.screen.run_action("view_keep")
        await pilot.press(*"open ones", "enter")
        await settled(pilot)
        assert isinstance(case_list(app).group, Heading)
        await pilot.press("1")
        await settled(pilot)
        assert [line.label for line in shown(app) if isinstance(line, Heading)] == labels
    async with running(store, home, (100, 30)) as (app, pilot):
        assert [line.label for line in shown(app) if isinstance(line, Heading)] == labels
        screen = app.screen
        assert isinstance(screen, InboxScreen)
        await pilot.press("8")
        await settled(pilot)
        assert (screen.sort, screen.group) == ("activity", "handler")
        await pilot.press("1", "shift+tab")
        await settled(pilot)
        assert case_list(app).group is not None
        assert case_list(app).group.label == "Posting of workers"  # type: ignore[union-attr]
        await screen.run_action("view_delete")
        await settled(pilot)
        assert front.kept_arrangement(store, "own 1") == front.Arrangement()
        await pilot.press("u")
        await settled(pilot)
        assert front.kept_arrangement(store, "own 1").group == "area"


@pytest.mark.parametrize("by", ["country", "due"])
async def test_the_picture_before_the_framework_has_the_same_lines(store: Store, home: Path, by: str) -> None:
    async with running(store, home) as (_app, pilot):
        await choose(pilot, by)
    for size in ((80, 24), (120, 40), (200, 50)):
        picture = first_paint.picture(filled.context(store, home), *size)
        assert picture is not None
        drawn = picture.lines()
        async with running(store, home, size) as (app, _pilot):
            painted = text_of(app).splitlines()
            assert any("[-] " in line for line in painted)
            right = size[0] - (size[0] * first_paint.SIDE // 100 if size[0] >= front.VAST else 0) - 1
            for number in range(1, size[1] - 1):
                before = "".join(text for text, _look in drawn[number])
                assert before[:right].rstrip() == painted[number][:right].rstrip("▁▂▃▄▅▆▇█ "), number
        assert f"\x1b[{4};" in picture.body[-8:], "the cursor is below the heading"


async def test_a_screen_reader_hears_when_the_group_changes(store: Store, home: Path) -> None:
    async with running(store, home, screen_reader=True) as (app, pilot):
        await choose(pilot, "country")
        starts = first_of_groups(app)
        headings = [line for line in shown(app) if isinstance(line, Heading)]

        def said() -> str:
            return str(app.screen.query_one(Announcer).content)

        await pilot.press("home", "ctrl+pagedown")
        await settled(pilot)
        assert said() == f"{headings[1].label}: {headings[1].cases} case{'s' * (headings[1].cases > 1)}".replace(
            "  ", " "
        )
        app.screen.query_one(Announcer).say("Something else.")
        if headings[1].cases > 1:
            await pilot.press("down")
            await settled(pilot)
            assert said() == "Something else.", "within a group nothing is said"
        await pilot.press("ctrl+pagedown", "ctrl+t")
        await settled(pilot)
        assert said().endswith(", folded")
        assert case_list(app).index == starts[2] - 1
        assert "[" not in text_of(app).splitlines()[2]


async def test_many_cases_are_put_in_groups_while_one_goes_on(
    store: Store, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grouped_index, "AT_ONCE", 0)
    async with running(store, home) as (app, pilot):
        await choose(pilot, "country")
        store.grouping.index._making.join(20)  # type: ignore[union-attr]
        await settled(pilot)
        assert case_list(app).group is not None
    # What is read is gone, as with a new cache: the list is there at once, its groups follow.
    store.grouping._cache.run("drop index grouped_country_due")
    picture = first_paint.picture(filled.context(store, home), 80, 24)
    assert picture is not None
    assert "[-]" not in picture.body
    async with running(store, home) as (app, pilot):
        store.grouping.index._making.join(20)  # type: ignore[union-attr]
        await settled(pilot)
        assert case_list(app).group is not None
