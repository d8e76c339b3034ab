"""Run the measurements: ``python -m bench [launch] [keys] [moves] [search] [commands] [catalogues] [idle]
[authorities] [bulk] [triage] [morning] [ingest] [peers] [sync]``; without a name all of them."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench import commands, idle, keys, launch, moves
from bench.cache import profile

MARKER = "-26-"
"""Part of every reference: the list is painted."""


def main() -> int:
    """Measure and print, a part after the other; 1 where a limit is passed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("what", nargs="*", choices=[*PARTS, []], default=[])
    parser.add_argument("--cases", type=int, default=1_000_000, help="size of the large cache")
    parser.add_argument("--runs", type=int, default=11)
    parser.add_argument("--synced", type=int, default=10_000, help="cases of the first sync over a line")
    parser.add_argument("--ingested", type=int, nargs="+", default=[10_000, 100_000], help="cases of a first sync")
    parser.add_argument("--show", action="store_true", help="name the questions about authorities that failed")
    parser.add_argument("--install-peers", action="store_true", help="fetch posting and harlequin for `peers`")
    parser.add_argument("--peer-first", action="store_true", help="let mbsync fetch everything over the line, too")
    options = parser.parse_args()
    print(f"Python {sys.version.split()[0]}, key file at hand, {options.cases} cached cases", flush=True)
    passed = False
    for name, part in PARTS.items():
        if name in (options.what or PARTS):
            # At once: the next part may take an hour, or not come to its end.
            for line in part(options):
                print(line, flush=True)
                passed |= line.endswith(("OVER", "UNDER"))
    return int(passed)


CLIENT = [str(Path(sys.executable).parent / "imi-tui")]


def opened(cases: int) -> tuple[list[str], dict[str, str]]:
    """The command and the environment of the client with a cache of so many cases."""
    return CLIENT, {"IMI_TUI_HOME": str(profile(cases).home), "IMI_TUI_LANG": "en"}


def _few(options: argparse.Namespace) -> int:
    runs: int = options.runs
    return max(3, runs // 3)


def _launch(options: argparse.Namespace) -> list[str]:
    return launch.report(launch.measure(*opened(options.cases), MARKER, options.runs))


def _keys(options: argparse.Namespace) -> list[str]:
    rounds = max(2, options.runs // 3)
    views = ("8", "1", "7", "6") * 3
    large, small = opened(options.cases), opened(10_000)
    lines = keys.report(
        keys.session(large[0], MARKER, large[1], rounds, views),
        keys.session(small[0], MARKER, small[1], rounds, views),
        keys.datatable(rounds),
    )
    with tempfile.TemporaryDirectory(prefix="imi-groups-") as folder:
        # In a copy: what groups are read from is made in it.
        home = shutil.copytree(large[1]["IMI_TUI_HOME"], Path(folder) / "profile")
        in_groups = keys.grouped(large[0], large[1] | {"IMI_TUI_HOME": str(home)}, MARKER, rounds)
    return lines + keys.report_grouped(in_groups)


def _moves(_: argparse.Namespace) -> list[str]:
    return moves.report(moves.measure(CLIENT, 10_000))


def _search(options: argparse.Namespace) -> list[str]:
    from bench import search

    argv, env = opened(options.cases)
    found = search.engine(options.cases, options.runs)
    meant = search.meant(options.cases)
    return search.report(found, search.painted(argv, env, MARKER, max(2, options.runs // 3), meant))


def _commands(options: argparse.Namespace) -> list[str]:
    return commands.report(commands.measure(options.runs))


def _catalogues(options: argparse.Namespace) -> list[str]:
    from bench import catalogues

    return catalogues.report(catalogues.measure(options.runs))


def _idle(_: argparse.Namespace) -> list[str]:
    return idle.report(*opened(10_000))


def _authorities(options: argparse.Namespace) -> list[str]:
    from bench import authorities

    return authorities.report(show=options.show)


def _bulk(options: argparse.Namespace) -> list[str]:
    from bench import bulk

    return bulk.report(bulk.measure(options.cases, _few(options)))


def _peers(options: argparse.Namespace) -> list[str]:
    from bench import beside

    return beside.run(CLIENT, (options.cases, 10_000), max(3, options.runs // 2), install=options.install_peers)


def _triage(_: argparse.Namespace) -> list[str]:
    from bench import triage

    return triage.report()


def _morning(_: argparse.Namespace) -> list[str]:
    from bench import morning

    return morning.report()


def _ingest(options: argparse.Namespace) -> list[str]:
    from bench import ingest

    return ingest.report(options.ingested)


def _sync(options: argparse.Namespace) -> list[str]:
    from bench.sync import measure

    return measure.report(options.synced, _few(options), peer_first=options.peer_first)


PARTS: dict[str, Callable[[argparse.Namespace], list[str]]] = {
    "launch": _launch,
    "keys": _keys,
    "moves": _moves,
    "search": _search,
    "commands": _commands,
    "catalogues": _catalogues,
    "idle": _idle,
    "authorities": _authorities,
    "bulk": _bulk,
    "triage": _triage,
    "morning": _morning,
    "ingest": _ingest,
    "peers": _peers,
    "sync": _sync,
}
"""What can be measured, in this order. `peers` and `sync` say which peers, and which lines, this machine lacks."""


if __name__ == "__main__":
    sys.exit(main())
