"""Entries that came or went by the thousand are there, or gone, to whoever asks, before each of them is written."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from imi_tui.cache import acting
from imi_tui.cache.errors import CorruptWork, DiskFull, NoSuchItem, OutboxChanged
from imi_tui.cache.outbox import bulk_rows
from imi_tui.cache.outbox.draft import Draft
from imi_tui.cache.outbox.rescue import rescue
from imi_tui.cache.storage.reserve import Reserve
from imi_tui.cache.store import Store
from imi_tui.profile import Profile
from tests.tui.cache.many import drafts, is_settled, written_behind
from tests.tui.screens import filled

Entries = list[tuple[Any, ...]]


@pytest.fixture
def store(made: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A desk that leaves entries to be written out, two with a row; one waits that has nothing to do with it."""
    monkeypatch.setattr(acting, "MANY", 1)
    monkeypatch.setattr(bulk_rows, "PART", 2)
    with written_behind(made):
        yield made


def accept(store: Store) -> list[str]:
    numbers = [row.n for row in store.window("all", "due", limit=500)]
    free = {row.id for row in store.window("all", "due", limit=500) if not row.pending}
    asked = [draft for draft in drafts(store, "accept") if draft.case_id in free]
    queued, _refused, left = store.queue_alike(asked, numbers)
    assert left == []
    assert len(queued) >= 10
    store._cache.finish()
    return [each.client_ref for each in queued]


def take_back(store: Store, refs: list[str]) -> None:
    store.take_back(refs[::-1], lambda draft: False, [row.n for row in store.window("all", "due", limit=500)])
    store._cache.finish()


def left(store: Store) -> int:
    return int(store._work.one("select count(*) from unwritten")[0])


def message(store: Store) -> str:
    row = store.window("closed", "due", limit=1)[0]
    case = store.window("to_answer", "due", limit=1)[0]
    assert row.id != case.id
    return store.act(case.desk, case.id, "message", text="Bonjour", lang="fr").client_ref


def entries(store: Store) -> Entries:
    return store._work.rows(
        "select client_ref, desk, case_id, action, payload, digest, state, queued_at, reference, subject from outbox"
        " order by pos"
    )


Way = Callable[[Store, list[str]], Any]


NOT_WRITTEN_FOR: dict[str, Way] = {
    "counts": lambda store, _refs: store.outbox_table.counts(),
    "any": lambda store, _refs: store.is_untouched(),
    "all": lambda store, refs: store.is_untouched(refs),
    "last": lambda store, refs: store.is_untouched(refs[-1:]),
    "none": lambda store, _refs: store.is_untouched(["none"]),
    "other case": lambda store, _refs: [i.client_ref for i in store.outbox_table.live_of("de.by.rosenheim.sg41", "c")],
    "of each case": lambda store, _refs: [
        (row.id, [item._replace(pos=0) for item in store.outbox_table.live_of(row.desk, row.id)])
        for row in store.window("all", "reference", limit=500)
    ],
    "detail": lambda store, _refs: [
        (row.id, detail.case["state"], detail.pending)
        for row in store.window("all", "reference", limit=500)
        if (detail := store.case(row.desk, row.id)) is not None
    ],
}
WRITTEN_FOR: dict[str, Way] = {
    "outbox": lambda store, _refs: [(item.client_ref, item.payload) for item in store.outbox()],
    "untouched": lambda store, _refs: store.untouched(),
    "cases": lambda store, _refs: sorted(store.outbox_table.live_cases()),
    "ready": lambda store, _refs: [item.client_ref for item in store.sync.ready(1000)],
    "kept": lambda store, _refs: store.outbox_table.kept(),
    "server": lambda store, _refs: store.sync.server_of_outbox(),
}


@pytest.mark.parametrize("seed", range(8))
def test_every_question_is_answered_as_if_all_were_written(store: Store, seed: int) -> None:
    choose = random.Random(seed)
    own = message(store)
    refs = accept(store)
    ways = NOT_WRITTEN_FOR | WRITTEN_FOR
    for work, again in ((lambda: None, lambda: None), (lambda: take_back(store, refs), lambda: accept(store))):
        for _round in range(3):
            work()
            steps = choose.randrange(left(store) + 1)
            for _step in range(steps):
                store.go_on()
            waits = left(store)
            first = choose.sample(sorted(NOT_WRITTEN_FOR), 5)
            found = {name: ways[name](store, refs) for name in first}
            assert left(store) == waits
            second = choose.sample(sorted(WRITTEN_FOR), 3)
            found |= {name: ways[name](store, refs) for name in second}
            store.outbox_table.write_out_all()
            assert found == {name: ways[name](store, refs) for name in found}
            if again() is not None:
                refs[:] = [each.client_ref for each in store.untouched() if each.client_ref != own]
    assert is_settled(store)


def test_what_stands_for_entries_says_all_of_them(store: Store) -> None:
    refs = accept(store)
    assert left(store) == (len(refs) + 1) // 2
    assert entries(store) == []
    assert store.is_untouched()
    store.outbox_table.write_out_all()
    assert left(store) == 0
    assert [row[0] for row in entries(store)] == refs
    assert all(store.outbox_table.is_sound(item) for item in store.outbox_table.live())
    take_back(store, refs)
    assert [row[0] for row in entries(store)] == refs
    assert not store.is_untouched()
    assert store.outbox() == []
    assert entries(store) == []


def test_it_outlives_the_program_between_any_two_steps(store: Store, tmp_path: Path) -> None:
    message(store)
    refs = accept(store)
    for act, expected in ((lambda: None, len(refs)), (lambda: take_back(store, refs), 0)):
        act()
        while left(store):
            home = tmp_path / f"copy-{expected}-{left(store)}"
            store._cache.empty_log()
            shutil.copytree(store._profile.home, home)
            opened = Store.open(Profile(home), filled.KEY, now=lambda: filled.NOW)
            assert len(opened.outbox()) == expected + 1
            assert len([row for row in opened.window("all", "due", limit=500) if row.pending]) == expected + 1
            assert is_settled(opened)
            opened.close()
            store.outbox_table.write_out()


def test_what_was_taken_back_is_not_sent_by_whoever_read_it_before(store: Store) -> None:
    refs = accept(store)
    other = Store.open(store._profile, filled.KEY, now=lambda: filled.NOW)
    ready = [item.client_ref for item in other.sync.ready(3)]
    assert set(ready) <= set(refs)
    take_back(store, refs)
    assert left(store)
    with pytest.raises(OutboxChanged):
        other.sync.begin(ready)
    with pytest.raises(NoSuchItem):
        other.outbox_table.item(refs[-1])
    assert other.outbox() == []
    other.close()


def test_what_is_left_of_many_is_what_can_be_taken_back(store: Store) -> None:
    refs = accept(store)
    assert [each.client_ref for each in store.untouched_of(refs)] == refs
    store.discard(refs[4])
    store.sync.begin(refs[6:7])
    gone = {refs[4], refs[6]}
    assert [each.client_ref for each in store.untouched_of(refs)] == [ref for ref in refs if ref not in gone]
    store.sync.recover()
    store._work.run("update outbox set attempts = 0")
    here = [ref for ref in refs if ref != refs[4]]
    assert [each.client_ref for each in store.untouched_of(refs)] == here
    take_back(store, here)
    assert not store.is_untouched()


def test_what_is_queued_behind_stands_behind(store: Store) -> None:
    refs = accept(store)
    first = store.window("to_answer", "reference", limit=1)[0]
    later = store.queue(Draft("", first.desk, "", "message", first.id, text="Bonjour", lang="fr")).client_ref
    assert [item.client_ref for item in store.outbox()] == [*refs, later]
    once_more = next(row for row in store.window("all", "reference", limit=500) if row.pending == 1)
    more = store.act(once_more.desk, once_more.id, "message", text="Encore", lang="fr")
    assert [item.client_ref for item in store.outbox()][-1] == more.client_ref


def test_it_is_all_there_for_whoever_rescues(store: Store, tmp_path: Path) -> None:
    message(store)
    refs = accept(store)

    def rescued() -> Any:
        store._cache.empty_log()
        home = tmp_path / "copy"
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(store._profile.home, home)
        return rescue(Profile(home), filled.KEY)

    store.go_on()
    before, waits = rescued(), left(store)
    assert waits
    store.outbox_table.write_out_all()
    assert [item["clientRef"] for item in before["outbox"]][1:] == refs
    assert [{**item, "error": item["error"] or None} for item in before["outbox"]] == rescued()["outbox"]
    take_back(store, refs)
    store.outbox_table.write_out()
    assert left(store)
    assert [item["action"] for item in rescued()["outbox"]] == ["message"]


def test_a_row_that_cannot_be_read_is_damage_and_the_rest_is_rescued(store: Store, tmp_path: Path) -> None:
    refs = accept(store)
    kept_row = store._work.rows("select no, wire from unwritten order by no limit 1")[0]
    store._work.run("update unwritten set wire = ? where no = ?", (b"[1]", kept_row[0]))
    with pytest.raises(CorruptWork):
        store.outbox()
    assert left(store) == (len(refs) + 1) // 2
    home = tmp_path / "copy"
    shutil.copytree(store._profile.home, home)
    found = rescue(Profile(home), filled.KEY)
    assert {item["clientRef"] for item in found["outbox"]} & set(refs) == set(refs[2:])
    assert found["damaged"] is True
    store._work.run("update unwritten set wire = ? where no = ?", kept_row[::-1])
    assert len(store.outbox()) == len(refs)


def test_on_a_full_disk_the_room_that_is_kept_serves_and_nothing_is_lost(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    refs = accept(store)
    plain, full = store._work.many_rows, [True]

    def many_rows(*given: Any) -> None:
        if full[0]:
            raise DiskFull
        plain(*given)

    monkeypatch.setattr(store._work, "many_rows", many_rows)
    assert store.go_on() is False
    with pytest.raises(DiskFull):
        store.outbox()
    assert store.outbox_table.counts() == (len(refs), 0)

    def give_up(_self: Reserve) -> bool:
        full[0] = False
        return True

    monkeypatch.setattr(Reserve, "give_up", give_up)
    assert [item.client_ref for item in store.outbox()] == refs
