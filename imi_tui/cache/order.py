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
_SLOT: dict[tuple[str, str], int] = {
    (view, sort): index * 8 + position for index, view in enumerate(VIEWS) for position, sort in enumerate(SORTS)
}
_VIEW_SLOTS: dict[int, tuple[int, ...]] = {
    bits: tuple(index * 8 for index in range(len(VIEWS)) if bits >> index & 1) for bits in range(1 << len(VIEWS))
}
_LAST = (1 << 63) - 1
_NO_DUE = b"\xff\xff\xff\xff"


def slot(view: ViewId, sort: SortId) -> int:
    """The number of a view in a sort order."""
    return _SLOT[view, sort]


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


def spread(stands: Iterable[tuple[tuple[bytes, bytes, bytes, bytes], int, int]]) -> list[tuple[int, bytes, int]]:
    """The rows (slot, key, n) of cases given as (keys, n, views), in the order of slot and key."""
    held = list(stands)
    orders = [sorted((keys[position], n, views) for keys, n, views in held) for position in range(len(SORTS))]
    return [
        (index * 8 + position, key, n)
        for index in range(len(VIEWS))
        for position, order in enumerate(orders)
        for key, n, views in order
        if views >> index & 1
    ]


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
    by_due, by_activity, by_reference, by_name = sorted_keys
    out: list[tuple[int, bytes]] = []
    for base in _VIEW_SLOTS[views]:
        out += ((base, by_due), (base + 1, by_activity), (base + 2, by_reference), (base + 3, by_name))
    return out
