"""Finding authorities: recall at 5 of 200 questions, and the time until results, against ``like '%…%'`` as the peer.

Both look into the same cache of 20,000 authorities; the peer's text is folded as the search's is.
"""

from __future__ import annotations

import statistics
import time
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

from bench.queries import Question, questions
from bench.register import LANGUAGES, PUBLICBODIES, WITHOUT_FILES, authorities, fill
from imi_core.text import words
from imi_tui.cache.storage.vault import open_vault
from imi_tui.cache.store import Store
from imi_tui.profile import Profile

if TYPE_CHECKING:
    from collections.abc import Callable

AT = 5
LIMIT = 30.0
"""Milliseconds until the first results."""
PEER = "like '%…%'"
SHOWN = 61
"""Authorities the screen asks for at once."""
RECALL = 0.9


def recall(question: Question, found: list[str]) -> float:
    """Share of those meant among the first five; of more than five, five are enough."""
    return len(question.meant.intersection(found[:AT])) / min(AT, len(question.meant))


def like(store: Store, typed: str) -> list[str]:
    """The peer: every word somewhere in the text, by name."""
    wanted = words(typed)
    clauses = " and ".join("folded like ?" for _ in wanted) or "1"
    sql = f"select id from authority where {clauses} order by folded limit {SHOWN}"
    return [id for (id,) in store._cache.rows(sql, tuple(f"%{word}%" for word in wanted))]


def ranked(store: Store, typed: str) -> list[str]:
    """The search, as the screen asks."""
    return [hit.id for hit in store.authorities(typed, languages=LANGUAGES, limit=SHOWN)]


def report(show: bool = False) -> list[str]:
    """Build the register, ask everything, and say what came of it."""
    with TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        target = Profile(Path(folder))
        key = open_vault("file", target, _no_question).key()
        register = authorities()
        asked = questions(register, LANGUAGES[0])
        store = Store.open(target, key)
        started = time.perf_counter()
        fill(store, register)
        filled = time.perf_counter() - started
        store.close()
        lines = [] if PUBLICBODIES.is_dir() else [WITHOUT_FILES]
        lines.append(
            f"{len(register)} authorities, taken over with their index in {filled:.1f} s; {len(asked)} questions"
        )
        first = [_cold(target, key, question.typed) for question in asked[:: len(asked) // 11]]
        store = Store.open(target, key)
        lines += _measured(store, asked, first, show)
        store.close()
    return lines


class Took(NamedTuple):
    """Milliseconds of one search: on the clock, and of this process alone."""

    wall: float
    cpu: float


def _took(search: Callable[[], list[str]]) -> tuple[Took, list[str]]:
    wall, cpu = time.perf_counter(), time.process_time()
    found = search()
    return Took((time.perf_counter() - wall) * 1000, (time.process_time() - cpu) * 1000), found


def _cold(target: Profile, key: bytes, typed: str) -> Took:
    """The first search after the cache was opened."""
    store = Store.open(target, key)
    took, _ = _took(lambda: ranked(store, typed))
    store.close()
    return took


def _measured(store: Store, asked: list[Question], first: list[Took], show: bool) -> list[str]:
    mine, times = _ask(asked, partial(ranked, store))
    theirs, peer = _ask(asked, partial(like, store))
    lines = []
    for kind in dict.fromkeys(question.kind for question in asked):
        of = [at for at, question in enumerate(asked) if question.kind == kind]
        own, other = (statistics.fmean(shares[at] for at in of) for shares in (mine, theirs))
        lines.append(f"recall at 5, {kind}: {own:.3f} of {len(of)}, {PEER} {other:.3f}")
    own, other = statistics.fmean(mine), statistics.fmean(theirs)
    verdict = "ok" if own >= RECALL else "UNDER"
    lines.append(f"recall at 5, all: {own:.3f}, {PEER} {other:.3f} (at least {RECALL}) {verdict}")
    keys = _as_typed(store, asked)
    lines += [
        _line("search, whole questions", times),
        _line(f"{PEER}, whole questions", peer),
        _line("search, after every key", keys),
        _line("search, first after a start", first),
    ]
    ratio = _p([took.cpu for took in times], 95) / _p([took.cpu for took in peer], 95)
    lines.append(f"whole questions at p95, search to {PEER}: {ratio:.2f}")
    for name, found in (("whole questions", times), ("every key", keys), ("first after a start", first)):
        value = _p([took.cpu for took in found], 95)
        verdict = "ok" if value <= LIMIT else "OVER"
        lines.append(f"first results, CPU at p95 of {name}: {value:.1f} ms (limit {LIMIT:.0f}) {verdict}")
    if show:
        for question, share in zip(asked, mine, strict=True):
            if share < 1:
                got = ranked(store, question.typed)[:AT]
                lines.append(
                    f"{share:.2f} {question.kind}: {question.typed!r}, meant {sorted(question.meant)}, got {got}"
                )
    return lines


def _line(name: str, found: list[Took]) -> str:
    wall, cpu = [took.wall for took in found], [took.cpu for took in found]
    return (
        f"{name}: p50 {_p(wall, 50):.1f} ms, p95 {_p(wall, 95):.1f} ms, "
        f"CPU p50 {_p(cpu, 50):.1f} ms, p95 {_p(cpu, 95):.1f} ms of {len(found)}"
    )


def _ask(asked: list[Question], search: Callable[[str], list[str]]) -> tuple[list[float], list[Took]]:
    """(recall, times) of each question; the first search is not counted, it loads."""
    search("a")
    shares, times = [], []
    for question in asked:
        took, found = _took(partial(search, question.typed))
        times.append(took)
        shares.append(recall(question, found))
    return shares, times


def _as_typed(store: Store, asked: list[Question]) -> list[Took]:
    """The times after each key of every fourth question."""
    typed = [question.typed[:end] for question in asked[::4] for end in range(1, len(question.typed) + 1)]
    return [_took(partial(ranked, store, each))[0] for each in typed]


def _p(times: list[float], percent: int) -> float:
    return statistics.quantiles(times, n=100, method="inclusive")[percent - 1]


def _no_question(_: str) -> str:
    raise AssertionError("a key file asks nothing")
