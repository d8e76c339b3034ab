"""Synchronising over emulated lines, beside mbsync fetching the same texts as mail; every figure has its limit."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import zstandard

from bench.sync import mail, plain
from bench.sync.line import ISLAND, OFFICE, Kind, Line, NoLine
from bench.sync.world import World, texts

if TYPE_CHECKING:
    from collections.abc import Sequence

SLACK = 0.1
"""Seconds beyond its round trips that a small synchronisation may take."""
TLS, KEPT = 3, 1
"""Round trips of a request over TLS 1.3 on a new connection (TCP, TLS, the request) and on a kept one."""
FRESH = 5
"""New clients that are asked for their first page."""
PLAIN = 1_000_000
"""Bytes of the download that says what the line carries."""


class Runner:
    """`bench.sync.client` at the near end."""

    def __init__(self, world: World, home: Path, line: Line, side: str = "client") -> None:
        home.mkdir(mode=0o700, exist_ok=True)
        argv = line.at(side, [sys.executable, "-m", "bench.sync.client", world.url, str(home)])
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(argv, stdin=pipe, stdout=pipe, text=True, env=world.environment)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._say, self._hear = self._process.stdin, self._process.stdout
        self._say.write(f"{world.token}\n")
        self._say.flush()
        assert self._hear.readline().strip() == "ready"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._say.close()
        self._process.wait(30)

    def do(self, what: str) -> dict[str, Any]:
        """One command and its answer."""
        self._say.write(f"{what}\n")
        self._say.flush()
        line = self._hear.readline()
        if not line:
            raise RuntimeError(f"the client ended during {what}")
        told: dict[str, Any] = json.loads(line)
        return told


@dataclass(frozen=True)
class Took:
    """One synchronisation: seconds, and bytes on the wire and packets lost, both ways together."""

    wall: float
    size: int
    turns: int
    lost: int


def took(line: Line, wall: float) -> Took:
    """With what the line counted."""
    found = line.counted()
    both = found["up"], found["down"]
    lost = sum(each["lost"] + each["dropped"] for each in both)
    return Took(wall, sum(each["bytes"] for each in both), found["turns"], lost)


def middle(runs: list[Took]) -> Took:
    """The median of each figure, and all packets lost."""
    return Took(
        statistics.median(run.wall for run in runs),
        int(statistics.median(run.size for run in runs)),
        int(statistics.median(run.turns for run in runs)),
        sum(run.lost for run in runs),
    )


def small(runner: Runner, line: Line, world: World, runs: int) -> dict[str, Took]:
    """Nothing new and 20 changed cases: on the first connection of a process, on a further one, on a kept one."""
    found: dict[str, list[Took]] = {}

    def once(name: str, *before: str) -> None:
        for what in before:
            runner.do(what)
        line.counted()
        wall = runner.do("sync")["wall"]
        found.setdefault(name, []).append(took(line, wall))

    for _ in range(runs):
        once("empty, first connection", "stranger")
        once("empty, new connection", "connect")
        once("empty, kept connection")
        world.change(20)
        once("20 changed, first connection", "stranger")
        world.change(20)
        once("20 changed, new connection", "connect")
        world.change(20)
        once("20 changed, kept connection")
        runner.do("index")
    return {name: middle(each) for name, each in found.items()}


def peer(line: Line, folder: Path, bodies: list[str], runs: int, *, cold: bool) -> dict[str, Took]:
    """The same with mbsync. Without `cold` the mailbox is copied first, off the clock."""
    found: dict[str, list[Took]] = {"empty": [], "20 new mails": []}
    with mail.Mail(bodies, folder, line.at) as box:
        line.counted()
        if cold:
            found["everything"] = [took(line, box.fetch())]
        else:
            box.prefetch()
        for _ in range(runs):
            line.counted()
            found["empty"].append(took(line, box.fetch()))
            for text in bodies[:20]:
                box.deliver(text)
            line.counted()
            found["20 new mails"].append(took(line, box.fetch()))
    return {name: middle(each) for name, each in found.items()}


def verdict(value: float, limit: float) -> str:
    """How a figure stands to its limit."""
    return "ok" if value <= limit else "OVER"


def report_small(kind: Kind, ours: dict[str, Took], theirs: dict[str, Took]) -> list[str]:
    """One line a figure."""
    # What the line itself takes for the bytes is no round trip and no slack.
    limits: dict[str, tuple[float, int]] = {
        "empty, first connection": (TLS * kind.round_trip + SLACK, 4_000),
        "empty, new connection": (TLS * kind.round_trip + SLACK, 4_000),
        "empty, kept connection": (KEPT * kind.round_trip + SLACK, 1_000),
        "20 changed, first connection": (1.1 if kind is OFFICE else TLS * kind.round_trip + SLACK + 0.75, 6_000),
        "20 changed, new connection": (1.1 if kind is OFFICE else TLS * kind.round_trip + SLACK + 0.75, 6_000),
        "20 changed, kept connection": (KEPT * kind.round_trip + SLACK + kind.transfer(6_000), 6_000),
    }
    out = []
    for name, one in ours.items():
        seconds, size = limits[name]
        seconds += kind.transfer(one.size) if name.startswith("empty") else 0
        other = theirs.get("empty" if name.startswith("empty") else "20 new mails")
        against = f"; mbsync {other.wall:.2f} s, {other.size} B, x {one.wall / other.wall:.2f}" if other else ""
        against += f"  {verdict(max(one.wall / seconds, one.size / size), 1)}"
        out.append(
            f"{kind.name}: {name}: {one.wall:.2f} s (limit {seconds:.2f}), {one.size} B (limit {size}), "
            f"{one.turns} turns, {one.lost} packets lost{against}"
        )
    return out


def firsts(world: World, line: Line, folder: Path) -> list[float]:
    """Seconds to the first page of several clients that know nothing yet, one after the other."""
    found = []
    for number in range(FRESH):
        with Runner(world, folder / f"fresh{number}", line) as runner:
            found.append(runner.do("first")["first"])
        _quiet(line)
    return found


def _quiet(line: Line) -> None:
    """Wait until nothing is on the line any more that was sent to who has gone."""
    line.counted()
    while True:
        time.sleep(1)
        if not line.counted()["down"]["packets"]:
            return


@dataclass(frozen=True)
class First:
    """A first synchronisation: what the client told of it, the line, first pages of others, and a plain download."""

    told: dict[str, Any]
    line: Took
    firsts: list[float]
    plain: Took


def report_first(kind: Kind, first: First, bodies: list[str], theirs: Took | None) -> list[str]:
    """First page, whole list, everything."""
    told, line, bare = first.told, first.line, first.plain
    slower = (line.wall / line.size) / (bare.wall / bare.size)
    page = statistics.median(first.firsts)
    whole = len(zstandard.ZstdCompressor(level=9).compress("\n".join(bodies).encode()))
    wire = kind.transfer(line.size)
    out = [
        f"{kind.name}: first page of {told['rows']} cases after {page:.2f} s (limit 1.50), the middle of "
        + ", ".join(f"{each:.2f}" for each in sorted(first.firsts))
        + f"  {verdict(page, 1.5)}",
        f"{kind.name}: whole list after {told['list']:.1f} s (limit 20.0)  " + verdict(told["list"], 20),
        f"{kind.name}: first sync {line.size} B, x {line.size / whole:.2f} of zstd-9 of the JSON (limit 1.15)  "
        + verdict(line.size / whole, 1.15),
        f"{kind.name}: first sync {line.wall:.0f} s, x {line.wall / wire:.2f} of its bytes at the line's rate "
        f"(limit 1.20), {line.lost} packets lost  " + verdict(line.wall / wire, 1.2),
        (
            f"{kind.name}: a plain download of {bare.size} B {bare.wall:.0f} s, x "
            f"{bare.wall / kind.transfer(bare.size):.2f} of its bytes at the line's rate, {bare.lost} packets lost; "
            f"a byte of the first sync takes x {slower:.2f} of one of the download"
        ),
    ]
    if theirs is not None:
        out.append(
            f"{kind.name}: first sync against mbsync: x {line.wall / theirs.wall:.2f} of {theirs.wall:.0f} s, "
            f"x {line.size / theirs.size:.2f} of {theirs.size} B  {verdict(line.wall / theirs.wall, 1)}"
        )
    return out


def report(cases: int, runs: int, *, peer_first: bool = False, kinds: Sequence[Kind] = (OFFICE, ISLAND)) -> list[str]:
    """All figures; a line of its own for what cannot be measured here, with the reason."""
    out: list[str] = []
    bodies = texts(cases)
    lacks = mail.missing()
    if lacks:
        out.append(f"no peer: missing {lacks}")
    for kind in kinds:
        try:
            out += _over(kind, bodies, runs, with_peer=not lacks, peer_first=peer_first and kind is OFFICE)
        except NoLine as error:
            out.append(f"{kind.name}: skipped, {error}")
    return out


def _over(kind: Kind, bodies: list[str], runs: int, *, with_peer: bool, peer_first: bool) -> list[str]:
    with tempfile.TemporaryDirectory() as name, Line(kind) as line:
        folder = Path(name)
        with World(len(bodies), folder, line.at, tls=True) as world:
            # On the slowest line a first sync takes half an hour: there it happens beside the server.
            with Runner(world, folder / "home", line, "client" if kind is OFFICE else "server") as runner:
                line.counted()
                told = runner.do("sync")
                first = took(line, told["wall"])
                runner.do("index")
            if kind is OFFICE:
                pages = firsts(world, line, folder)
                found = First(told, first, pages, took(line, plain.download(line, PLAIN)))
            with Runner(world, folder / "home", line) as runner:
                ours = small(runner, line, world, runs)
        theirs = peer(line, folder, bodies, runs, cold=peer_first) if with_peer else {}
        out = report_small(kind, ours, theirs)
        if kind is OFFICE:
            out += report_first(kind, found, bodies, theirs.get("everything"))
        return out
