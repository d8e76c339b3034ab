"""Folders and files that cannot be made, read or written: one typed error, and nothing of the officer's is touched."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path

import pytest

from imi_core.procedure import Rules
from imi_tui.cache.errors import CorruptCache, CorruptWork, DiskFull, FilesUnusable, WrongKey
from imi_tui.cache.storage.lock import lock_profile
from imi_tui.cache.storage.vault import FileVault, PassphraseVault
from imi_tui.cache.store import Store
from imi_tui.profile import Profile
from tests.tui.cache.world import DE, KEY, case, case_id, open_store, put


def test_a_folder_that_is_a_file(home: Path) -> None:
    home.write_text("")
    for use in (
        lambda: open_store(home),
        lambda: lock_profile(Profile(home)).__enter__(),
        lambda: FileVault(Profile(home), Profile(home).key_file / "below").key(),
    ):
        with pytest.raises(FilesUnusable):
            use()
    assert home.read_text() == ""


@pytest.mark.parametrize("name", ["work.db", "cache.db"])
def test_a_file_that_is_a_folder(home: Path, name: str) -> None:
    (home / name).mkdir(parents=True)
    with pytest.raises(FilesUnusable, match=name):
        open_store(home)
    assert (home / name).is_dir()


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_folder_that_is_read_only(home: Path) -> None:
    home.mkdir(mode=0o500)
    with pytest.raises(FilesUnusable):
        FileVault(Profile(home), Profile(home).key_file).key()
    with pytest.raises(FilesUnusable):
        open_store(home)


def test_the_systems_errors_are_told_apart() -> None:
    assert isinstance(FilesUnusable.of(OSError(28, "No space left on device"), "key"), DiskFull)
    assert "Read-only" in FilesUnusable.of(OSError(30, "Read-only file system"), "key").message


@pytest.mark.parametrize("at", [60, 5000, 9000, 20000])
def test_a_damaged_work_file_is_named_as_what_it_is(store: Store, home: Path, pw_info: Rules, at: int) -> None:
    put(store, case(pw_info))
    for _ in range(30):
        store.act(DE, case_id(1), "message", text="x" * 2000, lang="de")
    store._work.run("pragma wal_checkpoint(truncate)")
    store.close()
    data = bytearray((home / "work.db").read_bytes())
    data[at] ^= 1
    (home / "work.db").write_bytes(data)

    def use() -> None:
        other = open_store(home)
        try:
            other.outbox()
            other._work.rows("pragma integrity_check")
            other._work.rows("select * from outbox, touched, meta")
        finally:
            other.close()

    with pytest.raises(CorruptWork) as found:
        use()
    assert isinstance(found.value, CorruptCache)
    assert found.value.code == "corruptWork"
    assert (home / "work.db").read_bytes() == data


def test_only_a_wrong_key_takes_a_new_work_file_away(home: Path) -> None:
    (home / "cache.db").mkdir(parents=True)
    with pytest.raises(FilesUnusable):
        open_store(home)
    # Another process that starts at the same time may already keep a draft in it.
    assert (home / "work.db").exists()
    (home / "cache.db").rmdir()
    open_store(home).close()
    for path in home.glob("work.db*"):
        path.unlink()
    with pytest.raises(WrongKey):
        open_store(home, key=bytes(32))
    assert list(home.glob("work.db*")) == []
    open_store(home, key=KEY).close()


def _first_key(home: str, barrier: object, out: object) -> None:
    profile = Profile(Path(home))
    barrier.wait()  # type: ignore[attr-defined]
    out.put(FileVault(profile, profile.key_file).key())  # type: ignore[attr-defined]


def test_processes_that_start_at_once_agree_on_one_key(home: Path) -> None:
    context = multiprocessing.get_context("fork")
    for _ in range(10):
        barrier, out = context.Barrier(4), context.Queue()
        processes = [context.Process(target=_first_key, args=(str(home), barrier, out)) for _ in range(4)]
        for process in processes:
            process.start()
        keys = {out.get(timeout=20) for _ in processes}
        for process in processes:
            process.join()
        assert len(keys) == 1
        assert [path.name for path in home.iterdir()] == ["key"]
        (home / "key").unlink()


def test_a_passphrase_chosen_twice_at_once_opens_the_first(home: Path) -> None:
    profile = Profile(home)

    def second(question: str) -> str:
        if question == "again":
            made.append(PassphraseVault(profile, lambda _: "the first").key())
        return {"open": "the first"}.get(question, "the second")

    made: list[bytes] = []
    assert PassphraseVault(profile, second).key() == made[0]
