"""Hash chains: over the entries of a case and over the change log of a desk.

An entry's seal commits to its header and to a salted digest of its content. Content can be blocked or erased later,
together with its salt, and the chain still verifies; without the salt nobody can guess the content from the digest.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
from typing import TYPE_CHECKING

import msgspec

from imi_core.case import to_wire
from imi_core.errors import SealBroken

if TYPE_CHECKING:
    from collections.abc import Iterable

    from imi_core.case import Entry

# `officer_name` is left out: the officer is sealed by id, the name can be erased with the account.
_HEADER = (
    "id",
    "case_id",
    "client_ref",
    "procedure",
    "action",
    "based_on",
    "at",
    "role",
    "desk",
    "authority",
    "authority_name",
    "officer",
    "from_state",
    "to_state",
    "target",
    "version",
    "digest",
)
_encoder = msgspec.json.Encoder(order="deterministic")


def canonical(value: object) -> bytes:
    """`value` as JSON with sorted keys and no spaces: the same bytes on both ends."""
    return _encoder.encode(value)


def content_digest(entry: Entry) -> str:
    """Hex SHA-256 of the entry's salt and content (answers, text, attachments, and the language where one is named)."""
    content = [entry.answers, to_wire(entry.text), to_wire(entry.attachments), *([entry.lang] if entry.lang else ())]
    return hashlib.sha256(entry.salt.encode() + b"\0" + canonical(content)).hexdigest()


def seal(entry: Entry, prev: str) -> Entry:
    """`entry` with `digest`, `prev` and `seal` set. `prev` is the seal of the case's previous entry, "" at first.

    The entry must carry everything else, its `salt` included.
    """
    entry = msgspec.structs.replace(entry, digest=content_digest(entry), prev=prev)
    return msgspec.structs.replace(entry, seal=_head(entry))


def verify(entries: Iterable[Entry]) -> str:
    """The head of a case's chain, its entries in order. Raises `SealBroken`.

    Content is checked wherever the reader has it; erased or redacted content (none of it left, nor its salt) is
    skipped. Whether the chain is whole to its end, only the case's `head` tells.
    """
    prev = ""
    for position, entry in enumerate(entries):
        if entry.prev != prev or entry.seal != _head(entry):
            raise SealBroken(position)
        has_content = entry.salt or entry.answers or entry.lang or entry.text is not None or entry.attachments
        if has_content and entry.digest != content_digest(entry):
            raise SealBroken(position)
        prev = entry.seal
    return prev


def link(prev: bytes, *parts: object) -> bytes:
    """The next hash of a change log: SHA-256 over the previous one and this row's parts."""
    return hashlib.sha256(prev + canonical(parts)).digest()


def token(seq: int, head: bytes) -> str:
    """A state token: the sequence number and the first 12 bytes of the chain's head."""
    return f"{seq}.{base64.urlsafe_b64encode(head[:12]).decode()}"


def _head(entry: Entry) -> str:
    if entry.at is not None:
        # One moment has many spellings; the chain knows it in UTC.
        entry = msgspec.structs.replace(entry, at=entry.at.astimezone(dt.UTC))
    header = [to_wire(getattr(entry, name)) for name in _HEADER]
    return hashlib.sha256(entry.prev.encode() + b"\0" + canonical(header)).hexdigest()
