"""A list in groups: headings between the rows, and what stands in each line.

Only the sizes of the groups are known; their rows are read as a window over each needs them. The cursor passes over the
heading of an open group. That of a folded one stands for its cases, and the cursor can stand on it.
"""

from __future__ import annotations

import functools
from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

from imi_core import collation
from imi_tui.cache.listing.grouping import value_of
from imi_tui.cache.model import GROUPINGS
from imi_tui.i18n import N_, _, language, ngettext
from imi_tui.viewmodel.cells import fit, one_line
from imi_tui.viewmodel.fixed import FixedRows
from imi_tui.viewmodel.suspects import narrow
from imi_tui.viewmodel.window import Window

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Collection, Sequence

    from imi_tui.cache.listing.grouping import Tally
    from imi_tui.cache.model import GroupId, Row, SortId, ViewId
    from imi_tui.cache.store import Store
    from imi_tui.viewmodel.rows import Words

NAMES: dict[str, str] = {
    "": N_("not in groups"),
    "due": N_("by deadline"),
    # Translators: a list is put in groups by the country of the other side.
    "country": N_("by country"),
    "authority": N_("by authority"),
    # Translators: a list is put in groups by the legal area of the cases.
    "area": N_("by legal area"),
    # Translators: a list is put in groups by the procedure of the cases.
    "procedure": N_("by procedure"),
    # Translators: a list is put in groups by the state of the cases.
    "state": N_("by state"),
    # Translators: a list is put in groups by the officer who looks after the cases.
    "handler": N_("by who looks after the case"),
}
"""What a list can be put in groups by, "" for no groups."""
DUE_NAMES: dict[str, str] = {
    "overdue": N_("overdue"),
    "today": N_("today"),
    # Translators: the heading of a group of cases: due between tomorrow and Sunday.
    "week": N_("this week"),
    # Translators: the heading of a group of cases: due between the next Monday and the Sunday after.
    "next_week": N_("next week"),
    # Translators: the heading of a group of cases: due after the next week.
    "later": N_("later"),
    "none": N_("no deadline"),
}
sort_key = functools.lru_cache(16384)(collation.sort_key)
"""Groups are put in order with every key that changes the list."""
Key = tuple[int, tuple[str, str], str]
"""(rank, what names of one rank are sorted by, label) of a group."""
_NONE = "-"
"""What stands for nothing, as in the columns of the list."""


class Heading(NamedTuple):
    """The line above a group."""

    id: str
    label: str
    cases: int
    folded: bool = False


class Part(NamedTuple):
    """A group: what it is called, how many cases it has, and what makes a window over them."""

    id: str
    label: str
    cases: int
    window: Callable[[], Window]


class Names:
    """What groups are called and in which order they come."""

    def __init__(self, store: Store, words: Words) -> None:
        self._words = words
        self._language = language()
        self._officers = {id: name for (_desk, id), name in store.handlers.names().items()}
        self._me = str(store.officer().get("id", ""))

    def of(self, by: GroupId, value: str) -> Key:
        """The group that cases with this value belong to."""
        rank, label = 0, ""
        match by:
            case "due":
                return list(DUE_NAMES).index(value), ("", ""), _(DUE_NAMES[value])
            case "country":
                # The codes stand in front, and are no words: Maltese has "ie" as a letter behind "i".
                label = f"{value}  {self._words.country(value)}" if value else ""
                return 0, sort_key(value, "en"), label or _NONE
            case "authority":
                country, _space, name = value.partition(" ")
                return int(not name), sort_key(name, self._language), f"{country}  {narrow(name)}" if name else _NONE
            case "area":
                label = self._words.area(value)
            case "procedure":
                label = self._words.procedure(value)
            case "state":
                procedure, state, mine = value.split(" ")
                # What is to be done here comes first.
                rank, label = int(mine != "1"), self._words.of_state(procedure, state, mine=mine == "1")
            case "handler":
                name = self._officers.get(value, "")
                if value and value == self._me:
                    rank, name = -1, f"{name or value} ({_('you')})"
                label, rank = name or _("nobody"), rank if name else 2
        return rank, sort_key(label, self._language), label or _NONE


class Grouped:
    """The lines of a list in groups, read like a `Window`. `of` says in which group a case is, "" where in none."""

    def __init__(self, parts: Sequence[Part], folded: Collection[str], of: Callable[[str, str], str]) -> None:
        self._parts, self._of = parts, of
        self.folded = frozenset(folded)
        self._windows: dict[int, Window] = {}
        self._at = {part.id: index for index, part in enumerate(parts)}
        self._sizes = [part.cases for part in parts]
        self._lay_out()

    def _lay_out(self) -> None:
        self._starts, line = [], 0
        for part, size in zip(self._parts, self._sizes, strict=True):
            self._starts.append(line)
            line += 1 if part.id in self.folded else size + 1
        self.exact = True
        self.count = line
        """Lines, with headings."""
        self.cases = sum(self._sizes)
        """Cases, those in folded groups too."""

    @property
    def groups(self) -> list[str]:
        """All groups in order."""
        return [part.id for part in self._parts]

    def get(self, index: int) -> Row | Heading | None:
        """What stands in this line, counting from 0; None outside the list."""
        if not 0 <= index < self.count:
            return None
        at, row = self._place(index)
        return self._heading(at) if row < 0 else self._row(at, row)

    def group(self, index: int) -> Heading | None:
        """The heading of the group that a line belongs to."""
        return self._heading(self._place(index)[0]) if 0 <= index < self.count else None

    def stop(self, index: int, step: int = 1) -> int:
        """The line nearest to `index` where the cursor may stand, looking in the direction of `step` first."""
        index = max(0, min(index, self.count - 1))
        if not self.count or not self._is_passed(index):
            return index
        # Below the heading of an open group there is a row, above it whatever the group before ends with.
        return index + 1 if step > 0 or index == 0 else index - 1

    def step(self, index: int, by: int) -> int:
        """The line `by` stops away."""
        for _one in range(abs(by)):
            near = index + (1 if by > 0 else -1)
            if not 0 <= near < self.count:
                break
            found = self.stop(near, by)
            if (found - index) * by <= 0:
                break
            index = found
        return index

    def leap(self, index: int, by: int) -> int:
        """The first stop of the next (1) or the previous (-1) group; of this one for -1 where that is further up."""
        if not self.count:
            return index
        at, row = self._place(index)
        first = self.stop(self._starts[at])
        if by < 0 and row >= 0 and index > first:
            return first
        at += by
        return self.stop(self._starts[at]) if 0 <= at < len(self._parts) else index

    def ordinal(self, index: int) -> int:
        """How many cases stand in front of this line."""
        if not self.count:
            return 0
        at, row = self._place(index)
        return sum(self._sizes[:at]) + max(0, row)

    def numbers(self, first: int, last: int) -> list[int]:
        """The numbers of the cases from one line to another, both included, with all of a folded group."""
        out: list[int] = []
        begin = max(0, bisect_right(self._starts, first) - 1)
        for at in range(begin, len(self._parts)):
            start = self._starts[at]
            if start > last:
                break
            folded = self._parts[at].id in self.folded
            low = 0 if folded else max(0, first - start - 1)
            high = self._sizes[at] - 1 if folded else min(self._sizes[at] - 1, last - start - 1)
            if low <= high:
                out += self._window(at).numbers(low, high)
        return out

    def find(self, desk: str, id: str, near: int) -> int | None:
        """The line of a case, that of its heading where the group is folded; None where it is no longer here."""
        at = self._at.get(self._of(desk, id))
        if at is None:
            return None
        start = self._starts[at]
        found = self._window(at).find(desk, id, max(0, near - start - 1))
        if found is None:
            return None
        return start if self._parts[at].id in self.folded else start + 1 + found

    def heading_of(self, group: str) -> int | None:
        """The line of a group's heading."""
        return self._starts[self._at[group]] if group in self._at else None

    def _place(self, index: int) -> tuple[int, int]:
        """(group, number of the row in it) of a line; -1 for the heading."""
        at = max(0, bisect_right(self._starts, index) - 1)
        return at, index - self._starts[at] - 1

    def _heading(self, at: int) -> Heading:
        part = self._parts[at]
        return Heading(part.id, part.label, self._sizes[at], part.id in self.folded)

    def _is_passed(self, index: int) -> bool:
        at, row = self._place(index)
        return row < 0 and self._parts[at].id not in self.folded

    def _window(self, at: int) -> Window:
        if at not in self._windows:
            self._windows[at] = self._parts[at].window()
        return self._windows[at]

    def _row(self, at: int, row: int) -> Row | None:
        window = self._window(at)
        found = window.get(row)
        if window.count != self._sizes[at]:
            # It holds fewer rows than was said: what follows moves up.
            self._sizes[at] = window.count
            self._lay_out()
        return found


def of_view(store: Store, words: Words, view: ViewId, sort: SortId, by: GroupId, folded: Collection[str]) -> Grouped:
    """A view in groups. What it takes has to be there (`Grouping.prepare`)."""
    names, today = Names(store, words), store.today()
    values: dict[str, list[Tally]] = {}
    for tally in store.grouping.tally(view, by, sort):
        values.setdefault(tally.value, []).append(tally)
    found: dict[Key, list[Tally]] = {}
    for value, tallies in values.items():
        found.setdefault(names.of(by, value), []).extend(tallies)

    def window(tallies: list[Tally]) -> Callable[[], Window]:
        def make() -> Window:
            rows = store.grouping.rows(view, by, sort, tallies)
            return Window(rows, view, sort, rows.count)

        return make

    def of(desk: str, id: str) -> str:
        row = store.row(desk, id, view, sort)
        return _id(names.of(by, value_of(row, by, today))) if row is not None else ""

    parts = [
        Part(_id(key), key[2], sum(each.cases for each in found[key]), window(found[key])) for key in sorted(found)
    ]
    return Grouped(parts, folded, of)


def of_rows(
    store: Store, words: Words, rows: Sequence[Row], by: GroupId, today: dt.date, folded: Collection[str]
) -> Grouped:
    """Hits of a search in groups."""
    names = Names(store, words)
    found: dict[Key, list[Row]] = {}
    where: dict[tuple[str, str], str] = {}
    for row in rows:
        key = names.of(by, value_of(row, by, today))
        found.setdefault(key, []).append(row)
        where[row.desk, row.id] = _id(key)

    def window(some: list[Row]) -> Callable[[], Window]:
        return lambda: Window(FixedRows(some), "all", "due", len(some))

    parts = [Part(_id(key), key[2], len(found[key]), window(found[key])) for key in sorted(found)]
    return Grouped(parts, folded, lambda desk, id: where.get((desk, id), ""))


def _id(key: Key) -> str:
    return f"{key[0]} {key[2]}"


def said(heading: Heading) -> str:
    """A heading as one sentence for a screen reader."""
    text = plainly(heading)
    # Translators: the heading of a group whose cases are hidden, as a screen reader says it.
    return _("{group}, folded").format(group=text) if heading.folded else text


def plainly(heading: Heading) -> str:
    """A heading in words."""
    text = ngettext("{what}: {count} case", "{what}: {count} cases", heading.cases)
    return one_line(text.format(what=heading.label, count=heading.cases))


def line(heading: Heading, width: int, *, cursor: bool) -> str:
    """A heading in exactly `width` cells; its text begins where the columns do."""
    sign = "[+]" if heading.folded else "[-]"
    return fit(f"{'>' if cursor else ' '}{sign} {plainly(heading)}", width)


def choices() -> list[tuple[str, str]]:
    """(text, id) of the groupings to choose from."""
    return [(_(NAMES[by]), by) for by in ("", *GROUPINGS)]
