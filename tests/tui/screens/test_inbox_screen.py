"""The inbox, operated by keyboard on a real cache."""

from __future__ import annotations

import argparse
import datetime as dt
import re
import threading
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.geometry import Region
from textual.pilot import Pilot
from textual.screen import Screen

from imi_core.case import to_wire
from imi_tui import i18n, signin
from imi_tui.app import SEND_AFTER, ImiApp
from imi_tui.cache.content.contents import head_of
from imi_tui.cache.model import Now
from imi_tui.cache.store import Store
from imi_tui.cache.sync import Page
from imi_tui.commands.common import Client
from imi_tui.commands.tui import Wiring
from imi_tui.config import settings
from imi_tui.config.settings import Settings
from imi_tui.config.settings import read as settings_of
from imi_tui.profile import Profile
from imi_tui.screens import inbox, routes
from imi_tui.screens.case import CaseScreen
from imi_tui.screens.confirm import ChooseScreen
from imi_tui.screens.inbox import InboxScreen
from imi_tui.screens.menu import MenuScreen
from imi_tui.screens.prompt import DaysPrompt
from imi_tui.viewmodel.signing_in import Step
from imi_tui.widgets.case_list import CaseList
from imi_tui.widgets.entry import LineInput
from imi_tui.widgets.footer import ActionFooter
from imi_tui.widgets.line_list import LineList
from imi_tui.widgets.status_line import StatusLine
from tests.tui.screens import filled

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def running(
    store: Store, home: Path, size: tuple[int, int] = (80, 24), **more: Any
) -> AsyncIterator[tuple[ImiApp, Pilot[None]]]:
    """The app on `store`, its inbox drawn."""
    app = ImiApp(filled.context(store, home, **more))
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        yield app, pilot


async def settled(pilot: Pilot[None]) -> None:
    """Until changes of the cache have reached the screens: the app's own timers, no waiting of ours."""
    app = pilot.app
    assert isinstance(app, ImiApp)
    await pilot.pause()
    app._pass_on()
    await pilot.pause()
    if isinstance(app.screen, InboxScreen):
        app.screen._settle()
    await pilot.pause()


def text_of(app: ImiApp) -> str:
    """What is on screen, line by line."""
    lines = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in lines)


def case_list(app: ImiApp) -> CaseList:
    """The list."""
    return app.screen.query_one(CaseList)


def footer(app: ImiApp) -> str:
    """The last line."""
    return str(app.screen.query_one(ActionFooter).content)


async def test_a_case_is_accepted_and_taken_back_with_four_keys(store: Store, home: Path) -> None:
    async with running(store, home) as (app, pilot):
        await pilot.press("2")
        await settled(pilot)
        row = case_list(app).row
        assert row is not None
        assert row.state == "awaiting_acceptance"
        before = case_list(app).count
        assert "Accept" in footer(app)
        await pilot.press("a")
        assert isinstance(app.screen, DaysPrompt)
        await pilot.press("enter")
        await settled(pilot)
        [item] = store.outbox()
        assert (item.case_id, item.action, item.payload["answers"]) == (row.id, "accept", {"agreed_days": 14})
        assert case_list(app).count == before - 1
        assert "Undo" in footer(app)
        assert "1 queued" in str(app.screen.query_one(StatusLine).content)
        await pilot.press("u")
        await settled(pilot)
        assert store.outbox() == []
        assert store.drafts() == []
        assert case_list(app).count == before
        assert case_list(app).row is not None
        assert case_list(app).row.id == row.id  # type: ignore[union-attr]


async def test_an_action_that_moves_its_case_leaves_the_cursor_in_its_place(store: Store, home: Path) -> None:
    async with running(store, home) as (app, pilot):
        rows = store.window("todo", "due", limit=60)
        at = next(index for index, row in enumerate(rows) if row.state == "awaiting_acceptance")
        await pilot.press(*["down"] * at, "a", "6", "0", "enter")
        await settled(pilot)
        found = case_list(app)
        moved = [row.id for row in store.window("todo", "due", limit=60)]
        assert moved.index(rows[at].id) > at
        assert (found.index, found.row.id if found.row else "") == (at, rows[at + 1].id)
        await pilot.press("u")
        await settled(pilot)
        assert (found.index, found.row.id if found.row else "") == (at, rows[at].id)


async def test_what_is_queued_is_sent_when_the_time_to_take_it_back_is_over(
    store: Store, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int] = []
    async with running(store, home, sync_now=lambda: sent.append(len(store.outbox()))) as (app, pilot):
        await pilot.press("2", "a", "enter")
        await settled(pilot)
        assert sent == []
        assert app._sending is not None
        assert app._sending._interval == SEND_AFTER
        monkeypatch.setattr("imi_tui.app.SEND_AFTER", 0.001)
        await pilot.press("a", "enter")
        while not sent:
            await pilot.pause()
        assert sent == [2], "once, with both"


async def test_a_toast_is_whole_on_a_narrow_terminal(store: Store, home: Path) -> None:
    text = "A sentence that is too long for one line of this terminal, to its end."
    app = ImiApp(filled.context(store, home))
    async with app.run_test(size=(40, 12), notifications=True) as pilot:
        await settled(pilot)
        app.notify(text, markup=False)
        await settled(pilot)
        shown = [line.partition("\u258c")[2].strip() for line in text_of(app).splitlines() if "\u258c" in line]
        assert " ".join(shown).strip() == text


async def test_the_words_of_the_help_stand_in_a_column_of_their_own(store: Store, home: Path) -> None:
    async with running(store, home) as (app, pilot):
        await pilot.press("f1")
        await settled(pilot)
        lines = text_of(app).splitlines()
        [first] = [index for index, line in enumerate(lines) if "Mark. Marks" in line]
        column = lines[first].index("Mark.")
        assert lines[first + 1][:column].strip(" >!\u2502") == ""
        assert lines[first + 1][column] != " "


async def test_marked_cases_are_accepted_together_and_undone_together(store: Store, home: Path) -> None:
    async with running(store, home) as (app, pilot):
        await pilot.press("2", "space", "space", "space")
        await settled(pilot)
        marked = set(case_list(app).marked)
        assert len(marked) == 3
        await pilot.press("a", "2", "1", "enter")
        await settled(pilot)
        assert [item.payload["answers"]["agreed_days"] for item in store.outbox()] == [21, 21, 21]
        assert case_list(app).marked == set()
        await pilot.press("u")
        await settled(pilot)
        assert store.outbox() == []
        assert case_list(app).marked == marked, "something else can be done with them"
        await pilot.press("y")
        await settled(pilot)
        assert (len(store.outbox()), case_list(app).marked) == (3, set())


async def test_an_impossible_number_of_days_is_explained_and_escape_does_nothing(store: Store, home: Path) -> None:
    async with running(store, home) as (app, pilot):
        await pilot.press("2", "a", "9", "9", "9", "enter")
        assert isinstance(app.screen, DaysPrompt)
        assert "from 1 to" in text_of(app)
        await pilot.press("escape")
        await settled(pilot)
        assert isinstance(app.screen, InboxScreen)
        assert store.outbox() == []


async def test_greek_and_cyrillic_letters_are_the_keys_they_stand_on(store: Store, home: Path) -> None:
    async with running(store, home) as (app, pilot):
        await pilot.press("2", "α")
        assert isinstance(app.screen, DaysPrompt)
        await pilot.press("escape", "ctrl+π")
        assert isinstance(app.screen, MenuScreen)
        await pilot.press("escape", "β")
        assert isinstance(app.screen, ChooseScreen), "b sorts"
        await pilot.press("escape", "ф")
        assert isinstance(app.screen, ChooseScreen), "the first Cyrillic letter asks for the layout"
        await pilot.press("down", "enter")
        assert app.context.keyboard == "phonetic"
        await pilot.press("а")
        assert isinstance(app.screen, DaysPrompt)


async def test_letters_go_into_the_search_line_and_hits_show_while_typing(store: Store, home: Path) -> None:
    async with running(store, home) as (app, pilot):
        reference = store.window("all", "reference", limit=1)[0].reference
        await pilot.press("f3", *reference.lower())
        await settled(pilot)
        assert [case_list(app).row.reference if case_list(app).row else ""] == [reference]
        assert case_list(app).count == 1
        assert "Search: 1 hit" in str(app.screen.query_one(StatusLine).content)
        assert " a Accept" not in footer(app)
        await pilot.press("escape")
        await settled(pilot)
        assert case_list(app).has_focus
        assert case_list(app).count == store.counts()["todo"]


async def test_after_a_search_the_list_shows_what_stands_above_the_case_too(store: Store, home: Path) -> None:
    async with running(store, home) as (app, pilot):
        row = store.window("todo", "due", limit=6)[5]
        await pilot.press("f3", *row.reference.lower())
        await settled(pilot)
        await pilot.press("escape")
        await settled(pilot)
        found = case_list(app)
        assert (found.index, found.row.id if found.row else "") == (5, row.id)
        assert found.scroll_offset.y == 0


async def test_the_search_that_finds_nothing_says_so(store: Store, home: Path) -> None:
    async with running(store, home) as (app, pilot):
        await pilot.press("slash", *"qqxx")
        await settled(pilot)
        assert "No case on this machine has these words." in text_of(app)


@pytest.mark.parametrize("line", ["due:24.13.", "is:open due:24.13.", "country:"])
async def test_after_enter_a_term_that_is_not_whole_is_named(store: Store, home: Path, line: str) -> None:
    async with running(store, home) as (app, pilot):
        await pilot.press("slash", *line)
        await settled(pilot)
        assert "is no date" not in text_of(app), "somebody is typing it"
        await pilot.press("enter")
        await settled(pilot)
        said = text_of(app)
        assert "due:24.13. is no date" in said or "There is nothing here for country:." in said
        assert "Search: " in said.splitlines()[0], "and the view is not taken for what was found"


async def test_hits_stay_while_more_is_only_begun_and_all_come_when_nothing_is_typed(
    store: Store, home: Path, seat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "SETTLE", 60)
    cases = [case | {"id": f"f{number:031x}", "subject": "Qux"} for number, case in enumerate(filled.many(seat, 70))]
    store.sync.apply(seat.desk, Page("s2", cases=cases))
    while store.sync.index_pending(1000):
        pass

    def shown() -> tuple[int, str]:
        found = case_list(app)
        return found.styles.height.value, text_of(app).splitlines()[0]  # type: ignore[union-attr]

    async with running(store, home) as (app, pilot):
        await pilot.press("slash", "q")
        assert "To do" in shown()[1], "a letter says nothing yet"
        app.screen._settle()  # type: ignore[attr-defined]
        await pilot.pause()
        assert "Search: " in shown()[1], "unless no other one follows"
        for typed in ("ux", " z", "\btag", "\b\b\b"):
            await pilot.press(*({" ": "space", "\b": "backspace"}.get(letter, letter) for letter in typed))
            assert shown()[0] == 1, typed
            assert "Search: 64+ hits" in shown()[1], "a screenful is asked for, and there are more"
        app.screen._settle()  # type: ignore[attr-defined]
        await pilot.pause()
        assert "Search: 70 hits" in shown()[1]
        await pilot.press(*"tag", "enter")
        await pilot.pause()
        assert shown()[0] == 0, "now it is a word that no case has"
        await pilot.press("slash", *["backspace"] * 4, "enter")
        await pilot.pause()
        assert "Search: 70 hits" in shown()[1]
        await pilot.press("end")
        assert case_list(app).index == 69


@pytest.mark.parametrize("metered", [False, True])
async def test_a_search_says_what_it_cannot_find_with_hits_and_without(
    store: Store, home: Path, seat: Any, metered: bool
) -> None:
    while store.sync.index_pending(1000):
        pass
    store.activity.meter(metered)
    heads = [head_of(case) | {"id": f"f{number:031x}"} for number, case in enumerate(filled.many(seat, 5))]
    store.sync.apply(seat.desk, Page("s2", heads=[head | {"subject": "Quillenbrau"} for head in heads]))
    while store.sync.index_pending(1000):
        pass
    assert store.indexing() == 0
    async with running(store, home) as (app, pilot):
        assert "not wholly on this machine" not in text_of(app)
        await pilot.press("slash", *"quillenbrau")
        await settled(pilot)
        assert case_list(app).count == 5
        assert "5 cases are not wholly on this machine" in text_of(app)
        await pilot.press(*"xx")
        await settled(pilot)
        assert "No case on this machine has these words." in text_of(app)
        assert "5 cases are not wholly on this machine" in text_of(app)
        await pilot.press("escape")
        await settled(pilot)
        assert "not wholly on this machine" not in text_of(app)


async def test_the_cursor_stays_on_its_case_when_a_sync_brings_others(store: Store, home: Path, seat: Any) -> None:
    async with running(store, home) as (app, pilot):
        await pilot.press("down", "down", "down")
        row = case_list(app).row
        assert row is not None
        index = case_list(app).index
        news = [
            case | {"id": f"f{number:031x}", "due": "2026-01-02", "state": "accepted", "turn": "responder"}
            for number, case in enumerate(filled.many(seat, 3))
        ]
        store.sync.apply(seat.desk, Page("s2", cases=news))
        await settled(pilot)
        assert case_list(app).row is not None
        assert case_list(app).row.id == row.id  # type: ignore[union-attr]
        assert case_list(app).index == index + 3


async def test_a_page_and_both_ends(store: Store, home: Path) -> None:
    async with running(store, home) as (app, pilot):
        await pilot.press("8")
        await settled(pilot)
        found = case_list(app)
        height = found.size.height
        await pilot.press("pagedown")
        assert found.index == height
        await pilot.press("end")
        assert found.index == found.count - 1
        assert found.scroll_offset.y == found.count - height
        await pilot.press("down")
        assert found.index == found.count - 1
        await pilot.press("home", "pageup", "up")
        assert (found.index, found.scroll_offset.y) == (0, 0)


async def test_a_key_repaints_two_rows_and_parks_the_cursor_for_screen_readers(
    store: Store, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(store, home) as (app, pilot):
        drawn: list[int] = []
        original = CaseList.render_lines

        def render_lines(self: CaseList, crop: Region) -> Any:
            drawn.extend(crop.line_range)
            return original(self, crop)

        monkeypatch.setattr(CaseList, "render_lines", render_lines)
        await pilot.press("down")
        await pilot.pause()
        assert sorted(set(drawn)) == [0, 1]
        assert app.cursor_position.y == case_list(app).region.y + 1


async def test_moving_asks_nothing_about_the_cases_on_the_way(
    store: Store, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(store, home, keymap={"do.accept": ("end",)}) as (_app, pilot):
        # On a busy machine the cursor comes to rest between two keys.
        monkeypatch.setattr(InboxScreen, "_settle", lambda _self: None)
        asked: list[str] = []
        original = store.case
        monkeypatch.setattr(store, "case", lambda desk, id: asked.append(id) or original(desk, id))
        await pilot.press("down", "pagedown", "up", "home")
        assert asked == []
        await pilot.press("end")
        assert len(asked) == 1, "the officer's own keys come first"


async def test_only_one_wait_for_the_cursor_to_rest_runs(
    store: Store, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Wait:
        running = True

        def stop(self) -> None:
            self.running = False

    async with running(store, home) as (_app, pilot):
        waits: list[Wait] = []
        monkeypatch.setattr(InboxScreen, "set_timer", lambda *_: waits.append(Wait()) or waits[-1])
        # The view's own list is settled at once, while the wait of the key before is still running.
        await pilot.press("down", "8", "down", "down")
        assert [wait.running for wait in waits] == [False] * (len(waits) - 1) + [True]


async def test_views_by_tab_and_number_and_what_an_empty_one_says(store: Store, home: Path) -> None:
    async with running(store, home, size=(120, 30)) as (app, pilot):
        screen = app.screen
        assert isinstance(screen, InboxScreen)
        await pilot.press("tab")
        assert screen.view == "to_accept"
        await pilot.press("left", "left")
        assert screen.view == "mine"
        await pilot.press("9")
        assert screen.view == "due_soon"
        await pilot.press("0")
        assert screen.view == "overdue"
        await pilot.press("7")
        assert screen.view == "closed"
        assert "Waiting for others" in text_of(app)
        await pilot.press("1")
        desk = store.seats()[0].desk
        store.sync.drop(desk, [row.id for row in store.window("all", "due", limit=1000)], store.sync.state(desk))
        await settled(pilot)
        assert "Nothing to do." in text_of(app)


async def test_the_preview_follows_the_cursor_on_wide_terminals(store: Store, home: Path) -> None:
    async with running(store, home, size=(160, 40)) as (app, pilot):
        await pilot.press("down")
        await settled(pilot)
        row = case_list(app).row
        assert row is not None
        preview = "\n".join(line[110:] for line in text_of(app).splitlines())
        assert row.reference in preview


async def test_bindings_are_translated_when_they_are_shown(
    store: Store, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(store, home) as (app, _pilot):
        monkeypatch.setattr("imi_tui.screens.acting._", lambda text: f"«{text}»")
        active = app.screen.active_bindings
        assert active["f5"].binding.description == "«Synchronise»"
        assert active["enter"].binding.description == "«Open»"
        assert "u" not in active, "there is nothing to undo"


async def test_the_menu_offers_all_that_is_possible_and_runs_it(store: Store, home: Path) -> None:
    async with running(store, home) as (app, pilot):
        await pilot.press("f9")
        await pilot.pause()
        menu = app.screen
        values = {item[1] for item in menu.query_one(LineList).items}
        assert {"go.outbox", "list.sort", "app.language", "app.quit"} <= values
        await pilot.press(*"order of the", "enter")
        await pilot.pause()
        assert isinstance(app.screen, ChooseScreen)
        await pilot.press("end", "enter")
        await settled(pilot)
        assert app.screen.sort == "authority"  # type: ignore[attr-defined]


async def test_the_footer_fits_in_every_language_of_the_catalogue(store: Store, home: Path) -> None:
    i18n.install("en-XA")
    async with running(store, home, language="en-XA") as (app, _pilot):
        assert len(footer(app)) <= 80
        assert all(len(line) <= 80 for line in text_of(app).splitlines())


async def test_own_keys_work_and_show(store: Store, home: Path) -> None:
    async with running(store, home, keymap={"list.sort": ("x",), "do.accept": ("y",)}) as (app, pilot):
        await pilot.press("2")
        await settled(pilot)
        assert "y Accept" in footer(app)
        await pilot.press("a")
        assert isinstance(app.screen, InboxScreen)
        await pilot.press("x")
        assert isinstance(app.screen, ChooseScreen)
        await pilot.press("escape", "y")
        assert isinstance(app.screen, DaysPrompt)


async def test_relative_dates_are_drawn_again_when_the_day_changes_and_only_then(store: Store, home: Path) -> None:
    today = filled.TODAY
    async with running(store, home) as (app, pilot):
        before = text_of(app)
        app.context.today = lambda: today
        app._look_at_the_day()
        await settled(pilot)
        assert text_of(app) == before
        app.context.today = lambda: today + dt.timedelta(days=5)
        case_list(app)._today = app.context.today
        row = store.window("to_accept", "due", limit=1)[0]
        await app.push_screen(routes.act([(row.desk, row.id)], "accept"))
        await settled(pilot)
        writing = app.focused
        app._look_at_the_day()
        await settled(pilot)
        assert app.focused is writing is not None, "whoever writes at midnight writes on"
        await pilot.press("escape")
        assert text_of(app) != before


def test_a_mistake_in_the_thread_that_signs_in_is_told(
    store: Store, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **_named: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(signin, "sign_in_with_browser", broken)
    told: list[Step] = []
    options = argparse.Namespace(server="https://imi.example")
    wiring = Wiring(Client(Profile(home), Settings(), filled.KEY, store, "", "", options))
    with pytest.raises(ZeroDivisionError):
        wiring._sign_in("browser", told.append, threading.Event())
    assert told == [Step("failed", "browser", problem="internal")]


async def test_hostile_text_shows_as_text_on_list_case_and_tabs(store: Store, home: Path, seat: Any) -> None:
    case, entries = next(
        pair for pair in filled.demo(seat, 120) if filled.mine(seat, pair[0]) and pair[0].level == "full"
    )
    nasty = "\x1b]52;c;cHduZWQ=\x07[/][b][@click=app.quit]x[/] \u202egnp.exe \x9b2J"
    wire = to_wire(case) | {"subject": nasty, "due": "2026-01-01"}
    wire["request"] = {**wire["request"], "subject": nasty, "company": nasty}
    wire["parts"] = [part | {"name": nasty} for part in wire["parts"]]
    lines = [to_wire(entry) | {"text": {"lang": nasty, "text": nasty * 20}, "officerName": nasty} for entry in entries]
    # Uncleaned, as if the boundary had failed.
    store.sync.apply(seat.desk, Page("s2", cases=[wire | {"version": 99}], entries=lines))
    async with running(store, home, size=(160, 40)) as (app, pilot):
        for _moment in range(100):
            if "[/][b][@click=app.quit]" in text_of(app):
                break
            await pilot.pause(0.02)
        assert "[/][b][@click=app.quit]" in text_of(app), "the preview never came"
        await pilot.press("enter")
        for _tab in range(5):
            await pilot.pause()
            assert isinstance(app.screen, CaseScreen)
            drawn = text_of(app)
            assert not [char for char in drawn if (ord(char) < 32 and char != "\n") or 0x7F <= ord(char) < 0xA0]
            assert "\u202e" not in drawn
            await pilot.press("tab")


async def test_signing_in_is_offered_when_it_helps_and_signing_out_asks(store: Store, home: Path) -> None:
    out: list[bool] = []
    more = {"sign_in": lambda *_given: lambda: None, "sign_out": lambda: out.append(True)}
    async with running(store, home, **more) as (app, pilot):
        assert "i Sign in" not in footer(app)
        store.sync.set_problem("notSignedIn")
        await settled(pilot)
        assert "i Sign in" in footer(app)
        assert "not signed in" in str(app.screen.query_one(StatusLine).content)
        store.sync.set_ok(filled.NOW)
        await settled(pilot)
        await pilot.press("f9", *"sign out", "enter")
        assert isinstance(app.screen, ChooseScreen)
        await pilot.press("enter")
        assert out == [], "the first answer loses nothing"
        await pilot.press("f9", *"sign out", "enter", "down", "enter")
        assert out == [True]


async def test_a_key_that_does_nothing_says_why(store: Store, home: Path) -> None:
    async with running(store, home) as (app, pilot):
        await pilot.press("u")
        await pilot.pause()
        assert "There is nothing to take back" in " ".join(note.message for note in app._notifications)
        await pilot.press("4", "a")
        await pilot.pause()
        assert [note.message for note in app._notifications] == [
            "Accept: this is not possible in the present state of the case."
        ]


async def test_quitting_with_something_unsent_says_so_first(store: Store, home: Path) -> None:
    async with running(store, home) as (app, pilot):
        await pilot.press("2", "a", *"5", "enter")
        await settled(pilot)
        assert store.status().queued == 1
        await pilot.press("f10")
        await settled(pilot)
        assert "1 entry waits to be sent. It is safe on this machine" in text_of(app)
        await pilot.press("escape")
        await settled(pilot)
        assert app.is_running
        await pilot.press("f10")
        await settled(pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert app._exit


async def test_the_program_is_left_from_a_window_as_from_the_screen_below(store: Store, home: Path) -> None:
    row = store.window("to_answer", "due", limit=1)[0]
    async with running(store, home) as (app, pilot):
        await app.push_screen(routes.act([(row.desk, row.id)], "message"))
        await settled(pilot)
        app.screen.query_one("FormView TextArea").focus()
        await pilot.press(*"half", "f1")
        await settled(pilot)
        await pilot.press("ctrl+q")
        await pilot.pause()
        assert app._exit
    assert [draft.text for draft in store.drafts()] == ["half"]
    row = store.window("to_accept", "due", limit=1)[0]
    store.act(row.desk, row.id, "accept", answers={"agreed_days": 14})
    for opened in ("b", "f9", "f1", "g"):
        async with running(store, home) as (app, pilot):
            await pilot.press(opened)
            await settled(pilot)
            await pilot.press("ctrl+q")
            await settled(pilot)
            assert "1 entry waits to be sent" in text_of(app), opened
            # Whoever asks once more has answered.
            await pilot.press("ctrl+q")
            await pilot.pause()
            assert app._exit, opened


async def test_the_last_line_has_no_key_that_the_window_above_it_does_not_take(store: Store, home: Path) -> None:
    row = store.window("to_answer", "due", limit=1)[0]
    async with running(store, home) as (app, pilot):
        inbox = app.screen

        def last(screen: Screen[Any] = inbox) -> str:
            return str(screen.query_one(ActionFooter).content).strip()

        below = last()
        assert "Search" in below
        for opened, keys in (
            ("b", "Enter Choose  Esc Close  F1 Help"),
            ("g", "Esc Close  F1 Help"),
            ("f9", "Enter Choose  Esc Close"),
            ("f1", "Esc Close"),
        ):
            await pilot.press(opened)
            await settled(pilot)
            assert last() == keys, opened
            # What is written again meanwhile is not written over them.
            store.sync.set_ok(filled.NOW)
            await settled(pilot)
            assert last() == keys, opened
            await pilot.press("escape")
            await settled(pilot)
            assert last() == below, opened

        form = routes.act([(row.desk, row.id)], "message")
        await app.push_screen(form)
        await settled(pilot)
        own = last(form)
        assert ("Send" in own, last()) == (True, "")
        await pilot.press("f1")
        await settled(pilot)
        assert (last(form), last()) == ("Esc Close", "")
        await pilot.press("escape")
        await settled(pilot)
        assert (last(form), last()) == (own, "")
        await pilot.press("escape")
        await settled(pilot)
        assert last() == below


async def test_removals_on_hold_are_explained_and_let_go_by_the_officer(store: Store, home: Path) -> None:
    asked: list[int] = []
    async with running(store, home, sync_now=lambda: asked.append(1)) as (app, pilot):
        assert "On hold" not in footer(app)
        desk = store.seats()[0].desk
        store.deletion_guard.hold(desk, 40, 41)
        store.sync.set_problem("manyRemoved")
        await settled(pilot)
        assert "removal on hold" in text_of(app)
        assert "On hold" in footer(app)
        await pilot.press("h")
        await settled(pilot)
        assert "would take 40 of 41" in text_of(app)
        await pilot.press("enter")
        assert not store.deletion_guard.allowed(desk, 40)
        await pilot.press("h", "down", "enter")
        await settled(pilot)
        assert store.deletion_guard.allowed(desk, 40)
        assert asked


async def test_the_menu_makes_the_line_a_metered_one_and_ends_that(store: Store, home: Path) -> None:
    wiring = Wiring(Client(Profile(home), Settings(), filled.KEY, store, "", "", argparse.Namespace()))
    async with running(store, home, meter=wiring.meter) as (app, pilot):
        for metered, shown in ((True, True), (False, False)):
            await pilot.press("f9", *"metered", "enter")
            await settled(pilot)
            assert ("metered, 0 kB today" in text_of(app)) is shown
            assert settings_of(home / "config.toml").metered is metered
            told = "Only lists and what you open are fetched" if metered else "Everything is fetched again."
            assert [*app._notifications][-1].message.startswith(told)
        # What was asked for holds although it cannot be kept, and the screen says so instead of ending.
        (home / "config.toml").unlink()
        (home / "config.toml").mkdir()
        app.context.setting = lambda name, value: settings.write(home / "config.toml", name, value)
        for action in ("app_metered", "app_screen_reader"):
            await app.screen.run_action(action)
            await settled(pilot)
            assert "config.toml cannot be written: Is a directory" in [*app._notifications][-1].message
        assert "metered" in text_of(app)
        assert not app.context.reads_aloud
        await app.screen.run_action("app_colours")
        await pilot.press("down", "enter")
        await settled(pilot)
        assert "cannot be written" in [*app._notifications][-1].message


async def test_an_empty_inbox_follows_the_synchronisation(tmp_path: Path) -> None:
    store = filled.open_store(tmp_path)
    async with running(store, tmp_path) as (app, pilot):
        assert "The first synchronisation is running." in text_of(app), "nobody has to sign in first"
    async with running(store, tmp_path, sign_in=lambda *_given: lambda: None) as (app, pilot):
        while len(app.screen_stack) < 2:
            # The page for signing in opens by itself.
            await pilot.pause(0.05)
        await pilot.press("escape")
        await settled(pilot)
        assert "No desk is known on this machine yet." in text_of(app)
        store.activity.say(Now("syncing"))
        await settled(pilot)
        assert "The first synchronisation is running." in text_of(app)
        store.activity.say(Now())
        store.sync.set_problem("offline")
        await settled(pilot)
        assert "Nothing has been fetched yet. The server cannot be reached." in text_of(app)
    store.close()


async def test_what_is_urgent_and_comes_last_does_not_hide_above_the_list(store: Store, home: Path) -> None:
    [row, *_] = store.window("todo", "due", limit=1)
    detail = store.case(row.desk, row.id)
    assert detail is not None

    def earlier(number: int) -> dict[str, Any]:
        id = f"{number:032x}"
        return detail.case | {"id": id, "due": f"2020-01-{10 - number:02}", "subject": f"Urgent {number}"}

    def comes(number: int, filling: float | None) -> None:
        store.sync.apply(row.desk, Page(f"f{number}", cases=[earlier(number)], filling=filling))

    async with running(store, home) as (app, pilot):
        for number, filling in ((1, 0.5), (2, 0.9), (3, None)):
            comes(number, filling)
            await settled(pilot)
            assert case_list(app).index == 0
            assert case_list(app).row is not None
            assert case_list(app).row.subject == f"Urgent {number}"  # type: ignore[union-attr]
        # From now on, and once somebody has moved it, the cursor follows its case.
        comes(4, None)
        await settled(pilot)
        assert case_list(app).index == 1
        await pilot.press("down")
        comes(5, 0.5)
        await settled(pilot)
        assert case_list(app).index == 3


@pytest.mark.parametrize("filling", [0.5, None])
async def test_the_frame_is_written_once_for_what_came(
    store: Store, home: Path, monkeypatch: pytest.MonkeyPatch, filling: float | None
) -> None:
    [row, *_] = store.window("todo", "due", limit=1)
    detail = store.case(row.desk, row.id)
    assert detail is not None
    later = detail.case | {"id": f"{1:032x}", "due": "2099-01-09"}
    async with running(store, home, size=(120, 40)) as (app, pilot):
        await settled(pilot)
        before = store.counts()["todo"]
        written: list[str] = []
        original = InboxScreen.refresh_frame

        def counted(screen: InboxScreen) -> None:
            written.append(screen.title_text())
            original(screen)

        monkeypatch.setattr(InboxScreen, "refresh_frame", counted)
        store.sync.apply(row.desk, Page("f1", cases=[later], filling=filling))
        for _ in range(100):
            await pilot.pause(0.03)
            if written:
                break
        await pilot.pause(0.2)
        assert len(written) == 1
        assert str(before + 1) in written[0]
        assert app.screen.framed  # type: ignore[attr-defined]


async def test_a_search_is_completed_kept_as_a_view_deleted_and_brought_back(store: Store, home: Path) -> None:
    while store.sync.index_pending(1000):
        pass
    ((country, _many),) = Counter(row.country for row in store.window("todo", "due", limit=99)).most_common(1)
    async with running(store, home, size=(120, 30)) as (app, pilot):
        await pilot.press("slash", *"cou", "tab")
        assert app.screen.query_one(LineInput).value == "country:"
        await pilot.press(*country.lower(), "tab", "space", *"is:too")
        await settled(pilot)
        assert "There is nothing here for is:too. Do you mean is:todo?" in text_of(app)
        assert footer(app).startswith(" Enter Search  Tab Complete  Esc Back"), "not the keys of the list below"
        await pilot.press("backspace", *"do", "f1")
        await settled(pilot)
        assert "What can be searched" in text_of(app)
        await pilot.press("escape", "enter")
        await settled(pilot)
        expected = len(store.search(f"country:{country} is:todo", 1000))
        assert case_list(app).count == expected > 1
        await app.screen.run_action("view_keep")
        await pilot.press(*"Zoll", "enter")
        await settled(pilot)
        assert f"Inbox: Zoll {expected}" in text_of(app)
        assert [view.line for view in store.saved.all()] == [f"country:{country} is:todo"]
        assert re.search(rf">  Zoll +{expected} ", text_of(app)), "counted beside the list"
        await pilot.press("tab")
        await settled(pilot)
        assert "Inbox: To do" in text_of(app)
        await pilot.press("shift+tab")
        await app.screen.run_action("view_rename")
        await pilot.press(*"2", "enter")
        await settled(pilot)
        assert f"Inbox: Zoll2 {expected}" in text_of(app)
        await app.screen.run_action("view_delete")
        await settled(pilot)
        assert store.saved.all() == []
        assert "Inbox: To do" in text_of(app)
        await pilot.press("u")
        await settled(pilot)
        assert f"Inbox: Zoll2 {expected}" in text_of(app)


async def test_hits_stand_in_the_order_chosen(store: Store, home: Path) -> None:
    while store.sync.index_pending(1000):
        pass
    async with running(store, home) as (app, pilot):
        await pilot.press("slash", *"is:todo", "enter", "b", "down", "down", "enter")
        await settled(pilot)
        found = case_list(app)
        assert found._window is not None
        dues = [row.due for index in range(found.count) if (row := found._window.get(index)) is not None]
        assert dues == sorted(dues, key=lambda due: due or "9999")
        assert len(set(dues)) > 1


async def test_another_width_moves_the_heads_and_brings_the_preview_below_a_menu_too(store: Store, home: Path) -> None:
    async with running(store, home) as (app, pilot):
        row = case_list(app).row
        assert row is not None
        await pilot.press("f9")
        await pilot.resize_terminal(140, 40)
        for _round in range(20):
            # What the preview holds is put in its place later than itself.
            await pilot.pause()
            if row.subject[:10] in "".join(line[96:] for line in text_of(app).splitlines()):
                break
        heads = text_of(app).splitlines()[1]
        assert heads.index("Subject") < heads.index("State") < heads.index("│", heads.index("State")) < 98
        assert "Widget" not in text_of(app)
        await pilot.press("escape")
        await pilot.pause()
        shown = text_of(app).splitlines()
        assert shown[1] == heads
        assert case_list(app).row == row
        assert any(row.subject[:10] in line[96:] for line in shown), "the preview came with the width"
