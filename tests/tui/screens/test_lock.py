"""The lock: nothing of a case shows, nothing typed is lost, nothing behind it opens it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from imi_tui.app import ImiApp
from imi_tui.cache.store import Store
from imi_tui.idle import Idle
from imi_tui.screens import routes
from imi_tui.screens.act import ActScreen
from imi_tui.screens.inbox import InboxScreen
from imi_tui.screens.lock import LockScreen, honest
from imi_tui.screens.unlock import SecretInput
from tests.tui.screens.test_case_screen import a_case
from tests.tui.screens.test_inbox_screen import case_list, running, settled, text_of

pytestmark = pytest.mark.anyio


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def shows_no_case(app: ImiApp, store: Store) -> bool:
    """Whether nothing of any case is drawn."""
    rows = store.window("all", "due", limit=200)
    drawn = text_of(app)
    return not [row for row in rows if row.reference in drawn or row.counterpart in drawn or row.subject in drawn]


async def opened_again(pilot: Any) -> None:
    """Until the passphrase was tried in its thread."""
    for _ in range(300):
        await pilot.pause(0.01)
        if not getattr(pilot.app.screen, "_trying", False):
            return
    raise AssertionError("the passphrase is still being tried")


async def test_a_key_hides_everything_and_enter_brings_it_back(store: Store, home: Path) -> None:
    async with running(store, home, size=(120, 40)) as (app, pilot):
        await pilot.press("down", "down")
        row = case_list(app).row
        assert not shows_no_case(app, store)
        await pilot.press("q")
        await settled(pilot)
        assert isinstance(app.screen, LockScreen)
        assert shows_no_case(app, store)
        assert "asks for nothing" in " ".join(text_of(app).split())
        await pilot.press("f9", "f1", "escape", "down", "f6")
        await settled(pilot)
        assert isinstance(app.screen, LockScreen), "no other key does anything"
        await pilot.press("enter")
        await settled(pilot)
        assert isinstance(app.screen, InboxScreen)
        assert case_list(app).row == row
        assert case_list(app).has_focus


async def test_with_a_passphrase_only_that_opens_and_what_was_typed_is_there(
    store: Store, home: Path, seat: Any
) -> None:
    tried: list[str] = []

    def attempt(given: str) -> str:
        tried.append(given)
        return "" if given == "right" else "wrongPassphrase"

    case = a_case(seat, "accepted")
    async with running(store, home, size=(120, 40), unlock=attempt) as (app, pilot):
        await app.push_screen(routes.act([(seat.desk, case.id)], "message"))
        await settled(pilot)
        app.screen.query_one("FormView TextArea").focus()
        await pilot.press(*"Secret", "ctrl+l")
        await settled(pilot)
        assert isinstance(app.screen, LockScreen)
        assert shows_no_case(app, store)
        assert "Secret" not in text_of(app)
        await pilot.press(*"wrong", "enter")
        await opened_again(pilot)
        await settled(pilot)
        assert isinstance(app.screen, LockScreen)
        assert "passphrase is not right" in text_of(app)
        assert "wrong" not in text_of(app).replace("wrong passphrase", "")
        assert app.screen.query_one(SecretInput).value == ""
        await pilot.press("enter", *"right", "enter")
        await opened_again(pilot)
        await settled(pilot)
        assert isinstance(app.screen, ActScreen)
        await pilot.press("!")
        assert app.screen.query_one("FormView TextArea").text == "Secret!"  # type: ignore[attr-defined]
    assert tried == ["wrong", "right"]


async def test_what_was_typed_is_kept_when_the_program_ends_behind_the_lock(
    store: Store, home: Path, seat: Any
) -> None:
    case = a_case(seat, "accepted")
    async with running(store, home, size=(120, 40)) as (app, pilot):
        await app.push_screen(routes.act([(seat.desk, case.id)], "message"))
        await settled(pilot)
        app.screen.query_one("FormView TextArea").focus()
        await pilot.press(*"Typed", "ctrl+l")
        await settled(pilot)
        await pilot.press("f10")
        await pilot.pause()
    assert [draft.text for draft in store.drafts()] == ["Typed"]


async def test_it_locks_by_itself_and_the_key_that_comes_too_late_does_nothing(store: Store, home: Path) -> None:
    async with running(store, home, lock_minutes=10) as (app, pilot):
        clock = Clock()
        app.idle = Idle(10, clock)
        clock.seconds = 599
        app.lock_when_idle()
        assert not app.locked
        await pilot.press("down")
        clock.seconds = 599 + 600
        row = case_list(app).row
        await pilot.press("down")
        await settled(pilot)
        assert app.locked, "a machine that slept locks at the first key"
        await pilot.press("enter")
        await settled(pilot)
        assert case_list(app).row == row
        clock.seconds += 601
        app.lock_when_idle()
        await settled(pilot)
        assert isinstance(app.screen, LockScreen)


async def test_without_the_setting_it_never_locks(store: Store, home: Path) -> None:
    async with running(store, home) as (app, _pilot):
        clock = Clock()
        app.idle = Idle(0, clock)
        clock.seconds = 1e9
        app.lock_when_idle()
        assert not app.locked


async def test_nothing_that_happens_behind_the_lock_opens_it_or_shows(store: Store, home: Path) -> None:
    async with running(store, home, size=(120, 40)) as (app, pilot):
        await app.push_screen(routes.drafts())
        await settled(pilot)
        app.lock()
        await settled(pilot)
        row = store.window("all", "due", limit=1)[0]
        app.notify("Alpbau 4711", markup=False)
        await app.push_screen(routes.choose(row.subject, [(row.reference, "a")]))
        await settled(pilot)
        assert isinstance(app.screen, LockScreen)
        assert shows_no_case(app, store)
        assert not [*app._notifications]
        # Two screens close by themselves, as after a sign-in.
        for screen in reversed(app.desk_stack[1:]):
            screen.dismiss()
            await settled(pilot)
        assert isinstance(app.screen, LockScreen)
        store.mark_read(row.desk, row.id)
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        assert isinstance(app.screen, InboxScreen)
        assert [each.message for each in app._notifications] == ["Alpbau 4711"], "what was to be said is said now"
        assert not app.desk_stack[1:]


def test_the_lock_says_what_it_is_worth() -> None:
    assert "does not protect from somebody who can use your account" in honest(secret=True)
    assert "asks for nothing" not in honest(secret=True)
