"""The procedures an officer may start, by legal area."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text
from textual.binding import Binding
from textual.message import Message

from imi_tui.names import area_name
from imi_tui.offers import Offer
from imi_tui.viewmodel.cells import cut, wrap
from imi_tui.widgets.line_list import LineList

if TYPE_CHECKING:
    from collections.abc import Sequence

Line = Offer | str
"""An offer, or the id of a legal area whose offers follow."""


class OfferList(LineList[Line]):
    """Title, legal basis and the desk that would send."""

    BINDINGS = [Binding("enter,space", "pick", show=False)]

    @dataclass
    class Chosen(Message):
        """The officer takes the procedure under the cursor."""

        list: OfferList

    def show_offers(self, offers: Sequence[Offer], *, at: object = None) -> None:
        """Show these, under the names of their areas."""
        lines: list[Line] = []
        for offer in offers:
            if offer.area not in lines:
                lines.append(offer.area)
            lines.append(offer)
        self.show(lines, at=at)

    def key_of(self, item: Line) -> object:
        """Procedure and desk."""
        return (item.procedure, item.desk) if isinstance(item, Offer) else item

    def is_item(self, item: Line) -> bool:
        """The cursor skips areas."""
        return isinstance(item, Offer)

    def lines_of(self, item: Line, width: int) -> list[Text]:
        """Area, or the three lines of an offer."""
        if not isinstance(item, Offer):
            return [Text(""), Text(cut(area_name(item), width))]
        return [
            *(Text(line, no_wrap=True) for line in wrap(item.title, width)),
            *(Text(f"  {line}", style="dim", no_wrap=True) for line in wrap(item.basis, width - 2)),
            Text(f"  {cut(item.authority, width - 2)}", style="dim", no_wrap=True),
        ]

    def action_pick(self) -> None:
        """Enter or Space."""
        if self.item is not None:
            self.post_message(self.Chosen(self))
