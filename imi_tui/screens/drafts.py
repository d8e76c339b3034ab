"""What the officer began to write and has not sent."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from rich.text import Text
from textual.widgets import Static

from imi_tui.actions import Situation
from imi_tui.cache.ids import TRANSLATE
from imi_tui.i18n import _, ngettext
from imi_tui.i18n.dates import ago
from imi_tui.i18n.joining import several
from imi_tui.names import area_name
from imi_tui.screens import routes
from imi_tui.screens.base import BaseScreen, bindings
from imi_tui.screens.translating import go_on
from imi_tui.screens.undoing import UndoActions, told
from imi_tui.undo import Change
from imi_tui.viewmodel import outgoing
from imi_tui.viewmodel.cells import cut, one_line
from imi_tui.viewmodel.suspects import named
from imi_tui.widgets.line_list import LineList

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from imi_tui.cache.outbox.draft import Draft


async def open_draft(screen: BaseScreen[None], draft: Draft) -> None:
    """Go on with a draft: in the steps of a new case, or in the form of an action on an existing one."""
    if not draft.case_id:
        await screen.app.push_screen(routes.compose(draft.id))
    elif screen.store.case(draft.desk, draft.case_id) is None:
        screen.say(_("The case of this draft is no longer on this machine."), problem=True)
    elif draft.action == TRANSLATE:
        await go_on(screen, draft)
    else:
        cases = [(draft.desk, draft.case_id)]
        await screen.app.push_screen(routes.act(cases, draft.action, draft.target, draft.id))


def discard_draft(screen: BaseScreen[None], id: str, title: str) -> None:
    """Throw a draft away, as a step that can be taken back."""
    put_back = screen.store.delete_draft(id)
    what = _("draft thrown away: {title}").format(title=title)
    screen.imi.undo.did(Change(what, (), put_back, lambda: screen.store.delete_draft(id)))
    screen.say(told(what))


class DraftList(LineList["Draft"]):
    """What it is about, and below what it is and when it was saved."""

    def __init__(self) -> None:
        super().__init__()
        self.now = dt.datetime.now(dt.UTC)
        self.texts: dict[str, tuple[str, str]] = {}

    def key_of(self, item: Draft) -> object:
        """Its id."""
        return item.id

    def lines_of(self, item: Draft, width: int) -> list[Text]:
        """Two lines."""
        title, what = self.texts.get(item.id, (item.action, ""))
        saved = _("saved: {age}").format(age=ago(item.saved_at, self.now))
        return [
            Text(cut(one_line(title), width), no_wrap=True),
            Text(cut(f"    {what}; {saved}" if what else f"    {saved}", width), "dim", no_wrap=True),
        ]


class DraftsScreen(UndoActions):
    """Enter goes on writing, Delete throws away; what was thrown away can be brought back."""

    SCOPE = "drafts"
    CSS_PATH = ["base.tcss", "drafts.tcss"]
    BINDINGS = bindings("drafts")
    AUTO_FOCUS = "DraftList"

    def compose_body(self) -> ComposeResult:
        """The list, or a sentence where it is empty."""
        yield Static(id="empty")
        yield DraftList()

    def title_text(self) -> str:
        """What this screen is."""
        return _("Drafts")

    def title_note(self) -> str:
        """How many there are."""
        count = len(self.query_one(DraftList).items)
        return ngettext("{count} draft", "{count} drafts", count).format(count=count) if count else ""

    def reload(self, kinds: frozenset[str]) -> None:
        """Read the drafts again."""
        if kinds and not kinds & {"drafts", "directory"}:
            return
        drafts = self.store.drafts()
        found = self.query_one(DraftList)
        found.now = self.context.now()
        found.texts = {draft.id: self._texts(draft) for draft in drafts}
        found.show(drafts)
        self.show_list(found, shown=bool(drafts))
        empty = self.query_one("#empty", Static)
        empty.display = not drafts
        empty.update(Text(_("There are no drafts. What you write is saved here by itself until it is sent.")))

    def _texts(self, draft: Draft) -> tuple[str, str]:
        rules, languages = self.store.rules, self.context.languages
        detail = self.store.case(draft.desk, draft.case_id) if draft.case_id else None
        if detail is None:
            title = outgoing.draft_title(draft, rules, languages)
            seat = next((seat for seat in self.store.seats() if seat.desk == draft.desk), None)
            target = self.store.target(draft.target) if draft.target else None
            facts = [area_name(seat.area)] if seat is not None else []
            if target is not None:
                # Before its subject is written, that is all that tells a new case from others.
                text = _("To: {country} {name}")
                facts.append(text.format(country=target.country, name=one_line(named(target.name))))
            return title, several(facts)
        name = outgoing.action_name(str(detail.case.get("procedure", "")), draft.action, rules, languages)
        reference = detail.case.get("reference") or _("new case")
        return f"{reference}  {detail.case.get('subject', '')}", name

    @property
    def draft(self) -> Draft | None:
        """The draft under the cursor."""
        found = self.query(DraftList)
        return found.first().item if found else None

    def situation(self) -> Situation:
        """Whether there is a draft under the cursor."""
        current = self.draft is not None
        flags = {"current"} if current else set()
        flags |= self.undo_flags()
        return Situation(self.SCOPE, current=current, undo=self.imi.undo.possible, flags=frozenset(flags))

    def on_line_list_moved(self, _event: LineList.Moved) -> None:
        """The keys depend on the draft."""
        self.refresh_frame()

    async def on_line_list_opened(self, _event: LineList.Opened) -> None:
        """A second click goes on writing."""
        await self.action_open()

    async def action_open(self) -> None:
        """Go on with the draft under the cursor."""
        if (draft := self.draft) is not None:
            await open_draft(self, draft)

    def action_discard(self) -> None:
        """Throw the draft away."""
        if (draft := self.draft) is not None:
            title, _what = self.query_one(DraftList).texts.get(draft.id, (draft.action, ""))
            discard_draft(self, draft.id, one_line(title))
