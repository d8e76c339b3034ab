"""Files put together from parts, by the name their uploader gave them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("blob", sa.Column("client_ref", sa.String(), nullable=True))
    op.create_index("blob_client_ref", "blob", ["owner", "desk", "client_ref"], unique=True)
