"""A refused entry beside what others did meanwhile, and the ways out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imi_core.errors import UnknownProcedure
from imi_tui.actions import Situation
from imi_tui.cache.ids import ASSIGN
from imi_tui.i18n import _
from imi_tui.i18n.joining import with_name
from imi_tui.screens import refused, routes
from imi_tui.screens.base import BaseScreen, bindings
from imi_tui.viewmodel import assigning
from imi_tui.viewmodel.blocks import Block
from imi_tui.viewmodel.conflict import conflict, existing, existing_id
from imi_tui.viewmodel.view import View
from imi_tui.widgets.document import Document

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from imi_tui.cache.model import OutboxItem


class ConflictScreen(BaseScreen[None]):
    """Mine, theirs and what mine was based on."""

    SCOPE = "conflict"
    BINDINGS = bindings("conflict")
    AUTO_FOCUS = "Document"

    def __init__(self, client_ref: str) -> None:
        super().__init__()
        self._ref = client_ref

    def compose_body(self) -> ComposeResult:
        """The page."""
        yield Document()

    def title_text(self) -> str:
        """What this screen is, and of which case: a note would be the first to be cut."""
        item = self.item
        name = (item.reference or item.subject) if item is not None else ""
        return with_name(_("Refused entry"), name) if name else _("Refused entry")

    @property
    def item(self) -> OutboxItem | None:
        """The entry, while it is refused."""
        return next((item for item in self.store.outbox() if item.client_ref == self._ref), None)

    def reload(self, kinds: frozenset[str]) -> None:
        """Read both sides again."""
        self.query_one(Document).show(self._page(), keep=bool(kinds))

    def _page(self) -> list[Block]:
        item = self.item
        if item is not None and item.action == ASSIGN:
            mine = assigning.of_item(item, self.store.handlers, str(self.store.officer().get("id", "")))
            return assigning.conflict(self.store.case(item.desk, item.case_id), item, mine)
        if item is not None and (id := existing_id(item)) is not None:
            entry = self.store.entry(item.desk, id)
            return existing(self._view(item.desk, str((entry or {}).get("caseId") or item.case_id)), item, entry)
        if item is None or self.store.case(item.desk, item.case_id) is None:
            return [Block(_("There is nothing left to compare."))]
        view = self._view(item.desk, item.case_id)
        if view is None:
            return [Block(_("The procedure of this case is not on this machine yet."))]
        return conflict(view, item)

    def _view(self, desk: str, case_id: str) -> View | None:
        """A case, None where it or its rules are not here."""
        detail = self.store.case(desk, case_id) if case_id else None
        if detail is None:
            return None
        try:
            rules = self.store.rules(str(detail.case.get("procedure", "")), detail.case.get("procedureVersion", 1))
        except UnknownProcedure:
            return None
        return View(detail, rules, self.context.languages, self.context.today(), self.store.authority)

    def situation(self) -> Situation:
        """Everything is possible while the entry is there."""
        item = self.item
        flags = {"refused", "again", "case"} if item is not None and item.state == "rejected" else set()
        flags |= refused.flags(item)
        return Situation(self.SCOPE, current=bool(flags), flags=frozenset(flags))

    async def action_open(self) -> None:
        """Open the case."""
        if (item := self.item) is not None and item.case_id:
            await self.app.push_screen(routes.case(item.desk, item.case_id))

    async def action_revise(self) -> None:
        """Correct it."""
        await refused.revise(self, self._ref)

    async def action_again(self) -> None:
        """Send it again on the case as it is now."""
        if await refused.again(self, self._ref):
            self.dismiss()

    def action_discard(self) -> None:
        """Throw it away; the screen below brings it back, which this one could not."""
        if (item := self.item) is not None:
            refused.discard(self, item)
            self.dismiss()
