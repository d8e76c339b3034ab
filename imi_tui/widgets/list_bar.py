"""The scroll bar beside a long list."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.scrollbar import ScrollBar, ScrollBarRender
from textual.strip import Strip

if TYPE_CHECKING:
    from rich.color import Color
    from rich.segment import Segment
    from textual.geometry import Region


class ListBar(ScrollBar):
    """The framework's, drawn in one go: it draws a bar line by line, which takes as long as the rows beside it."""

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines of `crop`, which counts from the top of the bar."""
        bar = cast("ScrollBarRender", self.render())
        style = bar.style
        assert not isinstance(style, str)
        drawn = bar.render_bar(
            size=self.size.height,
            virtual_size=bar.virtual_size,
            window_size=bar.window_size,
            position=bar.position,
            thickness=self.size.width,
            back_color=cast("Color", style.bgcolor),
            bar_color=cast("Color", style.color),
        )
        filters, background = self.get_line_filters(), self.background_colors[1]
        known: dict[int, Strip] = {}

        def line(piece: Segment) -> Strip:
            strip = known.get(id(piece))
            if strip is None:
                strip = Strip([piece], self.size.width)
                for each in filters:
                    strip = strip.apply_filter(each, background)
                known[id(piece)] = strip = strip.crop(*crop.column_span)
            return strip

        return [line(piece) for piece in drawn.segments[crop.y : crop.bottom]]
