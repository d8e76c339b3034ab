"""Widths in terminal cells, those of `rich.cells`, without loading Rich for what is one cell a character anyway.

Rich costs a twentieth of the time until the first picture, and nearly no row needs it.
"""

from __future__ import annotations

from itertools import chain

PLAIN = frozenset(
    map(
        chr,
        chain(
            range(0x20, 0x7F),
            range(0xA1, 0xAD),
            range(0xAE, 0x250),
            range(0x370, 0x483),
            range(0x2010, 0x2028),
            range(0x2030, 0x205F),
            range(0x2500, 0x25A0),
        ),
    )
)
"""Characters of one cell that do nothing but stand there: Latin, Greek, Cyrillic, punctuation, frames, bars."""


def cell_len(text: str) -> int:
    """How many cells `text` takes."""
    if PLAIN.issuperset(text):
        return len(text)
    from rich import cells

    return cells.cell_len(text)


def set_cell_size(text: str, width: int) -> str:
    """`text` cut or padded to `width` cells."""
    if PLAIN.issuperset(text):
        return text[:width].ljust(width)
    from rich import cells

    return cells.set_cell_size(text, width)
