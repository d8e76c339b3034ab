"""Blocking, erasure, the idle flag, orphaned files and forgotten changes."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa

from imi_central.jobs import retention
from imi_central.store import Store
from imi_central.store.tables import cases
from imi_core import seal
from imi_core.case import Attachment, Entry, Text
from tests.central.replica import Replica, assert_same, force
from tests.central.world import LYON, REQUEST, ROSENHEIM, Caller, Clock, accept, act, ref, send

MARKER = "Zzyzx-Marker"


@pytest.fixture
def closed(store: Store) -> Entry:
    """A closed case full of markers, with a file."""
    blob = store.put_blob("lyon", LYON, "text/plain", f"{MARKER} in a file".encode())
    file = Attachment(blob_id=blob.id, name=f"{MARKER}.txt", size=0, sha256="")
    answers = {**REQUEST, "subject": f"{MARKER} subject", "workers": f"{MARKER} worker"}
    given = Entry(
        action="send", procedure="pw.info", target=ROSENHEIM, answers=answers, attachments=(file,), client_ref=ref()
    )
    sent = store.commit_entry("lyon", LYON, given).entry
    accept(store, sent.case_id)
    reply = {"EST-01": "yes", "POS-04": f"{MARKER} answer"}
    act(store, "rosenheim", ROSENHEIM, sent.case_id, "reply", answers=reply)
    act(store, "lyon", LYON, sent.case_id, "close")
    return sent


def everything(store: Store) -> bytes:
    """Every byte of the database as it lies on the disk; on PostgreSQL every byte of every row that is there."""
    if store._writer.dialect.name == "postgresql":
        with store.reading() as conn:
            tables = sa.inspect(conn).get_table_names()
            return b"".join(
                bytes(value) if isinstance(value, bytes) else str(value).encode()
                for table in tables
                for row in conn.execute(sa.text(f'select * from "{table}"'))
                for value in row
            )
    path = Path(str(store._writer.url.database))
    return b"".join(each.read_bytes() for each in path.parent.glob(path.name + "*"))


def test_a_closed_case_is_blocked_after_six_months(store: Store, caller: Caller, clock: Clock, closed: Entry) -> None:
    replica = Replica(caller, "rosenheim", ROSENHEIM).sync()
    clock.at += dt.timedelta(days=180)
    assert retention.run(store).blocked == 0
    clock.at += dt.timedelta(days=10)
    assert retention.run(store).blocked == 1
    assert_same(store, replica.sync())
    assert replica.cases == replica.entries == {}
    assert replica.last["Case"]["destroyed"] == [closed.case_id]
    assert MARKER.encode() in everything(store), "blocked is kept for administrators"
    assert retention.run(store).blocked == 0


def test_a_damaged_case_keeps_no_other_from_being_blocked(store: Store, clock: Clock) -> None:
    """Those that are longest overdue come first: it would stand in the way of all others every day."""
    damaged, sound = (send(store).case_id for _ in range(2))
    for case_id in (damaged, sound):
        act(store, "lyon", LYON, case_id, "withdraw", text=Text(lang="en", text="No longer needed."))
    clock.at += dt.timedelta(days=190)
    with store.writing() as conn:
        conn.execute(sa.update(cases).where(cases.c.id == damaged).values(data=b"{"))
    done = retention.run(store)
    assert (done.blocked, done.left) == (1, (damaged,))
    assert retention.run(store).left == (damaged,)


def test_after_three_years_the_content_is_gone_and_the_chain_holds(
    store: Store, caller: Caller, clock: Clock, closed: Entry
) -> None:
    replica = Replica(caller, "lyon", LYON).sync()
    assert MARKER.encode() in everything(store)
    clock.at += dt.timedelta(days=365 * 3 + 30)
    report = retention.run(store)
    assert (report.erased, report.blocked) == (1, 0)
    assert MARKER.encode() not in everything(store)
    assert b"Secret" not in everything(store)
    assert replica.sync().cases == {}
    assert caller.call("lyon", "Case/digest", accountId=LYON)["buckets"] == {}
    with store.reading() as conn:
        rows = conn.scalars(sa.text("select data from entries order by version")).all()
        held = [msgspec.json.decode(row, type=Entry) for row in rows]
        head = conn.scalar(sa.text("select data from cases"))
    assert [entry.salt for entry in held] == [""] * 4
    assert seal.verify(held) == msgspec.json.decode(head)["head"]
    assert store.verify() == {}
    assert retention.run(store) == retention.Report(0, 0, 0, 0, 0)


def test_a_blocked_case_is_erased_in_its_time(store: Store, clock: Clock, closed: Entry) -> None:
    clock.at += dt.timedelta(days=200)
    assert retention.run(store).blocked == 1
    clock.at += dt.timedelta(days=365 * 3)
    assert retention.run(store).erased == 1
    assert MARKER.encode() not in everything(store)


def test_erasing_a_case_tells_a_client_that_kept_up(store: Store, caller: Caller, clock: Clock, closed: Entry) -> None:
    replica = Replica(caller, "lyon", LYON).sync()
    force(store, closed.case_id, "erase")
    assert_same(store, replica.sync())
    assert replica.cases == {}


def test_a_repeat_of_an_erased_entry_is_still_a_repeat(store: Store, clock: Clock) -> None:
    given = Entry(action="send", procedure="pw.info", target=ROSENHEIM, answers=REQUEST, client_ref=ref())
    first = store.commit_entry("lyon", LYON, given)
    force(store, first.entry.case_id, "erase")
    again = store.commit_entry("lyon", LYON, given)
    assert (again.entry.id, again.repeated) == (first.entry.id, True)


def test_a_file_that_another_case_carries_too_stays(store: Store, caller: Caller, closed: Entry) -> None:
    [file] = closed.attachments
    given = Entry(
        action="send",
        procedure="pw.info",
        target=ROSENHEIM,
        answers=REQUEST,
        attachments=(Attachment(blob_id=file.blob_id, name="b.txt", size=0, sha256=""),),
        client_ref=ref(),
    )
    store.commit_entry("lyon", LYON, given)
    path = f"/jmap/download/{LYON}/{file.blob_id}/a.txt"
    force(store, closed.case_id, "erase")
    assert caller.http("lyon", "GET", path).status_code == 200


def test_a_case_without_activity_is_flagged_after_two_months(store: Store, caller: Caller, clock: Clock) -> None:
    case_id = send(store).case_id
    replica = Replica(caller, "lyon", LYON).sync()
    clock.at += dt.timedelta(days=58)
    assert retention.run(store).idle == 0
    clock.at += dt.timedelta(days=4)
    assert retention.run(store).idle == 1
    assert retention.run(store).idle == 0
    replica.page()
    assert replica.last["Case"]["updated"] == [case_id]
    assert replica.last["Entry"]["changed"] == []
    assert replica.cases[case_id]["idle"] is True
    assert replica.cases[case_id]["version"] == 2, "digests have to differ"
    accept(store, case_id)
    assert "idle" not in Replica(caller, "lyon", LYON).sync().cases[case_id]
    clock.at += dt.timedelta(days=62)
    assert retention.run(store).idle == 1


def test_closed_cases_are_never_idle(store: Store, clock: Clock, closed: Entry) -> None:
    clock.at += dt.timedelta(days=100)
    assert retention.run(store).idle == 0


def test_files_nobody_sent_go_after_a_day(store: Store, clock: Clock, closed: Entry) -> None:
    store.put_blob("lyon", LYON, "text/plain", b"orphan of a draft")
    clock.at += dt.timedelta(hours=23)
    assert retention.run(store).files == 0
    clock.at += dt.timedelta(hours=2)
    assert retention.run(store).files == 1
    with store.view("lyon") as view:
        assert view.file(LYON, closed.attachments[0].blob_id, clock()) is not None


def test_changes_are_kept_for_ninety_days(store: Store, caller: Caller, clock: Clock) -> None:
    send(store)
    old = Replica(caller, "lyon", LYON).sync()
    clock.at += dt.timedelta(days=50)
    send(store)
    newer = Replica(caller, "lyon", LYON).sync()
    clock.at += dt.timedelta(days=45)
    assert retention.run(store).changes > 0
    # The oldest state that can be followed is the one right before the oldest change that is kept.
    assert_same(store, old.sync())
    assert_same(store, newer.sync())
    clock.at += dt.timedelta(days=60)
    newest = Replica(caller, "lyon", LYON).sync()
    retention.run(store)
    assert LYON in caller.sync("lyon", {LYON: "1." + old.state.partition(".")[2]})["notCalculated"]
    assert caller.sync("lyon", {LYON: newest.state})["notCalculated"] == {}
    assert store.verify() == {}
