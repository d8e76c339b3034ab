"""How far a first sync is over all desks, what the sync thread says it does, and bytes by day."""

from __future__ import annotations

import datetime as dt

import pytest

from imi_core.case import to_wire
from imi_core.procedure import Rules
from imi_tui.cache.confirmed import activity
from imi_tui.cache.confirmed.activity import DAYS_KEPT
from imi_tui.cache.content.contents import head_of
from imi_tui.cache.model import Changed, Now
from imi_tui.cache.store import Store
from imi_tui.cache.sync import Page
from tests.tui.cache.world import DE, FR, case, case_id, put, session

DAY = dt.date(2026, 3, 5)


def test_progress_never_goes_back_when_a_desk_is_through(store: Store, pw_info: Rules) -> None:
    store.sync.set_session(session(DE, FR))
    seen = []
    for share in (0.5, 0.9, None):
        put(store, case(pw_info), new_state=f"1.{share}", filling=share)
        seen.append(store.status().filling)
    for share in (0.5, None):
        store.sync.apply(FR, Page(f"2.{share}", filling=share))
        seen.append(store.status().filling)
    assert seen == [0.25, 0.45, 0.5, 0.75, None]


def test_what_happens_now_is_heard_once(store: Store) -> None:
    heard: list[Changed] = []
    store.subscribe(heard.append)
    store.activity.say(Now("syncing"))
    store.activity.say(Now("syncing"))
    assert store.status().now == Now("syncing")
    assert [each.kinds for each in heard] == [frozenset(("status",))]
    store.activity.say(Now())


def test_entries_sent_count_up_to_all_of_them_and_begin_anew_when_none_was_left(store: Store, pw_info: Rules) -> None:
    store.sync.set_session(session(DE))
    put(store, case(pw_info))
    items = [store.act(DE, case_id(1), "message", text=str(number)) for number in range(5)]
    refs = [item.client_ref for item in items]
    created = {"id": "e", "seq": 1}
    seen = []
    for part in (refs[:2], refs[2:3], refs[3:]):
        store.sync.begin(part)
        store.sync.settle(dict.fromkeys(part, created), {})
        store.activity.say(Now("syncing"))
        seen.append(store.status().now.sending)
    assert seen == [(2, 5), (3, 5), (5, 5)]
    store.act(DE, case_id(1), "message", text="one more")
    again = [item.client_ref for item in store.outbox()]
    store.sync.begin(again)
    store.sync.settle(dict.fromkeys(again, created), {})
    assert store.status().now.sending == (1, 1)
    store._hub.now = Now()


def test_bytes_are_counted_by_day_and_old_days_forgotten(store: Store) -> None:
    assert store.activity.traffic(DAY) == (0, 0)
    store.activity.spent(DAY, 100, 2000)
    store.activity.spent(DAY, 1, 3)
    assert store.activity.traffic(DAY) == (101, 2003)
    assert store.activity.traffic(DAY + dt.timedelta(days=1)) == (0, 0)
    for number in range(1, DAYS_KEPT + 1):
        store.activity.spent(DAY + dt.timedelta(days=number), 1, 1)
    assert store.activity.traffic(DAY) == (0, 0)
    assert store.activity.traffic(DAY + dt.timedelta(days=1)) == (1, 1)


def test_contents_to_come_are_not_counted_again_and_again(
    store: Store, pw_info: Rules, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr(activity, "MANY", 1)
    monkeypatch.setattr("imi_tui.cache.confirmed.activity.time.monotonic", lambda: now[0])
    store.sync.set_session(session(DE))

    def come(*numbers: int) -> int:
        heads = [head_of(to_wire(case(pw_info, number))) for number in numbers]
        store.sync.apply(DE, Page("s", heads=heads))
        return store.status().wanted

    assert [come(1), come(2), come(3)] == [1, 2, 2], "few are counted at once, of many it is known for a moment"
    now[0] += activity.COUNT_AGAIN
    assert store.status().wanted == 3
    store.activity.meter(True)
    assert store.status().wanted == 0, "none comes by itself"
    store.activity.meter(False)
