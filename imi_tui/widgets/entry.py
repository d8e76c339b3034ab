"""Text inputs for forms: nothing blinks, pasted text is cleaned, the English of Textual stays out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.geometry import Size
from textual.reactive import Reactive
from textual.widgets import Input, TextArea

from imi_core.text import display, words
from imi_tui.viewmodel.cells import cut

if TYPE_CHECKING:
    from textual import events


class LineInput(Input):
    """One line of text. `set_text` sets it without announcing a change by the officer."""

    DEFAULT_CSS = """
    LineInput, LineInput:focus, LineInput:ansi {
        height: 1; padding: 0; border: none; border-left: solid $border-blurred; background: $surface;
    }
    LineInput:focus { border-left: heavy $foreground; }
    """

    # A longer text moves no other widget: without this every letter would arrange the whole screen anew.
    virtual_size = Reactive(Size(0, 0), layout=False)

    def __init__(self, value: str = "", *, id: str | None = None, password: bool = False) -> None:
        super().__init__(value, id=id, password=password, select_on_focus=False)
        self.cursor_blink = False
        self._hint = ""

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

    def set_text(self, text: str) -> None:
        """Put `text` into the field with the cursor at its end."""
        if text != self.value:
            with self.prevent(Input.Changed):
                self.value = text
            self.cursor_position = len(text)

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

    def __init__(self, text: str = "", *, id: str | None = None) -> None:
        super().__init__(text, id=id, compact=False, highlight_cursor_line=False)
        self.cursor_blink = False
        for key in ("f6", "f7"):
            # Textual selects text with these; here function keys belong to the screen.
            self._bindings.key_to_bindings.pop(key, None)

    def set_text(self, text: str) -> None:
        """Replace everything without announcing a change by the officer."""
        if text != self.text:
            with self.prevent(TextArea.Changed):
                self.load_text(text)
            self.move_cursor(self.document.end)

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
