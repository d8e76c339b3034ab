"""Backups that count, putting one back, and what the verifier finds; all on real files."""

from __future__ import annotations

import csv
import datetime as dt
import os
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from imi_central.cli import main
from imi_central.jobs import backup
from imi_central.store import Store, Wanted
from imi_central.store.errors import BackupRefused
from imi_core.case import Attachment, Text
from tests.central.world import LYON, ROSENHEIM, Caller, Clock, accept, act, ref, send

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def data(tmp_path: Path, template: Path) -> Path:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "central.db").write_bytes(template.read_bytes())
    return tmp_path / "data"


@pytest.fixture
def open_(data: Path, clock: Clock) -> Iterator[Callable[[], Store]]:
    opened: list[Store] = []

    def go() -> Store:
        opened.append(Store.open(f"sqlite:///{data}/central.db", now=clock))
        return opened[-1]

    yield go
    for each in opened:
        each.close()


@pytest.fixture
def run(data: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def go(*arguments: str) -> tuple[int, str, str]:
        code = main([*arguments, "--data", str(data)])
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return go


def safe(store: Store) -> dict[str, int]:
    with store.view("lyon") as view:
        return view.safe_seqs()


def test_a_backup_of_a_database_in_use_moves_what_is_safe(run: Run, open_: Callable[[], Store], tmp_path: Path) -> None:
    store = open_()
    accept(store, send(store).case_id)
    assert safe(store)[LYON] == 0
    code, out, err = run("backup", str(tmp_path / "night.db"))
    assert (code, err) == (0, "")
    assert "night.db" in out
    assert safe(store)[LYON] == store.heads()[LYON] > 0
    send(store)
    assert safe(store)[LYON] < store.heads()[LYON]
    assert [each.name for each in tmp_path.glob("night*")] == ["night.db"], "nothing is left beside it"
    assert (tmp_path / "night.db").stat().st_mode & 0o077 == 0
    assert run("backup", str(tmp_path / "night.db"))[0] == 4, "a backup is never overwritten"
    (tmp_path / "folder").mkdir()
    assert run("backup", str(tmp_path / "folder"))[0] == 0
    assert len(list((tmp_path / "folder").glob("imi-central-*Z.db"))) == 1


DAMAGE = {
    "log": f"update change set kind = 'destroyed' where account = '{LYON}' and seq = 1",
    "cut log": f"delete from change where account = '{ROSENHEIM}' and seq ="
    f" (select seq from account where id = '{ROSENHEIM}')",
    "case": "update entries set data = cast(replace(cast(data as text), 'Alpbau', 'Alpbao') as blob) where version = 1",
    "no case": "update cases set data = x'7b00'",
    "no entry": "update entries set data = x'00' where version = 2",
    "lost entry": "delete from entries where version = 2",
    "file": "update blob set data = x'00'",
}


@pytest.mark.parametrize("what", DAMAGE)
def test_what_does_not_verify_is_named_and_is_no_backup(
    run: Run, open_: Callable[[], Store], data: Path, tmp_path: Path, what: str
) -> None:
    store = open_()
    case = send(store).case_id
    accept(store, case)
    store.put_blob("lyon", LYON, "text/plain", b"a file")
    assert run("verify")[0] == 0
    with closing(sqlite3.connect(data / "central.db")) as conn, conn:
        assert conn.execute(DAMAGE[what]).rowcount > 0
    code, out, err = run("verify")
    assert code == 4
    assert {"log": "change 1", "cut log": ROSENHEIM, "file": "the bytes of file"}.get(what, case) in out
    assert "1 things do not verify" in err
    code, _, err = run("backup", str(tmp_path / "night.db"))
    assert code == 4
    assert "do not verify" in err
    assert not list(tmp_path.glob("night*"))
    assert safe(store)[LYON] == 0


def test_a_backup_is_put_back_with_a_new_epoch(
    run: Run, open_: Callable[[], Store], data: Path, tmp_path: Path
) -> None:
    store = open_()
    kept = send(store, subject="Kept").case_id
    run("backup", str(tmp_path / "night.db"))
    lost = send(store, subject="Lost").case_id
    server, epoch = store.identity()
    code, _, err = run("restore", str(tmp_path / "night.db"), "--replace")
    assert (code, "in use" in err) == (4, True)
    store.close()
    code, _, err = run("restore", str(tmp_path / "night.db"))
    assert (code, "--replace" in err) == (4, True)
    code, out, _ = run("restore", str(tmp_path / "night.db"), "--replace")
    assert code == 0
    assert "central.db.replaced-1" in out
    restored = open_()
    with restored.view("lyon") as view:
        assert [case.id for case in view.cases(LYON, None, 10)] == [kept]
    assert restored.identity()[0] == server
    assert restored.identity()[1] != epoch
    assert safe(restored)[LYON] == restored.heads()[LYON]
    replaced = Store.open(f"sqlite:///{data}/central.db.replaced-1")
    with replaced.view("lyon") as view:
        assert {case.id for case in view.cases(LYON, None, 10)} == {kept, lost}
    replaced.close()


def test_no_session_comes_back_to_life(run: Run, open_: Callable[[], Store], tmp_path: Path) -> None:
    import datetime as dt

    from imi_central.store.identity import Sessions

    store = open_()
    Sessions(store).script_token("lyon", "a token", dt.timedelta(minutes=60))
    run("backup", str(tmp_path / "night.db"))
    assert Sessions(store).bearer("a token") is not None
    store.close()
    run("restore", str(tmp_path / "night.db"), "--replace")
    assert Sessions(open_()).bearer("a token") is None


def test_a_damaged_or_strange_file_is_not_restored(
    run: Run, open_: Callable[[], Store], data: Path, tmp_path: Path
) -> None:
    store = open_()
    for number in range(20):
        send(store, subject=f"Case {number}")
    run("backup", str(tmp_path / "night.db"))
    store.close()
    whole = (tmp_path / "night.db").read_bytes()
    before = (data / "central.db").read_bytes()
    for name, content in {
        "torn.db": whole[: len(whole) // 2 // 4096 * 4096],
        "flipped.db": whole[:20_000] + bytes(4096) + whole[24_096:],
        "text.db": b"no database at all",
    }.items():
        (tmp_path / name).write_bytes(content)
        assert run("restore", str(tmp_path / name), "--replace")[0] == 4
        assert (data / "central.db").read_bytes() == before
    assert run("restore", str(tmp_path / "missing.db"), "--replace")[0] == 4
    assert not list(data.glob("*restoring*"))


def test_another_databases_copy_makes_nothing_safe(open_: Callable[[], Store], data: Path, tmp_path: Path) -> None:
    store = open_()
    send(store)
    other = tmp_path / "other"
    other.mkdir()
    strange = Store.open(f"sqlite:///{other}/central.db")
    with pytest.raises(BackupRefused):
        strange.backed_up(store.copied_heads())
    strange.close()
    assert backup.make(store, f"sqlite:///{data}/central.db", other).is_file()


def test_the_daily_jobs_back_up_where_the_setting_says(run: Run, open_: Callable[[], Store], tmp_path: Path) -> None:
    store = open_()
    send(store)
    (tmp_path / "backups").mkdir()
    code, out, _ = run("jobs", "run", "--backups", str(tmp_path / "backups"))
    assert code == 0
    assert "Backed up to" in out
    assert safe(store)[LYON] > 0


@pytest.mark.parametrize("what", ["overwritten", "torn"])
def test_a_backup_takes_the_place_of_a_damaged_database(
    run: Run, open_: Callable[[], Store], data: Path, tmp_path: Path, what: str
) -> None:
    store = open_()
    case = send(store).case_id
    run("backup", str(tmp_path / "night.db"))
    store.close()
    path = data / "central.db"
    damaged = b"garbage" * 1000 if what == "overwritten" else path.read_bytes()[:5000]
    path.write_bytes(damaged)
    code, _, err = run("restore", str(tmp_path / "night.db"), "--replace")
    assert (code, err) == (0, "")
    assert (data / "central.db.replaced-1").read_bytes() == damaged
    with open_().view("lyon") as view:
        assert [each.id for each in view.cases(LYON, None, 10)] == [case]


def test_what_a_lost_database_left_beside_it_does_not_get_into_the_backup(
    run: Run, open_: Callable[[], Store], data: Path, tmp_path: Path
) -> None:
    store = open_()
    kept = send(store, subject="Kept").case_id
    run("backup", str(tmp_path / "night.db"))
    send(store, subject="Lost")
    left = (data / "central.db-wal").read_bytes()
    assert left
    store.close()
    (data / "central.db").unlink()
    (data / "central.db-wal").write_bytes(left)
    assert run("restore", str(tmp_path / "night.db"))[0] == 0
    assert (data / "central.db.replaced-1-wal").read_bytes() == left
    assert run("verify")[0] == 0
    with open_().view("lyon") as view:
        assert [each.id for each in view.cases(LYON, None, 10)] == [kept]


def test_a_full_disk_is_said_and_leaves_nothing(open_: Callable[[], Store], data: Path, tmp_path: Path) -> None:
    store = open_()
    send(store)
    store.close()
    command = [sys.executable, "-m", "imi_central.cli", "backup", str(tmp_path / "night.db"), "--data", str(data)]

    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    done = subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=small)
    assert done.returncode == 4
    assert "cannot be copied to" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.glob("night*"))


def test_what_is_safe_is_never_taken_back(open_: Callable[[], Store]) -> None:
    store = open_()
    send(store)
    older = store.copied_heads()
    send(store)
    store.backed_up(store.copied_heads())
    newest = safe(store)
    store.backed_up(older)
    assert safe(store) == newest


def test_a_folder_for_backups_that_is_not_there_is_said(run: Run, open_: Callable[[], Store], tmp_path: Path) -> None:
    open_()
    code, out, err = run("jobs", "run", "--backups", str(tmp_path / "away"))
    assert code == 4
    assert "is no folder" in err
    assert "Blocked 0 cases" in out, "what was done is told all the same"
    assert not (tmp_path / "away").exists()


def test_who_has_seen_enough_of_the_audit_trail_ends_it(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w", buffering=1) as out:
        monkeypatch.setattr(sys, "stdout", out)
        assert main(["audit", "--data", str(data)]) == 0


def test_the_audit_trail_is_read_by_case_officer_and_day(
    run: Run, open_: Callable[[], Store], clock: Clock, tmp_path: Path
) -> None:
    store = open_()
    caller = Caller(store)
    file = store.put_blob("lyon", LYON, "text/plain", b"a file").id
    attached = (Attachment(blob_id=file, name="file.txt", size=0, sha256=""),)
    case_id, other = send(store).case_id, send(store).case_id
    act(store, "lyon", LYON, case_id, "message", text=Text(lang="en", text="Here."), attachments=attached)
    clock.at += dt.timedelta(days=1)
    accept(store, case_id)
    store.assign("both", ROSENHEIM, Wanted(ref(), case_id, "both"))
    assert caller.http("both", "GET", f"/jmap/download/{ROSENHEIM}/{file}/file.txt").status_code == 200
    [case] = caller.call("lyon", "Case/get", accountId=LYON, ids=[case_id])["list"]

    def found(*arguments: str) -> list[list[str]]:
        code, out, err = run("audit", *arguments)
        assert (code, err) == (0, "")
        head, *rows = csv.reader(out.splitlines())
        assert head == ["at", "who", "desk", "action", "object_id"]
        return rows

    steps = [["lyon", "upload"], ["lyon", "send"], ["lyon", "message"], ["rosenheim", "accept"]]
    steps += [["both", "assign"], ["both", "download"]]
    for name in (case_id, case["reference"]):
        assert [[who, action] for _, who, _, action, _ in found("--case", name)] == steps
    assert [row[3] for row in found("--case", other)] == ["send"]
    assert [row[3] for row in found("--officer", "BOTH", "--since", "2026-03-03")] == ["assign", "download"]
    assert found("--before", "2026-03-02") == []
    assert found("--case", "PW-00-000000") == []
    code, _, err = run("audit", "--since", "yesterday")
    assert code == 4
    assert "like 2026-03-02" in err
