"""Phrases and templates with the keyboard: written, inserted, used, thrown away and brought back."""

from __future__ import annotations

from pathlib import Path

import pytest

from imi_tui.cache.personal.snippets import Phrase, Template
from imi_tui.cache.store import Store
from imi_tui.screens import routes
from imi_tui.screens.act import ActScreen
from imi_tui.screens.compose import ComposeScreen
from imi_tui.screens.insert import InsertScreen
from imi_tui.screens.phrases import PhrasesScreen
from imi_tui.screens.templates import TemplatesScreen
from imi_tui.widgets.entry import LinesInput
from imi_tui.widgets.form_view import FormView
from tests.tui.screens.test_inbox_screen import running, settled, text_of
from tests.tui.screens2.test_completion import put
from tests.tui.screens2.test_compose_screen import opened, pressed, typed

pytestmark = pytest.mark.anyio


async def test_an_abbreviation_becomes_its_phrase_in_the_middle_of_a_text(store: Store, home: Path) -> None:
    store.keep_phrases(
        [Phrase("", "ref", "en", "We refer to {reference}\nof {company}."), Phrase("", "x", "en", "Ecks")]
    )
    row = store.window("to_answer", "due", limit=1)[0]
    async with running(store, home) as (app, pilot):
        await app.push_screen(routes.act([(row.desk, row.id)], "message"))
        await settled(pilot)
        assert isinstance(app.screen, ActScreen)
        area = app.focused
        assert isinstance(area, LinesInput)
        await typed(pilot, "Hello ref")
        await pressed(pilot, "f2")
        detail = store.case(row.desk, row.id)
        assert detail is not None
        company = detail.case["request"]["company"]
        assert app.screen.model.entry_text == f"Hello We refer to {row.reference}\nof {company}."
        await pressed(pilot, "space", "f2")
        assert isinstance(app.screen, InsertScreen)
        await pressed(pilot, *"ecks", "enter")
        assert area.text.endswith(f"of {company}. Ecks")


async def test_a_known_company_brings_its_address_along_and_known_persons_go_line_by_line(
    store: Store, home: Path
) -> None:
    from tests.tui.screens import filled

    request = {"company": "Björkbygg", "company_vat": "SE1", "company_address": "Gata 1\nLund"}
    put(store, filled.a_desk(), 1, {**request, "workers": "Anna Nowak, A1 7\nJan Kos"})
    async with running(store, home) as (app, pilot):
        screen = await opened(app, pilot)
        await pressed(pilot, "enter", *"finanz", "enter", "tab", *"Björkbygg", "f2")
        assert "In your cases" in text_of(app)
        assert "> Björkbygg" in text_of(app)
        await pressed(pilot, "enter")
        form = screen.query_one(FormView)
        assert form.field == "company"
        assert form.model.text("company") == "Björkbygg"
        assert form.model.text("company_address") == "Gata 1\nLund"
        assert "Gata 1" in text_of(app)
        await pressed(pilot, "tab", *["backspace"] * 3, "f2", "enter")
        assert form.model.text("company_address") == "Gata 1\nLund"
        form.focus_field("workers")
        await pressed(pilot, *"kos", "f2", "enter")
        assert form.model.text("workers") == "Jan Kos"
        await pressed(pilot, "f2", *"anna", "enter")
        assert form.model.text("workers") == "Jan Kos\nAnna Nowak, A1 7", "the one that stood there stays"
        screen._save()
        assert store.drafts()[0].answers["company_vat"] == "SE1"
        form.focus_field("subject")
        await pressed(pilot, "ctrl+z")
        assert (form.field, form.model.text("workers")) == ("workers", "Jan Kos")
        assert "Taken back: Workers." in [each.message for each in app._notifications]
        await pressed(pilot, *["ctrl+z"] * 5)
        assert screen.work.draft.answers == {"company": "Björkbygg"}, "all that came along goes with it"
        assert form.field == "company"
        await pressed(pilot, "ctrl+z", "ctrl+y")
        screen._save()
        assert store.drafts()[0].answers == {"company": "Björkbygg"}
        assert "Gata 1" not in text_of(app)


async def test_a_template_is_kept_without_personal_data_and_begins_the_next_case(store: Store, home: Path) -> None:
    async with running(store, home) as (app, pilot):
        screen = await opened(app, pilot)
        await pressed(pilot, "enter", *"finanz", "enter")
        await typed(pilot, "Site checks")
        form = screen.query_one(FormView)
        form.focus_field("workers")
        await typed(pilot, "Anna")
        await pressed(pilot, "f7", "space", "t")
        assert "Name of the template:" in text_of(app)
        await pressed(pilot, "enter")
        assert "These may be about a person: Workers" in text_of(app)
        await pressed(pilot, "enter", "escape")
        [template] = store.snippets.templates()
        assert template.name == "Site checks"
        assert template.answers == {"subject": "Site checks", "questions": ["EST-01"]}
        screen = await opened(app, pilot)
        assert "Your templates" in text_of(app)
        await pressed(pilot, "end", "enter")
        assert "[3 Form (2)]" in text_of(app)
        assert screen.work.target is not None
        assert screen.work.picked() == ("EST-01",)
        # One step takes all of it back, and the draft is gone with it.
        await pressed(pilot, "ctrl+z")
        assert "[1 Procedure" in text_of(app)
        assert (screen.work.draft.target, screen.work.draft.answers, screen.work.draft.procedure) == ("", {}, "")
        assert len(store.drafts()) == 1
        await pressed(pilot, "ctrl+y")
        assert screen.work.picked() == ("EST-01",)
        assert len(store.drafts()) == 2


async def test_a_template_over_what_was_written_fills_what_is_empty_and_is_taken_back_entirely(
    store: Store, home: Path
) -> None:
    store.keep_template(Template("", "Checks", "pw.info", answers={"company": "Alpbau", "subject": "Wages"}))
    store.keep_template(Template("", "Urgent", "pw.urgent", answers={"company": "Other"}))
    async with running(store, home) as (app, pilot):
        screen = await opened(app, pilot)
        await pressed(pilot, "enter", *"finanz", "enter", *"Mine", "f6", "f6", "end", "up", "enter")
        answers = screen.work.draft.answers
        assert (answers["company"], answers["subject"]) == ("Alpbau", "Mine")
        await pressed(pilot, "f6", "f6", "end", "enter")
        assert (screen.work.draft.procedure, screen.work.draft.answers["company"]) == ("pw.urgent", "Alpbau")
        await pressed(pilot, "ctrl+z")
        assert screen.work.draft.procedure == "pw.info"
        await pressed(pilot, "ctrl+z")
        assert screen.work.draft.answers == {"subject": "Mine"}
        target = screen.work.draft.target
        await pressed(pilot, "ctrl+z", "ctrl+z")
        assert (target != "", screen.work.draft.target, screen.work.draft.answers) == (True, "", {})
        assert "[2 Authority" in text_of(app)


async def test_templates_are_renamed_thrown_away_brought_back_and_used(store: Store, home: Path) -> None:
    store.keep_template(Template("", "One", "pw.info", answers={"company": "Alpbau"}))
    async with running(store, home, keymap={"app.undo": ("f6",)}) as (app, pilot):
        await app.screen.run_action("go_templates")
        await settled(pilot)
        assert isinstance(app.screen, TemplatesScreen)
        await pressed(pilot, "r", *"Two", "enter")
        assert "> Two" in text_of(app)
        await pressed(pilot, "x")
        assert "There are no templates." in text_of(app)
        assert "Throw away: Two. Press F6 to take it back." in [each.message for each in app._notifications]
        await pressed(pilot, "f6")
        assert "> Two" in text_of(app)
        await pressed(pilot, "f6")
        assert "> One" in text_of(app)
        await pressed(pilot, "y", "y")
        assert store.snippets.templates() == []
        # Without a step that is remembered, too, as after a restart.
        await pressed(pilot, "b")
        assert "> Two" in text_of(app)
        await pressed(pilot, "enter")
        await settled(pilot)
        assert isinstance(app.screen, ComposeScreen)
        assert app.screen.work.draft.answers == {"company": "Alpbau"}


async def test_phrases_are_written_changed_thrown_away_and_brought_back(store: Store, home: Path) -> None:
    async with running(store, home) as (app, pilot):
        await app.screen.run_action("go_phrases")
        await settled(pilot)
        assert isinstance(app.screen, PhrasesScreen)
        await pressed(pilot, "n", *"mfg", "tab", "tab", *"Kind", "f8")
        assert "> mfg  English" in text_of(app)
        assert [each.text for each in store.snippets.phrases()] == ["Kind"]
        await pressed(pilot, "enter", *" x", "f8")
        assert "An abbreviation is one word" in text_of(app)
        await pressed(pilot, "escape", "delete")
        assert "There are no phrases." in text_of(app)
        assert "Throw away: mfg. Press u to take it back." in [each.message for each in app._notifications]
        await pressed(pilot, "u")
        assert "> mfg  English" in text_of(app)
        await pressed(pilot, "n", *"MFG", "tab", "tab", *"Other", "f8")
        assert [each.text for each in store.snippets.phrases()] == ["Other"], "the same abbreviation makes way"
        await pressed(pilot, "u")
        assert [(each.abbreviation, each.text) for each in store.snippets.phrases()] == [("mfg", "Kind")]
        await pressed(pilot, "u")
        assert store.snippets.phrases() == []
        await pressed(pilot, "y", "y")
        assert [each.text for each in store.snippets.phrases()] == ["Other"]


async def test_a_case_is_the_beginning_of_another_one(store: Store, home: Path) -> None:
    row = next(
        row for row in store.window("all", "activity", limit=100) if row.procedure == "pw.info" and row.level == "full"
    )
    async with running(store, home) as (app, pilot):
        await app.push_screen(routes.case(row.desk, row.id))
        await settled(pilot)
        await pressed(pilot, "f9", *"new case like", "enter")
        await settled(pilot)
        assert "That case holds personal data" in text_of(app)
        await pressed(pilot, "enter")
        await settled(pilot)
        assert isinstance(app.screen, ComposeScreen)
        detail = store.case(row.desk, row.id)
        assert detail is not None
        assert app.screen.work.draft.answers["company"] == detail.case["request"]["company"]
        assert "workers" not in app.screen.work.draft.answers


async def test_a_standard_text_is_inserted_in_the_language_of_the_text_and_made_ones_own(
    store: Store, home: Path
) -> None:
    row = store.window("to_answer", "due", limit=1)[0]
    async with running(store, home) as (app, pilot):
        await app.push_screen(routes.act([(row.desk, row.id)], "message"))
        await settled(pilot)
        screen = app.screen
        assert isinstance(screen, ActScreen)
        screen.model.lang = "de"
        await pressed(pilot, "f2")
        shown = text_of(app)
        assert shown.index("Standard texts") < shown.index("More details  de") < shown.index("Documents needed  de")
        await pressed(pilot, *"reminder", "enter")
        assert screen.model.entry_text.startswith(f"Wir nehmen Bezug auf unser Ersuchen {row.reference} vom ")
        assert "{" not in screen.model.entry_text
        await pressed(pilot, "escape")
    async with running(store, home) as (app, pilot):
        await app.screen.run_action("go_phrases")
        await settled(pilot)
        assert isinstance(app.screen, PhrasesScreen)
        assert "> Reason for the request  English" in text_of(app)
        await pressed(pilot, "delete")
        await settled(pilot)
        assert store.snippets.phrases() == []
        assert not store.snippets.may_bring_back("phrase")
        await pressed(pilot, "enter", *"why", "f8")
        [own] = store.snippets.phrases()
        assert (own.abbreviation, own.text.split()[:3]) == ("why", ["We", "need", "this"])
        assert "> why  English" in text_of(app)
