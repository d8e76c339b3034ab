"""What stands around a list: heads of columns, a bar, a place above it, and what is said where there are no rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.containers import Vertical
from textual.geometry import Size
from textual.reactive import Reactive
from textual.scrollbar import ScrollBar, ScrollBarRender
from textual.strip import Strip
from textual.widgets import Static

from imi_tui.viewmodel import rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.color import Color
    from rich.segment import Segment
    from textual.app import RenderResult
    from textual.geometry import Region


class ColumnHeads(Static):
    """The heads of a list with `room` for a row, in the language of now; written again where they change."""

    DEFAULT_CSS = "ColumnHeads { height: 1; text-style: bold; text-wrap: nowrap; }"

    def __init__(self, id: str, room: Callable[[], int]) -> None:
        super().__init__("", id=id, markup=False)
        self._room = room
        self._last = ""

    def render(self) -> RenderResult:
        """As the rows do, it asks for the room when it is drawn: told of it, it would stand over other columns once."""
        self.fit()
        return super().render()

    def fit(self) -> None:
        """Take the room there is now."""
        width = self._room()
        text = rows.heading(rows.columns(width)) if width else ""
        if text and text != self._last:
            self._last = text
            self.update(text, layout=False)


class Place(Vertical):
    """As high as what is in it. A screen that is itself given a part, or loses one, is painted as a whole."""

    DEFAULT_CSS = "Place { height: auto; }"

    # Whoever comes or goes has the screen laid out; with this it would be once more.
    virtual_size = Reactive(Size(0, 0), layout=False)


class Instead(Static):
    """Takes the place of a list without rows; with nothing to say it takes none.

    It is never hidden: whoever shows a hidden widget has the whole screen painted.
    """

    DEFAULT_CSS = """
    Instead { padding: 1 2; height: 1fr; }
    Instead.-below { padding: 0 2; height: auto; }
    Instead.-nothing { padding: 0; height: 0; }
    """

    # What it says is measured when it is said: by itself the screen would be laid out once more behind each change.
    virtual_size = Reactive(Size(0, 0), layout=False)

    def __init__(self, id: str) -> None:
        super().__init__("", id=id, classes="-nothing", markup=False)
        self.text = ""
        """What is said, translated."""

    def say(self, text: str, *, below: bool) -> None:
        """Say `text`, or nothing; `below` rows, in as many lines as it takes."""
        self.set_class(not text, "-nothing")
        self.set_class(bool(text) and below, "-below")
        if text != self.text:
            self.text = text
            self.update(text, layout=below)


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
