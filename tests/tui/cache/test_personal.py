"""Tags, notes and what is put off: kept on this machine, shown with the rows, right in the views."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import msgspec
import pytest

from imi_core.procedure import Rules
from imi_tui.cache.model import Changed, Mine
from imi_tui.cache.outbox.draft import Draft
from imi_tui.cache.personal.annotations import NOTE, TAG, WAIT, note_text, tag_name, tagged, untagged
from imi_tui.cache.store import Store
from imi_tui.cache.sync import Page
from imi_tui.viewmodel.own import last_day, read_tags
from tests.core import world
from tests.tui.cache.world import DE, FR, NOW, Clock, case, case_id, entry, open_store, put, set_up

TOMORROW = (NOW + dt.timedelta(1)).date().isoformat()
NEXT_WEEK = (NOW + dt.timedelta(7)).date().isoformat()


def one(store: Store, number: int = 1) -> tuple[str, str]:
    return (DE, case_id(number))


def put_off(store: Store, *numbers: int, until: str = NEXT_WEEK) -> None:
    cases = [one(store, number) for number in numbers]
    stand = store.marking.waiting(cases)
    store.personal.change(cases, lambda each, mine: mine._replace(until=until, version=stand[each][1]))


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("#urgent", "urgent"),
        ("  two words ", "two-words"),
        ("Δίπλωμα", "Δίπλωμα"),
        ("a\x1b[31mb", "a31mb"),
        ("x" * 99, "x" * TAG),
        ("-.-", ""),
        ("\u202ea", "U202Ea"),
    ],
)
def test_a_tag_is_one_harmless_word(typed: str, kept: str) -> None:
    assert tag_name(typed) == kept


def test_a_tag_is_the_same_however_it_is_written() -> None:
    mine = tagged(tagged(Mine(), "Dringend"), "dringend")
    assert mine.tags == ("Dringend",)
    assert untagged(mine, "DRINGEND") == Mine()
    assert read_tags("urgent #later -waiting --") == (("urgent", "later"), ("waiting",))


def test_a_note_is_cleaned_and_not_endless() -> None:
    assert "\x1b" not in note_text("a\x1b]52;c;x\x07b")
    assert len(note_text("word " * 5000)) <= NOTE


def test_what_is_kept_shows_in_the_row_and_survives_a_restart(store: Store, home: Path, pw_info: Rules) -> None:
    put(store, case(pw_info, 1), case(pw_info, 2))
    heard: list[Changed] = []
    store.subscribe(heard.append)
    before = store.personal.change([one(store)], lambda _case, mine: tagged(mine._replace(note="Call first"), "paris"))
    assert before == {one(store): Mine()}
    assert [each.cases for each in heard] == [frozenset([one(store)])]
    store.close()
    again = open_store(home)
    rows = {row.id: row for row in again.window("all", "due", limit=5)}
    assert (rows[case_id(1)].tags, rows[case_id(1)].noted) == (("paris",), True)
    assert (rows[case_id(2)].tags, rows[case_id(2)].noted) == ((), False)
    detail = again.case(*one(again))
    assert detail is not None
    assert detail.mine.note == "Call first"
    assert again.personal.tags() == [("paris", 1)]
    assert again.personal.with_tag("PARIS") == [one(again)]
    assert again.personal.with_note("call fir") == [one(again)]
    assert again.personal.with_note("second") == []
    after = again.personal.restore(before)
    assert again.personal.of([one(again)]) == {}
    again.personal.restore(after)
    assert again.personal.one(*one(again)).tags == ("paris",)
    again.close()


def test_what_is_put_off_leaves_what_is_to_be_done_and_counts_follow(store: Store, pw_info: Rules) -> None:
    put(store, *(case(pw_info, number) for number in (1, 2, 3)))
    counts = store.counts()
    put_off(store, 1, 2)
    found = store.counts()
    assert (found["todo"], found["to_accept"], found["put_off"]) == (counts["todo"] - 2, counts["to_accept"] - 2, 2)
    assert (found["open"], found["all"]) == (counts["open"], counts["all"])
    assert {row.id for row in store.window("put_off", "due", limit=9)} == {case_id(1), case_id(2)}
    assert {row.until for row in store.window("put_off", "due", limit=9)} == {NEXT_WEEK}
    assert {row.id for row in store.window("todo", "due", limit=9)} == {case_id(3)}
    store.personal.change([one(store)], lambda _case, mine: mine._replace(until="", version=0))
    assert store.counts()["todo"] == counts["todo"] - 1


def test_it_comes_back_by_itself_on_its_day_also_at_a_start(store: Store, home: Path, pw_info: Rules) -> None:
    put(store, case(pw_info, 1), case(pw_info, 2))
    put_off(store, 1, until=TOMORROW)
    put_off(store, 2)
    assert store.wake() == 0
    store.close()
    later = open_store(home, now=Clock(NOW + dt.timedelta(1)))
    assert {row.id for row in later.window("todo", "due", limit=9)} == {case_id(1)}
    assert later.counts()["put_off"] == 1
    assert later.personal.one(*one(later)) == Mine()
    later._now = Clock(NOW + dt.timedelta(7))
    assert later.wake() == 1
    assert (later.counts()["todo"], later.counts()["put_off"]) == (2, 0)
    later.close()


def test_it_comes_back_when_something_new_happens_in_it(store: Store, pw_info: Rules) -> None:
    first = case(pw_info, 1)
    put(store, first)
    put_off(store, 1)
    newer = msgspec.structs.replace(first, version=first.version + 1, entries=first.entries + 1)
    put(store, newer, entries=[entry(newer)])
    [row] = store.window("todo", "due", limit=9)
    assert (row.until, row.asleep, store.counts()["put_off"]) == ("", False, 0)
    put_off(store, 1)
    assert (store.counts()["todo"], store.counts()["put_off"]) == (0, 1), "and may be put off until the same day again"


def test_it_comes_back_on_its_deadline_at_the_latest() -> None:
    today = dt.date(2026, 3, 10)
    assert last_day("2026-03-20", "2026-03-15", today) == "2026-03-15"
    assert last_day("2026-03-20", "", today) == "2026-03-20"
    assert last_day("2026-03-20", "2026-03-01", today) == "2026-03-20", "what is overdue may wait for a chosen day"


def test_only_what_waits_for_this_desk_can_be_put_off(store: Store, pw_info: Rules) -> None:
    put(store, case(pw_info, 1), case(pw_info, 2, "closed"))
    assert set(store.marking.waiting([one(store), one(store, 2)])) == {one(store)}


def test_a_case_that_was_only_here_keeps_its_tags_when_the_server_has_it(store: Store) -> None:
    answers = {**world.REQUEST, "subject": "Alpbau"}
    draft = Draft(id="d", desk=DE, procedure="pw.info", action="send", target=FR, answers=answers)
    item = store.queue(draft)
    local = (DE, item.case_id)
    store.personal.change([local], lambda _case, mine: tagged(mine, "mine"))
    assert [row.tags for row in store.window("waiting", "due", limit=1)] == [("mine",)]
    store.sync.begin([item.client_ref])
    created = {
        "id": "e1",
        "caseId": case_id(9),
        "reference": "PW-26-000009",
        "version": 1,
        "at": "2026-03-10T09:00:09Z",
    }
    store.sync.settle({item.client_ref: created}, {}, [])
    assert store.personal.one(*local) == Mine()
    assert store.personal.one(DE, case_id(9)).tags == ("mine",)


def test_a_number_is_never_that_of_another_case(store: Store, pw_info: Rules) -> None:
    put(store, case(pw_info, 1), case(pw_info, 2))
    numbers = {row.id: row.n for row in store.window("all", "due", limit=9)}
    last = max(numbers, key=lambda id: numbers[id])
    store.sync.apply(DE, Page("gone", destroyed={"Case": [last]}))
    put(store, case(pw_info, 3))
    [new] = [row.n for row in store.window("all", "due", limit=9) if row.id == case_id(3)]
    assert new not in numbers.values()
    assert store.marking.cases([numbers[last], new]) == [(DE, case_id(3))]
    assert store.marking.numbers([(DE, last), (DE, case_id(3)), ("nowhere", last)]) == [new]


def test_the_search_line_finds_what_is_kept(store: Store, pw_info: Rules) -> None:
    put(store, *(case(pw_info, number) for number in (1, 2, 3)))
    store.personal.change([one(store, 1)], lambda _case, mine: tagged(mine, "Paris")._replace(note="Call Marie"))
    store.personal.change([one(store, 2)], lambda _case, mine: tagged(mine, "later"))
    numbers = {row.id: row.n for row in store.window("all", "due", limit=9)}

    def found(line: str) -> set[int]:
        marked = set().union(*store.marking.matching(line, "all"))
        assert {row.n for row in store.search(line)} == marked
        return {number for number in (1, 2, 3) if numbers[case_id(number)] in marked}

    assert found("tag:paris") == {1}
    assert found("tag:#PARIS,later") == {1, 2}
    assert found("-tag:paris") == {2, 3}
    assert found("note:mar") == {1}
    assert found("tag:nowhere") == set()


# --- cases that go ----------------------------------------------------------------------------------------------------


def kept(store: Store, number: int = 1) -> Mine:
    return store.personal.one(*one(store, number))


def noted(store: Store, *numbers: int) -> None:
    store.personal.change([one(store, number) for number in numbers], lambda _each, mine: mine._replace(note="Anna"))


def closed(rules: Rules, number: int, ends: str) -> Any:
    """A closed case that is to be blocked on a day."""
    found = msgspec.structs.replace(
        case(rules, number, state="closed"), closed_at=NOW, block_on=dt.date.fromisoformat(ends)
    )
    return msgspec.structs.replace(found, erase_on=dt.date(2029, 1, 1))


def test_what_is_kept_about_a_case_goes_with_it_when_its_time_is_over(store: Store, home: Path, pw_info: Rules) -> None:
    yesterday, tomorrow = "2026-03-09", "2026-03-11"
    put(store, closed(pw_info, 1, yesterday), closed(pw_info, 2, tomorrow), case(pw_info, 3))
    noted(store, 1, 2, 3)
    put(store, destroyed={"Case": [case_id(1), case_id(2), case_id(3)]})
    assert kept(store, 1) == Mine()
    assert (home / "work.db-wal").stat().st_size == 0, "nor does the log hold it"
    assert kept(store, 2).note == kept(store, 3).note == "Anna", "these may come back"


def test_what_is_kept_waits_for_a_case_that_comes_back_but_not_for_ever(home: Path, pw_info: Rules) -> None:
    clock = Clock()
    store = set_up(open_store(home, now=clock), pw_info)
    put(store, case(pw_info, 1), case(pw_info, 2))
    noted(store, 1, 2)
    put(store, destroyed={"Case": [case_id(1), case_id(2)]})
    clock.at += dt.timedelta(WAIT - 1)
    store.sync.set_ok(clock())
    put(store, case(pw_info, 1))
    assert store.window("all", "due", limit=9)[0].noted
    clock.at += dt.timedelta(2)
    store.sync.set_ok(clock())
    assert (kept(store, 1).note, kept(store, 2)) == ("Anna", Mine())
    store.close()


def test_a_case_that_went_unnoticed_is_missed_once_the_list_is_whole(home: Path, pw_info: Rules) -> None:
    clock = Clock()
    store = set_up(open_store(home, now=clock), pw_info)
    put(store, case(pw_info, 1), filling=0.5)
    noted(store, 1, 2)
    for filling, left in ((0.7, "Anna"), (None, "Anna"), (None, "")):
        clock.at += dt.timedelta(WAIT + 1)
        put(store, filling=filling)
        store.sync.set_ok(clock())
        assert kept(store, 2).note == left, filling
        store.sync.set_ok(clock())
    assert kept(store, 1).note == "Anna"
    store.close()
