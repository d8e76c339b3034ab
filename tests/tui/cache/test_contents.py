"""Heads and contents: what is shown without content, what is wanted and in which order, what must be forgotten."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import msgspec
import pytest

from imi_core.case import CONTENT, FIXED, Case, to_wire
from imi_core.procedure import Rules
from imi_tui.cache.content.contents import head_of
from imi_tui.cache.model import Changed, DeskProgress
from imi_tui.cache.store import Store
from imi_tui.cache.sync import Page
from tests.tui.cache.test_outbox import accept
from tests.tui.cache.world import DE, case, case_id, entry, open_store, put

AT = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


def heads(store: Store, *cases: Case, **more: Any) -> None:
    store.sync.apply(DE, Page("h", heads=[head_of(to_wire(each)) for each in cases], **more))


def updates(store: Store, *cases: Case) -> None:
    lean = [{name: value for name, value in head_of(to_wire(each)).items() if name not in FIXED} for each in cases]
    store.sync.apply(DE, Page("u", updates=lean))


def contents(store: Store, *cases: Case, entries: list[dict[str, Any]] | None = None) -> None:
    kept = {"id", "version", "contentVersion", "level", *CONTENT}
    given = [{name: value for name, value in to_wire(each).items() if name in kept} for each in cases]
    store.sync.apply(DE, Page("c", contents=given, entries=entries or []))
    store.sync.index_little()


def wanted(store: Store, **more: Any) -> list[int]:
    return [int(each.id, 16) for each in store.sync.wanted(99, **more)]


def detail(store: Store, number: int = 1) -> Any:
    found = store.case(DE, case_id(number))
    assert found is not None
    return found


def test_a_head_is_a_row_and_its_content_follows(store: Store, pw_info: Rules) -> None:
    one = case(pw_info, subject="Alpbau")
    heads(store, one)
    [row] = store.window("todo", "due", limit=9)
    assert (row.subject, row.country, row.reference) == ("Alpbau", "FR", "PW-26-000001")
    assert detail(store).fetching
    assert "request" not in detail(store).case
    assert store.status().wanted == 1
    assert store.search("example") == []
    assert store.unsearched() == 1
    contents(store, one, entries=[entry(one, text={"lang": "fr", "text": "bonsoir"})])
    assert not detail(store).fetching
    assert detail(store).case["request"] == to_wire(one)["request"]
    assert len(detail(store).entries) == 1
    assert store.status().wanted == 0
    # What is searched follows the content.
    assert [int(hit.id, 16) for hit in store.search("anna example bonsoir")] == [1]
    assert store.unsearched() == 0


def test_the_words_of_a_head_wait_for_its_content_or_the_end(store: Store, pw_info: Rules) -> None:
    one, two = case(pw_info, subject="Alpbau"), case(pw_info, 2, subject="Alpbau")
    heads(store, one, two)
    assert store.indexing() == 2
    assert store.sync.index_pending(9, late=False) == 0
    assert store.search("alpbau") == []
    contents(store, one)
    assert [int(hit.id, 16) for hit in store.search("alpbau")] == [1]
    assert store.indexing() == 1
    while store.sync.index_pending(9):
        pass
    # Its head is searched now, its content is not.
    assert (store.indexing(), store.unsearched()) == (0, 1)
    assert len(store.search("alpbau")) == 2
    contents(store, two)
    assert len(store.search("alpbau example")) == 2
    assert store.indexing() == 0


def test_opened_comes_first_then_what_is_due_then_the_latest(store: Store, pw_info: Rules) -> None:
    def made(number: int, state: str, due: int | None, hour: int) -> Case:
        on = dt.date(2026, 4, due) if due else None
        return case(pw_info, number, state, due=on, last_activity=AT + dt.timedelta(hours=hour))

    waiting = [made(1, "replied", None, 1), made(2, "replied", None, 5), made(3, "replied", None, 3)]
    todo = [made(4, "accepted", 9, 2), made(5, "accepted", 2, 9), made(6, "accepted", None, 9)]
    heads(store, *waiting, *todo)
    assert wanted(store) == [5, 4, 6, 2, 3, 1]
    assert wanted(store, opened=True) == []
    heard: list[Changed] = []
    store.subscribe(heard.append)
    assert store.want(DE, case_id(1)) is True
    assert wanted(store) == [1, 5, 4, 6, 2, 3]
    assert wanted(store, opened=True) == [1]
    assert [(each.kinds, each.cases) for each in heard] == [({"wanted"}, {(DE, case_id(1))})]
    contents(store, waiting[0])
    assert store.want(DE, case_id(1)) is False
    assert store.want(DE, case_id(77)) is False
    assert store.want("nowhere", case_id(1)) is False


def test_what_the_server_does_not_give_is_asked_for_again_when_it_is_opened(store: Store, pw_info: Rules) -> None:
    heads(store, case(pw_info))
    store.sync.give_up(DE, [case_id(1)])
    assert wanted(store) == []
    assert store.want(DE, case_id(1)) is True
    assert wanted(store) == [1]


def test_content_stays_until_its_version_changes(store: Store, pw_info: Rules) -> None:
    one = case(pw_info)
    put(store, one)
    assert wanted(store) == []
    newer = case(pw_info, state="accepted", version=2, subject="another")
    updates(store, newer)
    assert wanted(store) == []
    found = detail(store).case
    # The members that stay were not sent, and are still there; so is the content.
    assert (found["state"], found["subject"], found["request"]) == ("accepted", one.subject, to_wire(one)["request"])
    updates(store, case(pw_info, state="accepted", version=3, content_version=3))
    assert store.sync.wanted(9) == [(DE, case_id(1), True)]
    assert detail(store).fetching
    assert detail(store).case["request"] == to_wire(one)["request"], "the old content is shown until the new one comes"


def test_content_that_may_no_longer_be_seen_is_gone_at_once(store: Store, home: Path, pw_info: Rules) -> None:
    one = case(pw_info)
    put(store, one)
    assert store.search("anna example")
    updates(store, case(pw_info, level="summary"))
    assert "request" not in detail(store).case
    assert store.search("anna example") == []
    while store.sync.index_pending(99):
        pass
    store.close()
    again = open_store(home)
    assert b"Anna" not in again._cache.connection.serialize("main")
    again.close()


def test_a_case_that_goes_takes_its_content_along(store: Store, pw_info: Rules) -> None:
    put(store, case(pw_info))
    heads(store, case(pw_info, 2))
    store.sync.apply(DE, Page("x", destroyed={"Case": [case_id(1), case_id(2)]}))
    rows = store._cache.rows
    assert rows("select n from content") == rows("select n from wanted") == []


def test_content_of_a_case_that_is_not_here_is_not_kept(store: Store, pw_info: Rules) -> None:
    contents(store, case(pw_info))
    assert store._cache.rows("select n from content") == []
    assert store.sync.unknown(DE, [case_id(1)]) == [case_id(1)]


def test_a_lean_change_of_an_unknown_case_changes_nothing(store: Store, pw_info: Rules) -> None:
    updates(store, case(pw_info))
    assert store.window("all", "due", limit=9) == []


def test_what_waits_is_applied_to_head_and_content(store: Store, pw_info: Rules) -> None:
    one = case(pw_info)
    put(store, one)
    accept(store)
    updates(store, case(pw_info, due=dt.date(2026, 5, 1)))
    assert detail(store).case["state"] == "accepted"
    assert detail(store).case["request"] == to_wire(one)["request"]
    assert store.window("to_answer", "due", limit=1)[0].pending == 1


def test_what_a_search_does_not_know_is_counted_up_to_a_limit(
    store: Store, pw_info: Rules, monkeypatch: pytest.MonkeyPatch
) -> None:
    heads(store, *(case(pw_info, number) for number in range(1, 6)))
    assert (store.indexing(), len(wanted(store)), store.unsearched()) == (5, 5, 5)
    monkeypatch.setattr("imi_tui.cache.content.documents.MANY", 3)
    assert store.unsearched() == 3


def test_progress_is_told_by_desk(store: Store, pw_info: Rules) -> None:
    heads(store, case(pw_info), case(pw_info, 2), filling=0.25)
    contents(store, case(pw_info))
    assert store.progress()[0] == DeskProgress(DE, 2, None, 1)
    heads(store, case(pw_info, 3), filling=0.5)
    assert store.progress()[0] == DeskProgress(DE, 3, 0.5, 2)


def test_what_waits_is_expected_anew_once_the_content_is_here(store: Store, pw_info: Rules) -> None:
    """A partial reply, folded on a head that does not say yet which questions are asked now."""

    def state() -> str:
        row = store.row(DE, one.id, "all", "due")
        assert row is not None
        assert row.pending == 1
        return row.state

    one = case(pw_info, state="accepted")
    put(store, one)
    store.act(DE, one.id, "reply_partly", answers={"EST-01": "yes", "EST-01-since": "2020-01-01"})
    assert state() == "partly_answered"
    for questions, expected in ((("POS-04",), "accepted"), (("EST-01", "POS-04"), "partly_answered")):
        before, version = state(), one.version + 1
        one = msgspec.structs.replace(one, version=version, content_version=version, questions=questions)
        heads(store, one)
        assert state() == before
        contents(store, one)
        assert state() == expected
