"""The tour by its real keys, on the demo's cases: it shows what comes next, follows, and never stands in the way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from imi_tui import i18n
from imi_tui.app import BEGIN, ImiApp
from imi_tui.cache.store import Store
from imi_tui.screens.act import ActScreen
from imi_tui.screens.confirm import ChooseScreen
from imi_tui.screens.help import HelpScreen
from imi_tui.screens.inbox import InboxScreen
from imi_tui.screens.menu import MenuScreen
from imi_tui.screens.sign_in import WayList
from imi_tui.viewmodel.tour import ENDED, NAME, STEPS
from imi_tui.widgets.announcer import Announcer
from imi_tui.widgets.tour_bar import TourBar
from tests.system.tour import catalogues
from tests.tui.screens import filled
from tests.tui.screens.test_inbox_screen import running, settled, text_of

pytestmark = pytest.mark.anyio


def bar(app: ImiApp) -> str:
    """What the tour says on the screen on top; "" where it says nothing."""
    found = app.screen.query(TourBar)
    return str(found.first().content) if found else ""


async def at(app: ImiApp, pilot: Pilot[None]) -> str:
    """The step that is asked for, once everything has settled."""
    await settled(pilot)
    assert app.tour is not None
    return app.tour.tour.step


async def test_a_new_officer_does_the_nine_steps_with_the_keys_they_name(store: Store, home: Path) -> None:
    async with running(store, home, demo=True) as (app, pilot):
        app.go_on_with_tour()
        await settled(pilot)
        assert "Tour 1/9" in bar(app)
        await pilot.press("down", "down")
        app.go_on_with_tour()
        await pilot.press("down", "down")
        assert await at(app, pilot) == "open"
        assert "Enter" in bar(app)
        await pilot.press("enter")
        assert await at(app, pilot) == "accept"
        assert "Esc" in bar(app) or ": a." in bar(app)
        await pilot.press("escape", "2")
        await settled(pilot)
        assert "Accept it: a." in bar(app)
        await pilot.press("a")
        await settled(pilot)
        assert "In how many days" in bar(app)
        assert not app.screen_stack[-2].query_one(TourBar).visible
        await pilot.press("enter")
        assert await at(app, pilot) == "undo"
        assert "take it back: u." in bar(app)
        await pilot.press("u")
        assert await at(app, pilot) == "reply"
        assert store.outbox() == []
        await pilot.press("3")
        await settled(pilot)
        assert "Answer this case: r." in bar(app)
        await pilot.press("r")
        await settled(pilot)
        assert isinstance(app.screen, ActScreen)
        assert "F8" in bar(app)
        await pilot.press("escape")
        assert await at(app, pilot) == "search"
        await pilot.press("slash", *"alp")
        assert await at(app, pilot) == "compose"
        await pilot.press("escape", "n")
        await settled(pilot)
        assert "Leave with Esc" in bar(app)
        # Data that changes behind a small window does not bring the bar there back.
        await pilot.press("f5")
        app.screen_stack[-2].refresh_frame()  # type: ignore[attr-defined]
        await settled(pilot)
        assert "Leave with Esc" in bar(app), "from the window Esc does not lead to the list"
        assert not app.screen_stack[-2].query_one(TourBar).visible
        await pilot.press("escape", "escape")
        assert await at(app, pilot) == "outbox"
        await pilot.press("o")
        assert await at(app, pilot) == "help"
        await pilot.press("f1")
        assert await at(app, pilot) == ""
        assert isinstance(app.screen, HelpScreen)
        assert "That was the tour" in bar(app)
        await pilot.press("escape", "escape")
        await settled(pilot)
        assert app.tour is not None
        app.tour._finish()
        await settled(pilot)
        assert app.tour is None
        assert not app.screen.query(TourBar)
        assert store.kept(NAME) == ENDED
        # The program ended while the last words stood.
        store.keep(NAME, " ".join(STEPS))
        app.go_on_with_tour()
        assert app.tour is None, "the next start does not say them for ever"


async def test_the_menu_leaves_a_step_out_and_ends_the_tour_for_good(store: Store, home: Path) -> None:
    async with running(store, home, demo=True) as (app, pilot):
        app.go_on_with_tour()
        await settled(pilot)
        await pilot.press("f9")
        await settled(pilot)
        assert isinstance(app.screen, MenuScreen)
        await pilot.press("enter")
        assert await at(app, pilot) == "open"
        assert store.kept(NAME) == "move"
        await pilot.press("f9", *"end the tour", "enter")
        await settled(pilot)
        assert app.tour is None
        assert bar(app) == ""
        app.go_on_with_tour()
        assert app.tour is None, "ended stays ended"
        await pilot.press("f9", *"tour", "enter")
        await settled(pilot)
        assert "Tour 1/9" in bar(app), "the menu begins it again"


async def test_it_goes_on_where_it_was_at_the_next_start(store: Store, home: Path) -> None:
    store.keep(NAME, " ".join(STEPS[:7]))
    async with running(store, home, demo=True) as (app, pilot):
        while app.tour is None:
            await pilot.pause(0.02)
        await settled(pilot)
        assert "Tour 8/9" in bar(app)


async def test_with_real_cases_the_demo_is_offered_and_nothing_else_happens(store: Store, home: Path) -> None:
    async with running(store, home) as (app, pilot):
        await pilot.pause(BEGIN)
        await settled(pilot)
        assert (app.tour, bar(app)) == (None, "")
        await pilot.press("f9", *"tour", "enter")
        await settled(pilot)
        assert isinstance(app.screen, ChooseScreen)
        await pilot.press("down", "enter")
        await settled(pilot)
        assert isinstance(app.screen, InboxScreen)
        assert app.context.after == ""
        app.begin_tour()
        await settled(pilot)
        await pilot.press("enter")
        await pilot.pause()
    assert app.context.after == "tour"


async def test_who_signs_in_for_the_first_time_can_look_around_before(tmp_path: Path) -> None:
    store = filled.open_store(tmp_path)
    async with running(store, tmp_path, sign_in=lambda *_: lambda: None) as (app, pilot):
        while not app.screen.query(WayList):
            await pilot.pause(0.02)
        await pilot.press("end", "enter")
        await settled(pilot)
        assert isinstance(app.screen, ChooseScreen)
        await pilot.press("enter")
        await pilot.pause()
    assert app.context.after == "tour"
    store.close()


async def test_it_leaves_the_line_of_the_screen_reader_alone(store: Store, home: Path) -> None:
    async with running(store, home, demo=True, screen_reader=True) as (app, pilot):
        app.go_on_with_tour()
        await settled(pilot)
        await pilot.press("f5")
        await settled(pilot)
        said, told = app.screen.query_one(Announcer), app.screen.query_one(TourBar)
        assert told.region.bottom <= said.region.y
        shown = text_of(app)
        assert "Tour 1/9" in shown
        assert "Synchronising." in shown


@pytest.fixture
def long_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A catalogue of Greek letters in which words are twice as long and sentences half as long again."""
    monkeypatch.setenv("IMI_TUI_LOCALEDIR", str(catalogues(tmp_path)))
    i18n.install("el")
    yield
    i18n.install("en")


@pytest.mark.usefixtures("long_words")
async def test_no_word_of_the_tour_is_cut_in_a_language_of_long_words(store: Store, home: Path) -> None:
    async with running(store, home, demo=True, language="el") as (app, pilot):
        app.go_on_with_tour()
        for index, step in enumerate(STEPS):
            assert await at(app, pilot) == step
            told = app.screen.query_one(TourBar)
            shown = text_of(app).splitlines()[told.region.y : told.region.bottom]
            assert told.region.height <= 5, "most of the list stays in sight"
            written = "".join("".join(shown).split())
            assert "".join(str(told.content).split()) == written, index
            app.tour.skip()  # type: ignore[union-attr]


async def test_typing_in_help_finds_what_works_here(store: Store, home: Path) -> None:
    async with running(store, home) as (app, pilot):
        await pilot.press("2")
        await settled(pilot)
        await pilot.press("f1")
        await settled(pilot)
        first = text_of(app)
        assert first.index("Most used here") < first.index("Accept.")
        await pilot.press(*"outbox")
        await settled(pilot)
        found = text_of(app)
        assert "o, F6" in found
        assert "Accept." not in found
        await pilot.press(*(["backspace"] * 6), "pagedown")
        await settled(pilot)
        assert "Most used here" not in text_of(app)
        await pilot.press("escape")
        assert isinstance(app.screen, InboxScreen)


async def test_the_menu_says_why_something_is_not_possible_and_does_not_do_it(store: Store, home: Path) -> None:
    async with running(store, home) as (app, pilot):
        await pilot.press("f9", *"undo")
        await settled(pilot)
        assert "Not possible now" in text_of(app)
        assert "There is nothing to take back" in text_of(app)
        await pilot.press("enter")
        assert isinstance(app.screen, MenuScreen)
        found = app.screen.query_one("#search", Input)
        found.value = "σορτ"
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        assert isinstance(app.screen, ChooseScreen), "typed without switching the Greek keyboard"
