"""The search: its engine on a large cache beside what SQLite does by itself, and from a key to painted hits."""

from __future__ import annotations

import functools
import re
import statistics
import time
from typing import TYPE_CHECKING

from bench.cache import NOW, profile
from bench.keys import QUIET, percentile
from bench.terminal import KEYS, Terminal
from imi_tui.cache.storage.vault import open_vault
from imi_tui.cache.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

ROWS = 50
ENGINE, PAINTED, BEST = 5.0, 30.0, 50.0
"""Limits in milliseconds: p95 of the engine for the newest 50, p95 from key to hits, p95 with the best first."""
WORDS = ("gmbh", "controle entreprise", "posting of work", "de", "entsend", "arbeitszeit srl", "po", "quillenbrau")
MEANT = (
    "landw",
    "landwirtschaft is:open",
    "zollamt",
    "customs gmbh",
    "from:customs",
    "labour inspect",
    "from:inspektorat state:accepted",
    "-from:customs country:DE",
    "munca",
    "verwaltung",
)
"""Words that stand in labels of coded answers, in titles of the register, and inside of names."""
LINES = (
    *WORDS,
    *MEANT,
    "PW-26-0012",
    "country:DE",
    "country:LT state:accepted",
    "country:DE,AT gmbh",
    "area:pw due:<5d",
    'country:DE area:pw due:<5d state:accepted from:"Hauptzollamt" prufung',
    "is:todo",
    "is:todo country:LT",
    "is:open gmbh",
    "is:overdue",
    "is:soon gmbh",
    "is:unread",
    "from:hauptzollamt",
    'from:"hauptzollamt aachen" -state:closed',
    '"posting of workers"',
    "-state:closed gmbh",
    "-gmbh country:DE",
    "due:2026-12",
    "due:>2w country:PL",
    "activity:<2d country:AT",
    "activity:2026-10 state:replied",
    "state:withdrawn gmbh",
    "is:overdue country:PL",
    "country:DE state:accepted due:<2w",
    "due:>2w country:MT state:accepted",
    "is:todo due:<5d gmbh",
    "is:accept country:PL gmbh",
    "is:files gmbh",
    "due:2026-12 gmbh",
    "entreprise a",
    "2026",
)
"""What officers look for: the beginnings of words that stand in few cases and in most, and every term."""
TYPED = "gmbh country:DE is:todo"
SEEN = 10
"""Rows of hits that are compared with what the engine finds."""
REFERENCE = re.compile(r"P[A-Z]-\d\d-\d{6,}")


def engine(cases: int, runs: int) -> dict[str, dict[str, list[float]]]:
    """Milliseconds of every line: ours, the best first; of the words also in FTS5's own order and with LIKE."""
    target = profile(cases)
    store = Store.open(target, open_vault("file", target, lambda _: "").key(), now=lambda: NOW)
    found: dict[str, dict[str, list[float]]] = {}
    for line in LINES:
        asked: dict[str, Callable[[], object]] = {"ours": lambda line=line: _ours(store, line)}  # type: ignore[misc]
        if line in WORDS:
            asked["best"] = lambda line=line: _ours(store, line, best=True)  # type: ignore[misc]
            asked["rank"] = lambda line=line: _ranked(store, line)  # type: ignore[misc]
            asked["like"] = lambda line=line: _like(store, line)  # type: ignore[misc]
        found[line] = {name: _timed(ask, runs if name in ("ours", "best") else 3) for name, ask in asked.items()}
    store.close()
    return found


def _timed(ask: Callable[[], object], runs: int) -> list[float]:
    """The times of each of `runs`, the first one left out."""
    out = []
    for _ in range(runs + 1):
        started = time.perf_counter()
        ask()
        out.append((time.perf_counter() - started) * 1000)
    return out[1:]


def _ours(store: Store, line: str, *, best: bool = False) -> object:
    return store.hits(store.finding.read(line), ROWS, best=best)


def _ranked(store: Store, line: str) -> object:
    """The same index in the order FTS5 offers."""
    *whole, last = line.split()
    query = " ".join((*(f'"{word}"' for word in whole), f'"{last}" *'))
    sql = (
        "select l.id, l.subject from words w join document d on d.docid = w.rowid join listing l on l.n = d.n"
        " where w.words match ? order by bm25(words) limit ?"
    )
    return store._cache.rows(sql, (query, ROWS))


def _like(store: Store, line: str) -> object:
    """What a client without an index does, in the subjects alone."""
    where = " and ".join("subject like ?" for _ in line.split())
    sql = f"select id, subject from listing where {where} order by activity desc limit ?"
    return store._cache.rows(sql, (*(f"%{word}%" for word in line.split()), ROWS))


def meant(cases: int) -> dict[str, list[str]]:
    """The references that each beginning of `TYPED` finds first where a term ends: those have to be on the screen."""
    target = profile(cases)
    store = Store.open(target, open_vault("file", target, lambda _: "").key())
    ends = [at for at in range(1, len(TYPED) + 1) if TYPED[at : at + 1] in ("", " ")]
    found = {
        TYPED[:at]: [row.reference for row in store.hits(store.finding.read(TYPED[:at]), SEEN).rows] for at in ends
    }
    store.close()
    return found


def painted(
    argv: Sequence[str], env: Mapping[str, str], marker: str, runs: int, meant: Mapping[str, Sequence[str]]
) -> list[float]:
    """Milliseconds from each key of `TYPED` to the last byte of what it changes on the screen.

    After each key what was typed has to stand there, and behind a term the hits that are `meant`: the key has taken
    until they do. Raises `NotSeen`.
    """
    out: list[float] = []
    with Terminal(argv, 120, 40, env) as terminal:
        terminal.wait_for(marker, 120)
        terminal.settle(1.0, 10)
        for _ in range(runs):
            terminal.send(b"/")
            terminal.wait_for("country:  area:", 5)
            terminal.settle(0.5, 5)
            for at, key in enumerate(TYPED, 1):
                sent = terminal.send(key.encode())
                if terminal.read(5) is None:
                    raise AssertionError(f"no answer to {key}")
                last = terminal.settle(QUIET, 3)
                shown = functools.partial(_shows, TYPED[:at], meant.get(TYPED[:at]))
                if not shown(terminal.lines()):
                    last = terminal.wait_for(shown, 5)
                out.append((last - sent) * 1000 if last > sent else 0.0)
            terminal.send(KEYS["escape"])
            # Esc and what comes right behind it would be another key.
            terminal.wait_gone(TYPED, 5)
            terminal.settle(0.5, 5)
    return out


def _shows(typed: str, hits: Sequence[str] | None, lines: list[str]) -> bool:
    """Whether what was typed stands on the screen, and the hits where it is known which are meant."""
    found = hits is None or _references(lines) == list(hits)
    return found and any(typed.rstrip() in line for line in lines)


def _references(lines: list[str]) -> list[str]:
    """Those of the first rows of the list."""
    return [found[0] for line in lines if (found := REFERENCE.search(line))][:SEEN]


def report(found: dict[str, dict[str, list[float]]], keys: list[float]) -> list[str]:
    """Figures with their limits, and the slowest lines."""
    ours = [value for each in found.values() for value in each["ours"]]
    best = [value for each in found.values() for value in each.get("best", ())]
    lines = [
        _against(f"search, engine p95 of {len(found)} lines, newest {ROWS}", percentile(ours, 95), ENGINE).replace(
            " (", f", p50 {percentile(ours, 50):.2f} (", 1
        ),
        _against("search, the best of the newest 1,000 first, p95", percentile(best, 95), BEST),
        _against("search, key to painted hits p95", percentile(keys, 95), PAINTED).replace(
            " (", f", p50 {percentile(keys, 50):.1f} (", 1
        ),
    ]
    for name, label in (("rank", "FTS5 by bm25"), ("like", "LIKE over the subjects")):
        peer = [statistics.median(found[line][name]) for line in WORDS]
        mine = [statistics.median(found[line]["ours"]) for line in WORDS]
        ratios = sorted(theirs / own for theirs, own in zip(peer, mine, strict=True))
        lines.append(
            f"words, {label}: median {statistics.median(peer):.1f} ms, worst {max(peer):.0f} ms, ours"
            f" {statistics.median(mine):.2f} and {max(mine):.1f} ms; ratio {ratios[0]:.1f} to {ratios[-1]:.0f}"
        )
    slow = sorted(found, key=lambda line: -statistics.median(found[line]["ours"]))[:5]
    lines.append("slowest: " + "; ".join(f"{line} {statistics.median(found[line]['ours']):.1f} ms" for line in slow))
    return lines


def _against(what: str, value: float, limit: float) -> str:
    return f"{what}: {value:.2f} ms (limit {limit:.0f}) {'ok' if value <= limit else 'OVER'}"
