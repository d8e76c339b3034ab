"""What the inbox shows besides its rows, from the cache alone: for its screen, and for the picture before it."""

from __future__ import annotations

from imi_core.lean import TYPE_CHECKING, NamedTuple, json
from imi_tui.cache.model import GROUPINGS, SORTS
from imi_tui.i18n import ngettext
from imi_tui.viewmodel import views
from imi_tui.viewmodel.rows import Words
from imi_tui.viewmodel.window import Window

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from typing import Any

    from imi_tui.cache.model import GroupId, Seat, SortId, ViewId
    from imi_tui.cache.store import Store
    from imi_tui.context import Context
    from imi_tui.viewmodel.grouped import Grouped
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


class Arrangement(NamedTuple):
    """How a list is shown: its order (of a search one of `views.HIT_ORDERS`) and what it is put in groups by."""

    sort: str = ""
    group: GroupId | None = None


_KEPT = "arrangements"


def arrangement(store: Store, view: ViewId) -> Arrangement:
    """How the officer last had a view."""
    found = kept_arrangement(store, view)
    return found._replace(sort=found.sort if found.sort in SORTS else SORT)


def kept_arrangement(store: Store, name: str) -> Arrangement:
    """What was kept under this name: a view, or "own" and the number of an own view."""
    found = _arrangements(store).get(name)
    sort, group = found if isinstance(found, list) and len(found) == 2 else ("", "")
    return Arrangement(str(sort), group if group in GROUPINGS else None)


def keep_arrangement(store: Store, name: str, found: Arrangement | None) -> None:
    """Keep it for the next time; None: there is nothing to keep."""
    kept = _arrangements(store)
    kept.pop(name, None)
    if found is not None and found != Arrangement():
        kept[name] = [found.sort, found.group or ""]
    store.keep(_KEPT, json.dumps(kept, sort_keys=True))


def _arrangements(store: Store) -> dict[str, Any]:
    kept = store.kept(_KEPT)
    return dict(json.loads(kept)) if kept else {}


def window(
    store: Store, words: Words, view: ViewId, count: int, shown: Arrangement, folded: Collection[str] = ()
) -> Window | Grouped:
    """The rows of a view, in groups where that is asked for and can be done yet."""
    sort: SortId = shown.sort or SORT  # type: ignore[assignment]
    if shown.group is None or not store.grouping.index.ready(view, shown.group, sort):
        return Window(store, view, sort, count)
    # Who has no groups does without them at the start.
    from imi_tui.viewmodel import grouped

    return grouped.of_view(store, words, view, sort, shown.group, folded)


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
