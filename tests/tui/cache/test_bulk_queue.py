"""One entry for many cases at once makes the payloads and rows that it makes one by one, and takes them back alike."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from imi_core import workflow
from imi_tui.cache import acting
from imi_tui.cache.bulk import prepared
from imi_tui.cache.bulk.kinds import hands_on
from imi_tui.cache.bulk.prepared import PreparedDrafts
from imi_tui.cache.errors import AlreadyAttempted, CacheBusy, NoSuchItem
from imi_tui.cache.ids import ASSIGN, first_of_many, following
from imi_tui.cache.model import Changed, Seen
from imi_tui.cache.outbox.draft import Draft
from imi_tui.cache.storage import write_queue
from imi_tui.cache.store import Store
from imi_tui.cache.sync import Page
from tests.tui.cache.many import ANNA, READER, SAID, assignments, desk, drafts, is_settled, kept
from tests.tui.screens import filled


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    found = desk(tmp_path_factory)
    yield found
    found.close()


@pytest.fixture(autouse=True)
def _few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acting, "MANY", 1)


@pytest.mark.parametrize("action", SAID)
def test_both_ways_make_the_same_and_leave_nothing_behind(store: Store, action: str) -> None:
    numbers = [row.n for row in store.window("all", "due", limit=500)]
    asked = drafts(store, action)
    if action == "accept":
        list(store.foresee(numbers, asked))
    _both_ways(store, asked, numbers, written="text" in SAID[action])


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("officer", [ANNA, filled.OFFICER["id"], ""])
def test_both_ways_assign_the_same_and_leave_nothing_behind(store: Store, officer: str, *, known: bool) -> None:
    numbers = [row.n for row in store.window("all", "due", limit=500)]
    asked = assignments(store, officer)
    assert len({draft.based_on for draft in asked}) == 4
    assert store.counts()["put_off"] > 3
    _both_ways(store, asked, numbers, known=known)
    # Nobody has to have looked: then it is based on what is here.
    for draft in asked:
        draft.based_on = -1
    _both_ways(store, asked, numbers, known=known)


def test_who_had_a_part_before_is_handed_a_case_on_as_one_by_one_and_who_has_one_is_not(store: Store) -> None:
    rows = [row for view in ("to_accept", "to_answer") for row in store.window(view, "reference", limit=500)]
    rows = rows[:6]
    desk, target = rows[0].desk, SAID["forward"]["target"]
    before = [store.case(desk, row.id).case for row in rows]  # type: ignore[union-attr]
    # Two that differ in nothing else.
    one = {name: value for name, value in before[0].items() if name not in ("id", "reference", "subject")}
    stand = [before[0], {**before[1], **one}, *before[2:]]
    other = "fr-ddets-nord_pw"
    held = [("recipient", target), ("recipient", other), ("recipient", other), ("observer", target), ("", "")]
    cases = [
        {
            **case,
            "version": 50,
            "parts": case["parts"]
            + ([{"role": role, "desk": at, "authority": at[:-3], "country": "FR", "name": "DDETS"}] if role else []),
        }
        for case, (role, at) in zip(stand, [*held, ("coordinator", target)], strict=True)
    ]
    store.sync.apply(desk, Page("s3", cases=cases))
    asked = drafts(store, "forward")
    numbers = [row.n for row in store.window("all", "due", limit=500)]
    _both_ways(store, asked, numbers)
    queued, refused, _left = store.queue_alike(asked, numbers)
    assert {each.case_id for each in queued} & {row.id for row in rows} == {rows[at].id for at in (1, 2, 3, 4)}
    assert {draft.case_id for draft, _error in refused} >= {rows[0].id, rows[5].id}
    store.take_back([each.client_ref for each in queued], _never, numbers)
    anew = [{**case, "version": 51} for case in before]
    store.sync.apply(desk, Page("s5", cases=anew))


def test_an_addressee_that_becomes_what_another_desk_is_is_no_matter_of_kind(store: Store) -> None:
    rules = next(one for one in filled.all_rules() if one.procedure.id == "pw.info")
    found = {
        row.id: row for row in store._case_kinds.standing([row.n for row in store.window("all", "due", limit=500)])
    }
    desk = store.seats()[0].desk
    roles = {}
    for id, standing in found.items():
        own = next(part.role for part in standing.head.parts if part.desk == desk)
        roles.setdefault(own, set()).add(hands_on(rules, "forward", standing.head, desk))
        assert not hands_on(rules, "accept", standing.head, desk), id
    assert roles == {"initiator": {False}, "observer": {False}, "responder": {True}}


def _both_ways(
    store: Store, asked: list[Draft], numbers: list[int], *, written: bool = False, known: bool = True
) -> None:
    """Queue and take back, all together and one by one. `known`: it is remembered how rows stood before."""
    before = kept(store)
    queued, refused, left = store.queue_alike(asked, numbers[:40])
    assert left == []
    assert len(queued) > 3
    together, counts = kept(store), store.counts()
    assert {each.client_ref for each in queued} == {item.client_ref for item in store.outbox()}
    assert all(store.outbox_table.is_sound(item) for item in store.outbox_table.live())
    basis = {item.case_id: item.payload["basedOn"] for item in store.outbox()}
    if not known:
        store._bulk_queue._case_kinds.forget()
    taken = store.take_back([each.client_ref for each in reversed(queued)], lambda draft: draft.written, numbers)
    assert [each.case_id for each in taken] == [each.case_id for each in reversed(queued)]
    assert kept(store) | {"drafts": []} == before
    assert len(store.drafts()) == (len(queued) if written else 0)
    again = store.drafts_of(taken)
    assert [(d.id, d.case_id, d.text) for d in again if d] == [
        (t.draft, t.case_id, d.text) for t, d in zip(taken, again, strict=True) if d
    ]
    assert all(draft.based_on == basis[draft.case_id] for draft in again if draft)
    for draft in store.drafts():
        store.delete_draft(draft.id)
    assert kept(store) == before
    items, other = store.queue_all(asked)
    assert kept(store) == together
    assert store.counts() == counts
    assert [(draft.case_id, error.code, str(error)) for draft, error in other] == [
        (draft.case_id, error.code, str(error)) for draft, error in refused
    ]
    taken = store._desk_work.undo_all([item.client_ref for item in items], lambda draft: False)
    store.reflect()
    assert kept(store) == before


def test_what_is_no_matter_of_its_kind_is_left_and_nothing_is_taken_twice(store: Store) -> None:
    rows = store.window("to_accept", "due", limit=7)
    before = kept(store)
    # The first has moved on since the first version of it.
    rows.sort(key=lambda row: -store.marking.standings([row.n])[row.n].seen.version)
    stale, waits, aimed, attached, *plain = rows
    message = store.act(waits.desk, waits.id, "message", text="Bonjour", lang="fr")

    def accept(id: str, **more: Any) -> Draft:
        said = {"action": "accept", "answers": {"agreed_days": 7}} | more
        return Draft(id="", desk=rows[0].desk, procedure="", case_id=id, **said)

    asked = [
        accept(waits.id),
        accept(stale.id, based_on=1),
        accept(attached.id, attachments=[{"blobId": "b", "name": "n"}]),
        accept("ref:none"),
    ]
    wrong = accept(aimed.id, target="fr-dreets-corse_pw")
    queued, refused, left = store.queue_alike([*asked, wrong, *(accept(row.id) for row in plain)])
    assert left == asked
    assert [(draft, str(error)) for draft, error in refused] == [(wrong, "accept has no addressee")]
    assert {each.case_id for each in queued} == {row.id for row in plain}
    refs = [each.client_ref for each in queued]
    store.sync.begin(refs[:1])
    with pytest.raises(AlreadyAttempted):
        store._bulk_queue.take_back(refs, lambda draft: False, ())
    with pytest.raises(NoSuchItem):
        store._bulk_queue.take_back([*refs[1:], "none"], lambda draft: False, ())
    assert {item.client_ref for item in store.outbox()} == {message.client_ref, *refs}
    # The other entry of this case stays: what is expected of it is folded anew.
    more = store.act(waits.desk, waits.id, "accept", answers={"agreed_days": 3})
    store._bulk_queue.take_back([more.client_ref, *refs[1:]], lambda draft: False, ())
    shown = store.row(waits.desk, waits.id, "all", "due")
    assert shown is not None
    assert (shown.pending, shown.state) == (1, "awaiting_acceptance")
    assert is_settled(store)
    store.sync.recover()
    store._work.run("update outbox set attempts = 0")
    store.take_back([refs[0], message.client_ref], lambda draft: False)
    assert kept(store) == before


def test_assignments_that_are_no_matter_of_their_kind_are_left(store: Store) -> None:
    before = kept(store)
    rows = store.window("all", "reference", limit=12)
    asked = {draft.case_id: draft for draft in assignments(store, ANNA)}
    theirs = {row.id: row.handler for row in rows}
    back, mine, stale, waits, acts, *plain = (asked[row.id] for row in rows)
    assert [theirs[draft.case_id] for draft in (mine, stale)] == ["", ANNA]
    first = store.act(waits.desk, waits.case_id, ASSIGN, target=filled.OFFICER["id"], seen=Seen(waits.based_on))
    message = store.act(acts.desk, acts.case_id, "message", text="Bonjour", lang="fr")
    waits.after = [first.client_ref]
    stale.based_on, stale.target = 1, filled.OFFICER["id"]
    changed = replace(plain[1], based_on=plain[1].based_on - 1)
    queued, refused, left = store.queue_alike([back, mine, stale, waits, acts, *plain])
    assert left == [stale, waits, acts]
    assert refused == []
    assert {each.case_id for each in queued} == {draft.case_id for draft in (back, mine, *plain)}
    shown = {row.id: (row.handler, row.pending, row.assigning) for row in store.window("all", "reference", limit=12)}
    assert {shown[each.case_id] for each in queued} == {(ANNA, 1, 1)}
    assert shown[waits.case_id] == (filled.OFFICER["id"], 1, 1)
    assert is_settled(store)
    items, other = store.queue_all(left)
    assert (len(items), other) == (3, [])
    assert [item.state for item in items] == ["rejected", "queued", "queued"]
    assert items[1].payload["after"] == [first.client_ref]
    found = list(store._desk_work.freezer.drafts(store.outbox_table.live()))
    assert found == [store._desk_work.freezer.draft(item, "") for item in store.outbox_table.live()]
    store.discard(items[0].client_ref)
    both = [item.client_ref for item in items[1:]]
    store.take_back([*both, first.client_ref, message.client_ref, *(each.client_ref for each in queued)], _never)
    assert kept(store) == before
    # Who only reads is given no case, who is no handler gives none: each says so, as one by one.
    wrong = [replace(draft, target=READER) for draft in plain]
    assert store.queue_alike([*wrong, changed])[0] == []
    refused = store.queue_alike(wrong)[1]
    assert [(draft, str(error)) for draft, error in refused] == [
        (draft, str(error)) for draft, error in store.queue_all(wrong)[1]
    ]
    assert kept(store) == before


def test_each_is_given_to_whom_it_says_and_only_where_nobody_gave_it_meanwhile(store: Store) -> None:
    before, asked = kept(store), assignments(store, ANNA)
    me, stale = filled.OFFICER["id"], []
    handlers = {row.id: row.handler for row in store.window("all", "reference", limit=500)}
    for at, draft in enumerate(asked):
        if at % 2:
            draft.target = me
            if handlers[draft.case_id] == ANNA and at % 4 == 1:
                draft.based_on = 1
                stale.append(draft)
    assert len(stale) > 5
    queued, refused, left = store.queue_alike(asked)
    assert (left, refused) == (stale, [])
    shown = {row.id: row.handler for row in store.window("all", "reference", limit=500)}
    assert {draft.case_id: shown[draft.case_id] for draft in asked if draft not in stale} == {
        draft.case_id: draft.target for draft in asked if draft not in stale
    }
    store.take_back([each.client_ref for each in queued], _never)
    assert kept(store) == before


def _never(_draft: Draft) -> bool:
    return False


def test_entries_count_though_the_listing_cannot_follow_and_it_follows_later(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, numbers = kept(store), [row.n for row in store.window("all", "due", limit=500)]

    def fails(*_: object) -> None:
        raise CacheBusy

    told: list[Changed] = []
    end = store.subscribe(told.append)
    with monkeypatch.context() as patch:
        patch.setattr(store._projector, "move", fails)
        queued, _refused, left = store.queue_alike(drafts(store, "accept"), numbers)
    end()
    assert left == []
    assert {item.client_ref for item in store.outbox()} == {each.client_ref for each in queued}
    assert told[-1].cases == {(each.desk, each.case_id) for each in queued}
    assert kept(store) | {"outbox": []} == before | {"outbox": []}
    # As after a crash between the two commits.
    store.recover_projection()
    assert {store.row(e.desk, e.case_id, "all", "due").pending for e in queued} == {1}  # type: ignore[union-attr]
    with monkeypatch.context() as patch:
        patch.setattr(store._projector, "move", fails)
        store.take_back([each.client_ref for each in queued], lambda draft: False, numbers)
    assert store.outbox() == []
    assert kept(store) != before
    store.recover_projection()
    assert kept(store) == before


def test_an_outbox_that_changes_meanwhile_is_looked_at_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    before = kept(store)
    first, *rows = store.window("to_accept", "due", limit=4)
    other = Store.open(store._profile, filled.KEY, now=lambda: filled.NOW)
    look = store._bulk_queue._standing
    said: list[bool] = []

    def late(*given: Any) -> Any:
        found = look(*given)
        if not said:
            said.append(True)
            with other.outbox_table.work.write():
                other.outbox_table.insert(other._desk_work.freezer.item(asked[0], first.id, []))
        return found

    asked = [draft for draft in drafts(store, "accept") if draft.case_id in {first.id, *(row.id for row in rows)}]
    asked.sort(key=lambda draft: draft.case_id != first.id)
    monkeypatch.setattr(store._bulk_queue, "_standing", late)
    queued, _refused, left = store.queue_alike(asked)
    assert [draft.case_id for draft in left] == [first.id]
    assert {each.case_id for each in queued} == {row.id for row in rows}
    assert is_settled(store)
    assert store.outbox_table.counts() == (4, 0)
    other.take_back([item.client_ref for item in store.outbox()], lambda draft: False)
    other.close()
    assert store.outbox_table.counts() == (0, 0)
    assert kept(store) == before


def test_what_begins_to_be_sent_while_it_is_taken_back_stays(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    before, numbers = kept(store), [row.n for row in store.window("all", "due", limit=500)]
    queued, _refused, _left = store.queue_alike(drafts(store, "accept"), numbers)
    refs = [each.client_ref for each in queued]
    other = Store.open(store._profile, filled.KEY, now=lambda: filled.NOW)
    look = store._bulk_queue._standing

    def late(*given: Any) -> Any:
        other.sync.begin(refs[:1])
        monkeypatch.setattr(store._bulk_queue, "_standing", look)
        return look(*given)

    monkeypatch.setattr(store._bulk_queue, "_standing", late)
    with pytest.raises(AlreadyAttempted):
        store.take_back(refs, lambda draft: False, numbers)
    assert {item.client_ref for item in store.outbox()} == set(refs)
    assert is_settled(store)
    other.sync.recover()
    other._work.run("update outbox set attempts = 0")
    other.close()
    store.take_back(refs, lambda draft: False, numbers)
    assert kept(store) == before


def test_the_parts_by_whose_country_an_action_counts() -> None:
    rules = next(one for one in filled.all_rules() if one.procedure.id == "pw.info")
    assert workflow.counted_by(rules, "accept") == {"responder"}
    assert workflow.counted_by(rules, "message") == frozenset()
    limit = msgspec.structs.replace(rules.procedure.deadlines[0], trigger="message", role="initiator")
    procedure = msgspec.structs.replace(rules.procedure, deadlines=(limit,))
    assert workflow.counted_by(msgspec.structs.replace(rules, procedure=procedure), "message") == {"initiator"}


def test_what_is_said_with_what_came_before_and_what_is_no_action_is_read_back_whole(store: Store) -> None:
    first = next(row for row in store.window("to_accept", "due", limit=9) if not row.handler)
    accepted = store.act(first.desk, first.id, "accept", answers={"agreed_days": 9})
    store.act(first.desk, first.id, "change_date", answers={"agreed_days": 12}, text="Ferien", lang="de")
    store.act(first.desk, first.id, ASSIGN, target="")
    entries, freezer = store.outbox_table.live(), store._desk_work.freezer
    found = list(freezer.drafts([*entries, *entries]))
    assert found == [freezer.draft(item, "") for item in [*entries, *entries]]
    assert [draft.after for draft in found[:2]] == [[], [accepted.client_ref]]
    given = entries[-1].content
    # As earlier versions wrote it.
    first_named = {name: given[name] for name in ("clientRef", "caseId", "officer", "basedOn")}
    earlier = [entries[-1]._replace(payload=json.dumps(first_named | {"basedOn": at})) for at in (3, 3)]
    assert [draft.based_on for draft in freezer.drafts(earlier)] == [3, 3]
    for item in reversed(entries):
        store.take_back([item.client_ref], lambda draft: False)


def test_what_was_read_of_cases_is_read_again_when_anybody_wrote(store: Store) -> None:
    other = Store.open(store._profile, filled.KEY, now=lambda: filled.NOW)
    numbers = [row.n for row in store.window("all", "due", limit=500)]
    queued, _refused, _left = store.queue_alike(drafts(store, "accept"), numbers)
    detail = other.case(queued[0].desk, queued[0].case_id)
    assert detail is not None
    later = {"version": detail.case["version"] + 5, "lastActivity": "2026-03-05T08:00:00Z", "due": "2026-03-30"}
    deadlines = [{"code": "PW.STD", "on": "2026-03-30", "role": "responder"}]
    wire = {**detail.case, **later, "state": "awaiting_acceptance", "turn": "responder", "deadlines": deadlines}
    other.sync.apply(queued[0].desk, Page("s2", cases=[wire]))
    other.close()
    store.take_back([each.client_ref for each in reversed(queued)], lambda draft: False, numbers)
    shown = store.row(queued[0].desk, queued[0].case_id, "all", "due")
    assert shown is not None
    assert (shown.due, shown.pending) == ("2026-03-30", 0)
    assert is_settled(store)


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[PreparedDrafts]:
    """What was looked at, as often as it was."""
    found: list[PreparedDrafts] = []
    look = PreparedDrafts.look

    def looking(self: PreparedDrafts, standing: dict[Any, Any]) -> Iterator[None]:
        found.append(self)
        yield from look(self, standing)

    monkeypatch.setattr(PreparedDrafts, "look", looking)
    return found


def test_what_was_looked_at_behind_the_question_is_looked_at_once_and_answered_later(
    store: Store, looked: list[PreparedDrafts]
) -> None:
    numbers = [row.n for row in store.window("all", "due", limit=500)]
    before = kept(store)
    asked = drafts(store, "accept")
    answers = asked[0].answers
    answers.clear()
    list(store.foresee(numbers, asked))
    assert len(looked) == 1
    answers["agreed_days"] = 9
    said = {}
    for _time in range(2):
        queued, refused, left = store.queue_alike(asked, numbers)
        assert left == []
        assert {*map(id, asked)} == {*map(id, [draft for draft, _error in refused])} | {
            id(draft) for draft in asked if draft.case_id in {each.case_id for each in queued}
        }
        said[_time] = [item.payload["answers"] for item in store.outbox()]
        taken = store.take_back([each.client_ref for each in reversed(queued)], lambda draft: False, numbers)
        assert kept(store) == before
        # As when it is done again: the same drafts, without those that were refused.
        asked = [each.said for each in reversed(taken)]
    assert said == {0: [{"agreed_days": 9}] * len(queued), 1: [{"agreed_days": 9}] * len(queued)}
    assert len(looked) == 2, "once before, and once for those that are left"
    store.queue_alike(asked, numbers)
    assert len(looked) == 2
    store.take_back([item.client_ref for item in store.outbox()], lambda draft: False, numbers)
    assert kept(store) == before


@pytest.mark.parametrize("what", ["a case", "part of it", "others"])
def test_what_changed_since_it_was_looked_at_is_looked_at_again(
    store: Store, looked: list[PreparedDrafts], monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    monkeypatch.setattr(prepared, "STEP", 5)
    numbers = [row.n for row in store.window("all", "due", limit=500)]
    asked = drafts(store, "accept")
    steps = store.foresee(numbers, asked)
    row = store.window("to_accept", "due", limit=1)[0]
    match what:
        case "a case":
            list(steps)
            detail = store.case(row.desk, row.id)
            assert detail is not None
            version = detail.case.get("version", 1)
            moved = {**detail.case, "version": version + 1, "lastActivity": "2026-03-05T08:00:00Z"}
            store.sync.apply(row.desk, Page(f"s-{what}", cases=[moved]))
            for draft in asked:
                if draft.case_id == row.id:
                    draft.based_on = version
        case "part of it":
            while not looked:
                next(steps)
        case "others":
            list(steps)
            asked = drafts(store, "accept")
    queued, _refused, left = store.queue_alike(asked, numbers)
    assert len(looked) == 2
    assert [draft.case_id for draft in left] == ([row.id] if what == "a case" else [])
    store.take_back([each.client_ref for each in queued], lambda draft: False, numbers)
    assert is_settled(store)


def test_what_waits_since_it_was_looked_at_is_left(store: Store, looked: list[PreparedDrafts]) -> None:
    numbers = [row.n for row in store.window("all", "due", limit=500)]
    asked = drafts(store, "accept")
    row = store.window("to_accept", "due", limit=1)[0]
    list(store.foresee(numbers, asked))
    # Queued, but not shown yet: as by another window whose list could not follow.
    other = Store.open(store._profile, filled.KEY, now=lambda: filled.NOW)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(other, "reflect", lambda *_kinds: None)
        own = other.act(row.desk, row.id, "message", text="Bonjour", lang="fr").client_ref
    other.close()
    queued, _refused, left = store.queue_alike(asked, numbers)
    assert [draft.case_id for draft in left] == [row.id]
    store.take_back([*(each.client_ref for each in queued), own], lambda draft: False, numbers)
    assert is_settled(store)


def test_where_the_listing_cannot_be_written_everything_is_left_to_the_plain_way(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = drafts(store, "accept")
    monkeypatch.setattr(write_queue, "BUSY_MS", 1)
    with store._cache.write_queue.turn():
        assert store.queue_alike(asked) == ([], [], asked)
    assert store.outbox() == []


def test_few_are_left_to_the_plain_way(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = drafts(store, "accept")
    monkeypatch.setattr(acting, "MANY", len(asked) + 1)
    assert store.queue_alike(asked) == ([], [], asked)
    monkeypatch.setattr(acting, "MANY", len(asked))
    queued = store.queue_alike(asked)[0]
    assert len(queued) > 1
    store.take_back([each.client_ref for each in queued], lambda draft: False)


def test_many_references_count_on_from_the_first_and_have_room_to() -> None:
    class Highest:
        def token_bytes(self, nbytes: int, /) -> bytes:
            return b"\xff" * nbytes

    first = first_of_many(filled.NOW, Highest())
    found = following(first, 100_000)
    assert found[0] == first
    assert len(set(found)) == 100_000
    assert found == sorted(found)
    assert {uuid.UUID(ref).version for ref in found} == {7}
    assert {(len(ref), ref[:24]) for ref in found} == {(36, first[:24])}
