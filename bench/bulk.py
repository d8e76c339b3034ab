"""Ten thousand cases at once: marking them, what is done to all of them before it shows, and behind that.

Beside each action, in the same run, the plain thing it cannot be faster than: the same number of rows written to a file
of the same kind with one ``executemany``.
"""

from __future__ import annotations

import gc
import shutil
import statistics
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.cache import DESK, NOW, profile
from imi_core.jmap import DIRECTORY
from imi_tui.cache.personal.annotations import tagged
from imi_tui.cache.storage import db, db_files
from imi_tui.cache.storage.vault import open_vault
from imi_tui.cache.store import Store
from imi_tui.cache.sync import Page
from imi_tui.profile import Profile
from imi_tui.undo import Undo
from imi_tui.viewmodel import assigning, bulk, doing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from imi_tui.cache.model import ViewId

MARKED = 10_000
COLLEAGUE = "demo-anna"
LIMIT = 0.3
"""Seconds in which an action over all of them is done."""
_OVER = object()
HITS: list[int] = []
"""How many cases the search finds whose hits are marked: several times as many, in the same limit."""


def _settle() -> None:
    """As the client does when it begins: what is there by then is looked through no more."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 10, 140)


def measure(cases: int, runs: int) -> dict[str, list[tuple[float, float]]]:
    """(wall, CPU) seconds of every step, `runs` times, on a copy of the profile with `cases` cached cases."""
    times: dict[str, list[tuple[float, float]]] = {}
    with tempfile.TemporaryDirectory(prefix="imi-bulk-") as folder:
        home = Path(folder) / "profile"
        shutil.copytree(profile(cases).home, home)
        for _run in range(runs):
            _once(Profile(home), times)
    return times


def _once(target: Profile, times: dict[str, list[tuple[float, float]]]) -> None:
    # A start of its own each time: nothing is warm but what the operating system keeps.
    store = Store.open(target, open_vault("file", target, lambda _: "").key(), now=lambda: NOW)
    # As the client does.
    store.checkpoint_aside()
    _settle()

    def timed(name: str, work: Callable[[], Any]) -> Any:
        # Each step by itself: what the one before left to be copied beside it is not this one's.
        store._cache.checkpointer.wait()
        wall, cpu = time.perf_counter(), time.process_time()
        out = work()
        times.setdefault(name, []).append((time.perf_counter() - wall, time.process_time() - cpu))
        return out

    try:
        store.counts()
        store.window("all", "due", limit=64)
        found = timed("mark a range", lambda: store.marking.all("all")[:MARKED])
        hits = timed("mark what a search finds", lambda: set().union(*store.marking.matching("fr", "all")))
        HITS.append(len(hits))
        marked = bulk.Marked(lambda: store.marking)
        numbers = frozenset(found)
        timed("what is possible, at once", lambda: bulk.Marked(lambda: store.marking).offered(numbers))
        store.marking._case_kinds.forget()
        _in_steps("what is possible", marked.look(numbers), times)
        timed("what is possible: shown", lambda: (marked.offered(numbers), marked.standings(numbers)))
        timed("preview", lambda: bulk.preview(marked.plan("message", numbers), "Message", lambda kind: kind.state))
        cases = timed("which cases", lambda: store.marking.cases(numbers))
        before = timed("tag", lambda: store.personal.change(cases, lambda _case, mine: tagged(mine, "bench")))
        timed("take tags back", lambda: store.personal.restore(before))
        _unread(store, found)
        timed("mark as read, at once", lambda: store.marking.read(numbers))
        _unread(store, found)
        # As where it is shown what is possible with them.
        store.marking.standings(numbers)
        unread = timed("mark as read", lambda: store.marking.read(numbers))
        timed("take that back", lambda: store.marking.unread(unread))
        _acting(store, marked, timed, times)
        _assigning(store, numbers, timed, times)
        timed("plain rows", lambda: _plain(target, cases))
    finally:
        store.close()


def _unread(store: Store, numbers: list[int]) -> None:
    store._cache.run(f"update listing set unread = 1 where n in ({','.join(map(str, numbers))})")


def _acting(
    store: Store,
    marked: bulk.Marked,
    timed: Callable[[str, Callable[[], Any]], Any],
    times: dict[str, list[tuple[float, float]]],
) -> None:
    """An action of the procedure with as many cases: what the key that confirms it does, and undo and redo.

    Each with what the list is drawn from then.
    """
    _more_to_accept(store)
    numbers = frozenset(store.marking.all("to_accept")[:MARKED])
    marked.forget()
    plan = marked.plan("accept", numbers)
    assert len(plan.ready) == MARKED, "too few cases to accept"
    undo = Undo(store)
    answers: dict[str, Any] = {}
    drafts = timed("drafts, behind the question", lambda: bulk.drafts(plan, answers, ""))

    def behind() -> None:
        list(store.foresee(numbers, drafts))
        doing.load_calendar("FR", NOW.date())

    timed("behind the question", behind)

    def accept() -> None:
        answers["agreed_days"] = 14
        queued, refused, left = store.queue_alike(drafts, numbers)
        assert (len(queued), refused, left) == (MARKED, [], [])
        undo.queued(queued, "Accept", numbers)

    # The rest is written behind the picture, in steps between which keys are answered.
    store.go_on_behind(lambda: None)
    for name, work in (("accept", accept), ("undo", undo.take_back), ("redo", undo.redo)):
        timed(name, partial(_until_shown, store, undo, "to_accept", work))
        _in_steps(name, _rest(store), times)
    assert store.counts()["to_accept"] + MARKED == len(store.marking.all("to_accept")) + store.outbox_table.counts()[0]
    undo.take_back()


def _assigning(
    store: Store,
    numbers: frozenset[int],
    timed: Callable[[str, Callable[[], Any]], Any],
    times: dict[str, list[tuple[float, float]]],
) -> None:
    """As many cases given to a colleague, that taken back and done again."""
    officers = [{"id": id, "name": id, "desks": {DESK: ["handler"]}} for id in ("demo-lyon", COLLEAGUE)]
    store.sync.apply(DIRECTORY, Page("given.bench", officers=officers))
    ready = assigning.plan(store.marking.standings(numbers).values(), {DESK}).ready
    assert len(ready) == MARKED, "too few cases to assign"
    undo = Undo(store)
    drafts = assigning.drafts(ready, "")
    list(store.foresee(numbers, drafts))

    def give() -> None:
        queued, refused, left = store.queue_alike(assigning.given(drafts, COLLEAGUE), numbers)
        assert (len(queued), refused, left) == (MARKED, [], [])
        undo.queued(queued, "Assign", numbers)

    steps: dict[str, Callable[[], Any]]
    steps = {"assign": give, "undo assigning": undo.take_back, "redo assigning": undo.redo}
    for name, work in steps.items():
        timed(name, partial(_until_shown, store, undo, "all", work))
        _in_steps(name, _rest(store), times)
    undo.take_back()


def _until_shown(store: Store, undo: Undo, view: ViewId, work: Callable[[], object]) -> None:
    work()
    store.counts()
    store.window(view, "due", limit=64)
    # The line of keys asks whether there is something to take back.
    bool(undo.possible)


def _rest(store: Store) -> Iterator[None]:
    """What is left to write, step by step."""
    while store.go_on():
        yield


def _in_steps(name: str, work: Iterator[None], times: dict[str, list[tuple[float, float]]]) -> None:
    """(wall, CPU) seconds of what is done between keys: all of it, and its longest step."""
    steps: list[tuple[float, float]] = []
    left = True
    while left:
        wall, cpu = time.perf_counter(), time.process_time()
        left = next(work, _OVER) is not _OVER
        steps.append((time.perf_counter() - wall, time.process_time() - cpu))
    times.setdefault(f"{name}: all the rest", []).append(
        (sum(wall for wall, _cpu in steps), sum(cpu for _wall, cpu in steps))
    )
    times.setdefault(f"{name}: longest step of it", []).append(max(steps))


def _more_to_accept(store: Store) -> None:
    """As many cases to accept as are marked: some that were accepted already are asked anew."""
    lacking = MARKED - len(store.marking.all("to_accept"))
    found = store.marking.cases(store.marking.all("to_answer")[: max(lacking, 0)])
    cases = []
    for desk, id in found:
        detail = store.case(desk, id)
        assert detail is not None
        anew = {"state": "awaiting_acceptance", "level": "summary", "version": detail.case["version"] + 1}
        cases.append({name: value for name, value in detail.case.items() if name != "agreedOn"} | anew)
    store.sync.apply(DESK, Page("more.bench", cases=cases))


def _plain(target: Profile, cases: list[tuple[str, str]]) -> None:
    """As many rows in a new encrypted file, in one transaction that survives a loss of power."""
    path = target.home / "plain.db"
    path.unlink(missing_ok=True)
    work = db.open_file(path, bytes(range(32)), "work")
    work.run("create table kept(desk text, id text, tags text, primary key (desk, id)) strict, without rowid")
    with work.write():
        work.many("insert into kept values(?, ?, 'bench')", cases)
    work.close()
    for each in (path, *db_files.sidecars(path)):
        each.unlink(missing_ok=True)


def report(times: dict[str, list[tuple[float, float]]]) -> list[str]:
    """One line a step; OVER where an action passes the limit."""
    plain = statistics.median(wall for wall, _cpu in times["plain rows"])
    lines = [f"{MARKED} cases at once, limit {LIMIT * 1000:.0f} ms each; ratio to the same rows by executemany"]
    for name, found in times.items():
        walls = [wall for wall, _cpu in found]
        middle, cpu = statistics.median(walls), statistics.median(cpu for _wall, cpu in found)
        line = (
            f"  {name:30} {middle * 1000:7.1f} ms [{min(walls) * 1000:.0f}..{max(walls) * 1000:.0f}]"
            f"  CPU {cpu * 1000:6.1f}  ratio {middle / plain:5.2f}"
        )
        if name == "mark what a search finds":
            line = f"{line}  {max(HITS)} cases"
        # The rest is written between keys: nobody waits for all of it.
        limited = name != "plain rows" and not name.endswith(": all the rest")
        lines.append(f"{line}  OVER" if limited and middle > LIMIT else line)
    return lines
