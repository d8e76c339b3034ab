"""What `imi_tui.terminal.harmless` says, as a filter on the lines Textual draws."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.segment import Segment
from textual.filter import LineFilter

from imi_tui.terminal.harmless import harmless

if TYPE_CHECKING:
    from textual.color import Color


class ControlFilter(LineFilter):
    """No control character of any widget's text reaches the terminal, whatever forgot to clean it."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments with harmless text."""
        if all(segment.control or harmless(segment.text) is segment.text for segment in segments):
            return segments
        return [
            Segment(harmless(segment.text), segment.style) if not segment.control else segment for segment in segments
        ]
