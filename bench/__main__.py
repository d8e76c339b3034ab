"""Run the measurements: ``python -m bench [launch] [keys] [moves] [search] [commands] [catalogues] [idle]
[authorities] [bulk] [peers] [triage] [morning] [ingest] [sync]``; without a name those up to bulk."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from bench import commands, idle, keys, launch, moves
from bench.cache import profile

MARKER = "-26-"
"""Part of every reference: the list is painted."""


def main() -> int:
    """Measure and print; 1 where a limit is passed."""
    names = ("launch", "keys", "moves", "search", "commands", "catalogues", "idle", "authorities", "bulk")
    slow = ("peers", "triage", "morning", "ingest", "sync")
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("what", nargs="*", choices=[*names, *slow, []], default=[])
    parser.add_argument("--cases", type=int, default=1_000_000, help="size of the large cache")
    parser.add_argument("--runs", type=int, default=11)
    parser.add_argument("--synced", type=int, default=10_000, help="cases of the first sync over a line")
    parser.add_argument("--ingested", type=int, nargs="+", default=[10_000, 100_000], help="cases of a first sync")
    parser.add_argument("--show", action="store_true", help="name the questions about authorities that failed")
    parser.add_argument("--install-peers", action="store_true", help="fetch posting and harlequin for `peers`")
    parser.add_argument("--peer-first", action="store_true", help="let mbsync fetch everything over the line, too")
    options = parser.parse_args()
    wanted = options.what or list(names)
    client = [str(Path(sys.executable).parent / "imi-tui")]

    def opened(cases: int) -> tuple[list[str], dict[str, str]]:
        return client, {"IMI_TUI_HOME": str(profile(cases).home), "IMI_TUI_LANG": "en"}

    lines: list[str] = [f"Python {sys.version.split()[0]}, key file at hand, {options.cases} cached cases"]
    if "launch" in wanted:
        argv, env = opened(options.cases)
        lines += launch.report(launch.measure(argv, env, MARKER, options.runs))
    if "keys" in wanted:
        rounds = max(2, options.runs // 3)
        views = ("8", "1", "7", "6") * 3
        large, small = opened(options.cases), opened(10_000)
        lines += keys.report(
            keys.session(large[0], MARKER, large[1], rounds, views),
            keys.session(small[0], MARKER, small[1], rounds, views),
            keys.datatable(rounds),
        )
        with tempfile.TemporaryDirectory(prefix="imi-groups-") as folder:
            # In a copy: what groups are read from is made in it.
            home = shutil.copytree(large[1]["IMI_TUI_HOME"], Path(folder) / "profile")
            in_groups = keys.grouped(large[0], large[1] | {"IMI_TUI_HOME": str(home)}, MARKER, rounds)
        lines += keys.report_grouped(in_groups)
    if "moves" in wanted:
        lines += moves.report(moves.measure(client, 10_000))
    if "search" in wanted:
        from bench import search

        argv, env = opened(options.cases)
        found = search.engine(options.cases, options.runs)
        lines += search.report(found, search.painted(argv, env, MARKER, max(2, options.runs // 3)))
    if "commands" in wanted:
        lines += commands.report(commands.measure(options.runs))
    if "catalogues" in wanted:
        from bench import catalogues

        lines += catalogues.report(catalogues.measure(options.runs))
    if "idle" in wanted:
        lines += idle.report(*opened(10_000))
    if "authorities" in wanted:
        from bench import authorities

        lines += authorities.report(show=options.show)
    if "bulk" in wanted:
        from bench import bulk

        lines += bulk.report(bulk.measure(options.cases, max(3, options.runs // 3)))
    if "peers" in wanted:
        from bench import beside

        lines += beside.run(client, (options.cases, 10_000), max(3, options.runs // 2), install=options.install_peers)
    if "triage" in wanted:
        from bench import triage

        lines += triage.report()
    if "morning" in wanted:
        from bench import morning

        lines += morning.report()
    if "ingest" in wanted:
        from bench import ingest

        lines += ingest.report(options.ingested)
    if "sync" in wanted:
        from bench.sync import measure

        lines += measure.report(options.synced, max(3, options.runs // 3), peer_first=options.peer_first)
    print("\n".join(lines))
    return int(any(line.endswith(("OVER", "UNDER")) for line in lines))


if __name__ == "__main__":
    sys.exit(main())
