"""Changes since a state, page by page, as one officer sees them (P3, P5, P6).

An ordinary state is followed through the change log. The initial state is filled from what the account holds now:
newest first by the change that brought each object, down to the first; the token of a page carries the state of the
start (where ordinary changes follow afterwards) and the place reached. That order never changes while a client
fills, so nothing is skipped, and what happens meanwhile is in the log behind the start's state.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from imi_central.store import changes
from imi_central.store.errors import StateUnknown
from imi_central.store.sight import batches
from imi_central.store.tables import desk_case, directory, entries
from imi_core import seal
from imi_core.jmap import DIRECTORY

if TYPE_CHECKING:
    from imi_central.store.changes import Head
    from imi_central.store.sight import Sight

INITIAL = "0"
TYPES = {True: ("Authority", "Procedure", "Officer"), False: ("Case", "Entry")}
"""The types of the directory (True) and of a desk (False)."""


class Found(NamedTuple):
    """The ids of one type that changed."""

    created: list[str]
    updated: list[str]
    destroyed: list[str]


class Page(NamedTuple):
    """One answer. `filling`: the share of a first sync that is done, None for ordinary changes."""

    old: str
    new: str
    more: bool
    types: dict[str, Found]
    filling: float | None


class _Fill(NamedTuple):
    """The place a first sync reached: state of the start, the object's `joined`, how many of its parts are done."""

    start: int
    hash: str
    joined: int
    case_id: str
    done: int

    @property
    def token(self) -> str:
        return f"f.{self.start}.{self.hash}.{self.joined}.{self.done}.{self.case_id}"


def types_of(account_id: str) -> tuple[str, ...]:
    """The types an account holds."""
    return TYPES[account_id == DIRECTORY]


def is_filling(since: str) -> bool:
    """Whether a state is the initial one or belongs to a first sync under way."""
    return since == INITIAL or since.startswith("f.")


def page(sight: Sight, account_id: str, since: str, types: Sequence[str], limit: int) -> Page:
    """At most `limit` changed objects of `types` since a state. Raises `NoSeat`, `StateUnknown`."""
    if account_id != DIRECTORY:
        sight.seat(account_id)
    now = changes.head(sight.conn, account_id)
    if is_filling(since):
        return _filled(sight, account_id, since, types, limit, now)
    seq = changes.known(sight.conn, account_id, since, now)
    return _followed(sight, account_id, since, seq, types, limit, now)


def _followed(sight: Sight, account_id: str, since: str, seq: int, types: Sequence[str], limit: int, now: Head) -> Page:
    first: dict[tuple[str, str], str] = {}
    last: dict[tuple[str, str], str] = {}
    reached = changes.Head(seq, changes.hash_at(sight.conn, account_id, seq, now))
    # Rows of other types cost no place in the page.
    while reached.seq < now.seq and len(last) < limit:
        before = reached.seq
        for at, item, hash in changes.after(sight.conn, account_id, before, now, 1000):
            reached = changes.Head(at, hash)
            if item.type in types:
                key = (item.type, item.object_id)
                first.setdefault(key, item.kind)
                last[key] = item.kind
                if len(last) >= limit:
                    break
        if reached.seq == before:
            # The end of the log was cut off.
            raise StateUnknown(account_id)
    out = {name: Found([], [], []) for name in types}
    visible = _visible(sight, account_id, last)
    for key, kind in last.items():
        known_before = first[key] != "created"
        object_id = visible.get(key)
        if kind == "destroyed":
            if known_before and (gone := _destroyed(sight, account_id, key, visible)) is not None:
                _add(out[key[0]].destroyed, gone)
        elif object_id is not None:
            _add(out[key[0]].updated if known_before else out[key[0]].created, object_id)
    return Page(since, reached.token, reached.seq < now.seq, _tidy(out), None)


def _add(ids: list[str], object_id: str) -> None:
    if object_id not in ids[-1:]:
        ids.append(object_id)


def _tidy(out: dict[str, Found]) -> dict[str, Found]:
    """Each id in one list only: an officer may have changed at several shared desks at once."""
    tidy = {}
    for name, found in out.items():
        created = list(dict.fromkeys(found.created))
        updated = [each for each in dict.fromkeys(found.updated) if each not in set(created)]
        tidy[name] = Found(created, updated, list(dict.fromkeys(found.destroyed)))
    return tidy


def _visible(sight: Sight, account_id: str, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """The object id for each of these keys that the officer may see now."""
    every = list(keys)
    if account_id == DIRECTORY:
        return {key: _plain(key) for key in every if key[0] != "Officer" or key[1].split("/")[0] in sight.places}
    case_ids = {key[1]: key[1] for key in every if key[0] == "Case"}
    entry_ids = [key[1] for key in every if key[0] == "Entry"]
    case_of: dict[str, str] = {}
    for batch in batches(entry_ids):
        found = sight.conn.execute(sa.select(entries.c.id, entries.c.case_id).where(entries.c.id.in_(batch)))
        case_of |= {row.id: row.case_id for row in found}
    levels = sight.levels(account_id, {*case_ids, *case_of.values()})
    out = {("Case", case_id): case_id for case_id in case_ids if case_id in levels}
    return out | {("Entry", entry): entry for entry, case_id in case_of.items() if case_id in levels}


def _plain(key: tuple[str, str]) -> str:
    return key[1].split("/")[-1]


def _destroyed(sight: Sight, account_id: str, key: tuple[str, str], visible: dict[tuple[str, str], str]) -> str | None:
    """The id to report as destroyed: never one that the officer could not have seen, or still sees elsewhere."""
    if account_id != DIRECTORY:
        return key[1] if sight.sees_any(account_id) else None
    if key[0] == "Officer":
        if key not in visible:
            return None
        shared = [f"{desk}/{_plain(key)}" for desk in sight.places]
        still = sight.conn.scalar(
            sa.select(sa.func.count()).where(directory.c.type == "Officer", directory.c.object_id.in_(shared))
        )
        return None if still else _plain(key)
    return key[1]


def _filled(sight: Sight, account_id: str, since: str, types: Sequence[str], limit: int, now: Head) -> Page:
    place = _place(since, account_id, now, sight)
    objects = (
        _directory(sight, place, types) if account_id == DIRECTORY else _desk(sight, account_id, place, types, limit)
    )
    out = {name: Found([], [], []) for name in types}
    seen: set[tuple[str, str]] = set()
    for here, type_, object_id in objects:
        if len(seen) >= limit:
            # `here` is the place of the first object that does not fit.
            share = 1 - here.joined / (place.start + 1)
            return Page(since, here.token, True, out, max(0.0, min(share, 1.0)))
        if (type_, object_id) not in seen:
            seen.add((type_, object_id))
            out[type_].created.append(object_id)
    start = changes.Head(place.start, changes.hash_at(sight.conn, account_id, place.start, now))
    return Page(since, start.token, start.seq < now.seq, out, None)


def _place(since: str, account_id: str, now: Head, sight: Sight) -> _Fill:
    if since == INITIAL:
        return _Fill(now.seq, now.token.partition(".")[2], now.seq, "", 0)
    parts = since.split(".")
    numbers = [parts[index] for index in (1, 3, 4)] if len(parts) == 6 else [""]
    if not all(each.isascii() and each.isdigit() and len(each) <= 18 for each in numbers):
        raise StateUnknown(account_id)
    place = _Fill(int(parts[1]), parts[2], int(parts[3]), parts[5], int(parts[4]))
    if seal.token(place.start, changes.hash_at(sight.conn, account_id, place.start, now)) != (
        f"{place.start}.{place.hash}"
    ):
        raise StateUnknown(account_id)
    return place


def _directory(sight: Sight, place: _Fill, types: Sequence[str]) -> Iterator[tuple[_Fill, str, str]]:
    found = sight.conn.execute(
        sa.select(directory)
        .where(directory.c.joined <= place.joined, directory.c.type.in_(types))
        .order_by(directory.c.joined.desc())
        .execution_options(yield_per=1000)
    )
    with found:
        for joined, type_, object_id in found:
            if type_ == "Officer" and object_id.split("/")[0] not in sight.places:
                continue
            yield place._replace(joined=joined), type_, object_id.split("/")[-1]


def _desk(
    sight: Sight, account_id: str, place: _Fill, types: Sequence[str], limit: int
) -> Iterator[tuple[_Fill, str, str]]:
    """The desk's cases, each followed by its entries, from `place` down."""
    if not sight.sees_any(account_id):
        # However many there are: none of them would come.
        return
    joined, skip = place.joined, place.done
    while True:
        rows = sight.conn.execute(
            sa.select(desk_case)
            .where(
                desk_case.c.desk == account_id,
                desk_case.c.joined <= joined,
                desk_case.c.joined > 0,
                # Nobody sees these, and a desk may have more of them than of all others.
                desk_case.c.blocked.is_(False),
            )
            .order_by(desk_case.c.joined.desc())
            .limit(limit + 1)
        ).all()
        ids = [row.case_id for row in rows if sight.level(account_id, row) != "nothing"]
        kept = set(ids)
        held = entry_ids(sight, ids) if "Entry" in types else {}
        for row in rows:
            if row.case_id not in kept:
                continue
            objects = [("Case", row.case_id)] if "Case" in types else []
            objects += [("Entry", entry) for entry in held.get(row.case_id, ())]
            done = skip if row.case_id == place.case_id and row.joined == place.joined else 0
            for index in range(done, len(objects)):
                yield place._replace(joined=row.joined, case_id=row.case_id, done=index), *objects[index]
        if len(rows) <= limit:
            return
        joined = rows[-1].joined - 1


def entry_ids(sight: Sight, case_ids: list[str]) -> dict[str, list[str]]:
    """The entries of these cases in order, by case."""
    out: dict[str, list[str]] = {}
    for batch in batches(case_ids):
        found = sight.conn.execute(
            sa.select(entries.c.case_id, entries.c.id)
            .where(entries.c.case_id.in_(batch))
            .order_by(entries.c.case_id, entries.c.version)
        )
        for case_id, entry in found:
            out.setdefault(case_id, []).append(entry)
    return out
