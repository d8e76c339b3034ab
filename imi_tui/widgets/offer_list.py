"""The procedures an officer may start, by legal area."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text
from textual.binding import Binding
from textual.message import Message

from imi_tui.forms.offers import Offer
from imi_tui.i18n import _
from imi_tui.names import area_name
from imi_tui.viewmodel.cells import cut, one_line, wrap
from imi_tui.widgets.line_list import LineList

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class TemplateLine:
    """A template of the officer, with the title of its procedure."""

    id: str
    name: str
    title: str


Line = Offer | TemplateLine | str
"""An offer, a template, or what stands above some: the id of a legal area, or `TEMPLATES`."""
TEMPLATES = ":templates"


class OfferList(LineList[Line]):
    """Title, legal basis and the desk that would send."""

    BINDINGS = [Binding("enter,space", "pick", show=False)]

    @dataclass
    class Chosen(Message):
        """The officer takes the procedure under the cursor."""

        list: OfferList

    def show_offers(
        self, offers: Sequence[Offer], templates: Sequence[TemplateLine] = (), *, at: object = None
    ) -> None:
        """Show these, under the names of their areas, and templates below."""
        lines: list[Line] = []
        for offer in offers:
            if offer.area not in lines:
                lines.append(offer.area)
            lines.append(offer)
        lines += [TEMPLATES, *templates] if templates else []
        self.show(lines, at=at)

    def key_of(self, item: Line) -> object:
        """Procedure and desk."""
        return (item.procedure, item.desk) if isinstance(item, Offer) else item if isinstance(item, str) else item.id

    def is_item(self, item: Line) -> bool:
        """The cursor skips what only stands above others."""
        return not isinstance(item, str)

    def lines_of(self, item: Line, width: int) -> list[Text]:
        """Area, or the three lines of an offer."""
        if isinstance(item, str):
            return [Text(""), Text(cut(_("Your templates") if item == TEMPLATES else area_name(item), width))]
        if isinstance(item, TemplateLine):
            name = Text(cut(one_line(item.name), width), no_wrap=True)
            return [name, Text(f"  {cut(item.title, width - 2)}", style="dim", no_wrap=True)]
        return [
            *(Text(line, no_wrap=True) for line in wrap(item.title, width)),
            *(Text(f"  {line}", style="dim", no_wrap=True) for line in wrap(item.basis, width - 2)),
            Text(f"  {cut(item.authority, width - 2)}", style="dim", no_wrap=True),
        ]

    def action_pick(self) -> None:
        """Enter or Space."""
        if self.item is not None:
            self.post_message(self.Chosen(self))
