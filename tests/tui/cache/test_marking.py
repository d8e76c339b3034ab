"""Thousands of cases at once stand as each stands by itself and are read as each is, whatever is remembered."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from imi_tui.cache.bulk import marking
from imi_tui.cache.errors import DiskFull
from imi_tui.cache.store import Store
from imi_tui.cache.sync import Page
from tests.tui.cache.many import desk, drafts
from tests.tui.screens import filled

SEEDS = range(6)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    found = desk(tmp_path_factory)
    yield found
    found.close()


@pytest.fixture(autouse=True)
def _in_small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marking, "PART", 7)


def numbers_of(store: Store) -> list[int]:
    return [row.n for row in store.window("all", "due", limit=500)]


def rows(store: Store) -> dict[int, tuple[Any, ...]]:
    """Everything of each row, by its number."""
    return {row[0]: row for row in store._cache.rows("select * from listing order by n")}


def unread(store: Store) -> dict[int, tuple[int, int]]:
    return {n: (unread, seen) for n, unread, seen in store._cache.rows("select n, unread, seen from listing")}


def anew(store: Store, numbers: list[int], made: random.Random) -> None:
    """Of some of these cases another version came that nobody has seen, given to somebody."""
    rows = store.marking.cases(made.sample(numbers, len(numbers) // 3))
    cases = []
    for where, id in rows:
        detail = store.case(where, id)
        assert detail is not None
        version = detail.case.get("version", 1) + made.randint(1, 3)
        given = {"officer": made.choice(["lyon", ""]), "at": "2026-03-10T09:00:00Z", "by": "metz", "version": version}
        cases.append(detail.case | {"version": version, "assignment": given})
    store.sync.apply(rows[0][0], Page(f"{made.random()}.anew", cases=cases))


def one_by_one(store: Store, numbers: list[int]) -> dict[int, tuple[int, int]]:
    """What reading these makes of each that is unread: seen to the version that is here."""
    versions = dict(store._cache.rows("select n, version from confirmed"))
    before = unread(store)
    return {n: (0, versions.get(n, before[n][1])) for n in numbers if n in before and before[n][0]}


@pytest.mark.parametrize("seed", SEEDS)
def test_each_case_stands_as_it_stands_by_itself(store: Store, seed: int) -> None:
    made = random.Random(seed)
    anew(store, numbers_of(store), made)
    waiting = made.sample(drafts(store, "withdraw"), 40)
    items, _refused = store.queue_all(waiting)
    assert len(items) > 1
    numbers = [*made.sample(numbers_of(store), 90), 10**9]
    made.shuffle(numbers)
    found = store.marking.standings(numbers)
    assert list(found) == sorted(found)
    assert set(found) == set(numbers) - {10**9}
    listed = dict(store.marking._rows(numbers))
    assert found == {n: store.marking._expected(*listed[n]) for n in found}
    assert any(each.seen.after for each in found.values())
    assert len({each.kind for each in found.values()}) > 5
    store._desk_work.undo_all([item.client_ref for item in items], lambda draft: False)
    store.reflect()


@pytest.mark.parametrize("remembered", ["all", "some", "none"])
@pytest.mark.parametrize("seed", SEEDS)
def test_read_and_taken_back_is_what_each_is_by_itself(store: Store, seed: int, remembered: str) -> None:
    made = random.Random(seed)
    everything = numbers_of(store)
    store.marking.read(everything)
    anew(store, everything, made)
    numbers = [*made.sample(everything, 60), 10**9]
    store.marking._case_kinds.forget()
    store.marking.standings({"all": everything, "some": numbers[:30], "none": []}[remembered])
    before, expected = rows(store), one_by_one(store, numbers)
    assert 5 < len(expected) < len(numbers) - 5
    kept = unread(store)
    told = store.marking.read(numbers)
    assert told == [(n, *kept[n]) for n in sorted(expected)]
    assert unread(store) == kept | expected
    assert_remembered(store, numbers)
    assert one_by_one(store, numbers) == {}
    store.marking.unread(told)
    assert rows(store) == before
    assert_remembered(store, numbers)


def assert_remembered(store: Store, numbers: list[int]) -> None:
    """What is remembered of cases is what is read of them anew, but for the places they once stood at."""
    alike = store.marking._case_kinds
    found = alike.standing(sorted(numbers))
    alike.forget()
    assert found == alike.standing(sorted(numbers))


def test_what_somebody_else_wrote_meanwhile_is_seen(store: Store) -> None:
    """Versions that are remembered are of the moment at which they were read."""
    made = random.Random(7)
    numbers = numbers_of(store)
    store.marking.standings(numbers)
    other = filled.open_store(store._cache.path.parent)  # type: ignore[union-attr]
    try:
        anew(other, numbers, made)
    finally:
        other.close()
    expected = one_by_one(store, numbers)
    assert expected
    store.marking.read(numbers)
    assert {n: unread(store)[n] for n in expected} == expected


def test_what_could_not_be_written_is_not_remembered(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = numbers_of(store)
    anew(store, numbers, random.Random(8))
    store.marking.standings(numbers)
    before, ran = rows(store), store._cache.run

    def full(sql: str, *values: Any) -> int:
        if sql == "commit":
            raise DiskFull
        return ran(sql, *values)

    monkeypatch.setattr(store._cache, "run", full)
    with pytest.raises(DiskFull):
        store.marking.read(numbers)
    monkeypatch.undo()
    assert rows(store) == before
    assert_remembered(store, numbers)
