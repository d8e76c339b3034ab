"""What somebody needs who sees a window for the first time: which keys it takes, what is chosen, where things went."""

from __future__ import annotations

from pathlib import Path

import pytest

from imi_tui import i18n
from imi_tui.cache.store import Store
from imi_tui.forms.phrases import Phrase
from imi_tui.screens import routes
from imi_tui.screens.act import ActScreen
from imi_tui.screens.insert import InsertionList, InsertScreen
from imi_tui.widgets.picker import Picker
from tests.tui.screens import filled
from tests.tui.screens.test_files_tab import said
from tests.tui.screens.test_inbox_screen import running, settled, text_of
from tests.tui.screens2.test_completion import put
from tests.tui.screens2.test_compose_screen import opened, pressed, typed

pytestmark = pytest.mark.anyio


async def test_a_language_is_found_by_typing_its_name(store: Store, home: Path) -> None:
    async with running(store, home) as (app, pilot):
        await pressed(pilot, "f9", *"language", "enter")
        assert isinstance(app.screen, Picker)
        await pressed(pilot, *"suo", "enter")
        await settled(pilot)
        assert app.context.language == "fi"
    i18n.install("en")


async def test_a_window_of_answers_says_which_keys_it_takes(store: Store, home: Path) -> None:
    async with running(store, home) as (app, pilot):
        await pressed(pilot, "b")
        assert "Enter Choose  Esc Close  F1 Help" in text_of(app)


async def test_the_best_of_what_can_be_inserted_is_under_the_cursor(store: Store, home: Path) -> None:
    store.keep_phrases(
        [Phrase("", "a", "en", "We have no transport"), Phrase("", "b", "en", "Transport papers, please")]
    )
    row = store.window("to_answer", "due", limit=1)[0]
    async with running(store, home) as (app, pilot):
        await app.push_screen(routes.act([(row.desk, row.id)], "message"))
        await settled(pilot)
        await pressed(pilot, "f2")
        assert isinstance(app.screen, InsertScreen)
        found = app.screen.query_one(InsertionList)
        await pressed(pilot, "down", *"transp")
        offered = [item for item in found.items if not isinstance(item, str)]
        assert len(offered) > 1
        assert found.item == offered[0]


async def test_what_was_written_and_taken_back_is_said_to_be_a_draft(store: Store, home: Path) -> None:
    row = store.window("to_answer", "due", limit=1)[0]
    async with running(store, home) as (app, pilot):
        await app.push_screen(routes.act([(row.desk, row.id)], "message"))
        await settled(pilot)
        assert isinstance(app.screen, ActScreen)
        await typed(pilot, "One moment, please.")
        await pressed(pilot, "f8")
        await settled(pilot)
        await pressed(pilot, "u")
        await settled(pilot)
        assert len(store.drafts()) == 1
        assert said(app).startswith("Taken back: ")
        assert said(app).endswith("What you wrote is among the drafts.")
        # A bare action leaves none.
        await pressed(pilot, "2", "a", "enter")
        await settled(pilot)
        await pressed(pilot, "u")
        await settled(pilot)
        assert "among the drafts" not in said(app)


async def test_a_draft_without_a_subject_is_told_by_whom_it_is_for(store: Store, home: Path) -> None:
    async with running(store, home) as (app, pilot):
        screen = await opened(app, pilot)
        await pressed(pilot, "enter", *"finanz", "enter", "escape")
        await settled(pilot)
        [draft] = store.drafts()
        target = store.target(draft.target)
        assert target is not None
        assert not screen.is_attached
        await pressed(pilot, "d")
        await settled(pilot)
        assert f"To: {target.country} {target.name}"[:40] in text_of(app)


async def test_what_came_along_is_no_longer_said_once_it_is_taken_back(store: Store, home: Path) -> None:
    put(store, filled.a_desk(), 1, {"company": "Björkbygg", "company_vat": "SE1"})
    async with running(store, home) as (app, pilot):
        await opened(app, pilot)
        await pressed(pilot, "enter", *"finanz", "enter", "tab", *"Björkbygg", "f2", "enter")
        assert said(app).startswith("Also filled in: ")
        await pressed(pilot, "ctrl+z")
        assert [*app._notifications] == []


async def test_what_cannot_be_done_with_a_case_says_when_it_can(store: Store, home: Path) -> None:
    async with running(store, home) as (app, pilot):
        await pressed(pilot, "3")
        await settled(pilot)
        await pressed(pilot, "f9", *"clarification", "down")
        shown = " ".join(text_of(app).replace("│", " ").split())
        assert "Possible for: Requesting authority. In the state: Replied." in shown
