"""What the inbox shows besides its rows, from the cache alone: for its screen, and for the picture before it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from imi_tui.i18n import ngettext
from imi_tui.viewmodel import views
from imi_tui.viewmodel.rows import Words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from imi_tui.cache.model import Seat, SortId, ViewId
    from imi_tui.cache.store import Store
    from imi_tui.context import Context
    from imi_tui.viewmodel.views import Beside

VIEW: ViewId = "todo"
SORT: SortId = "due"
"""What the inbox opens with."""
HITS = 500
"""Cases that a search or an own view shows and counts at most."""
WIDE, VAST = 100, 140
"""Columns from which the views stand beside the list, and the case under the cursor too."""
VIEWS_WIDTH = 26
"""Cells of the views column without its border."""
SIGN_IN_HELPS = frozenset({"notSignedIn", "disabled", "noServer", "otherOfficer"})
"""Problems of the sync in which signing in is the way out."""


def flags(context: Context) -> frozenset[str]:
    """Facts for the registry of actions."""
    store = context.store
    seated = bool(store.seats())
    signed_in = seated and store.status().problem not in SIGN_IN_HELPS
    return frozenset(
        name
        for name, holds in (
            ("seated", seated),
            ("may_sign_in", context.sign_in is not None and not signed_in),
            ("may_meter", context.meter is not None and seated),
            ("may_sign_out", context.sign_out is not None and signed_in),
            ("held", bool(store.held())),
        )
        if holds
    )


def note(seats: tuple[Seat, ...]) -> str:
    """The desk, or how many."""
    if not seats:
        return ""
    if len(seats) == 1:
        return seats[0].authority_name
    return ngettext("{count} desk", "{count} desks", len(seats)).format(count=len(seats))


def beside(store: Store, counts: Mapping[int, int] | None = None, current: int | None = None) -> list[Beside]:
    """Drafts and own views for the views column; the latter count when somebody has looked."""
    return views.beside(store.draft_count(), store.saved.all(), counts or {}, HITS, current)


def memo_name(context: Context) -> str:
    """Under which name the cache remembers the words of `remembered_words`."""
    return f"states {context.language}"


def remembered_words(context: Context) -> Words:
    """State names as an earlier run left them: with them a list is drawn without reading any rules."""
    known = json.loads(context.store.remembered(memo_name(context)) or "{}")
    return Words(context.store.rules, context.languages, known)
