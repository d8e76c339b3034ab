"""What stands in `work.db` for very many entries that come or go at once, until each of them is written there."""

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
"""Entries for which one row stands; so many are written out in one transaction."""
Of = tuple[int, str, int, str, str]
"""Which of the sayings, the id of the case, the version that the entry is based on, reference and subject."""


class Saying(msgspec.Struct, array_like=True, gc=False):
    """What the entries of a kind say: all of it is the same but whose they are.

    `rest` is the payload behind its first three members; `begin` what the digest is made of up to `basedOn`, and `end`
    what follows behind `caseId`.
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
        """`item.digest_of` this payload; `begun`: what `begin` begins."""
        found = begun.copy()
        found.update(f'"basedOn":{based_on},"caseId":"{case_id}"{self.end}'.encode())
        return found.hexdigest()  # type: ignore[no-any-return]

    def begun(self) -> Any:
        """The hash of what the digests of all begin with."""
        return hashlib.sha256(self.begin.encode())


class Coming(msgspec.Struct, array_like=True, gc=False):
    """Entries that come. Their references are `ids.following` the first one's."""

    first: str
    officer: str
    queued_at: str
    server_at: str
    sayings: list[Saying]
    of: list[Of]

    def entries(self) -> Iterator[Entry]:
        """Each entry as it is written. Raises `CorruptWork` where a saying is missing."""
        begun = [saying.begun() for saying in self.sayings]
        entry, officer, queued_at, server_at = maker(Entry), self.officer, self.queued_at, self.server_at
        for ref, (no, id, based_on, reference, subject) in zip(
            following(self.first, len(self.of)), self.of, strict=True
        ):
            if not 0 <= no < len(begun):
                raise CorruptWork
            saying = self.sayings[no]
            payload, digest = saying.payload(ref, id, based_on), saying.digest(id, based_on, begun[no])
            head = ref, officer, saying.desk, id, "", saying.action, payload, digest
            yield entry((*head, "queued", 0, queued_at, reference, subject, server_at))

    def parts(self) -> Iterator[Part]:
        """The rows that stand for them."""
        refs = following(self.first, len(self.of))
        for start in range(0, len(refs), PART):
            of = self.of[start : start + PART]
            part = Coming(refs[start], self.officer, self.queued_at, self.server_at, self.sayings, of)
            yield Part(len(of), refs[start], refs[start + len(of) - 1], 0, 0, msgspec.json.encode(part))


class Part(NamedTuple):
    """A row: `come` entries that come, from a reference to another, or those that go, from a position to another."""

    come: int
    first_ref: str
    last_ref: str
    first_pos: int
    last_pos: int
    wire: bytes


def going(first: int, last: int) -> Iterator[Part]:
    """The rows that stand for entries that go, from one position to another, both included."""
    for start in range(first, last + 1, PART):
        yield Part(0, "", "", start, min(start + PART - 1, last), b"")


_decode = msgspec.json.Decoder(Coming).decode


def read(wire: bytes) -> Coming:
    """The entries that come with a row. Raises `CorruptWork`."""
    try:
        return _decode(wire)
    except msgspec.DecodeError as error:
        raise CorruptWork from error
