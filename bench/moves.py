"""Bytes to the terminal for each move of the cursor at 80x24, in every kind of colours."""

from __future__ import annotations

import shutil
import statistics
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from bench.cache import profile
from bench.terminal import KEYS, Terminal

if TYPE_CHECKING:
    from collections.abc import Sequence

PAGES, ROWS = 3, 21
"""How many pages the cursor goes down, and the rows of each."""
VARIANTS: dict[str, tuple[str, dict[str, str], int]] = {
    "true colour": ("dark", {"COLORTERM": "truecolor"}, 450),
    "256 colours": ("dark", {"COLORTERM": ""}, 450),
    "ANSI": ("terminal", {"COLORTERM": "", "TERM": "xterm"}, 300),
    "no colours": ("none", {"COLORTERM": "", "TERM": "xterm", "NO_COLOR": "1"}, 300),
}
"""Theme, environment, and the bytes that a move may cost."""


def measure(argv: Sequence[str], cases: int) -> dict[str, list[int]]:
    """The bytes of every move, from the first row down three pages."""
    found: dict[str, list[int]] = {}
    with tempfile.TemporaryDirectory(prefix="imi-moves-") as folder:
        home = Path(folder) / "profile"
        shutil.copytree(profile(cases).home, home)
        plain = (home / "config.toml").read_text()
        for name, (theme, colours, _limit) in VARIANTS.items():
            (home / "config.toml").write_text(f'{plain}theme = "{theme}"\n')
            env = {"IMI_TUI_HOME": str(home), "IMI_TUI_LANG": "en", **colours}
            with Terminal(argv, 80, 24, env) as terminal:
                terminal.wait_for("-26-", 30)
                # Toasts stay four seconds; the first try to reach the server fails within that time.
                terminal.settle(5, 20)
                found[name] = [_move(terminal) for _each in range(PAGES * ROWS)]
    return found


def _move(terminal: Terminal) -> int:
    before = len(terminal.output)
    terminal.send(KEYS["down"])
    terminal.settle(0.12, 2)
    return len(terminal.output) - before


def report(found: dict[str, list[int]]) -> list[str]:
    """One line a kind of colours; OVER where any move that stays on its page costs more."""
    lines = []
    for name, counts in found.items():
        ordered = sorted(counts)
        staying, turns = ordered[:-PAGES], ordered[-PAGES:]
        mean, limit = statistics.mean(staying), VARIANTS[name][2]
        lines.append(
            f"bytes a move, {name}: mean {mean:.0f} (limit {limit}), median {statistics.median(staying):.0f}, "
            f"most {max(staying)} (other keys in the last line), page turn {turns[-1]}, "
            f"mean with page turns {statistics.mean(counts):.0f}  {'ok' if max(staying) <= limit else 'OVER'}"
        )
    return lines
