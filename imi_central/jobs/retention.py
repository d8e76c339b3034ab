"""The daily retention jobs: block, erase, flag what is idle, drop what nobody needs any more."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from imi_core.deadlines import day

if TYPE_CHECKING:
    from imi_central.store import Store
    from imi_central.store.aging import Job

_SOME = 500
"""Cases that are looked for at once."""
TOMBSTONES = dt.timedelta(days=90)
"""How long a client may be away before its changes cannot be told one by one any more."""


class Report(NamedTuple):
    """What one run did, in numbers of cases, files and changes; `left` are ids of cases that cannot be read."""

    blocked: int
    erased: int
    idle: int
    files: int
    changes: int
    left: tuple[str, ...] = ()


def run(store: Store) -> Report:
    """Do everything that is due today. Safe to run at any time and again: each case is one transaction."""
    today = day(store.now())
    left: set[str] = set()
    erased = _each(store, "erase", today, left)
    report = Report(
        blocked=_each(store, "block", today, left),
        erased=erased,
        idle=_each(store, "idle", today, left),
        files=store.expire_blobs(),
        changes=store.prune_changes(TOMBSTONES),
        left=tuple(sorted(left)),
    )
    if erased:
        store.forget()
    return report


def _each(store: Store, job: Job, today: dt.date, left: set[str]) -> int:
    """How many cases it was done to. One that is damaged keeps no other from being blocked or erased in its time."""
    count = 0
    while due := [each for each in store.due(job, today, _SOME + len(left)) if each not in left]:
        for case_id in due:
            try:
                store.age(job, case_id)
            except (LookupError, msgspec.MsgspecError):
                left.add(case_id)
            else:
                count += 1
    return count
