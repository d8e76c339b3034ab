"""A desk with many cases, on which one thing is done together, and everything that is kept of that."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from imi_tui.cache.ids import ASSIGN
from imi_tui.cache.outbox.draft import Draft
from imi_tui.cache.store import Store
from imi_tui.cache.sync import Page
from tests.tui.screens import filled

SAID: dict[str, dict[str, Any]] = {
    "accept": {"answers": {"agreed_days": 9}},
    "withdraw": {"text": "Nicht mehr nötig: „erledigt“ \\ ok.", "lang": "de"},
    "change_date": {"answers": {"agreed_days": 30}, "text": "Ferien", "lang": "de"},
    "close": {},
    "forward": {"target": "fr-dreets-corse_pw"},
}
ANNA, READER = "demo-anna", "demo-reader"
"""A colleague who handles cases, and one who only reads them."""


def desk(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A desk with cases in many states; some are put off, some read, some looked after by somebody."""
    home = tmp_path_factory.mktemp("together") / "profile"
    found = filled.open_store(Path(shutil.copytree(filled.made(tmp_path_factory, 120), home)))
    rows = found.window("todo", "due", limit=500)
    waiting = found.marking.waiting([(row.desk, row.id) for row in rows[::3]])
    found.personal.change(waiting, lambda case, mine: mine._replace(until="2026-06-01", version=waiting[case][1]))
    assert found.counts()["put_off"] > 3
    found.marking.read([row.n for row in rows[::2]])
    give(found)
    return found


def give(store: Store) -> None:
    """Have colleagues, and cases that are given to somebody: every second one, one of these back to nobody."""
    seat, me = store.seats()[0].desk, filled.OFFICER["id"]
    roles = {me: ["handler"], ANNA: ["handler"], READER: ["viewer"]}
    officers = [{**filled.OFFICER, "id": id, "name": id, "desks": {seat: held}} for id, held in roles.items()]
    store.sync.apply("directory", Page("d2", officers=officers))
    cases = []
    for at, row in enumerate(store.window("all", "reference", limit=500)[::2]):
        detail = store.case(row.desk, row.id)
        assert detail is not None
        version, officer = [(1, me), (2, ANNA), (3, "")][at % 3]
        given = {"officer": officer, "version": version, "at": "2026-03-02T10:00:00Z", "by": ANNA}
        cases.append({**detail.case, "assignment": given})
    store.sync.apply(seat, Page("s2", cases=cases))


def assignments(store: Store, officer: str) -> list[Draft]:
    """One for every case, based on how it is assigned."""
    standings = store.marking.standings([row.n for row in store.window("all", "reference", limit=500)])
    said: dict[str, Any] = {"procedure": "", "action": ASSIGN, "target": officer, "answers": {}}
    return [
        Draft(
            id="", desk=each.desk, case_id=each.id, based_on=each.assigned.version, after=[*each.assigned.after], **said
        )
        for each in standings.values()
    ]


def drafts(store: Store, action: str) -> list[Draft]:
    """One for every case, whether it is possible there or not; each says the same."""
    answers = SAID[action].get("answers", {})
    said = {"text": "", "lang": ""} | SAID[action] | {"answers": answers}
    return [
        Draft(id="", desk=row.desk, procedure="", action=action, case_id=row.id, **said)
        for row in store.window("all", "reference", limit=500)
    ]


@contextmanager
def written_behind(store: Store) -> Iterator[None]:
    """What is done with many cases is written behind the picture; in the end all is taken back and as it was."""
    before = kept(store)
    store.go_on_behind(lambda: None)
    yield
    store._bulk_queue.behind = None
    if refs := [item.client_ref for item in store.outbox()]:
        store.take_back(refs, lambda draft: False)
    assert kept(store) == before


def kept(store: Store) -> dict[str, list[Any]]:
    """Everything that is kept of cases and entries, entries called by their cases."""
    listed = "select * from listing order by n", "select * from view_row order by slot, key"
    counted = "select * from group_count where rows > 0 order by no", "select * from partner order by authority"
    out = {sql: store._cache.rows(sql) for sql in (*listed, *counted)}
    entries = []
    for row in store._work.rows("select * from outbox order by case_id, action"):
        # Its place and its reference are its own.
        entries.append([str(value).replace(row[1], "-") for value in row[1:]])
    drafts = [(d.case_id, d.action, d.text, d.answers, d.based_on) for d in store.drafts()]
    return out | {"outbox": entries, "drafts": sorted(drafts, key=str)}


def is_settled(store: Store) -> bool:
    """Whether every row is as it is when each case is folded by itself."""
    found = kept(store)
    with store._cache.write():
        store._projector.refresh({(row.desk, row.id) for row in store.window("all", "due", limit=500)})
    return kept(store) == found
