"""Where a case stands: the views it belongs to and its key in every sort order.

Keys are bytes that compare as the rows are to be shown, ascending. Each ends in the case's id and desk, so that no
two rows of a view have the same key and a window of rows can start after any of them.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from imi_core.text import fold
from imi_tui.cache.model import SORTS, VIEWS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from imi_tui.cache.model import SortId, ViewId

VIEW_BIT: dict[str, int] = {view: 1 << index for index, view in enumerate(VIEWS)}
GROUPS: tuple[tuple[ViewId, ...], ...] = (
    ("all", "open", "todo", "to_accept"),
    ("all", "open", "todo", "to_answer"),
    ("all", "open", "todo", "to_close"),
    ("all", "open", "waiting"),
    ("all", "open"),
    ("all", "closed"),
)
"""Every case is in one group, which says in which views it is. A view is read as its groups merged.

One row for a case and order instead of one for each view too is a third of what a first synchronisation writes.
"""
_GROUP_OF: dict[int, int] = {sum(VIEW_BIT[view] for view in views): index for index, views in enumerate(GROUPS)}
_OF_VIEW = {view: tuple(index for index, views in enumerate(GROUPS) if view in views) for view in VIEWS}
_LAST = (1 << 63) - 1
_NO_DUE = b"\xff\xff\xff\xff"


def slots(view: ViewId, sort: SortId) -> tuple[int, ...]:
    """The numbers of the groups of a view in a sort order."""
    position = SORTS.index(sort)
    return tuple(index * 8 + position for index in groups(view))


def groups(view: ViewId) -> tuple[int, ...]:
    """The groups a view is made of."""
    return _OF_VIEW[view]


def tail(id: str, desk_no: int) -> bytes:
    """The end of every key of a case: 16 bytes of its id, two of its desk."""
    if len(id) == 32:
        try:
            found = bytes.fromhex(id)
        except ValueError:
            found = b""
        # Capitals and spaces are read too: two ids must not come out as one.
        if found.hex() == id:
            return found + desk_no.to_bytes(2, "big")
    import hashlib

    return hashlib.sha256(id.encode()).digest()[:16] + desk_no.to_bytes(2, "big")


@functools.lru_cache(4096)
def name_key(name: str) -> bytes:
    """What a name is sorted by."""
    return fold(name).encode()[:32]


def spread(stands: Iterable[tuple[tuple[bytes, bytes, bytes, bytes], int, int]]) -> list[tuple[bytes, int, int]]:
    """The rows (key, n, slot) of cases given as (keys, n, views), in the order of slot and key."""
    slots: list[list[tuple[bytes, int, int]]] = [[] for _ in range(len(GROUPS) * 8)]
    for by_sort, n, views in stands:
        base = _GROUP_OF[views] * 8
        for number, key in enumerate(by_sort, base):
            slots[number].append((key, n, number))
    for rows in slots:
        rows.sort()
    return [row for rows in slots for row in rows]


def keys(due: str, activity: int, reference: str, name: bytes, end: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    """The keys by due date (none last), newest activity, reference (none last) and name, in the order of `SORTS`.

    `due` is an ISO date or empty, `activity` microseconds since 1970, `name` a `name_key`, `end` a `tail`.
    """
    newest = (_LAST - activity).to_bytes(8, "big")
    day = int(due.replace("-", "")).to_bytes(4, "big") if due else _NO_DUE
    number = reference.encode()[:40] + b"\0" if reference else b"\xff"
    return day + newest + end, newest + end, number + end, name + b"\0" + newest + end


def places(views: int, sorted_keys: tuple[bytes, bytes, bytes, bytes]) -> list[tuple[int, bytes]]:
    """Every (slot, key) at which a case with these views stands."""
    return list(enumerate(sorted_keys, _GROUP_OF[views] * 8))
