"""Where a case stands: the views it belongs to and its key in every sort order.

Keys are bytes that compare as the rows are to be shown, ascending. Each ends in the case's id and desk, so that no
two rows of a view have the same key and a window of rows can start after any of them.
"""

from __future__ import annotations

import datetime as dt
import functools

from imi_core.lean import TYPE_CHECKING, NamedTuple
from imi_tui.cache.model import DATED, SOON, SORTS, VIEWS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from imi_tui.cache.model import SortId, ViewId

VIEW_BIT: dict[str, int] = {view: 1 << index for index, view in enumerate(VIEWS)}
_STATES: tuple[tuple[ViewId, ...], ...] = (
    ("todo", "to_accept"),
    ("todo", "to_answer"),
    ("todo", "to_close", "sent"),
    ("waiting",),
    ("waiting", "sent"),
    (),
    ("todo", "to_accept", "sent"),
    ("put_off",),
    ("put_off", "sent"),
)
_RUNNING: tuple[tuple[ViewId, ...], ...] = (*_STATES, *((*views, "mine") for views in _STATES))
GROUPS: tuple[tuple[ViewId, ...], ...] = (
    *(("all", "open", *views) for views in _RUNNING),
    ("all", "closed"),
    ("all", "closed", "sent"),
    *(("all", "open", *views, "alerts") for views in _RUNNING),
)
"""Every case is in one group, which says in which views it is. A view is read as its groups merged, those without
cases left out.

One row for a case and order instead of one for each view too is a third of what a first synchronisation writes.
"""
_GROUP_OF: dict[int, int] = {sum(VIEW_BIT[view] for view in views): index for index, views in enumerate(GROUPS)}
_OF_VIEW = {
    view: tuple(index for index, views in enumerate(GROUPS) if ("todo" if view in DATED else view) in views)
    for view in VIEWS
}
_LAST = (1 << 63) - 1
_NO_DUE = b"\xff\xff\xff\xff"


def group_of(views: int) -> int:
    """The group of the cases with these bits of `VIEW_BIT`."""
    return _GROUP_OF[views]


def sort_of(view: ViewId, sort: SortId) -> SortId:
    """The order in which a view is shown where `sort` is asked for."""
    return "due" if view in DATED else sort


NAMES = SORTS.index("authority"), 7
"""Where among the orders of a group its cases stand by name: in one of two places, while those of another alphabet
are made in the other one (`imi_tui.cache.listing.alphabet`).
"""
_FIXED = tuple(range(NAMES[0]))
DUE, LATEST, REFERENCE = map(SORTS.index, ("due", "activity", "reference"))
"""Where among the `keys` of a case those of these orders are; behind them those by name."""


class Spelling(NamedTuple):
    """By which alphabet (`collation.alphabet_of`) names are sorted, and at which of `NAMES`."""

    alphabet: str
    position: int = NAMES[0]


def slots(groups: Iterable[int], position: int) -> tuple[int, ...]:
    """The numbers of groups in the sort order with this position in `SORTS`, or in one of `NAMES`."""
    return tuple(group * 8 + position for group in groups)


def positions(spellings: Sequence[Spelling]) -> tuple[int, ...]:
    """Those of the `keys` of a case whose names are sorted by these."""
    return (*_FIXED, *(spelling.position for spelling in spellings))


def dated(view: ViewId, today: dt.date) -> tuple[dt.date, dt.date]:
    """The days of a view of `DATED`: from the first on, before the second."""
    if view == "overdue":
        return dt.date.min, today
    # The calendar ends before a deadline can be that far away.
    return today, min(today, dt.date.max - dt.timedelta(SOON + 1)) + dt.timedelta(SOON + 1)


def span(view: ViewId, today: dt.date) -> tuple[bytes, bytes]:
    """The keys by deadline between which the cases of a view of `DATED` stand: from the first on, before the second."""
    first, last = dated(view, today)
    return b"" if first == dt.date.min else day(first), day(last)


def day(date: dt.date) -> bytes:
    """Where the cases that are due on this day begin in the order of deadlines."""
    return (date.year * 10_000 + date.month * 100 + date.day).to_bytes(4, "big")


def due_of(key: bytes) -> dt.date:
    """The deadline of a case that has one, from its key in the order of deadlines."""
    number = int.from_bytes(key[:4], "big")
    return dt.date(number // 10_000, number // 100 % 100, number % 100)


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


@functools.lru_cache(16384)
def name_key(name: str, alphabet: str, size: int = 40) -> bytes:
    """What a name is sorted by: so many bytes of its letters, then what marks of another alphabet they have."""
    from imi_core.collation import sort_key

    letters, small = sort_key(name, alphabet)
    marks = "" if small.isascii() else "".join(char for char in small if char > "\x7f")
    return letters.encode("utf-8", "replace")[:size] + (b"\1" + marks.encode("utf-8", "replace")[:12] if marks else b"")


def behind(key: bytes) -> bytes:
    """What stands behind all cases whose name has this `name_key`, and in front of other names."""
    return key + b"\0\xff"


def spread(stands: Iterable[tuple[tuple[bytes, ...], int, int]], at: tuple[int, ...]) -> list[tuple[bytes, int, int]]:
    """The rows (key, n, slot) of cases given as (keys, n, views), in the order of slot and key; `at`: `positions`."""
    groups: dict[int, list[tuple[tuple[bytes, ...], int, int]]] = {}
    for each in stands:
        groups.setdefault(each[2], []).append(each)
    out: list[tuple[bytes, int, int]] = []
    for group, views in sorted((_GROUP_OF[views], views) for views in groups):
        found = groups[views]
        for place, position in enumerate(at):
            # Bytes alone are sorted in two thirds of the time of rows; no two rows have the same key.
            numbers = {each[0][place]: each[1] for each in found}
            slot = group * 8 + position
            out += [(key, numbers[key], slot) for key in sorted(numbers)]
    return out


@functools.lru_cache(4096)
def _on(due: str) -> bytes:
    return int(due.replace("-", "")).to_bytes(4, "big") if due else _NO_DUE


def keys(due: str, activity: int, reference: str, names: Iterable[bytes], end: bytes) -> tuple[bytes, ...]:
    """The keys by due date (none last), newest activity, reference (none last) and names, in the order of `positions`.

    `due` is an ISO date or empty, `activity` microseconds since 1970, `names` one `name_key` for each alphabet, `end`
    a `tail`.
    """
    latest = (_LAST - activity).to_bytes(8, "big") + end
    number = reference.encode()[:40] + b"\0" if reference else b"\xff"
    return _on(due) + latest, latest, number + end, *[name + b"\0" + latest for name in names]


def latest_keys(old: Iterable[bytes], activities: Iterable[int]) -> list[bytes]:
    """The keys at `LATEST` of cases that had the `old` ones, each with another latest activity."""
    return [(_LAST - activity).to_bytes(8, "big") + key[8:] for activity, key in zip(activities, old, strict=True)]


def moved_keys(place: int, old: list[bytes], dues: Iterable[str], latest: Sequence[bytes]) -> list[bytes]:
    """The keys at another `place` of cases that had the `old` ones, each with another due date and `LATEST` key."""
    # Order by order and not case by case: of thousands that takes a third of the time.
    if place == DUE:
        return [_on(due) + key for due, key in zip(dues, latest, strict=True)]
    if place == REFERENCE:
        return old
    return [name[: -len(key)] + key for name, key in zip(old, latest, strict=True)]


def places(views: int, sorted_keys: tuple[bytes, ...], at: tuple[int, ...]) -> list[tuple[int, bytes]]:
    """Every (slot, key) at which a case with these views stands."""
    first = _GROUP_OF[views] * 8
    return [(first + position, key) for position, key in zip(at, sorted_keys, strict=True)]
