"""A one-line question above the footer: a number of days, a name or a line of text; Enter and done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Vertical
from textual.widgets import Input, Static

from imi_tui.i18n import _
from imi_tui.screens.base import Dialogue, bindings
from imi_tui.viewmodel import doing
from imi_tui.widgets.entry import LineInput

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult

    from imi_core.procedure import Field


class DaysPrompt(Dialogue[int]):
    """Asks for a number of days; the result is None when the officer pressed Escape."""

    SCOPE = "prompt"
    CSS_PATH = ["base.tcss", "prompt.tcss"]
    BINDINGS = bindings("prompt")
    AUTO_FOCUS = "LineInput"

    def __init__(self, heading: str, label: str, field: Field, default: int) -> None:
        super().__init__()
        self._heading, self._label, self._field, self._default = heading, label, field, default

    def compose(self) -> ComposeResult:
        """Heading, label, input, and room for what is wrong."""
        with Vertical(classes="dialogue"):
            yield Static(self._heading, id="heading", markup=False)
            yield Static(self._label, markup=False)
            yield LineInput(str(self._default), id="days")
            yield Static(_("Enter: queue   Esc: leave it"), id="problem", markup=False)

    def on_mount(self) -> None:
        """Select the default, so that typing replaces it."""
        self.query_one(LineInput).select_all()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the number or say what is allowed."""
        days = doing.read_days(event.value, self._field)
        if days is None:
            low = self._field.minimum if self._field.minimum is not None else 1
            high = self._field.maximum if self._field.maximum is not None else 365
            text = _("Write a whole number of days from {low} to {high}.").format(low=low, high=high)
            self.query_one("#problem", Static).update(text)
            return
        self.dismiss(days)


class TextPrompt(Dialogue[str]):
    """Asks for one line of text; the result is what was typed without blanks around it, None after Escape."""

    SCOPE = "prompt"
    CSS_PATH = ["base.tcss", "prompt.tcss"]
    BINDINGS = bindings("prompt")
    AUTO_FOCUS = "LineInput"

    def __init__(self, heading: str, value: str) -> None:
        super().__init__()
        self._heading, self._value = heading, value

    def compose(self) -> ComposeResult:
        """Heading, input, keys."""
        with Vertical(classes="dialogue"):
            yield Static(self._heading, id="heading", markup=False)
            yield LineInput(self._value, id="text")
            yield Static(_("Enter: keep   Esc: leave it"), id="problem", markup=False)

    def on_mount(self) -> None:
        """Select what is proposed, so that typing replaces it."""
        self.query_one(LineInput).select_all()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take what was typed; nothing is no answer."""
        if text := event.value.strip():
            self.dismiss(text)


class LinePrompt(Dialogue[str]):
    """Asks for a line of text; the result is None when the officer pressed Escape.

    `check` says what is wrong with what was typed, "" for nothing.
    """

    SCOPE = "prompt"
    CSS_PATH = ["base.tcss", "prompt.tcss"]
    BINDINGS = bindings("prompt")
    AUTO_FOCUS = "LineInput"

    def __init__(self, heading: str, label: str, value: str, check: Callable[[str], str] | None) -> None:
        super().__init__()
        self._heading, self._label, self._value, self._check = heading, label, value, check

    def compose(self) -> ComposeResult:
        """Heading, label, input, and room for what is wrong."""
        with Vertical(classes="dialogue"):
            yield Static(self._heading, id="heading", markup=False)
            yield Static(self._label, markup=False)
            yield LineInput(self._value, id="line")
            yield Static(_("Enter: take it   Esc: leave it"), id="problem", markup=False)

    def on_mount(self) -> None:
        """Go on behind what is there."""
        self.query_one(LineInput).cursor_position = len(self._value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the line or say what is wrong with it."""
        problem = self._check(event.value) if self._check is not None else ""
        if problem:
            self.query_one("#problem", Static).update(problem)
            return
        self.dismiss(event.value)
