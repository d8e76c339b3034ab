"""Text in terminal cells: cutting and padding. Widths are those of `rich.cells`, never `len`."""

from __future__ import annotations

from imi_tui.terminal.widths import PLAIN, cell_len, set_cell_size


def cut(text: str, width: int) -> str:
    """`text` in at most `width` cells, the last of them "…" where something is missing."""
    if width <= 0:
        return ""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1).rstrip() + "…"


def fit(text: str, width: int) -> str:
    """`text` in exactly `width` cells: cut with "…" or padded."""
    if len(text) <= width and PLAIN.issuperset(text):
        return text.ljust(width)
    return set_cell_size(cut(text, width), width)


def fit_end(text: str, width: int) -> str:
    """Like `fit`, but padded in front."""
    text = cut(text, width)
    return " " * (width - cell_len(text)) + text


def one_line(text: str) -> str:
    """`text` with its line ends as spaces."""
    return " ".join(text.split("\n"))


def wrap(text: str, width: int) -> list[str]:
    """`text` as lines of at most `width` cells, broken at spaces, long words anywhere; its own line ends stay."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split(" "):
            joined = f"{line} {word}" if line else word
            if cell_len(joined) <= width:
                line = joined
                continue
            if line:
                lines.append(line)
            from rich.cells import chop_cells

            *full, line = chop_cells(word, width) or [""]
            lines += full
        lines.append(line)
    return lines
