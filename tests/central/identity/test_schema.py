"""The migrations make the tables that the code names, no more and no less."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

import imi_central.store.identity_tables
from imi_central.store import Store
from imi_central.store.tables import metadata


def test_the_migrations_make_the_tables_of_the_code(store: Store) -> None:
    assert imi_central.store.identity_tables.session.metadata is metadata
    with store.reading() as conn:
        context = MigrationContext.configure(conn, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
