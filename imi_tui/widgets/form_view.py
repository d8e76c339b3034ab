"""A form on screen, by keyboard alone: one field a line, problems under their fields, help for the field at hand.

`FormView(model)` shows a `imi_tui.forms.form.FormModel` and writes every edit into it. On each it calls
`edited(field, typed)` at once (None where nothing was typed) and posts `FormView.Changed`; the screen saves the draft.
Tab, Shift+Tab, Up and Down go from field to field, Enter in a line goes on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static, TextArea

from imi_tui.forms.form_history import Typed
from imi_tui.framework.closing import Leaving
from imi_tui.widgets.choice import Choice
from imi_tui.widgets.entry import LineInput, LinesInput

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual import events
    from textual.app import ComposeResult

    from imi_tui.forms.form import FieldView, FormModel

Control = LineInput | LinesInput | Choice


def label_column(width: int) -> int:
    """Cells that labels beside their fields get in a form `width` cells wide."""
    return max(20, min(46, width * 2 // 5))


def label_text(view: FieldView) -> str:
    """The label with its marks: "Workers !+"."""
    marks = ("!" if view.personal else "") + view.mark
    return f"{view.label} {marks}" if marks else view.label


class FieldRow(Vertical):
    """One field: heading of its block, label, control, problem."""

    def __init__(self, view: FieldView, model: FormModel) -> None:
        super().__init__(classes=f"-{view.kind}" + (" -beside" if view.beside else ""))
        self.view, self._model = view, model
        self.control = self._make()
        # Kept, since a screen that is just being closed has no children to look for.
        self._title = Static(Text(view.heading), classes="heading")
        self._label = Static(Text(label_text(view)), classes="label")
        self._fault = Static(classes="problem")
        self.heard = self.written
        """The text of the control as far as the model knows it."""
        self._heading, self._problem, self._width = "", "", 0

    def _make(self) -> Control:
        if self.view.kind == "line":
            return LineInput(self._model.text(self.view.id), alone=False)
        if self.view.kind == "lines":
            return LinesInput(self._model.text(self.view.id), alone=False)
        return Choice(self.view.options, self._model.chosen(self.view.id), many=self.view.kind == "many")

    @property
    def written(self) -> str:
        """The text that stands in the control; empty where options are chosen."""
        match self.control:
            case LineInput():
                return self.control.value
            case LinesInput():
                return self.control.text
        return ""

    def write(self, text: str) -> None:
        """Put a text that the model knows into the control."""
        if isinstance(self.control, LineInput | LinesInput):
            self.control.set_text(text)
            self.heard = self.written

    def compose(self) -> ComposeResult:
        """Heading, label and control in a line or below each other, problem."""
        yield self._title
        with Horizontal(classes="pair"):
            yield self._label
            yield self.control
        yield self._fault

    def lay_out(self, width: int) -> None:
        """Label beside the control where both fit, else above it."""
        if width == self._width:
            return
        self._width = width
        column = label_column(width)
        label = label_text(self.view)
        stacked = self.view.kind == "lines" or cell_len(label) >= column
        if self.view.kind == "many" and not self.view.beside:
            stacked = stacked or sum(cell_len(text) + 7 for _id, text in self.view.options) > width - column
        self.set_class(stacked, "-stacked")
        self._label.styles.width = "1fr" if stacked else column

    def show_heading(self, heading: str, *, first: bool) -> None:
        """The title of the block that begins here, or none; a free line above all but the first."""
        if heading == self._heading:
            return
        self._heading = heading
        self._title.display = bool(heading)
        self._title.styles.margin = (0 if first else 1, 0, 0, 0)
        self._title.update(Text(heading))

    def show_problem(self, problem: str) -> None:
        """What is wrong with the answer, or nothing."""
        if problem == self._problem:
            return
        self._problem = problem
        self._fault.display = bool(problem)
        self._fault.update(Text(f"^ {problem}" if problem else ""))

    def refresh_value(self) -> None:
        """Show what the model holds, but not over something that it has not heard of yet."""
        if isinstance(self.control, Choice):
            self.control.update_chosen(self._model.chosen(self.view.id))
        elif not self.control.has_focus and self.written == self.heard:
            self.write(self._model.text(self.view.id))

    def rewrite(self) -> None:
        """Show what the model holds, whatever stands in the control."""
        if isinstance(self.control, LineInput | LinesInput):
            self.control.rewrite(self._model.text(self.view.id))
            self.heard = self.written


class Fields(VerticalScroll, can_focus=False, inherit_bindings=False):
    """The fields, scrolling. Up and Down belong to the form, not to the scrolling."""

    BINDINGS: ClassVar = [
        Binding("pageup", "page_up", show=False),
        Binding("pagedown", "page_down", show=False),
    ]


class FormView(Leaving, Widget):
    """Shows and edits a form model. `show_problems` makes everything missing visible and goes to the first."""

    DEFAULT_CSS = """
    FormView { height: 1fr; layout: vertical; }
    FormView #legend { height: auto; max-height: 2; padding: 0 1; text-style: dim; }
    FormView #fields { height: 1fr; scrollbar-size-vertical: 1; }
    FormView #help { height: 2; padding: 0 1; border-top: none; text-style: italic; }
    FieldRow { height: auto; padding: 0 1 0 1; border-left: blank $foreground; }
    FieldRow:focus-within { border-left: outer $foreground; }
    FieldRow .heading { text-style: bold underline; height: auto; display: none; }
    FieldRow .pair { height: auto; }
    FieldRow .label { height: auto; padding: 0 1 0 0; }
    FieldRow .problem { height: auto; color: $text-error; display: none; }
    FieldRow.-stacked .pair { layout: vertical; }
    FieldRow.-stacked Choice, FieldRow.-stacked LineInput, FieldRow.-stacked LinesInput { margin: 0 0 0 2; }
    FieldRow.-beside { padding: 0 1 0 3; }
    """
    BINDINGS: ClassVar = [
        Binding("up", "app.focus_previous", show=False),
        Binding("down", "app.focus_next", show=False),
    ]

    @dataclass
    class Changed(Message):
        """The officer edited a field; the model already holds the new answer."""

        form_view: FormView
        field: str

        @property
        def control(self) -> FormView:
            """The form."""
            return self.form_view

    def __init__(
        self,
        model: FormModel,
        edited: Callable[[str, Typed | None], object] = lambda *_: None,
        *,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self.model = model
        self._edited = edited
        self._rows: dict[str, FieldRow] = {}
        self._written: dict[str, str] = {}
        self.last = ""
        """The field that had the focus last: where to go on when the form is shown again."""

    def compose(self) -> ComposeResult:
        """Legend, fields, help line."""
        legend = self._written["#legend"] = self.model.legend()
        yield Static(Text(legend), id="legend")
        with Fields(id="fields"):
            yield from self._all_rows()
        yield Static(id="help")

    def _row(self, view: FieldView, *, first: bool = False) -> FieldRow:
        row = self._rows[view.id] = FieldRow(view, self.model)
        row.lay_out(self._room())
        row.show_heading(view.heading, first=first)
        return row

    def _room(self) -> int:
        # Before the first layout the form has no width, and a picture may come before anything else is known.
        return self.size.width or self.app.size.width

    def _all_rows(self) -> list[FieldRow]:
        return [self._row(view, first=number == 0) for number, view in enumerate(self.model.visible())]

    async def on_mount(self) -> None:
        """First problems, headings and legend."""
        await self._refresh()

    def on_resize(self, event: events.Resize) -> None:
        """Decide again which labels stand beside their fields."""
        for row in self._rows.values():
            row.lay_out(event.size.width)
        if self.field:
            self._show_help(self.field)
            self.call_after_refresh(self._keep_in_view)

    def _keep_in_view(self) -> None:
        """A smaller window shows the field that is being filled in."""
        if (row := self._rows.get(self.field)) is not None:
            row.scroll_visible(animate=False)
            if isinstance(row.control, LinesInput):
                row.control.reveal()

    # -- for screens ------------------------------------------------------------------------------------------------

    async def show(self, model: FormModel) -> None:
        """Show another model."""
        self.model = model
        fields = self.query_one("#fields")
        with self.app.batch_update():
            await fields.remove_children()
            self._rows.clear()
            await fields.mount_all(self._all_rows())
            await self._refresh()

    def show_problems(self) -> None:
        """Show all that is missing and go to the first field concerned."""
        self.model.demand()
        self._show_problems()
        if problems := self.model.problems("send"):
            self.focus_field(problems[0].field)

    async def rewrite(self) -> None:
        """Show what the model holds now, in the field at hand too: something was taken back, or done again."""
        for row in self._rows.values():
            row.rewrite()
        await self._refresh()

    def focus_field(self, id: str) -> None:
        """Put the cursor into a field; into the first when this one is not asked now."""
        row = self._rows.get(id) or next((row for row in self._rows.values() if row.display), None)
        if row is not None:
            row.control.focus()

    @property
    def field(self) -> str:
        """The field that has the focus, "" where none has."""
        return next((id for id, row in self._rows.items() if row.control.has_focus), "")

    def text_control(self, id: str) -> LineInput | LinesInput | None:
        """Where the text of a field is written, None where it has none."""
        row = self._rows.get(id)
        return row.control if row is not None and isinstance(row.control, LineInput | LinesInput) else None

    def take(self) -> bool:
        """Take into the model what was typed and not announced yet; whether there was anything.

        Textual announces a change by a message. Whoever saves or sends cannot wait for the one that is on its way.
        """
        late = [(id, row) for id, row in self._rows.items() if row.written != row.heard]
        for id, row in late:
            before, row.heard = row.heard, row.written
            self.model.set_text(id, row.written)
            self._edited(id, Typed(before, row.written))
        return bool(late)

    def answered(self) -> None:
        """Answers of other fields than the one at hand were filled in: show them, and tell the screen."""
        self._edited(self.field, None)
        self.call_later(self._refresh)
        self.post_message(self.Changed(self, ""))

    # -- events -----------------------------------------------------------------------------------------------------

    def on_input_changed(self, event: Input.Changed) -> None:
        """A line was edited."""
        event.stop()
        self._typed(event.input)

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """A text was edited."""
        event.stop()
        self._typed(event.text_area)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter goes on to the next field."""
        event.stop()
        self.screen.focus_next()

    def on_choice_pressed(self, event: Choice.Pressed) -> None:
        """An option was chosen or taken back."""
        event.stop()
        if (id := self._id_of(event.choice)) is None:
            return
        if event.choice.many:
            self.model.toggle(id, event.option)
        else:
            self.model.choose(id, event.option)
        self._changed(id)

    async def on_choice_opened(self, event: Choice.Opened) -> None:
        """Show all options of a single choice."""
        from imi_tui.widgets.picker import Picker

        event.stop()
        if (id := self._id_of(event.choice)) is None:
            return

        def chosen(option: str | None) -> None:
            if option is not None:
                self.model.choose(id, option)
                self._changed(id)

        current = next(iter(event.choice.chosen), "")
        await self.app.push_screen(Picker(self._rows[id].view.label, event.choice.options, current), chosen)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Bring the whole field into view and say what may be written there."""
        row = next((row for row in self._rows.values() if row.control is event.widget), None)
        if row is None:
            return
        self.last = row.view.id
        row.scroll_visible(animate=False)
        self._show_help(row.view.id)

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        """Write what was read as it is kept (dates, numbers, amounts) and say what is wrong with it."""
        row = next((row for row in self._rows.values() if row.control is event.widget), None)
        if row is not None:
            row.refresh_value()
            self._show_problems()

    def _typed(self, control: Widget) -> None:
        if (id := self._id_of(control)) is None:
            return
        row = self._rows[id]
        # Not what the message says: more may have been typed since.
        before, typed = row.heard, row.written
        row.heard = typed
        self.model.set_text(id, typed)
        if isinstance(row.control, LinesInput | LineInput) and row.view.source.type in ("text", "multiline"):
            # Only what cleaning changed is written back; dates and numbers wait until the field is left.
            clean = self.model.text(id)
            if clean.strip() and clean != typed:
                row.write(clean)
        self._changed(id, before)

    def _changed(self, id: str, before: str = "") -> None:
        row = self._rows[id]
        # Options of which one holds are gone through with the arrow keys, as a text is typed.
        self._edited(id, None if row.view.kind == "many" else Typed(before, row.written))
        self.call_later(self._refresh)
        self._show_help(id)
        self.post_message(self.Changed(self, id))

    def _id_of(self, control: Widget) -> str | None:
        return next((id for id, row in self._rows.items() if row.control is control), None)

    # -- showing ----------------------------------------------------------------------------------------------------

    async def _refresh(self) -> None:
        """Mount what is asked now, hide what is not, and write headings, values and problems again."""
        # In one picture: what stands below would move while the answer itself does not show yet.
        with self.app.batch_update():
            await self._show_asked()
        self.screen.check_idle()

    async def _show_asked(self) -> None:
        views = self.model.visible()
        fields = self.query_one("#fields")
        before: FieldRow | None = None
        for view in views:
            row = self._rows.get(view.id)
            if row is None:
                row = self._row(view)
                first = fields.children[0] if fields.children else None
                await fields.mount(row, after=before, before=first if before is None else None)
            before = row
        asked = {view.id: view.heading for view in views}
        for id, row in self._rows.items():
            if row.display != (id in asked):
                row.display = id in asked
            row.show_heading(asked.get(id, ""), first=bool(views) and views[0].id == id)
            row.lay_out(self._room())
            row.refresh_value()
        self._write("#legend", self.model.legend())
        self._show_problems()

    def _show_problems(self) -> None:
        problems = self.model.shown_problems()
        focused = self.field
        for id, row in self._rows.items():
            # Half a date is no mistake while it is being typed.
            row.show_problem("" if id == focused and not self.model.strict else problems.get(id, ""))

    def _show_help(self, id: str) -> None:
        self._write("#help", self.model.hint(id, width=self.size.width - 2))

    def _write(self, id: str, text: str) -> None:
        # An update lays the screen out again, which a key should not cost where nothing changed.
        if self._written.get(id) != text:
            self._written[id] = text
            self.query_one(id, Static).update(Text(text))
