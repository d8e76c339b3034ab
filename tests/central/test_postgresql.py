"""The databases that tests share, one after the other."""

from __future__ import annotations

import sqlalchemy as sa

from imi_central.store import Store
from tests.central.postgresql import THOROUGH, Cluster
from tests.central.world import Clock, send


def test_a_database_used_again_holds_what_was_kept_and_nothing_else(cluster: Cluster) -> None:
    address = cluster.copy()
    name = address.partition("@/")[2].partition("?")[0]

    def counts() -> dict[str, int]:
        engine = sa.create_engine(address)
        with engine.connect() as conn:
            found = {
                table: conn.scalar(sa.text(f'select count(*) from public."{table}"')) or 0 for table in cluster.tables
            }
        engine.dispose()
        return found

    kept = counts()
    assert kept["authority"] > 0
    assert kept["cases"] == 0
    for _ in range(THOROUGH + 1):
        store = Store.open(address, now=Clock())
        send(store)
        store.close()
        assert counts() != kept
        cluster.fill_again(name)
        assert counts() == kept
