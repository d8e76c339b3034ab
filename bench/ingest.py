"""Taking a first sync over: rows and cases a second beside the same rows inserted raw, memory, keys meanwhile.

Replies are those of the real server over the real generator's cases; server and line are off the clock but for the
keys, which are pressed in the full screen while it synchronises with the server for the first time.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.keys import percentile
from bench.search import REFERENCE
from bench.sync.world import World
from bench.terminal import KEYS, Terminal
from imi_tui.cache.storage.vault import open_vault
from imi_tui.cache.store import Store
from imi_tui.profile import Profile

if TYPE_CHECKING:
    from collections.abc import Sequence

HOST = "127.0.0.1"
RAW_ROWS, RAW_CASES = 500, 2000
"""Cases inserted in one transaction by what ours is compared with."""
KEY_LIMIT = 50
SMALLER = 4
"""The part of the cases with which peak memory is compared."""
GROWTH = 1.1
FIRST_ROWS = "-26-"
PAUSE = 0.01
LONGEST = 300.0


def _at(_: str, argv: Sequence[str]) -> list[str]:
    return list(argv)


def part(*arguments: str, given: str = "") -> dict[str, Any]:
    """One part in a process of its own; what it tells."""
    argv = [sys.executable, "-m", "bench.ingest_client", *arguments]
    done = subprocess.run(argv, input=given, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    told: dict[str, Any] = json.loads(done.stdout) or {}
    return told


def throughput(cases: int, folder: Path, world: World) -> tuple[list[str], int]:
    """Lines for one size, and the peak memory (KiB) of the whole of it."""
    part("record", str(folder), world.url, given=f"{world.token}\n")
    heads = part("heads", str(folder))
    raw_heads = part("raw", str(folder), "heads", str(RAW_ROWS))
    full = part("full", str(folder))
    raw_full = part("raw", str(folder), "full", str(RAW_CASES))
    without = full["cases"] / full["applied"]
    lines = [
        f"{cases} cases, list rows: {_rate(heads, 25_000)}{_beside(heads, raw_heads)}",
        f"{cases} cases, whole with the index: {_rate(full, 4_000)}, without it {without:.0f}{_beside(full, raw_full)}",
    ]
    return lines, full["peak"]


def growth(cases: int, peak: int) -> str:
    """Peak memory beside that of a first sync of fewer cases."""
    fewer = cases // SMALLER
    with tempfile.TemporaryDirectory() as name, World(fewer, Path(name), _at, tls=False, host=HOST) as world:
        part("record", name, world.url, given=f"{world.token}\n")
        before = part("full", name)["peak"]
    return (
        f"peak memory of a first sync of {fewer} cases {before / 1024:.0f} MiB, of {cases} {peak / 1024:.0f} MiB: "
        f"{peak / before:.2f} times (limit {GROWTH}) {'ok' if peak <= GROWTH * before else 'OVER'}"
    )


def _rate(told: dict[str, Any], limit: int) -> str:
    rate = told["cases"] / told["took"]
    return f"{rate:.0f} a second (limit {limit}) {'ok' if rate >= limit else 'UNDER'}"


def _beside(ours: dict[str, Any], raw: dict[str, Any]) -> str:
    times, busy = ours["took"] / raw["took"], ours["cpu"] / raw["cpu"]
    peak = ours["peak"] / 1024
    return (
        f"; raw inserts of the same {raw['cases'] / raw['took']:.0f} a second: {times:.2f} times their time, {busy:.2f}"
        f" times their processor time; peak memory {peak:.0f} MiB"
    )


def keys(folder: Path, world: World) -> list[float]:
    """Milliseconds from a key until the cursor stands on another case, from the first rows to the end of the index."""
    profile = Profile(folder / "screen")
    profile.home.mkdir(mode=0o700)
    vault = f"--vault=file:{profile.home / 'key'}"
    client = [str(Path(sys.executable).parent / "imi-tui"), f"--server={world.url}", vault]
    env = {"IMI_TUI_HOME": str(profile.home), "IMI_TUI_LANG": "en", "IMI_TUI_TOKEN": world.token}
    out: list[float] = []
    with Terminal(client, 120, 40, env) as terminal:
        terminal.wait_for(FIRST_ROWS, 60)
        watching = Store.open(profile, open_vault("file", profile, _no_question).key())
        try:
            until = time.perf_counter() + LONGEST
            while time.perf_counter() < until and (len(out) % 20 or _busy(watching)):
                terminal.settle(PAUSE, 0.5)
                before = _under_cursor(terminal.lines())
                sent = terminal.send(KEYS["up" if len(out) % 4 in (2, 3) else "down"])
                arrived = terminal.wait_for(lambda lines, was=before: _under_cursor(lines) not in ("", was), 5)  # type: ignore[misc]
                out.append((arrived - sent) * 1000)
        finally:
            watching.close()
    return out


def _under_cursor(lines: Sequence[str]) -> str:
    """The reference of the case under the cursor, "" where the list is being drawn."""
    found = [line for line in lines if "│>" in line]
    reference = REFERENCE.search(found[0]) if len(found) == 1 else None
    return reference[0] if reference is not None else ""


def _busy(store: Store) -> bool:
    return store.status().filling is not None or store.indexing() > 0


def _no_question(_: str) -> str:
    raise AssertionError("a key file asks nothing")


def report(sizes: Sequence[int]) -> list[str]:
    """One line a figure."""
    lines: list[str] = []
    for cases in sizes:
        with tempfile.TemporaryDirectory() as name, World(cases, Path(name), _at, tls=False, host=HOST) as world:
            folder = Path(name)
            found, peak = throughput(cases, folder, world)
            lines += found
            if cases == sizes[0]:
                took = keys(folder, world)
                p50, p99 = percentile(took, 50), percentile(took, 99)
                lines.append(
                    f"keys during a first sync of {cases} cases: {len(took)} keys, p50 {p50:.1f} ms, p99 {p99:.1f} ms "
                    f"(limit {KEY_LIMIT}) {'ok' if p99 <= KEY_LIMIT else 'OVER'}, longest {max(took):.0f} ms"
                )
        lines.append(growth(cases, peak))
    return lines
