"""The server's tables. Identity has its own in `identity.py`; nothing outside `imi_central.store` names a table.

Instants are milliseconds since 1970 (UTC), dates ISO text. JSON columns hold the wire form of a struct as bytes.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData()

server = Table(
    "server",
    metadata,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("id", String, nullable=False),
    Column("epoch", String, nullable=False),
)
"""One row: the random id of this installation and the epoch that a restore renews."""

account = Table(
    "account",
    metadata,
    Column("id", String, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("head", LargeBinary, nullable=False),
    Column("floor", BigInteger, nullable=False),
    Column("safe_seq", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""A desk's (or the directory's) change sequence: the row every writer of that account locks, in id order.

`head` is the hash of change `seq`; changes at or below `floor` were pruned, except that of `floor` itself.
"""

change = Table(
    "change",
    metadata,
    Column("account", String, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("type", String, nullable=False),
    Column("object_id", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    PrimaryKeyConstraint("account", "seq"),
    sqlite_with_rowid=False,
)

authority = Table(
    "authority",
    metadata,
    Column("id", String, primary_key=True),
    Column("country", String, nullable=False),
    Column("folded", Text, nullable=False),
    Column("data", LargeBinary, nullable=False),
)

desk = Table(
    "desk",
    metadata,
    Column("id", String, primary_key=True),
    Column("authority", String, nullable=False, index=True),
    Column("name", String, nullable=False),
    Column("country", String, nullable=False),
    Column("area", String, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("coordinator", Boolean, nullable=False),
    Column("default_reply_days", Integer, nullable=False),
)

officer = Table(
    "officer",
    metadata,
    Column("id", String, primary_key=True),
    Column("username", String, nullable=False, unique=True),
    Column("name", String, nullable=False),
    Column("language", String, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
)

seat = Table(
    "seat",
    metadata,
    Column("officer", String, nullable=False),
    Column("desk", String, nullable=False, index=True),
    Column("roles", String, nullable=False),
    PrimaryKeyConstraint("officer", "desk"),
)
"""`roles`: space-separated, sorted."""

procedure = Table(
    "procedure",
    metadata,
    Column("id", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("wire_id", String, nullable=False, unique=True),
    Column("data", LargeBinary, nullable=False),
    PrimaryKeyConstraint("id", "version"),
)

directory = Table(
    "directory",
    metadata,
    Column("joined", BigInteger, primary_key=True, autoincrement=False),
    Column("type", String, nullable=False),
    Column("object_id", String, nullable=False),
    UniqueConstraint("type", "object_id"),
)
"""What the directory holds now, by the change that brought it: the order of a first sync.

An officer stands here (and in the directory's changes) once a desk, as ``desk/officer``.
"""

cases = Table(
    "cases",
    metadata,
    Column("id", String, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("reference", String, nullable=False, index=True),
    Column("procedure", String, nullable=False),
    Column("procedure_version", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("turn", String),
    Column("last_activity", BigInteger, nullable=False),
    Column("idle_from", BigInteger),
    Column("block_on", String),
    Column("erase_on", String),
    Column("folded", Text, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Index("cases_idle_from", "idle_from"),
    Index("cases_block_on", "block_on"),
    Index("cases_erase_on", "erase_on"),
)
"""`idle_from`, `block_on`, `erase_on` are empty once the job that waits for them has done its work.

`folded` holds only what every reader of the case may see (see `search_text`).
"""

desk_case = Table(
    "desk_case",
    metadata,
    Column("desk", String, nullable=False),
    Column("case_id", String, nullable=False),
    Column("joined", BigInteger, nullable=False),
    Column("role", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("procedure", String, nullable=False),
    Column("procedure_version", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("blocked", Boolean, nullable=False),
    Column("mark", String, nullable=False, server_default=""),
    Column("assigned", BigInteger, nullable=False, server_default="0"),
    Column("assigned_to", String, nullable=False, server_default=""),
    Column("assigned_by", String, nullable=False, server_default=""),
    Column("assigned_at", BigInteger, nullable=False, server_default="0"),
    Column("translations", BigInteger, nullable=False, server_default="0"),
    Column("last_activity", BigInteger, nullable=False, server_default="0"),
    PrimaryKeyConstraint("desk", "case_id"),
    Index("desk_case_joined", "desk", "joined"),
    Index("desk_case_activity", "desk", "last_activity", "case_id"),
    Index("desk_case_case", "case_id"),
    sqlite_with_rowid=False,
)
"""A desk's part in a case, with what visibility needs, so that digests read no JSON.

`joined` is the change that brought the case to the desk: the order of a first sync. `mark`: see `imi_core.case.MARK`.
`assigned` is the version of its assignment at this desk, 0 before the first one; it goes with the row.
`translations` rises with every translation that is made there. A search comes by `last_activity`, that of the case.
"""

translation = Table(
    "translation",
    metadata,
    Column("id", String, primary_key=True),
    Column("desk", String, nullable=False),
    Column("client_ref", String, nullable=False),
    Column("case_id", String, nullable=False, index=True),
    Column("entry_id", String, nullable=False),
    Column("lang", String, nullable=False),
    Column("machine", Boolean, nullable=False),
    Column("by", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("waits_until", BigInteger, index=True),
    Column("tries", Integer, nullable=False),
    Column("content_hash", LargeBinary, nullable=False),
    Column("data", LargeBinary, nullable=False),
    UniqueConstraint("desk", "client_ref"),
    Index("translation_by", "by", "at"),
)
"""Translations of free text, each of one entry at one desk. They go when the case is blocked.

`by` is the officer who asked for it or wrote it, `at` when; `waits_until` is when the machine is to be asked (next),
empty where it is not.
"""

assignment = Table(
    "assignment",
    metadata,
    Column("id", String, primary_key=True),
    Column("desk", String, nullable=False),
    Column("client_ref", String, nullable=False),
    Column("case_id", String, nullable=False, index=True),
    Column("version", BigInteger, nullable=False),
    Column("officer", String, nullable=False),
    Column("by", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("content_hash", LargeBinary, nullable=False),
    UniqueConstraint("desk", "client_ref"),
)
"""Every assignment that was taken, for repeats of it (P1) and as the desk's own record.

`content_hash`, `officer` and `by` are empty once the case was erased.
"""

entries = Table(
    "entries",
    metadata,
    Column("id", String, primary_key=True),
    Column("case_id", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("desk", String),
    Column("client_ref", String),
    Column("content_hash", LargeBinary, nullable=False),
    Column("data", LargeBinary, nullable=False),
    UniqueConstraint("case_id", "version"),
    UniqueConstraint("desk", "client_ref"),
)
"""`content_hash`: salted hash of the payload as received, empty for loaded and erased entries."""

# PostgreSQL's half stands in the migration that makes them: to name it here loads its dialect with every command,
# a tenth of what a command's start takes.
_WAITING: Any = {"sqlite_where": text("attached IS 0")}
blob = Table(
    "blob",
    metadata,
    Column("id", String, primary_key=True),
    Column("owner", String, nullable=False),
    Column("desk", String, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", String, nullable=False),
    Column("media_type", String, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("attached", Boolean, nullable=False),
    Column("client_ref", String),
    Column("data", LargeBinary, nullable=False),
    Index("blob_client_ref", "owner", "desk", "client_ref", unique=True),
    Index("blob_waiting", "owner", "created", **_WAITING),
    Index("blob_expiring", "created", **_WAITING),
)
"""Nearly all files are carried by an entry; the last two indices hold the others.

`client_ref`: the name its uploader gave it (P1), empty for the parts of a file and for files sent at once."""

entry_blob = Table(
    "entry_blob",
    metadata,
    Column("blob_id", String, nullable=False),
    Column("entry_id", String, nullable=False),
    Column("case_id", String, nullable=False, index=True),
    PrimaryKeyConstraint("blob_id", "entry_id"),
)

counter = Table(
    "counter",
    metadata,
    Column("prefix", String, nullable=False),
    Column("year", Integer, nullable=False),
    Column("value", Integer, nullable=False),
    PrimaryKeyConstraint("prefix", "year"),
)

audit = Table(
    "audit",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("at", BigInteger, nullable=False, index=True),
    Column("officer", String, nullable=False),
    Column("desk", String, nullable=False),
    Column("action", String, nullable=False),
    Column("object_id", String, nullable=False),
)
"""Who did what to which object: ids only, never content. Rows are only ever added."""
