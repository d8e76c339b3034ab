"""The files of a case: name and size, below it where the file is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from imi_tui.viewmodel.cells import wrap
from imi_tui.widgets.line_list import LineList

if TYPE_CHECKING:
    from imi_tui.viewmodel.files import Shown


class FileList(LineList["Shown"]):
    """Two lines a file, more where something went wrong.

    Names are foreign text: they stand behind the gutter and never become markup."""

    def key_of(self, item: Shown) -> object:
        """Its place in the case."""
        return item.listed.number

    def lines_of(self, item: Shown, width: int) -> list[Text]:
        """Name and size; where it is."""
        out = [Text(f"\u2502 {item.title(width - 2)}", no_wrap=True)]
        for note in item.notes:
            out += [Text(f"  {line}", "dim", no_wrap=True) for line in wrap(note, max(10, width - 2))]
        return out
