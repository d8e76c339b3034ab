"""The record of one authority."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imi_tui.actions import Situation
from imi_tui.i18n import _
from imi_tui.screens import routes
from imi_tui.screens.authorities import toggle
from imi_tui.screens.base import BaseScreen, bindings
from imi_tui.viewmodel import asking
from imi_tui.viewmodel.authority_record import coordinators, record
from imi_tui.viewmodel.blocks import Block
from imi_tui.widgets.document import Document

if TYPE_CHECKING:
    from textual.app import ComposeResult


class AuthorityScreen(BaseScreen[None]):
    """Everything the register says about one authority."""

    SCOPE = "authority"
    BINDINGS = bindings("authority")
    AUTO_FOCUS = "Document"

    def __init__(self, id: str) -> None:
        super().__init__()
        self._authority = id

    def compose_body(self) -> ComposeResult:
        """The page."""
        yield Document()

    def title_text(self) -> str:
        """What this screen is."""
        return _("Authority")

    def on_mount(self) -> None:
        """A brief record asks for the whole one."""
        if self.store.want_authority(self._authority):
            self.context.sync_now()

    def reload(self, kinds: frozenset[str]) -> None:
        """Read the record."""
        if kinds and "directory" not in kinds:
            return
        wire = self.store.authority(self._authority)
        if wire is None:
            page = [Block(_("This authority is no longer in the register."))]
        else:
            found = self.store.coordinators(str(wire.get("country", "")))
            more = coordinators(wire, found, self.store.authority) + self._known(wire)
            page = record(wire, self.context.languages, more)
        if self.store.authority_is_brief(self._authority):
            page += [Block(""), Block(_("The rest of this record is fetched as soon as the line allows."), "quiet")]
        self.query_one(Document).show(page, keep=bool(kinds))

    def _known(self, wire: dict[str, Any]) -> list[Block]:
        """What this machine knows of it besides the register."""
        partners = self.store.partners
        answers = partners.answers(self._authority, str(wire.get("formalName", "")))
        lines = [Block(""), Block(_("Known here"), "heading"), Block(asking.answered(answers.days, answers.cases))]
        if self._authority in partners.remembered():
            lines.append(Block(_("Remembered: it comes first in searches on this machine.")))
        return lines

    def situation(self) -> Situation:
        """A request can go to an authority with a desk."""
        wire = self.store.authority(self._authority)
        flags = {"current"} if wire is not None and wire.get("desks") else set()
        return Situation(self.SCOPE, current=bool(flags), flags=frozenset(flags))

    def action_remember(self) -> None:
        """Keep it on top of searches, or no longer."""
        toggle(self, self._authority, remembered=self._authority in self.store.partners.remembered())

    async def action_request(self) -> None:
        """Start a request: to its desk in an area in which the officer works, if it has one there."""
        wire = self.store.authority(self._authority) or {}
        mine = {seat.area for seat in self.store.seats()}
        desks = sorted(wire.get("desks", ()), key=lambda desk: desk.get("area") not in mine)
        if desks:
            await self.app.push_screen(routes.compose(target=str(desks[0]["id"])))
