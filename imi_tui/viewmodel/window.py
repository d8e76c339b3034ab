"""A window over a view of the cache: pages read by key, row numbers by counting along.

The cache reads "the next 64 rows after this key" in the same time at a hundred cases and at a million, but it does
not know that a row is the 500,000th. The window counts along as it moves: pages beside a known page are read by key,
only a jump into the unknown uses an offset. A window is good for one state of the cache: after a change, make a new one
and `find` the row again.
"""

from __future__ import annotations

from collections import OrderedDict

from imi_core.lean import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from imi_tui.cache.model import Row, SortId, ViewId

PAGE = 64
KEPT = 12
"""Pages kept in memory; about 800 rows, whatever the number of cases."""


class Rows(Protocol):
    """What a window reads from: the listing part of the cache."""

    def window(self, view: ViewId, sort: SortId, *, after: bytes | None = None, limit: int) -> list[Row]:
        """Rows after a key, from the first one on without."""

    def window_before(self, view: ViewId, sort: SortId, *, before: bytes | None = None, limit: int) -> list[Row]:
        """Rows before a key in list order, the last ones without."""

    def window_at(self, view: ViewId, sort: SortId, offset: int, limit: int) -> list[Row]:
        """Rows from a number on; costs more the further down it is."""

    def row(self, desk: str, id: str, view: ViewId, sort: SortId) -> Row | None:
        """The row of a case in a view, None where it is not in it."""

    def before(self, view: ViewId, sort: SortId, key: bytes) -> int:
        """How many rows stand in front of a key; costs more the more there are."""

    def numbers(self, view: ViewId, sort: SortId, first: bytes, last: bytes) -> list[int]:
        """The numbers of the cases from one key to another, both included."""


class Window:
    """The rows of one view in one order, `count` of them as far as is known; `exact`: there are so many."""

    def __init__(self, rows: Rows, view: ViewId, sort: SortId, count: int, *, exact: bool = False) -> None:
        self._rows, self.view, self.sort, self.count, self.exact = rows, view, sort, count, exact
        self._pages: OrderedDict[int, list[Row]] = OrderedDict()

    @property
    def cases(self) -> int:
        """How many cases there are."""
        return self.count

    @property
    def groups(self) -> list[str]:
        """There are none."""
        return []

    def group(self, index: int) -> None:
        """The heading of the group that a row belongs to: there are none."""

    def stop(self, index: int, step: int = 1) -> int:
        """The row nearest to `index`."""
        return max(0, min(index, self.count - 1))

    def step(self, index: int, by: int) -> int:
        """The row `by` rows away, or the last one on the way there."""
        return self.stop(index + by)

    def leap(self, index: int, by: int) -> int:
        """There is no other group."""
        return index

    def ordinal(self, index: int) -> int:
        """How many cases stand in front of this row."""
        return index

    def heading_of(self, group: str) -> int | None:
        """There are no headings."""
        return None

    def get(self, index: int) -> Row | None:
        """The row with this number, counting from 0; None outside the list."""
        if not 0 <= index < self.count:
            return None
        page = self._page(index // PAGE)
        offset = index % PAGE
        return page[offset] if offset < len(page) else None

    def numbers(self, first: int, last: int) -> list[int]:
        """The numbers of the cases from one row to another, both included; the rows between are not read."""
        begin, end = self.get(first), self.get(last)
        if begin is None or end is None:
            return []
        return self._rows.numbers(self.view, self.sort, begin.key, end.key)

    def find(self, desk: str, id: str, near: int) -> int | None:
        """The number of a case that stood at `near` before a change; None where it is no longer in the view."""
        found = self._rows.row(desk, id, self.view, self.sort)
        if found is None or not self.count:
            return None
        key, number = found.key, min(near, self.count - 1) // PAGE
        if side := self._side(number, key):
            number += side
            other = self._side(number, key)
            if other == side:
                number = self._counted(key)
            elif other:
                # Between two pages nothing stands.
                return None
        return self._in(number, desk, id)

    def _side(self, number: int, key: bytes) -> int:
        """Whether a key stands before a page (-1), on it (0) or behind it (1)."""
        if not 0 <= number * PAGE < self.count:
            return 0
        page = self._page(number)
        if not page or key < page[0].key:
            return -1
        return int(key > page[-1].key)

    def _in(self, number: int, desk: str, id: str) -> int | None:
        """The number of a case that is on this page."""
        for at, row in enumerate(self._page(number) if 0 <= number * PAGE < self.count else ()):
            if (row.desk, row.id) == (desk, id):
                return number * PAGE + at
        return None

    def _counted(self, key: bytes) -> int:
        """The number of the page on which a key stands, which is then read by the key."""
        at = self._rows.before(self.view, self.sort, key)
        number, start = divmod(at, PAGE)
        if number not in self._pages and at:
            ahead = self._rows.window_before(self.view, self.sort, before=key, limit=max(1, start))
            page = self._rows.window(self.view, self.sort, after=ahead[-1].key if ahead else None, limit=PAGE - start)
            self._keep(number, [*ahead, *page] if start else page)
        return number

    def _page(self, number: int) -> list[Row]:
        if number in self._pages:
            self._pages.move_to_end(number)
            return self._pages[number]
        page = self._read(number)
        self._keep(number, page)
        return page

    def _keep(self, number: int, page: list[Row]) -> None:
        self._pages[number] = page
        self._pages.move_to_end(number)
        while len(self._pages) > KEPT:
            self._pages.popitem(last=False)

    def _read(self, number: int) -> list[Row]:
        last = (self.count - 1) // PAGE
        size = self.count - last * PAGE if number == last else PAGE
        before, after = self._pages.get(number - 1), self._pages.get(number + 1)
        if number == 0:
            page = self._rows.window(self.view, self.sort, limit=PAGE)
        elif before and len(before) == PAGE:
            page = self._rows.window(self.view, self.sort, after=before[-1].key, limit=PAGE)
        elif after:
            page = self._rows.window_before(self.view, self.sort, before=after[0].key, limit=PAGE)
        elif number == last:
            page = self._rows.window_before(self.view, self.sort, limit=size)
        else:
            page = self._rows.window_at(self.view, self.sort, number * PAGE, PAGE)
        if len(page) < size and (number == 0 or before):
            # The view holds fewer rows than was said: the list ends here.
            self.count = number * PAGE + len(page)
        return page[:size]
