"""How hard a run tries: enough to see every kind of fault in `make test`, far more in `make test-faults`."""

from __future__ import annotations

import os
from typing import TypeVar

_T = TypeVar("_T")
MANY = int(os.environ.get("IMI_SIM_SEEDS", "0")) > 100


def tries(few: _T, many: _T) -> _T:
    """What of this run's size: how many examples of a property, rounds of something random, or which of many."""
    return many if MANY else few
