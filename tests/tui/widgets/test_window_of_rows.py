"""Windows over a real cache of twenty thousand cases: by key, in bounded memory, the cursor's case found again."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from imi_tui.cache.model import Row, SortId, ViewId
from imi_tui.cache.store import Store
from imi_tui.cache.sync import Page
from imi_tui.viewmodel.fixed import FixedRows
from imi_tui.viewmodel.window import KEPT, PAGE, Window
from tests.shared import once
from tests.tui.screens import filled

NUMBER = 20_000


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A cache with `NUMBER` cases."""
    store = filled.open_store(
        Path(shutil.copytree(once(tmp_path_factory, "big", fill), tmp_path_factory.mktemp("big") / "profile"))
    )
    yield store
    store.close()


def fill(home: Path) -> None:
    """Put `NUMBER` cases into a new cache."""
    store = filled.open_store(home)
    seat = filled.a_desk()
    store.sync.set_session(filled.session(seat))
    store.sync.apply("directory", filled.directory_page())
    store.sync.apply(seat.desk, Page("s1", cases=filled.many(seat, NUMBER), filling=0.5))
    store.close()


class Counting:
    """Passes reads on and counts those that cost more the further down they are."""

    def __init__(self, store: Store) -> None:
        self._store, self.offsets, self.reads = store, 0, 0

    def window(self, view: ViewId, sort: SortId, *, after: bytes | None = None, limit: int) -> list[Row]:
        self.reads += 1
        return self._store.window(view, sort, after=after, limit=limit)

    def window_before(self, view: ViewId, sort: SortId, *, before: bytes | None = None, limit: int) -> list[Row]:
        self.reads += 1
        return self._store.window_before(view, sort, before=before, limit=limit)

    def window_at(self, view: ViewId, sort: SortId, offset: int, limit: int) -> list[Row]:
        self.offsets += 1
        return self._store.window_at(view, sort, offset, limit)

    def before(self, view: ViewId, sort: SortId, key: bytes) -> int:
        self.offsets += 1
        return self._store.before(view, sort, key)

    def row(self, desk: str, id: str, view: ViewId, sort: SortId) -> Row | None:
        return self._store.row(desk, id, view, sort)


def at(window: Window, index: int) -> Row:
    """A row that has to be there."""
    found = window.get(index)
    assert found is not None
    return found


def test_paging_through_needs_no_offset_and_misses_no_row(big: Store) -> None:
    source = Counting(big)
    window = Window(source, "all", "activity", big.counts()["all"])
    assert [at(window, index).subject for index in range(3000)] == [f"Case number {index}" for index in range(3000)]
    assert source.offsets == 0
    assert source.reads <= 3000 // PAGE + 1
    assert len(window._pages) <= KEPT


def test_both_ends_and_a_jump_agree(big: Store) -> None:
    window = Window(big, "all", "activity", big.counts()["all"])
    assert at(window, NUMBER - 1).subject == f"Case number {NUMBER - 1}"
    assert at(window, NUMBER - 200).subject == f"Case number {NUMBER - 200}"
    assert at(window, 12_345).subject == "Case number 12345"
    assert window.get(NUMBER) is None
    assert window.get(-1) is None


@pytest.mark.parametrize("place", [12_345, 200 * PAGE, 0])
@pytest.mark.parametrize("near", [0, 12_345, 12_000, NUMBER - 1])
def test_a_case_is_found_wherever_it_moved(big: Store, near: int, place: int) -> None:
    count = big.counts()["all"]
    case = at(Window(big, "all", "activity", count), place)
    source = Counting(big)
    assert Window(source, "all", "activity", count).find(case.desk, case.id, near) == place
    assert source.offsets <= 2, "the page it stood on, and counting to where it stands now"
    assert source.reads <= 4


def test_a_case_that_left_the_view_is_not_found(big: Store) -> None:
    case = at(Window(big, "all", "due", NUMBER), 10)
    assert Window(big, "closed", "due", big.counts()["closed"]).find(case.desk, case.id, 0) is None


def test_a_count_that_is_too_high_is_put_right(big: Store) -> None:
    rows = big.window("all", "due", limit=100)
    window = Window(FixedRows(rows), "all", "due", 500)
    assert [index for index in range(500) if window.get(index) is not None] == list(range(100))
    assert window.count == 100


def test_hits_of_a_search_are_read_like_a_view(big: Store) -> None:
    rows = big.window("all", "due", limit=150)
    window = Window(FixedRows(rows), "all", "due", len(rows))
    assert [at(window, index).id for index in range(149, -1, -1)] == [row.id for row in reversed(rows)]
    assert window.find(rows[140].desk, rows[140].id, 3) == 140
