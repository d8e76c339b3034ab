"""The inbox: a view of the cases on this machine, what can be done with the one under the cursor, and search."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from textual.containers import Vertical
from textual.timer import Timer

from imi_core.lean import json
from imi_tui.actions import Action, Situation
from imi_tui.cache.model import SORTS
from imi_tui.framework.file_errors import OF_THIS_MACHINE
from imi_tui.i18n import _, pgettext
from imi_tui.screens import routes
from imi_tui.screens.account import AccountActions
from imi_tui.screens.base import bindings
from imi_tui.screens.bulk_actions import BulkActions
from imi_tui.screens.doing import CaseId
from imi_tui.screens.exporting import Exporting
from imi_tui.screens.grouping import grouping_flags
from imi_tui.screens.viewing import ViewsScreen
from imi_tui.viewmodel import front, rows, views
from imi_tui.widgets.case_list import CaseList
from imi_tui.widgets.list_frame import ColumnHeads, Instead, Place
from imi_tui.widgets.views_column import ViewsColumn

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from imi_tui.cache.model import CaseDetail, Row, ViewId
    from imi_tui.viewmodel.grouped import Grouped
    from imi_tui.viewmodel.window import Window

SETTLE = 0.08
"""Seconds the cursor rests before footer and preview follow it: holding a key down costs two rows, nothing more."""


class InboxScreen(Exporting, AccountActions, BulkActions, ViewsScreen):
    """Cases by view and order; marked cases are acted on together."""

    SCOPE = "inbox"
    CSS_PATH = ["base.tcss", "inbox.tcss"]
    BINDINGS = bindings("inbox")
    AUTO_FOCUS = "CaseList"

    def __init__(self) -> None:
        super().__init__()
        self._words: rows.Words | None = None
        self._timer: Timer | None = None
        self._settled: Row | None = None
        """The row that the keys and the case beside the list are of."""
        self._details: list[CaseDetail] = []
        self._flags: frozenset[str] = frozenset()
        self._before_search: CaseId | None = None

    # -- frame -------------------------------------------------------------------------------------------------------

    def compose_body(self) -> ComposeResult:
        """Views, list, preview."""
        yield ViewsColumn()
        # Its place is kept from the start: the list must not become narrower when the preview is loaded.
        yield Vertical(id="side")
        yield Place()
        cases = CaseList(self.words, self.context.today, spoken=self.context.screen_reader)
        heading = ColumnHeads("heading", lambda: cases.room)
        heading.display = not self.context.screen_reader
        yield heading
        yield cases
        yield Instead("empty")

    def title_text(self) -> str:
        """View and count, or the search."""
        found = self.query_one(CaseList)
        if self._typed:
            return views.search_title(self.hits_shown, self.more_hits, len(found.marked))
        if self._own is not None:
            return views.own_title(self._own.name, self.hits_shown, self.more_hits, len(found.marked))
        return views.title(self.view, self.counts.get(self.view, 0), len(found.marked))

    def title_note(self) -> str:
        """The desk, or how many."""
        return front.note(self.store.seats())

    def words(self) -> rows.Words:
        """State names in the present language."""
        if self._words is None:
            self._words = (
                rows.Words(self.store.rules, self.context.languages)
                if self.painted
                else front.remembered_words(self.context)
            )
        return self._words

    def refresh_words(self) -> None:
        """After the first paint: look up the state names it took from an earlier run, and keep those of this one."""
        memo = front.memo_name(self.context)
        kept = self.store.remembered(memo)
        now = json.dumps(self.words().memo(), ensure_ascii=False, sort_keys=True)
        if now != kept:
            with contextlib.suppress(*OF_THIS_MACHINE):
                self.store.remember(memo, now)
            if kept:
                self.query_one(CaseList).redraw()

    def situation(self) -> Situation:
        """What is under the cursor."""
        found = self.query_one(CaseList)
        return Situation(
            self.SCOPE,
            current=found.row is not None,
            marked=len(found.marked),
            undo=self.imi.undo.possible,
            flags=self._flags | self.flags_here() | grouping_flags(found) | self.undo_flags(),
        )

    def targets(self) -> list[CaseId]:
        """The marked cases, else the one under the cursor."""
        found = self.query_one(CaseList)
        if found.marked:
            return self.store.marking.cases(found.marked)
        return [(found.row.desk, found.row.id)] if found.row is not None else []

    def offered_actions(self) -> tuple[Action, ...]:
        """What the lifecycle allows for the cases at hand."""
        return self.offered_for_marked() if len(self.marked) > 1 and self.painted else self.offers(self._at_hand())

    def known_actions(self) -> tuple[Action, ...]:
        """The same without a wait."""
        return self.known_for_marked() if len(self.marked) > 1 and self.painted else self.offered_actions()

    def view_now(self) -> ViewId:
        """The view, which a search leaves as it is."""
        return "all" if self.line else self.view

    def marks_changed(self) -> None:
        """Title and footer follow."""
        self._settle()

    def acted(self, done: list[CaseId]) -> None:
        """Marks served their purpose; the next case comes under the cursor if this one leaves its place."""
        found = self.query_one(CaseList)
        if found.row is not None and (found.row.desk, found.row.id) in done:
            found.step_off()
        if len(found.marked) == 1:
            found.unmark()

    def came_back(self, cases: list[CaseId]) -> None:
        """Put the cursor on what was taken back."""
        self.query_one(CaseList).aim = cases[-1]

    def on_mount(self) -> None:
        """The list first; what can be done with the case under the cursor follows the first paint."""
        self._timer = self.set_timer(SETTLE, self._settle)

    def _at_hand(self) -> list[CaseDetail]:
        if not self.painted:
            return []
        ids = self.targets()
        if [(detail.desk, detail.id) for detail in self._details] != ids:
            self._details = [detail for id in ids if (detail := self.store.case(*id)) is not None]
        return self._details

    # -- reading -----------------------------------------------------------------------------------------------------

    def reload(self, kinds: frozenset[str]) -> None:
        """Read the view again; the cursor stays on its case."""
        if not kinds:
            self.take_arrangement()
        if not kinds or kinds & {"session", "status"}:
            self._flags = front.flags(self.context)
        if kinds and not kinds & {"cases", "outbox", "session", "directory", "views", "drafts"}:
            self._say_why_empty()
            return
        if not kinds or "directory" in kinds:
            self._words = None
            self.query_one(CaseList).redraw()
        self._details = []
        self.marks.forget()
        if not kinds or kinds & {"cases", "outbox", "views"}:
            self.own_counts = {}
        self.counts = self.store.counts()
        self._show(keep=True)

    def show_rows(self, *, keep: bool) -> None:
        """Show what the line finds, or the view."""
        self._show(keep=keep)

    def _show(self, *, keep: bool) -> None:
        found = self.query_one(CaseList)
        window: Window | Grouped
        if self.line:
            window = self.hits(self.hidden)
        else:
            self.prepare()
            shown = front.Arrangement(self.sort, self.group)
            count = self.counts.get(self.view, 0)
            window = front.window(self.store, self.words(), self.view, count, shown, self.hidden)
        # Asked where data came, not where a key waits for the list.
        filling = keep and self.store.status().filling is not None
        found.show(window, keep=keep, filling=filling)
        self.write_views()
        found.styles.height = "1fr" if found.count else 0
        self._say_why_empty()
        self._head()
        if not self.painted:
            return
        if keep and not filling:
            self._settle()
        else:
            # The rows come first; their keys and the case beside them follow once nothing is pressed.
            self.framed = True
            self.refresh_title()

    def _say_why_empty(self) -> None:
        """Where there is nothing to show: what that means, which changes with the synchronisation."""
        found = self.query_one(CaseList)
        if self.line:
            none = "" if found.count else _("No case on this machine has these words. Esc ends the search.")
            text = "\n".join(filter(None, (none, self.left_out(), views.partly_searched(self.store.unsearched()))))
        elif found.count:
            text = ""
        else:
            text = views.empty(
                self.view, self.store.status(), len(self.store.seats()), given=self.context.sign_in is None
            )
        self.query_one(Instead).say(text, below=bool(found.count))

    def _head(self) -> None:
        self.query_one(ColumnHeads).fit()

    def on_case_list_resized(self, _message: CaseList.Resized) -> None:
        """The heads of the columns follow the width, below a menu too."""
        self._head()
        if self.painted:
            self._settle()
        if not self.is_current:
            # The picture of what lies below another screen is that screen's.
            self.app.screen.refresh()

    # -- cursor ------------------------------------------------------------------------------------------------------

    def on_case_list_moved(self, message: CaseList.Moved) -> None:
        """Let footer and preview follow once the cursor rests, unless they are of this very row."""
        if message.row is not None and message.row is self._settled:
            return
        self._at_rest()
        self._timer = self.set_timer(SETTLE, self._settle)

    def on_case_list_opened(self, _message: CaseList.Opened) -> None:
        """A double click opens."""
        self.action_list_open()

    def _at_rest(self) -> None:
        """Forget the timer, and stop it: one left running would end the wait of the next."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def _settle(self) -> None:
        self._at_rest()
        self._settled = self.query_one(CaseList).row
        if not self.painted:
            self.painted = True
            if not self.is_ready():
                # Making what groups are read from would have kept the first paint waiting.
                self._show(keep=True)
            self.refresh_words()
        self.all_hits()
        self.refresh_frame()
        self.remember_groups()
        self.tell_group()
        if self.has_class("-vast"):
            self._preview()
        self.count_own()

    def _preview(self) -> None:
        from imi_tui.viewmodel import case as pages
        from imi_tui.viewmodel.view import View
        from imi_tui.widgets.document import Document

        found = next(iter(self.query(Document)), None)
        if found is None:
            found = Document(id="preview")
            self.query_one("#side").mount(found)
        row = self.query_one(CaseList).row
        detail = self.store.case(row.desk, row.id) if row is not None else None
        rules = self.rules_of(detail) if detail is not None else None
        if detail is None or rules is None:
            found.show([])
            return
        view = View(
            detail,
            rules,
            self.context.languages,
            self.context.today(),
            self.store.authority,
            reads=self.context.reads,
        )
        found.show(pages.preview(view))

    def neighbour(self, step: int, at: CaseId) -> Row | None:
        """The row beside the case `at` that is open above this screen."""
        return self.query_one(CaseList).around(self._from(step, at))

    def place(self, at: CaseId) -> tuple[int, int] | None:
        """The number of the row under the cursor and of all, where it is the case `at`."""
        found = self.query_one(CaseList)
        return (found.ordinal + 1, found.cases) if found.row is not None and found.row[:2] == at else None

    def go(self, step: int, at: CaseId) -> None:
        """Move the cursor to what `neighbour` says."""
        self.query_one(CaseList).go_around(self._from(step, at))

    def _from(self, step: int, at: CaseId) -> int:
        # A case that left its place left the cursor on the one after it.
        row = self.query_one(CaseList).row
        return step if row is None or (row.desk, row.id) == at or step < 0 else step - 1

    # -- actions -----------------------------------------------------------------------------------------------------

    def action_list_open(self) -> None:
        """Open the case under the cursor, or a folded group."""
        if self.query_one(CaseList).heading is not None:
            self.action_group_fold()
            return
        row = self.query_one(CaseList).row
        if row is not None:
            self.read(row)
            self.app.push_screen(routes.case(row.desk, row.id))

    async def action_export(self) -> None:
        """The marked cases as a list, else the case under the cursor or all that is listed."""
        found = self.query_one(CaseList)
        if found.marked:
            marked = (self.store.row(desk, id, "all", "due") for desk, id in self.store.marking.cases(found.marked))
            rows = [row for row in marked if row is not None]
            await self.export_rows(rows, _("Marked cases"), "marked")
        elif found.row is not None:
            # Translators: a noun; the name of a list of cases that a search found.
            name = pgettext("the name of a list", "Search") if self.line else _(views.NAMES[self.view])
            what = self.line or self.view
            await self.ask_which(found.row, found.cases, self._listed, name, what)

    def _listed(self) -> list[Row]:
        from imi_tui.export import service

        if self.line:
            return list(self.store.hits(self.store.finding.read(self.line), service.MOST).rows)
        return [row for page in service.view_rows(self.store, self.view, self.sort) for row in page]

    async def action_list_sort(self) -> None:
        """Choose the order."""
        if self.line:
            await self.choose_hits_order()
            return

        def chosen(value: str | None) -> None:
            if value in SORTS:
                self.sort = value
                self._show(keep=True)
                self.keep_arrangement()

        orders: list[tuple[str, str]] = [(_(views.SORT_NAMES[sort]), sort) for sort in self.orders()]
        await self.app.push_screen(routes.choose(_("Order of the list"), orders, self.sort), chosen)

    # -- search ------------------------------------------------------------------------------------------------------

    def remember_place(self) -> None:
        """Escape from the search comes back to this case."""
        row = self.query_one(CaseList).row
        self._before_search = (row.desk, row.id) if row is not None else None

    def to_list(self) -> None:
        """To the hits; one that is alone opens."""
        found = self.query_one(CaseList)
        found.focus()
        if found.cases == 1:
            self.action_list_open()
        elif self.context.screen_reader:
            self.say(self.title_text())

    async def action_list_leave(self) -> None:
        """End the search, else take marks away."""
        found = self.query_one(CaseList)
        if self.query("#search"):
            found.home = self._before_search
            async with self.one_picture():
                self.end_search()
                found.focus()
                self._show(keep=True)
                found.centre()
        elif found.marked:
            found.unmark()
            self._settle()
