"""Files that no entry carries are found without a look at all the others."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    where: Any = {"sqlite_where": sa.text("attached IS 0"), "postgresql_where": sa.text("attached IS false")}
    op.create_index("blob_waiting", "blob", ["owner", "created"], unique=False, **where)
    op.create_index("blob_expiring", "blob", ["created"], unique=False, **where)
    op.drop_index(op.f("ix_blob_owner"), "blob")
