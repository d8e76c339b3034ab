"""What the store does not do: look at what nobody may see, and keep others from writing for long."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa

from imi_central.jobs import retention
from imi_central.store import INITIAL, CaseFilter, Store
from imi_central.store import store as stores
from imi_central.store.codec import ms
from imi_central.store.tables import blob, cases, desk_case
from tests.central.world import LYON, Caller, Clock, accept, rules, send


@contextmanager
def statements(store: Store) -> Iterator[list[str]]:
    """The statements of readers."""
    seen: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    sa.event.listen(store._reader, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(store._reader, "before_cursor_execute", note)


def first_sync(store: Store, officer: str) -> tuple[Any, int]:
    """The first page of one object, and how often the desk's cases were looked at for it."""
    with store.view(officer) as view, statements(store) as seen:
        page = view.changes(LYON, INITIAL, ("Case", "Entry"), 1)
    return page, sum("FROM desk_case" in each for each in seen)


def test_cases_that_nobody_sees_cost_a_first_sync_nothing(store: Store) -> None:
    blocked = [send(store).case_id for _ in range(8)]
    with store.writing() as conn:
        for table, column in ((desk_case, desk_case.c.case_id), (cases, cases.c.id)):
            done = {"blocked": True} if table is desk_case else {"block_on": None}
            conn.execute(sa.update(table).where(column.in_(blocked)).values(done))
    page, looks = first_sync(store, "lyon")
    assert (page.types["Case"].created, page.more, looks) == ([], False, 1)


def test_who_sees_nothing_is_told_so_without_a_look(store: Store) -> None:
    send(store)
    page, looks = first_sync(store, "lyon-data")
    assert (page.types["Case"].created, page.more, looks) == ([], False, 0)
    page, looks = first_sync(store, "lyon")
    assert page.types["Case"].created
    assert looks


def test_a_procedure_is_read_once_and_not_with_every_request(store: Store) -> None:
    """With its translations it is longer than most answers."""
    case_id = accept(store, send(store).case_id).case_id
    with statements(store) as seen:
        for _ in range(3):
            with store.view("lyon") as view:
                assert view.cases(LYON, [case_id], 1)
    assert sum("FROM procedure" in each for each in seen) <= 1
    newer = msgspec.structs.replace(rules().procedure, version=rules().procedure.version + 1)
    store.put_procedures([msgspec.structs.replace(rules(), procedure=newer)])
    send(store)
    with store.view("lyon") as view:
        assert {each.procedure_version for each in view.cases(LYON, None, 10)} == {newer.version - 1, newer.version}


def test_after_a_crowd_one_connection_does_the_work_again(store: Store) -> None:
    """Each has a memory of its own: all in turn would read everything as many times, and keep it."""
    with contextlib.ExitStack() as crowd:
        for _ in range(4):
            crowd.enter_context(store.reading())
    used = set()
    for _ in range(4):
        with store.reading() as conn:
            used.add(id(conn.connection.driver_connection))
    assert len(used) == 1


@pytest.fixture
def writes(store: Store, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many changes each write transaction that ended made to the tables."""
    done: list[int] = []
    original = store.writing

    @contextmanager
    def counted() -> Iterator[sa.Connection]:
        rows = 0

        def note(_conn: object, cursor: Any, statement: str, *_: object) -> None:
            nonlocal rows
            if statement.startswith(("DELETE", "UPDATE")):
                rows += cursor.rowcount

        sa.event.listen(store._writer, "after_cursor_execute", note)
        try:
            with original() as conn:
                yield conn
        finally:
            sa.event.remove(store._writer, "after_cursor_execute", note)
        done.append(rows)

    monkeypatch.setattr(store, "writing", counted)
    return done


def many_files(conn: sa.Connection, now: dt.datetime) -> None:
    """Files of many owners, nearly all carried, and counted: PostgreSQL chooses an index by the rows it expects."""
    begun = now - dt.timedelta(days=7)
    filled = {"desk": LYON, "size": 1, "sha256": "", "media_type": "text/plain", "data": b"x"}
    conn.execute(
        sa.insert(blob),
        [
            {
                "id": f"blob-{number}",
                "owner": f"officer-{number % 200}",
                "created": ms(begun + dt.timedelta(minutes=number)),
                "attached": bool(number % 10),
                **filled,
            }
            for number in range(10_000)
        ],
    )
    conn.exec_driver_sql("ANALYZE blob")


def test_files_that_entries_carry_are_not_looked_at_for_those_that_wait(store: Store, clock: Clock) -> None:
    """They are nearly all, and nobody else writes meanwhile."""
    store.put_blob("lyon", LYON, "text/plain", b"x")
    clock.at += dt.timedelta(hours=25)
    asked: list[tuple[str, Any]] = []

    def note(_conn: object, _cursor: object, statement: str, given: Any, *_: object) -> None:
        asked.append((statement, given))

    sa.event.listen(store._writer, "before_cursor_execute", note)
    store.put_blob("lyon", LYON, "text/plain", b"y")
    assert store.expire_blobs() == 1
    sa.event.remove(store._writer, "before_cursor_execute", note)
    used = set()
    with store._writer.connect() as conn:
        many_files(conn, store.now())
        explain = "EXPLAIN QUERY PLAN" if conn.dialect.name == "sqlite" else "EXPLAIN"
        for statement, given in asked:
            if statement.startswith("SELECT") and "FROM blob" in statement:
                plan = conn.exec_driver_sql(f"{explain} {statement}", given)
                said = " ".join(str(row[-1]) for row in plan)
                used |= {name for name in ("blob_waiting", "blob_expiring") if name in said}
                assert "SCAN blob" not in said
                assert "Seq Scan" not in said
    assert {"blob_waiting", "blob_expiring"} <= used


def test_a_search_reads_a_desks_cases_in_order_and_puts_none_in_order(store: Store) -> None:
    send(store)
    asked: list[tuple[str, Any]] = []

    def note(_conn: object, _cursor: object, statement: str, given: Any, *_: object) -> None:
        if "ORDER BY desk_case" in statement:
            asked.append((statement, given))

    with store.view("lyon") as view:
        sa.event.listen(store._reader, "before_cursor_execute", note)
        try:
            for wanted in (CaseFilter(), CaseFilter(state="accepted"), CaseFilter(text="alpbau", turn=True)):
                view.find_cases(LYON, wanted, 0, 10)
        finally:
            sa.event.remove(store._reader, "before_cursor_execute", note)
    assert ["JOIN cases" in statement for statement, _given in asked] == [False, False, True]
    with store._writer.begin() as conn:
        on_sqlite = conn.dialect.name == "sqlite"
        for method in () if on_sqlite else ("seqscan", "sort", "bitmapscan", "hashjoin"):
            # Of few rows PostgreSQL reads all, and sorts them.
            conn.exec_driver_sql(f"set local enable_{method} = off")
        for statement, given in asked:
            plan = conn.exec_driver_sql(f"EXPLAIN {'QUERY PLAN ' if on_sqlite else ''}{statement}", given)
            said = " ".join(str(row[-1]) for row in plan)
            assert "desk_case_activity" in said
            assert "TEMP B-TREE" not in said
            assert "Sort" not in said


def test_files_expire_some_at_a_time(
    store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch, writes: list[int]
) -> None:
    monkeypatch.setattr(stores, "_SOME_FILES", 3)
    caller = Caller(store)
    for _ in range(7):
        assert caller.http("lyon", "POST", f"/jmap/upload/{LYON}", content=b"x").status_code == 201
    clock.at += dt.timedelta(hours=25)
    writes.clear()
    assert store.expire_blobs() == 7
    assert writes == [3, 3, 1]


def test_old_changes_go_one_desk_after_the_other(store: Store, clock: Clock, writes: list[int]) -> None:
    for _ in range(3):
        send(store)
    clock.at += dt.timedelta(days=91)
    writes.clear()
    gone = store.prune_changes(retention.TOMBSTONES)
    with store.reading() as conn:
        accounts = conn.scalar(sa.text("select count(*) from account"))
    assert len(writes) == accounts
    # Each has deleted at most its own, and set its floor.
    assert gone
    assert max(writes) < gone


def test_a_backup_looks_only_at_desks_where_something_happened(store: Store) -> None:
    send(store)
    store.backed_up(store.copied_heads())
    send(store)
    moved = store.copied_heads()
    seen: list[str] = []
    sa.event.listen(store._writer, "before_cursor_execute", lambda *given: seen.append(given[2]))
    store.backed_up(moved)
    # The two desks of the second case: its sender's and its addressee's.
    assert sum(each.startswith("UPDATE account") for each in seen) == 2
    with store.view("lyon") as view:
        assert view.safe_seqs()[LYON] == moved[LYON].seq
