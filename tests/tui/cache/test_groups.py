"""What groups are read from stays true whatever is written, and goes when nobody needs it any more."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path
from typing import Any

import msgspec
import pytest

from imi_core.procedure import Rules
from imi_tui.cache.confirmed.page_writer import Page
from imi_tui.cache.errors import DiskFull
from imi_tui.cache.listing import grouped_index
from imi_tui.cache.listing.grouped_index import kinds, value_sql
from imi_tui.cache.model import GroupId, Mine, SortId
from imi_tui.cache.store import Store
from imi_tui.viewmodel import front
from tests.tui.cache.test_finding import NOW, made
from tests.tui.cache.world import DE, Clock, case_id, open_store, put, set_up

USED: tuple[tuple[GroupId, SortId], ...] = (
    ("country", "authority"),
    ("state", "authority"),
    ("authority", "due"),
    ("area", "activity"),
    ("handler", "reference"),
)


def wrong(store: Store) -> list[tuple[object, ...]]:
    """Sizes that are not what counting gives, and those that are missing."""
    out = []
    for by, sort in USED:
        for kind, name in zip(kinds(by, sort), ("''", "counterpart"), strict=False):
            kept = f"select views, value, name, cases from grouped_size where kind = '{kind}'"
            counted = f"select views, {value_sql(by)}, {name}, count(*) from listing group by 1, 2, 3"
            for one, other in ((kept, counted), (counted, kept)):
                out += [(kind, *row) for row in store._cache.rows(f"{one} except {other}")]
    return out


def test_sizes_of_groups_are_what_counting_gives(home: Path, pw_info: Rules) -> None:
    dice = random.Random(1)
    store = set_up(open_store(home, now=Clock(NOW)), pw_info)
    urgent = msgspec.structs.replace(pw_info, procedure=msgspec.structs.replace(pw_info.procedure, id="pw.urgent"))
    put(store, *(made(dice, pw_info, number) for number in range(1, 11)))
    for by, sort in USED:
        assert store.grouping.index.prepare("all", by, sort)
        assert store.grouping.index.ready("all", by, sort)
    assert not wrong(store)
    for step in range(40):
        number = dice.randrange(1, 16)
        match dice.randrange(5):
            case 0 | 1:
                put(store, *(made(dice, dice.choice((pw_info, urgent)), dice.randrange(1, 16)) for _ in range(3)))
            case 2:
                store.sync.apply(DE, Page(f"{step}", destroyed={"Case": [case_id(number)]}))
            case 3:
                for row in store.window("to_accept", "due", limit=1):
                    store.act(DE, row.id, "accept", answers={"agreed_days": 5})
            case 4:
                for row in store.window("todo", "due", limit=1):
                    version = store.case(DE, row.id).seen.version  # type: ignore[union-attr]
                    mine = Mine(until=(NOW.date() + dt.timedelta(2)).isoformat(), version=version)
                    store.personal.restore({(DE, row.id): mine})
        assert not wrong(store), step
    store.close()


def test_what_nobody_groups_by_is_removed_once_a_day(store: Store, pw_info: Rules) -> None:
    put(store, made(random.Random(1), pw_info, 1))
    index = store.grouping.index
    for by, sort in USED:
        index.prepare("all", by, sort)
    front.keep_arrangement(store, "todo", front.Arrangement("authority", "state"))
    front.keep_arrangement(store, "all", front.Arrangement("due", "due"))
    front.keep_arrangement(store, "own 1", front.Arrangement("newest", "country"))
    store.tidy()
    assert [index.ready("all", *used) for used in USED] == [False, True, False, False, False]
    assert {kind for (kind,) in store._cache.rows("select kind from grouped_size")} == set(kinds("state", "authority"))
    left = {name for (name,) in store._cache.rows(grouped_index._MADE)}
    assert left == {"grouped_size", *grouped_index._needed("state", "authority")}
    index.drop_unused([])
    assert not index.ready("all", "state", "authority")
    index.prepare("all", "state", "authority")
    assert index.ready("all", "state", "authority")
    assert [tally.cases for tally in store.grouping.tally("all", "state", "authority")] == [1]


def test_why_groups_cannot_be_made_beside_the_list_is_told(
    store: Store, pw_info: Rules, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grouped_index, "AT_ONCE", -1)
    told: list[frozenset[str]] = []
    store.subscribe(lambda changed: told.append(frozenset(changed.kinds)))
    index = store.grouping.index

    def full() -> Any:
        raise DiskFull

    monkeypatch.setattr(store._cache, "again", full)
    assert not index.prepare("all", "country", "due")
    assert index._making is not None
    index._making.join(10)
    assert isinstance(index.problem, DiskFull)
    assert told == [frozenset({"views"})], "whoever waits for them is told"
