"""The form on screen: operated by keyboard alone."""

from __future__ import annotations

import asyncio
import datetime as dt
from types import SimpleNamespace
from typing import TYPE_CHECKING

import msgspec
import pytest
from textual.app import App, ComposeResult
from textual.geometry import Offset

from imi_core.procedure import Rules
from imi_tui.forms.form import TEXT, FormModel
from imi_tui.widgets.choice import Choice, shape_of
from imi_tui.widgets.entry import LineInput, LinesInput
from imi_tui.widgets.form_view import Fields, FormView
from imi_tui.widgets.picker import Picker, matching
from tests.core import world

if TYPE_CHECKING:
    from rich.console import RenderableType
    from textual.screen import Screen
    from textual.widget import Widget

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Stage(App[None]):
    """A form and nothing else; no tour runs, no key was changed."""

    tour = None
    context = SimpleNamespace(keymap={})

    def __init__(self, model: FormModel) -> None:
        super().__init__()
        self.model = model
        self.changes: list[str] = []

    def compose(self) -> ComposeResult:
        yield FormView(self.model)

    def on_form_view_changed(self, message: FormView.Changed) -> None:
        self.changes.append(message.field)


def reply(rules: Rules, *questions: str) -> FormModel:
    case = msgspec.structs.replace(world.case_in(rules, "accepted"), questions=questions)
    return FormModel(rules, "reply", case=case, today=dt.date(2026, 3, 5))


def shown(app: App[None]) -> str:
    lines = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in lines)


async def test_what_is_typed_into_a_line_beside_its_label_stays_on_the_screen(pw_info: Rules) -> None:
    app = Stage(reply(pw_info, "EST-01", "POS-05"))
    async with app.run_test(size=(80, 24)) as pilot:
        form = app.query_one(FormView)
        form.focus_field("EST-01")
        await pilot.press("tab", "space", "tab")
        line = app.focused
        assert isinstance(line, LineInput)
        assert line.region.x > 20, "the label stands beside it"
        await pilot.press(*("word " * 14), "e", "n", "d")
        await pilot.pause()
        assert line.region.right <= app.query_one(Fields).scrollable_content_region.right
        assert "word word end" in shown(app)
        assert line.cursor_screen_offset.x == line.region.right - 1


async def test_the_line_being_written_stays_on_the_screen_where_the_text_does_not_fit(pw_info: Rules) -> None:
    app = Stage(FormModel(pw_info, "message", case=world.case_in(pw_info, "accepted"), today=dt.date(2026, 3, 5)))
    async with app.run_test(size=(80, 9)) as pilot:
        form = app.query_one(FormView)
        form.focus_field(TEXT)
        await pilot.pause()
        for number in range(12):
            await pilot.press(*f"line {number}", "enter")
        await pilot.press(*"last")
        await pilot.pause()
        fields = app.query_one(Fields).content_region
        text = app.focused
        assert isinstance(text, LinesInput)
        assert text.region.height > fields.height
        assert "last" in shown(app)
        await pilot.press(*["up"] * 12)
        await pilot.pause()
        assert "line 0" in shown(app)
        assert fields.contains_point(text.cursor_screen_offset)
        await pilot.press(*["down"] * 12)
        await pilot.resize_terminal(80, 7)
        await pilot.pause()
        assert "last" in shown(app)


async def test_arrows_choose_and_a_follow_up_appears_below(pw_info: Rules) -> None:
    app = Stage(reply(pw_info, "EST-01", "POS-05"))
    async with app.run_test(size=(80, 24)) as pilot:
        form = app.query_one(FormView)
        form.focus_field("EST-01")
        await pilot.pause()
        choice = app.focused
        assert isinstance(choice, Choice)
        assert app.cursor_position == choice.content_region.offset, "screen readers follow the real cursor"
        await pilot.press("right")
        await pilot.pause()
        assert app.model.chosen("EST-01") == ("yes",)
        assert "Registered since" in shown(app)
        await pilot.press("right", "space")
        await pilot.pause()
        assert app.model.chosen("EST-01") == ("no",)
        assert "Registered since" not in shown(app)
        assert app.cursor_position == choice.content_region.offset + Offset(len("( ) Yes   "), 0)
        await pilot.press("delete")
        assert app.model.chosen("EST-01") == ()
        assert set(app.changes) == {"EST-01"}
        await pilot.press("down", "right", "space", "down")
        await pilot.pause()
        assert form.field == "EST-01.cannot", "the line for the reason opened below its question"
        await pilot.press(*"No files", "enter")
        assert app.model.answers["EST-01.cannot"] == "No files"
        assert form.field == "POS-05"


async def test_an_answer_and_what_it_moves_are_one_picture(pw_info: Rules, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures: list[tuple[int, bool]] = []
    mount = Fields.mount

    async def slow(self: Fields, *rows: Widget, before: Widget | None = None, after: Widget | None = None) -> None:
        await mount(self, *rows, before=before, after=after)
        await asyncio.sleep(0.1)

    monkeypatch.setattr(Fields, "mount", slow)

    class Seen(Stage):
        def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
            super()._display(screen, renderable)
            if renderable is not None and not self._batch_count:
                lines = shown(self).splitlines()
                below = next(number for number, line in enumerate(lines) if "Did they usually" in line)
                pictures.append((below, any("(x) Yes" in line for line in lines)))

    app = Seen(reply(pw_info, "EST-01", "POS-05"))
    async with app.run_test(size=(80, 30)) as pilot:
        app.query_one(FormView).focus_field("EST-01")
        await pilot.pause()
        before = pictures[-1]
        pictures.clear()
        await pilot.press("right")
        await pilot.pause()
        assert "Registered since" in shown(app)
        assert set(pictures) <= {before, (before[0] + 1, True)}


async def test_a_form_appears_with_its_fields_at_once(pw_info: Rules, monkeypatch: pytest.MonkeyPatch) -> None:
    def model() -> FormModel:
        return FormModel(pw_info, "send", answers={}, languages=("en",), today=dt.date(2026, 3, 5))

    pictures: list[tuple[int, str]] = []

    class Seen(Stage):
        def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
            super()._display(screen, renderable)
            if renderable is not None and not self._batch_count:
                lines = shown(self).splitlines()
                pictures.extend(
                    (at, line[1:].rstrip().replace("┃", "│")) for at, line in enumerate(lines) if "Subject" in line
                )

    refresh = FormView._refresh

    async def slow(self: FormView) -> None:
        await asyncio.sleep(0.1)
        await refresh(self)

    monkeypatch.setattr(FormView, "_refresh", slow)
    app = Seen(model())
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        await app.query_one(FormView).show(model())
        await pilot.pause()
    assert len(set(pictures)) == 1, "the same place and width in every picture"
    assert pictures[0][1].endswith("│")


async def test_up_and_down_go_from_field_to_field_and_enter_goes_on(pw_info: Rules) -> None:
    model = FormModel(pw_info, "send", answers={}, languages=("en",), today=dt.date(2026, 3, 5))
    app = Stage(model)
    async with app.run_test(size=(80, 24)) as pilot:
        form = app.query_one(FormView)
        form.focus_field("subject")
        await pilot.pause()
        seen = [form.field]
        for key in ("down", "down", "a", "enter", "b", "down", "up", "up", "up", "up", "enter", "end", "down"):
            await pilot.press(key)
            await pilot.pause()
            seen.append(form.field)
        text, register = "company_address", "company_register"
        assert seen[:3] == ["subject", "company", text]
        assert seen[3:7] == [text, text, text, register], "a text is left at its last line"
        assert seen[7:10] == [text, text, "company"], "and at its first"
        assert seen[10:] == ["subject", "company", "company", text]
        assert model.answers == {text: "a\nb"}


async def test_a_long_choice_opens_a_list_to_type_in(pw_info: Rules) -> None:
    model = FormModel(pw_info, "send", answers={}, languages=("en",), today=dt.date(2026, 3, 5))
    app = Stage(model)
    async with app.run_test(size=(80, 24)) as pilot:
        app.query_one(FormView).focus_field("sector")
        await pilot.pause()
        await pilot.press("space")
        await pilot.pause()
        assert isinstance(app.screen, Picker)
        await pilot.press(*"serv", "enter")
        await pilot.pause()
        assert model.answers["sector"] == "services"
        assert "Other services" in shown(app)


async def test_a_date_is_written_back_as_it_is_kept_and_a_mistake_named_below(pw_info: Rules) -> None:
    model = FormModel(pw_info, "send", answers={}, languages=("fi", "en"), today=dt.date(2026, 3, 5))
    app = Stage(model)
    async with app.run_test(size=(80, 24)) as pilot:
        form = app.query_one(FormView)
        form.focus_field("period_from")
        await pilot.pause()
        await pilot.press(*"7.4", "tab", *"soon", "tab")
        await pilot.pause()
        assert "2026-04-07" in shown(app)
        lines = shown(app).split("\n")
        below = next(number for number, line in enumerate(lines) if "Posting until" in line) + 1
        assert "^ This is no date" in lines[below]


def test_options_stand_in_a_row_where_they_fit() -> None:
    assert shape_of(["Yes", "No", "Cannot say"], many=False, width=46) == "row"
    assert shape_of(["Yes", "No", "Cannot say"], many=False, width=20) == "closed"
    assert shape_of(["Ναι, βεβαίως", "Όχι", "Δεν μπορώ να πω"], many=True, width=30) == "column"


def test_typing_narrows_a_list_with_beginnings_first() -> None:
    options = (("AT", "Österreich"), ("EE", "Estland"), ("FI", "Finnland"), ("FR", "Frankreich"))
    assert [id for id, _label in matching(options, "reich")] == ["AT", "FR"]
    assert [id for id, _label in matching(options, "osterr")] == ["AT"]
    assert [id for id, _label in matching(options, "f")] == ["FI", "FR"]
    assert [id for id, _label in matching(options, "fi")] == ["FI"]
    assert matching(options, "xx") == []
    assert matching(options, " ") == list(options)
