"""What can be wrong with the layout of a screen, read off the screen itself.

The languages of the tour put each text of the program between ⟦ and ⟧: a text that ends without ⟧ and without "…"
was cut by a widget that did not say so.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.system.tour import Shot

FRAME = "│╭╮╰╯┃"
SCROLLS = "▁▂▃▄▅▆▇█"


def faults(shot: Shot) -> list[str]:
    """One sentence for each thing that is wrong."""
    return [f"{shot}: {fault}" for fault in (*_footer(shot), *_cut(shot)) if fault]


def open_windows(picture: Shot) -> list[str]:
    """Windows without a whole left edge: what was painted of one before it was complete."""
    return [
        f"{picture}: a window that is not whole in line {row}: {picture.lines[row].rstrip()}"
        for top, line in enumerate(picture.lines)
        for found in re.finditer("╭─+╮", line)
        if (row := _gap(picture.lines, top, found.start())) is not None
    ]


def _gap(lines: list[str], top: int, column: int) -> int | None:
    """The first line in which the left edge of a window is missing."""
    for row in range(top + 1, len(lines)):
        sign = lines[row][column]
        # Another window, or what is said in a corner, may lie over the rest of it.
        if sign == "╰" or re.search("[╭╰▌][^╮╯]*$", lines[row][:column]):
            return None
        if sign not in FRAME:
            return row
    return None


def _footer(shot: Shot) -> list[str]:
    # A dialogue as high as the screen has its keys above its lower edge.
    last = shot.lines[-2].strip("│ ") if shot.lines[-1].lstrip().startswith("╰") else shot.lines[-1]
    if not last.strip():
        return ["the last line is empty"]
    found = []
    # What is undone is named as far as there is room.
    last = re.sub(r"(?<=⟧: )⟦[^⟧]*…", "", last)
    if last.count("⟦") != last.count("⟧") or "…" in last:
        found.append(f"a label of the footer is cut: {last.rstrip()}")
    # A window names its keys in one text, "Space: turn   Esc: back".
    if not re.search(r"\S ⟦|^⟦+[^⟧]+: [^⟧]+⟧+$", last.strip()):
        found.append(f"no key in the last line: {last.rstrip()}")
    return found


def _cut(shot: Shot) -> list[str]:
    """Texts that begin on a line and end nowhere: neither there, nor with "…", nor on a line below."""
    open_at: list[int] = []
    for number, line in enumerate(shot.lines):
        here = 0
        for char in line:
            if char == "⟦":
                open_at.append(number)
                here += 1
            elif char == "⟧" and open_at:
                open_at.pop()
                here = max(0, here - 1)
            elif char == "…" and here:
                del open_at[-here:]
                here = 0
    return [f"cut without a mark: {shot.lines[number].rstrip()}" for number in open_at if not _goes_on(shot, number)]


def _goes_on(shot: Shot, number: int) -> bool:
    """Whether the text may go on below what is shown: at the end of something that scrolls, or under a dialogue."""
    below = shot.lines[number + 1 : number + 2]
    ends = number >= len(shot.lines) - 3 or not below or "╰" in below[0] or not below[0].strip(" │┃")
    covered = any(char in shot.lines[number] for char in "╭╰╮╯") or (
        shot.lines[number].count("│") >= 2 and any("╭" in line for line in shot.lines)
    )
    return covered or (ends and any(char in line for line in shot.lines for char in SCROLLS))
