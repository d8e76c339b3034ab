"""What the server says of an entry that is sent again because the server was restored from a backup.

Where it does not know the case, the entry that started the case was lost with it and comes back from another client.
Until then such an entry waits; it is refused only when there is no hope left.
"""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

from imi_tui.cache.ids import ASSIGN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from imi_tui.cache.outbox.item import Item

NOT_BACK, NOT_RETURNED = "caseNotBack", "caseNotReturned"
TRIES, PATIENCE = 200, dt.timedelta(days=14)
"""Both have to be used up before the entry is refused: the other client may be away for longer than 200 tries take."""
_MISSING = frozenset({"notFound", "unresolvedReference"})


_PAST = frozenset({"stale", "badTarget"})


def is_past(item: Item, error: Mapping[str, Any]) -> bool:
    """Whether an assignment that was taken once means nothing any more: a later one holds, or that officer has left."""
    return item.action == ASSIGN and item.created is not None and error.get("type") in _PAST


def judged(item: Item, error: Mapping[str, Any], now: str) -> tuple[bool, Mapping[str, Any]]:
    """Whether the entry waits on, and what is to be noted with it. `error`: the set error; `now`: ISO 8601."""
    if item.created is None or error.get("type") not in _MISSING:
        return False, error
    before: dict[str, Any] = json.loads(item.error) if item.error else {}
    waited: dict[str, Any] = before if before.get("type") == NOT_BACK else {"tries": 0, "since": now}
    tries, since = waited["tries"] + 1, waited["since"]
    if tries > TRIES and dt.datetime.fromisoformat(now) - dt.datetime.fromisoformat(since) > PATIENCE:
        return False, {"type": NOT_RETURNED}
    return True, {"type": NOT_BACK, "tries": tries, "since": since}
