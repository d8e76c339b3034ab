"""What a case and a heading look like on a line of the case list: drawn once for a width, a day and a theme."""

from __future__ import annotations

from collections.abc import Callable

from rich.segment import Segment
from textual.cache import LRUCache
from textual.strip import Strip

from imi_core.lean import TYPE_CHECKING, NamedTuple
from imi_tui.cache.model import Row
from imi_tui.viewmodel import rows
from imi_tui.viewmodel.cells import fit

if TYPE_CHECKING:
    import datetime as dt

    from rich.style import Style

    from imi_tui.viewmodel.grouped import Heading


class Looks(NamedTuple):
    """Styles of rows, and what makes a strip fit to be shown: the app's filters, for colours and for signs."""

    plain: Style
    unread: Style
    alarm: Style
    cursor: Style
    group: Style
    shown: Callable[[Strip], Strip]


class CaseLines:
    """Draws lines and remembers them until `forget` or `restyle`. `looks` is asked once for each theme."""

    def __init__(
        self, words: Callable[[], rows.Words], today: Callable[[], dt.date], looks: Callable[[], Looks], *, spoken: bool
    ) -> None:
        """`spoken`: rows are sentences for a screen reader, not columns."""
        self._words, self._today, self._ask, self._spoken = words, today, looks, spoken
        self._columns: tuple[rows.Column, ...] = ()
        self.width = -1
        self._whole = False
        self._day = today()
        self._strips: LRUCache[tuple[Row | Heading, bool, bool], Strip] = LRUCache(1024)
        self._looks: Looks | None = None

    def fit(self, width: int) -> None:
        """From now on lines have so many cells, and the dates of today."""
        today = self._today()
        if (width, today) == (self.width, self._day):
            return
        self.width, self._day = width, today
        self._columns = rows.columns(max(20, width))
        self._whole = rows.MARKS + sum(column.width + 1 for column in self._columns[1:]) - 1 == width
        self.forget()

    def forget(self) -> None:
        """Draw everything anew from now on, as when words have changed."""
        self._strips.clear()

    def restyle(self) -> None:
        """Draw everything anew in the colours of another theme."""
        self._strips.clear()
        self._looks = None

    def line(self, row: Row | Heading, *, cursor: bool, marked: bool) -> Strip:
        """The line of a case or heading."""
        key = (row, cursor, marked)
        strip = self._strips.get(key)
        if strip is None:
            drawn = self._draw(row, cursor, marked) if isinstance(row, Row) else self._draw_heading(row, cursor=cursor)
            strip = self._strips[key] = drawn
        return strip

    def blank(self) -> Strip:
        """A line below the last row."""
        looks = self._look()
        return looks.shown(Strip.blank(self.width, looks.plain))

    def _look(self) -> Looks:
        if self._looks is None:
            self._looks = self._ask()
        return self._looks

    def _draw(self, row: Row, cursor: bool, marked: bool) -> Strip:
        looks = self._look()
        style = alarm = looks.unread if row.unread else looks.plain
        if cursor:
            style = alarm = looks.cursor
        elif rows.is_due(row, self._day) or row.rejected:
            alarm = style + looks.alarm
        if self._spoken:
            said = rows.spoken(row, self._words(), self._day, marked=marked, width=self.width)
            pieces = [Segment(fit(said, self.width), style)]
        else:
            marks = rows.marks(row, self._day, cursor=cursor, marked=marked)
            due, rest = rows.texts(row, self._columns, self._words(), self._day)
            pieces = [Segment(f"{marks} {due} ", alarm), Segment(rest, style)]
            if self._whole:
                return looks.shown(Strip(pieces, self.width))
        return looks.shown(Strip(pieces).adjust_cell_length(self.width, style))

    def _draw_heading(self, heading: Heading, *, cursor: bool) -> Strip:
        from imi_tui.viewmodel import grouped

        looks = self._look()
        style = looks.cursor if cursor else looks.group
        text = fit(grouped.said(heading), self.width) if self._spoken else ""
        text = text or grouped.line(heading, self.width, cursor=cursor)
        return looks.shown(Strip([Segment(text, style)]).adjust_cell_length(self.width, style))
