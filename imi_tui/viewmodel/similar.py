"""Whether the same was sent from this desk a moment ago, by a colleague or at another machine."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from imi_core.text import display
from imi_tui.i18n import _
from imi_tui.i18n.dates import ago
from imi_tui.times import instant
from imi_tui.viewmodel.suspects import named

if TYPE_CHECKING:
    from imi_tui.cache.model import CaseDetail

ACTIONS = ("message", "reply")
"""What two people may well write at once: actions of these names, or that begin so."""
RECENT = dt.timedelta(minutes=10)


def similar(detail: CaseDetail, action: str, now: dt.datetime) -> dict[str, Any] | None:
    """The last entry of this action that this desk sent within `RECENT`; what waits on this machine is none."""
    if not action.startswith(ACTIONS):
        return None
    for entry in reversed(detail.entries):
        if entry.get("action") != action or entry.get("desk") != detail.desk:
            continue
        if entry.get("clientRef") in detail.pending:
            continue
        sent = instant(str(entry.get("at", "")))
        if sent is None:
            continue
        passed = now - sent
        # Clocks differ: what seems to lie a little ahead was sent just now.
        return entry if abs(passed) <= RECENT else None
    return None


def question(entry: dict[str, Any], name: str, now: dt.datetime) -> str:
    """What to ask before the same is sent once more. `name`: what the action is called."""
    return _("Your desk already sent one: {action}, by {who}, {when}. Send yours too?").format(
        who=named(display(str(entry.get("officerName") or "-"))), action=name, when=ago(str(entry["at"]), now)
    )
