"""Who looks after a case, by keyboard: for one case, for marked ones, in conflict; and what stays at the desk."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from imi_core.authority import Seat
from imi_tui import problems
from imi_tui.app import PAINTED
from imi_tui.cache.bulk.marking import MarkedCase
from imi_tui.cache.errors import DiskFull
from imi_tui.cache.ids import ASSIGN
from imi_tui.cache.model import Seen
from imi_tui.cache.store import Store
from imi_tui.cache.sync import Page
from imi_tui.export.service import _case_wire
from imi_tui.screens.confirm import ChooseScreen
from imi_tui.screens.conflict import ConflictScreen
from imi_tui.screens.doing import BEHIND
from imi_tui.viewmodel import assigning
from imi_tui.viewmodel.case import timeline
from imi_tui.viewmodel.copying import pieces
from imi_tui.viewmodel.view import View
from tests.tui.actions.desk import key_file, ran
from tests.tui.screens.filled import OFFICER, session
from tests.tui.screens.test_inbox_screen import case_list, footer, running, settled, text_of

pytestmark = pytest.mark.anyio
ANNA = "demo-anna"


@pytest.fixture(autouse=True)
def colleagues(store: Store, seat: Seat) -> None:
    """A colleague who handles cases, and one who reads them."""
    desks = {seat.desk: ["handler"]}
    officers = [
        {**OFFICER, "desks": desks},
        {"id": ANNA, "name": "Anna Huber", "desks": desks},
        {"id": "demo-reader", "name": "Rita Reader", "desks": {seat.desk: ["viewer"]}},
    ]
    store.sync.apply("directory", Page("d2", officers=officers))


async def test_marked_cases_go_to_a_colleague_after_one_look_and_come_back(store: Store, home: Path) -> None:
    async with running(store, home, (120, 40)) as (app, pilot):
        rows = store.window("todo", "due", limit=3)
        await pilot.press("space", "space", "full_stop")
        await settled(pilot)
        assert isinstance(app.screen, ChooseScreen)
        shown = text_of(app)
        assert "Assign: 2 of 2 cases" in shown
        assert "the other side is not told" in shown
        assert "Anna Huber" in shown
        assert "Rita" not in shown, "who only reads is given no case"
        assert "nobody" not in shown, "nobody has them yet"
        await pilot.press("down", "enter")
        await settled(pilot)
        assert [(item.action, item.payload["officer"]) for item in store.outbox()] == [(ASSIGN, ANNA)] * 2
        assert [row.handler_name for row in store.window("todo", "due", limit=3)] == ["Anna Huber", "Anna Huber", ""]
        assert case_list(app).marked == set()
        assert "Undo: given to Anna Huber" in footer(app)
        # What is to be done there is still said.
        assert "queued" not in text_of(app).split("sync")[-1]
        await pilot.press("u")
        await settled(pilot)
        assert (store.outbox(), store.drafts()) == ([], [])
        assert all(not row.handler for row in rows)
        assert len(case_list(app).marked) == 2, "they can be given to somebody else"
        await pilot.press("escape", "comma")
        await settled(pilot)
        assert store.counts()["mine"] == 1
        assert "taken on: Camille" in footer(app)
        await pilot.press("comma")
        await settled(pilot)
        assert len(store.outbox()) == 1, "it is theirs already"
        await pilot.press("space", "space", "full_stop")
        await settled(pilot)
        assert "Looked after by Camille Martin: 1 case" in text_of(app)
        await pilot.press("escape", "escape")
        await pilot.press("o")
        await settled(pilot)
        assert "taken on: Camille Martin" in text_of(app)


async def test_in_a_case_it_is_shown_and_a_conflict_shows_both(store: Store, home: Path, seat: Seat) -> None:
    async with running(store, home, (120, 40)) as (app, pilot):
        row = store.window("todo", "due", limit=1)[0]
        await pilot.press("enter", "i")
        await settled(pilot)
        assert "Looked after by Camille Martin" in text_of(app)
        assert "Assign waits on this machine" in text_of(app)
        await pilot.press("3", "end")
        await settled(pilot)
        assert "queued on this machine  Taken on: Camille Martin" in text_of(app)
        [item] = store.outbox()
        store.sync.begin([item.client_ref])
        store.sync.settle({}, {item.client_ref: {"type": "stale"}})
        detail = store.case(row.desk, row.id)
        assert detail is not None
        given = {"officer": ANNA, "version": 1, "at": "2026-03-04T10:00:00Z", "by": ANNA}
        store.sync.apply(row.desk, Page("s2", cases=[{**detail.case, "assignment": given}]))
        await pilot.press("o")
        await settled(pilot)
        await pilot.press("v")
        await settled(pilot)
        assert isinstance(app.screen, ConflictScreen)
        shown = text_of(app)
        assert row.reference in shown.splitlines()[0]
        assert "Correct it" not in footer(app), "nothing is written in it"
        assert "A colleague assigned this case before your entry arrived." in shown
        assert "taken on: Camille Martin" in shown
        assert "taken on: Anna Huber" in shown
        await pilot.press("g")
        await settled(pilot)
        [again] = store.outbox()
        assert (again.state, again.payload["basedOn"], again.payload["officer"]) == ("queued", 1, OFFICER["id"])


def test_it_stands_in_the_timeline_and_stays_out_of_what_leaves_the_desk(store: Store, seat: Seat) -> None:
    row = store.window("todo", "due", limit=1)[0]
    detail = store.case(row.desk, row.id)
    assert detail is not None
    given = {"officer": ANNA, "version": 2, "at": "2026-03-04T10:00:00Z", "by": OFFICER["id"]}
    store.sync.apply(row.desk, Page("s2", cases=[{**detail.case, "assignment": given}]))
    detail = store.case(row.desk, row.id)
    assert detail is not None
    rules = store.rules(row.procedure)
    view = View(detail, rules, ("en",), store.today(), store.authority)
    assert any("Given to Anna Huber (Camille Martin)" in block.text for block in timeline(view))
    alone = replace(view, detail=detail._replace(entries=()))
    assert "Anna Huber" not in "".join(piece.text for piece in pieces(view))
    assert "Anna Huber" in "".join(block.text for block in timeline(alone))
    before = {"officer": OFFICER["id"], "version": 1, "at": "2020-03-04T10:00:00Z", "by": OFFICER["id"]}
    gone = {"officer": "who-left", "version": 2, "at": "2020-03-05T10:00:00Z", "by": OFFICER["id"]}
    kept = [{**each, "id": f"a{each['version']}", "caseId": row.id} for each in (before, gone)]
    store.sync.put_histories(row.desk, [row.id], {row.id: kept})
    store.sync.apply(row.desk, Page("s3", cases=[{**detail.case, "assignment": given | {"version": 3}}]))
    detail = store.case(row.desk, row.id)
    assert detail is not None
    texts = [block.text for block in timeline(replace(view, detail=detail))]
    said = [text.partition(")  ")[2] for text in texts if "Given to" in text or "Taken on" in text]
    # Older than the case itself, so that both stand in front of all entries; the last one stands where it belongs.
    assert said == [
        "Taken on: Camille Martin",
        "Given to somebody who has left (Camille Martin)",
        "Given to Anna Huber (Camille Martin)",
    ]
    assert texts[0].endswith("Taken on: Camille Martin")
    assert sum("Only your desk sees this" in text for text in texts) == 1
    wire = json.dumps(_case_wire(detail), default=str)
    assert "Anna" not in wire
    assert "who-left" not in wire
    assert "assignment" in detail.case
    assert "assignment" not in _case_wire(detail)["case"]


async def test_a_case_is_given_back_and_one_that_a_colleague_took_meanwhile_is_not_taken_from_them(
    store: Store, home: Path, seat: Seat
) -> None:
    async with running(store, home) as (app, pilot):
        row = store.window("todo", "due", limit=1)[0]
        await pilot.press("full_stop")
        await settled(pilot)
        assert "nobody" not in text_of(app)
        await pilot.press("enter", "full_stop")
        await settled(pilot)
        assert "Looked after by Camille Martin" in text_of(app)
        await pilot.press("end", "enter")
        await settled(pilot)
        assert [item.payload["officer"] for item in store.outbox()] == [OFFICER["id"], ""]
        assert app.undo.what.startswith("given back: ")
        await pilot.press("u", "u")
        await settled(pilot)
        assert store.outbox() == []
        detail = store.case(row.desk, row.id)
        assert detail is not None
        given = {"officer": OFFICER["id"], "version": 1, "at": "2026-03-04T10:00:00Z", "by": ANNA}
        store.sync.apply(row.desk, Page("s2", cases=[{**detail.case, "assignment": given}]))
        await settled(pilot)
        await pilot.press("full_stop")
        await settled(pilot)
        meanwhile = {**given, "officer": ANNA, "version": 2}
        store.sync.apply(row.desk, Page("s3", cases=[{**detail.case, "assignment": meanwhile}]))
        await pilot.press("end", "enter")
        await settled(pilot)
        [item] = store.outbox()
        assert item.state == "rejected", "Anna took it after the question was asked"


async def test_what_is_theirs_already_is_not_given_once_more(store: Store, home: Path) -> None:
    async with running(store, home, (120, 40)) as (_app, pilot):
        theirs, other = store.window("todo", "due", limit=2)
        detail = store.case(theirs.desk, theirs.id)
        assert detail is not None
        given = {"officer": OFFICER["id"], "version": 1, "at": "2026-03-04T10:00:00Z", "by": ANNA}
        store.sync.apply(theirs.desk, Page("s2", cases=[{**detail.case, "assignment": given}]))
        await settled(pilot)
        await pilot.press("space", "space", "full_stop")
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        assert [(item.case_id, item.payload["officer"]) for item in store.outbox()] == [(other.id, OFFICER["id"])]


async def test_what_giving_marked_cases_away_needs_is_read_behind_the_question(
    store: Store, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreseen: list[set[int]] = []
    looked_through: list[bool] = []
    read: list[Any] = []
    asked: list[tuple[bool, str]] = []
    foresee, queue_alike = store.foresee, store.queue_alike

    def reading(numbers: tuple[int, ...], drafts: Any) -> Iterator[None]:
        foreseen.append(set(numbers))
        read[:] = drafts
        yield from foresee(numbers, drafts)

    def queueing(drafts: Any, numbers: Any) -> Any:
        looked_through.append(gc.isenabled())
        asked[:] = [(any(draft is each for each in read), draft.target) for draft in drafts]
        return queue_alike(drafts, numbers)

    monkeypatch.setattr(store, "foresee", reading)
    monkeypatch.setattr(store, "queue_alike", queueing)
    async with running(store, home) as (app, pilot):
        gc.enable()
        await pilot.press("full_stop")
        await pilot.pause(2 * BEHIND)
        assert isinstance(app.screen, ChooseScreen)
        assert foreseen == [], "one case takes no time"
        await pilot.press("escape", "space", "space")
        await settled(pilot)
        marked = set(case_list(app).marked)
        assert len(marked) == 2
        for key in ("full_stop", "comma"):
            await pilot.press(key)
            await pilot.pause(2 * BEHIND)
            assert isinstance(app.screen, ChooseScreen)
            assert foreseen.pop() == marked
            assert foreseen == []
            await pilot.press("enter")
            await settled(pilot)
            assert looked_through.pop() is False
            assert asked == [(True, OFFICER["id"])] * 2, "the drafts that were looked at"
            assert len(store.outbox()) == 2
            await pilot.press("u")
            await settled(pilot)
            await pilot.pause(2 * PAINTED)
            assert gc.isenabled()


async def test_many_are_given_in_parts_and_taken_on_after_one_look(
    store: Store, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imi_tui.screens.assigning.AT_ONCE", 2)
    monkeypatch.setattr("imi_tui.screens.bulk_actions.AT_ONCE", 2)
    async with running(store, home) as (app, pilot):
        await pilot.press(*["space"] * 5, "comma")
        await settled(pilot)
        assert isinstance(app.screen, ChooseScreen)
        assert "Take on: 5 of 5 cases" in text_of(app)
        assert store.outbox() == []
        await pilot.press("down", "enter")
        await settled(pilot)
        assert store.outbox() == [], "it was left"
        await pilot.press("comma", "enter")
        await settled(pilot)
        assert len({item.case_id for item in store.outbox()}) == 5
        await pilot.press("u")
        await settled(pilot)
        assert store.outbox() == [], "one step"
        # Where the disk is full in the middle: what was queued is one step, the others stay marked, it is said.
        app.screen.run_worker(_no_room())
        await settled(pilot)
        assert [each.message for each in app._notifications][-1] == problems.sentence("diskFull")
        for keys in (("comma", "enter"), ("2", "v", "a", "enter")):
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(store, "queue_all", _once(store.queue_all))
                # As where no case is like the others.
                patch.setattr(store, "queue_alike", lambda drafts, _numbers: ([], [], drafts))
                await pilot.press(*keys)
                await settled(pilot)
            assert len(store.outbox()) == 2
            left = set(store.marking.cases(case_list(app).marked))
            assert left
            assert left.isdisjoint((item.desk, item.case_id) for item in store.outbox())
            assert [each.message for each in app._notifications][-1] == problems.sentence("diskFull")
            await pilot.press("u")
            await settled(pilot)
            assert store.outbox() == []


async def _no_room() -> None:
    raise DiskFull


def _once(queue_all: Callable[..., Any]) -> Callable[..., Any]:
    """There is room for one part."""
    left = [True]

    def queue(drafts: Any) -> Any:
        if not left:
            raise DiskFull
        left.pop()
        return queue_all(drafts)

    return queue


async def test_before_marked_ones_are_taken_on_it_is_said_whose_they_are(store: Store, home: Path, seat: Seat) -> None:
    rows = store.window("todo", "due", limit=4)
    owners = (OFFICER["id"], ANNA, "who-left")
    for version, (row, owner) in enumerate(zip(rows, owners, strict=False), 1):
        detail = store.case(row.desk, row.id)
        assert detail is not None
        given = {"officer": owner, "version": 1, "at": "2026-03-04T10:00:00Z", "by": ANNA}
        store.sync.apply(row.desk, Page(f"s{version}", cases=[{**detail.case, "assignment": given}]))
    async with running(store, home, (120, 40)) as (app, pilot):
        await pilot.press(*["space"] * 4, "comma")
        await settled(pilot)
        shown = text_of(app)
        assert "Take on: 3 of 4 cases" in shown
        assert f"1 case not: Looked after by Camille Martin ({rows[0].reference})" in shown
        assert "Looked after by Anna Huber, somebody who has left: 2 cases" in shown
        assert "Do it with 3 cases" in shown
        await pilot.press("enter")
        await settled(pilot)
        found = {item.case_id: (item.state, item.payload["basedOn"]) for item in store.outbox()}
        assert found == {rows[1].id: ("queued", 1), rows[2].id: ("queued", 1), rows[3].id: ("queued", 0)}
        await pilot.press("home", "space", "space", "comma")
        await settled(pilot)
        assert not isinstance(app.screen, ChooseScreen)
        assert "Nothing changed." in [each.message for each in app._notifications]
        assert len(store.outbox()) == 3


async def test_a_case_that_is_somebodys_already_is_given_on(store: Store, home: Path, seat: Seat) -> None:
    row = store.window("todo", "due", limit=1)[0]
    detail = store.case(row.desk, row.id)
    assert detail is not None
    given = {"officer": OFFICER["id"], "version": 1, "at": "2026-03-04T10:00:00Z", "by": ANNA}
    store.sync.apply(row.desk, Page("s2", cases=[{**detail.case, "assignment": given}]))
    async with running(store, home) as (_app, pilot):
        await pilot.press("full_stop", "down", "enter")
        await settled(pilot)
        [item] = store.outbox()
        assert (item.state, item.payload["basedOn"], item.payload["officer"]) == ("queued", 1, ANNA)


async def test_who_only_reads_is_told_so_and_gives_nothing(store: Store, home: Path, seat: Seat) -> None:
    async with running(store, home) as (app, pilot):
        reads = {"id": OFFICER["id"], "name": "Camille Martin", "desks": {seat.desk: ["viewer"]}}
        for roles in ({"handler", "viewer"}, {"viewer"}):
            # First the directory says so, then the session too.
            store.sync.apply("directory", Page(f"d{len(roles)}", officers=[reads]))
            store.sync.set_session(session(msgspec.structs.replace(seat, roles=frozenset(roles))))
            await settled(pilot)
            app.clear_notifications()
            await pilot.press("comma")
            await settled(pilot)
            assert problems.sentence("forbidden") in [each.message for each in app._notifications]
            assert store.outbox() == []
        app.clear_notifications()
        await pilot.press("full_stop")
        await settled(pilot)
        assert not isinstance(app.screen, ChooseScreen)
        assert problems.sentence("forbidden") in [each.message for each in app._notifications]


def test_cases_of_several_desks_go_to_one_colleague_of_the_desk_with_most() -> None:
    def standing(desk: str, number: int) -> MarkedCase:
        return MarkedCase(desk, f"{number:032x}", f"PW-26-{number:06}", None, Seen())

    cases = [standing("a", 1), standing("b", 2), standing("b", 3), standing("c", 4)]
    found = assigning.plan(cases, {"a", "b"})
    assert [each.desk for each in found.ready] == ["b", "b"]
    assert {(each.code, each.cases) for each in found.refused} == {("otherDesk", 1), ("forbidden", 1)}


def test_a_whole_name_means_one_colleague_although_others_begin_so(store: Store, home: Path, seat: Seat) -> None:
    desks = {seat.desk: ["handler"]}
    officers = [{"id": id, "name": name, "desks": desks} for id, name in ((ANNA, "Anna Huber"), ("b", "Anna Huberty"))]
    store.sync.apply("directory", Page("d3", officers=officers))
    key_file(home)
    row = store.window("todo", "due", limit=1)[0]
    ran(home, "assign", row.reference, "--to", "anna huber", "--no-sync")
    assert [item.payload["officer"] for item in store.outbox()] == [ANNA]
    with pytest.raises(AssertionError, match="Several colleagues fit Anna: Anna Huber, Anna Huberty"):
        ran(home, "assign", row.reference, "--to", "Anna", "--no-sync")


async def test_one_that_may_not_be_sent_again_stays_refused_and_leaves_no_draft(
    store: Store, home: Path, seat: Seat
) -> None:
    async with running(store, home) as (app, pilot):
        await pilot.press("comma")
        await settled(pilot)
        [item] = store.outbox()
        store.sync.begin([item.client_ref])
        store.sync.settle({}, {item.client_ref: {"type": "stale"}})
        store.sync.set_session(session(msgspec.structs.replace(seat, roles=frozenset({"viewer"}))))
        await settled(pilot)
        assert "o Outbox" in footer(app), "where something was refused, the way there is named"
        await pilot.press("o", "v")
        await settled(pilot)
        assert isinstance(app.screen, ConflictScreen)
        await pilot.press("g")
        await settled(pilot)
        assert ([each.state for each in store.outbox()], store.drafts()) == (["rejected"], [])
        assert problems.sentence("forbidden") in [each.message for each in app._notifications]
