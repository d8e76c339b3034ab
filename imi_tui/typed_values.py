"""Between what an officer types and what an answer holds: dates, numbers, amounts, days.

Whatever cannot be read stays in the answer as it was typed, so that half a date survives in a draft and
`imi_core.answers.check` says what is wrong with it. Nothing here needs Babel or a locale of the system.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

from imi_core.text import display

if TYPE_CHECKING:
    from imi_core.procedure import FieldType

YEAR_FIRST = frozenset({"hu", "lt", "sv"})
"""Languages whose short date starts with the year; the other 21 start with the day (CLDR, short formats)."""
POINT_LANGUAGES = frozenset({"en", "ga", "mt"})
"""Languages that write the decimal point as a point; the other 21 use a comma (CLDR)."""

_DATE_PARTS = re.compile(r"\d{1,4}(?:[\s\u00a0\u202f./\-]+\d{1,4}){1,2}", re.ASCII)
_GROUPED = re.compile(r"(?<=\d)[\s\u00a0\u202f'’](?=\d{3}(?!\d))", re.ASCII)
_CURRENCY = {"€": "EUR", "EURO": "EUR", "ЕВРО": "EUR", "ΕΥΡΩ": "EUR"}


def parse(kind: FieldType, typed: str, language: str, today: dt.date) -> Any:
    """The answer for `typed`: a number, an ISO date, an amount such as "1250.00 EUR"; else the text itself.

    Multi-line text keeps its lines, everything else is one line. An empty text is the empty answer "".
    """
    text = display(typed, "multi" if kind == "multiline" else "single")
    bare = text.strip()
    if not bare:
        return "" if kind != "multiline" else text
    match kind:
        case "date":
            return read_date(bare, language, today) or bare
        case "number" | "days":
            found = read_number(bare, language)
            return bare if found is None else found
        case "amount":
            return read_amount(bare) or bare
        case "country":
            return bare.upper()
    return text


def written(kind: FieldType, value: Any, language: str) -> str:
    """An answer as the officer edits it; the opposite of `parse`."""
    if value is None or isinstance(value, list | dict | bool):
        return ""
    if isinstance(value, float) and kind in ("number", "days"):
        plain = str(int(value)) if value.is_integer() else repr(value)
        return plain if language in POINT_LANGUAGES else plain.replace(".", ",")
    return str(value)


def read_date(text: str, language: str, today: dt.date) -> str | None:
    """The ISO date meant by `text`: 2026-03-05, 20260305 or the short form of `language` such as 5.3.2026 or 5/3.

    Without a year it is the year of `today`. A year of two digits is at most 20 years ahead.
    """
    text = text.strip().removesuffix("г.").rstrip(" .\u00a0\u202f")
    if re.fullmatch(r"[0-9]{8}", text):
        text = f"{text[:4]}-{text[4:6]}-{text[6:]}"
    if not _DATE_PARTS.fullmatch(text):
        return None
    parts = re.findall(r"\d+", text)
    numbers = [int(part) for part in parts]
    year_first = len(parts[0]) == 4 or (language in YEAR_FIRST and len(parts[-1]) <= 2)
    if len(parts) == 2:
        month, day = numbers if year_first else reversed(numbers)
        year = today.year
        if len(parts[0]) == 4 or len(parts[1]) > 2:
            return None
    else:
        year, month, day = numbers if year_first else reversed(numbers)
        width = len(parts[0 if year_first else -1])
        if width not in (2, 4):
            return None
        if width == 2:
            year = _century(year, today)
    try:
        return dt.date(year, month, day).isoformat()
    except ValueError:
        return None


def _century(year: int, today: dt.date) -> int:
    year += today.year // 100 * 100
    return year - 100 if year > today.year + 20 else year


def read_number(text: str, language: str) -> int | float | None:
    """The number meant by `text` with the separators of `language`; None when it is none."""
    bare = _GROUPED.sub("", text.strip())
    point = "." if language in POINT_LANGUAGES else ","
    group = "," if point == "." else "."
    if re.fullmatch(rf"[-−]?\d{{1,3}}(?:{re.escape(group)}\d{{3}})+(?:{re.escape(point)}\d+)?", bare):
        bare = bare.replace(group, "")
    bare = bare.replace(",", ".").replace("−", "-")
    if not re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,6})?", bare):
        return None
    number = float(bare)
    return int(number) if number.is_integer() else number


def read_amount(text: str) -> str | None:
    """The amount meant by `text`, "1250.00 EUR" for "1.250 €" or "EUR 1 250,00"; euro when no currency is named.

    Separators need no language: an amount has two decimals, so a separator before three digits groups thousands.
    """
    match = re.fullmatch(r"([^\d\s]*)\s*([0-9][0-9\s.,\u00a0\u202f'’]*)\s*([^\d\s]*)", text.strip().upper())
    if match is None or (match[1] and match[3]):
        return None
    unit = match[1] or match[3]
    currency = _CURRENCY.get(unit, unit) or "EUR"
    digits = _GROUPED.sub("", match[2].strip())
    fits = re.fullmatch(r"(\d+|\d{1,3}(?:([.,])\d{3})+)(?:([.,])(\d{1,2}))?", digits)
    if not re.fullmatch(r"[A-Z]{3}", currency) or fits is None or (fits[2] and fits[2] == fits[3]):
        return None
    whole = fits[1].replace(".", "").replace(",", "").lstrip("0") or "0"
    return f"{whole}.{(fits[4] or '').ljust(2, '0')} {currency}" if len(whole) <= 12 else None


def local_date_example(language: str, day: dt.date) -> str:
    """`day` in the short form of `language`, as an example of what may be typed."""
    if language in YEAR_FIRST:
        return f"{day.year}.{day.month:02}.{day.day:02}" if language == "hu" else day.isoformat()
    mark = "/" if language in ("en", "es", "fr", "ga", "it", "mt", "pt", "el") else "."
    mark = "-" if language == "nl" else mark
    return f"{day.day}{mark}{day.month}{mark}{day.year}"
