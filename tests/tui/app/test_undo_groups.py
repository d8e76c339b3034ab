"""Undo takes back what one action queued, as one, as long as nothing of it has left."""

from __future__ import annotations

from pathlib import Path

import pytest

from imi_core.authority import Seat
from imi_tui.cache.errors import DiskFull
from imi_tui.cache.store import Store
from imi_tui.undo import Change, Undo
from tests.tui.screens.conftest import home, seat, store, template

__all__ = ["home", "seat", "store", "template"]


def _no_room(_drafts: object) -> None:
    raise DiskFull


def taken(undo: Undo) -> set[str]:
    """The cases of what is taken back now."""
    done = undo.take_back()
    assert done is not None
    return {id for _desk, id in done.cases}


def test_groups_are_taken_back_newest_first_and_never_what_was_attempted(store: Store, seat: Seat) -> None:
    undo = Undo(store)
    assert not undo.possible
    ids = [row.id for row in store.window("to_accept", "due", limit=4)]

    def accept(*cases: str) -> list[str]:
        items = [store.act(seat.desk, id, "accept", answers={"agreed_days": 7}) for id in cases]
        undo.queued(items)
        return [item.client_ref for item in items]

    accept(ids[0], ids[1])
    [sent] = accept(ids[2])
    accept(ids[3])
    assert undo.possible
    assert taken(undo) == {ids[3]}
    store.sync.begin([sent])
    assert taken(undo) == {ids[0], ids[1]}
    assert undo.take_back() is None
    assert not undo.possible
    assert [item.client_ref for item in store.outbox()] == [sent]
    assert store.drafts() == []


def test_what_somebody_wrote_comes_back_as_a_draft_also_after_a_restart(store: Store, seat: Seat) -> None:
    row = store.window("to_answer", "due", limit=1)[0]
    store.act(seat.desk, row.id, "message", text="Please send the contract.", lang="en")
    undo = Undo(store)
    assert taken(undo) == {row.id}
    assert [draft.text for draft in store.drafts()] == ["Please send the contract."]


def test_a_file_or_a_new_case_taken_back_is_among_the_drafts(store: Store, seat: Seat, tmp_path: Path) -> None:
    row = store.window("to_accept", "due", limit=1)[0]
    (tmp_path / "contract.pdf").write_bytes(b"%PDF-1.4")
    made = store.files.attach(tmp_path / "contract.pdf", personal=True)
    files = [{"blobId": f"ref:{made.id}", "name": made.name, "personal": True}]
    store.act(seat.desk, row.id, "message", text="See the file.", lang="en", attachments=files)
    undo = Undo(store)
    undo.take_back()
    [draft] = store.drafts()
    assert [each["blobId"] for each in draft.attachments] == [f"ref:{made.id}"]
    draft.text = ""
    assert draft.written, "a file alone is worth keeping"
    draft.attachments = []
    assert not draft.written
    draft.answers = {"agreed_days": 7}
    assert not draft.written, "days are asked for with a proposal"
    draft.case_id = ""
    assert draft.written, "a new case, whatever it holds"


def test_what_was_taken_back_is_done_again_in_its_order(store: Store, seat: Seat) -> None:
    undo = Undo(store)
    first, second = (row.id for row in store.window("to_accept", "due", limit=2))
    undo.queued([store.act(seat.desk, first, "accept", answers={"agreed_days": 7})], "Accept: one")
    both = [store.act(seat.desk, id, "message", text="Bonjour", lang="fr") for id in (first, second)]
    undo.queued(both, "Message: two")
    assert undo.again is None
    assert undo.what == "Message: two"
    assert taken(undo) == {first, second}
    assert (undo.what, undo.again, len(store.drafts())) == ("Accept: one", "Message: two", 2)
    assert taken(undo) == {first}
    assert store.outbox() == []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "queue_all", _no_room)
        with pytest.raises(DiskFull):
            undo.redo()
    for what in ("Accept: one", "Message: two"):
        done = undo.redo()
        assert done is not None
        assert (done.what, done.refused) == (what, 0)
    assert undo.redo() is None
    assert [(item.action, item.case_id, item.state) for item in store.outbox()] == [
        ("accept", first, "queued"),
        ("message", first, "queued"),
        ("message", second, "queued"),
    ]
    assert store.drafts() == []


def test_a_draft_that_was_thrown_away_meanwhile_is_not_sent_again(store: Store, seat: Seat) -> None:
    undo = Undo(store)
    row = store.window("to_answer", "due", limit=1)[0]
    undo.queued([store.act(seat.desk, row.id, "message", text="Bonjour", lang="fr")], "Message")
    undo.take_back()
    [draft] = store.drafts()
    store.delete_draft(draft.id)
    done = undo.redo()
    assert done is not None
    assert (done.cases, store.outbox()) == ((), [])


def test_something_new_ends_what_could_be_done_again(store: Store) -> None:
    undo = Undo(store)
    told: list[str] = []
    undo.did(Change("first", (), lambda: told.append("back"), lambda: told.append("again")))
    undo.take_back()
    undo.redo()
    undo.take_back()
    assert told == ["back", "again", "back"]
    undo.did(Change("second", (), lambda: None, lambda: None))
    assert undo.again is None


def test_what_builds_on_an_entry_names_it_as_it_is_called_now(store: Store, seat: Seat) -> None:
    undo = Undo(store)
    [row] = store.window("to_accept", "due", limit=1)
    undo.queued([store.act(seat.desk, row.id, "accept", answers={"agreed_days": 7})])
    undo.queued([store.act(seat.desk, row.id, "change_date", answers={"agreed_days": 9}, text="Ferien", lang="de")])
    assert store.outbox()[1].payload["after"] == [store.outbox()[0].client_ref]
    undo.take_back()
    undo.take_back()
    undo.redo()
    undo.redo()
    accepted, changed = store.outbox()
    assert (accepted.state, changed.state) == ("queued", "queued")
    assert changed.payload["after"] == [accepted.client_ref]


def test_an_entry_taken_back_in_the_outbox_is_done_again_as_any_other(store: Store, seat: Seat) -> None:
    undo = Undo(store)
    one, other = [row.id for row in store.window("to_accept", "due", limit=2)]
    items = [store.act(seat.desk, id, "accept", answers={"agreed_days": 7}) for id in (one, other)]
    undo.queued(items)
    undo.take_back_entry(items[0].client_ref)
    assert [item.case_id for item in store.outbox()] == [other]
    assert store.drafts() == [], "a bare action leaves none"
    done = undo.redo()
    assert done is not None
    assert done.cases == ((seat.desk, one),)
    assert {item.case_id for item in store.outbox()} == {one, other}
    row = store.window("to_answer", "due", limit=1)[0]
    said = store.act(seat.desk, row.id, "message", text="Please send the contract.", lang="en")
    undo.take_back_entry(said.client_ref)
    assert [draft.text for draft in store.drafts()] == ["Please send the contract."]


def test_of_a_step_that_was_sent_in_part_only_what_came_back_is_marked_again(store: Store) -> None:
    undo = Undo(store)
    sent, *others = store.window("to_accept", "due", limit=4)
    numbers = tuple(sorted(row.n for row in (sent, *others)))
    items = [store.act(row.desk, row.id, "accept", answers={"agreed_days": 7}) for row in (sent, *others)]
    undo.queued(items, "Accept: four", numbers)
    store.sync.begin([items[0].client_ref])
    done = undo.take_back()
    assert done is not None
    assert set(done.marks) == {row.n for row in others}
    assert (done.what, set(done.names)) == ("", {row.reference for row in others}), "it were no longer four"
    again = undo.redo()
    assert again is not None
    assert (again.what, set(again.names)) == ("", {row.reference for row in others})
    assert set(again.marks) == {row.n for row in others}
    done = undo.take_back()
    assert done is not None
    assert set(done.marks) == {row.n for row in others}
