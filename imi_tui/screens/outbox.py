"""What waits to be sent, what is on its way and what the server refused."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from rich.text import Text
from textual.widgets import Static

from imi_core.errors import UnknownProcedure
from imi_tui import problems
from imi_tui.actions import Situation
from imi_tui.cache.errors import CacheError
from imi_tui.cache.ids import ASSIGN
from imi_tui.i18n import _, ngettext
from imi_tui.i18n.dates import ago
from imi_tui.screens import refused, routes
from imi_tui.screens.base import bindings
from imi_tui.screens.undoing import UndoActions
from imi_tui.viewmodel import assigning, outgoing
from imi_tui.viewmodel.cells import cut, one_line, wrap
from imi_tui.viewmodel.conflict import is_conflict
from imi_tui.viewmodel.files import waiting_line
from imi_tui.widgets.line_list import LineList

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from imi_core.procedure import Rules
    from imi_tui.cache.model import OutboxItem


TEXT_LINES = 12
"""Lines shown of what was written in a refused entry whose case is gone."""


class OutboxList(LineList["OutboxItem"]):
    """Reference, action and subject; age, attempts and state below; details of a refusal."""

    def __init__(self) -> None:
        super().__init__()
        self.problem = ""
        self.now = dt.datetime.now(dt.UTC)
        self.names: dict[str, str] = {}
        self.rules: dict[str, Rules] = {}
        self.held: set[str] = set()
        self.languages: tuple[str, ...] = ("en",)
        self.files: dict[str, str] = {}
        self.texts: dict[str, str] = {}

    def key_of(self, item: OutboxItem) -> object:
        """Its client reference."""
        return item.client_ref

    def lines_of(self, item: OutboxItem, width: int) -> list[Text]:
        """What it is, how it stands, and the reasons of a refusal."""
        reference = item.reference or _("new case")
        name = self.names.get(item.client_ref, item.action)
        first = f"{outgoing.mark(item)} {reference}  {name}  {one_line(item.subject)}"
        age, ref = ago(item.queued_at, self.now), item.client_ref
        held = ref in self.held
        told = outgoing.state(item, self.problem, held=held)
        out = [Text(cut(first.rstrip(), width), no_wrap=True)]
        for below in outgoing.lines(item, told, age, self.files.get(ref, ""), held=held):
            out += [Text(f"    {line}", "dim", no_wrap=True) for line in wrap(below, max(10, width - 4))]
        for reason in outgoing.reasons(item, lambda field: self._label(item, field)):
            out += [Text(f"    - {line}", no_wrap=True) for line in wrap(reason, max(10, width - 6))]
        if text := self.texts.get(item.client_ref):
            lines = wrap(text, max(10, width - 6))
            if len(lines) > TEXT_LINES:
                more = _("the whole text: imi-tui outbox --text {entry}").format(entry=item.client_ref)
                lines = [*lines[:TEXT_LINES], *wrap(f"… {more}", max(10, width - 6))]
            out += [Text(f"    | {line}", no_wrap=True) for line in lines]
        return out

    def _label(self, item: OutboxItem, field: str) -> str:
        found = self.rules.get(item.client_ref)
        return outgoing.field_name(found, item.action, field, self.languages) if found is not None else field


class OutboxScreen(UndoActions):
    """The queue, visible: nothing leaves it but by being sent or by the officer's hand."""

    SCOPE = "outbox"
    CSS_PATH = ["base.tcss", "outbox.tcss"]
    BINDINGS = bindings("outbox")
    AUTO_FOCUS = "OutboxList"

    def compose_body(self) -> ComposeResult:
        """The list, or a sentence where it is empty."""
        yield Static(id="empty")
        yield OutboxList()

    def title_text(self) -> str:
        """What this screen is."""
        return _("Outbox")

    def reload(self, kinds: frozenset[str]) -> None:
        """Read the outbox again."""
        if kinds and not kinds & {"outbox", "status", "directory", "files"}:
            return
        items = self.store.outbox()
        found = self.query_one(OutboxList)
        found.now = self.context.now()
        found.problem = self.store.status().problem
        found.held, found.languages = outgoing.behind(items), self.context.languages
        procedures = {item.client_ref: self._procedure_of(item) for item in items}
        found.names = {item.client_ref: self._name_of(item, *procedures[item.client_ref]) for item in items}
        found.rules = {
            item.client_ref: known
            for item in items
            if item.state == "rejected" and (known := self._rules(*procedures[item.client_ref])) is not None
        }
        found.files = {
            item.client_ref: waiting_line(item.payload.get("attachments", ()), self.store.files.state) for item in items
        }
        # Elsewhere it can be read no more: there is no case page for it, and no form.
        found.texts = {item.client_ref: outgoing.written(item) for item in items if self._is_stranded(item)}
        found.show(items)
        self.show_list(found, shown=bool(items))
        empty = self.query_one("#empty", Static)
        empty.display = not items
        empty.update(Text(_("Nothing waits to be sent, and nothing was refused.")))

    def _procedure_of(self, item: OutboxItem) -> tuple[str, int | None]:
        """Id and version of the procedure of its case; "" where the case is not here."""
        if started := str(item.payload.get("procedure", "")):
            return started, None
        detail = self.store.case(item.desk, item.case_id) if item.case_id else None
        if detail is None:
            return "", None
        return str(detail.case.get("procedure", "")), detail.case.get("procedureVersion")

    def _rules(self, procedure: str, version: int | None) -> Rules | None:
        try:
            return self.store.rules(procedure, version)
        except UnknownProcedure:
            return None

    def _name_of(self, item: OutboxItem, procedure: str, version: int | None) -> str:
        if item.action == ASSIGN:
            return assigning.of_item(item, self.store.handlers, str(self.store.officer().get("id", "")))
        return outgoing.action_name(
            procedure,
            item.action,
            lambda id: self.store.rules(id, version),
            self.context.languages,
            self.store.procedures,
        )

    def _brings_back(self) -> bool:
        """Whether the last thing done was to throw an entry away."""
        return self.imi.undo.last == refused.DISCARD

    def _is_stranded(self, item: OutboxItem) -> bool:
        """Whether it was refused and its case is no longer on this machine."""
        started = bool(item.payload.get("procedure"))
        return item.state == "rejected" and not started and self.store.case(item.desk, item.case_id) is None

    @property
    def item(self) -> OutboxItem | None:
        """The entry under the cursor."""
        found = self.query(OutboxList)
        return found.first().item if found else None

    def situation(self) -> Situation:
        """What can be done with the entry under the cursor."""
        item = self.item
        flags = {"untouched"} if self._brings_back() else set()
        if item is not None:
            flags |= {"untouched"} if item.state == "queued" and not item.attempts else set()
            stranded = self._is_stranded(item)
            flags |= {"refused"} if item.state == "rejected" else set()
            flags |= refused.flags(item)
            if not stranded:
                # What others did meanwhile is to be seen before the same is sent again.
                flags |= {"conflict"} if is_conflict(item) else {"again"} if item.state == "rejected" else set()
                flags |= {"case"} if item.case_id else set()
        return Situation(self.SCOPE, current=item is not None, flags=frozenset(flags) | self.undo_flags())

    def on_line_list_moved(self, _event: LineList.Moved) -> None:
        """The keys depend on the entry."""
        self.refresh_frame()

    async def on_line_list_opened(self, _event: LineList.Opened) -> None:
        """A second click opens the case."""
        await self.action_open()

    async def action_open(self) -> None:
        """Open the case of the entry."""
        if (item := self.item) is not None and item.case_id and not self._is_stranded(item):
            await self.app.push_screen(routes.case(item.desk, item.case_id))

    def action_take_back(self) -> None:
        """Bring back what was just thrown away, else take back the entry under the cursor, which becomes a draft."""
        if self._brings_back():
            try:
                self.imi.undo.take_back()
            except CacheError as error:
                self.say(problems.sentence(error.code), problem=True)
            else:
                self.say(_("The refused entry is back."))
            self.refresh_frame()
            return
        if (item := self.item) is None:
            return
        case = (item.desk, item.case_id)
        try:
            kept, marks = self.imi.undo.take_back_entry(item.client_ref, self.store.marking.numbers([case]))
        except CacheError as error:
            self.say(problems.sentence(error.code), problem=True)
            return
        self.put_marks(marks, marked=True)
        self.came_back([case])
        self.refresh_frame()
        self.say(_("Taken back; what you wrote is among the drafts.") if kept else _("Taken back."))

    async def action_revise(self) -> None:
        """Open what was written in a refused entry, to put it right."""
        if (item := self.item) is None:
            return
        if self._is_stranded(item):
            self.say(
                _("The case of this entry is no longer on this machine; what you wrote stands here."), problem=True
            )
            return
        await refused.revise(self, item.client_ref)

    async def action_again(self) -> None:
        """Send a refused entry again on the case as it is now."""
        if (item := self.item) is not None:
            await refused.again(self, item.client_ref)

    async def action_compare(self) -> None:
        """Show a refused entry beside what others did meanwhile."""
        if (item := self.item) is not None:
            await self.app.push_screen(routes.conflict(item.client_ref))

    def action_discard(self) -> None:
        """Throw a refused entry away."""
        if (item := self.item) is not None:
            refused.discard(self, item)
            self.refresh_frame()

    def title_note(self) -> str:
        """How many entries there are."""
        count = len(self.query_one(OutboxList).items)
        return ngettext("{count} entry", "{count} entries", count).format(count=count) if count else ""
