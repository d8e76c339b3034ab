"""Choosing an earlier case whose answers a new one begins with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text
from textual.containers import Vertical
from textual.widgets import Static

from imi_tui.i18n import _
from imi_tui.i18n.dates import local_day
from imi_tui.matching import spans
from imi_tui.screens.narrowing import Narrowing
from imi_tui.viewmodel import views
from imi_tui.viewmodel.cells import cut, one_line
from imi_tui.viewmodel.suspects import named
from imi_tui.widgets.entry import LineInput
from imi_tui.widgets.line_list import LineList

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from imi_tui.cache.model import Row

RECENT = 100
"""Cases listed before anything is typed."""


class CaseLines(LineList["Row"]):
    """Reference and subject, the other side below."""

    DRIVEN = True
    typed = ""

    def key_of(self, item: Row) -> object:
        """Desk and case."""
        return item.desk, item.id

    def lines_of(self, item: Row, width: int) -> list[Text]:
        """Two lines."""
        first = Text(cut(f"{item.reference or '-'}  {one_line(item.subject)}", width), no_wrap=True)
        for start, end in spans(first.plain, self.typed):
            first.stylize("underline bold", start, end)
        second = Text(
            cut(f"  {item.country} {named(one_line(item.counterpart))}  {local_day(item.activity)}", width),
            "dim",
            no_wrap=True,
        )
        return [first, second]


class EarlierCases(Narrowing[tuple[str, str]]):
    """The result is (desk, case id), None after Escape."""

    DEFAULT_CSS = """
    EarlierCases > .dialogue { height: 80%; }
    EarlierCases CaseLines { height: 1fr; }
    EarlierCases #note { height: 1; text-style: dim; }
    """

    def compose(self) -> ComposeResult:
        """Words above, cases below."""
        with Vertical(classes="dialogue"):
            yield Static(_("Copy the answers of which case?"), markup=False)
            yield LineInput(id="words")
            yield CaseLines()
            yield Static(id="note", markup=False)

    def on_mount(self) -> None:
        """The newest cases first."""
        self.narrow("")
        self.query_one("#words").focus()

    def action_choose(self) -> None:
        """Close with the case under the cursor."""
        if (row := self.query_one(CaseLines).item) is not None:
            self.dismiss((row.desk, row.id))

    def narrow(self, typed: str) -> None:
        """List what fits."""
        rows = self.store.search(typed) if typed.strip() else self.store.window("all", "activity", limit=RECENT)
        cases = self.query_one(CaseLines)
        cases.typed = typed
        cases.show(rows, at=(rows[0].desk, rows[0].id) if rows and typed else None)
        none = "" if rows else _("No case on this machine contains these words.")
        partly = views.partly_searched(self.store.unsearched()) if typed.strip() else ""
        self.query_one("#note", Static).update("\n".join(filter(None, (none, partly))))
