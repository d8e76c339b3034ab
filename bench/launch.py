"""Launch to a visible list, to a first key answered, to one the framework answered, and peak memory by then.

Against a blank Textual app, which has no picture before the framework: its first key is one that the framework answers.
"""

from __future__ import annotations

import statistics
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

PEERS = Path(__file__).parent / "peers"
QUIET = 1.5
"""Seconds without output after which nothing more comes: loading the framework takes less."""
LIMITS = {"visible": 0.3, "answered": 1.2, "loaded": 1.2, "memory": 1.3}


@dataclass(frozen=True)
class Launch:
    """Milliseconds from the start of the process to the visible list, to the answered key and to one that only the
    framework answers, pressed with it; peak KiB by then.

    `later` is the peak a moment on, when the client has loaded what its sync thread needs.
    """

    visible: float
    answered: float
    loaded: float
    memory: int
    later: int


def blank() -> Launch:
    """One launch of the blank app."""
    return launch(
        [sys.executable, str(PEERS / "blank.py")], "painted", lambda lines: any("answered" in line for line in lines)
    )


def second_row(lines: list[str]) -> bool:
    """Whether the cursor is on the second row of the list, beside the views."""
    return lines[3][27] == ">"


def launch(
    argv: Sequence[str],
    marker: str,
    moved: Callable[[list[str]], bool],
    env: Mapping[str, str] | None = None,
    *,
    page: bool = False,
) -> Launch:
    """Start `argv` on a 120x40 pty, wait for `marker`, press Down at once, wait for the screen to show it.

    `page`: press the key for the next page with it; rows that are not on the picture are the framework's to show.
    """
    with Terminal(argv, 120, 40, env or {}) as terminal:
        visible = None
        while visible is None or marker.encode() not in terminal.output:
            visible = terminal.read(60)
            if visible is None:
                raise AssertionError(f"{argv[0]} showed nothing")
        terminal.send(b"\x1b[B" + (b"\x1b[6~" if page else b""))
        # Which bytes moved the cursor is found out afterwards: a terminal in Python is slower than the client.
        seen = []
        while (arrived := terminal.read(QUIET)) is not None:
            seen.append((arrived, len(terminal.output), terminal.peak_memory()))
        answered, begun, row = 0.0, terminal.started, ""
        for arrived, end, memory in seen:
            lines = terminal.lines(end)
            if not answered and moved(lines):
                answered, row = arrived, lines[2]
            if answered and (not page or lines[2] != row):
                shown, moved_at, loaded = ((each - begun) * 1000 for each in (visible, answered, arrived))
                return Launch(shown, moved_at, loaded, memory, terminal.peak_memory())
        raise AssertionError(f"{argv[0]} did not answer a key")


def measure(client: Sequence[str], env: Mapping[str, str], marker: str, runs: int) -> dict[str, list[Launch]]:
    """`runs` launches of the client and the blank app in turn, after one warm-up each."""
    found: dict[str, list[Launch]] = {"blank": [], "client": []}
    for run in range(runs + 1):
        for name, one in (("blank", blank()), ("client", launch(client, marker, second_row, env, page=True))):
            if run:
                found[name].append(one)
    return found


def report(found: dict[str, list[Launch]]) -> list[str]:
    """One line a figure: medians, the ratio and the limit it has to keep.

    The least of all launches says more than the median where others use the machine.
    """
    lines = []
    for what, bound in LIMITS.items():
        peer, ours = (statistics.median(getattr(one, what) for one in found[name]) for name in ("blank", "client"))
        unit = "MiB" if what == "memory" else "ms"
        scale = 1024 if what == "memory" else 1
        ratio = ours / peer
        least = [min(getattr(one, what) for one in found[name]) / scale for name in ("client", "blank")]
        lines.append(
            f"launch {what:9} client {ours / scale:7.1f} {unit}  blank {peer / scale:7.1f} {unit}  "
            f"ratio {ratio:.2f} (limit {bound}); least {least[0]:.1f} and {least[1]:.1f}, "
            f"ratio {least[0] / least[1]:.2f}  {'ok' if ratio <= bound else 'OVER'}"
        )
    later = statistics.median(one.later for one in found["client"]) / 1024
    lines.append(f"launch memory with the sync thread's libraries: {later:.1f} MiB")
    return lines
