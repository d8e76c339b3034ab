"""Findings that are right as they are: `locales/exceptions.tsv` names each with its reason.

A row is a rule, a language, the text in English (with its context in brackets before it, where it has one; `*` for the
whole catalogue) and the reason. A row that no finding needs any more is a finding itself.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

from catalogues.domains import LOCALES

if TYPE_CHECKING:
    from pathlib import Path

FILE = LOCALES / "exceptions.tsv"
_COLUMNS = ["rule", "language", "text", "reason"]


@dataclass(frozen=True)
class Exempt:
    """One finding that stays."""

    rule: str
    language: str
    text: str
    reason: str


def read(path: Path = FILE) -> tuple[Exempt, ...]:
    """Every exception. Raises `ValueError` for one without a reason."""
    if not path.exists():
        return ()
    found = []
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        if rows.fieldnames != _COLUMNS:
            raise ValueError(f"{path}: the columns are {', '.join(_COLUMNS)}")
        for row in rows:
            if not all(row.values()) or len(row) != len(_COLUMNS):
                raise ValueError(f"{path}: {row} lacks something")
            # A line end in a text is written \n, as in a catalogue.
            found.append(Exempt(row["rule"], row["language"], row["text"].replace("\\n", "\n"), row["reason"]))
    return tuple(found)
