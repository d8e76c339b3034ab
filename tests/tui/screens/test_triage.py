"""Marking many, tags, notes, putting off, and the way back, operated by keyboard on a real cache."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets._toast import ToastRack

from imi_core.authority import Seat
from imi_tui import app as app_module
from imi_tui.cache import acting
from imi_tui.cache.listing import moves
from imi_tui.cache.search.query import Query
from imi_tui.cache.store import Store
from imi_tui.screens import bulk_actions
from imi_tui.screens.act import ActScreen
from imi_tui.screens.authorities import ChooseAuthority
from imi_tui.screens.confirm import ChooseScreen
from imi_tui.screens.inbox import InboxScreen
from imi_tui.screens.prompt import DaysPrompt, LinePrompt
from imi_tui.viewmodel import bulk
from imi_tui.widgets.authority_list import AuthorityList
from imi_tui.widgets.line_list import LineList
from tests.tui.keys import a_key
from tests.tui.screens.test_inbox_screen import case_list, footer, running, settled, text_of

pytestmark = pytest.mark.anyio


async def until(pilot: Pilot[None], holds: Callable[[], object]) -> None:
    """Wait for what comes by itself."""
    for _time in range(500):
        if holds():
            return
        await pilot.pause(0.02)
    raise AssertionError("it does not come")


async def test_a_range_is_tagged_in_one_step_taken_back_and_done_again(store: Store, home: Path) -> None:
    async with running(store, home, (120, 40)) as (app, pilot):
        rows = store.window("todo", "due", limit=6)
        await pilot.press("down", "space", "down", "down", "v")
        await settled(pilot)
        found = case_list(app)
        assert found.marked == {row.n for row in rows[1:5]}
        await pilot.press("g")
        assert isinstance(app.screen, LinePrompt)
        assert "Only on this machine" in text_of(app)
        await pilot.press(*"paris", "enter")
        await settled(pilot)
        assert [row.tags for row in store.window("todo", "due", limit=6)] == [(), *[("paris",)] * 4, ()]
        assert "#paris" in text_of(app)
        assert found.marked == {row.n for row in rows[1:5]}, "marks stay for the next action"
        assert "Undo: tags #paris" in footer(app)
        await pilot.press("8")
        await settled(pilot)
        assert len(found.marked) == 4, "and in another view"
        await pilot.press("u")
        await settled(pilot)
        assert store.personal.tags() == []
        assert "Redo: tags #paris" in footer(app)
        await pilot.press("y")
        await settled(pilot)
        assert store.personal.tags() == [("paris", 4)]


async def test_marking_very_many_goes_on_between_keys(
    store: Store, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = sorted(row.n for row in store.window("all", "due", limit=40))
    more, over = threading.Event(), threading.Event()

    def parts(_line: str, _view: str) -> Iterator[list[int]]:
        yield numbers[:5]
        while not more.is_set():
            yield []
        yield numbers[5:]
        over.set()

    monkeypatch.setattr(bulk_actions, "MOMENT", -1.0)
    monkeypatch.setattr(store.marking, "matching", parts)
    async with running(store, home, (120, 40)) as (app, pilot):
        marked = case_list(app).marked

        async def until(holds: Callable[[], object]) -> None:
            for _step in range(2000):
                if holds():
                    return
                await asyncio.sleep(0.005)
            raise AssertionError(len(marked))

        async def key(*keys: str) -> None:
            # The pilot would wait until nothing runs.
            for each in keys:
                event = a_key(each)
                event.set_sender(app)
                app.post_message(event)
                await asyncio.sleep(0.02)
                await until(lambda: not app._typed._busy)

        await pilot.press("8", "p", "x")
        await key("enter")
        await until(lambda: "+5 " in text_of(app))
        # Other keys are answered, and what one of them asks is about those of now.
        await key("b")
        await until(lambda: isinstance(app.screen, ChooseScreen))
        more.set()
        await asyncio.sleep(0.3)
        assert (len(marked), over.is_set()) == (5, False)
        await key("escape")
        await until(lambda: len(marked) == len(numbers))
        told = f"{len(numbers)} cases marked, {len(numbers)} in all."
        await until(lambda: told in [note.message for note in app._notifications])

        # Marks that are taken away do not come back by themselves.
        more.clear()
        over.clear()
        await pilot.press("escape", "p", "x")
        await key("enter")
        await until(lambda: len(marked) == 5)
        await key("escape")
        await until(lambda: not marked)
        more.set()
        await asyncio.sleep(0.1)
        assert (marked, over.is_set()) == (set(), False)


async def test_what_is_possible_with_very_many_is_looked_up_between_keys(
    store: Store, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    standings = store.marking.standings

    def asking(numbers: list[int]) -> object:
        asked.append(len(numbers))
        return standings(numbers)

    def wait(seconds: float) -> None:
        monkeypatch.setattr(bulk_actions, "BETWEEN", seconds)

    monkeypatch.setattr(bulk, "PART", 5)
    monkeypatch.setattr(store.marking, "standings", asking)
    every = len(store.window("all", "due", limit=500))
    async with running(store, home, (200, 40)) as (app, pilot):
        # No step of it comes by itself.
        wait(3600)
        await pilot.press("8")
        await app.screen.run_action("list_mark_all")
        await settled(pilot)
        assert len(case_list(app).marked) == every > 30
        assert "Accept" not in footer(app), "nothing is shown that is not known"
        assert asked == []
        # A key asks for what it needs.
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.screen, DaysPrompt))
        assert asked == [every]
        await pilot.press("escape")
        await settled(pilot)
        assert "Accept" in footer(app)

        # The cache changes: what was known of the same cases stands until it is known anew.
        message = store.act(*first(store), "message", text="Bonjour", lang="fr")
        await settled(pilot)
        assert (asked, "Accept" in footer(app)) == ([every], True)
        wait(0.001)
        store.discard(message.client_ref)
        await settled(pilot)
        await until(pilot, lambda: sum(asked) >= 2 * every)
        assert max(asked[1:]) == 5
        assert "Accept" in footer(app)

        # Those that are gone are not asked for again and again.
        case_list(app).mark(range(10**6, 10**6 + 20))
        await settled(pilot)
        await until(pilot, lambda: sum(asked) >= 2 * every + 20)
        for _time in range(5):
            await settled(pilot)
        assert sum(asked) == 2 * every + 20

        # The line of keys follows by itself.
        await pilot.press("escape")
        await settled(pilot)
        assert isinstance(app.screen, InboxScreen)
        app.screen.marks.forget()
        wait(0.1)
        await app.screen.run_action("list_mark_all")
        assert "Accept" not in footer(app)
        wait(0.001)
        await until(pilot, lambda: "Accept" in footer(app))


def first(store: Store) -> tuple[str, str]:
    """A case that is not to be accepted."""
    row = store.window("to_answer", "due", limit=1)[0]
    return row.desk, row.id


async def test_what_matches_is_marked_and_acted_on_after_one_look(store: Store, home: Path) -> None:
    async with running(store, home, (120, 40)) as (app, pilot):
        await pilot.press("8", "p")
        word = store.window("to_accept", "due", limit=1)[0].reference.split("-")[0].lower()
        await pilot.press(*word, "enter")
        await settled(pilot)
        marked = set(case_list(app).marked)
        assert marked == set().union(*store.marking.matching(word, "all"))
        ready = [row for row in store.window("to_accept", "due", limit=99) if row.n in marked]
        assert 0 < len(ready) < len(marked)
        await pilot.press("a")
        assert isinstance(app.screen, DaysPrompt)
        shown = text_of(app)
        assert f"Accept: {len(ready)} of {len(marked)} cases" in shown
        assert "not possible in the state" in shown
        assert store.outbox() == []
        await pilot.press("enter")
        await settled(pilot)
        assert {item.case_id for item in store.outbox()} == {row.id for row in ready}
        assert case_list(app).marked == set()
        await pilot.press("u")
        await settled(pilot)
        assert (store.outbox(), store.drafts()) == ([], [])


async def test_what_was_done_with_many_shows_at_once_and_is_written_behind_that(
    store: Store, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acting, "MANY", 1)
    monkeypatch.setattr(moves, "STEP", 1)
    monkeypatch.setattr(app_module, "PAINTED", 60)
    async with running(store, home, (120, 40)) as (app, pilot):
        await until(pilot, lambda: store._bulk_queue.behind is not None)
        await pilot.press("2")
        count = store.counts()["to_accept"]
        await pilot.press("v", "end", "v", "a", "enter")
        await settled(pilot)
        rest = store._cache.deferred
        assert rest is not None
        assert store._cache.connection.in_transaction
        assert case_list(app).count == 0, "what is shown is read from what was written first"
        assert len(store.outbox()) == count
        # The next key may need it written to its end.
        await pilot.press("u")
        await settled(pilot)
        assert rest.over
        assert (case_list(app).count, store.outbox()) == (count, [])
        monkeypatch.setattr(app_module, "PAINTED", 0)
        await pilot.press("y")
        await until(pilot, lambda: store._cache.deferred is None)
        assert not store._cache.connection.in_transaction
        assert len(store.outbox()) == count


async def test_a_form_for_many_says_which_are_left_out(store: Store, home: Path) -> None:
    async with running(store, home) as (app, pilot):
        rows = store.window("to_close", "due", limit=99)
        others = store.window("to_accept", "due", limit=2)
        case_list(app).mark(row.n for row in (*rows, *others))
        await settled(pilot)
        await pilot.press("c")
        await settled(pilot)
        assert isinstance(app.screen, ActScreen)
        most = max(sum(row.procedure == one.procedure for row in rows) for one in rows)
        assert f"{most} cases" in text_of(app)
        assert f"{len(others)} cases not: not possible in the state" in text_of(app)
        await pilot.press("f8")
        await settled(pilot)
        assert len(store.outbox()) == most
        assert {item.case_id for item in store.outbox()} <= {row.id for row in rows}


async def test_what_is_put_off_is_away_with_its_day_and_comes_back(store: Store, home: Path) -> None:
    async with running(store, home) as (app, pilot):
        row = store.window("todo", "due", limit=1)[0]
        count = store.counts()["todo"]
        await pilot.press("z")
        assert isinstance(app.screen, ChooseScreen)
        assert "Only on this machine" in text_of(app)
        await pilot.press("enter")
        await settled(pilot)
        assert store.counts()["todo"] == count - 1
        assert store.row(row.desk, row.id, "all", "due").asleep  # type: ignore[union-attr]
        assert f"To do {count - 1}" in text_of(app)
        await pilot.press("u")
        await settled(pilot)
        assert store.counts()["todo"] == count
        assert case_list(app).row.id == row.id  # type: ignore[union-attr]
        await pilot.press("z", "end", "up")
        assert app.screen.query_one(LineList).item is not None
        await pilot.press("escape")


async def test_marks_go_with_the_cases_that_are_put_off_and_come_back_with_them(store: Store, home: Path) -> None:
    async with running(store, home) as (app, pilot):
        await pilot.press("space", "down", "space")
        marked = set(case_list(app).marked)
        assert len(marked) == 2
        await pilot.press("z", "enter")
        await settled(pilot)
        assert not case_list(app).marked, "what nobody sees is not marked for what comes next"
        await pilot.press("u")
        await settled(pilot)
        assert case_list(app).marked == marked
        await pilot.press("y")
        await settled(pilot)
        assert not case_list(app).marked
        await pilot.press("u", "g")
        await pilot.press(*"zz", "enter")
        await settled(pilot)
        assert case_list(app).marked == marked, "a tag leaves them for the next step"


async def test_a_note_shows_with_the_case_and_another_day_has_to_be_one(store: Store, home: Path) -> None:
    async with running(store, home) as (app, pilot):
        row = store.window("todo", "due", limit=1)[0]
        await pilot.press("enter", "x")
        assert isinstance(app.screen, LinePrompt)
        await pilot.press(*"call", "enter")
        await settled(pilot)
        assert "Note: call" in text_of(app)
        assert "Only on this machine; never sent." in text_of(app)
        await pilot.press("z", "end", "enter")
        assert isinstance(app.screen, LinePrompt)
        await app.screen.mount(rack := ToastRack())
        told = rack.styles
        assert (told.dock, told.align_vertical) == ("top", "top"), "what was said before does not cover what is typed"
        await pilot.press(*"2020-01-01", "enter")
        assert "Write a day after today" in text_of(app)
        await pilot.press("escape", "escape")
        await settled(pilot)
        assert "(n)" in text_of(app)
        await pilot.press("u")
        await settled(pilot)
        assert store.personal.one(row.desk, row.id).note == ""


@pytest.mark.parametrize("cases", [1, 2])
async def test_whom_to_forward_to_is_chosen_where_the_lifecycle_allows_it(
    store: Store, home: Path, seat: Seat, cases: int
) -> None:
    async with running(store, home) as (app, pilot):
        await pilot.press("2")
        await settled(pilot)
        if cases > 1:
            await pilot.press(*["space"] * cases)
            await settled(pilot)
        await pilot.press("f")
        await settled(pilot)
        screen = app.screen
        assert isinstance(screen, ChooseAuthority)
        found = screen.query_one(AuthorityList)
        assert found.item is not None
        assert {hit.country for hit in found.items} == {seat.country}
        await pilot.press("enter")
        await settled(pilot)
        assert not isinstance(app.screen, ChooseAuthority)
        assert app.screen is not screen
        assert len(app.screen_stack) == 2


async def test_own_tags_are_offered_and_the_line_is_read_once_for_a_key(
    store: Store, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = store.window("todo", "due", limit=3)
    store.personal.change([(row.desk, row.id) for row in rows], lambda _case, mine: mine._replace(tags=("paris",)))
    finding = store.finding
    read, lines = finding.read, []

    def counted(line: str, *, whole: bool = False) -> Query:
        lines.append(line)
        return read(line, whole=whole)

    async with running(store, home, (120, 40)) as (app, pilot):
        await pilot.press("slash", *"tag:p")
        await settled(pilot)
        assert "tag:paris 3 cases" in text_of(app)
        monkeypatch.setattr(finding, "read", counted)
        await pilot.press("a")
        await settled(pilot)
        assert lines == ["tag:pa"]
        await pilot.press("tab")
        await settled(pilot)
        assert lines[1:] == ["tag:paris"]
        assert case_list(app).count == 3
        # What is known may change: at the next look the line is read anew.
        store.personal.change([(rows[0].desk, rows[0].id)], lambda _case, mine: mine._replace(tags=()))
        await settled(pilot)
        assert lines[2:] == ["tag:paris"]
        assert case_list(app).count == 2
