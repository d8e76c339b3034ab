"""A list in groups over a real cache: every case once, in its group, read by key; and what stands in each line."""

from __future__ import annotations

import datetime as dt
import itertools
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from imi_tui import i18n
from imi_tui.cache.listing import grouped_index
from imi_tui.cache.listing.grouped_index import order_in
from imi_tui.cache.listing.grouping import due_spans, value_of
from imi_tui.cache.model import DATED, GROUPINGS, SORTS, VIEWS, GroupId, Row, SortId, ViewId
from imi_tui.cache.order import sort_of
from imi_tui.cache.store import Store
from imi_tui.viewmodel import grouped, rows
from imi_tui.viewmodel.grouped import Grouped, Heading, Part
from imi_tui.viewmodel.window import PAGE, Window
from tests.shared import once
from tests.tui.screens import filled
from tests.tui.undone import undone

NUMBER = 300


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A cache of demo cases, some of them looked after, put off or waiting to be sent."""
    i18n.install("en")
    store = filled.open_store(
        Path(shutil.copytree(once(tmp_path_factory, "grouped", fill), tmp_path_factory.mktemp("grouped") / "profile"))
    )
    yield store
    store.close()


def fill(home: Path) -> None:
    """Put demo cases into a new cache."""
    store = filled.open_store(home)
    seat = filled.a_desk()
    filled.fill(store, seat, filled.demo(seat, NUMBER))
    store.close()


def in_groups(store: Store, view: ViewId, by: GroupId, sort: SortId, folded: set[str] | None = None) -> Grouped:
    """A view in groups, ready to be read."""
    assert store.grouping.index.prepare(view, by, sort)
    words = rows.Words(store.rules, ("en",))
    return grouped.of_view(store, words, view, sort, by, folded or set())


def lines(window: Grouped) -> list[Row | Heading]:
    """All of it."""
    found = [window.get(index) for index in range(window.count)]
    assert None not in found
    return found  # type: ignore[return-value]


def flat(store: Store, view: ViewId, sort: SortId) -> list[Row]:
    """The view without groups."""
    return store.window(view, sort_of(view, sort), limit=10 * NUMBER)


@pytest.mark.parametrize("by", GROUPINGS)
def test_every_case_of_every_view_stands_once_in_its_group(store: Store, by: GroupId) -> None:
    names = grouped.Names(store, rows.Words(store.rules, ("en",)))
    for view in VIEWS:
        for sort in SORTS if view in ("all", "todo") else ("due",):
            window = in_groups(store, view, by, sort)
            wanted = flat(store, view, order_in(view, by, sort))
            place = {row.n: index for index, row in enumerate(wanted)}
            found = lines(window)
            assert sorted(row.n for row in found if isinstance(row, Row)) == sorted(place), (view, sort)
            assert (window.cases, window.count) == (len(wanted), len(wanted) + len(window.groups))
            heading, left, before = None, 0, -1
            for line in found:
                if isinstance(line, Heading):
                    assert left == 0, f"{view} {sort}: {heading} says more cases than there are"
                    heading, left, before = line, line.cases, -1
                    continue
                assert heading is not None
                assert names.of(by, value_of(line, by, filled.TODAY))[2] == heading.label
                assert place[line.n] > before, "within a group the order is that of the list"
                left, before = left - 1, place[line.n]
            assert left == 0


def test_a_group_is_read_by_key_from_both_ends_and_in_the_middle(store: Store) -> None:
    pairs = (
        ("country", "due"),
        ("due", "due"),
        ("procedure", "reference"),
        ("area", "activity"),
        ("area", "authority"),
    )
    for by, sort in pairs:
        window = in_groups(store, "all", by, sort)  # type: ignore[arg-type]
        tallies = store.grouping.tally("all", by, sort)  # type: ignore[arg-type]
        value = max({each.value for each in tallies}, key=lambda v: sum(t.cases for t in tallies if t.value == v))
        source = store.grouping.rows("all", by, sort, [each for each in tallies if each.value == value])  # type: ignore[arg-type]
        whole = source.window("all", sort, limit=1000)  # type: ignore[arg-type]
        assert len(whole) == source.count > 10
        keys = [row.key for row in whole]
        assert keys == sorted(set(keys))
        assert source.window("all", sort, after=keys[4], limit=5) == whole[5:10]  # type: ignore[arg-type]
        assert source.window_before("all", sort, limit=5) == whole[-5:]  # type: ignore[arg-type]
        assert source.window_before("all", sort, before=keys[9], limit=4) == whole[5:9]  # type: ignore[arg-type]
        for offset in (0, 3, source.count - 3, source.count, -1):
            assert source.window_at("all", sort, offset, 5) == (whole[offset : offset + 5] if offset >= 0 else [])  # type: ignore[arg-type]
        assert [source.before("all", sort, key) for key in keys] == list(range(len(keys)))  # type: ignore[arg-type]
        assert source.numbers("all", sort, keys[2], keys[8]) == [row.n for row in whole[2:9]]  # type: ignore[arg-type]
        at = next(index for index, line in enumerate(lines(window)) if isinstance(line, Row) and line.n == whole[7].n)
        assert window.find(whole[7].desk, whole[7].id, 0) == at


@pytest.mark.parametrize("by", [by for by in GROUPINGS if by != "due"])
def test_no_case_of_another_group_is_read(store: Store, by: GroupId) -> None:
    asked: list[str] = []
    read = store.grouping.read

    def listened(sql: str, values: tuple[object, ...]) -> list[Row]:
        plan = store.grouping._cache.rows(f"explain query plan {sql}", values)
        asked.extend(str(step[3]) for step in plan)
        return read(sql, values)

    window = in_groups(store, "all", by, "activity")
    store.grouping.read = listened  # type: ignore[method-assign]
    try:
        lines(window)
    finally:
        del store.grouping.read
    searched = [step for step in asked if "listing" in step and " l " not in step]
    assert searched
    assert all("COVERING INDEX grouped_" in step and "SCAN" not in step for step in searched), searched
    assert not any("TEMP B-TREE" in step for step in asked)


def test_groups_follow_what_is_done(store: Store) -> None:
    window = in_groups(store, "todo", "state", "due")
    heading = next(line for line in lines(window) if isinstance(line, Heading) and line.label == "to accept")
    row = store.window("to_accept", "due", limit=1)[0]
    assert store.act(row.desk, row.id, "accept", answers={"agreed_days": 14})
    after = in_groups(store, "todo", "state", "due")
    assert (
        next(line for line in lines(after) if isinstance(line, Heading) and line.label == "to accept").cases
        == heading.cases - 1
    )
    at = after.find(row.desk, row.id, 0)
    assert at is not None
    assert after.group(at).label == "to answer"  # type: ignore[union-attr]
    assert window.find("nowhere", "nothing", 0) is None
    undone(store, store.outbox()[0].client_ref)


def test_many_cases_are_put_in_groups_beside_the_caller(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grouped_index, "AT_ONCE", NUMBER // 10)
    store.grouping._cache.run("drop index if exists grouped_handler_reference")
    told: list[object] = []
    end = store.subscribe(told.append)
    assert not store.grouping.index.prepare("all", "handler", "reference")
    store.grouping.index._making.join(20)  # type: ignore[union-attr]
    assert store.grouping.index.problem is None
    assert [changed.kinds for changed in told] == [{"views"}]  # type: ignore[attr-defined]
    assert store.grouping.index.ready("all", "handler", "reference")
    assert store.grouping.index.prepare("all", "handler", "reference")
    end()


def test_what_keeps_the_index_from_being_made_is_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grouped_index, "AT_ONCE", 0)
    monkeypatch.setitem(grouped_index.PLACES, "due", "no_such_column")
    store.grouping._cache.run("drop index if exists grouped_state_due")
    assert not store.grouping.index.prepare("all", "state", "due")
    store.grouping.index._making.join(20)  # type: ignore[union-attr]
    assert store.grouping.index.problem is not None
    assert not store.grouping.index.ready("all", "state", "due")
    store.grouping.index.problem = None


@pytest.mark.parametrize(
    "today", [dt.date(2026, 3, 2), dt.date(2026, 3, 5), dt.date(2026, 3, 8), dt.date.max, dt.date.min]
)
def test_days_are_in_one_group_each_and_weeks_begin_on_monday(today: dt.date) -> None:
    spans = due_spans(today)
    assert spans[0][1] == dt.date.min
    for (_name, _begin, end), (_next, begin, _end) in itertools.pairwise(spans):
        assert end == begin
    names = {name: (begin, end) for name, begin, end in spans}
    assert names["week"][1].weekday() == names["next_week"][1].weekday() == 0  # type: ignore[union-attr]
    assert spans[-1][2] is None


# --- what stands in each line -----------------------------------------------------------------------------------------


def made(sizes: dict[str, int], *folded: str, real: dict[str, int] | None = None) -> Grouped:
    """Groups of rows that are called a1, a2, … in group a."""
    from imi_tui.viewmodel.fixed import FixedRows

    def window(name: str, said: int) -> Window:
        there = (real or sizes)[name]
        found = [
            ROW._replace(desk=name, id=f"{name}{number}", n=hash((name, number))) for number in range(1, there + 1)
        ]
        return Window(FixedRows(found), "all", "due", said)

    parts = [Part(name, name.upper(), size, partial(window, name, size)) for name, size in sizes.items()]
    return Grouped(parts, folded, lambda desk, _id: desk)


ROW = Row("", "", b"", "", "pw.info", "accepted", "", "DE", "", "", "", "full", True, False, 0, 0, 0)


def shown(window: Grouped) -> str:
    """One sign a line: headings by their labels, "+" in front where they are folded."""
    out = []
    for line in lines(window):
        out.append(line.id if isinstance(line, Row) else f"{'+' if line.folded else ''}{line.label}")
    return " ".join(out)


def test_headings_stand_between_rows_and_the_cursor_passes_over_them() -> None:
    window = made({"a": 2, "b": 1, "c": 2}, "b")
    assert shown(window) == "A a1 a2 +B C c1 c2"
    assert (window.count, window.cases) == (7, 5)
    down = [window.stop(0)]
    while (near := window.step(down[-1], 1)) != down[-1]:
        down.append(near)
    assert down == [1, 2, 3, 5, 6], "a folded group can be stood on, the heading of an open one not"
    assert [window.step(index, -1) for index in down] == [1, 1, 2, 3, 5]
    assert [window.stop(index, -1) for index in range(7)] == [1, 1, 2, 3, 3, 5, 6]
    assert [window.leap(index, 1) for index in down] == [3, 3, 5, 5, 6]
    assert [window.leap(index, -1) for index in down] == [1, 1, 1, 3, 5]
    assert [window.ordinal(index) for index in down] == [0, 1, 2, 3, 4]
    assert [window.get(index) for index in (-1, 7)] == [None, None]
    assert shown(made({"a": 1}, "a")) == "+A"
    empty = made({})
    assert (empty.count, empty.stop(0), empty.step(0, 1), empty.leap(0, 1), empty.ordinal(0)) == (0, 0, 0, 0, 0)
    assert (empty.get(0), empty.group(0), empty.numbers(0, 0)) == (None, None, [])


def test_a_range_takes_whole_folded_groups_with_it() -> None:
    window = made({"a": 3, "b": 2, "c": 2}, "b")
    named = {row.n: row.id for part in ("a", "b", "c") for row in lines(made({part: 3})) if isinstance(row, Row)}
    assert [named[n] for n in window.numbers(2, 6)] == ["a2", "a3", "b1", "b2", "c1"]
    assert [named[n] for n in window.numbers(4, 4)] == ["b1", "b2"]
    assert len(window.numbers(0, window.count - 1)) == window.cases == 7


def test_a_case_is_found_under_its_heading_or_behind_it() -> None:
    window = made({"a": 3, "b": 2 * PAGE, "c": 2}, "c")
    assert window.find("b", f"b{PAGE + 5}", 0) == 4 + PAGE + 5
    assert window.find("c", "c2", 0) == window.heading_of("c") == window.count - 1
    assert window.find("d", "d1", 0) is None
    assert window.heading_of("d") is None


def test_a_group_with_fewer_rows_than_was_said_moves_up_what_follows() -> None:
    window = made({"a": 5, "b": 2}, real={"a": 3, "b": 2})
    window.get(4)
    window.get(5)
    assert shown(window) == "A a1 a2 a3 B b1 b2"
    assert (window.count, window.cases) == (7, 5)


def test_a_heading_in_cells_and_in_words() -> None:
    heading = Heading("x", "DE  Germany", 1)
    assert grouped.line(heading, 40, cursor=False) == f"{' [-] DE  Germany: 1 case':<40}"
    assert grouped.line(heading._replace(folded=True, cases=2), 20, cursor=True) == ">[+] DE  Germany: 2…"
    assert grouped.said(heading._replace(folded=True, label="Two\nlines")) == "Two lines: 1 case, folded"


def test_names_of_groups_without_a_value_and_of_ones_nobody_knows(store: Store) -> None:
    names = grouped.Names(store, rows.Words(store.rules, ("en",)))
    assert names.of("country", "")[2] == names.of("authority", " ")[2] == names.of("procedure", "")[2] == "-"
    assert names.of("handler", "nobody-we-know") == names.of("handler", "")
    assert names.of("handler", "")[2] == "nobody"
    assert names.of("handler", filled.OFFICER["id"])[2].endswith("(you)")
    assert names.of("procedure", "xx.new")[2] == "xx.new"
    assert names.of("area", "xx.new")[2] == "XX"
    assert names.of("state", "pw.info accepted 1") < names.of("state", "pw.info accepted 0")


def test_groups_stand_in_the_order_of_the_officers_alphabet(store: Store) -> None:
    order = {}
    for language in ("de", "sv"):
        with i18n.speaking(language):
            names = grouped.Names(store, rows.Words(store.rules, (language,)))
            order[language] = names.of("authority", "SE Ängelholm") < names.of("authority", "SE Berg")
    assert order == {"de": True, "sv": False}


def test_countries_stand_in_the_order_of_their_codes_which_are_no_words(store: Store) -> None:
    with i18n.speaking("mt"):
        names = grouped.Names(store, rows.Words(store.rules, ("mt",)))
        found = sorted(("IT", "IE", "HU", "LI", ""), key=lambda code: names.of("country", code))
    assert found == ["", "HU", "IE", "IT", "LI"]


def test_views_that_depend_on_the_day_have_the_groups_of_their_days(store: Store) -> None:
    for view in DATED:
        labels = {line.label for line in lines(in_groups(store, view, "due", "due")) if isinstance(line, Heading)}
        assert labels <= ({"overdue"} if view == "overdue" else {"today", "this week", "next week"})
        assert labels
