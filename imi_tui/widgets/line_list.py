"""A list of items of one or more lines each, drawn with the Line API: questions, authorities, outbox, drafts, options.

Subclasses say how an item reads in `lines_of`. A key repaints the lines of two items. The cursor stays on its item
when the items change, and the terminal's own cursor is parked on it for screen readers.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from rich.segment import Segment
from textual.geometry import Offset, Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from imi_tui.framework.bindings import bindings
from imi_tui.widgets.parking import give_back, has_keys, lead

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.text import Text
    from textual import events

Item = TypeVar("Item")
GUTTER = 2
"""Cells before each line: ">" stands there on the item under the cursor."""
LEAST = 10
"""Cells for which lines are made where there are fewer."""


class LineList(ScrollView, Generic[Item], can_focus=True):
    """Items in order. `key_of` names an item across changes, `is_item` is false for headings the cursor skips."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"line-list--cursor", "line-list--heading"}
    DEFAULT_CSS = """
    LineList {
        height: 1fr; scrollbar-gutter: stable; scrollbar-size-vertical: 1; scrollbar-size-horizontal: 0;
        .line-list--cursor {
            background: $block-cursor-background;
            color: $block-cursor-foreground;
            text-style: $block-cursor-text-style;
        }
        .line-list--heading { text-style: bold; }
    }
    """
    BINDINGS = bindings("rows")
    DRIVEN = False
    """Whether keys reach the list while an input beside it has the focus, so that its cursor always shows."""

    @dataclass
    class Moved(Message):
        """The cursor is on another item, or on none."""

        list: LineList[object]
        item: object | None

        @property
        def control(self) -> LineList[object]:
            """The list."""
            return self.list

    @dataclass
    class Opened(Message):
        """An item was clicked while the cursor was on it."""

        list: LineList[object]
        item: object

        @property
        def control(self) -> LineList[object]:
            """The list."""
            return self.list

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._items: list[Item] = []
        self._index = 0
        self._lines: list[tuple[int, Text]] = []
        self._first: list[int] = []
        self._width = 0

    # -- for subclasses ---------------------------------------------------------------------------------------------

    def key_of(self, item: Item) -> object:
        """What stays the same when an item is read again."""
        return item

    def is_item(self, item: Item) -> bool:
        """Whether the cursor may stand on it."""
        return True

    @abstractmethod
    def lines_of(self, item: Item, width: int) -> list[Text]:
        """The item in lines of at most `width` cells."""

    # -- for screens ------------------------------------------------------------------------------------------------

    @property
    def item(self) -> Item | None:
        """The item under the cursor."""
        if 0 <= self._index < len(self._items) and self.is_item(self._items[self._index]):
            return self._items[self._index]
        return None

    @property
    def items(self) -> Sequence[Item]:
        """All items."""
        return self._items

    def show(self, items: Sequence[Item], *, at: object = None) -> None:
        """Show other items. The cursor goes to the item with key `at`, else stays on its own, else to the nearest."""
        before = self.item
        wanted = at if at is not None else self.key_of(before) if before is not None else None
        self._items = list(items)
        found = next((index for index, item in enumerate(self._items) if self.key_of(item) == wanted), None)
        self._index = found if found is not None else self._near(min(self._index, len(self._items) - 1))
        if wanted is None:
            self._index = self._near(0)
        self._lay_out()
        self._reveal()
        give_back(self)
        self.post_message(self.Moved(self, self.item))  # type: ignore[arg-type]

    def redraw(self) -> None:
        """Draw again what reads differently now; the items are the same."""
        self._lay_out()

    # -- moving -----------------------------------------------------------------------------------------------------

    def action_move(self, step: int) -> None:
        """One item up or down."""
        lead(self)
        index = self._index + step
        while 0 <= index < len(self._items) and not self.is_item(self._items[index]):
            index += step
        if 0 <= index < len(self._items):
            self._go(index)
        elif self._first:
            # Headings above the first item are worth seeing.
            self.scroll_to(y=0 if step < 0 else len(self._lines), animate=False, force=True)

    def action_page(self, step: int) -> None:
        """One page up or down."""
        if not self._first:
            return
        lead(self)
        line = self._first[self._index] + step * max(1, self.size.height - 1)
        self._go(self._near(self._lines[max(0, min(line, len(self._lines) - 1))][0], step))

    def action_first(self) -> None:
        """To the first item."""
        self._go(self._near(0))

    def action_last(self) -> None:
        """To the last item."""
        self._go(self._near(len(self._items) - 1, -1))

    def _near(self, index: int, step: int = 1) -> int:
        """The item at or nearest to `index`, looking in the direction of `step` first."""
        count = len(self._items)
        for by in (step, -step):
            at = index
            while 0 <= at < count:
                if self.is_item(self._items[at]):
                    return at
                at += 1 if by > 0 else -1
        return 0

    def _go(self, index: int) -> None:
        if index == self._index or not 0 <= index < len(self._items):
            self._reveal()
            return
        old, self._index = self._index, index
        self._refresh_item(old)
        self._refresh_item(index)
        self._reveal()
        self.post_message(self.Moved(self, self.item))  # type: ignore[arg-type]

    # -- drawing ----------------------------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        """One line of the list; `y` counts from the top of the widget."""
        width, at = self.scrollable_content_region.width, self.scroll_offset.y + y
        if at >= len(self._lines):
            return Strip.blank(width, self.rich_style)
        index, text = self._lines[at]
        current = index == self._index and self.is_item(self._items[index])
        style = self.rich_style
        if current and (self.has_focus or self.DRIVEN):
            style += self.get_component_rich_style("line-list--cursor")
        elif not self.is_item(self._items[index]):
            style += self.get_component_rich_style("line-list--heading", partial=True)
        mark = "> " if current and at == self._first[index] else "  "
        segments = [Segment(mark, style), *Segment.apply_style(text.render(self.app.console, end=""), style)]
        return Strip(segments).adjust_cell_length(width, style)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """The lines in this width."""
        self._fit(width - self.styles.scrollbar_size_vertical)
        return len(self._lines)

    def _get_scrollable_region(self, region: Region) -> Region:
        # The layout asks this first of all: what it then decides about the scroll bar, and the first picture, are of
        # lines in the room that the list is just getting.
        inner = super()._get_scrollable_region(region)
        if region:
            self._fit(inner.width)
            self.set_reactive(LineList.virtual_size, Size(inner.width, len(self._lines)))
            self.set_reactive(LineList.show_vertical_scrollbar, len(self._lines) > region.height)
        return inner

    def _fit(self, width: int) -> None:
        if width > 0 and width != self._width:
            self._wrap(width)

    def _lay_out(self) -> None:
        width = self.scrollable_content_region.width
        if width <= 0:
            # The layout comes for the lines when there is room for them.
            self._width, self._lines, self._first = 0, [], []
            return
        self._wrap(width)
        self.virtual_size = Size(self._width, len(self._lines))
        self.refresh()

    def _wrap(self, width: int) -> None:
        self._width = width
        self._lines, self._first = [], []
        for index, item in enumerate(self._items):
            self._first.append(len(self._lines))
            for line in self.lines_of(item, max(LEAST, width) - GUTTER):
                if "\n" in line.plain:
                    # A line end in what somebody else wrote must not tear the list; spans keep their places.
                    line.plain = line.plain.replace("\n", " ")
                self._lines.append((index, line))

    def _refresh_item(self, index: int) -> None:
        if index < len(self._first):
            end = self._first[index + 1] if index + 1 < len(self._first) else len(self._lines)
            top = self._first[index] - self.scroll_offset.y
            self.refresh(Region(0, top, self.size.width, end - self._first[index]))

    def _reveal(self) -> None:
        """Bring the item under the cursor into view, its heading too where it is the first below one."""
        if not self._first:
            return
        start = self._first[self._index]
        if self._index and not self.is_item(self._items[self._index - 1]):
            start = self._first[self._index - 1]
        end = self._first[self._index + 1] if self._index + 1 < len(self._first) else len(self._lines)
        top, height = self.scroll_offset.y, max(1, self.size.height)
        if start < top:
            self.scroll_to(y=start, animate=False, force=True)
        elif end > top + height:
            self.scroll_to(y=min(start, end - height), animate=False, force=True)
        self.park()

    def on_resize(self, _event: events.Resize) -> None:
        """Wrap again for the new width."""
        if self.scrollable_content_region.width != self.virtual_size.width:
            self._lay_out()
        self._reveal()
        self.call_after_refresh(self.park)

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on the item under the mouse; a click on the item under the cursor opens it."""
        at = self.scroll_offset.y + event.y
        if at >= len(self._lines) or not self.is_item(self._items[self._lines[at][0]]):
            return
        if self._lines[at][0] == self._index and (item := self.item) is not None:
            self.post_message(self.Opened(self, item))  # type: ignore[arg-type]
        else:
            self._go(self._lines[at][0])

    def on_focus(self) -> None:
        """Draw the cursor and park the terminal's cursor there."""
        self._refresh_item(self._index)
        self.call_after_refresh(self.park)

    def on_blur(self) -> None:
        """The item under the cursor keeps its mark but not its colour."""
        self._refresh_item(self._index)

    @property
    def is_empty(self) -> bool:
        """Whether there is no item."""
        return not self._items

    def place(self) -> Offset | None:
        """Where the item under the cursor begins on the screen."""
        if not self._first:
            return None
        region = self.content_region
        return Offset(region.x, region.y + self._first[self._index] - self.scroll_offset.y)

    def park(self) -> None:
        """Put the terminal's cursor on the item."""
        if has_keys(self) and (at := self.place()) is not None:
            self.app.cursor_position = at
