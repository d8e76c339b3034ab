"""Indexing beside an officer at work: who asked first writes first, and nothing stale gets into the index."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import apsw
import pytest

from imi_core.procedure import Rules
from imi_tui.cache.content import indexing
from imi_tui.cache.content.documents import Document, Documents
from imi_tui.cache.errors import CacheBusy
from imi_tui.cache.store import Store
from tests.tui.cache.world import DE, case, case_id, open_store, put


def test_threads_write_in_the_order_in_which_they_ask(store: Store, home: Path) -> None:
    order: list[str] = []

    def officer() -> None:
        other = open_store(home)
        try:
            with other._cache.write():
                order.append("officer")
        finally:
            other.close()

    thread = threading.Thread(target=officer)
    with store._cache.write():
        assert not store._cache.write_queue.wanted
        thread.start()
        while thread.is_alive() and not store._cache.write_queue.wanted:
            pass
        assert store._cache.write_queue.wanted
    with store._cache.write():
        order.append("again")
    thread.join()
    assert order == ["officer", "again"]


def test_a_turn_that_does_not_come_is_a_busy_cache(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imi_tui.cache.storage.write_queue.BUSY_MS", 10)
    with store._cache.write():
        with pytest.raises(CacheBusy), store._cache.write_queue.turn():
            pass
        assert not store._cache.write_queue.wanted


def test_indexing_gives_the_file_back_when_it_is_wanted(
    store: Store, pw_info: Rules, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_waiting(store, pw_info, 5)
    monkeypatch.setattr(indexing, "STEP", 2)
    monkeypatch.setattr(indexing, "HOLD", 1e9)
    at_once: list[int] = []
    plain = indexing.Indexing._put
    wanted = iter((True, False, False))
    monkeypatch.setattr("imi_tui.cache.storage.write_queue.WriteQueue.wanted", property(lambda self: next(wanted)))

    def watched(self: indexing.Indexing, documents: list[Document]) -> list[Document]:
        left = plain(self, documents)
        at_once.append(len(documents) - len(left))
        return left

    monkeypatch.setattr(indexing.Indexing, "_put", watched)
    assert store.sync.index_pending(10) == 0
    assert at_once == [2, 3]
    assert len(store.search("alpbau")) == 5


def test_words_that_changed_while_they_were_gathered_are_gathered_again(
    store: Store, home: Path, pw_info: Rules, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_waiting(store, pw_info, 3)
    other = open_store(home)
    plain = Documents.read
    read: list[int] = []

    def meanwhile(self: Documents, limit: int, **more: bool) -> list[Document]:
        found = plain(self, limit, **more)
        read.append(len(found))
        if len(read) == 1:
            put(other, case(pw_info, 2, version=7, subject="Nouveau sujet"))
        return found

    monkeypatch.setattr(Documents, "read", meanwhile)
    while store.sync.index_pending(10):
        pass
    other.close()
    assert len(read) > 2
    assert [row.id for row in store.search("nouveau")] == [case_id(2)]
    assert len(store.search("alpbau")) == 3
    store._cache.run("insert into words(words) values('integrity-check')")
    assert store.sync.index_pending(10) == 0


def put_waiting(store: Store, rules: Rules, count: int) -> None:
    """Cases that are not indexed yet."""
    put(store, *(case(rules, number) for number in range(1, count + 1)))
    for n, id in store._cache.rows("select n, id from listing"):
        assert id
        store._documents.remove(n)
        store._documents.want([n])
    assert store.indexing() == count
    assert store.row(DE, case_id(1), "all", "due") is not None


def test_whoever_is_interrupted_while_waiting_holds_up_nobody(store: Store, home: Path) -> None:
    class Interrupted(BaseException):
        pass

    arrived = threading.Event()

    def interrupt(_signal: int, _frame: object) -> None:
        if not arrived.is_set():
            arrived.set()
            raise Interrupted

    before = signal.signal(signal.SIGUSR1, interrupt)
    has, done = threading.Event(), threading.Event()
    main = threading.get_ident()

    def officer() -> None:
        other = open_store(home)
        try:
            with other._cache.write():
                has.set()
                while not other._cache.write_queue.wanted:
                    pass
                # One that comes just before somebody begins to wait is not seen until the waiting ends.
                while not arrived.wait(0.01):
                    signal.pthread_kill(main, signal.SIGUSR1)
                done.wait(20)
        finally:
            other.close()

    thread = threading.Thread(target=officer)
    thread.start()
    try:
        has.wait(20)
        with pytest.raises(Interrupted), store._cache.write():
            pass
    finally:
        done.set()
        thread.join()
        signal.signal(signal.SIGUSR1, before)
    assert not store._cache.write_queue.wanted
    with store._cache.write():
        store._cache.run("delete from to_index")


def test_what_ends_a_transaction_is_told_even_where_it_cannot_be_rolled_back(store: Store) -> None:
    def deny(operation: int, first: str | None, *_: object) -> int:
        rolls_back = operation == apsw.SQLITE_TRANSACTION and first == "ROLLBACK"
        return int(apsw.SQLITE_DENY if rolls_back else apsw.SQLITE_OK)

    store._cache.connection.authorizer = deny
    try:
        with pytest.raises(CacheBusy), store._cache.write():
            raise CacheBusy
    finally:
        store._cache.connection.authorizer = None
        store._cache._roll_back()
    assert not store._cache.connection.in_transaction
