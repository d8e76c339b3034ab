"""An entry is based on what its author had in front of them, whatever a synchronisation brings before it is queued."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from imi_core.case import Case, to_wire
from imi_tui.cache.errors import DiskFull
from imi_tui.cache.store import Store
from imi_tui.cache.sync import Page
from imi_tui.screens import routes
from imi_tui.screens.act import ActScreen
from imi_tui.screens.prompt import DaysPrompt
from tests.tui.screens import filled
from tests.tui.screens.test_case_screen import a_case, opened
from tests.tui.screens.test_inbox_screen import running, settled, text_of
from tests.tui.undone import undone

pytestmark = pytest.mark.anyio


def changes(store: Store, seat: Any, case: Case, by: int = 1) -> None:
    """Somebody else's change of the case arrives."""
    version = case.version + by
    newer = to_wire(case) | {"version": version, "contentVersion": version, "changed": {"request": version}}
    store.sync.apply(seat.desk, Page(f"s{version}", cases=[newer]))


def based_on(store: Store) -> dict[str, int]:
    return {item.case_id: item.payload["basedOn"] for item in store.outbox()}


async def test_a_prompt_answered_after_the_case_changed(store: Store, home: Path, seat: Any) -> None:
    case = a_case(seat, "awaiting_acceptance")
    async with running(store, home) as (app, pilot):
        await opened(app, pilot, case, seat)
        await pilot.press("a")
        await settled(pilot)
        assert isinstance(app.screen, DaysPrompt)
        changes(store, seat, case)
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        told = [note.message for note in app._notifications]
        assert any("A case changed after you read it. Nothing was sent" in each for each in told), told
        assert based_on(store) == {case.id: case.version}
        [item] = store.outbox()
        assert (item.state, item.error and item.error["type"]) == ("rejected", "stale")
        assert store.sync.ready(10) == []
        await pilot.press("o")
        await settled(pilot)
        await pilot.press("v")
        await settled(pilot)
        assert "This case moved on before your entry arrived." in text_of(app)
        await pilot.press("g")
        await settled(pilot)
    [item] = store.outbox()
    assert (item.state, item.payload["basedOn"]) == ("queued", case.version + 1)


async def test_a_form_sent_after_the_case_changed(store: Store, home: Path, seat: Any) -> None:
    case = a_case(seat, "accepted")
    async with running(store, home) as (app, pilot):
        screen = await opened(app, pilot, case, seat)
        await screen.action_do("message")
        await settled(pilot)
        await pilot.press(*"Bonjour")
        changes(store, seat, case)
        await settled(pilot)
        await pilot.press("ctrl+s")
        await settled(pilot)
    assert based_on(store) == {case.id: case.version}


async def test_a_form_for_several_cases_sees_each_as_it_was(store: Store, home: Path, seat: Any) -> None:
    two = [case for case, _entries in filled.demo(seat, 120) if case.state == "accepted" and filled.mine(seat, case)][
        :2
    ]
    assert len(two) == 2
    changes(store, seat, two[1])
    async with running(store, home) as (app, pilot):
        await app.push_screen(routes.act([(seat.desk, case.id) for case in two], "message"))
        await settled(pilot)
        await pilot.press(*"Bonjour")
        for case in two:
            changes(store, seat, case, by=2)
        await pilot.press("ctrl+s")
        await settled(pilot)
    assert based_on(store) == {two[0].id: two[0].version, two[1].id: two[1].version + 1}


async def test_what_a_full_disk_leaves_of_several_is_said_and_nothing_is_offered_twice(
    store: Store, home: Path, seat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = [case for case, _entries in filled.demo(seat, 120) if case.state == "accepted" and filled.mine(seat, case)]
    one, other = cases[:2]

    def no_room(_drafts: object) -> Any:
        raise DiskFull

    monkeypatch.setattr(store, "queue_alike", lambda drafts, _numbers=(): ([], [], drafts))
    monkeypatch.setattr(store, "queue_all", no_room)
    queued: list[Any] = []
    async with running(store, home) as (app, pilot):
        await app.push_screen(routes.act([(seat.desk, one.id), (seat.desk, other.id)], "message"), queued.append)
        await settled(pilot)
        await pilot.press(*"Bonjour", "ctrl+s")
        await settled(pilot)
        assert [each.message for each in app._notifications] == ["The disk is full; make room and try again."]
    [[item]] = queued
    assert item.case_id == one.id
    assert [each.case_id for each in store.outbox()] == [one.id]


async def test_a_draft_that_is_continued_keeps_what_it_was_based_on(store: Store, home: Path, seat: Any) -> None:
    case = a_case(seat, "accepted")
    async with running(store, home) as (app, pilot):
        screen = await opened(app, pilot, case, seat)
        await screen.action_do("message")
        await settled(pilot)
        await pilot.press(*"Bonjour", "escape")
        await settled(pilot)
        [draft] = store.drafts()
        assert draft.based_on == case.version
        changes(store, seat, case)
        await settled(pilot)
        await screen.action_do("message")
        await settled(pilot)
        assert isinstance(app.screen, ActScreen)
        await pilot.press(*" encore", "ctrl+s")
        await settled(pilot)
    assert based_on(store) == {case.id: case.version}


def test_taken_back_it_keeps_it_and_revised_it_is_based_on_what_was_shown(store: Store, seat: Any) -> None:
    case = a_case(seat, "accepted")
    item = store.act(seat.desk, case.id, "message", text="Bonjour", lang="fr")
    changes(store, seat, case)
    draft = undone(store, item.client_ref)
    assert draft.based_on == case.version
    again = store.queue(draft)
    assert again.payload["basedOn"] == case.version
    store.sync.begin([again.client_ref])
    store.sync.settle({}, {again.client_ref: {"type": "stale"}}, [])
    assert store.revise(again.client_ref).based_on == case.version + 1


async def test_the_last_second_of_typing_is_kept_when_the_terminal_closes(store: Store, home: Path, seat: Any) -> None:
    case = a_case(seat, "accepted")
    async with running(store, home) as (app, pilot):
        screen = await opened(app, pilot, case, seat)
        await screen.action_do("message")
        await settled(pilot)
        await pilot.press(*"Bonj")
        app.leave(129)
        await pilot.pause(0.05)
    assert app.return_code == 129
    assert [draft.text for draft in store.drafts()] == ["Bonj"]
