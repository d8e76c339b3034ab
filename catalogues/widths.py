"""A rule about room: what stands where a screen has only so much says so, and its translation fits."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rich.cells import cell_len

from catalogues.entries import PARTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from catalogues.entries import Book
    from catalogues.findings import Finding

FLAG = re.compile(r"max-length:(\d+)")
"""What a comment for translators says: the most cells of a terminal that there are."""
FILLED = 3
"""Cells that a placeholder takes: a number or a short date, where room is so little."""


def widths(book: Book) -> Iterator[Finding]:
    """A translation is no wider than its comment allows."""
    for entry in book.translated:
        if match := FLAG.search(" ".join(entry.comments)):
            room = int(match.group(1))
            for text in entry.forms:
                if (wide := cell_len(PARTS.sub("0" * FILLED, text))) > room:
                    says = f"is {wide} cells wide where there are {room}: {text!r}"
                    yield book.finding("widths", entry, says, "find a shorter word or a usual abbreviation")
