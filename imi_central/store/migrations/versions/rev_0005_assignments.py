"""Who at a desk looks after a case."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    for name, kind, default in (
        ("assigned", sa.BigInteger(), "0"),
        ("assigned_to", sa.String(), ""),
        ("assigned_by", sa.String(), ""),
        ("assigned_at", sa.BigInteger(), "0"),
    ):
        op.add_column("desk_case", sa.Column(name, kind, nullable=False, server_default=default))
    op.create_table(
        "assignment",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("desk", sa.String(), nullable=False),
        sa.Column("client_ref", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("officer", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("desk", "client_ref"),
    )
    op.create_index(op.f("ix_assignment_case_id"), "assignment", ["case_id"], unique=False)
