"""Text inputs for forms: nothing blinks, pasted text is cleaned, the English of Textual stays out.

Ctrl+Z takes back what was typed in a line before it does anything else on the screen around it. A form takes back more
than one field: those of a form are made with `alone` false and leave the key to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.actions import SkipAction
from textual.binding import Binding
from textual.geometry import Offset, Size
from textual.reactive import Reactive
from textual.widgets import Input, TextArea

from imi_core.text import display, words
from imi_tui.viewmodel.cells import cut
from imi_tui.widgets.parking import has_keys, reveal

if TYPE_CHECKING:
    from typing import ClassVar

    from textual import events
    from textual.widget import Widget

    from imi_tui.forms.form_history import History, Step

UNDO, REDO = ("ctrl+z", "super+z"), ("ctrl+y", "super+y")
"""Keys, as the framework has them for texts of several lines."""


def _leave(widget: Widget, *keys: str) -> None:
    """Have keys that the framework binds belong to the screen."""
    for key in keys:
        widget._bindings.key_to_bindings.pop(key, None)


class LineInput(Input):
    """One line of text. `set_text` sets it without announcing a change by the officer."""

    DEFAULT_CSS = """
    LineInput, LineInput:focus, LineInput:ansi {
        width: 1fr; height: 1; padding: 0; border: none; border-left: solid $border-blurred; background: $surface;
    }
    LineInput:focus { border-left: heavy $foreground; }
    """

    BINDINGS: ClassVar = [
        Binding(",".join(UNDO), "undo", show=False),
        Binding(",".join(REDO), "redo", show=False),
    ]
    _remembers = False
    # A longer text moves no other widget: without this every letter would arrange the whole screen anew.
    virtual_size = Reactive(Size(0, 0), layout=False)

    def __init__(self, value: str = "", *, id: str | None = None, password: bool = False, alone: bool = True) -> None:
        super().__init__(value, id=id, password=password, select_on_focus=False)
        self.cursor_blink = False
        self._hint = ""
        self._history: History[str] | None = None
        # What is secret is kept nowhere.
        self._remembers = alone and not password
        if not alone:
            _leave(self, *UNDO, *REDO)

    def hint(self, text: str) -> None:
        """Show `text` while the field is empty, cut with "…" where the field is too narrow for it."""
        self._hint = text
        self._fit_hint()

    def on_resize(self) -> None:
        """Cut the hint anew."""
        self._fit_hint()

    def _fit_hint(self) -> None:
        if self._hint and self.size:
            self.placeholder = cut(self._hint, self.scrollable_content_region.width)

    @property
    def cursor_screen_offset(self) -> Offset:
        """Where the next letter will stand. The framework is a cell further right at the end of the text."""
        region = self.content_region
        return Offset(region.x + self._position_to_cell(self.cursor_position) - self.scroll_offset.x, region.y)

    def set_text(self, text: str) -> None:
        """Put `text` into the field with the cursor at its end."""
        if text != self.value:
            with self.prevent(Input.Changed):
                self.value = text
            self.cursor_position = len(text)

    def rewrite(self, text: str) -> None:
        """Have another text stand there, without announcing it; the cursor comes behind what is different."""
        from imi_tui.forms.form_history import difference

        _start, end = difference(self.value, text)
        if text != self.value:
            with self.prevent(Input.Changed):
                self.value = text
            self.cursor_position = len(text) - end

    def watch_value(self, before: str, value: str) -> None:
        """Remember what was typed."""
        if not self._remembers:
            return
        from imi_tui.forms.form_history import History, Place, Typed

        if self._history is None:
            self._history = History(before)
        self._history.note(value, Place("value"), Typed(before, value))

    def action_undo(self) -> None:
        """Take back what was typed last; once nothing is left the key belongs to the screen."""
        self._show_again(self._history.undo() if self._history is not None else None)

    def action_redo(self) -> None:
        """Write it again."""
        self._show_again(self._history.redo() if self._history is not None else None)

    def _show_again(self, step: Step[str] | None) -> None:
        from imi_tui.forms.form_history import difference

        if step is None:
            raise SkipAction
        text = step.stand
        _start, end = difference(self.value, text)
        self.value = text
        self.cursor_position = len(text) - end

    @property
    def before_cursor(self) -> str:
        """What stands before the cursor."""
        return self.value[: self.cursor_position]

    @property
    def completing(self) -> str:
        """What is being completed."""
        return self.value

    @property
    def text_there(self) -> str:
        """All that stands in the field."""
        return self.value

    def put_in(self, text: str, *, over: int = 0) -> None:
        """Write `text` at the cursor as if it were typed, over as many characters before it."""
        self.replace(display(text, "single"), self.cursor_position - over, self.cursor_position)

    def complete(self, text: str, *, line: bool = False) -> None:
        """Write `text` over what was typed of it."""
        self.value = display(text, "single")
        self.cursor_position = len(self.value)

    def _on_paste(self, event: events.Paste) -> None:
        # Textual keeps the first line only and takes control characters as they come.
        event.prevent_default()
        event.stop()
        if text := display(event.text.strip("\r\n"), "single"):
            self.insert_text_at_cursor(text) if self.selection.is_empty else self.replace(text, *self.selection)


class LinesInput(TextArea):
    """Several lines of text, as high as what is in it. Up and Down leave it at its first and last line."""

    DEFAULT_CSS = """
    LinesInput, LinesInput:focus, LinesInput:ansi {
        height: auto; min-height: 2; max-height: 10; padding: 0; border: none;
        border-left: solid $border-blurred; background: $surface;
    }
    LinesInput:focus { border-left: heavy $foreground; }
    """

    def __init__(self, text: str = "", *, id: str | None = None, alone: bool = True) -> None:
        super().__init__(text, id=id, compact=False, highlight_cursor_line=False)
        self.cursor_blink = False
        # Textual selects text with these; here function keys belong to the screen.
        _leave(self, "f6", "f7")
        if not alone:
            _leave(self, *UNDO, *REDO)

    def set_text(self, text: str) -> None:
        """Replace everything without announcing a change by the officer."""
        if text != self.text:
            with self.prevent(TextArea.Changed):
                self.load_text(text)
            self.move_cursor(self.document.end)

    def rewrite(self, text: str) -> None:
        """Have another text stand there, without announcing it; the cursor comes behind what is different."""
        from imi_tui.forms.form_history import difference

        before = self.text
        if text == before:
            return
        start, end = difference(before, text)
        with self.prevent(TextArea.Changed):
            done = self.replace(text[start : len(text) - end], _at(before, start), _at(before, len(before) - end))
        self.move_cursor(done.end_location)

    @property
    def before_cursor(self) -> str:
        """What stands before the cursor in its line."""
        row, column = self.cursor_location
        return self.document.get_line(row)[:column]

    @property
    def completing(self) -> str:
        """What is being completed: the line with the cursor."""
        return self.document.get_line(self.cursor_location[0])

    @property
    def text_there(self) -> str:
        """All that stands in the field."""
        return self.text

    def put_in(self, text: str, *, over: int = 0) -> None:
        """Write `text` at the cursor as if it were typed, over as many characters before it."""
        row, column = self.cursor_location
        self._write(text, (row, column - over), (row, column))

    def complete(self, text: str, *, line: bool = False) -> None:
        """Write `text` over what was typed of it, and below the line with the cursor where that says something else.

        `line`: it completes one line. Else it completes everything that stands here, where that is a part of it.
        """
        row = self.cursor_location[0]
        end = (row, len(self.completing))
        if not line and _begins(self.text, text):
            self._write(text, (0, 0), self.document.end)
        elif _begins(self.completing, text):
            self._write(text, (row, 0), end)
        else:
            self._write(f"\n{text}", end, end)

    def _write(self, text: str, start: tuple[int, int], end: tuple[int, int]) -> None:
        result = self._replace_via_keyboard(display(text, "multi"), start, end)
        if result is not None:
            self.move_cursor(result.end_location)

    def scroll_cursor_visible(self, center: bool = False, animate: bool = False) -> Offset:
        """Bring the cursor into view, in the form around the text as well: it may show a part of it only."""
        self.call_after_refresh(self.reveal)
        return super().scroll_cursor_visible(center, animate)

    def on_focus(self) -> None:
        """Go on where the cursor is, which may be below what fits."""
        self.call_after_refresh(self.reveal)

    def on_resize(self) -> None:
        """A line more, or another size of the window."""
        self.call_after_refresh(self.reveal)

    def reveal(self) -> None:
        """Show the line with the cursor, where it has the keys."""
        if has_keys(self):
            reveal(self, self.cursor_screen_offset.y - self.region.y)

    async def _on_paste(self, event: events.Paste) -> None:
        event.prevent_default()
        event.stop()
        self._write(event.text, *self.selection)

    async def _on_key(self, event: events.Key) -> None:
        leaves = (event.key == "up" and self._at_edge(0)) or (event.key == "down" and self._at_edge(-1))
        if leaves:
            event.prevent_default()
            event.stop()
            self.screen.focus_previous() if event.key == "up" else self.screen.focus_next()

    def _at_edge(self, edge: int) -> bool:
        line = self.wrapped_document.location_to_offset(self.cursor_location).y
        return line == (0 if edge == 0 else self.wrapped_document.height - 1)


def _begins(typed: str, text: str) -> bool:
    """Whether each word of `typed` begins one of `text`."""
    there = words(text)
    return all(any(each.startswith(word) for each in there) for word in words(typed))


def _at(text: str, index: int) -> tuple[int, int]:
    """Line and column of a character of a text."""
    return text.count("\n", 0, index), index - (text.rfind("\n", 0, index) + 1)
