"""A short list to choose from while the focus may be elsewhere: menu, languages, layouts."""

from __future__ import annotations

from rich.segment import Segment
from rich.text import Text
from textual.strip import Strip

from imi_tui.viewmodel.cells import cut, wrap
from imi_tui.widgets.line_list import LineList

Choice = tuple[str, str | None]
"""(text, value); a value of None makes it a heading."""


class ChoiceList(LineList[Choice]):
    """One line an item, or where `wrapping` as many as it needs.

    The item under the cursor is coloured even while a search line has the focus.
    """

    wrapping = False

    def key_of(self, item: Choice) -> object:
        """The value names the item."""
        return item[1]

    def is_item(self, item: Choice) -> bool:
        """Headings cannot be chosen."""
        return item[1] is not None

    def lines_of(self, item: Choice, width: int) -> list[Text]:
        """The text, cut to the width unless it may have more lines."""
        return [Text(line) for line in wrap(item[0], width)] if self.wrapping else [Text(cut(item[0], width))]

    @property
    def value(self) -> str | None:
        """The value under the cursor."""
        return self.item[1] if self.item is not None else None

    def render_line(self, y: int) -> Strip:
        """One line."""
        strip = super().render_line(y)
        at = self.scroll_offset.y + y
        if not self.has_focus and at < len(self._lines) and self.items[self._lines[at][0]] == self.item:
            style = self.get_component_rich_style("line-list--cursor")
            return Strip(list(Segment.apply_style(strip, post_style=style)), strip.cell_length)
        return strip
