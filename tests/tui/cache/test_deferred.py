"""What was done with very many cases is right to whoever reads, while their places are still being written."""

from __future__ import annotations

import datetime as dt
import random
import threading
import time
from collections.abc import Iterator
from itertools import chain
from types import SimpleNamespace
from typing import Any

import pytest

from imi_tui.cache import acting
from imi_tui.cache.errors import CacheError, DiskFull
from imi_tui.cache.listing import moves
from imi_tui.cache.model import SORTS, Changed
from imi_tui.cache.order import groups, slots
from imi_tui.cache.store import Store
from imi_tui.cache.sync import Page
from tests.tui.cache.many import ANNA, assignments, drafts, is_settled, kept, written_behind
from tests.tui.screens import filled


@pytest.fixture
def store(made: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """Everything is taken back in the end; some steps are needed for few cases."""
    monkeypatch.setattr(acting, "MANY", 1)
    monkeypatch.setattr(moves, "STEP", 3)
    with written_behind(made):
        yield made


def accept(store: Store) -> list[str]:
    numbers = [row.n for row in store.window("all", "due", limit=500)]
    queued, _refused, left = store.queue_alike(drafts(store, "accept"), numbers)
    assert left == []
    assert len(queued) >= 10
    return [each.client_ref for each in queued]


def take_back(store: Store, refs: list[str]) -> None:
    store.take_back(refs, lambda draft: False, [row.n for row in store.window("all", "due", limit=500)])


Looks = dict[Any, Any]


def ways() -> list[tuple[Any, ...]]:
    """Whatever reads places."""
    found: list[tuple[Any, ...]] = [("counts",), ("groups",), ("rows",), ("standings",), ("found",)]
    found += [("window", view, sort) for view in ("to_accept", "to_answer", "all", "overdue") for sort in SORTS]
    return found


def look(store: Store, way: tuple[Any, ...]) -> Any:
    match way:
        case ("counts",):
            return store.counts()
        case ("groups",):
            return [store.grouping.tally(view, "due", "due") for view in ("todo", "overdue", "due_soon")]
        case ("rows",):
            rows = [store.row(item.desk, item.id, "all", "activity") for item in numbered(store)]
            return [(row.n, row.state, row.pending, row.due, row.unread, row.key) for row in rows if row is not None]
        case ("standings",):
            standings = store.marking.standings([item.n for item in numbered(store)])
            return {n: (each.kind, each.seen.version, len(each.seen.after)) for n, each in standings.items()}
        case ("found",):
            return [store.marking.all(view) for view in ("to_accept", "waiting")], [
                sorted(chain(*store.marking.matching(line, "all"))) for line in ("is:todo", "state:accepted")
            ]
        case (_, view, sort):
            rows = store.window(view, sort, limit=500)
            assert store.window_before(view, sort, limit=500) == rows
            assert store.before(view, sort, rows[-1].key) == len(rows) - 1 if rows else True
            return [(row.n, row.state, row.pending, row.due, row.key) for row in rows]


def numbered(store: Store) -> list[Any]:
    """Number, desk and id of all cases, which nothing changes."""
    found = store._cache.rows("select n, desk, id from listing order by n")
    return [SimpleNamespace(n=n, desk=store.desks.id(desk), id=id) for n, desk, id in found]


def all_looks(store: Store) -> Looks:
    return {way: look(store, way) for way in ways()}


@pytest.mark.parametrize("steps", [0, 1, 2, 5])
def test_what_is_due_is_counted_on_whatever_day_and_however_much_is_written(
    store: Store, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    days = {row.due for row in store.window("open", "due", limit=500)}
    refs = accept(store)
    days |= {row.due for row in store.window("open", "due", limit=500)}
    take_back(store, refs)
    days = sorted(days - {""})
    refs = accept(store)
    for work in (lambda: None, lambda: take_back(store, refs)):
        work()
        rest = store._cache.deferred
        assert rest is not None
        for _step in range(steps):
            store.go_on()
        counted = []
        for day in days:
            monkeypatch.setattr(store._listing, "_today", lambda day=day: dt.date.fromisoformat(day))
            counted.append(store.counts())
        assert rest._orders
        rest.finish()
        for day, found in zip(days, counted, strict=True):
            monkeypatch.setattr(store._listing, "_today", lambda day=day: dt.date.fromisoformat(day))
            store._listing._counted = None
            assert store.counts() == found
        assert len({(found["overdue"], found["due_soon"]) for found in counted}) > 3


def test_how_cases_stand_is_known_while_their_places_are_written(store: Store) -> None:
    numbers = [row.n for row in store.window("all", "due", limit=500)]

    def stand() -> list[tuple[Any, ...]]:
        return [
            (r.n, r.state, r.due, r.activity, r.mine, r.views, r.waits, r.version)
            for r in store._case_kinds.standing(numbers)
        ]

    refs = accept(store)
    for work in (lambda: None, lambda: take_back(store, refs)):
        work()
        kept_known = store._case_kinds._known
        before = dict(kept_known)
        assert len(before) > 50
        found = [stand()]
        store.go_on()
        found.append(stand())
        store._cache.finish()
        found.append(stand())
        assert {n: id(each) for n, each in before.items()}.items() <= {n: id(s) for n, s in kept_known.items()}.items()
        store._case_kinds.forget()
        assert found == [stand()] * 3


@pytest.mark.parametrize("seed", range(12))
def test_every_order_reads_as_if_all_were_written_at_every_step(
    store: Store, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    choose = random.Random(seed)
    # Every other time those that become the same are written with one statement.
    monkeypatch.setattr(moves, "FEW", seed % 2 * 1000)
    before = all_looks(store)
    store._bulk_queue.behind = None
    refs = accept(store)
    after, whole = all_looks(store), kept(store)
    take_back(store, refs)
    store._bulk_queue.behind = lambda: None
    for _round in range(3):
        for expected in (after, before):
            if expected is after:
                refs = accept(store)
            else:
                # Of some it is not known any more where they stood.
                for n in choose.sample(sorted(store._case_kinds.known()), 9 * (seed % 3)):
                    del store._case_kinds._known[n]
                take_back(store, refs)
            assert store._cache.deferred is not None
            for _step in range(choose.randrange(12)):
                store.go_on()
            for way in choose.sample(ways(), 5):
                assert look(store, way) == expected[way], way
                store.go_on()
            while store.go_on():
                pass
            assert all_looks(store) == expected
            if expected is after:
                assert kept(store).keys() == whole.keys()
                assert {name: rows for name, rows in kept(store).items() if name != "outbox"} == {
                    name: rows for name, rows in whole.items() if name != "outbox"
                }
    assert is_settled(store)


def test_only_the_order_that_is_read_is_written_for_it(store: Store) -> None:
    accept(store)
    rest = store._cache.deferred
    assert rest is not None
    left = set(rest._orders)
    store.window("all", "reference", limit=5)
    assert {slot % 8 for slot in left - set(rest._orders)} == {SORTS.index("reference")}
    read = set(rest._orders)
    counted = store.counts()
    assert set(rest._orders) == read
    store.window("to_answer", "due", limit=5)
    written = {*slots(groups("to_answer"), SORTS.index("due"))} & read
    assert read - set(rest._orders) == written != set()
    store.go_on()
    store._listing._counted = None
    assert store.counts() == counted
    store._cache.rows("select count(*) from view_row")
    assert not rest._orders
    assert not rest.over


def test_only_the_rows_that_are_shown_are_written_for_it(store: Store) -> None:
    def written() -> list[int]:
        return [n for (n,) in store._cache.rows_as_written("select n from listing where pending > 0 order by n")]

    queued = store.queue_alike(drafts(store, "accept"), [each.n for each in numbered(store)])[0]
    cases = {(each.desk, each.case_id) for each in queued}
    assert written() == []
    last = next(each for each in reversed(numbered(store)) if (each.desk, each.id) in cases)
    assert store.row(last.desk, last.id, "all", "due").pending == 1
    assert written() == [last.n]
    shown = [row.n for row in store.window("all", "activity", limit=4) if row.pending]
    assert written() == sorted({last.n, *shown})
    assert len(written()) > 1
    for sql in ("select reference from listing", "select n from listing where desk = 1 and id = 'a'"):
        store._cache.rows(sql)
    assert written() == sorted({last.n, *shown})
    store.go_on()
    assert {last.n, *shown} < set(written())
    store._cache.one("select * from listing")
    assert len(written()) == len(queued)


@pytest.mark.parametrize("column", moves.CHANGED)
def test_whoever_reads_what_changes_of_a_row_finds_it_changed(store: Store, column: str) -> None:
    sql = f"select n, {column} from listing l order by n"
    store._cache.run("update listing set rejected = 1 where pending = 0 and n % 3 = 0")
    before = store._cache.rows(sql)
    numbers = [each.n for each in numbered(store)]
    for work in (
        lambda: store.queue_alike(drafts(store, "accept"), numbers),
        lambda: store.queue_alike(assignments(store, ANNA), numbers),
    ):
        work()
        found = store._cache.rows(sql)
        rest = store._cache.deferred
        assert rest is not None
        assert rest._rows is None
        rest.finish()
        assert store._cache.rows(sql) == found
    # Of these cases it is the same desk's turn then, and none is read by it.
    assert found != before or column in ("mine", "unread")


def test_others_see_it_when_it_is_over_and_write_then(store: Store) -> None:
    first = store.window("to_accept", "due", limit=1)[0]
    other = Store.open(store._profile, filled.KEY, now=lambda: filled.NOW)
    refs = accept(store)
    seen: list[int] = []

    def look_and_write() -> None:
        for _time in range(2):
            row = other.row(first.desk, first.id, "all", "due")
            assert row is not None
            seen.append(row.pending)
            other.sync.apply(first.desk, Page("later", cases=[]))

    thread = threading.Thread(target=look_and_write)
    thread.start()
    while not seen:
        time.sleep(0.001)
    while store.go_on():
        time.sleep(0.001)
    thread.join()
    other.close()
    assert seen == [0, 1]
    assert len(refs) == store.outbox_table.counts()[0]
    assert is_settled(store)


@pytest.mark.parametrize("how", ["write", "write_durably", "close", "undo"])
def test_whoever_writes_ends_it_first(store: Store, how: str) -> None:
    refs = accept(store)
    match how:
        case "write":
            with store._cache.write():
                assert store._cache.deferred is None
        case "write_durably":
            store._cache.write_durably("update meta set value = value + 1 where name = 'rows'")
        case "undo":
            take_back(store, refs)
            refs = []
        case "close":
            store._cache.finish()
            other = Store.open(store._profile, filled.KEY, now=lambda: filled.NOW)
            other._bulk_queue.behind = lambda: None
            take_back(other, refs)
            refs = []
            other.close()
            assert other._cache.deferred is None
    while store.go_on():
        pass
    assert is_settled(store)
    assert store.outbox_table.counts()[0] == len(refs)


def test_what_the_server_took_meanwhile_shows_when_it_is_over(store: Store) -> None:
    refs = accept(store)
    store.outbox_table.write_out_all()
    store._work.run("update outbox set state = 'rejected', error = '{}' where client_ref = ?", (refs[0],))
    store.outbox_table.touch([(item.desk, item.case_id) for item in store.outbox() if item.client_ref == refs[0]])
    while store.go_on():
        pass
    assert len([row for row in store.window("all", "due", limit=500) if row.rejected]) == 1
    assert is_settled(store)
    store._work.run("update outbox set state = 'queued', error = null")


@pytest.mark.parametrize("after", [0, 3])
@pytest.mark.parametrize("where", ["steps", "read", "write"])
def test_places_that_cannot_be_written_are_made_good_later(
    store: Store, monkeypatch: pytest.MonkeyPatch, after: int, where: str
) -> None:
    before = all_looks(store)
    refs = accept(store)
    for _step in range(after):
        store.go_on()
    for _time in range(2):
        # The second time they are known.
        shown = look(store, ("counts",))
    assert shown != before["counts",]

    def full(*_given: object) -> None:
        raise DiskFull

    told: list[Changed] = []
    end = store.subscribe(told.append)
    with monkeypatch.context() as patch:
        patch.setattr(store._cache, "many_rows", full)
        patch.setattr(store._cache, "many_keys", full)
        match where:
            case "steps":
                while store.go_on():
                    pass
            case "read":
                # What this brings is read again, as is told.
                store.window("all", "activity", limit=5)
            case "write":
                store._cache.finish()
    end()
    assert store._cache.deferred is None
    assert not store._cache.connection.in_transaction
    assert store._case_kinds.known() == {}
    assert told
    assert all_looks(store) == before, "the list stands as it stood, its counts too"
    assert {item.client_ref for item in store.outbox()} == set(refs)
    store.recover_projection()
    assert look(store, ("counts",)) == shown
    assert is_settled(store)


def test_what_is_no_matter_of_the_files_is_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    accept(store)

    def wrong(*_given: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(store._cache, "many", wrong)
        with pytest.raises(ZeroDivisionError):
            store.go_on()
    assert not store._cache.connection.in_transaction
    assert not store.go_on()
    with pytest.raises(CacheError), store._cache.write():
        raise DiskFull
    store.recover_projection()
    assert is_settled(store)
