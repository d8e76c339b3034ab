"""What still misses, one line each; Enter goes there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text
from textual.binding import Binding
from textual.message import Message

from imi_tui.forms.compose import STEP_NAMES
from imi_tui.i18n import _
from imi_tui.viewmodel.cells import wrap
from imi_tui.widgets.line_list import LineList

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imi_tui.forms.compose import Gap

    Line = Gap | str
"""A gap, or the name of the step it is in."""


class CheckList(LineList["Line"]):
    """The gaps under the names of their steps."""

    BINDINGS = [Binding("enter,space", "pick", show=False), Binding("escape", "leave", show=False)]

    @dataclass
    class Chosen(Message):
        """The officer wants to go to the gap under the cursor."""

        list: CheckList
        gap: Gap

    @dataclass
    class Left(Message):
        """The officer goes back without choosing."""

        list: CheckList

    def __init__(self, id: str | None = None, *, passed: bool = True) -> None:
        super().__init__(id=id)
        # Beside a form it would stand in the way of Tab.
        self._passed = passed
        self.can_focus = not passed

    def enter(self) -> None:
        """Put the cursor into the list, until it leaves again."""
        self.can_focus = True
        self.focus()

    def on_blur(self) -> None:
        """Tab passes it again."""
        self.can_focus = not self._passed

    def show_gaps(self, gaps: Sequence[Gap]) -> None:
        """Show these, or that there are none."""
        lines: list[Line] = []
        for gap in gaps:
            if (name := _(STEP_NAMES[gap.step])) not in lines:
                lines.append(name)
            lines.append(gap)
        if lines != list(self.items) or not lines:
            self.show(lines or [_("Nothing is missing; the case can be sent.")])

    def key_of(self, item: Line) -> object:
        """Where the gap is."""
        return item if isinstance(item, str) else (item.step, item.field)

    def is_item(self, item: Line) -> bool:
        """The cursor skips the names of steps."""
        return not isinstance(item, str)

    def lines_of(self, item: Line, width: int) -> list[Text]:
        """What is missing, wrapped; what to do about it below where that says more."""
        if isinstance(item, str):
            return [Text(line, no_wrap=True) for line in wrap(item, width)]
        # Where the step has one thing to do, its name is no news.
        label = item.label if item.label != _(STEP_NAMES[item.step]) else ""
        out = [Text(line, no_wrap=True) for line in wrap(label or item.text, width)]
        if label and not item.obvious:
            out += [Text(f"  {line}", style="dim", no_wrap=True) for line in wrap(item.text, max(8, width - 2))]
        return out

    def action_leave(self) -> None:
        """Escape."""
        self.post_message(self.Left(self))

    def action_pick(self) -> None:
        """Enter or Space."""
        if (gap := self.item) is not None and not isinstance(gap, str):
            self.post_message(self.Chosen(self, gap))
