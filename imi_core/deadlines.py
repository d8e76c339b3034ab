"""Time limits. Deadlines are computed, never typed.

The arithmetic follows Regulation (EEC, Euratom) No 1182/71, Article 3: the day of the event is not counted; working
days leave out Saturdays, Sundays and the public holidays of the state that has to act; a period in calendar days or
months that ends on such a day runs to the end of the next working day; a period of two days or more contains at
least two working days.
"""

from __future__ import annotations

import calendar
import datetime as dt
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from imi_core.procedure import DeadlineUnit

ZONE = ZoneInfo("Europe/Brussels")
"""The network's own time zone: on which day something happened is told here [modelled]."""

_HOLIDAY_CODES = {"EL": "GR"}


def day(moment: dt.datetime) -> dt.date:
    """The day on which `moment` (with a time zone) falls for the network."""
    return moment.astimezone(ZONE).date()


@lru_cache(maxsize=1024)
def public_holidays(country: str, year: int) -> frozenset[dt.date]:
    """Public holidays of one of the 30 states in `year`; empty for an unknown code (EU bodies keep their own list)."""
    import holidays
    from holidays.registry import EntityLoader

    code = _HOLIDAY_CODES.get(country, country)
    # To ask for the list of countries would load the calendars of all.
    if code not in EntityLoader.get_country_codes(include_aliases=False):
        return frozenset()
    return frozenset(holidays.country_holidays(code, years=year))


def is_working_day(date: dt.date, country: str) -> bool:
    """Whether authorities of `country` work on `date`."""
    return date.weekday() < 5 and date not in public_holidays(country, date.year)


def add_months(date: dt.date, months: int) -> dt.date:
    """The same day `months` later, or the month's last day where there is no such day (Article 3(2)(c))."""
    years, month = divmod(date.month - 1 + months, 12)
    year = date.year + years
    return dt.date(year, month + 1, min(date.day, calendar.monthrange(year, month + 1)[1]))


def last_day(start: dt.date, amount: int, unit: DeadlineUnit, country: str) -> dt.date:
    """The last day of a period of `amount` that starts with an event on `start`, for an authority of `country`.

    Raises ValueError for an amount below one.
    """
    if amount < 1:
        raise ValueError("a period is at least one day or month")
    one = dt.timedelta(days=1)
    if unit == "working_days":
        date = start
        while amount:
            date += one
            amount -= is_working_day(date, country)
        return date
    date = add_months(start, amount) if unit == "months" else start + amount * one
    while not is_working_day(date, country):
        date += one
    if unit == "calendar_days" and amount >= 2:
        while sum(is_working_day(start + k * one, country) for k in range(1, (date - start).days + 1)) < 2:
            date += one
    return date
