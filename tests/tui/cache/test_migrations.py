"""Killed at every statement of a migration, a file is as it was or as it shall be; what was written can be read out."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from imi_core.procedure import Rules
from imi_tui import problems
from imi_tui.cache.errors import DiskFull, NewerCache, NotUpdated
from imi_tui.cache.outbox.draft import Draft
from imi_tui.cache.outbox.rescue import rescue
from imi_tui.cache.storage import db, migrations, schema
from imi_tui.cache.store import Store
from imi_tui.profile import Profile
from tests.effort import tries
from tests.tui.cache.world import DE, KEY, case, case_id, open_store, put


def killed(path: Path, statement: int) -> int:
    """A process that migrates the file and dies before this statement; its exit code, 0 where there are fewer."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    try:
        work = db.open_file(path, KEY, "work")
        left = itertools.count(statement, -1)
        work.connection.exec_trace = lambda *_: True if next(left) > 0 else os._exit(9)
        migrations.migrate(work, schema.WORK, "2026-01-01T00:00:00+00:00")
        os._exit(0)
    finally:
        os._exit(1)


def filled(path: Path, version: int) -> list[tuple[object, ...]]:
    """`work.db` as an earlier version left it, with a row in every table; what the outbox holds."""
    work = db.open_file(path, KEY, "work")
    migrations.migrate(work, schema.WORK[:version], "2025-01-01T00:00:00+00:00")
    with work.write():
        work.run(
            "insert into outbox(client_ref, officer, desk, case_id, procedure, action, payload, digest, state,"
            " queued_at) values('r1', 'o', 'd', 'c', '', 'accept', '{\"a\":1}', 'x', 'queued', '2026-01-01T00:00:00Z')"
        )
        work.run("insert into draft(id, saved_at, wire) values('d1', '2026-01-01', '{\"id\":\"d1\"}')")
    rows = work.rows("select * from outbox")
    work.close()
    return rows


def state(path: Path) -> tuple[int, list[tuple[object, ...]], list[tuple[str, str]]]:
    work = db.open_file(path, KEY, "work")
    found = (
        work.one("pragma user_version")[0],
        work.rows("select * from outbox"),
        work.rows("select name, sql from sqlite_master order by name"),
    )
    assert work.rows("pragma integrity_check") == [("ok",)]
    work.close()
    return found


@contextmanager
def db_without_checkpoint(path: Path) -> Iterator[None]:
    """Another client has the file open: its log stays."""
    other = db.open_file(path, KEY, "work")
    other.run("pragma user_version")
    with other.write():
        other.run("insert into meta values('held', 1)")
    try:
        yield
    finally:
        other.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a process is killed in the middle")
@pytest.mark.parametrize("version", tries((1, len(schema.WORK) - 1), range(1, len(schema.WORK))))
def test_a_migration_killed_at_any_statement_is_whole_or_undone(version: int, tmp_path: Path) -> None:
    filled(tmp_path / "before.db", version)
    before = state(tmp_path / "before.db")
    filled(tmp_path / "goal.db", version)
    goal = db.open_file(tmp_path / "goal.db", KEY, "work")
    migrations.migrate(goal, schema.WORK, "2026-01-01T00:00:00+00:00")
    goal.close()
    after = state(tmp_path / "goal.db")
    assert after[0] > before[0]
    seen = set()
    for statement in range(60):
        path = Path(shutil.copy(tmp_path / "before.db", tmp_path / f"{statement}.db"))
        code = killed(path, statement)
        found = state(path)
        assert found in (before, after), "several migrations are one step"
        seen.add(found[0])
        work = db.open_file(path, KEY, "work")
        migrations.migrate(work, schema.WORK, "2026-01-01T00:00:00+00:00")
        work.close()
        assert state(path) == after
        if code == 0:
            break
    else:
        raise AssertionError("the migration has more statements than were tried")
    assert seen == {before[0], after[0]}


def test_a_later_migration_that_fails_undoes_the_earlier_and_the_sentence_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o700)
    filled(tmp_path / "work.db", 1)
    before = state(tmp_path / "work.db")
    monkeypatch.setattr(schema, "WORK", (*schema.WORK, "create table three(a)", "insert into nowhere values(1)"))
    for _start in range(2):
        with pytest.raises(NotUpdated) as found:
            open_store(tmp_path)
        assert state(tmp_path / "work.db") == before, "the version before can go on with it"
    assert "imi-tui outbox --export FILE" in problems.sentence(found.value.code)
    found_again = rescue(Profile(tmp_path), KEY)
    assert found_again["drafts"] == [{"id": "d1"}]
    assert [(item["clientRef"], item["serverAt"]) for item in found_again["outbox"]] == [("r1", "")]


def test_a_disk_that_is_full_while_tables_change_is_said_to_be_full(tmp_path: Path) -> None:
    filled(tmp_path / "work.db", 1)
    work = db.open_file(tmp_path / "work.db", KEY, "work")
    work.run(f"pragma max_page_count = {work.one('pragma page_count')[0]}")
    with pytest.raises(DiskFull):
        migrations.migrate(work, schema.WORK, "2026-01-01T00:00:00+00:00")
    assert work.one("pragma user_version") == (1,)
    work.close()


def test_the_copy_goes_once_the_new_tables_have_opened_well_again(home: Path) -> None:
    home.mkdir(mode=0o700)
    filled(home / "work.db", 1)

    def copies() -> list[Path]:
        return sorted(home.glob("work.db.before-*"))

    with db_without_checkpoint(home / "work.db"):
        open_store(home).close()
        assert copies() == [home / "work.db.before-2", home / "work.db.before-2-wal"]
        assert {copy.stat().st_mode & 0o777 for copy in copies()} == {0o600}
    open_store(home).close()
    assert copies() == []


def test_what_was_written_can_be_read_out_of_a_newer_file(store: Store, home: Path, pw_info: Rules) -> None:
    put(store, case(pw_info))
    item = store.act(DE, case_id(1), "accept", answers={"agreed_days": 5})
    draft = Draft(id="d", desk=DE, procedure="", action="message", case_id=case_id(1), text="Ein Entwurf")
    store.save_draft(draft)
    store.close()
    newer = db.open_file(home / "work.db", KEY, "work")
    newer.run("alter table outbox add column flavour text not null default 'new'; pragma user_version = 99")
    newer.close()
    with pytest.raises(NewerCache):
        open_store(home)
    before = (home / "work.db").read_bytes()
    found = rescue(Profile(home), KEY)
    assert [(each["clientRef"], each["payload"]["answers"]) for each in found["outbox"]] == [
        (item.client_ref, {"agreed_days": 5})
    ]
    assert [each["text"] for each in found["drafts"]] == ["Ein Entwurf"]
    assert (home / "work.db").read_bytes() == before


def test_what_was_written_can_be_read_out_of_an_old_file(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    filled(tmp_path / "work.db", 1)
    found = rescue(Profile(tmp_path), KEY)
    assert [each["payload"] for each in found["outbox"]] == [{"a": 1}]
    assert found["drafts"] == [{"id": "d1"}]


def test_nothing_there_is_nothing_written(tmp_path: Path) -> None:
    assert rescue(Profile(tmp_path), KEY) == {"outbox": [], "drafts": []}
    assert not any(tmp_path.iterdir())


def test_a_cache_of_other_tables_is_begun_anew_and_the_outbox_stays(
    store: Store, home: Path, pw_info: Rules, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, case(pw_info))
    item = store.act(DE, case_id(1), "accept", answers={"agreed_days": 5})
    store.close()
    same = open_store(home)
    assert same.row(DE, case_id(1), "all", "due") is not None
    same.close()
    other = (schema.CACHE[0] + "create table later(a);", *schema.CACHE[1:])
    monkeypatch.setattr(schema, "CACHE", other)
    monkeypatch.setattr(schema, "DIGEST", "another")
    again = open_store(home)
    assert again.row(DE, case_id(1), "all", "due") is None
    assert again._cache.rows("select * from later") == []
    assert [found.client_ref for found in again.outbox()] == [item.client_ref]
    again.close()
    open_store(home).close()


def test_a_program_that_is_too_old_leaves_no_copy_of_what_it_may_not_touch(tmp_path: Path) -> None:
    filled(tmp_path / "work.db", len(schema.WORK))
    work = db.open_file(tmp_path / "work.db", KEY, "work")
    with pytest.raises(NewerCache):
        migrations.migrate(work, schema.WORK[:-1], "2026-01-01T00:00:00+00:00")
    work.close()
    assert [path.name for path in tmp_path.iterdir() if "before" in path.name] == []


def test_a_draft_that_is_damaged_past_reading_keeps_no_other_from_being_read_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o700)
    filled(tmp_path / "work.db", len(schema.WORK))
    work = db.open_file(tmp_path / "work.db", KEY, "work")
    with work.write():
        work.run("insert into draft(id, saved_at, wire) values('d2', '2026-01-02', '{\"id\":')")
    work.close()
    whole = rescue(Profile(tmp_path), KEY)["drafts"]
    assert whole == [{"id": "d1"}, '{"id":']
    monkeypatch.setattr(db.Database, "is_behind", lambda *_: True)
    monkeypatch.setattr("imi_tui.cache.outbox.rescue.noted", lambda _path: True)
    found = rescue(Profile(tmp_path), KEY)
    assert found["damaged"]
    assert found["drafts"] == whole
