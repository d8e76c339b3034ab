"""A page of text as blocks, and blocks as lines.

What others wrote is marked as `remote`: every one of its lines, wrapped ones included, begins with a gutter mark
that data cannot write to, so that no message can pass for the program's own words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from imi_tui.terminal.widths import cell_len
from imi_tui.viewmodel.cells import fit, wrap

GUTTER = "\u2502 "
BESIDE = 100
"""From this width on, the two halves of a pair stand beside each other."""
FIELDS = 60
"""From this width on, values stand beside their labels."""

Look = Literal["plain", "heading", "quiet", "alarm", "gutter"]
Span = tuple[str, Look]
Line = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """`text` of the program or, with `remote`, of somebody else; `lang` is the language tag shown before it.

    `aside` is the second half of a pair (an answer to a question), `aside_remote` says whose it is, `aside_look`
    how the program's own looks. `field` makes the first half a narrow column, for labels of short values.
    """

    text: str
    look: Look = "plain"
    remote: bool = False
    lang: str = ""
    indent: int = 0
    aside: str | None = None
    aside_remote: bool = False
    aside_look: Look = "quiet"
    field: bool = False


def lines(blocks: list[Block], width: int, *, aloud: bool = False) -> list[Line]:
    """The blocks in lines of at most `width` cells; `aloud`: no line holds a part of one text and a part of another."""
    out: list[Line] = []
    for block in blocks:
        label = max(22, width // 3)
        if block.aside is None:
            out += _one(block.text, block.look, block.remote, block.indent, width, block.lang)
        elif block.field and width >= FIELDS and not (aloud and _wraps(block, label)):
            out += _beside(block, width, label)
        elif width >= BESIDE and not aloud:
            out += _beside(block, width, width // 2)
        else:
            out += _one(block.text, block.look, block.remote, block.indent, width)
            out += _one(block.aside, "plain" if block.aside_remote else block.aside_look, block.aside_remote, 2, width)
    return out


def _wraps(block: Block, half: int) -> bool:
    return len(_one(block.text, block.look, block.remote, block.indent, half - 2)) > 1


def _one(text: str, look: Look, remote: bool, indent: int, width: int, lang: str = "") -> list[Line]:
    if not text and not remote:
        return [(("", "plain"),)]
    tag = f"[{lang}] " if lang else ""
    before = " " * indent
    room = max(8, width - indent - (len(GUTTER) if remote else 0))
    wrapped = wrap(tag + text, room)
    if remote:
        return [((before + GUTTER, "gutter"), (line, look)) for line in wrapped]
    return [((before + line, look),) for line in wrapped]


def _beside(block: Block, width: int, half: int) -> list[Line]:
    left = _one(block.text, block.look, block.remote, block.indent, half - 2)
    look: Look = "plain" if block.aside_remote else block.aside_look
    right = _one(block.aside or "", look, block.aside_remote, 0, width - half)
    out: list[Line] = []
    for index in range(max(len(left), len(right))):
        first: Line = left[index] if index < len(left) else (("", "plain"),)
        used = sum(cell_len(text) for text, _look in first)
        second = right[index] if index < len(right) else ()
        out.append((*first, (fit("", half - used), "plain"), *second))
    return out
