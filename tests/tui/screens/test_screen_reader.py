"""The screen as a screen reader reads it: rows as sentences, one column, one line that speaks."""

from __future__ import annotations

import argparse
import datetime as dt
from pathlib import Path

import pytest

from imi_tui.app import ImiApp
from imi_tui.cache.store import Store
from imi_tui.commands.common import Client
from imi_tui.commands.tui import context_of
from imi_tui.config.settings import read, write
from imi_tui.profile import Profile
from imi_tui.terminal.widths import cell_len
from imi_tui.viewmodel import rows
from imi_tui.viewmodel.cells import fit
from imi_tui.widgets.announcer import Announcer
from imi_tui.widgets.document import Document
from tests.tui.screens import filled
from tests.tui.screens.test_inbox_screen import case_list, running, settled, text_of

TODAY = filled.TODAY


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (None, ""),
        (-6, "6 days overdue"),
        (-1, "1 day overdue"),
        (0, "due today"),
        (1, "due in 1 day"),
        (400, "due in 400 days"),
    ],
)
def test_a_deadline_in_words(store: Store, days: int | None, said: str) -> None:
    row = store.window("all", "due", limit=1)[0]
    due = "" if days is None else (TODAY + dt.timedelta(days=days)).isoformat()
    assert rows.due_words(row._replace(due=due), TODAY) == said


def test_a_row_says_every_mark_in_a_word(store: Store) -> None:
    words = rows.Words(store.rules, ("en",))
    row = store.window("all", "due", limit=1)[0]._replace(
        subject="Two\nlines",
        unread=True,
        files=2,
        due=TODAY.isoformat(),
        reference="PW-26-000009",
        pending=0,
        rejected=0,
    )
    said = rows.spoken(row, words, TODAY, marked=True, width=200)
    assert said.startswith("marked, PW-26-000009, ")
    for part in (", due today, ", ", unread, ", ", Two lines, ", ", 2 files"):
        assert part in said + ", ", part
    assert "refused" in rows.spoken(row._replace(rejected=1), words, TODAY, marked=False, width=200)
    assert "queued" in rows.spoken(row._replace(pending=1), words, TODAY, marked=False, width=200)


def test_in_few_cells_a_row_still_says_what_it_is_about_and_what_belongs_to_it(store: Store) -> None:
    words = rows.Words(store.rules, ("en",))
    ends = 0
    for row in store.window("all", "due", limit=200):
        row = row._replace(unread=True, files=2)
        whole = rows.spoken(row, words, TODAY, marked=False, width=999)
        said = fit(rows.spoken(row, words, TODAY, marked=False, width=80), 80).rstrip()
        begins = [row.reference, words.state(row), rows.due_words(row, TODAY), row.country, row.subject[:8]]
        at = [said.find(begin) for begin in begins if begin]
        assert -1 not in at, said
        assert at == sorted(at), said
        ends += said.endswith(", 2 files")
        # Nothing is cut where there is room.
        assert cell_len(said) >= min(80, cell_len(whole)) - 4, said
    assert ends > 20


@pytest.mark.anyio
async def test_what_is_said_stands_on_its_own_line_and_stays(store: Store, home: Path) -> None:
    async with running(store, home, (200, 50), screen_reader=True) as (app, pilot):
        row = case_list(app).row
        assert row is not None
        first = text_of(app).splitlines()[1]
        assert first.startswith(f"{row.reference}, ")
        assert row.subject in first
        assert app.cursor_position.y == 1
        app.notify("Something happened.", markup=False)
        await pilot.pause()
        assert str(app.screen.query_one(Announcer).content) == "Something happened."
        assert not app._notifications
        await pilot.press("down")
        await settled(pilot)
        assert text_of(app).splitlines()[-3].strip() == "Something happened."
        assert app.cursor_position.y == 2
        await pilot.press("enter")
        await settled(pilot)
        assert app.cursor_position.y == app.screen.query_one(Document).content_region.y > 2
        await pilot.press("escape")
        await settled(pilot)
        assert app.cursor_position.y == 2, "back on its row"


@pytest.mark.anyio
async def test_it_is_chosen_in_the_menu_for_the_next_start(store: Store, home: Path) -> None:
    chosen: dict[str, object] = {}
    async with running(store, home, setting=chosen.__setitem__) as (app, pilot):
        await app.screen.run_action("app_screen_reader")
        await pilot.pause()
        assert chosen == {"screen_reader": True}
        await app.screen.run_action("app_screen_reader")
        assert chosen == {"screen_reader": False}
        assert not app.screen.query(Announcer)
        assert isinstance(app, ImiApp)


def test_the_setting_reaches_the_screen_and_so_does_a_slip_with_its_line(store: Store, home: Path) -> None:
    config = home / "config.toml"
    write(config, "screen_reader", True)
    config.write_text(config.read_text() + '[keys]\n"go.nwe" = "x"\n')
    client = Client(Profile(home), read(config), bytes(32), store, "memory", "memory", argparse.Namespace())
    context = context_of(client, demo=False)
    assert context.screen_reader
    assert [notice.partition(": ")[0] for notice in context.notices] == ["config.toml, line 3"]
