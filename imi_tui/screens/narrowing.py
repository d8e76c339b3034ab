"""A search line above a list: typing narrows the list while arrows move in it; Enter and a click take."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Generic

from textual.screen import ScreenResultType
from textual.widgets import Input

from imi_tui.screens.base import Dialogue, bindings
from imi_tui.widgets.line_list import LineList


class Narrowing(Dialogue[ScreenResultType], Generic[ScreenResultType]):
    """What such dialogues share; they yield a `LineInput` and a `LineList`."""

    SCOPE = "menu"
    BINDINGS = bindings("menu")

    @abstractmethod
    def narrow(self, typed: str) -> None:
        """List what fits to `typed`."""

    @abstractmethod
    def action_choose(self) -> None:
        """Close with what is under the cursor."""

    @property
    def found(self) -> LineList[Any]:
        """The list."""
        return self.query_one(LineList)  # type: ignore[type-abstract]

    def on_input_changed(self, event: Input.Changed) -> None:
        """Narrow the list."""
        event.stop()
        self.narrow(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter takes what is under the cursor."""
        event.stop()
        self.action_choose()

    def on_line_list_opened(self, event: LineList.Opened) -> None:
        """So does a click on it."""
        event.stop()
        self.action_choose()

    def action_move(self, step: int) -> None:
        """Up and down while the typing goes on."""
        self.found.action_move(step)

    def action_page(self, step: int) -> None:
        """Pages while the typing goes on."""
        self.found.action_page(step)
