"""Before the same is sent twice from one desk, somebody asks (F22)."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from imi_tui.cache.model import CaseDetail
from imi_tui.cache.store import Store
from imi_tui.cache.sync import Page
from imi_tui.screens import routes
from imi_tui.screens.act import ActScreen
from imi_tui.screens.confirm import ChooseScreen
from imi_tui.viewmodel.similar import question, similar
from tests.tui.screens.test_inbox_screen import running, settled, text_of
from tests.tui.screens2.test_finding import a_case

NOW = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)


def entry(minutes: float, **more: object) -> dict[str, object]:
    at = (NOW - dt.timedelta(minutes=minutes)).isoformat()
    return {"action": "message", "desk": "here", "officerName": "A. B.", "at": at, "clientRef": "other", **more}


@pytest.mark.parametrize(
    ("entries", "pending", "found"),
    [
        ([entry(2)], (), True),
        ([entry(9.9), entry(1, desk="there")], (), True),
        ([entry(2)], ("other",), False),
        ([entry(11)], (), False),
        ([entry(-1)], (), True),
        ([entry(2, action="accept")], (), False),
        ([entry(2, at="never")], (), False),
        ([entry(2, at="2026-03-02T11:58:00")], (), True),
        ([entry(2, at="2026-03-02t11:58:00z")], (), True),
        ([], (), False),
    ],
)
def test_what_counts_as_the_same(entries: list[dict[str, object]], pending: tuple[str, ...], found: bool) -> None:
    detail = CaseDetail("here", "c1", {}, tuple(entries), pending, ())
    assert (similar(detail, "message", NOW) is not None) is found
    assert similar(detail, "accept", NOW) is None


def test_the_question_names_who_and_when() -> None:
    text = question(entry(2, officerName="\x1b[31mA. B."), "Message", NOW)
    assert "A. B., 2 minutes ago. Send yours too?" in text
    assert "\x1b" not in text


@pytest.mark.anyio
async def test_it_is_asked_before_a_second_one_goes(store: Store, home: Path) -> None:
    desk, id = a_case(store, "message")
    detail = store.case(desk, id)
    assert detail is not None
    stamp = dt.datetime.now(dt.UTC).isoformat()
    colleagues = {**detail.entries[0], "id": "colleague", "clientRef": "colleagues", "action": "message", "desk": desk}
    colleagues |= {"at": stamp, "officerName": "Colleague", "version": 90}
    store.sync.apply(desk, Page(new_state="later", entries=[colleagues]))
    async with running(store, home) as (app, pilot):
        await app.push_screen(routes.act([(desk, id)], "message"))
        await settled(pilot)
        await pilot.press(*"Salut", "f8")
        await settled(pilot)
        assert isinstance(app.screen, ChooseScreen)
        assert "Your desk already sent one" in text_of(app)
        await pilot.press("enter")
        await settled(pilot)
        assert isinstance(app.screen, ActScreen)
        assert store.outbox() == [], "the first answer goes back"
        await pilot.press("f8")
        await settled(pilot)
        await pilot.press("down", "enter")
        await settled(pilot)
        assert not isinstance(app.screen, ActScreen)
    assert [item.payload["text"]["text"] for item in store.outbox()] == ["Salut"]
