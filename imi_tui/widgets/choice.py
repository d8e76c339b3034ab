"""One or several of a few options, by keyboard alone.

Three shapes. Options that fit beside each other stand in one row; several options that do not fit stand one a line;
a single choice that does not fit shows what is chosen and opens a `Picker`. Left and Right choose or move, Space and
Enter choose, tick or open the list, Delete takes a single answer back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from rich.cells import cell_len
from rich.text import Text
from textual.binding import Binding
from textual.geometry import Offset
from textual.message import Message
from textual.widget import Widget

from imi_core.text import fold
from imi_tui.i18n import _
from imi_tui.viewmodel.cells import wrap
from imi_tui.widgets.parking import has_keys, reveal

if TYPE_CHECKING:
    from textual import events
    from textual.geometry import Size as SizeType

Shape = Literal["row", "column", "closed"]
GAP = 3
"""Cells between two options in a row."""


def shape_of(labels: list[str], *, many: bool, width: int) -> Shape:
    """How options with these labels are laid out in `width` cells."""
    if sum(cell_len(label) + 4 for label in labels) + GAP * (len(labels) - 1) <= width:
        return "row"
    return "column" if many else "closed"


class Choice(Widget, can_focus=True):
    """Radio buttons (`many` false) or check boxes. The screen keeps the state: it answers messages with `update`."""

    DEFAULT_CSS = """
    Choice { height: auto; width: 1fr; border-left: solid $border-blurred; background: $surface; }
    Choice:focus { border-left: heavy $foreground; }
    """
    BINDINGS = [
        Binding("left", "step(-1)", show=False),
        Binding("right", "step(1)", show=False),
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("space,enter", "press", show=False),
        Binding("delete,backspace", "take_back", show=False),
    ]

    @dataclass
    class Pressed(Message):
        """An option was chosen; one of several was ticked or unticked. "" takes the answer back."""

        choice: Choice
        option: str

        @property
        def control(self) -> Choice:
            """The widget that sent it."""
            return self.choice

    @dataclass
    class Opened(Message):
        """The officer wants to see all options of a single choice."""

        choice: Choice

    def __init__(
        self, options: tuple[tuple[str, str], ...], chosen: tuple[str, ...], *, many: bool, id: str | None = None
    ) -> None:
        super().__init__(id=id)
        self.many = many
        self.offer(options, chosen)

    def offer(self, options: tuple[tuple[str, str], ...], chosen: tuple[str, ...]) -> None:
        """Offer these, with the cursor on what is chosen."""
        self.options, self.chosen = options, chosen
        self._at = next((index for index, (key, _label) in enumerate(options) if key in chosen), 0)
        self.refresh(layout=True)

    def update_chosen(self, chosen: tuple[str, ...]) -> None:
        """Show what is chosen now."""
        if chosen != self.chosen:
            self.chosen = chosen
            self.refresh(layout=self._shape() == "closed")
            self.park()

    def _shape(self, width: int = 0) -> Shape:
        return shape_of([label for _key, label in self.options], many=self.many, width=width or self.content_size.width)

    def get_content_height(self, container: SizeType, viewport: SizeType, width: int) -> int:
        """One line, or those of the column."""
        return len(self._column(width)) if self._shape(width) == "column" else 1

    def render(self) -> Text:
        """The options as text; the one under the cursor in reverse while the widget has the focus."""
        match self._shape():
            case "row":
                return self._row_text()
            case "column":
                return Text("\n").join(line for _index, line in self._column(self.content_size.width))
        return self._closed_text()

    def _box(self, index: int) -> str:
        on = "x" if self.options[index][0] in self.chosen else " "
        return f"[{on}]" if self.many else f"({on})"

    def _style(self, index: int) -> str:
        return "reverse" if self.has_focus and index == self._at else ""

    def _row_text(self) -> Text:
        parts = [
            Text.assemble((f"{self._box(index)} {label}", self._style(index)))
            for index, (_key, label) in enumerate(self.options)
        ]
        return Text(" " * GAP).join(parts)

    def _column(self, width: int) -> list[tuple[int, Text]]:
        out: list[tuple[int, Text]] = []
        for index, (_key, label) in enumerate(self.options):
            for number, line in enumerate(wrap(label, max(8, width - 4))):
                lead = f"{self._box(index)} " if number == 0 else "    "
                out.append((index, Text.assemble((lead + line, self._style(index)))))
        return out

    def _closed_text(self) -> Text:
        label = next((label for key, label in self.options if key in self.chosen), "")
        text = Text(label or _("Not chosen yet"), style=self._style(self._at) or ("" if label else "dim"), no_wrap=True)
        text.truncate(max(1, self.content_size.width - 10), overflow="ellipsis")
        return Text.assemble(text, "  ", (_("[Space]"), "dim"))

    def action_step(self, by: int) -> None:
        """Left and Right: choose the neighbour (one) or move to it (several)."""
        if self.many:
            self._go(max(0, min(self._at + by, len(self.options) - 1)))
            return
        if not self.chosen:
            self._at = 0 if by > 0 else len(self.options) - 1
        else:
            self._at = (self._at + by) % len(self.options)
        self._choose()

    def action_move(self, by: int) -> None:
        """Up and Down: within a column, else to the field before or after."""
        inside = self._shape() == "column" and 0 <= self._at + by < len(self.options)
        if inside:
            self._go(self._at + by)
        elif by < 0:
            self.screen.focus_previous()
        else:
            self.screen.focus_next()

    def action_press(self) -> None:
        """Space and Enter."""
        if self._shape() == "closed":
            self.post_message(self.Opened(self))
        elif self.options:
            self._choose()

    def action_take_back(self) -> None:
        """Delete: no answer to a single choice."""
        if not self.many and self.chosen:
            self.post_message(self.Pressed(self, ""))

    def on_key(self, event: events.Key) -> None:
        """A letter goes to the next option that begins with it, in a single choice that shows no list."""
        if not event.is_printable or event.character in (None, " ") or self._shape() != "closed":
            return
        wanted = fold(event.character or "")
        for step in range(1, len(self.options) + 1):
            index = (self._at + step) % len(self.options)
            if fold(self.options[index][1]).startswith(wanted):
                event.stop()
                event.prevent_default()
                self._at = index
                self._choose()
                return

    def on_click(self, event: events.Click) -> None:
        """A click on an option chooses it."""
        event.stop()
        if self._shape() == "closed":
            self.post_message(self.Opened(self))
            return
        x, y = event.x - 1, event.y
        for index, start in enumerate(self._starts()):
            if self._shape() == "row" and start.x <= x < start.x + 4 + cell_len(self.options[index][1]):
                self._at = index
                self._choose()
        if self._shape() == "column" and 0 <= y < len(column := self._column(self.content_size.width)):
            self._at = column[y][0]
            self._choose()

    def _choose(self) -> None:
        self.refresh()
        self.post_message(self.Pressed(self, self.options[self._at][0]))

    def _go(self, index: int) -> None:
        self._at = index
        self.refresh()
        self.park()

    def on_focus(self) -> None:
        """Begin at what is chosen and park the terminal's cursor there."""
        self._at = next((index for index, (key, _label) in enumerate(self.options) if key in self.chosen), self._at)
        self.call_after_refresh(self.park)

    def _starts(self) -> list[Offset]:
        if self._shape() != "row":
            return [Offset(0, 0)] * len(self.options)
        starts, x = [], 0
        for _key, label in self.options:
            starts.append(Offset(x, 0))
            x += cell_len(label) + 4 + GAP
        return starts

    def park(self) -> None:
        """Put the terminal's cursor on the option."""
        if not has_keys(self) or not self.options:
            return
        at = self._starts()[self._at]
        if self._shape() == "column":
            rows = [index for index, _line in self._column(self.content_size.width)]
            at = Offset(0, rows.index(self._at))
        if self.many and self._shape() == "column":
            reveal(self, at.y)
        self.app.cursor_position = self.content_region.offset + at


__all__ = ["Choice", "shape_of"]
