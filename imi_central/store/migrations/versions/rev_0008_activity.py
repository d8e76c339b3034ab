"""The latest activity of a case at each of its desks, by which a desk's cases are read in that order."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("desk_case", sa.Column("last_activity", sa.BigInteger(), nullable=False, server_default="0"))
    cases = sa.table("cases", sa.column("id"), sa.column("last_activity"))
    parts = sa.table("desk_case", sa.column("case_id"), sa.column("last_activity"))
    latest = sa.select(cases.c.last_activity).where(cases.c.id == parts.c.case_id).scalar_subquery()
    op.execute(sa.update(parts).values(last_activity=latest))
    op.create_index("desk_case_activity", "desk_case", ["desk", "last_activity", "case_id"], unique=False)
