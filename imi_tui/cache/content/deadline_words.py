"""Ranges of deadlines in the full-text index, where a case stands under its day, its month and its year.

The cases due in any range of days are those under a few dozen facets: of the days at its ends, of whole months and
years between.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from imi_tui.cache.content.vocabulary import facet

if TYPE_CHECKING:
    from collections.abc import Iterator


def within(first: dt.date, end: dt.date) -> list[str]:
    """The facets of the deadlines from the first day on and before the second."""
    return [facet("d", part) for part in _parts(first, end)]


def _parts(day: dt.date, end: dt.date) -> Iterator[str]:
    while day < end:
        month = (day.replace(day=28) + dt.timedelta(4)).replace(day=1) if day.day == 1 and day.year < 9999 else None
        year = day.replace(year=day.year + 1) if month is not None and day.month == 1 else None
        if year is not None and year <= end:
            yield day.isoformat()[:4]
            day = year
        elif month is not None and month <= end:
            yield day.isoformat()[:7].replace("-", "")
            day = month
        else:
            yield day.isoformat().replace("-", "")
            day += dt.timedelta(1)
