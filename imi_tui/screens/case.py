"""One case: overview, questions with answers, timeline, files, people, and what can be done now."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.widgets import Static

from imi_tui.actions import Action, Situation
from imi_tui.framework.file_errors import OF_THIS_MACHINE
from imi_tui.i18n import N_, _
from imi_tui.i18n.joining import with_name
from imi_tui.screens import routes
from imi_tui.screens.base import bindings
from imi_tui.screens.case_files import FilesTab
from imi_tui.screens.doing import CaseId
from imi_tui.screens.exporting import Exporting
from imi_tui.screens.handing_over import HandingOver
from imi_tui.screens.inbox import InboxScreen
from imi_tui.screens.translating import TranslateActions
from imi_tui.viewmodel import case as pages
from imi_tui.viewmodel.blocks import Block
from imi_tui.viewmodel.cells import cut
from imi_tui.viewmodel.files import shown
from imi_tui.viewmodel.now import now
from imi_tui.viewmodel.timeline import timeline
from imi_tui.viewmodel.view import View, one_line
from imi_tui.widgets.document import Document
from imi_tui.widgets.file_list import FileList
from imi_tui.widgets.tabs import TabLine

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult

    from imi_tui.cache.model import CaseDetail
    from imi_tui.viewmodel.files import Shown

Page = tuple[str, str, "Callable[[View], list[Block]]"]
TABS: tuple[Page, ...] = (
    # Translators: the name of a tab of a case; max-length:10.
    ("overview", N_("Overview"), pages.overview),
    # Translators: the name of a tab of a case; max-length:10.
    ("questions", N_("Questions"), pages.questions),
    # Translators: the name of a tab of a case; max-length:10.
    ("timeline", N_("Timeline"), timeline),
    # Translators: the name of a tab of a case; max-length:10.
    ("files", N_("Files"), pages.files),
    # Translators: the name of a tab of a case; max-length:10.
    ("people", N_("People"), pages.people),
    # Translators: the tab with all of a case on one page; max-length:10.
    ("whole", N_("Everything"), pages.whole),
)


class CaseScreen(TranslateActions, Exporting, HandingOver, FilesTab):
    """A case from the cache, with this officer's queued entries applied."""

    SCOPE = "case"
    CSS_PATH = ["base.tcss", "case.tcss"]
    BINDINGS = bindings("case")
    AUTO_FOCUS = "Document"

    def __init__(self, desk: str, id: str, tab: str = "", *, beside: bool = False) -> None:
        super().__init__()
        self._at: CaseId = (desk, id)
        self._tab = next((index for index, page in enumerate(TABS) if page[0] == tab), 0)
        self._detail: CaseDetail | None = None
        self._view: View | None = None
        self._offers: tuple[Action, ...] = ()
        self._original = False
        self._beside = beside

    # -- frame -------------------------------------------------------------------------------------------------------

    def compose_body(self) -> ComposeResult:
        """Two lines of head, what is to be done now, the tabs, the page."""
        yield Static("", id="head", markup=False)
        yield Static("", id="way", markup=False)
        yield Static("", id="now", markup=False)
        yield TabLine()
        yield Document()
        files = FileList()
        files.display = False
        yield files

    def title_text(self) -> str:
        """The reference."""
        return str(self._detail.case.get("reference") or "-") if self._detail is not None else _("Case")

    def title_note(self) -> str:
        """Where in the list below the case stands."""
        inbox = self._inbox() if not self._beside else None
        place = inbox.place(self._at) if inbox is not None else None
        return _("{number} of {count}").format(number=place[0], count=place[1]) if place is not None else ""

    def situation(self) -> Situation:
        """The case, and whether there are neighbours in the list below."""
        inbox = self._inbox() if not self._beside else None
        flags = self.file_flags()
        flags |= {"translated"} if self._view is not None and self._view.translated else set()
        flags |= self.translating_flags()
        flags |= self.undo_flags()
        if inbox is not None:
            flags |= {"next"} if inbox.neighbour(1, self._at) is not None else set()
            flags |= {"previous"} if inbox.neighbour(-1, self._at) is not None else set()
        return Situation(
            self.SCOPE,
            current=self._detail is not None,
            undo=self.imi.undo.possible,
            flags=frozenset(flags),
        )

    def targets(self) -> list[CaseId]:
        """This case."""
        return [self._at]

    def offered_actions(self) -> tuple[Action, ...]:
        """What the lifecycle allows now."""
        return self._offers

    def acted(self, done: list[CaseId]) -> None:
        """The list below goes on to the next case, as if the action had been done there."""
        if (inbox := self._inbox()) is not None:
            inbox.acted(done)

    # -- reading -----------------------------------------------------------------------------------------------------

    def _ask_for(self, detail: CaseDetail) -> None:
        """Have what lacks of the case fetched. Where that cannot be noted just now, the next look asks for it."""
        with contextlib.suppress(*OF_THIS_MACHINE):
            if detail.fetching:
                self.store.want(*self._at)
            self.store.translations.look(*self._at, int(detail.case.get("translations", 0)))

    def reload(self, kinds: frozenset[str]) -> None:
        """Read the case again."""
        if "drafts" in kinds:
            self._head()
        followed = {"cases", "outbox", "directory", "session", "files"}
        if TABS[self._tab][0] == "files":
            # Whether a file moves depends on the line.
            followed.add("status")
        if kinds and not kinds & followed:
            return
        self._detail = self.store.case(*self._at)
        if self._detail is not None:
            self._ask_for(self._detail)
        rules = self.rules_of(self._detail) if self._detail is not None else None
        if self._detail is None or rules is None:
            self._view, self._offers = None, ()
            self.query_one("#now", Static).display = False
            text = (
                _("You no longer have access to this case.")
                if self._detail is None
                else _("The rules of this procedure are not on this machine yet; synchronise first.")
            )
            self.query_one(Document).show([Block(text)])
            return
        found = View(self._detail, rules, self.context.languages, self.context.today(), self.store.authority)
        self._view = replace(found, original=self._original, reads=self.context.reads)
        self._offers = self.offers([self._detail])
        self._show(keep=bool(kinds))

    def _show(self, *, keep: bool) -> None:
        view = self._view
        if view is None:
            return
        self._head()
        counts = {
            "questions": len(view.case.get("questions", ())),
            "timeline": len(view.detail.entries),
            "files": int(view.case.get("files", 0)),
        }
        names = [f"{_(name)} {counts[id]}" if id in counts else _(name) for id, name, _page in TABS]
        self.query_one(TabLine).show(names, self._tab)
        self._show_page(view, keep=keep)

    def _show_page(self, view: View, *, keep: bool) -> None:
        page, list_ = self.query_one(Document), self.query_one(FileList)
        found: list[Shown] = []
        if TABS[self._tab][0] == "files":
            found = shown(view, self.store.files.state, self.store.status().problem)
        if bool(found) != list_.display:
            list_.display, page.display = bool(found), not found
            (list_ if found else page).focus()
        if found:
            list_.show(found)
        else:
            content = TABS[self._tab][2](view)
            page.show(content + self.related_page() if TABS[self._tab][0] == "whole" else content, keep=keep)

    def _head(self) -> None:
        view, width = self._view, self.size.width - 2
        if view is None or width < 1:
            return
        standing = pages.standing(view)
        room = width - cell_len(standing) - 2
        subject = cut(one_line(view.case.get("subject", "")), room)
        gap = " " * max(2, width - cell_len(subject) - cell_len(standing))
        self.query_one("#head", Static).update(f"{subject}{gap}{standing}")
        basis = view.basis
        way = pages.way(view)
        if cell_len(way) + cell_len(basis) + 2 <= width:
            way += " " * (width - cell_len(way) - cell_len(basis)) + basis
        self.query_one("#way", Static).update(cut(way, width))
        to_do, line = now(view), self.query_one("#now", Static)
        told = " ".join(filter(None, (to_do.text, self._begun(view))))
        line.display = bool(told)
        line.set_class(to_do.alarm, "-alarm")
        line.update(told)

    def _begun(self, view: View) -> str:
        """What the officer began to write in this case; a program that was killed says so nowhere else."""
        at = (view.detail.desk, view.detail.id)
        names = [view.action(draft.action) for draft in self.store.drafts() if (draft.desk, draft.case_id) == at]
        return with_name(", ".join(dict.fromkeys(names)), _("Saved as a draft.")) if names else ""

    def on_resize(self) -> None:
        """The head follows the width."""
        self._head()

    # -- actions -----------------------------------------------------------------------------------------------------

    def action_tab(self, number: int) -> None:
        """A tab by number."""
        self._tab, self._reading = number - 1, None
        self._show(keep=False)
        # The files tab has keys of its own.
        self.refresh_frame()

    def action_tab_next(self) -> None:
        """The next tab."""
        self.action_tab((self._tab + 1) % len(TABS) + 1)

    def action_tab_previous(self) -> None:
        """The tab before."""
        self.action_tab((self._tab - 1) % len(TABS) + 1)

    async def action_like(self) -> None:
        """Begin a new case like this one."""
        await self.app.push_screen(routes.compose(like=self._at))

    def action_original(self) -> None:
        """The procedure's own wording beside its translation, or no longer."""
        if self._view is not None:
            self._original = not self._original
            self._view = replace(self._view, original=self._original)
            self._show(keep=True)

    def action_case_next(self) -> None:
        """The next case of the list."""
        self._step(1)

    def action_case_previous(self) -> None:
        """The case before."""
        self._step(-1)

    async def action_export(self) -> None:
        """This case into a file."""
        await self.export_case(*self._at)

    def action_app_colours(self) -> None:
        """Choose the colours."""
        self.imi.ask_colours()

    def _step(self, step: int) -> None:
        inbox = self._inbox() if not self._beside else None
        row = inbox.neighbour(step, self._at) if inbox is not None else None
        if inbox is None or row is None:
            return
        inbox.go(step, self._at)
        self.read(row)
        self._at, self._reading = (row.desk, row.id), None
        self.reload(frozenset())
        self.refresh_frame()

    def _inbox(self) -> InboxScreen | None:
        stack = self.app.screen_stack
        return next((screen for screen in reversed(stack) if isinstance(screen, InboxScreen)), None)
