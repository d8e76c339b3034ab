"""What is new and what is urgent, in numbers: a text that may stand on any screen of the room."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, NamedTuple

from imi_tui.i18n import _, ngettext

if TYPE_CHECKING:
    from collections.abc import Iterable

    from imi_tui.cache.model import Row
    from imi_tui.cache.store import Store

TITLE = "IMI"
MANY = 500
"""Cases of one change that are looked at."""
SOON = dt.timedelta(days=1)
"""How near a deadline makes a new case urgent."""
_HOURS = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)\s*-\s*([01]?\d|2[0-3]):([0-5]\d)")

CaseId = tuple[str, str]


class News(NamedTuple):
    """New cases in which this officer has to act; how many of them are urgent, and the earliest deadline of those."""

    new: int = 0
    urgent: int = 0
    due: str = ""


def waiting(store: Store, cases: Iterable[CaseId]) -> dict[CaseId, Row]:
    """Those of `cases` that are unread and in which this desk has to act."""
    out = {}
    for desk, id in list(cases)[:MANY]:
        row = store.row(desk, id, "todo", "due")
        if row is not None and row.turn_mine and row.unread and not row.pending:
            out[desk, id] = row
    return out


def news(rows: Iterable[Row], today: dt.date) -> News:
    """What of these rows there is to tell."""
    found = list(rows)
    near = (today + SOON).isoformat()
    dues = sorted(row.due for row in found if row.due and row.due <= near)
    return News(len(found), len(dues), dues[0] if dues else "")


def sentence(found: News, today: dt.date) -> str:
    """One line without anything of a case but numbers and a day."""
    text = ngettext("{count} new case waits for you.", "{count} new cases wait for you.", found.new)
    out = text.format(count=found.new)
    if found.urgent:
        text = ngettext("{count} is urgent: {when}.", "{count} are urgent, the first: {when}.", found.urgent)
        out += " " + text.format(count=found.urgent, when=_when(found.due, today))
    return out


def _when(due: str, today: dt.date) -> str:
    if due < today.isoformat():
        return _("overdue")
    return _("due today") if due == today.isoformat() else _("due tomorrow")


def hours(text: str) -> tuple[dt.time, dt.time] | None:
    """The quiet hours of a setting such as ``18:00-07:30``; None where it is none."""
    found = _HOURS.fullmatch(text.strip())
    if found is None:
        return None
    first, second, third, fourth = (int(part) for part in found.groups())
    return dt.time(first, second), dt.time(third, fourth)


def quiet(text: str, now: dt.time) -> bool:
    """Whether `now` (local) is in the quiet hours; those that end before they begin go over midnight."""
    found = hours(text)
    if found is None:
        return False
    begin, end = found
    return begin <= now < end if begin <= end else now >= begin or now < end
