"""Dates and times as officers read them.

Lists show ISO dates, which read alike in every office of a case; details show the local form. Babel is imported by
the first local form, never by a list.
"""

from __future__ import annotations

import datetime as dt
import re

from imi_tui.i18n import _, language
from imi_tui.times import instant

_NARROW_SPACE, _SPACE = "\u202f", "\u00a0"
_DATES = {"mt": "d 'ta’' MMMM y"}
"""Forms of a day where Babel's is none that an official writes: Maltese "05 Mar 2026"."""
_TWICE = re.compile(r"(?<!\.)\.\.(?!\.)")
_REGIONS = {"en": "en_IE", "en-XA": "en_IE", "pt": "pt_PT"}


def local_date(iso: str, lang: str = "") -> str:
    """A day in the local form of a language (the officer's) with a full year, such as "5 Mar 2026".

    What is no date stays as it is.
    """
    day = _day(iso)
    if day is None:
        return iso
    from babel.dates import format_date

    form = _DATES.get(lang or language(), "medium")
    return _drawable(format_date(day, format=form, locale=locale(lang)))


def local_day(iso: str) -> str:
    """The day on which a moment was here, in ISO form as lists have it. What is no moment stays as it is."""
    day = _day(iso)
    return day.isoformat() if day is not None else iso


def long_date(iso: str) -> str:
    """A day in the officer's language in words, with its weekday: nobody takes the month for the day there."""
    day = _day(iso)
    if day is None:
        return iso
    from babel.dates import format_date

    return _drawable(format_date(day, format="full", locale=locale()))


def when(iso: str, now: dt.datetime) -> str:
    """A moment for details: the time alone if it is on the day of `now`, else local date and time.

    Shown in the time zone of `now`, which has to be aware.
    """
    moment = local_time(iso, now.tzinfo)
    if moment is None:
        return iso
    from babel.dates import format_time

    time = _drawable(format_time(moment.time(), format="short", locale=locale()))
    return time if moment.date() == now.date() else f"{local_date(moment.date().isoformat())} {time}"


def relative(iso: str, today: dt.date) -> str:
    """How far a day is from `today`: "today", "in 3 days", "2 days ago"; "" for ""."""
    day = _day(iso)
    if day is None:
        return iso
    if day == today:
        return _("today")
    from babel.dates import format_timedelta

    # Other formats than "long" raise KeyError for da, de, el, ga, hu, mt and sv. The threshold keeps days days.
    distance = day - today
    return _drawable(format_timedelta(distance, "day", 31, add_direction=True, format="long", locale=locale()))


def ago(iso: str, now: dt.datetime) -> str:
    """How long before `now` a moment was: "just now", "2 hours ago", "3 days ago"; "" for what is no moment."""
    then = instant(iso)
    if then is None:
        return ""
    past = now - then
    if past < dt.timedelta(minutes=1):
        return _("just now")
    from babel.dates import format_timedelta

    return _drawable(format_timedelta(-past, threshold=1, add_direction=True, format="long", locale=locale()))


def number(value: float) -> str:
    """A number with the separators of the officer's language."""
    from babel.numbers import format_decimal

    return _drawable(format_decimal(value, locale=locale()))


def ended(text: str) -> str:
    """A text that may end with a day: Bulgarian, Croatian and Hungarian ones have a full stop of their own."""
    return _TWICE.sub(".", text)


def _day(iso: str) -> dt.date | None:
    """The local day of a date or moment; None where it is neither."""
    if len(iso) > 10:
        moment = local_time(iso)
        return moment.date() if moment is not None else None
    try:
        return dt.date.fromisoformat(iso)
    except ValueError:
        return None


def local_time(iso: str, zone: dt.tzinfo | None = None) -> dt.datetime | None:
    """A moment in a time zone, that of this machine without; None for what is none, or no clock shows."""
    found = instant(iso)
    try:
        return found.astimezone(zone) if found is not None else None
    except OverflowError:
        return None


def locale(lang: str = "") -> str:
    """The locale whose forms a language (the officer's) takes, as Babel names it."""
    code = lang or language()
    return _REGIONS.get(code, code)


def _drawable(text: str) -> str:
    """`text` without U+202F, which poor fonts draw as a box."""
    return text.replace(_NARROW_SPACE, _SPACE)


def moment(iso: str) -> str:
    """A time stamp in local time, sortable by eye: 2026-03-05 14:07."""
    found = local_time(iso)
    return found.strftime("%Y-%m-%d %H:%M") if found is not None else iso
