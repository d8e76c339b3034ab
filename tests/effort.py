"""How hard a run tries: enough to see every kind of fault in `make test`, far more in `make test-faults`."""

from __future__ import annotations

import os

MANY = int(os.environ.get("IMI_SIM_SEEDS", "0")) > 100


def tries(few: int, many: int) -> int:
    """How many examples of a property, or rounds of something random, this run makes."""
    return many if MANY else few
