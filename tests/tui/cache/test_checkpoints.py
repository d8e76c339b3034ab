"""The log of the cache is copied into the file beside whoever writes, and nobody is the worse for it."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from imi_core.procedure import Rules
from imi_tui.cache.errors import DiskFull
from imi_tui.cache.storage import db
from imi_tui.cache.store import Store
from tests.tui.cache.world import KEY, case, case_id, put


@pytest.fixture
def aside(store: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store whose log is copied aside, and soon."""
    store._cache.empty_log()
    monkeypatch.setattr(db, "CACHE_LOG", 3)
    store.checkpoint_aside()
    return store


def in_the_file(home: Path, tmp_path: Path) -> int:
    """Cases that are in the file itself, whatever is in its log."""
    copy = tmp_path / "copy.db"
    shutil.copy(home / "cache.db", copy)
    alone = db.open_file(copy, KEY, "cache")
    try:
        found: int = alone.one("select count(*) from confirmed")[0]
        return found
    finally:
        alone.close()


def test_a_long_log_is_copied_by_another_thread(aside: Store, pw_info: Rules, home: Path, tmp_path: Path) -> None:
    threads: list[str] = []
    assert aside._cache._aside is not None
    aside._cache._aside = told(aside._cache._aside, lambda: threads.append(threading.current_thread().name))
    put(aside, case(pw_info), case(pw_info, id=case_id(2)))
    aside._cache.checkpointer.wait()
    assert threads
    assert threading.current_thread().name not in threads
    assert in_the_file(home, tmp_path) == 2


def test_a_log_is_emptied_when_it_is_copied_to_its_end(aside: Store, pw_info: Rules, home: Path) -> None:
    go_on, begun = threading.Event(), threading.Event()

    def wait() -> None:
        begun.set()
        go_on.wait(10)

    assert aside._cache._aside is not None
    aside._cache._aside = told(aside._cache._aside, wait)
    put(aside, case(pw_info))
    assert begun.wait(10)
    emptying = threading.Thread(target=aside._cache.empty_log)
    emptying.start()
    emptying.join(0.05)
    assert emptying.is_alive()
    go_on.set()
    emptying.join()
    assert (home / "cache.db-wal").stat().st_size == 0


def test_what_cannot_be_copied_stays_in_the_log(
    aside: Store, pw_info: Rules, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unheard: list[object] = []
    monkeypatch.setattr(threading, "excepthook", unheard.append)
    works = aside._cache._aside
    assert works is not None
    failures: list[str] = []

    def fails() -> apsw.Connection:
        failures.append("full")
        raise DiskFull

    aside._cache._aside = fails
    put(aside, case(pw_info))
    aside._cache.checkpointer.wait()
    assert failures
    assert not unheard
    assert in_the_file(home, tmp_path) == 0
    assert aside.counts()["all"] == 1
    aside._cache._aside = works
    put(aside, case(pw_info, id=case_id(2)))
    aside._cache.checkpointer.wait()
    assert in_the_file(home, tmp_path) == 2


def test_a_log_that_grows_faster_than_it_is_copied_is_waited_for(
    aside: Store, pw_info: Rules, monkeypatch: pytest.MonkeyPatch
) -> None:
    rested: list[str] = []
    plain = aside._cache.checkpointer.wait

    def wait() -> None:
        rested.append("")
        plain()

    monkeypatch.setattr(aside._cache.checkpointer, "wait", wait)
    put(aside, case(pw_info))
    assert not rested
    monkeypatch.setattr(db, "LONGEST_LOG", 3)
    put(aside, case(pw_info, id=case_id(2)))
    assert rested


def told(connect: Callable[[], apsw.Connection], say: Callable[[], object]) -> Callable[[], apsw.Connection]:
    """`connect`, which says something before."""

    def work() -> apsw.Connection:
        say()
        return connect()

    return work
