"""Plain tables in terminal cells."""

from __future__ import annotations

import sys
import unicodedata
from typing import TYPE_CHECKING

from imi_core.text import display

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDEST, WHOLE = 40, 500
"""Cells of one column at most, on a terminal and elsewhere; the last column is not cut."""


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """The rows as lines with aligned columns; text is made safe to print and cut with "…".

    On a terminal soon, so that a line stays one: who searches or keeps what is printed gets all that anybody writes.
    """
    widest = WIDEST if sys.stdout.isatty() else WHOLE
    shown = [[display(cell) for cell in row] for row in rows]
    if not shown:
        return []
    cut = [[*(fit(cell, widest) for cell in row[:-1]), row[-1]] for row in shown]
    widths = [max(cells(row[at]) for row in cut) for at in range(len(cut[0]) - 1)]
    return [
        "  ".join(
            [*(cell + " " * (width - cells(cell)) for cell, width in zip(row, widths, strict=False)), row[-1]]
        ).rstrip()
        for row in cut
    ]


def cells(text: str) -> int:
    """How many cells of a terminal `text` takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def fit(text: str, width: int) -> str:
    """`text` cut to `width` cells."""
    if cells(text) <= width:
        return text
    while cells(text) > width - 1:
        text = text[:-1]
    return text + "…"
