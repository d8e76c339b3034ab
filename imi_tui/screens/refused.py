"""What an officer can do with a refused entry, on whichever screen: correct it, send it again, throw it away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imi_core.errors import ImiError
from imi_tui import problems
from imi_tui.cache.errors import CacheError
from imi_tui.cache.ids import ASSIGN
from imi_tui.i18n import _
from imi_tui.i18n.joining import with_name
from imi_tui.screens.drafts import open_draft
from imi_tui.screens.undoing import told
from imi_tui.undo import Change

if TYPE_CHECKING:
    from typing import Any

    from imi_tui.cache.model import OutboxItem
    from imi_tui.screens.base import BaseScreen


def flags(item: OutboxItem | None) -> set[str]:
    """Facts for the registry of actions: in an assignment nothing is written that could be put right."""
    return {"revisable"} if item is not None and item.state == "rejected" and item.action != ASSIGN else set()


async def revise(screen: BaseScreen[Any], client_ref: str) -> None:
    """Open what was written, to put it right."""
    try:
        draft = screen.store.revise(client_ref)
    except CacheError as error:
        screen.say(problems.sentence(error.code), problem=True)
        return
    await open_draft(screen, draft)


async def again(screen: BaseScreen[Any], client_ref: str) -> bool:
    """Send the same again as a new entry on the case as it is now; where that is not possible, open it instead."""
    try:
        draft = screen.store.revise(client_ref)
        try:
            item = screen.store.queue(draft)
        except (CacheError, ImiError):
            if draft.action == ASSIGN:
                # There is nothing to go on writing.
                screen.store.delete_draft(draft.id)
            raise
    except (CacheError, ImiError) as error:
        screen.say(problems.sentence(error.code), problem=True)
        return False
    if item.state == "queued":
        screen.imi.queued([item], with_name(_("Send again"), item.reference or item.subject))
    screen.say(_("Queued again, on the case as it is now."))
    return True


DISCARD = "discard"
"""The kind of the step by which a refused entry is thrown away."""


def discard(screen: BaseScreen[Any], item: OutboxItem) -> None:
    """Throw it away, as a step that can be taken back."""
    try:
        put_back = screen.store.discard(item.client_ref)
    except CacheError as error:
        screen.say(problems.sentence(error.code), problem=True)
        return
    what = _("refused entry thrown away: {name}").format(name=item.reference or item.subject)
    screen.imi.undo.did(Change(what, (), put_back, lambda: screen.store.discard(item.client_ref), DISCARD))
    screen.say(told(what, "outbox.undo"))
