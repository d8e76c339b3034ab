"""Marks on the cases of a list: one, a range, all that is listed, a group."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from imi_tui.cache.model import Row
    from imi_tui.viewmodel.grouped import Grouped, Heading
    from imi_tui.viewmodel.window import Window

CaseId = tuple[str, str]
"""(desk, case id)"""


class CaseMarks:
    """What a list of cases can do with marks; the list has the cursor and paints."""

    if TYPE_CHECKING:
        _window: Window | Grouped | None
        _index: int

        @property
        def row(self) -> Row | None:
            """The row under the cursor."""

        @property
        def count(self) -> int:
            """How many lines the list has."""

        @property
        def group(self) -> Heading | None:
            """The heading of the group that the cursor is in."""

        def go(self, index: int) -> None:
            """Put the cursor on a row."""

        def redraw_rows(self) -> None:
            """Paint all rows again."""

        def redraw_row(self, index: int) -> None:
            """Paint a row again."""

    def __init__(self) -> None:
        super().__init__()
        self.marked: set[int] = set()
        """The numbers of marked cases, in this view or another."""
        self._anchor: CaseId | str | None = None
        """The case, or the folded group, that was marked last."""

    def toggle_mark(self) -> None:
        """Mark or unmark the row under the cursor and go to the next."""
        row = self.row
        if row is None:
            return
        self.marked ^= {row.n}
        self._anchor = (row.desk, row.id)
        self.redraw_row(self._index)
        self.go(self._index + 1)

    def range_to_cursor(self) -> list[int]:
        """The numbers of the cases from the one marked last to the cursor, both included.

        Where none was marked in this list they begin with its first row.
        """
        if self._window is None or not self.count:
            return []
        start = self._anchor_line(self._window)
        if (row := self.row) is not None:
            self._anchor = (row.desk, row.id)
        low, high = sorted((start or 0, self._index))
        return self._window.numbers(low, high)

    def _anchor_line(self, window: Window | Grouped) -> int | None:
        if isinstance(self._anchor, str):
            # A list without groups has no headings, and is shown before anything of groups is loaded.
            heading_of = getattr(window, "heading_of", None)
            return heading_of(self._anchor) if heading_of is not None else None
        return window.find(*self._anchor, self._index) if self._anchor is not None else None

    def all_numbers(self) -> list[int]:
        """The numbers of all cases of the list."""
        return self._window.numbers(0, self.count - 1) if self._window is not None else []

    def group_numbers(self) -> list[int]:
        """The numbers of the cases of the folded group under the cursor, from which a range now begins."""
        if self._window is None:
            return []
        if (group := self.group) is not None:
            self._anchor = group.id
        return self._window.numbers(self._index, self._index)

    def unmark_some(self, numbers: Iterable[int]) -> None:
        """Take these marks away."""
        self.marked.difference_update(numbers)
        self.redraw_rows()

    def mark(self, numbers: Iterable[int]) -> None:
        """Mark these as well."""
        self.marked.update(numbers)
        self.redraw_rows()

    def unmark(self) -> None:
        """Take all marks away."""
        self.marked.clear()
        self._anchor = None
        self.redraw_rows()
