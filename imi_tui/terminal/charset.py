"""A terminal that is not UTF-8: what it lacks is written in as many cells, so that lines stay as long."""

from __future__ import annotations

import codecs
import unicodedata
from typing import TYPE_CHECKING

from imi_tui.terminal.widths import cell_len

if TYPE_CHECKING:
    from typing import TextIO

_NAME = "imi-cells"
_INSTEAD = {
    **dict.fromkeys(map(ord, "│┃▌▏▎▕"), "|"),
    **dict.fromkeys(map(ord, "─━╌╴–—"), "-"),
    **dict.fromkeys(map(ord, "╭╮╰╯┌┐└┘├┤┬┴┼"), "+"),
    **dict.fromkeys(map(ord, "▁▂▃▄▅▆▇█▀▔"), "#"),
    **dict.fromkeys(map(ord, "‘’"), "'"),
    **dict.fromkeys(map(ord, "“”„«»"), '"'),
    ord("…"): ".",
}
"""Lines and marks of the screen, in signs that every terminal has."""


def in_cells(text: str) -> str:
    """`text` in letters without accents and a few signs: "?" where there is none, and as many cells."""
    out: list[str] = []
    for sign in text:
        plain = unicodedata.normalize("NFKD", sign.translate(_INSTEAD)).encode("ascii", "ignore").decode()
        width = cell_len(sign)
        out.append(plain if len(plain) == width else "?" * width)
    return "".join(out)


def keep_cells(stream: TextIO) -> None:
    """Write to this stream what its encoding lacks in as many cells."""

    def instead(error: UnicodeError) -> tuple[str, int]:
        if not isinstance(error, UnicodeEncodeError):
            raise error
        return in_cells(error.object[error.start : error.end]), error.end

    codecs.register_error(_NAME, instead)
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors=_NAME)
