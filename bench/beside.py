"""The client beside other programs of the terminal, in one run: launch, first key, every key, bytes, memory."""

from __future__ import annotations

import math
import shutil
import statistics
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bench.cache import DATA, profile
from bench.keys import QUIET as BURST
from bench.keys import percentile
from bench.launch import QUIET
from bench.memory import cpu_seconds
from bench.peers import programs
from bench.peers.programs import Absent, Peer
from bench.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Sequence

MOVES = 200
PATIENCE = 3.0
"""Seconds in which a key has to be answered after a launch."""
NARROW = 60
"""Moves on the terminal of 80x24, of which a good part is on the first page."""


@dataclass
class Measured:
    """Milliseconds of each launch and key, KiB of each launch, bytes of each move.

    `lost` counts launches in which the key pressed at once had no effect: some programs throw away what comes early.
    """

    visible: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    keys: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    bytes: list[float] = field(default_factory=list)
    lost: int = 0


def client(argv: Sequence[str], cases: int, home: Path) -> Peer:
    """The client on a profile with so many cases."""
    return Peer("imi-tui", f"{cases} cases", tuple(argv), {"IMI_TUI_HOME": str(home), "IMI_TUI_LANG": "en"}, rows=36)


def stands(terminal: Terminal, peer: Peer) -> bool:
    """Whether what a launch shows has been written."""
    # On 24 lines there are fewer rows.
    rows = peer.rows if terminal.rows > 30 else peer.rows // 3
    return len(programs.ROW.findall(terminal.output)) >= rows and peer.frame in terminal.output


def launch(peer: Peer, into: Measured) -> None:
    """One launch: the list fills the screen, a key is pressed at once, the cursor is on another row."""
    with Terminal(peer.argv, 120, 40, peer.env) as terminal:
        while True:
            visible = terminal.read(60)
            if visible is None:
                raise AssertionError(f"{peer.name} showed no list:\n{terminal.text()}")
            if stands(terminal, peer):
                break
        shown = len(terminal.output)
        sent = terminal.send(peer.typed or peer.key)
        seen = []
        # A blinking cursor never lets it come to rest.
        while (arrived := terminal.read(QUIET)) is not None and arrived < sent + PATIENCE:
            seen.append((arrived, len(terminal.output)))
        # A terminal in Python is slower than most programs: what was on the screen when is found out afterwards.
        first = programs.standing(terminal.screen(shown))
        into.visible.append((visible - terminal.started) * 1000)
        into.memory.append(terminal.peak_memory())
        for arrived, end in seen:
            screen = terminal.screen(end)
            now = programs.standing(screen)
            first = first if first is not None else now
            if peer.answered(screen) if peer.answered else now is not None and now != first:
                into.answered.append((arrived - terminal.started) * 1000)
                return
        into.lost += 1


def ready(terminal: Terminal, peer: Peer) -> None:
    """Wait until the list is there and nothing more comes."""
    deadline = time.perf_counter() + 60
    while time.perf_counter() < deadline and not stands(terminal, peer):
        terminal.read(0.2)
    terminal.settle(1.0, 6)
    for text in peer.prepare:
        terminal.send(text)
        terminal.settle(1.0, 4)
    if programs.standing(terminal.screen()) is None:
        raise AssertionError(f"{peer.name} shows no list with a cursor:\n{terminal.text()}")


def session(peer: Peer, into: Measured) -> None:
    """Cursor moves in one running program, at 120x40 by the clock and at 80x24 by their bytes."""
    with Terminal(peer.argv, 120, 40, peer.env) as terminal:
        ready(terminal, peer)
        spent = cpu_seconds(terminal.process.pid)
        for _move in range(MOVES):
            sent = terminal.send(peer.key)
            if terminal.read(5) is None:
                raise AssertionError(f"{peer.name} does not answer")
            into.keys.append((terminal.settle(BURST, 1) - sent) * 1000)
        into.cpu.append((cpu_seconds(terminal.process.pid) - spent) * 1000 / MOVES)
    with Terminal(peer.argv, 80, 24, peer.env) as terminal:
        ready(terminal, peer)
        for _move in range(NARROW):
            before = len(terminal.output)
            terminal.send(peer.key)
            terminal.settle(0.1, 1)
            into.bytes.append(len(terminal.output) - before)


def measure(argv: Sequence[str], sizes: Sequence[int], runs: int) -> tuple[list[tuple[Peer, Measured]], list[str]]:
    """All programs in turn, `runs` launches of each after one to warm up; and why some were left out."""
    folder = DATA / "peers"
    folder.mkdir(parents=True, exist_ok=True)
    skipped = []
    found: list[tuple[Peer, Measured]] = []
    with tempfile.TemporaryDirectory(prefix="imi-peers-") as homes:
        for cases in sizes:
            found.append((client(argv, cases, profile(cases).home), Measured()))
        coloured = Path(homes) / "colours"
        shutil.copytree(profile(min(sizes)).home, coloured)
        with (coloured / "config.toml").open("a") as settings:
            settings.write('theme = "dark"\n')
        found.append((client(argv, min(sizes), coloured), Measured()))
        for make in programs.ALL.values():
            try:
                found.append((make(folder), Measured()))
            except Absent as reason:
                skipped.append(f"  left out: {reason}")
        for run in range(runs + 1):
            for peer, into in found:
                launch(peer, into if run else Measured())
        for peer, into in found:
            session(peer, into)
    return found, skipped


def report(found: list[tuple[Peer, Measured]], skipped: list[str], names: Sequence[str]) -> list[str]:
    """One line a program; in brackets how many times ours (the first line) it is."""
    head = f"{'':22}{'items':16}{'list ms':>16}{'key 1 ms':>16}{'key p50':>14}{'p95':>14}{'CPU/key':>14}"
    lines = [f"{head}{'bytes/move':>16}{'page turn':>11}{'peak MiB':>14}"]
    base: list[float] = []
    for name, (peer, one) in zip(names, found, strict=True):
        middle = statistics.median(one.bytes)
        values = [
            statistics.median(one.visible),
            statistics.median(one.answered or [math.nan]),
            percentile(one.keys, 50),
            percentile(one.keys, 95),
            one.cpu[0],
            middle,
            max(one.bytes),
            statistics.median(one.memory) / 1024,
        ]
        base = base or values
        cells = [
            f"{value:.{digits}f} ({value / mine:.2g})" if value is not base[at] else f"{value:.{digits}f}"
            for at, (value, mine, digits) in enumerate(zip(values, base, (0, 0, 1, 1, 1, 0, 0, 0), strict=True))
        ]
        widths = (16, 16, 14, 14, 14, 16, 11, 14)
        cells[6] = f"{values[6]:.0f}"
        if not one.answered:
            cells[1] = "lost"
        text = "".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
        lines.append(f"{name:22}{peer.items:16}{text}")
    spread = ", ".join(
        f"{name} {min(one.visible):.0f}..{max(one.visible):.0f}"
        for name, (_peer, one) in zip(names, found, strict=True)
    )
    lines += ["  in brackets: times ours; list visible, fastest and slowest launch: " + spread]
    visible = {name: statistics.median(one.visible) for name, (_peer, one) in zip(names, found, strict=True)}
    ahead = [name for name, value in visible.items() if not name.startswith("imi-tui") and value <= visible[names[0]]]
    lines.append("  list visible before ours: " + (f"{', '.join(ahead)}  OVER" if ahead else "none  ok"))
    lost = [f"{name} {one.lost}" for name, (_peer, one) in zip(names, found, strict=True) if one.lost]
    if lost:
        lines.append("  launches in which a key pressed as soon as the list stood was lost: " + ", ".join(lost))
    return lines + skipped


def run(argv: Sequence[str], sizes: Sequence[int], runs: int, *, install: bool) -> list[str]:
    """Measure and report; with `install` fetch first what comes from the package registry."""
    if install:
        for name in ("posting", "harlequin"):
            programs.install(name)
    found, skipped = measure(argv, sizes, runs)
    names = [f"imi-tui {size}" for size in sizes] + ["imi-tui true colour"]
    return report(found, skipped, [*names, *(peer.name for peer, _one in found[len(names) :])])
