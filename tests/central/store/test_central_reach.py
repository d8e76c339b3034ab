"""A database that goes away in the middle of something (PostgreSQL: restarted, or taken over by another machine)."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from imi_central.store import Store, Unavailable, dialect
from tests.central import postgresql
from tests.central.world import LYON, Clock, send

END = "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname = :name"


def end_all(address: str) -> None:
    """End every connection to this database but the one that says so."""
    engine = sa.create_engine(address)
    with engine.begin() as conn:
        ended = conn.execute(sa.text(END), {"name": engine.url.database}).all()
    engine.dispose()
    assert ended


def reads(store: Store, address: str, *, goes_on: bool = False) -> None:
    with store.view("lyon") as view:
        end_all(address)
        if goes_on:
            with pytest.raises(sa.exc.OperationalError):
                view.state(LYON)
        view.state(LYON)


def writes(store: Store, address: str) -> None:
    with store.writing() as conn:
        end_all(address)
        conn.execute(sa.text("select 1"))


def test_a_connection_that_is_cut_is_told_as_a_database_out_of_reach(cluster: postgresql.Cluster) -> None:
    address = cluster.copy()
    store = Store.open(address, now=Clock())
    send(store)
    with pytest.raises(Unavailable):
        reads(store, address)
    with pytest.raises(Unavailable):
        reads(store, address, goes_on=True)
    with pytest.raises(Unavailable):
        writes(store, address)
    send(store)
    with store.view("lyon") as view:
        assert len(view.cases(LYON, None, 10)) == 2
    store.close()


def test_a_machine_that_is_gone_is_not_waited_for_for_long_and_the_address_has_the_last_word(
    cluster: postgresql.Cluster,
) -> None:
    reader, writer = dialect.engines(f"{cluster.copy()}&connect_timeout=7&options=-csearch_path%3Dpublic")
    given: dict[str, object] = {}
    sa.event.listen(writer, "do_connect", lambda _dialect, _record, _args, named: given.update(named))
    with writer.connect() as conn:
        said = [conn.scalar(sa.text(f"show {name}")) for name in ("lock_timeout", "search_path")]
    reader.dispose()
    writer.dispose()
    assert said == ["15s", "public"]
    assert (given["connect_timeout"], given["tcp_user_timeout"], given["keepalives_idle"]) == ("7", 30_000, 30)


def test_a_database_that_another_machine_writes_to_is_out_of_reach(cluster: postgresql.Cluster) -> None:
    """After a takeover the one before takes no entries any more, and clients ask again."""
    store = Store.open(f"{cluster.copy()}&options=-cdefault_transaction_read_only%3Don", now=Clock())
    with pytest.raises(Unavailable, match="read-only"):
        send(store)
    store.close()
