"""The files: nothing in plain text, wrong keys, damage, formats from the future, one long-running writer."""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import sqlite3
import subprocess
import sys
import traceback
from collections import deque
from pathlib import Path

import apsw
import pytest

from imi_core.procedure import Rules
from imi_tui.cache.errors import (
    AlreadyRunning,
    CacheBusy,
    CacheError,
    CorruptCache,
    DiskFull,
    FilesUnusable,
    NewerCache,
    PlaintextCipher,
    WrongKey,
)
from imi_tui.cache.storage import db, schema
from imi_tui.cache.storage.lock import lock_profile
from imi_tui.cache.store import Store
from imi_tui.profile import Profile
from tests.tui.cache.world import DE, KEY, case, case_id, open_store, put, set_up

OTHER_KEY = bytes(32)
MARKER = "Zxqvjkmarker"


def everything(home: Path) -> bytes:
    return b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())


def test_nothing_is_in_plain_text(store: Store, home: Path, pw_info: Rules) -> None:
    put(store, case(pw_info, subject=MARKER))
    store.act(DE, case_id(1), "message", text=MARKER, lang="de")
    store.sync.set_secret("refresh", MARKER)
    found = everything(home)
    assert len(found) > 100_000
    for plain in (MARKER, MARKER.lower(), "SQLite format", "create table", "listing", "Authority"):
        assert plain.encode() not in found
    assert {path.stat().st_mode & 0o077 for path in home.iterdir()} == {0}
    assert home.stat().st_mode & 0o077 == 0


def test_a_sqlite_without_cipher_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apsw, "mc_version", "")
    with pytest.raises(PlaintextCipher):
        open_store(home)
    assert not home.exists() or list(home.iterdir()) == []


def test_a_sqlite_that_ignores_the_key_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db, "unlock", lambda connection, key: None)
    with pytest.raises(PlaintextCipher):
        open_store(home)
    assert b"SQLite format" not in everything(home)


@pytest.mark.parametrize("name", ["work.db", "cache.db"])
def test_a_plain_file_is_not_written_to(home: Path, name: str) -> None:
    home.mkdir()
    plain = sqlite3.connect(home / name)
    plain.execute("create table a(b)")
    plain.close()
    before = (home / name).read_bytes()
    with pytest.raises(PlaintextCipher):
        open_store(home)
    assert (home / name).read_bytes() == before


def test_wrong_key(store: Store, home: Path) -> None:
    store.close()
    before = {path.name: path.read_bytes() for path in home.iterdir()}
    with pytest.raises(WrongKey):
        open_store(home, key=OTHER_KEY)
    with pytest.raises(CacheError):
        open_store(home, key=b"")
    with pytest.raises(CacheError):
        open_store(home, key=KEY[:31])
    assert {path.name: path.read_bytes() for path in home.iterdir()} == before
    open_store(home).close()


def test_a_wrong_key_does_not_lock_out_the_right_one(store: Store, home: Path) -> None:
    store.close()
    (home / "work.db").unlink()
    with pytest.raises(WrongKey):
        open_store(home, key=OTHER_KEY)
    again = open_store(home)
    assert again.authority_count() == 3
    again.close()


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("at", [0, 20, 3000])
def test_a_damaged_cache_is_set_aside_and_the_outbox_stays(store: Store, home: Path, pw_info: Rules, at: int) -> None:
    put(store, case(pw_info))
    item = store.act(DE, case_id(1), "accept", answers={"agreed_days": 5})
    store.close()
    flip(home / "cache.db", at)
    again = open_store(home)
    assert (home / "cache.db.damaged").exists()
    assert [found.client_ref for found in again.outbox()] == [item.client_ref]
    assert again.sync.state(DE) == ""
    assert again.counts()["all"] == 0
    set_up(again, pw_info)
    put(again, case(pw_info))
    row = again.row(DE, case_id(1), "to_answer", "due")
    assert row is not None
    assert row.pending == 1
    again.close()


def test_damage_found_later_is_dealt_with_at_the_next_start(store: Store, home: Path, pw_info: Rules) -> None:
    put(store, *(case(pw_info, number) for number in range(1, 60)))
    (root,) = store._cache.one("select rootpage from sqlite_schema where name = 'view_row'")
    store.close()
    flip(home / "cache.db", (root - 1) * db.CACHE_PAGE + 100)
    again = open_store(home)
    with pytest.raises(CorruptCache, match="start again"):
        again.window("all", "due", limit=50)
    again.close()
    again = open_store(home)
    assert again.window("all", "due", limit=50) == []
    again.close()
    assert (home / "cache.db.damaged").exists()


def test_a_damaged_outbox_is_never_replaced(store: Store, home: Path) -> None:
    store.close()
    flip(home / "work.db", 3)
    before = (home / "work.db").read_bytes()
    with pytest.raises(CorruptCache) as caught:
        open_store(home)
    assert caught.value.part == "work"
    assert (home / "work.db").read_bytes() == before
    assert not (home / "work.db.damaged").exists()


@pytest.mark.parametrize("part", ["work", "cache"])
def test_a_format_from_the_future_is_not_written_to(store: Store, home: Path, part: str) -> None:
    database = store._work if part == "work" else store._cache
    database.connection.pragma("user_version", 99)
    store.close()
    with pytest.raises(NewerCache):
        open_store(home)
    unlocked = db.open_file(home / f"{part}.db", KEY, "work")
    assert unlocked.connection.pragma("user_version") == 99
    unlocked.close()


# --- migrations -------------------------------------------------------------------------------------------------------

RELEASED = {
    "work": [],
    "cache": [],
}
"""SHA-256 of every migration of a released version, in order; entries are only ever added."""


def test_released_migrations_are_never_edited() -> None:
    for part, scripts in (("work", schema.WORK), ("cache", schema.CACHE)):
        found = [hashlib.sha256(script.encode()).hexdigest() for script in scripts]
        assert found[: len(RELEASED[part])] == RELEASED[part]


def test_a_migration_happens_whole_or_not_at_all(store: Store, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store.close()
    bad = (*schema.WORK, "create table extra(a); insert into extra values(1); insert into nowhere values(1)")
    monkeypatch.setattr(schema, "WORK", bad)
    with pytest.raises(CacheError):
        open_store(home)
    good = (*schema.WORK[:-1], "create table extra(a); insert into extra values(7)")
    monkeypatch.setattr(schema, "WORK", good)
    again = open_store(home)
    assert again._work.rows("select a from extra") == [(7,)]
    assert again._work.rows("select number from migration order by number") == [
        (number,) for number in range(1, len(good) + 1)
    ]
    again.close()
    copy = db.open_file(home / f"work.db.before-{len(good)}", KEY, "work")
    assert copy.connection.pragma("user_version") == len(good) - 1
    copy.close()


# --- locks, faults ----------------------------------------------------------------------------------------------------


def test_one_long_running_writer(home: Path) -> None:
    profile = Profile(home)
    other = (
        "import sys; from pathlib import Path; from imi_tui.profile import Profile\n"
        "from imi_tui.cache.storage.lock import lock_profile\n"
        "with lock_profile(Profile(Path(sys.argv[1]))): print('held')"
    )
    with lock_profile(profile):
        with pytest.raises(AlreadyRunning), lock_profile(profile):
            pass
        done = subprocess.run([sys.executable, "-c", other, str(home)], capture_output=True, text=True, check=False)
        assert "AlreadyRunning" in done.stderr
    done = subprocess.run([sys.executable, "-c", other, str(home)], capture_output=True, text=True, check=False)
    assert done.stdout == "held\n"


def test_a_file_system_without_locks_is_not_another_program(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def lockless(_descriptor: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("imi_tui.cache.storage.lock._lock", lockless)
    with pytest.raises(FilesUnusable, match="No locks available"), lock_profile(Profile(home)):
        pass


def test_reading_and_queueing_while_another_writes(
    store: Store, home: Path, pw_info: Rules, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, case(pw_info))
    monkeypatch.setattr("imi_tui.cache.storage.write_queue.BUSY_MS", 1)
    other = open_store(home)
    with store._cache.write():
        store._cache.run("insert or replace into meta values('x', 1)")
        assert len(other.window("all", "due", limit=5)) == 1
        item = other.act(DE, case_id(1), "accept", answers={"agreed_days": 5})
        assert [found.client_ref for found in other.outbox()] == [item.client_ref]
        with pytest.raises(CacheBusy):
            other.sync.set_secret("a", "b")
    put(store, case(pw_info, 2))
    row = other.row(DE, case_id(1), "to_answer", "due")
    assert row is not None
    assert row.pending == 1
    other.close()


@pytest.mark.parametrize("part", ["work", "cache"])
def test_a_full_disk_loses_nothing(store: Store, pw_info: Rules, part: str) -> None:
    put(store, case(pw_info))
    item = store.act(DE, case_id(1), "message", text="before", lang="de")
    database = store._work if part == "work" else store._cache
    pages = database.connection.pragma("page_count")
    database.connection.pragma("max_page_count", pages)

    def write(number: int) -> None:
        if part == "work":
            store.act(DE, case_id(1), "message", text="x" * 4000, lang="de")
        else:
            put(store, *(case(pw_info, number * 50 + step) for step in range(50)))

    with pytest.raises(DiskFull):
        deque(map(write, range(1000)), maxlen=0)
    database.connection.pragma("max_page_count", 1 << 30)
    assert store.outbox()[0].client_ref == item.client_ref
    assert database.rows("pragma integrity_check") == [("ok",)]
    store.act(DE, case_id(1), "message", text="after", lang="de")
    put(store, case(pw_info, 9000))


def test_the_key_is_in_no_log_and_no_error(
    home: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    open_store(home).close()
    with pytest.raises(WrongKey) as caught:
        open_store(home, key=OTHER_KEY)
    text = repr(caught.value) + str(caught.value) + caplog.text + "".join(capfd.readouterr())
    for key in (KEY, OTHER_KEY):
        assert key.hex() not in text
        assert repr(key) not in text


def test_a_profile_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("IMI_TUI_HOME", str(tmp_path / "x"))
    assert Profile.locate().work_db == tmp_path / "x" / "work.db"
    monkeypatch.delenv("IMI_TUI_HOME")
    assert Profile.locate().home.name == "imi-tui"


def test_a_new_profile_is_private_whatever_the_umask(home: Path) -> None:
    old = os.umask(0)
    try:
        open_store(home).close()
        assert {path.stat().st_mode & 0o077 for path in [home, *home.iterdir()]} == {0}
    finally:
        os.umask(old)


def test_a_secret_is_exchanged_only_for_the_one_it_was(home: Path) -> None:
    first, second = open_store(home), open_store(home)
    first.sync.set_secret("tokens", "old")
    assert not second.sync.swap_secret("tokens", "older", "new")
    assert second.sync.swap_secret("tokens", "old", "new")
    assert not first.sync.swap_secret("tokens", "old", None)
    assert first.sync.secret("tokens") == "new"
    assert first.sync.swap_secret("tokens", "new", None)
    assert second.sync.secret("tokens") is None
    assert not second.sync.swap_secret("tokens", "", "back again")
    first.close()
    second.close()


def test_a_key_that_is_not_taken_is_in_no_message() -> None:
    # In memory SQLite takes none.
    connection = apsw.Connection(":memory:")
    with pytest.raises(CacheError) as caught:
        db.unlock(connection, KEY)
    told = "".join(traceback.format_exception(caught.value))
    assert KEY.hex() not in told
    assert "SQLError" not in told
    connection.close()


@pytest.mark.parametrize("aside", [False, True])
def test_a_log_that_grew_beside_a_reader_is_short_again_when_it_begins_anew(
    home: Path, monkeypatch: pytest.MonkeyPatch, aside: bool
) -> None:
    monkeypatch.setitem(db.LOG_BYTES, "cache", 2**22)
    store = open_store(home)
    cache, log = store._cache, home / "cache.db-wal"
    if aside:
        store.checkpoint_aside()
    cache.run("create table filler(data blob)")
    reader = db._connected(str(home / "cache.db"), KEY, "cache")
    reader.execute("begin")
    reader.execute("select count(*) from filler").fetchall()
    longest, grown = db.LOG_BYTES["cache"], db.CACHE_LOG * db.CACHE_PAGE
    while log.stat().st_size <= grown:
        with cache.write():
            cache.many("insert into filler values(randomblob(?))", [(2**20,)] * 4)
    # As when its process is killed: nobody empties the log.
    reader.close()
    for _ in range(4):
        with cache.write():
            cache.run("insert into filler values(x'00')")
        cache.checkpointer.wait()
    assert log.stat().st_size <= longest
    store.close()
