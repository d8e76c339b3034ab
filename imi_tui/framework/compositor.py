"""Textual's compositor, rendering only what a change shows.

The framework renders every line of each widget between the first and the last changed one, and what lies behind it.
A key that changes two rows and the last line of the screen would render all of it.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from textual._compositor import Compositor
from textual.geometry import Region

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rich.console import RenderableType
    from textual.screen import Screen
    from textual.strip import Strip


class SparingCompositor(Compositor):
    """The same picture from fewer rendered lines.

    Nothing is rendered as long as `ready` says that it is too early, nor while the app holds pictures back: the
    framework would forget what changed meanwhile, and the next picture show half of a screen on half of another.
    """

    ready: Callable[[], bool] | None = None

    def render_update(
        self, full: bool = False, screen_stack: list[Screen[object]] | None = None, simplify: bool = False
    ) -> RenderableType | None:
        """What is to be drawn, None where that is nothing; what changed is kept while it is too early."""
        if self.root is not None and self.root.app._batch_count:
            return None
        if self.ready is not None:
            if not self.ready():
                return None
            self.ready = None
        return super().render_update(full, screen_stack, simplify)

    def _render_chops(self, crop: Region, is_rendered_line: Callable[[int], bool]) -> Sequence[Mapping[int, Strip]]:
        """Pieces of lines by where they begin, those of `crop` in the lines asked for; front to back, the first wins.

        A piece that nothing fills is None, as in the framework's own.
        """
        cuts = self.cuts
        chops: list[dict[int, Strip | None]] = [dict.fromkeys(line[:-1]) for line in cuts]
        left, right = crop.column_span
        for widget, (region, clip) in self.visible_widgets.items():
            shown = region.intersection(clip)
            if not crop.overlaps(shown):
                continue
            first, last = shown.column_span
            wanted: list[int] = []
            for y in crop.intersection(shown).line_range:
                if is_rendered_line(y):
                    line, ends = chops[y], cuts[y]
                    if any(
                        line[cut] is None and end > left
                        for cut, end in pairwise(ends)
                        if first <= cut < last and cut < right
                    ):
                        wanted.append(y)
            for top, bottom in _runs(wanted):
                part = Region(shown.x - region.x, top - region.y, shown.width, bottom - top)
                for y, strip in zip(range(top, bottom), widget.render_lines(part), strict=False):
                    places = [cut for cut in cuts[y] if first <= cut <= last]
                    line = chops[y]
                    for cut, piece in zip(places, strip.divide([cut - first for cut in places[1:]]), strict=False):
                        if line[cut] is None:
                            line[cut] = piece
        return chops  # type: ignore[return-value]


def _runs(lines: Sequence[int]) -> list[tuple[int, int]]:
    """Lines that follow each other, as the first and the one behind the last of each run."""
    runs: list[tuple[int, int]] = []
    for y in lines:
        if runs and runs[-1][1] == y:
            runs[-1] = runs[-1][0], y + 1
        else:
            runs.append((y, y + 1))
    return runs
