"""The officer's own views: search lines with names, kept in `work.db`, as nobody else has them."""

from __future__ import annotations

from imi_core.lean import TYPE_CHECKING, NamedTuple
from imi_core.text import display, fold
from imi_tui.cache.errors import NameTaken
from imi_tui.cache.model import VIEWS

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from imi_tui.cache.storage.db import Database
    from imi_tui.cache.storage.reserve import Reserve

    T = TypeVar("T")

NAME = 40
"""Characters of a name at most."""
DRAFTS = "drafts"
"""What plain commands call the view of what was begun, which are no cases yet or still hang on one."""
GIVEN = frozenset((*VIEWS, DRAFTS))
"""What plain commands call the views that there are: one's own of such a name could not be listed."""


class SavedView(NamedTuple):
    """A search line under a name; `no` is its place among the others."""

    no: int
    name: str
    line: str


class SavedViews:
    """Reading and writing the own views. Names that fold alike are the same name."""

    def __init__(self, work: Database, reserve: Reserve, changed: Callable[[], None]) -> None:
        self._work = work
        self._reserve = reserve
        self._changed = changed

    def all(self) -> list[SavedView]:
        """All of them, in the order in which they were made."""
        return [SavedView(*found) for found in self._work.rows("select no, name, line from saved_view order by no")]

    def named(self, name: str) -> SavedView | None:
        """The one with this name."""
        found = self._work.one("select no, name, line from saved_view where folded = ?", (fold(_clean(name)),))
        return SavedView(*found) if found is not None else None

    def keep(self, name: str, line: str) -> SavedView:
        """Keep a search line under a new name. Raises `NameTaken`; `ValueError` for a name of nothing."""
        return self._write(lambda: self._insert(SavedView(0, _clean(name), line)))

    def put_back(self, view: SavedView) -> SavedView:
        """Have a deleted view again; at the end where another one took its place meanwhile. Raises `NameTaken`."""
        return self._write(lambda: self._insert(view))

    def rename(self, no: int, name: str) -> None:
        """Give a view another name. Raises `NameTaken`; `ValueError` for a name of nothing."""
        name = _clean(name)

        def work() -> None:
            self._free(name, no)
            self._work.run("update saved_view set name = ?, folded = ? where no = ?", (name, fold(name), no))

        self._write(work)

    def delete(self, no: int) -> None:
        """Forget a view; its cases stay where they are."""
        self._write(lambda: self._work.run("delete from saved_view where no = ?", (no,)))

    def _insert(self, view: SavedView) -> SavedView:
        """Inside: keep a view in its place, or in the next one that is free where it has none or that is taken."""
        self._free(view.name, 0)
        if not view.no or self._work.one("select 1 from saved_view where no = ?", (view.no,)) is not None:
            view = view._replace(no=self._work.one("select coalesce(max(no), 0) + 1 from saved_view")[0])
        sql = "insert into saved_view(no, name, folded, line) values(?, ?, ?, ?)"
        self._work.run(sql, (view.no, view.name, fold(view.name), view.line))
        return view

    def _free(self, name: str, no: int) -> None:
        if not name:
            raise ValueError("a view needs a name")
        found = self.named(name)
        if fold(name) in GIVEN or (found is not None and found.no != no):
            raise NameTaken(name)

    def _write(self, work: Callable[[], T]) -> T:
        """Do something in a transaction: what it looked at is still so when it writes, whatever other processes do."""

        def write() -> T:
            with self._work.write():
                return work()

        made = self._reserve.write(write)
        self._changed()
        return made


def _clean(name: str) -> str:
    return display(name.strip(), "single", NAME).strip()
