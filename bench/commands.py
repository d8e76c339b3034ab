"""``imi-tui --version`` and ``--help`` against a Python that does nothing."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

LIMIT = 4.0


def measure(runs: int) -> dict[str, list[float]]:
    """Milliseconds of each command, in turn."""
    client = str(Path(sys.executable).parent / "imi-tui")
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "imi-tui --version": [client, "--version"],
        "imi-tui --help": [client, "--help"],
    }
    found: dict[str, list[float]] = {name: [] for name in commands}
    for run in range(runs * 2 + 1):
        for name, argv in commands.items():
            started = time.perf_counter()
            subprocess.run(argv, stdout=subprocess.DEVNULL, check=True)
            if run:
                found[name].append((time.perf_counter() - started) * 1000)
    return found


def report(found: dict[str, list[float]]) -> list[str]:
    """One line a command."""
    base = statistics.median(found.pop("python -c pass"))
    lines = []
    for name, times in found.items():
        value = statistics.median(times)
        verdict = "ok" if value <= LIMIT * base else "OVER"
        lines.append(
            f"{name}: {value:.1f} ms, python -c pass {base:.1f} ms, ratio {value / base:.2f} (limit 4) {verdict}"
        )
    return lines
