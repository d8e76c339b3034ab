"""The case screen, operated by keyboard on a real cache."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.widgets import TextArea

from imi_core.case import Case
from imi_tui.app import ImiApp
from imi_tui.cache.store import Store
from imi_tui.cache.sync import Page
from imi_tui.screens import routes
from imi_tui.screens.act import ActScreen
from imi_tui.screens.case import CaseScreen
from imi_tui.screens.inbox import InboxScreen
from imi_tui.screens.prompt import DaysPrompt
from imi_tui.widgets.document import Document
from imi_tui.widgets.form_view import FormView
from tests.tui.screens import filled
from tests.tui.screens.test_inbox_screen import footer, running, settled, text_of

pytestmark = pytest.mark.anyio


def a_case(seat: Any, state: str) -> Case:
    """A case of the demo in which the desk has to act."""
    return next(case for case, _entries in filled.demo(seat, 120) if case.state == state and filled.mine(seat, case))


async def opened(app: ImiApp, pilot: Any, case: Case, seat: Any) -> CaseScreen:
    """The case on screen."""
    await app.push_screen(routes.case(seat.desk, case.id))
    await settled(pilot)
    screen = app.screen
    assert isinstance(screen, CaseScreen)
    return screen


async def test_before_acceptance_the_case_says_what_opens_and_after_it_shows_it(
    store: Store, home: Path, seat: Any
) -> None:
    case = a_case(seat, "awaiting_acceptance")
    async with running(store, home) as (app, pilot):
        await opened(app, pilot, case, seat)
        assert "Personal data and files open once you accept (you choose the number of days)." in text_of(app)
        assert "to accept" in text_of(app)
        assert "a Accept" in footer(app)
        await pilot.press("a")
        assert isinstance(app.screen, DaysPrompt)
        await pilot.press("enter")
        await settled(pilot)
        assert "a Accept" not in footer(app)
        assert "1 entry is queued on this machine" in " ".join(text_of(app).split())
        assert "files open as soon as what you queued has been sent" in " ".join(text_of(app).split())
        assert "Agreed to by the responding authority" in text_of(app)
        await pilot.press("3")
        await settled(pilot)
        assert "queued on this machine  Accept" in text_of(app)


async def test_the_tabs_show_questions_with_answers_entries_files_and_people(
    store: Store, home: Path, seat: Any
) -> None:
    case = a_case(seat, "partly_answered")
    async with running(store, home, size=(120, 50)) as (app, pilot):
        await opened(app, pilot, case, seat)
        await pilot.press("tab")
        await settled(pilot)
        first = text_of(app)
        assert "[Questions" in first
        assert "\u2502 " in first, "answers stand beside their questions, behind a gutter"
        await pilot.press("ctrl+pagedown")
        await settled(pilot)
        assert "Send partial reply" in text_of(app)
        await pilot.press("5")
        await settled(pilot)
        assert "Requesting authority" in text_of(app)
        assert "Languages:" in text_of(app)
        await pilot.press("right")
        await settled(pilot)
        assert "[Everything]" in text_of(app)
        assert "━━ Overview ━━" in text_of(app)
        await pilot.press("end")
        await settled(pilot)
        assert "Languages:" in text_of(app), "everything is on one page"
        await pilot.press("right")
        await settled(pilot)
        assert "[Overview]" in text_of(app)


async def test_a_message_is_written_in_a_form_and_queued(store: Store, home: Path, seat: Any) -> None:
    case = a_case(seat, "accepted")
    async with running(store, home) as (app, pilot):
        await opened(app, pilot, case, seat)
        await pilot.press("m")
        await pilot.pause()
        assert isinstance(app.screen, ActScreen)
        await pilot.press("f8")
        await pilot.pause()
        assert "An answer is needed." in text_of(app)
        assert isinstance(app.focused, TextArea)
        assert app.focused.cursor_blink is False
        await pilot.press(*"Please send", "f8")
        await settled(pilot)
        [item] = store.outbox()
        assert item.payload["text"]["text"] == "Please send"
        assert store.drafts() == []
        assert isinstance(app.screen, CaseScreen)


async def test_what_was_written_and_left_comes_back(store: Store, home: Path, seat: Any) -> None:
    case = a_case(seat, "accepted")
    async with running(store, home) as (app, pilot):
        await opened(app, pilot, case, seat)
        await pilot.press("m")
        await pilot.pause()
        await pilot.press(*"Half a", "escape")
        await settled(pilot)
        assert [draft.text for draft in store.drafts()] == ["Half a"]
        assert "Message: Saved as a draft." in text_of(app), "whoever comes back another day is told"
        [inbox] = [screen for screen in app.screen_stack if isinstance(screen, InboxScreen)]
        assert ("d", "Drafts") in [item[1:] for item in inbox.footer_items()], "where no column of views tells of them"
        await pilot.press("m")
        await pilot.pause()
        await pilot.press(*" word", "f8")
        await settled(pilot)
        assert [item.payload["text"]["text"] for item in store.outbox()] == ["Half a word"]
        assert store.drafts() == []
        assert "Drafts" not in [label for _order, _key, label in inbox.footer_items()]


async def test_a_text_that_was_deleted_again_leaves_no_draft(store: Store, home: Path, seat: Any) -> None:
    case = a_case(seat, "accepted")
    async with running(store, home) as (app, pilot):
        await opened(app, pilot, case, seat)
        await pilot.press("m")
        await pilot.pause()
        await pilot.press(*"No", "escape")
        await settled(pilot)
        assert [one.message for one in app._notifications] == ["Saved as a draft."]
        await pilot.press("m")
        await pilot.pause()
        await pilot.press("backspace", "backspace", "escape")
        await settled(pilot)
        assert store.drafts() == []


async def test_a_text_for_several_cases_is_kept_too_and_goes_when_it_is_sent(store: Store, home: Path) -> None:
    async with running(store, home) as (app, pilot):
        await pilot.press("3", "space", "space")
        await settled(pilot)
        await pilot.press("m")
        await pilot.pause()
        await pilot.press(*"To both", "escape")
        await settled(pilot)
        assert [draft.text for draft in store.drafts()] == ["To both"]
        store.delete_draft(store.drafts()[0].id)
        await pilot.press("m")
        await pilot.pause()
        await pilot.press(*"To both")
        assert isinstance(app.screen, ActScreen)
        app.screen._save()
        assert len(store.drafts()) == 1
        # The last letter is told of behind the key that sends.
        form = app.screen
        form.action_act_send()
        form.on_form_view_changed(FormView.Changed(form.query_one(FormView), ""))
        await settled(pilot)
        assert [item.payload["text"]["text"] for item in store.outbox()] == ["To both", "To both"]
        assert store.drafts() == []


async def test_after_an_action_that_moved_the_case_the_next_one_is_the_one_that_followed(
    store: Store, home: Path
) -> None:
    async with running(store, home) as (app, pilot):
        await pilot.press("2")
        await settled(pilot)
        following = store.window("to_accept", "due", limit=2)[1]
        await pilot.press("enter")
        await settled(pilot)
        await pilot.press("a", "enter")
        await settled(pilot)
        await pilot.press("full_stop")
        await settled(pilot)
        screen = app.screen
        assert isinstance(screen, CaseScreen)
        assert screen.targets() == [(following.desk, following.id)]


async def test_the_next_case_opens_without_going_back(store: Store, home: Path) -> None:
    async with running(store, home) as (app, pilot):
        await pilot.press("enter")
        await settled(pilot)
        screen = app.screen
        assert isinstance(screen, CaseScreen)
        first = screen.targets()
        count = store.counts()["todo"]
        assert f"1 of {count}" in text_of(app).splitlines()[0]
        await pilot.press("full_stop")
        await settled(pilot)
        assert f"2 of {count}" in text_of(app).splitlines()[0]
        await settled(pilot)
        second = screen.targets()
        assert second != first
        await pilot.press("comma")
        await settled(pilot)
        assert screen.targets() == first
        await pilot.press("full_stop", "escape")
        await settled(pilot)
        inbox = app.screen
        assert isinstance(inbox, InboxScreen)
        assert inbox.targets() == second


async def test_a_case_that_is_withdrawn_from_this_desk_says_so(store: Store, home: Path, seat: Any) -> None:
    case = a_case(seat, "accepted")
    async with running(store, home) as (app, pilot):
        screen = await opened(app, pilot, case, seat)
        store.sync.drop(seat.desk, [case.id], store.sync.state(seat.desk))
        await settled(pilot)
        assert screen.query_one(Document).virtual_size.height == 1
        assert "You no longer have access to this case." in text_of(app)
        await pilot.press("m", "r", "a")
        assert app.screen is screen


async def test_a_case_that_goes_while_its_form_is_open_takes_nothing_written_along(
    store: Store, home: Path, seat: Any
) -> None:
    case = a_case(seat, "accepted")
    async with running(store, home) as (app, pilot):
        await opened(app, pilot, case, seat)
        await pilot.press("m", *"Please")
        await pilot.pause()
        state = store.sync.state(seat.desk)
        store.sync.apply(seat.desk, Page(state, destroyed={"Case": [case.id]}))
        await settled(pilot)
        # A phrase is filled from the case.
        await pilot.press("f2")
        await settled(pilot)
        await pilot.press("escape")
        await settled(pilot)
        assert isinstance(app.screen, ActScreen)
        await pilot.press("escape")
        await settled(pilot)
        assert [draft.text for draft in store.drafts()] == ["Please"]
