"""Histories drawn from seeds: a few in every run of the tests, thousands in `make test-faults`.

A failure prints the seed and the history. IMI_SIM_SEED repeats one, IMI_SIM_SEEDS says how many, IMI_SIM_FIRST from
which on.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from pathlib import Path

import pytest

from tests.effort import HISTORIES, tries
from tests.sim import history

ONE = os.environ.get("IMI_SIM_SEED", "")
FIRST = int(os.environ.get("IMI_SIM_FIRST", "0"))
FOUND = 282
"""A database put back without a word, in which a file that a client still named came back under another id."""
SEEDS = [int(ONE)] if ONE else list(dict.fromkeys((FOUND, *range(FIRST, FIRST + HISTORIES))))[:HISTORIES]
AT_ONCE = tries(3, 20)


@pytest.mark.parametrize("first", SEEDS[::AT_ONCE])
def test_nothing_is_lost_doubled_or_shown_wrong(first: int, memory: Path, template: Path) -> None:
    counted: Counter[str] = Counter()
    for seed in SEEDS[SEEDS.index(first) :][:AT_ONCE]:
        folder = memory / str(seed)
        folder.mkdir()
        counted += history.run(folder, template, seed).counted
        shutil.rmtree(folder)
    if not ONE:
        # A history in which nothing happens proves nothing.
        assert counted["sync done"]
        assert counted["sync failed"]
