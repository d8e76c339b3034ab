"""What the log of `work.db` loses without a word is noticed; what a crash cut off honestly is none of that (F20)."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from imi_tui.cache.errors import CorruptWork
from imi_tui.cache.outbox.draft import Draft
from imi_tui.cache.outbox.rescue import rescue
from imi_tui.cache.storage.wal_mark import mark_of, noted
from imi_tui.cache.store import Store
from imi_tui.profile import Profile

KEY = bytes(range(32))
MANY = 20


def write(store: Store, number: int) -> None:
    store.save_draft(Draft(id=f"d{number:02}", desk="x", procedure="p", action="send", text="t" * 200))


def left_by_a_kill(tmp_path: Path, drafts: int = MANY) -> Profile:
    """The files as they are while the program runs, which is how `kill -9` leaves them."""
    if (tmp_path / f"left{drafts}").exists():
        return Profile(tmp_path / f"left{drafts}")
    running = Profile(tmp_path / f"running{drafts}")
    store = Store.open(running, KEY)
    for number in range(drafts):
        write(store, number)
    left = copied(running, tmp_path / f"left{drafts}")
    store.close()
    assert log_of(left).stat().st_size > 10_000
    return left


def copied(profile: Profile, home: Path) -> Profile:
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(profile.home, home)
    for file in home.glob("*-shm"):
        file.unlink()
    return Profile(home)


def log_of(profile: Profile) -> Path:
    return profile.work_db.with_name("work.db-wal")


def drafts_of(profile: Profile) -> int:
    store = Store.open(profile, KEY)
    try:
        return len(store.drafts())
    finally:
        store.close()


def test_a_flipped_bit_in_the_log_loses_nothing_without_a_word(tmp_path: Path) -> None:
    rng = random.Random(1)
    noticed = 0
    for drafts in [MANY + number % 8 for number in range(40)]:
        left = left_by_a_kill(tmp_path, drafts)
        content = log_of(left).read_bytes()
        profile = copied(left, tmp_path / "flipped")
        changed = bytearray(content)
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
        log_of(profile).write_bytes(changed)
        try:
            assert drafts_of(profile) == drafts
        except CorruptWork:
            noticed += 1
            with pytest.raises(CorruptWork):
                drafts_of(profile)
            found = rescue(profile, KEY)
            assert found["damaged"]
            assert 0 < len(found["drafts"]) <= drafts
    assert noticed > 0


def test_a_log_that_is_gone_is_noticed(tmp_path: Path) -> None:
    noticed = 0
    for drafts in range(MANY, MANY + 5):
        left = left_by_a_kill(tmp_path, drafts)
        log_of(left).unlink()
        try:
            assert drafts_of(left) == drafts, "all was in the file already"
        except CorruptWork:
            noticed += 1
    assert noticed


def test_a_log_cut_off_by_a_crash_opens(tmp_path: Path) -> None:
    """Wherever the next commit was cut off, and whether or not it came to be noted."""
    running = Profile(tmp_path / "running")
    store = Store.open(running, KEY)
    for number in range(3):
        write(store, number)
    before = copied(running, tmp_path / "before")
    write(store, 3)
    after = copied(running, tmp_path / "after")
    store.close()
    log, size = log_of(after).read_bytes(), log_of(before).stat().st_size
    assert len(log) > size + 4000, "the next commit lies behind the last one"
    opened = set()
    for cut in [*range(size, len(log), 997), len(log) - 1, len(log)]:
        profile = copied(before, tmp_path / "cut")
        log_of(profile).write_bytes(log[:cut])
        opened.add(drafts_of(profile))
    assert opened == {3, 4}


def test_a_note_that_is_missing_old_unreadable_or_of_another_file_is_no_harm(tmp_path: Path) -> None:
    left, few = left_by_a_kill(tmp_path), left_by_a_kill(tmp_path, 5)
    note = mark_of(left.work_db)
    sound = note.read_bytes()
    for content in (b"", sound[:-1], bytes([sound[0] ^ 1]) + sound[1:], mark_of(few.work_db).read_bytes()):
        note.write_bytes(content)
        assert drafts_of(copied(left, tmp_path / "other")) == MANY
    note.unlink()
    assert drafts_of(copied(left, tmp_path / "other")) == MANY


def test_only_what_changed_something_counts(tmp_path: Path) -> None:
    profile = Profile(tmp_path)
    store = Store.open(profile, KEY)
    write(store, 1)
    first = noted(profile.work_db)
    assert first is not None
    store.sync.recover()
    assert noted(profile.work_db) == first
    store.delete_draft("d01")
    assert noted(profile.work_db) == first._replace(commits=first.commits + 1)
    assert mark_of(profile.work_db).stat().st_mode & 0o777 == 0o600
    store.close()


def test_the_first_that_was_ever_written_is_missed_too(tmp_path: Path) -> None:
    left = left_by_a_kill(tmp_path, 3)
    log_of(left).unlink()
    with pytest.raises(CorruptWork):
        drafts_of(left)


def test_an_old_log_over_a_newer_file_hides_nothing_from_the_export(tmp_path: Path) -> None:
    running = Profile(tmp_path / "running")
    store = Store.open(running, KEY)
    for number in range(5):
        write(store, number)
    old = log_of(running).read_bytes()
    for number in range(5, MANY):
        write(store, number)
    store._work.run("pragma wal_checkpoint(truncate)")
    left = copied(running, tmp_path / "left")
    store.close()
    log_of(left).write_bytes(old)

    def files() -> dict[str, bytes]:
        return {file.name: file.read_bytes() for file in left.home.iterdir() if not file.name.endswith("-shm")}

    before = files()
    with pytest.raises(CorruptWork):
        drafts_of(left)
    found = rescue(left, KEY)
    assert sorted(draft["id"] for draft in found["drafts"]) == [f"d{number:02}" for number in range(MANY)]
    assert found["damaged"]
    assert files() == before, "nothing is changed, and no copy stays"


def test_all_but_the_rows_of_a_damaged_page_is_read(tmp_path: Path) -> None:
    profile = Profile(tmp_path)
    store = Store.open(profile, KEY)
    many = 200
    for number in range(many):
        store.save_draft(Draft(id=f"d{number:03}", desk="x", procedure="p", action="send", text="t" * 500))
    store._work.run("pragma wal_checkpoint(truncate)")
    # Bytes of the list of tables: it grows with them, and half a page of it may be empty.
    listed = store._work.one("select sum(length(sql) + length(name) + length(tbl_name) + 20) from sqlite_schema")[0]
    store.close()
    content = bytearray(profile.work_db.read_bytes())
    sound = {f"d{number:03}" for number in range(many)}
    least, nothing = many, 0
    for page in range(1, len(content) // 4096):
        changed = bytearray(content)
        changed[page * 4096 + 2000] ^= 1
        profile.work_db.write_bytes(changed)
        try:
            found = {draft["id"] for draft in rescue(profile, KEY)["drafts"]}
        except CorruptWork:
            nothing += 1
            continue
        assert found <= sound
        least = min(least, len(found))
    assert many // 2 < least < many
    assert nothing <= listed // (4096 // 2) + 1, "only without the list of tables nothing can be read"
