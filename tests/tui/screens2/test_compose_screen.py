"""Writing a new case with the keyboard, on a real cache."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual import events
from textual.pilot import Pilot

from imi_tui import i18n
from imi_tui.app import ImiApp
from imi_tui.cache.store import Store
from imi_tui.messages import LanguageChanged
from imi_tui.screens import routes
from imi_tui.screens.compose import AUTOSAVE, ComposeScreen
from imi_tui.screens.confirm import ChooseScreen
from imi_tui.widgets.check_list import CheckList
from imi_tui.widgets.entry import LineInput, LinesInput
from imi_tui.widgets.form_view import FormView
from imi_tui.widgets.question_list import QuestionList
from tests.tui.screens import filled
from tests.tui.screens.test_inbox_screen import running, settled, text_of

pytestmark = pytest.mark.anyio


async def typed(pilot: Pilot[None], text: str) -> None:
    """Type letters, digits and spaces."""
    await pilot.press(*(" " if char == " " else char for char in text))


async def pressed(pilot: Pilot[None], *keys: str) -> None:
    """Press keys and let the screens follow."""
    await pilot.press(*keys)
    await settled(pilot)


async def opened(app: ImiApp, pilot: Pilot[None], draft: str = "", target: str = "") -> ComposeScreen:
    await app.push_screen(routes.compose(draft, target=target))
    await settled(pilot)
    assert isinstance(app.screen, ComposeScreen)
    return app.screen


async def test_a_request_is_written_and_queued_without_a_mouse(store: Store, home: Path) -> None:
    async with running(store, home) as (app, pilot):
        await opened(app, pilot)
        await pressed(pilot, "enter")
        assert "[2 Authority (1)]" in text_of(app)
        await typed(pilot, "finanzkontrolle")
        await pressed(pilot, "enter")
        assert "[3 Form (3)]" in text_of(app)
        await typed(pilot, "Alpbau")
        await pressed(pilot, "tab")
        await typed(pilot, "Alpbau GmbH")
        app.screen.query_one(FormView).focus_field("justification")
        await typed(pilot, "Site check")
        await pressed(pilot, "f7")
        assert "[4 Questions (1)]" in text_of(app)
        await pressed(pilot, "space", "down", "space")
        await pressed(pilot, "f8")
        shown = text_of(app)
        assert "[5 Review]" in shown
        assert "Nothing is missing." in shown
        assert shown.splitlines()[-1].startswith(" F8 Send  ")
        await pressed(pilot, "f8")
        await settled(pilot)
        assert not isinstance(app.screen, ComposeScreen)
    (item,) = store.outbox()
    assert item.payload["answers"] == {
        "subject": "Alpbau",
        "company": "Alpbau GmbH",
        "justification": "Site check",
        "questions": ["EST-01", "EST-02"],
    }
    assert store.drafts() == []


async def test_sending_too_early_goes_to_what_is_missing(store: Store, home: Path) -> None:
    async with running(store, home) as (app, pilot):
        screen = await opened(app, pilot)
        await pressed(pilot, "enter", *"finanz", "enter")
        await pressed(pilot, "f8")
        assert "- Subject: An answer is needed." in text_of(app)
        await pressed(pilot, "f8")
        await settled(pilot)
        form = screen.query_one(FormView)
        assert form.field == "subject"
        assert "^ An answer is needed." in text_of(app)
    assert store.outbox() == []


async def test_what_is_typed_is_on_disk_without_leaving_the_field(
    store: Store, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert AUTOSAVE <= 1
    monkeypatch.setattr("imi_tui.screens.compose.AUTOSAVE", 60)
    async with running(store, home) as (app, pilot):
        screen = await opened(app, pilot)
        await pressed(pilot, "enter", *"finanz", "enter")
        await typed(pilot, "Half a sub")
        timer = screen._timer
        assert timer is not None
        assert timer._interval == 60
        await typed(pilot, "ject")
        assert screen._timer is timer, "typing does not put the saving off"
        line = app.focused
        assert isinstance(line, LineInput)
        line.insert_text_at_cursor("!")
        screen.keep()
        (draft,) = store.drafts()
        assert draft.answers["subject"] == "Half a subject!", "not even what the form has not heard of yet is lost"
        # As after kill -9: another program on the same files goes on where this one stopped.
        other = filled.open_store(home)
        kept = other.draft(draft.id)
        assert kept == draft
        other.close()


async def test_a_draft_goes_on_where_it_stopped(store: Store, home: Path) -> None:
    async with running(store, home) as (app, pilot):
        await opened(app, pilot)
        await pressed(pilot, "enter", *"finanz", "enter")
        await typed(pilot, "Alpbau")
        await pressed(pilot, "escape")
        (draft,) = store.drafts()
        screen = await opened(app, pilot, draft.id)
        assert "[3 Form (2)]" in text_of(app)
        assert screen.query_one(FormView).model.text("subject") == "Alpbau"
        await pressed(pilot, "f6")
        assert "To: " in text_of(app)


async def test_a_request_to_an_authority_begins_with_it(store: Store, home: Path) -> None:
    desk = store.authorities("zoll", country="DE", area="pw", limit=1)[0].desk
    async with running(store, home) as (app, pilot):
        await opened(app, pilot, target=desk)
        await pressed(pilot, "enter", "f7")
        assert "[3 Form (3)]" in text_of(app)


async def test_hostile_paste_is_made_visible_and_reaches_no_terminal(store: Store, home: Path) -> None:
    hostile = "x\x1b]52;c;eA==\x07\u202ey\r\nz"
    async with running(store, home) as (app, pilot):
        await opened(app, pilot)
        await pressed(pilot, "enter", *"finanz", "enter")
        form = app.screen.query_one(FormView)
        line = app.focused
        assert isinstance(line, LineInput)
        line.post_message(events.Paste(hostile))
        await pilot.pause()
        assert form.model.text("subject") == "x␛]52;c;eA==␇<U+202E>y z"
        form.focus_field("company_address")
        await pilot.pause()
        area = app.focused
        assert isinstance(area, LinesInput)
        area.post_message(events.Paste(hostile))
        await pilot.pause()
        assert form.model.text("company_address") == "x␛]52;c;eA==␇<U+202E>y\nz"
        shown = text_of(app)
        assert "\x1b" not in shown
        assert "\u202e" not in shown


async def test_the_answers_of_an_earlier_case_are_copied(store: Store, home: Path) -> None:
    async with running(store, home) as (app, pilot):
        screen = await opened(app, pilot)
        await pressed(pilot, "f3")
        await settled(pilot)
        assert "Copy the answers of which case?" in text_of(app)
        await pressed(pilot, "down", "enter")
        await settled(pilot)
        assert isinstance(app.screen, ChooseScreen), text_of(app)
        assert "That case holds personal data" in text_of(app), text_of(app)
        await pressed(pilot, "enter")
        await settled(pilot)
        assert app.screen is screen
        assert screen.work.form is not None
        assert screen.work.form.text("company")
        assert not screen.work.form.text("workers"), "the first choice leaves personal data behind"
        assert "[2 Authority (1)]" in text_of(app)
        await pressed(pilot, *"zo", "ctrl+z")
        assert screen.work.form is not None, "first what was typed into the line that is searched by"
        await pressed(pilot, "ctrl+z")
        assert (screen.work.form, screen.work.draft.answers, store.drafts()) == (None, {}, [])


async def test_questions_are_grouped_and_picked_with_space(store: Store, home: Path) -> None:
    async with running(store, home) as (app, pilot):
        screen = await opened(app, pilot)
        await pressed(pilot, "enter", *"finanz", "enter", "f7")
        shown = text_of(app)
        assert "Establishment" in shown
        assert "> [ ] Is the undertaking registered" in shown
        await pressed(pilot, "space")
        assert "> [x] Is the undertaking registered" in text_of(app)
        assert screen.work.picked() == ("EST-01",)
        await pressed(pilot, "space")
        assert screen.work.picked() == ()
        assert isinstance(app.focused, QuestionList)


async def test_a_new_language_rewrites_the_form_and_keeps_text_and_place(store: Store, home: Path) -> None:
    async with running(store, home) as (app, pilot):
        screen = await opened(app, pilot)
        await pressed(pilot, "enter", *"finanz", "enter", "tab")
        await typed(pilot, "Alpbau")
        app.context.language = "fi"
        i18n.install("fi")
        screen.post_message(LanguageChanged())
        await settled(pilot)
        form = screen.query_one(FormView)
        assert form.model.languages == ("fi", "en")
        assert form.field == "company"
        await typed(pilot, " Oy")
        assert form.model.text("company") == "Alpbau Oy"


async def test_what_is_missing_is_one_key_away_and_leads_to_its_field(store: Store, home: Path) -> None:
    async with running(store, home) as (app, pilot):
        screen = await opened(app, pilot)
        await pressed(pilot, "enter", *"finanz", "enter")
        await pressed(pilot, "f5")
        assert "Still missing; Enter goes there:" in text_of(app)
        await pressed(pilot, "down", "down", "enter")
        await settled(pilot)
        assert app.screen is screen
        assert screen.query_one(FormView).field == "justification"
        await pressed(pilot, "f5", "end", "enter")
        await settled(pilot)
        assert "[4 Questions (1)]" in text_of(app)


async def test_with_room_what_is_missing_stands_beside_the_form(store: Store, home: Path) -> None:
    async with running(store, home, size=(120, 40)) as (app, pilot):
        screen = await opened(app, pilot)
        await pressed(pilot, "enter", *"finanz", "enter")
        line = next(line for line in text_of(app).splitlines() if "Reason for the request" in line)
        assert "Still missing" not in text_of(app)
        form = screen.query_one(FormView)
        form.focus_field("justification")
        await typed(pilot, "Site")
        await settled(pilot)
        assert form.model.text("justification") == "Site"
        beside = [item for item in screen.query_one(CheckList).items if not isinstance(item, str)]
        assert [gap.field for gap in beside] == ["subject", "company", ""], line
        # Tab passes the list, F5 goes into it and Escape back.
        await pressed(pilot, "f5")
        assert app.focused is screen.query_one(CheckList)
        await pressed(pilot, "escape")
        assert form.field == "justification"
        await pressed(pilot, "f5", "enter")
        await settled(pilot)
        assert form.field == "subject"
        await pressed(pilot, "shift+tab")
        assert app.focused is not screen.query_one(CheckList)


async def test_one_key_shows_what_the_other_side_sees(store: Store, home: Path) -> None:
    async with running(store, home) as (app, pilot):
        screen = await opened(app, pilot)
        await pressed(pilot, "enter", *"finanz", "enter")
        form = screen.query_one(FormView)
        form.focus_field("workers")
        await typed(pilot, "Anna")
        await pressed(pilot, "ctrl+o")
        assert "before it accepts" in text_of(app)
        assert "Anna" not in text_of(app)
        await pressed(pilot, "space")
        assert "after it accepts" in text_of(app)
        assert "Anna" in text_of(app)
        await pressed(pilot, "escape")
        assert app.screen is screen
