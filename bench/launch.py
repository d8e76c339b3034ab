"""Launch to a painted list that answers a key, and peak memory, against a blank Textual app."""

from __future__ import annotations

import statistics
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PEERS = Path(__file__).parent / "peers"


@dataclass(frozen=True)
class Launch:
    """Milliseconds from the start of the process to the painted list and to the answered key; peak KiB by then.

    `later` is the peak half a second on, when the client has loaded what its sync thread needs.
    """

    painted: float
    answered: float
    memory: int
    later: int


def blank() -> Launch:
    """One launch of the blank app."""
    return launch([sys.executable, str(PEERS / "blank.py")], "painted")


def launch(argv: Sequence[str], marker: str, env: Mapping[str, str] | None = None) -> Launch:
    """Start `argv` on a 120x40 pty, wait for `marker`, press Down, wait for the first byte of the answer."""
    with Terminal(argv, 120, 40, env or {}) as terminal:
        painted = terminal.wait_for(marker, 60)
        terminal.settle(0.01, 1)
        sent = terminal.send(b"\x1b[B")
        answered = terminal.read(10)
        if answered is None:
            raise AssertionError(f"{argv[0]} did not answer a key")
        memory = terminal.peak_memory()
        terminal.settle(0.5, 3)
        shown = painted - terminal.started
        return Launch(shown * 1000, (shown + answered - sent) * 1000, memory, terminal.peak_memory())


def measure(client: Sequence[str], env: Mapping[str, str], marker: str, runs: int) -> dict[str, list[Launch]]:
    """`runs` launches of the client and the blank app in turn, after one warm-up each."""
    found: dict[str, list[Launch]] = {"blank": [], "client": []}
    for run in range(runs + 1):
        for name, one in (("blank", blank()), ("client", launch(client, marker, env))):
            if run:
                found[name].append(one)
    return found


def report(found: dict[str, list[Launch]], limit: float = 1.25, memory_limit: float = 1.3) -> list[str]:
    """One line a figure: medians, the ratio and the limit it has to keep."""
    lines = []
    for what, bound in (("painted", limit), ("answered", limit), ("memory", memory_limit)):
        peer, ours = (statistics.median(getattr(one, what) for one in found[name]) for name in ("blank", "client"))
        unit = "MiB" if what == "memory" else "ms"
        scale = 1024 if what == "memory" else 1
        ratio = ours / peer
        lines.append(
            f"launch {what:9} client {ours / scale:7.1f} {unit}  blank {peer / scale:7.1f} {unit}  "
            f"ratio {ratio:.2f} (limit {bound})  {'ok' if ratio <= bound else 'OVER'}"
        )
    later = statistics.median(one.later for one in found["client"]) / 1024
    lines.append(f"launch memory with the sync thread's libraries: {later:.1f} MiB")
    return lines
