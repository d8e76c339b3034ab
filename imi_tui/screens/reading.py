"""The text of a file on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Vertical
from textual.widgets import Static

from imi_tui import problems
from imi_tui.i18n import _
from imi_tui.outside.preview import Preview
from imi_tui.screens.base import Dialogue, bindings
from imi_tui.viewmodel.blocks import Block
from imi_tui.widgets.document import Document

if TYPE_CHECKING:
    from textual.app import ComposeResult


class ReadingScreen(Dialogue[None]):
    """Scrolls through the text of a file; every line of it is marked as foreign."""

    SCOPE = "help"
    CSS_PATH = ["base.tcss", "reading.tcss"]
    BINDINGS = bindings("help")
    AUTO_FOCUS = "Document"

    def __init__(self, title: str, found: Preview) -> None:
        super().__init__()
        self._title, self._found = title, found

    def compose(self) -> ComposeResult:
        """Name of the file, its text, and how to leave."""
        with Vertical(classes="dialogue"):
            yield Static(self._title, id="heading", markup=False)
            yield Document()
            yield Static(_("Esc: back"), id="keys", markup=False)

    def on_mount(self) -> None:
        """Fill the page."""
        self.query_one(Document).show(self.page())

    def page(self) -> list[Block]:
        """What stands on it."""
        page = [Block(line, remote=True) for line in self._found.text.split("\n")] if self._found.text else []
        if self._found.note:
            page += [Block(""), Block(problems.sentence(self._found.note), "quiet")]
        return page


class LinesScreen(ReadingScreen):
    """Scrolls through lines of the program's own."""

    CSS_PATH = ["base.tcss", "reading.tcss"]
    BINDINGS = bindings("help")

    def __init__(self, title: str, lines: list[str]) -> None:
        super().__init__(title, Preview(""))
        self._own = lines

    def page(self) -> list[Block]:
        """The lines as they are."""
        return [Block(line) for line in self._own]
