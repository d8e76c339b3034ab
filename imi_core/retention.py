"""What time alone does to a case: an idle flag, blocking, erasure.

Like `workflow.apply`, these are pure and the only other changes a case ever sees; the server's jobs call them.
Regulation (EU) No 1024/2012, Article 14: blocked at most six months after formal closure, erased after three years;
after two months without activity coordinators may be involved.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from imi_core.case import Case, Entry

IDLE_MONTHS = 2


def mark_idle(case: Case) -> Case:
    """`case` flagged as inactive; the next entry clears the flag. Its version rises, its content version does not."""
    return msgspec.structs.replace(case, idle=True, version=case.version + 1)


def block(case: Case) -> Case:
    """`case` out of everybody's reach through the normal interface."""
    return msgspec.structs.replace(case, blocked=True, version=case.version + 1)


def erase(case: Case) -> Case:
    """What remains of `case`: that it existed, between whom and when, and the head of its chain."""
    return msgspec.structs.replace(
        case, blocked=True, version=case.version + 1, subject="", request={}, questions=(), answers={}, files=0
    )


def is_erased(case: Case) -> bool:
    """Whether only what `erase` leaves is there."""
    return case.blocked and not case.subject and not case.request


def erase_entry(entry: Entry) -> Entry:
    """`entry` without content and salt. Its seal still verifies; nobody can guess the content from the digest."""
    return msgspec.structs.replace(
        entry, answers={}, lang="", text=None, attachments=(), salt="", redacted=True, officer_name=""
    )
