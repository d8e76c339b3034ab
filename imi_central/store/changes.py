"""The change log of each account: a sequence without gaps, hash-chained, assigned under the account's row lock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import sqlalchemy as sa

from imi_central.store.dialect import insert_many
from imi_central.store.errors import StateUnknown
from imi_central.store.tables import account, change, server
from imi_core import seal

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

Kind = Literal["created", "updated", "destroyed"]


class Change(NamedTuple):
    """What happened to one object, before it has its place in the sequence."""

    type: str
    object_id: str
    kind: Kind


class Head(NamedTuple):
    """Where an account's sequence stands. `floor` is the oldest state that can still be followed."""

    seq: int
    hash: bytes
    floor: int = 0

    @property
    def token(self) -> str:
        return seal.token(self.seq, self.hash)


def genesis(server_id: str, account_id: str) -> bytes:
    """The hash before the first change: another installation's empty account is not this one's."""
    return seal.link(b"", server_id, account_id)


def link(prev: bytes, account_id: str, seq: int, item: Change) -> bytes:
    """The hash of change `seq`."""
    return seal.link(prev, account_id, seq, item.type, item.object_id, item.kind)


def open_accounts(conn: Connection, account_ids: Iterable[str]) -> None:
    """Make sure that these accounts, as many as one statement carries, have a sequence."""
    wanted = dict.fromkeys(account_ids)
    known = set(conn.scalars(sa.select(account.c.id).where(account.c.id.in_(list(wanted)))))
    if fresh := [account_id for account_id in wanted if account_id not in known]:
        server_id = conn.execute(sa.select(server.c.id)).scalar_one()
        rows = [{"id": each, "seq": 0, "head": genesis(server_id, each), "floor": 0, "safe_seq": 0} for each in fresh]
        insert_many(conn, account, rows)


def head(conn: Connection, account_id: str) -> Head:
    """Where the account stands. Raises `StateUnknown` for an account without a sequence."""
    row = conn.execute(
        sa.select(account.c.seq, account.c.head, account.c.floor).where(account.c.id == account_id)
    ).one_or_none()
    if row is None:
        raise StateUnknown(account_id)
    return Head(row.seq, bytes(row.head), row.floor)


def tokens(conn: Connection, account_ids: Iterable[str]) -> dict[str, str]:
    """The present state tokens of these accounts, of as many as one statement carries."""
    found = conn.execute(
        sa.select(account.c.id, account.c.seq, account.c.head).where(account.c.id.in_(list(account_ids)))
    )
    return {row.id: seal.token(row.seq, bytes(row.head)) for row in found}


def append(conn: Connection, at: int, changes: Mapping[str, Iterable[Change]]) -> dict[str, int]:
    """Log `changes` by account, as the last step of a write transaction; returns each account's first new seq.

    The rows of the accounts are locked in id order, so that two writers never wait for each other in a circle, and
    a sequence number is never visible before a smaller one.
    """
    columns = (account.c.id, account.c.seq, account.c.head)
    locked = conn.execute(
        sa.select(*columns).where(account.c.id.in_(list(changes))).order_by(account.c.id).with_for_update()
    ).all()
    first: dict[str, int] = {}
    rows: list[dict[str, Any]] = []
    for account_id, seq, prev in locked:
        first[account_id] = seq + 1
        prev = bytes(prev)
        for item in changes[account_id]:
            seq += 1
            prev = link(prev, account_id, seq, item)
            rows.append(_row(account_id, seq, item, at, prev))
        conn.execute(sa.update(account).where(account.c.id == account_id), {"seq": seq, "head": prev})
    insert_many(conn, change, rows)
    return first


def _row(account_id: str, seq: int, item: Change, at: int, hash: bytes) -> dict[str, Any]:
    return {
        "account": account_id,
        "seq": seq,
        "type": item.type,
        "object_id": item.object_id,
        "kind": item.kind,
        "at": at,
        "hash": hash,
    }


def hash_at(conn: Connection, account_id: str, seq: int, now: Head) -> bytes:
    """The chain's hash at `seq`. Raises `StateUnknown` outside what is kept."""
    if seq == now.seq:
        return now.hash
    if not now.floor <= seq <= now.seq:
        raise StateUnknown(account_id)
    if seq == 0:
        return genesis(conn.execute(sa.select(server.c.id)).scalar_one(), account_id)
    found = conn.scalar(sa.select(change.c.hash).where(change.c.account == account_id, change.c.seq == seq))
    if found is None:
        raise StateUnknown(account_id)
    return bytes(found)


def known(conn: Connection, account_id: str, token: str, now: Head) -> int:
    """The seq of an ordinary state token of this history. Raises `StateUnknown`."""
    digits, dot, _ = token.partition(".")
    if not dot or not digits.isascii() or not digits.isdigit() or len(digits) > 18:
        raise StateUnknown(account_id)
    seq = int(digits)
    if seal.token(seq, hash_at(conn, account_id, seq, now)) != token:
        raise StateUnknown(account_id)
    return seq


def after(conn: Connection, account_id: str, seq: int, now: Head, limit: int) -> Iterator[tuple[int, Change, bytes]]:
    """At most `limit` changes after `seq`: number, change, hash.

    Every row is checked against the one before it: a log that was tampered with raises `StateUnknown`.
    """
    prev = hash_at(conn, account_id, seq, now)
    found = conn.execute(
        sa.select(change.c.seq, change.c.type, change.c.object_id, change.c.kind, change.c.hash)
        .where(change.c.account == account_id, change.c.seq > seq, change.c.seq <= now.seq)
        .order_by(change.c.seq)
        .limit(limit)
    )
    for at, type_, object_id, kind, hash in found:
        item = Change(type_, object_id, kind)
        if at != seq + 1 or link(prev, account_id, at, item) != bytes(hash):
            raise StateUnknown(account_id)
        seq, prev = at, bytes(hash)
        yield at, item, prev


def verify(conn: Connection, account_id: str) -> int | None:
    """The seq at which the account's chain breaks, or None where all of it verifies."""
    now = head(conn, account_id)
    seq, prev = now.floor, b""
    try:
        prev = hash_at(conn, account_id, seq, now)
        while seq < now.seq:
            began = seq
            for at, _, hash in after(conn, account_id, seq, now, 10_000):
                seq, prev = at, hash
            if seq == began:
                # The end of the log was cut off.
                return seq + 1
    except StateUnknown:
        return seq + 1
    return None if prev == now.hash else seq


def prune(conn: Connection, account_id: str, before: int) -> int:
    """Forget an account's changes older than the instant `before`; states older than that can no longer be followed."""
    mine = change.c.account == account_id
    floor = conn.execute(sa.select(account.c.floor).where(account.c.id == account_id)).scalar_one()
    # Instants may be out of order after a clock jump; the sequence never is.
    kept = conn.scalar(sa.select(sa.func.min(change.c.seq)).where(mine, change.c.at >= before))
    newest = conn.scalar(sa.select(sa.func.max(change.c.seq)).where(mine))
    new = (kept - 1) if kept is not None else newest
    if new is None or new <= floor:
        return 0
    gone = conn.execute(sa.delete(change).where(mine, change.c.seq < new))
    conn.execute(sa.update(account).where(account.c.id == account_id).values(floor=new))
    return gone.rowcount
