"""The schema and its migrations."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from imi_central.store import CaseFilter, NewerDatabase, Store
from imi_central.store.errors import WrongEncoding
from imi_central.store.migrate import FOLDER, revisions
from imi_central.store.tables import cases, desk_case, metadata
from tests.central.postgresql import Cluster
from tests.central.world import LYON, accept, send


def test_the_migrations_make_the_tables(store: Store) -> None:
    mine = set(metadata.tables)
    with store.reading() as conn:
        context = MigrationContext.configure(
            conn, opts={"include_object": lambda item, name, kind, *_: kind != "table" or name in mine}
        )
        assert compare_metadata(context, metadata) == []
        assert mine <= set(sa.inspect(conn).get_table_names())


def test_the_names_of_the_revisions_say_their_order() -> None:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    script = ScriptDirectory.from_config(config)
    assert list(revisions()) == [each.revision for each in script.walk_revisions()][::-1]


def test_opening_again_keeps_everything(store: Store) -> None:
    sent = send(store)
    address = store._writer.url.render_as_string(hide_password=False)
    again = Store.open(address)
    assert again.identity() == store.identity()
    with again.view("lyon") as view:
        assert [entry.id for entry in view.entries(sent.desk, None, 10)] == [sent.id]
    again.close()


def test_a_newer_database_is_not_touched(store: Store) -> None:
    with store.writing() as conn:
        conn.execute(sa.text("update alembic_version set version_num = '9999'"))
    with pytest.raises(NewerDatabase, match="9999"):
        Store.open(str(store._writer.url))


def test_cases_from_before_there_were_marks_get_theirs_and_their_activity(store: Store) -> None:
    for _ in range(3):
        accept(store, send(store).case_id)
    with store.view("lyon") as view:
        before = view.digest(LYON, "", 1, True, 10)
        order = view.find_cases(LYON, CaseFilter(), 0, 10)
    with store.writing() as conn:
        conn.execute(sa.text("drop index desk_case_activity"))
        for name in ("mark", "assigned", "assigned_to", "assigned_by", "assigned_at", "translations", "last_activity"):
            conn.execute(sa.text(f"alter table desk_case drop column {name}"))
        conn.execute(sa.text("drop table assignment"))
        conn.execute(sa.text("drop table translation"))
        conn.execute(sa.text("drop index blob_waiting"))
        conn.execute(sa.text("drop index blob_expiring"))
        conn.execute(sa.text("create index ix_blob_owner on blob (owner)"))
        conn.execute(sa.text("update alembic_version set version_num = '0003'"))
    again = Store.open(store._writer.url.render_as_string(hide_password=False))
    with again.view("lyon") as view:
        assert view.digest(LYON, "", 1, True, 10) == before
        assert view.find_cases(LYON, CaseFilter(), 0, 10) == order
        heads = {case.id: case.head for case in view.cases(LYON, None, 10)}
    with again.reading() as conn:
        same = desk_case.c.last_activity == cases.c.last_activity
        both = sa.select(sa.func.count()).join_from(desk_case, cases, desk_case.c.case_id == cases.c.id)
        assert conn.scalar(both.where(same)) == 6
    again.close()
    assert {id: mark for bucket in before.values() for id, _, _, mark in bucket.items} == {
        id: head[:8] for id, head in heads.items()
    }


@pytest.mark.parametrize("attempt", range(5))
def test_processes_that_start_at_once_migrate_once(empty: Callable[[], str], attempt: int) -> None:
    address = empty()
    failed: list[BaseException] = []
    start = threading.Barrier(3)

    def open_it() -> None:
        start.wait()
        try:
            Store.open(address).close()
        except BaseException as error:
            failed.append(error)
            raise

    threads = [threading.Thread(target=open_it) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def test_a_migration_that_fails_leaves_nothing(empty: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> None:
    real, made = Operations.create_table, []

    def fail_late(self: Operations, name: str, *args: object, **more: object) -> object:
        made.append(name)
        if len(made) == 5:
            raise RuntimeError("power cut")
        return real(self, name, *args, **more)  # type: ignore[arg-type]

    address = empty()
    with monkeypatch.context() as patch:
        patch.setattr(Operations, "create_table", fail_late)
        with pytest.raises(RuntimeError):
            Store.open(address)
    engine = sa.create_engine(address)
    assert sa.inspect(engine).get_table_names() == []
    engine.dispose()
    Store.open(address).close()


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_a_database_that_cannot_keep_every_name_is_refused(cluster: Cluster, encoding: str) -> None:
    with pytest.raises(WrongEncoding, match="UTF8"):
        Store.open(cluster.empty(encoding))


@pytest.mark.parametrize("wrong", ["sqlite://", "sqlite:///:memory:", "mysql://x/y"])
def test_addresses_that_cannot_work(wrong: str) -> None:
    with pytest.raises((ValueError, sa.exc.ArgumentError)):
        Store.open(wrong)
