"""Compact rows of `work.db` that stand for up to `PART` outbox entries each, until these are written one by one."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from imi_tui.cache.errors import CorruptWork
from imi_tui.cache.ids import following
from imi_tui.cache.outbox.item import Entry, maker

if TYPE_CHECKING:
    from collections.abc import Iterator

PART = 1000
"""Entries per compact row. The entries of one row are written out in one transaction."""
EntryKey = tuple[int, str, int, str, str]
"""Index into `QueuedBlock.shared_payloads`, case id, version that the entry is based on, reference, subject."""


class SharedPayload(msgspec.Struct, array_like=True, gc=False):
    """The part of the payload that is the same for all entries of a kind.

    `rest`: the payload after its first three members. `begin` and `end`: the input of the digest before `basedOn` and
    after `caseId`.
    """

    desk: str
    action: str
    rest: str
    begin: str
    end: str

    def payload(self, ref: str, case_id: str, based_on: int) -> str:
        """The frozen payload of one entry."""
        return f'{{"clientRef": "{ref}", "caseId": "{case_id}", "basedOn": {based_on}, {self.rest}'

    def digest(self, case_id: str, based_on: int, begun: Any) -> str:
        """The digest of this payload, as `item.digest_of` computes it. `begun`: see the method of that name."""
        found = begun.copy()
        found.update(f'"basedOn":{based_on},"caseId":"{case_id}"{self.end}'.encode())
        return found.hexdigest()  # type: ignore[no-any-return]

    def begun(self) -> Any:
        """The hash object after the common beginning of all digests."""
        return hashlib.sha256(self.begin.encode())


class QueuedBlock(msgspec.Struct, array_like=True, gc=False):
    """Entries that are queued but not written out. Their client references follow `first` (see `ids.following`)."""

    first: str
    officer: str
    queued_at: str
    server_at: str
    shared_payloads: list[SharedPayload]
    of: list[EntryKey]

    def entries(self) -> Iterator[Entry]:
        """The entries as rows of the outbox. Raises `CorruptWork` if a shared payload is missing."""
        begun = [shared.begun() for shared in self.shared_payloads]
        entry, officer, queued_at, server_at = maker(Entry), self.officer, self.queued_at, self.server_at
        for ref, (no, id, based_on, reference, subject) in zip(
            following(self.first, len(self.of)), self.of, strict=True
        ):
            if not 0 <= no < len(begun):
                raise CorruptWork
            shared = self.shared_payloads[no]
            payload, digest = shared.payload(ref, id, based_on), shared.digest(id, based_on, begun[no])
            head = ref, officer, shared.desk, id, "", shared.action, payload, digest
            yield entry((*head, "queued", 0, queued_at, reference, subject, server_at))

    def parts(self) -> Iterator[Part]:
        """The compact rows for these entries."""
        refs = following(self.first, len(self.of))
        for start in range(0, len(refs), PART):
            of = self.of[start : start + PART]
            part = QueuedBlock(refs[start], self.officer, self.queued_at, self.server_at, self.shared_payloads, of)
            yield Part(len(of), refs[start], refs[start + len(of) - 1], 0, 0, msgspec.json.encode(part))


class Part(NamedTuple):
    """A compact row: `come` new entries with references from `first_ref` to `last_ref`, or, if that is 0, the removal
    of the entries at the positions from `first_pos` to `last_pos`."""

    come: int
    first_ref: str
    last_ref: str
    first_pos: int
    last_pos: int
    wire: bytes


def going(first: int, last: int) -> Iterator[Part]:
    """The compact rows for the removal of the entries from one position to another, both included."""
    for start in range(first, last + 1, PART):
        yield Part(0, "", "", start, min(start + PART - 1, last), b"")


_decode = msgspec.json.Decoder(QueuedBlock).decode


def read(wire: bytes) -> QueuedBlock:
    """The new entries of a compact row. Raises `CorruptWork`."""
    try:
        return _decode(wire)
    except msgspec.DecodeError as error:
        raise CorruptWork from error
