"""Marked cases together: what is offered, what will happen, and why not with the others."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from imi_tui import i18n
from imi_tui.cache.store import Store
from imi_tui.viewmodel import bulk
from imi_tui.viewmodel.cells import wrap
from tests.tui.screens import filled


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A desk with cases in many states."""
    i18n.install("en")
    home = tmp_path_factory.mktemp("bulk") / "profile"
    found = filled.open_store(Path(shutil.copytree(filled.made(tmp_path_factory, 120), home)))
    yield found
    found.close()


def test_what_is_offered_and_planned_is_what_each_case_allows(store: Store) -> None:
    rows = store.window("all", "due", limit=500)
    marked = bulk.Marked(lambda: store.marking)
    numbers = frozenset(row.n for row in rows)
    allowed = {row.id: store.case(row.desk, row.id).actions for row in rows}  # type: ignore[union-attr]
    assert set(marked.offered(numbers)) == {name for names in allowed.values() for name in names}
    for name in marked.offered(numbers):
        plan = marked.plan(name, numbers)
        assert {each.id for each in plan.ready} == {id for id, names in allowed.items() if name in names}
        assert plan.marked == len(rows)
        assert all(each.seen.version > 0 for each in plan.ready)


def test_the_preview_says_how_many_and_groups_the_others_by_reason(store: Store) -> None:
    waiting = store.window("to_accept", "due", limit=2)
    others = store.window("closed", "due", limit=5)
    marked = bulk.Marked(lambda: store.marking)
    plan = marked.plan("accept", {row.n for row in (*waiting, *others)})
    first, *rest = bulk.preview(plan, "Accept", lambda kind: kind.state)
    assert first == f"Accept: {len(waiting)} of {len(waiting) + len(others)} cases"
    assert sum(int(line.split()[0]) for line in rest) == len(others)
    assert all("not possible in the state" in line for line in rest)
    assert any(others[0].reference in line for line in rest) or len(others) > bulk.EXAMPLES
    assert len(rest) == len({row.state for row in others})


def test_a_preview_leaves_room_for_what_is_asked_below_it(store: Store) -> None:
    marked = bulk.Marked(lambda: store.marking)
    plan = marked.plan("accept", {row.n for row in store.window("all", "due", limit=500)})
    whole = bulk.preview(plan, "Accept", lambda kind: kind.state)
    assert bulk.fitting(plan, "Accept", lambda kind: kind.state, 100, 40) == whole
    fewer = bulk.fitting(plan, "Accept", lambda kind: kind.state, 80, len(whole))
    assert (len(fewer), fewer[0]) == (len(whole), whole[0])
    assert all(len(line) <= 80 for line in fewer), "with fewer names each reason fits a line"
    for height in (2, 5):
        least = bulk.fitting(plan, "Accept", lambda kind: kind.state, 60, height)
        assert sum(len(wrap(line, 60)) for line in least) <= height
        assert (least[0], least[-1]) == (whole[0], "…"), "it is said that there is more"


def test_a_case_with_an_entry_that_waits_is_planned_as_it_will_be(store: Store) -> None:
    row = store.window("to_accept", "due", limit=1)[0]
    marked = bulk.Marked(lambda: store.marking)
    assert len(marked.plan("accept", {row.n}).ready) == 1
    item = store.act(row.desk, row.id, "accept", answers={"agreed_days": 7})
    try:
        assert len(marked.plan("accept", {row.n}).ready) == 1, "asked once until the cache changes"
        marked.forget()
        assert marked.plan("accept", {row.n}).ready == ()
        assert "reply" in marked.offered(frozenset({row.n}))
        assert marked.plan("reply", {row.n}).ready[0].seen.after == (item.client_ref,)
    finally:
        store.discard(item.client_ref)


def test_many_entries_are_one_transaction_and_the_same_as_one_by_one(store: Store) -> None:
    from imi_tui.cache.outbox.draft import Draft

    rows = store.window("to_accept", "due", limit=3)
    answers = {"agreed_days": 9}
    drafts = [
        Draft(id="", desk=row.desk, procedure="", action="accept", case_id=row.id, answers=answers) for row in rows
    ]
    closed = store.window("closed", "due", limit=1)[0]
    wrong = Draft(id="", desk=closed.desk, procedure="", action="accept", case_id=closed.id, answers=answers)
    items, refused = store.queue_all([drafts[0], wrong, *drafts[1:]])
    assert [item.case_id for item in items] == [row.id for row in rows]
    assert [(draft.case_id, error.code) for draft, error in refused] == [(closed.id, "notAvailable")]
    assert {store.row(row.desk, row.id, "all", "due").pending for row in rows} == {1}  # type: ignore[union-attr]
    taken = store.take_back([item.client_ref for item in reversed(items)], lambda draft: draft.written)
    drafts_back = store.drafts_of(taken)
    assert [draft.case_id for draft in drafts_back] == [row.id for row in reversed(rows)]
    alone = store.act(rows[0].desk, rows[0].id, "accept", answers=answers)
    assert {name for name in alone.payload if alone.payload[name] != items[0].payload.get(name)} == {"clientRef"}
    store.discard(alone.client_ref)
    assert store.outbox() == []
    assert store.drafts() == []


@pytest.mark.parametrize("view", ["todo", "all", "overdue", "put_off"])
def test_a_range_is_what_the_list_shows_between_two_rows(store: Store, view: str) -> None:
    rows = store.window(view, "due", limit=500)  # type: ignore[arg-type]
    assert store.marking.all(view) == [row.n for row in rows]  # type: ignore[arg-type]
    if len(rows) > 3:
        found = store.numbers(view, "due", rows[1].key, rows[3].key)  # type: ignore[arg-type]
        assert found == [row.n for row in rows[1:4]]


def test_a_pattern_marks_what_the_search_finds_in_the_view(store: Store) -> None:
    word = store.window("todo", "due", limit=1)[0].reference.split("-")[0]
    hits = {row.n for row in store.search(word, 500)}
    todo = {row.n for row in store.window("todo", "due", limit=500)}
    assert set().union(*store.marking.matching(word, "todo")) == hits & todo
    assert hits & todo < hits
    assert list(store.marking.matching("", "todo")) == []


def test_reading_many_is_taken_back_exactly(store: Store) -> None:
    rows = store.window("all", "due", limit=500)
    unread = {row.n for row in rows if row.unread}
    assert unread
    before = store.marking.read([row.n for row in rows])
    assert {n for n, _unread, _seen in before} == unread
    assert not any(row.unread for row in store.window("all", "due", limit=500))
    # What is noted as seen is what is here of each case.
    noted = "select l.n, l.seen, c.version from listing l join confirmed c using (n)"
    kept = [(seen, version) for n, seen, version in store._cache.rows(noted) if n in unread]
    assert kept
    assert all(seen == version for seen, version in kept)
    store.marking.unread(before)
    assert store.window("all", "due", limit=500) == rows
