"""Going through the views of the inbox, and the column beside the list that counts them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imi_tui.cache.model import VIEWS
from imi_tui.screens.grouping import GroupedScreen
from imi_tui.viewmodel import front
from imi_tui.widgets.case_list import CaseList
from imi_tui.widgets.views_column import ViewsColumn

if TYPE_CHECKING:
    from imi_tui.cache.model import ViewId
    from imi_tui.cache.personal.saved_views import SavedView


class ViewsScreen(GroupedScreen):
    """Built-in views by number or one after the other, the officer's own ones behind them."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: dict[ViewId, int] = {}

    def action_view(self, number: int) -> None:
        """A view by number."""
        self._switch(VIEWS[number - 1], None)

    def action_view_next(self) -> None:
        """The next view."""
        self._step(1)

    def action_view_previous(self) -> None:
        """The view before."""
        self._step(-1)

    def _step(self, step: int) -> None:
        """Through the built-in views, then the own ones, and round."""
        own = self.store.saved.all()
        stops: list[ViewId | SavedView] = [*VIEWS, *own]
        at = next((len(VIEWS) + index for index, view in enumerate(own) if view == self._own), VIEWS.index(self.view))
        stop = stops[(at + step) % len(stops)]
        if isinstance(stop, str):
            self._switch(stop, None)
        else:
            self._switch(self.view, stop)

    def _switch(self, view: ViewId, own: SavedView | None) -> None:
        self.view, self._own = view, own
        self.end_search()
        self.take_arrangement()
        self.query_one(CaseList).focus()
        self.counts = self.store.counts()
        self.show_rows(keep=False)

    def show_view(self) -> None:
        """Show the view from its beginning."""
        self._switch(self.view, self._own)

    def write_views(self) -> None:
        """Write the column of views."""
        own = self._own.no if self._own is not None else None
        beside = front.beside(self.store, self.own_counts, own)
        self.query_one(ViewsColumn).show(self.counts, self.view if own is None else None, beside)

    def count_own(self) -> None:
        """Count one own view, if there is one that nobody has counted, and then the next: no key waits for all."""
        if self.size.width < front.WIDE:
            return
        view = next((view for view in self.store.saved.all() if view.no not in self.own_counts), None)
        if view is not None:
            query = self.store.finding.read(view.line)
            self.own_counts[view.no] = len(self.store.hits(query, front.HITS + 1).rows)
            self.write_views()
            self.call_later(self.count_own)
