"""The views with their counts, beside the list where there is room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import Static

from imi_tui.viewmodel import views
from imi_tui.viewmodel.front import VIEWS_WIDTH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imi_tui.cache.model import ViewId
    from imi_tui.viewmodel.views import Beside


class ViewsColumn(Static):
    """One line a view; the current one carries a mark."""

    DEFAULT_CSS = """
    ViewsColumn { width: 27; height: 1fr; border-right: solid $border-blurred; }
    """

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self._last: list[tuple[str, bool]] = []

    def show(self, counts: dict[ViewId, int], current: ViewId | None, beside: Sequence[Beside] = ()) -> None:
        """Show the counts."""
        lines = views.column(counts, current, VIEWS_WIDTH, beside)
        if lines == self._last:
            return
        self._last = lines
        self.update(
            Content("\n").join(Content.styled(text, "bold" if now else "") for text, now in lines), layout=False
        )
