"""Importing public bodies from CSV with the columns of the PublicBodies database (github.com/okfn/publicbodies).

Every row becomes an authority or a line of the report that says why not. The source's own id decides which authority
a row is, so that importing again updates, and importing the same again changes nothing. What the file does not tell
(kind, languages, topics, settings of desks) stays as the register has it.
"""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from imi_central.store import lookup
from imi_core.authority import COUNTRIES, Authority, Desk
from imi_core.deadlines import day
from imi_core.text import display, fold

if TYPE_CHECKING:
    from imi_central.store import Store

NEEDED = ("id", "name", "jurisdiction_code")
EU = "EU"
_EU_CODES = {"GR": "EL"}
_LANGUAGES = {
    "AT": ("de",),
    "BE": ("nl", "fr", "de"),
    "BG": ("bg",),
    "CY": ("el",),
    "CZ": ("cs",),
    "DE": ("de",),
    "DK": ("da",),
    "EE": ("et",),
    "EL": ("el",),
    "ES": ("es",),
    "FI": ("fi", "sv"),
    "FR": ("fr",),
    "HR": ("hr",),
    "HU": ("hu",),
    "IE": ("en", "ga"),
    "IS": ("is",),
    "IT": ("it",),
    "LI": ("de",),
    "LT": ("lt",),
    "LU": ("fr", "de"),
    "LV": ("lv",),
    "MT": ("mt", "en"),
    "NL": ("nl",),
    "NO": ("nb",),
    "PL": ("pl",),
    "PT": ("pt",),
    "RO": ("ro",),
    "SE": ("sv",),
    "SI": ("sl",),
    "SK": ("sk",),
    EU: ("en", "fr", "de"),
}
"""Languages an authority of a country works in; the first is taken for that of the file's texts."""

_MAX_NAME, _MAX_TITLE, _MAX_DESCRIPTION, _MAX_ADDRESS, _MAX_URL = 500, 200, 4000, 500, 500
_SAYS_NOTHING = frozenset(("andere", "other", "others", "sonstige", "övriga", "autre", "autres"))
_POST_LINE = re.compile(r"(?:[A-Z]{1,2}[- ])?\d[\d ]{2,5}\d\s+([^\d,]+?)(?:,\s*(.+))?")
_CONTACT_LINE = re.compile(r"(?:tel|fax|phone|e-?mail|mobil)|.*@|\+?[\d\s()/-]{6,}$", re.IGNORECASE)


class UnusableFile(Exception):
    """The file as a whole cannot be imported."""


class LeftOut(NamedTuple):
    """A row that was not imported. `row` counts as a spreadsheet does: the header is row 1."""

    row: int
    id: str
    reason: str


class Row(NamedTuple):
    """One record of the file; `problem` says why it is none."""

    number: int
    values: dict[str, str]
    problem: str = ""


class Outcome(NamedTuple):
    """What an import did; the numbers and the rows left out add up to `rows`."""

    rows: int
    new: int
    changed: int
    same: int
    left_out: tuple[LeftOut, ...]


def read(path: Path) -> list[Row]:
    """The records of a file (UTF-8, RFC 4180). Raises `UnusableFile`."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = [name.strip() for name in next(reader, [])]
            if missing := [name for name in NEEDED if name not in header]:
                raise UnusableFile(f"{path}: the column {missing[0]!r} is missing; needed: {', '.join(NEEDED)}")
            return [_row(number, header, values) for number, values in enumerate(reader, 2)]
    except OSError as error:
        raise UnusableFile(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UnusableFile(f"{path}: is not UTF-8 (byte {error.start})") from error
    except csv.Error as error:
        raise UnusableFile(f"{path}: is not CSV as RFC 4180 has it: {error}") from error


def _row(number: int, header: list[str], values: list[str]) -> Row:
    found = dict(zip(header, values, strict=False))
    wrong = f"has {len(values)} fields, the header has {len(header)}" if len(values) != len(header) else ""
    return Row(number, found, wrong)


def put(store: Store, rows: Iterable[Row], areas: tuple[str, ...]) -> Outcome:
    """Bring the register up to these rows, with a desk for each of `areas`."""
    given = list(rows)
    today = day(store.now())
    left_out: list[LeftOut] = []
    bodies: dict[str, Authority] = {}
    gone: set[str] = set()
    first: dict[str, Row] = {}
    for row in given:
        source = _line(row.values.get("id", ""))
        problem = row.problem or _problem(row, source, today) or _twice(row, first.get(source))
        first.setdefault(source, row)
        if problem:
            left_out.append(LeftOut(row.number, source, problem))
            if _is_dissolved(row, today) and source:
                gone.add(authority_id(source))
        else:
            bodies[authority_id(source)] = _authority(source, row.values)
    with store.reading() as conn:
        stored = lookup.authorities(conn, {*bodies, *gone})
    merged = [_merge(body, stored.get(key), areas) for key, body in bodies.items()]
    # Nobody can write to a body that no longer exists; its cases and its past stay.
    ended = [
        msgspec.structs.replace(stored[key], status="suspended") for key in sorted(gone - set(bodies)) if key in stored
    ]
    new = sum(key not in stored for key in bodies)
    changed = sum(key in stored and stored[key] != body for key, body in zip(bodies, merged, strict=True))
    store.put_authorities([*merged, *ended])
    return Outcome(len(given), new, changed, len(bodies) - new - changed, tuple(left_out))


def write_report(path: Path, left_out: Iterable[LeftOut]) -> None:
    """Write row, id and reason of what was not imported as CSV. Raises `UnusableFile`."""
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(LeftOut._fields)
            writer.writerows(left_out)
    except OSError as error:
        raise UnusableFile(f"{path}: cannot be written: {error.strerror}") from error


def authority_id(source: str) -> str:
    """The register's id for the source's: small letters, digits and hyphens, never the same for two of them.

    The prefix keeps bodies of this source apart from what was entered by hand or comes from elsewhere.
    """
    plain = re.sub(r"[^a-z0-9]+", "-", fold(source)).strip("-")[:120]
    if re.fullmatch(r"[a-z]+/[a-z0-9]+(-[a-z0-9]+)*", source) and len(source) <= 120:
        return f"pb-{plain}"
    return "-".join(filter(None, ("pb", plain, hashlib.sha256(source.encode()).hexdigest()[:8])))


def _problem(row: Row, source: str, today: dt.date) -> str:
    values = row.values
    if not source:
        return "has no id"
    if not _line(values["name"]):
        return "has no name"
    country = _country(values)
    if country not in _LANGUAGES:
        allowed = f"{', '.join(COUNTRIES)} (GR too), {EU}"
        return f"the jurisdiction {_line(values['jurisdiction_code'])!r} is not in the network; allowed: {allowed}"
    return f"was dissolved on {_line(values['dissolution_date'])}" if _is_dissolved(row, today) else ""


def _twice(row: Row, before: Row | None) -> str:
    if before is None:
        return ""
    if before.values == row.values:
        return f"is the same as row {before.number}"
    return f"row {before.number} ({_line(before.values.get('name', ''))}) has this id already; give each body its own"


def _is_dissolved(row: Row, today: dt.date) -> bool:
    date = _line(row.values.get("dissolution_date", ""))
    # A year or a month is over when its last day is; text that is no date still says that the body is gone.
    match = re.fullmatch(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?", date)
    return bool(date) and (match is None or date <= today.isoformat()[: len(date)])


def _country(values: dict[str, str]) -> str:
    code = _line(values["jurisdiction_code"]).upper()
    return _EU_CODES.get(code, code)


def _authority(source: str, values: dict[str, str]) -> Authority:
    country = _country(values)
    language = _LANGUAGES[country][0]
    name = _line(values["name"], _MAX_NAME)
    title = _title(name, values)
    description = _text(values.get("description", ""), _MAX_DESCRIPTION)
    lines = _address_lines(values.get("address", ""))
    town, region = _place(lines)
    return Authority(
        id=authority_id(source),
        formal_name=name,
        country=country,
        kind="eu_body" if country == EU else "competent_authority",
        region=region,
        town=town,
        address=display("\n".join(lines), "multi", _MAX_ADDRESS),
        website=_website(values.get("url", "")),
        languages=_LANGUAGES[country],
        titles={language: title} if title else {},
        descriptions={language: description} if description else {},
    )


def _merge(body: Authority, stored: Authority | None, areas: tuple[str, ...]) -> Authority:
    """`body` as the register should have it: what the file does not tell stays, no desk is ever taken away."""
    fresh = tuple(Desk(id=f"{body.id}_{area}", area=area) for area in areas)
    if stored is None:
        return msgspec.structs.replace(body, desks=fresh)
    language = _LANGUAGES[body.country][0]
    kept = {desk.area for desk in stored.desks}
    return msgspec.structs.replace(
        body,
        kind=stored.kind,
        status=stored.status,
        languages=stored.languages,
        topics=stored.topics,
        titles={**{key: text for key, text in stored.titles.items() if key != language}, **body.titles},
        descriptions={
            **{key: text for key, text in stored.descriptions.items() if key != language},
            **body.descriptions,
        },
        desks=(*stored.desks, *(desk for desk in fresh if desk.area not in kept)),
        version=stored.version,
    )


def _title(name: str, values: dict[str, str]) -> str:
    """The informal title: what makes the body findable besides its name."""
    parts = [_line(values.get("abbreviation", ""))]
    for field in ("other_names", "classification", "tags"):
        parts += (part.strip().replace("_", " ") for part in re.split(r"[,;|\n]", _line(values.get(field, ""))))
    out: list[str] = []
    seen = {fold(name), ""}
    for part in parts:
        folded = fold(part)
        if folded in seen or folded in _SAYS_NOTHING or re.fullmatch(r"[\d.]+", folded):
            continue
        if len(", ".join((*out, part))) > _MAX_TITLE:
            break
        seen.add(folded)
        out.append(part)
    return ", ".join(out)


def _address_lines(address: str) -> list[str]:
    lines: list[str] = []
    for line in map(_line, address.splitlines()):
        if _CONTACT_LINE.match(line):
            break
        if line:
            lines.append(line)
    return lines


def _place(lines: list[str]) -> tuple[str, str]:
    """(town, region) of the line with the post code; empty where there is none."""
    for line in lines:
        if match := _POST_LINE.fullmatch(line):
            return match.group(1).strip(), (match.group(2) or "").strip()
    return "", ""


def _website(url: str) -> str:
    url = _line(url, _MAX_URL)
    if url and "://" not in url:
        url = f"http://{url}"
    return url if re.fullmatch(r"https?://[\w-]+(\.[\w-]+)+(:\d{1,5})?([/?#]\S*)?", url, re.IGNORECASE) else ""


def _line(text: str, limit: int = 1000) -> str:
    """One clean line: every kind of space, no-break ones and line ends too, becomes one space."""
    return display(" ".join(text.split()), limit=limit)


def _text(text: str, limit: int) -> str:
    """Clean paragraphs."""
    paragraphs = ("\n".join(filter(None, map(_line, part.splitlines()))) for part in re.split(r"\n\s*\n", text))
    return display("\n\n".join(filter(None, paragraphs)), "multi", limit)
