"""The daily retention jobs: block, erase, flag what is idle, drop what nobody needs any more."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, NamedTuple

from imi_core.deadlines import day

if TYPE_CHECKING:
    from imi_central.store import Store
    from imi_central.store.aging import Job

TOMBSTONES = dt.timedelta(days=90)
"""How long a client may be away before its changes cannot be told one by one any more."""


class Report(NamedTuple):
    """What one run did, in numbers of cases, files and changes."""

    blocked: int
    erased: int
    idle: int
    files: int
    changes: int


def run(store: Store) -> Report:
    """Do everything that is due today. Safe to run at any time and again: each case is one transaction."""
    today = day(store.now())
    erased = _each(store, "erase", today)
    report = Report(
        blocked=_each(store, "block", today),
        erased=erased,
        idle=_each(store, "idle", today),
        files=store.expire_blobs(),
        changes=store.prune_changes(TOMBSTONES),
    )
    if erased:
        store.forget()
    return report


def _each(store: Store, job: Job, today: dt.date) -> int:
    count = 0
    while due := store.due(job, today):
        for case_id in due:
            store.age(job, case_id)
        count += len(due)
    return count
