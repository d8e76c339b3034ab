"""Choosing one of a few: a language, a keyboard layout, whether to throw something away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Vertical
from textual.widgets import Static

from imi_tui.screens.base import Dialogue, bindings
from imi_tui.terminal.widths import cell_len
from imi_tui.viewmodel.cells import wrap
from imi_tui.widgets.choice_list import ChoiceList

if TYPE_CHECKING:
    from textual.app import ComposeResult


MOST = 16
"""Lines of answers to be seen at once."""
WIDTH = 64
"""Cells of the window where the answers need no more."""
AROUND = 8
"""Cells of an answer's line beside its text: border, room, cursor, scroll bar."""


class ChooseScreen(Dialogue[str]):
    """A question with answers to choose from; the result is the value chosen, None after Escape.

    Put what loses something last: the cursor begins on `value`, or on the first answer.
    """

    SCOPE = "confirm"
    CSS_PATH = ["base.tcss", "confirm.tcss"]
    BINDINGS = bindings("confirm")
    AUTO_FOCUS = "ChoiceList"

    def __init__(self, question: str, answers: list[tuple[str, str]], value: str = "") -> None:
        super().__init__()
        self._question, self._answers, self._value = question, answers, value

    def compose(self) -> ComposeResult:
        """The question and its answers."""
        with Vertical(classes="dialogue"):
            yield Static(self._question, markup=False)
            yield ChoiceList()

    def on_mount(self) -> None:
        """Fill the list."""
        found = self.query_one(ChoiceList)
        needed = max((cell_len(text) for text, _value in self._answers), default=0) + AROUND
        if needed > WIDTH:
            # What an answer does must not be cut where there is room for it.
            self.query_one(".dialogue").styles.width = "100%"
            self.query_one(".dialogue").styles.max_width = needed
        room = min(max(needed, WIDTH), self.app.size.width) - AROUND
        lines = sum(len(wrap(text, room)) for text, _value in self._answers)
        found.wrapping = lines <= MOST
        found.styles.height = min(MOST, lines if found.wrapping else len(self._answers))
        found.show(list(self._answers), at=self._value or None)

    def action_choose(self) -> None:
        """Close with the answer under the cursor."""
        self.dismiss(self.query_one(ChoiceList).value)

    def action_app_quit(self) -> None:
        """To be asked whether to leave, and to leave, is an answer."""
        if any(value == "quit" for _text, value in self._answers):
            self.dismiss("quit")
        else:
            super().action_app_quit()
