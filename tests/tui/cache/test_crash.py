"""Killed at any moment: what was queued is there, what shows is what is queued."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

import pytest

from imi_core.procedure import Rules
from imi_tui.cache.store import Store
from tests.effort import tries
from tests.tui.cache.world import DE, case, case_id, entry, open_store, put, session

ROOT = Path(__file__).parents[3]
HEAD = """
import os, sys
from pathlib import Path
sys.path.insert(0, {root!r})
from tests.tui.cache.world import *
from tests.core.world import load_rules
from imi_tui.cache.listing.projection import Projector
from imi_tui.cache.store import utc_now
store = open_store(Path({home!r}), now=utc_now)
"""


def run(home: Path, body: str) -> subprocess.Popen[str]:
    code = HEAD.format(root=str(ROOT), home=str(home)) + body
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=ROOT)


pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")


@pytest.mark.parametrize("action", ["queue", "undo"])
def test_killed_between_the_outbox_and_the_listing(store: Store, home: Path, pw_info: Rules, action: str) -> None:
    put(store, case(pw_info))
    item = store.act(DE, case_id(1), "accept", answers={"agreed_days": 5}) if action == "undo" else None
    body = {
        "queue": "store.act('de1', case_id(1), 'accept', answers={'agreed_days': 5})",
        "undo": f"store.take_back([{item.client_ref!r}], bool)" if item is not None else "",
    }[action]
    kill = "Projector.refresh = lambda *_: os.kill(os.getpid(), 9)\n"
    child = run(home, kill + body)
    assert child.wait() == -signal.SIGKILL
    row = store.row(DE, case_id(1), "all", "due")
    assert row is not None
    assert row.pending == (0 if action == "queue" else 1), "the child was not killed between the two"
    again = open_store(home)
    row = again.row(DE, case_id(1), "all", "due")
    assert row is not None
    wanted = ("accepted", 1) if action == "queue" else ("awaiting_acceptance", 0)
    assert (row.state, row.pending) == wanted
    assert again.counts()["to_answer"] == (1 if action == "queue" else 0)
    assert len(again.outbox()) == row.pending
    again.close()


def test_killed_while_queueing(store: Store, home: Path, pw_info: Rules) -> None:
    """Everything whose queueing was reported is in the outbox and in the row, after each of the kills."""
    put(store, case(pw_info))
    reported: list[str] = []
    body = (
        "while True:\n    print(store.act('de1', case_id(1), 'message', text='x', lang='de').client_ref, flush=True)\n"
    )
    for kill in range(tries(7, 20)):
        child = run(home, body)
        assert child.stdout is not None
        for _ in range(kill % 7 + 1):
            reported.append(child.stdout.readline().strip())
        child.kill()
        reported += [line.strip() for line in child.stdout if len(line) == 37]
        child.wait()
        child.stdout.close()
    again = open_store(home)
    refs = [item.client_ref for item in again.outbox()]
    assert set(reported) <= set(refs)
    assert len(refs) == len(set(refs))
    row = again.row(DE, case_id(1), "all", "due")
    assert row is not None
    assert row.pending == len(refs)
    for database in (again._work, again._cache):
        assert database.rows("pragma integrity_check") == [("ok",)]
    again.close()


def test_killed_while_applying_a_page(store: Store, home: Path) -> None:
    """Either the old state with the old rows, or the new state with the new rows."""
    body = (
        "rules = load_rules('pw', 'info')\n"
        "number = int(store.sync.state('de1')[1:] or 0)\n"
        "while True:\n"
        "    number += 1\n"
        "    found = [case(rules, number * 10 + step) for step in range(10)]\n"
        "    put(store, *found, entries=[entry(one) for one in found], new_state=f's{number}')\n"
        "    print(number, flush=True)\n"
    )
    for kill in range(tries(3, 6)):
        child = run(home, body)
        assert child.stdout is not None
        for _ in range(kill % 3 + 1):
            last = int(child.stdout.readline())
        child.kill()
        child.wait()
        child.stdout.close()
        state = int(store.sync.state(DE)[1:])
        assert state >= last
        assert store.counts()["all"] == state * 10
        assert len(store.sync.known(DE)) == state * 10
        assert store._cache.one("select count(*) from entry")[0] == state * 10
        # Words follow in a transaction of their own: what a kill leaves out is known to be missing.
        assert len(store.search("alpbau", 1000)) + store.indexing() == state * 10
        while store.sync.index_pending(99):
            pass
        assert len(store.search("alpbau", 1000)) == state * 10


class Killed(BaseException):
    """The process ends here."""


def confirmed(store: Store) -> tuple[object, ...]:
    """Everything a page changes, words apart, which follow in a transaction of their own."""
    cache = store._cache
    return (
        store.sync.state(DE),
        store.sync.known(DE),
        cache.rows("select id, case_id, n > 0, version from entry order by id"),
        cache.rows("select n, version from content order by n"),
        cache.rows("select * from wanted order by n"),
        [row.id for row in store.window("all", "due", limit=99)],
        store.counts(),
    )


def test_killed_at_every_statement_of_a_page(home: Path, tmp_path: Path, pw_info: Rules) -> None:
    """New cases, changed ones, some that go and an entry that goes: all of it with its state, or nothing."""
    old = [case(pw_info, number) for number in range(1, 6)]
    with closing(open_store(home)) as store:
        store.sync.set_session(session(DE))
        put(store, *old, entries=[entry(one, id=f"e{one.id}") for one in old], new_state="before")
    left = -1

    def trace(*_: object) -> bool:
        nonlocal left
        left -= 1
        if left == 0:
            raise Killed
        return True

    found: list[tuple[object, ...]] = []
    for statement in range(1, 400):
        there = tmp_path / str(statement)
        shutil.copytree(home, there)
        new = [case(pw_info, number, subject="new") for number in (1, 2, 8, 9)]
        gone = {"Case": [case_id(3), case_id(4)], "Entry": [f"e{case_id(5)}"]}
        with closing(open_store(there)) as store:
            if not found:
                found.append(confirmed(store))
            left, store._cache.connection.exec_trace = statement, trace
            with suppress(Killed):
                entries = [entry(one, id=f"n{one.id}") for one in new]
                put(store, *new, entries=entries, new_state="after", destroyed=gone, again=[case_id(5)])
            ended, store._cache.connection.exec_trace = left > 0, None
        with closing(open_store(there)) as store:
            now = confirmed(store)
            if now not in found:
                found.append(now)
        shutil.rmtree(there)
        if ended:
            break
    else:
        raise AssertionError("a page takes more statements than were tried")
    assert statement > 10
    assert [each[0] for each in found] == ["before", "after"]


def test_two_threads_with_a_store_each(store: Store, home: Path, pw_info: Rules) -> None:
    put(store, *(case(pw_info, number) for number in range(1, 6)))
    store.sync.set_session(session(DE))

    def engine() -> None:
        with closing(open_store(home)) as mine:
            for turn in range(25):
                found = case(pw_info, turn % 5 + 1, subject=f"turn {turn}")
                put(mine, found, entries=[entry(found, id=f"e{turn}")], new_state=f"t{turn}")
                ready = [item.client_ref for item in mine.sync.ready(3)]
                mine.sync.begin(ready)
                mine.sync.settle({}, {}, ready)

    pool = ThreadPoolExecutor(1)
    future = pool.submit(engine)
    refs = []
    for turn in range(25):
        refs.append(store.act(DE, case_id(turn % 5 + 1), "message", text=str(turn), lang="de").client_ref)
        assert len(store.window("all", "due", limit=9)) == 5
    future.result()
    pool.shutdown()
    assert sorted(item.client_ref for item in store.outbox()) == sorted(refs)
    assert sum(row.pending for row in store.window("all", "due", limit=9)) == 25
