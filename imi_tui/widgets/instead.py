"""What is said where a list has no rows, and below those of a search that is not whole."""

from __future__ import annotations

from textual.geometry import Size
from textual.reactive import Reactive
from textual.widgets import Static


class Instead(Static):
    """Takes the place of a list without rows; with nothing to say it takes none.

    It is never hidden: whoever shows a hidden widget has the whole screen painted.
    """

    DEFAULT_CSS = """
    Instead { padding: 1 2; height: 1fr; }
    Instead.-below { padding: 0 2; height: auto; }
    Instead.-nothing { padding: 0; height: 0; }
    """

    # What it says is measured when it is said: by itself the screen would be laid out once more behind each change.
    virtual_size = Reactive(Size(0, 0), layout=False)

    def __init__(self, id: str) -> None:
        super().__init__("", id=id, classes="-nothing", markup=False)
        self.text = ""
        """What is said, translated."""

    def say(self, text: str, *, below: bool) -> None:
        """Say `text`, or nothing; `below` rows, in as many lines as it takes."""
        self.set_class(not text, "-nothing")
        self.set_class(bool(text) and below, "-below")
        if text != self.text:
            self.text = text
            self.update(text, layout=below)
