"""The case list: a Line API widget that draws what is on screen and holds nothing else.

A key costs two rows, moving past an edge turns the page (cheaper on a slow line than scrolling row by row, as the
whole viewport is painted either way). The cursor follows its case when the data changes. The hardware cursor is
parked on the current row for screen readers and braille displays.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual.geometry import Offset, Region, Size
from textual.message import Message
from textual.reactive import Reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from imi_tui.cache.model import Row
from imi_tui.framework.bindings import bindings
from imi_tui.viewmodel import rows
from imi_tui.widgets.case_lines import CaseLines, Looks
from imi_tui.widgets.case_marks import CaseId, CaseMarks
from imi_tui.widgets.list_frame import ListBar
from imi_tui.widgets.parking import has_keys

if TYPE_CHECKING:
    from textual import events
    from textual.scrollbar import ScrollBar

    from imi_tui.viewmodel.grouped import Grouped, Heading
    from imi_tui.viewmodel.window import Window


class CaseList(CaseMarks, ScrollView, can_focus=True, inherit_bindings=False):
    """Rows of one view of the cache.

    Call `show` with a `Window` to show it, again after each change of the data; the cursor stays on its case.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "case-list--cursor",
        "case-list--unread",
        "case-list--alarm",
        "case-list--quiet",
        "case-list--group",
    }
    DEFAULT_CSS = """
    CaseList {
        height: 1fr; overflow-x: hidden; overflow-y: scroll; scrollbar-size-vertical: 1;
        scrollbar-color: $border-blurred; scrollbar-background: $background;
        .case-list--cursor {
            background: $block-cursor-background;
            color: $block-cursor-foreground;
            text-style: $block-cursor-text-style;
        }
        .case-list--unread { text-style: bold; }
        .case-list--alarm { color: $text-error; }
        .case-list--quiet { color: $foreground; }
        .case-list--group { text-style: bold; }
    }
    """
    BINDINGS = bindings("rows")
    # Another number of rows moves no other widget: without the layout a view change costs half.
    virtual_size = Reactive(Size(0, 0), layout=False)

    class Moved(Message):
        """The cursor is on another case, or on none."""

        def __init__(self, list: CaseList, row: Row | None) -> None:
            super().__init__()
            self.list, self.row = list, row

    class Resized(Message):
        """Rows are of another width."""

    class Folded(Message):
        """The heading of a group was clicked."""

        def __init__(self, list: CaseList, group: str) -> None:
            super().__init__()
            self.list, self.group = list, group

    class Opened(Message):
        """A row was clicked twice."""

        def __init__(self, list: CaseList, row: Row) -> None:
            super().__init__()
            self.list, self.row = list, row

    def __init__(self, words: Callable[[], rows.Words], today: Callable[[], dt.date], *, spoken: bool = False) -> None:
        """`spoken`: rows are sentences for a screen reader, not columns."""
        super().__init__()
        self._lines = CaseLines(words, today, self._looks, spoken=spoken)
        self._window: Window | Grouped | None = None
        self._index = 0
        self.aim: CaseId | None = None
        """The case on which the next `show` puts the cursor, where the view has it."""
        self.home: CaseId | None = None
        """The case to which the next `show` comes back, where the view has not the one under the cursor."""
        self._stepping = False
        self._untouched, self._filling = True, False
        self._told_room = 0

    @property
    def row(self) -> Row | None:
        """The row under the cursor; None on the heading of a folded group too."""
        return self._row(self._index)

    def _row(self, index: int) -> Row | None:
        found = self._window.get(index) if self._window is not None else None
        return found if isinstance(found, Row) else None

    @property
    def heading(self) -> Heading | None:
        """The heading under the cursor."""
        found = self._window.get(self._index) if self._window is not None else None
        return None if found is None or isinstance(found, Row) else found

    @property
    def group(self) -> Heading | None:
        """The heading of the group that the cursor is in."""
        return self._window.group(self._index) if self._window is not None else None

    @property
    def groups(self) -> list[str]:
        """The ids of all groups."""
        return self._window.groups if self._window is not None else []

    @property
    def room(self) -> int:
        """Cells of a row: the width without the scroll bar."""
        return self.scrollable_content_region.width

    @property
    def vertical_scrollbar(self) -> ScrollBar:
        """The bar, made when it is first asked for."""
        if self._vertical_scrollbar is None:
            self._vertical_scrollbar = bar = ListBar(name="vertical", thickness=self.scrollbar_size_vertical)
            bar.display = False
            self.app._start_widget(self, bar)
        return self._vertical_scrollbar

    @property
    def index(self) -> int:
        """The number of the line under the cursor."""
        return self._index

    @property
    def count(self) -> int:
        """How many lines the list has."""
        return self._window.count if self._window is not None else 0

    @property
    def cases(self) -> int:
        """How many cases the list has."""
        return self._window.cases if self._window is not None else 0

    @property
    def ordinal(self) -> int:
        """How many cases stand in front of the one under the cursor."""
        return self._window.ordinal(self._index) if self._window is not None else 0

    def show(self, window: Window | Grouped, *, keep: bool = True, filling: bool = False) -> None:
        """Show another window; with `keep` the cursor follows its case, else it goes to the first row.

        While the list is `filling` a cursor that nobody moved stays above: the most urgent case may come last.
        """
        self._untouched = self._untouched or not keep
        if self._untouched and (filling or self._filling) and self.aim is None:
            keep = False
        self._filling = filling
        before, heading = self.row, self.heading
        stepping, self._stepping = self._stepping, False
        at = (before.desk, before.id) if before is not None else None
        aim, self.aim = self.aim, None
        home, self.home = self.home, None
        self._window = window
        index = 0
        for wanted in (at, aim):
            if keep and wanted is not None:
                found = window.find(*wanted, self._index)
                if wanted == at and stepping and found not in (None, self._index):
                    # The officer's own action moved the case: the one after it is next, not the other end of the list.
                    found = self._index + (1 if found is not None and found < self._index else 0)
                if found is None and wanted == at:
                    found = window.find(*home, self._index) if home is not None else None
                    found = self._index if found is None else found
                index = found if found is not None else index
        if keep and heading is not None and aim is None:
            found = window.heading_of(heading.id)
            index = found if found is not None else self._index
        offset = self._index - self.scroll_offset.y
        if before is not None and keep and not window.exact:
            # A view that holds fewer rows than was said ends sooner; the first paint does not wait for its end.
            window.get(window.count - 1)
        self._index = max(0, window.stop(index))
        self._lines.fit(self.room)
        self.virtual_size = Size(max(1, self.room), window.count)
        self.vertical_scrollbar.window_virtual_size = window.count
        if keep:
            offset = max(offset, self._above(self._index))
            self.scroll_to(y=max(0, self._index - offset), animate=False, force=True)
        else:
            self.scroll_to(y=0, animate=False, force=True)
        self.refresh()
        self.park()
        self.post_message(self.Moved(self, self.row))

    def step_off(self) -> None:
        """Let the next `show` put the cursor on the following case if it moves the one under the cursor away."""
        self._stepping = True

    def centre(self) -> None:
        """Show what stands around the cursor, from the top of the list where the cursor is near it."""
        self.scroll_to(y=max(0, self._index - max(1, self.size.height) // 2), animate=False, force=True)
        self.park()

    def around(self, step: int) -> Row | None:
        """The row `step` rows away from the cursor."""
        index = self._beside(step)
        return self._row(index) if index is not None else None

    def go_around(self, step: int) -> None:
        """Put the cursor on the row that `around` says."""
        if (index := self._beside(step)) is not None:
            self.go(index)

    def _above(self, index: int) -> int:
        """1 where the heading of its group stands above this line: it is to be on screen too."""
        found = self._window.get(index - 1) if self._window is not None else None
        return int(found is not None and not isinstance(found, Row))

    def _beside(self, step: int) -> int | None:
        if self._window is None or not step:
            return self._index
        index = self._index
        while (near := self._window.step(index, step)) != index:
            index = near
            # Folded groups are passed over.
            if self._row(index) is not None:
                return index
        return None

    def go(self, index: int) -> None:
        """Put the cursor on a row, turning the page where it is not on screen."""
        if self._window is None or not self._window.count:
            return
        index = self._window.stop(index, 1 if index >= self._index else -1)
        self._untouched = False
        old, self._index = self._index, index
        if index == old:
            return
        top, height = self.scroll_offset.y, max(1, self.size.height)
        if top <= index < top + height:
            self.redraw_row(old)
            self.redraw_row(index)
        else:
            start = index - self._above(index) if index > old else index - height + 1
            self.scroll_to(y=max(0, min(start, self._window.count - height)), animate=False, force=True)
            self.refresh()
        self.park()
        self.post_message(self.Moved(self, self.row))

    def redraw(self) -> None:
        """Draw every row again, as when words have changed."""
        self._lines.forget()
        self.refresh()

    def action_move(self, step: int) -> None:
        """One row up or down."""
        if self._window is None:
            return
        index = self._window.step(self._index, step)
        if index == self._index and step < 0 and self.scroll_offset.y:
            # A heading above the first row is worth seeing.
            self.scroll_to(y=0, animate=False, force=True)
            self.park()
        self.go(index)

    def action_leap(self, step: int) -> None:
        """To the next group, or the one before."""
        if self._window is not None:
            self.go(self._window.leap(self._index, step))

    def action_page(self, step: int) -> None:
        """One page up or down."""
        height = max(1, self.size.height)
        target = max(0, min(self._index + step * height, self.count - 1))
        top = max(0, min(self.scroll_offset.y + step * height, self.count - height))
        if top != self.scroll_offset.y and self._window is not None:
            self.scroll_to(y=top, animate=False, force=True)
        if self._window is not None:
            # From a heading to the row beside it that is on screen.
            target = self._window.stop(target, -1 if target == top + height - 1 else 1)
        self.go(target)

    def action_first(self) -> None:
        """To the first row."""
        self.go(0)

    def action_last(self) -> None:
        """To the last row."""
        self.go(self.count - 1)

    def render_lines(self, crop: Region) -> list[Strip]:
        """The rows of `crop`, which counts from the top of the widget.

        Not by way of the framework's styles, which ask for borders, padding and opacity of every line anew.
        """
        lines = self._lines
        lines.fit(self.room)
        first, window, index = self.scroll_offset.y, self._window, self._index
        strips: list[Strip] = []
        for y in crop.line_range:
            row = window.get(first + y) if window is not None else None
            if row is None:
                strips.append(lines.blank())
                continue
            marked = isinstance(row, Row) and row.n in self.marked
            strips.append(lines.line(row, cursor=first + y == index, marked=marked))
        left, right = crop.column_span
        return strips if not left and right >= lines.width else [strip.crop(left, right) for strip in strips]

    def on_resize(self, _event: events.Resize) -> None:
        """Keep the cursor on screen; the columns follow when a row is drawn."""
        if self._window is not None:
            self.virtual_size = Size(max(1, self.room), self._window.count)
        if self.room != self._told_room:
            self._told_room = self.room
            self.post_message(self.Resized())
        top, height = self.scroll_offset.y, max(1, self.size.height)
        if not top <= self._index < top + height:
            self.scroll_to(y=max(0, self._index - height // 2), animate=False, force=True)
        self.call_after_refresh(self.park)

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on the row under the mouse; twice opens it."""
        index = self.scroll_offset.y + event.y
        if self._window is None or index >= self._window.count:
            return
        found = self._window.get(index)
        if found is not None and not isinstance(found, Row):
            self.post_message(self.Folded(self, found.id))
            return
        self.go(index)
        if event.chain == 2 and (row := self.row) is not None:
            self.post_message(self.Opened(self, row))

    def on_focus(self, _event: events.Focus) -> None:
        """Park the hardware cursor here."""
        self.park()

    def notify_style_update(self) -> None:
        """Draw again in the colours of a new theme."""
        super().notify_style_update()
        self._lines.restyle()

    def _looks(self) -> Looks:
        plain = self.rich_style
        unread = plain + self.get_component_rich_style("case-list--unread", partial=True)
        alarm = self.get_component_rich_style("case-list--alarm", partial=True)
        cursor = self.get_component_rich_style("case-list--cursor")
        group = plain + self.get_component_rich_style("case-list--group", partial=True)
        filters, background = self.get_line_filters(), self.background_colors[1]

        def shown(strip: Strip) -> Strip:
            for each in filters:
                strip = strip.apply_filter(each, background)
            return strip

        return Looks(plain, unread, alarm, cursor, group, shown)

    def redraw_rows(self) -> None:
        """Paint all rows again."""
        self.refresh()

    def redraw_row(self, index: int) -> None:
        """Paint a row again."""
        self.refresh(Region(0, index - self.scroll_offset.y, self.size.width, 1))

    @property
    def is_empty(self) -> bool:
        """Whether there is no row."""
        return not self.count

    def park(self) -> None:
        """Put the terminal's cursor on the row."""
        if has_keys(self):
            self.app.cursor_position = self.place()

    def place(self) -> Offset:
        """Where the row under the cursor begins on the screen."""
        region = self.content_region
        return Offset(region.x, region.y + self._index - self.scroll_offset.y)
