"""The views with their counts, beside the list where there is room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from imi_tui.terminal.widths import cell_len
from imi_tui.viewmodel import views
from imi_tui.viewmodel.front import VIEWS_WIDTH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imi_tui.cache.model import ViewId
    from imi_tui.viewmodel.views import Beside


class ViewsColumn(Widget):
    """One line a view; the current one carries a mark. Only lines that change are painted."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    ViewsColumn { width: 27; height: 1fr; border-right: solid $border-blurred; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._last: list[tuple[str, bool]] = []

    def show(self, counts: dict[ViewId, int], current: ViewId | None, beside: Sequence[Beside] = ()) -> None:
        """Show the counts."""
        lines = views.column(counts, current, VIEWS_WIDTH, beside)
        before, self._last = self._last, lines
        width = self.size.width
        nothing = [("", False)] * abs(len(before) - len(lines))
        pairs = zip([*before, *nothing], [*lines, *nothing], strict=False)
        if changed := [Region(0, y, width, 1) for y, (old, new) in enumerate(pairs) if old != new]:
            self.refresh(*changed)

    def render_line(self, y: int) -> Strip:
        """The line of a view."""
        text, now = self._last[y] if y < len(self._last) else ("", False)
        style = self.rich_style + Style(bold=True) if now else self.rich_style
        # The framework would load its table of widths for an ellipsis.
        return Strip([Segment(text, style)], cell_len(text)).adjust_cell_length(self.size.width, self.rich_style)
