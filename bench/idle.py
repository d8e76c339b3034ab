"""Bytes written to the terminal while nobody does anything."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from bench.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SECONDS = 5.0
SCREENS: dict[str, tuple[str, ...]] = {
    "inbox": (),
    "case": ("enter",),
    "search": ("f3",),
    "new case": ("n",),
    "outbox": ("o",),
    "authorities": ("t",),
    "help": ("f1",),
}
"""Keys from the inbox to each screen."""


def written(terminal: Terminal, seconds: float = SECONDS) -> int:
    """Bytes the program writes in `seconds`."""
    before, end = len(terminal.output), time.perf_counter() + seconds
    while (left := end - time.perf_counter()) > 0:
        terminal.read(left)
    return len(terminal.output) - before


def report(argv: Sequence[str], env: Mapping[str, str]) -> list[str]:
    """One line a screen: nothing may be written once toasts are gone."""
    lines = []
    for name, keys in SCREENS.items():
        with Terminal(argv, 80, 24, env) as terminal:
            terminal.wait_for("-26-", 30)
            terminal.settle(0.5, 5)
            terminal.press(*keys)
            # Toasts stay four seconds; the first try to reach the server fails within that time.
            terminal.settle(4.5, 20)
            count = written(terminal)
        lines.append(f"idle {name}: {count} bytes in {SECONDS:.0f} s (limit 0) {'ok' if not count else 'OVER'}")
    return lines
