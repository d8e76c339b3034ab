"""A list in groups: choosing them, folding, going from one to the next, and how each view was last shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imi_tui import problems
from imi_tui.cache.errors import CacheError
from imi_tui.cache.model import SORTS
from imi_tui.i18n import _
from imi_tui.screens import routes
from imi_tui.screens.searching import SearchingScreen, own_name
from imi_tui.viewmodel import front
from imi_tui.widgets.case_list import CaseList

if TYPE_CHECKING:
    from imi_tui.cache.model import GroupId, SortId, ViewId


def grouping_flags(found: CaseList) -> set[str]:
    """Facts about groups for the registry of actions."""
    return {
        name for name, holds in (("grouped", found.group is not None), ("heading", found.heading is not None)) if holds
    }


class GroupedScreen(SearchingScreen):
    """A view of the cache, or what a line finds, in an order and in groups."""

    def __init__(self) -> None:
        super().__init__()
        self.view: ViewId = front.VIEW
        self.sort: SortId = front.SORT
        self.group: GroupId | None = None
        self.painted = False
        self._folded: dict[tuple[str, GroupId | None], set[str]] = {}
        self._unremembered = False
        self._told_group: tuple[str, bool] | None = None

    def refresh_words(self) -> None:
        """Remember the names that the list shows for the next start; override."""

    @property
    def hidden(self) -> set[str]:
        """The folded groups of what is shown."""
        own = own_name(self._own) if self._own is not None else self.view
        name, by = ("", self.hits_group) if self._typed else (own, self.hits_group if self._own else self.group)
        return self._folded.setdefault((name, by), set())

    def take_arrangement(self) -> None:
        """Show the view as it was last shown."""
        found = front.arrangement(self.store, self.view)
        self.sort, self.group = found.sort, found.group  # type: ignore[assignment]
        self.take_own_arrangement()

    def keep_arrangement(self) -> None:
        """Show the view like this from now on, after the next start too."""
        front.keep_arrangement(self.store, self.view, front.Arrangement(self.sort, self.group))

    def is_ready(self) -> bool:
        """Whether what the groups of the view are read from is there."""
        return self.group is None or self.store.grouping.index.ready(self.view, self.group, self.sort)

    def prepare(self) -> None:
        """Have made what the groups of the view are read from."""
        if not self.painted or self.group is None or self.is_ready():
            return
        grouping = self.store.grouping.index
        try:
            if problem := grouping.problem:
                self.group = None
                raise problem
            if not grouping.making and not grouping.prepare(self.view, self.group, self.sort):
                self.say(_("With so many cases groups take a few seconds the first time; go on working."))
        except CacheError as error:
            self.say(problems.sentence(error.code), problem=True)

    def orders(self) -> list[SortId]:
        """The orders that the view can have in these groups."""
        if self.group is None:
            return list(SORTS)
        from imi_tui.cache.listing.grouped_index import order_in

        return [sort for sort in SORTS if order_in(self.view, self.group, sort) == sort]

    async def action_list_group(self) -> None:
        """Choose what the list is put in groups by."""
        from imi_tui.viewmodel import grouped

        def chosen(value: str | None) -> None:
            if value is None:
                return
            group: GroupId | None = value or None  # type: ignore[assignment]
            if self.line:
                self.hits_group = group
                self.keep_own_arrangement()
            else:
                self.group = group
                self.store.grouping.index.problem = None
            self._unremembered = True
            self.show_rows(keep=True)
            if not self.line:
                self.keep_arrangement()

        now = self.hits_group if self.line else self.group
        await self.app.push_screen(routes.choose(_("Groups of the list"), grouped.choices(), now or ""), chosen)

    def action_group_fold(self) -> None:
        """Hide the cases of the group under the cursor, or show them."""
        heading = self.query_one(CaseList).group
        if heading is not None:
            self.hidden.symmetric_difference_update({heading.id})
            self.show_rows(keep=True)

    def action_group_fold_all(self) -> None:
        """Hide the cases of all groups, or show them."""
        groups = set(self.query_one(CaseList).groups)
        hidden = self.hidden
        if groups <= hidden:
            hidden.clear()
        else:
            hidden |= groups
        self.show_rows(keep=True)

    def action_group_next(self) -> None:
        """To the next group."""
        self.query_one(CaseList).action_leap(1)

    def action_group_previous(self) -> None:
        """To the group before."""
        self.query_one(CaseList).action_leap(-1)

    def on_case_list_folded(self, message: CaseList.Folded) -> None:
        """A click on a heading folds its group, or unfolds it."""
        self.hidden.symmetric_difference_update({message.group})
        self.show_rows(keep=True)

    def remember_groups(self) -> None:
        """Remember the names of other groups, once nothing is being made that would keep a key waiting for it."""
        if self._unremembered and not self.store.grouping.index.making:
            self._unremembered = False
            self.refresh_words()

    def tell_group(self) -> None:
        """Say into which group the cursor has come, where a screen reader reads along."""
        heading = self.query_one(CaseList).group
        now = (heading.id, heading.folded) if heading is not None else None
        if self.context.screen_reader and heading is not None and now != self._told_group:
            from imi_tui.viewmodel import grouped

            self.say(grouped.said(heading))
        self._told_group = now
