"""What a catalogue of translations costs a start: the slowest language, beside the standard library's reading of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from imi_tui import i18n

LIMIT = 15.0
"""Milliseconds of processor time from the file to the texts of the first picture."""
HERE = """
import re, struct, sys, time, typing  # The picture before the framework has these anyway.
start, busy = time.perf_counter(), time.process_time()
"""
OURS = """
from imi_core.mo import Catalogue
catalogue = Catalogue(open(sys.argv[1], "rb").read())
"""
THEIRS = """
import gettext
catalogue = gettext.GNUTranslations(open(sys.argv[1], "rb"))
"""
ASK = """
for text in sys.argv[2:]: catalogue.gettext(text)
print((time.process_time() - busy) * 1e3, (time.perf_counter() - start) * 1e3)
"""
TEXTS = (
    "Inbox: {view} {count}",
    "To do",
    "Due",
    "Reference",
    "Authority",
    "Subject",
    "State",
    "Search",
    "Help",
    "More",
)


def measure(runs: int) -> dict[str, tuple[float, float, float]]:
    """By language the medians of milliseconds: ours of processor time and by the clock, the library's of the first."""
    found = {}
    for language in i18n.languages():
        paths = [folder / language / "LC_MESSAGES" / f"{i18n.DOMAIN}.mo" for folder in i18n.locale_dirs()]
        path = next((each for each in paths if each.exists()), None)
        if path is not None:
            ours = sorted(_once(OURS, path) for _ in range(runs))
            theirs = sorted(_once(THEIRS, path) for _ in range(runs))
            found[language] = (*ours[runs // 2], theirs[runs // 2][0])
    return found


def _once(program: str, path: Path) -> tuple[float, float]:
    command = [sys.executable, "-c", HERE + program + ASK, str(path), *TEXTS]
    busy, wall = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return float(busy), float(wall)


def report(found: dict[str, tuple[float, float, float]]) -> list[str]:
    """One line: the slowest language."""
    language, (busy, wall, theirs) = max(found.items(), key=lambda item: item[1][0])
    verdict = "ok" if busy < LIMIT else "OVER"
    slowest = f"{language}, slowest of {len(found)}: {busy:.1f} ms of processor time ({wall:.1f} ms by the clock)"
    return [
        f"catalogues: {slowest}; gettext's own reader {theirs / busy:.1f} times that; limit {LIMIT:.0f} ms {verdict}"
    ]
