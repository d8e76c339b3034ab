"""A page of blocks that scrolls: case tabs, preview, help."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual.geometry import Offset, Size
from textual.reactive import Reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from imi_tui.framework.bindings import bindings
from imi_tui.viewmodel import blocks
from imi_tui.widgets.parking import give_back, has_keys, lead

if TYPE_CHECKING:
    from rich.style import Style
    from textual import events


class Document(ScrollView, can_focus=True, inherit_bindings=False):
    """Wraps its blocks for its own width and draws only the lines on screen."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "document--heading",
        "document--quiet",
        "document--alarm",
        "document--gutter",
    }
    DEFAULT_CSS = """
    Document {
        height: 1fr; overflow-x: hidden; overflow-y: scroll; scrollbar-size-vertical: 1;
        scrollbar-color: $border-blurred; scrollbar-background: $background;
        .document--heading { text-style: bold; }
        .document--quiet { text-style: italic; }
        .document--alarm { color: $text-error; text-style: bold; }
        .document--gutter { color: $accent; }
    }
    """
    BINDINGS = bindings("rows")
    # Another number of lines moves no other widget: a layout would write every scroll bar on the screen again.
    virtual_size = Reactive(Size(0, 0), layout=False)

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._blocks: list[blocks.Block] = []
        self._lines: list[blocks.Line] = []
        self._width = 0

    def show(self, content: list[blocks.Block], *, keep: bool = False) -> None:
        """Show these blocks, from the top or (with `keep`) from where the reader was."""
        if content == self._blocks:
            return
        self._blocks = content
        give_back(self)
        self._lay_out()
        if not keep:
            self.scroll_to(y=0, animate=False, force=True)

    def render_line(self, y: int) -> Strip:
        """One line of the page."""
        width = self.size.width
        if width != self._width:
            # The first lines are painted before the page hears of the room it got.
            self._wrap(width)
        index = self.scroll_offset.y + y
        if index >= len(self._lines):
            return Strip.blank(width, self.rich_style)
        runs: list[blocks.Span] = [(" ", "plain"), *self._lines[index]]
        used = sum(cell_len(text) for text, _look in runs)
        runs.append((" " * (width - used), "plain"))
        # Neighbours of one look travel as one run: on a slow line every change of style costs a dozen bytes.
        segments = [
            Segment("".join(text for text, _look in group), self._style(look))
            for look, group in groupby(runs, key=itemgetter(1))
        ]
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    def _style(self, look: blocks.Look) -> Style:
        if look == "plain":
            return self.rich_style
        return self.rich_style + self.get_component_rich_style(f"document--{look}", partial=True)

    def on_resize(self, _event: events.Resize) -> None:
        """Wrap again for another width."""
        if self.size.width and self.size.width == self._width:
            self._measure()
        else:
            self._lay_out()
        self.call_after_refresh(self.park)

    def on_focus(self, _event: events.Focus) -> None:
        """Park the hardware cursor here, once the page has its place."""
        self.call_after_refresh(self.park)

    def place(self) -> Offset:
        """Where the page begins on the screen."""
        return self.content_region.offset

    def park(self) -> None:
        """Put the terminal's cursor at the top of the page."""
        if has_keys(self):
            self.app.cursor_position = self.place()

    def action_move(self, step: int) -> None:
        """Scroll by lines."""
        lead(self)
        self.scroll_to(y=self.scroll_offset.y + step, animate=False, force=True)

    def action_page(self, step: int) -> None:
        """Scroll by a page, one line staying."""
        self.action_move(step * max(1, self.size.height - 1))

    def action_first(self) -> None:
        """To the top."""
        self.scroll_to(y=0, animate=False, force=True)

    def action_last(self) -> None:
        """To the end."""
        self.scroll_to(y=len(self._lines), animate=False, force=True)

    def _lay_out(self) -> None:
        width = self.size.width
        if not width:
            self._width = 0
            return
        self._wrap(width)
        self._measure()

    def _measure(self) -> None:
        self.virtual_size = Size(self._width, len(self._lines))
        self.vertical_scrollbar.window_virtual_size = len(self._lines)
        self.refresh()

    def _wrap(self, width: int) -> None:
        self._width = width
        self._lines = blocks.lines(self._blocks, width - 2, aloud=self.app.has_class("-aloud"))
