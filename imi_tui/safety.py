"""Behind the cleaning of text at the data boundary: a filter on drawn lines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.segment import Segment
from textual.filter import LineFilter

if TYPE_CHECKING:
    from textual.color import Color

_CONTROL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2028\u2029"
    "\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)


def harmless(text: str) -> str:
    """`text` without control, direction and invisible characters, as wide as before."""
    return _CONTROL.sub(lambda match: "\ufffd" * cell_len(match.group()), text)


class ControlFilter(LineFilter):
    """No control character of any widget's text reaches the terminal, whatever forgot to clean it."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments with harmless text."""
        if not any(_CONTROL.search(segment.text) for segment in segments if not segment.control):
            return segments
        return [
            Segment(harmless(segment.text), segment.style) if not segment.control else segment for segment in segments
        ]
