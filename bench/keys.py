"""Key press to painted row: the case list at a million rows against itself at 10,000 and a DataTable at 100,000."""

from __future__ import annotations

import statistics
import sys
from typing import TYPE_CHECKING

from bench.launch import PEERS
from bench.terminal import KEYS, Terminal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SLOWEST = 8.0
"""Milliseconds that a move of the cursor may take in the middle."""
ENDS = 8
"""Jumps to the end in each round."""
QUIET = 0.06
"""Seconds without output after which a burst counts as painted; the clock stops at its last byte."""


def latencies(terminal: Terminal, keys: Sequence[str]) -> list[float]:
    """Milliseconds from each key to the last byte of its burst, one key at a time."""
    out = []
    for key in keys:
        sent = terminal.send(KEYS[key])
        if terminal.read(5) is None:
            raise AssertionError(f"no answer to {key}")
        last = terminal.settle(QUIET, 3)
        out.append((last - sent) * 1000 if last > sent else 0.0)
    return out


def session(
    argv: Sequence[str], marker: str, env: Mapping[str, str], rounds: int, views: Sequence[str] = (), ends: bool = True
) -> dict[str, list[float]]:
    """Down, page down, end and view changes in one running program on a 120x40 pty."""
    found: dict[str, list[float]] = {"down": [], "page": [], "end": [], "view": []}
    with Terminal(argv, 120, 40, env) as terminal:
        terminal.wait_for(marker, 120)
        terminal.settle(1.0, 10)
        for _ in range(rounds):
            found["down"] += latencies(terminal, ["down"] * 100)
            found["page"] += latencies(terminal, ["pagedown"] * 25)
            found["page"] += latencies(terminal, ["pageup"] * 5)
            for _end in range(ENDS if ends else 0):
                found["end"] += latencies(terminal, ["end"])
                latencies(terminal, ["home"])
            for key in views:
                sent = terminal.send(key.encode())
                if terminal.read(5) is None:
                    raise AssertionError(f"no answer to {key}")
                found["view"].append((terminal.settle(QUIET, 3) - sent) * 1000)
    return found


def grouped(argv: Sequence[str], env: Mapping[str, str], marker: str, rounds: int) -> dict[str, list[float]]:
    """The same in a list in groups, and what only groups have. What they are read from is made first, off the clock."""
    found: dict[str, list[float]] = {"down": [], "page": [], "next group": [], "fold": [], "other groups": []}
    with Terminal(argv, 120, 40, env) as terminal:
        terminal.wait_for(marker, 120)
        terminal.settle(1.0, 10)
        terminal.press("8")
        for place in _OTHERS:
            _choose(terminal, place)
            terminal.settle(1.0, 5)
            while not any("[-]" in line for line in terminal.lines()):
                # It is made; the cursor may stand in the midst of a group.
                terminal.press("end", "home")
        for _ in range(rounds):
            terminal.press("home")
            found["down"] += latencies(terminal, ["down"] * 50)
            found["page"] += latencies(terminal, ["pagedown"] * 15)
            found["next group"] += latencies(terminal, ["nextgroup"] * 5)
            found["fold"] += latencies(terminal, ["ctrl+t", "ctrl+t"] * 3)
            for place in _OTHERS:
                found["other groups"].append(_choose(terminal, place))
    return found


_OTHERS = (2, 3, 6)
"""Groups by country, by authority, by state: their places among those to choose from."""


def _choose(terminal: Terminal, place: int) -> float:
    """Choose groups; milliseconds from Enter to the last byte."""
    terminal.send(b"t")
    terminal.wait_for("not in groups", 30)
    terminal.press("home", *["down"] * place)
    return latencies(terminal, ["enter"])[0]


def report_grouped(found: dict[str, list[float]]) -> list[str]:
    """One line a figure with its limit."""
    lines = []
    for what, values in found.items():
        # Other groups are chosen in a window, and the choice is kept on the disk.
        limit, value = 50 if what == "other groups" else 25, percentile(values, 95)
        text = f"in groups, {what} p50 {percentile(values, 50):.1f} p95 {value:.1f} ms (limit {limit})"
        lines.append(f"{text} {'ok' if value <= limit else 'OVER'}")
    return lines


def datatable(rounds: int) -> dict[str, list[float]]:
    """The same keys in a DataTable of 100,000 rows."""
    return session([sys.executable, str(PEERS / "datatable.py"), "100000"], "PW-26-", {}, rounds, ends=False)


def percentile(values: Sequence[float], share: int) -> float:
    """The `share`-th percentile; of few values never more than the largest."""
    return statistics.quantiles(values, n=100, method="inclusive")[share - 1] if len(values) > 1 else values[0]


def report(million: dict[str, list[float]], small: dict[str, list[float]], table: dict[str, list[float]]) -> list[str]:
    """One line a figure with its limit."""
    lines = []
    for share in (50, 95):
        ours, ten, peer = (percentile(found["down"], share) for found in (million, small, table))
        fast = ("ok" if ours <= SLOWEST else "OVER") if share == 50 else ""
        lines.append(
            f"key p{share}: 1M {ours:.1f} ms, 10k {ten:.1f} ms, DataTable 100k {peer:.1f} ms; "
            f"1M/10k {ours / ten:.2f} (limit 1.1) {'ok' if ours / ten <= 1.1 else 'OVER'}; "
            f"DataTable/1M {peer / ours:.1f} (at least 2) {'ok' if peer / ours >= 2 else 'UNDER'}"
            + (f"; p50 (limit {SLOWEST:.0f} ms, aim 3) {fast}" if fast else "")
        )
    for what, label in (("page", "page down"), ("end", "jump to end"), ("view", "view change")):
        if million[what]:
            value = percentile(million[what], 95)
            lines.append(f"{label} p95: {value:.1f} ms (limit 25) {'ok' if value <= 25 else 'OVER'}")
    return lines
