"""The search line of the inbox, and the officer's own views, which are search lines with names."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from textual.widgets import Input

from imi_tui import problems
from imi_tui.actions import by_id
from imi_tui.cache.errors import NameTaken
from imi_tui.cache.personal.saved_views import NAME
from imi_tui.i18n import _
from imi_tui.i18n.joining import with_name
from imi_tui.screens import routes
from imi_tui.screens.doing import CaseScreenBase
from imi_tui.screens.undoing import and_back, told
from imi_tui.undo import Change
from imi_tui.viewmodel import front, views
from imi_tui.viewmodel.fixed import FixedRows
from imi_tui.viewmodel.footer import HELP
from imi_tui.viewmodel.front import HITS
from imi_tui.viewmodel.window import PAGE, Window
from imi_tui.widgets.list_frame import Place

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Sequence

    from imi_tui.cache.model import GroupId, Hits
    from imi_tui.cache.personal.saved_views import SavedView
    from imi_tui.cache.search.query import Query
    from imi_tui.viewmodel.blocks import Block
    from imi_tui.viewmodel.grouped import Grouped
    from imi_tui.viewmodel.rows import Words


REFUSED = DRAFTS = 4
"""The order in the footer of what leads to a refused entry, and to drafts: behind undo."""
GATHERING = 2
"""Steps of the event loop in which widgets say that they have to be painted: one to notice it, one to say so."""


def own_name(view: SavedView) -> str:
    """Under which name the arrangement of an own view is kept."""
    return f"own {view.no}"


class SearchingScreen(CaseScreenBase):
    """What a line finds in place of a view's rows: while somebody types, and in an own view."""

    def __init__(self) -> None:
        super().__init__()
        self._typed = ""
        self._query: Query | None = None
        self._read: tuple[str, Query | None] = "", None
        self._hits: Hits | None = None
        self._writing = self._soon = self._partly = False
        self._later = ""
        self._own: SavedView | None = None
        self.hits_order = "newest"
        self.hits_group: GroupId | None = None
        self.own_counts: dict[int, int] = {}

    # -- what the inbox does -----------------------------------------------------------------------------------------

    def show_rows(self, *, keep: bool) -> None:
        """Show what is to be shown; override."""

    def show_view(self) -> None:
        """Show a view from its beginning; override."""

    def to_list(self) -> None:
        """Give the keys back to the list; override."""

    def remember_place(self) -> None:
        """Remember the case under the cursor, to come back to it; override."""

    if TYPE_CHECKING:

        def words(self) -> Words:
            """State names in the present language; the screen knows them."""

    # -- searching ---------------------------------------------------------------------------------------------------

    @property
    def line(self) -> str:
        """The search line whose hits are shown; empty where a built-in view is."""
        return self._typed or (self._own.line if self._own is not None else "")

    @property
    def more_hits(self) -> bool:
        """Whether there are more hits than are shown."""
        return self._hits is not None and len(self._hits.rows) > self.hits_shown

    @property
    def hits_shown(self) -> int:
        """How many hits are known to be there, of those that are shown."""
        found = len(self._hits.rows) if self._hits is not None else 0
        return min(found, self._screenful() if self._partly else HITS)

    def _screenful(self) -> int:
        """Rows that fill the screen, in whole pages."""
        return (self.size.height // PAGE + 1) * PAGE

    def hits(self, folded: Collection[str] = ()) -> Window | Grouped:
        """What the line finds, in the order and the groups chosen; while somebody types, a screenful of it."""
        line, read = self._read
        self._read = "", None
        # What is known here may be something else at the next look.
        if read is None or line != self.line:
            read = self.store.finding.read(self.line, whole=not self._writing)
        self._query = read
        most = self._screenful() if self._soon and self._typed and self._as_found else HITS
        self._hits = self._find(self._query, most + 1)
        self._partly = most < HITS and len(self._hits.rows) > most
        if self._partly:
            # The list is as long as it will be at most: its scroll bar does not jump when the others come.
            return Window(FixedRows(self._hits.rows[:most]), "all", "due", HITS)
        rows = views.in_order(self._hits.rows[:HITS], self.hits_order)
        if self.hits_group is None:
            return Window(FixedRows(rows), "all", "due", len(rows), exact=True)
        from imi_tui.viewmodel import grouped

        return grouped.of_rows(self.store, self.words(), rows, self.hits_group, self.context.today(), folded)

    @property
    def _as_found(self) -> bool:
        """Whether hits are shown in the order in which they are found, and not in groups."""
        return self.hits_group is None and self.hits_order in ("newest", "best")

    def _find(self, query: Query, limit: int) -> Hits:
        found = self.store.hits(query, limit, best=self.hits_order == "best")
        if not found.rows and self._writing:
            # What is there stays while a word is typed that may be the name of a term.
            less = self.store.finding.language().unbegun(query)
            return self.store.hits(less, limit, best=self.hits_order == "best") if less is not None else found
        return found

    def all_hits(self) -> None:
        """Show all hits where only a screenful of them was asked for, or those of a single letter."""
        if self._partly or self._later:
            self._typed = self._later or self._typed
            self._partly, self._later = False, ""
            self._read = "", None
            self.show_rows(keep=True)

    def left_out(self) -> str:
        """What the search did not do, in sentences; "" where it did everything."""
        from imi_tui.viewmodel import searching

        if self._query is None or self._hits is None:
            return ""
        return searching.left_out(self._query, self._hits.whole, self._hits.ranked)

    def help_first(self) -> Sequence[Block]:
        """While somebody searches: what can be searched."""
        if not self.query("#search"):
            return ()
        from imi_tui.viewmodel import searching

        return searching.help_blocks()

    def footer_items(self) -> list[tuple[int, str, str]]:
        """While the search line is written: what its own keys do, for there Enter opens no case.

        Where something was refused, the way there stands in the footer, too; so does that to drafts, where no column of
        views tells of them.
        """
        items = super().footer_items()
        if self.focused is not None and self.focused.id == "search":
            own = [(1, "enter", _("Search")), *self._named("search.complete", 2), (3, "escape", _("Back"))]
            return [*own, *(item for item in items if item[0] == HELP)]
        refused = self._named("go.outbox", REFUSED) if self.store.status().rejected else ()
        drafts = self._named("go.drafts", DRAFTS) if self.size.width < front.WIDE and self.store.draft_count() else ()
        return [*items, *refused, *drafts]

    def _named(self, id: str, order: int) -> list[tuple[int, str, str]]:
        action = by_id(id)
        return [(order, key, action.name) for key in self.keys_for(action)[:1]] if action is not None else []

    async def action_list_search(self) -> None:
        """Open the search line."""
        from imi_tui.viewmodel import searching
        from imi_tui.widgets.search_line import OfferLine, SearchLine

        if not self.query(SearchLine):
            language = self.store.finding.language()
            meanings = searching.Meanings(self.store.procedures(), self.context.languages, self.context.language)
            offered = OfferLine()
            field = SearchLine(
                lambda line, cursor: searching.offers(
                    language, line, cursor, meanings.of, self.store.names, self.store.personal.tags
                ),
                offered,
                self.line_changed,
            )
            field.hint(_("Words or country:DE; Tab completes, F1 explains"))
            # Into a place of their own: the screen would paint itself as a whole when it is given a part.
            await self.query_one(Place).mount(field, offered)
            self.remember_place()
        self.set_focus(self.query_one(SearchLine))
        # What a letter does is another thing from now on.
        self.refresh_frame()
        self.call_after_refresh(self.store.finding.prepare)

    async def line_changed(self, line: str) -> None:
        """Show hits while typing, newest first, in one picture with the letter."""
        typed = line.strip()
        finding = self.store.finding
        query = finding.read(typed)
        less = finding.language().unbegun(query)
        # All that begins with a letter is looked for when no other one follows.
        letter = less is not None and len(query.terms[-1].values[0]) == 1
        said = less if less is not None and (letter or not self._says_more(query, less)) else query
        self._read = typed, said
        self._typed = "" if finding.says_nothing(said) else typed
        self._partly, self._later = False, typed if letter else ""
        self._writing = self._soon = True
        async with self.one_picture():
            self.show_rows(keep=False)
            self._soon = False

    @asynccontextmanager
    async def one_picture(self) -> AsyncIterator[None]:
        """What is done within is painted together."""
        with self.app.batch_update():
            yield
            for _step in range(GATHERING):
                await asyncio.sleep(0)
        self.check_idle()

    def _says_more(self, query: Query, less: Query) -> bool:
        """Whether a line that may end in the beginning of a term is to be taken at its word."""
        return not self.store.finding.says_nothing(less) or bool(self.store.hits(query, 1).rows)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """To the hits; one that is alone opens, and where there are none the line goes on: letters are no commands yet.

        Now a word is a word, whatever it may have become.
        """
        self._writing, self._later = False, ""
        typed = event.value.strip()
        if not self.store.finding.says_nothing(self.store.finding.read(typed, whole=True)):
            self._typed = typed
            self._read = "", None
            self.show_rows(keep=True)
            if self._hits is not None and not self._hits.rows:
                if self.context.screen_reader:
                    self.say(self.title_text())
                return
        self.to_list()

    def on_input_blurred(self, _event: Input.Blurred) -> None:
        """Somebody goes to the list by another way."""
        self.all_hits()

    def end_search(self) -> None:
        """Take the search line away."""
        # Gone with the next picture, and not with the one after it.
        place = self.query_one(Place)
        if place.children:
            place.query("*").set(display=False)
            place.refresh(layout=True)
            place.remove_children()
        self._typed = ""
        self._query = self._hits = None
        self._writing = self._partly = False
        self._later = ""

    async def choose_hits_order(self) -> None:
        """Choose the order of hits."""

        def chosen(value: str | None) -> None:
            if value is not None:
                self.hits_order = value
                self.keep_own_arrangement()
                self.show_rows(keep=True)

        orders = [(_(name), order) for order, name in views.HIT_ORDERS.items()]
        await self.app.push_screen(routes.choose(_("Order of the hits"), orders, self.hits_order), chosen)

    def keep_own_arrangement(self) -> None:
        """Keep order and groups of the own view that is shown."""
        if self._own is not None and not self._typed:
            front.keep_arrangement(self.store, own_name(self._own), self._hits_arrangement())

    def take_own_arrangement(self) -> None:
        """Show an own view as it was last shown; a search begins without groups."""
        self.hits_group = None
        if self._own is not None:
            found = front.kept_arrangement(self.store, own_name(self._own))
            self.hits_order = found.sort if found.sort in views.HIT_ORDERS else "newest"
            self.hits_group = found.group

    def _hits_arrangement(self) -> front.Arrangement:
        return front.Arrangement(self.hits_order, self.hits_group)

    # -- own views ---------------------------------------------------------------------------------------------------

    def flags_here(self) -> frozenset[str]:
        """Facts for the registry of actions."""
        own = self._own is not None and not self._typed
        return frozenset(name for name, holds in (("searching", bool(self._typed)), ("own_view", own)) if holds)

    async def action_view_keep(self) -> None:
        """Keep the search as a view under a name."""
        line = self._typed

        def named(name: str | None) -> None:
            if name:
                self._keep(name, line)

        await self.app.push_screen(routes.ask_name(_("Name of the view"), "", NAME), named)

    def _keep(self, name: str, line: str) -> None:
        try:
            self._own = self.store.saved.keep(name, line)
        except NameTaken as error:
            self.say(problems.sentence(error.code), problem=True)
            return
        own, shown = self._own, self._hits_arrangement()
        what = with_name(_("Keep as view"), own.name)
        self.imi.undo.did(Change(what, (), lambda: self._delete(own), lambda: self._bring_back(own, shown)))
        front.keep_arrangement(self.store, own_name(own), shown)
        self.end_search()
        self.show_view()
        self.say(and_back(_("Kept on this machine as the view {name}.").format(name=own.name)))

    async def action_view_rename(self) -> None:
        """Give the own view that is shown another name."""
        own = self._own

        def named(name: str | None) -> None:
            if not name or own is None:
                return
            try:
                self._rename(own.no, name)
            except NameTaken as error:
                self.say(problems.sentence(error.code), problem=True)
                return
            what = with_name(_("Rename view"), name)
            before, after = (lambda: self._rename(own.no, own.name)), (lambda: self._rename(own.no, name))
            self.imi.undo.did(Change(what, (), before, after))
            self.say(told(what))

        if own is not None:
            await self.app.push_screen(routes.ask_name(_("Name of the view"), own.name, NAME), named)

    def _rename(self, no: int, name: str) -> None:
        self.store.saved.rename(no, name)
        if self._own is not None and self._own.no == no:
            self._own = self.store.saved.named(name)
        self.show_rows(keep=True)

    def action_view_delete(self) -> None:
        """Delete the own view that is shown; undo brings it back."""
        own = self._own
        if own is None:
            return
        text = _("View {name} deleted").format(name=own.name)
        shown = front.kept_arrangement(self.store, own_name(own))
        self.imi.undo.did(Change(text, (), lambda: self._bring_back(own, shown), lambda: self._delete(own)))
        self._delete(own)
        self.say(told(text))

    def _delete(self, own: SavedView) -> None:
        # It may have come back in another place.
        now = self.store.saved.named(own.name) or own
        self.store.saved.delete(now.no)
        front.keep_arrangement(self.store, own_name(now), None)
        self._own = None
        self.show_view()

    def _bring_back(self, own: SavedView, shown: front.Arrangement) -> None:
        own = self.store.saved.put_back(own)
        front.keep_arrangement(self.store, own_name(own), shown)
        self._own = own
        self.show_view()
