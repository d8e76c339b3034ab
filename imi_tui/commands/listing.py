"""``imi-tui list``: the cases of one view, one line each."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from imi_core.text import display
from imi_tui import commands
from imi_tui.cache.model import SORTS, VIEWS, Row
from imi_tui.commands.common import opened, out, out_json, say, state_label
from imi_tui.commands.tables import table
from imi_tui.i18n import _
from imi_tui.viewmodel.rows import own
from imi_tui.viewmodel.suspects import named

if TYPE_CHECKING:
    import argparse

    from imi_tui.cache.store import Store

MOST = 10_000


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("--view", choices=VIEWS, default="todo", help=_("which cases (todo)"))
    parser.add_argument("--sort", choices=SORTS, default="due", help=_("in which order (due)"))
    parser.add_argument("--limit", type=commands.whole_number, default=50, metavar="N", help=_("how many at most (50)"))
    parser.add_argument("--json", action="store_true", help=_("print JSON"))


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    with opened(options) as client:
        store = client.store
        rows = store.window(options.view, options.sort, limit=max(1, min(options.limit, MOST)))
        total = store.counts().get(options.view, 0)
        if options.json:
            out_json(_as_json(store, options.view, rows, total))
            return commands.OK
        labels: dict[tuple[str, str], str] = {}
        today = dt.datetime.now().astimezone().date().isoformat()
        lines = [
            (
                _marks(row, today),
                row.due or "-",
                row.reference or "-",
                row.country,
                named(row.counterpart),
                own(row) + row.subject,
                _state(store, row, labels),
            )
            for row in rows
        ]
        for line in table(lines):
            out(line)
        if not store.seats():
            say(_("Nothing was synchronised yet; sign in with: imi-tui signin --server URL"))
        elif total > len(rows):
            say(_("{shown} of {total} cases shown; use --limit for more.").format(shown=len(rows), total=total))
    return commands.OK


def _marks(row: Row, today: str) -> str:
    """What is special: ! overdue, x refused, ~ waits to be sent, * unread."""
    marks = ("!" if row.due and row.due < today else "") + ("x" if row.rejected else "~" if row.pending else "")
    return (marks + ("*" if row.unread else "")) or " "


def _state(store: Store, row: Row, labels: dict[tuple[str, str], str]) -> str:
    from imi_core.errors import UnknownProcedure

    key = row.procedure, row.state
    if key not in labels:
        try:
            labels[key] = state_label(store.rules(row.procedure), row.state)
        except UnknownProcedure:
            labels[key] = display(row.state)
    return labels[key]


def _as_json(store: Store, view: str, rows: list[Row], total: int) -> dict[str, Any]:
    status = store.status()
    cases = []
    for row in rows:
        wire = row._asdict()
        for inner in ("key", "asleep", "n"):
            wire.pop(inner)
        wire["turnMine"] = wire.pop("turn_mine")
        cases.append(wire)
    return {"view": view, "total": total, "lastSync": status.last_ok, "problem": status.problem, "cases": cases}
