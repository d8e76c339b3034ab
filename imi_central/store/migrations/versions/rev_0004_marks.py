"""Marks of cases, by which digests tell two histories apart."""

from __future__ import annotations

import msgspec
import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


class _Case(msgspec.Struct):
    head: str = ""


def upgrade() -> None:
    op.add_column("desk_case", sa.Column("mark", sa.String(), nullable=False, server_default=""))
    conn = op.get_bind()
    cases = sa.table("cases", sa.column("id"), sa.column("data", sa.LargeBinary()))
    parts = sa.table("desk_case", sa.column("case_id"), sa.column("mark"))
    write = sa.update(parts).where(parts.c.case_id == sa.bindparam("case")).values(mark=sa.bindparam("head"))
    decode = msgspec.json.Decoder(_Case).decode
    last = ""
    while found := conn.execute(
        sa.select(cases.c.id, cases.c.data).where(cases.c.id > last).order_by(cases.c.id).limit(5000)
    ).all():
        conn.execute(write, [{"case": id, "head": decode(data).head[:8]} for id, data in found])
        last = found[-1].id
