"""Runs migrations on the connection that `imi_central.store.migrate` gives: its transaction, its commit."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
context.run_migrations()
