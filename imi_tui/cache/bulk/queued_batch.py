"""The entries that one action queued for many cases, remembered so that all of them can be taken back at once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from imi_tui.cache.bulk.payloads import based_on_of
from imi_tui.cache.ids import following
from imi_tui.cache.model import Queued, Untouched
from imi_tui.cache.outbox.bulk_rows import QueuedBlock
from imi_tui.cache.outbox.item import Taken, maker

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imi_tui.cache.bulk.payloads import Written
    from imi_tui.cache.outbox.bulk_rows import EntryKey, SharedPayload
    from imi_tui.cache.outbox.draft import Draft


class QueuedBatch:
    """One entry per item of `written`. Their client references are consecutive, starting with `first`."""

    def __init__(self, first: str, written: Sequence[Written], officer: str, queued_at: str, server_at: str) -> None:
        self.written = written
        self.refs = following(first, len(written))
        self._queued_at = queued_at
        numbers: dict[int, int] = {}
        shared_payloads: list[SharedPayload] = []
        of: list[EntryKey] = []
        for draft, standing, template in written:
            no = numbers.setdefault(id(template), len(shared_payloads))
            if no == len(shared_payloads):
                shared_payloads.append(template.shared)
            of.append((no, standing.id, based_on_of(draft, standing), standing.reference, standing.subject))
        self.coming = QueuedBlock(first, officer, queued_at, server_at, shared_payloads, of)

    def drafts(self) -> list[Draft]:
        """One draft per template; the other drafts have the same content."""
        return list({id(template): draft for draft, _at, template in self.written}.values())

    def queued(self) -> list[Queued]:
        """The entries as screens know them."""
        made = maker(Queued)
        return [
            made((ref, draft.desk, at.id, draft.action, "queued", at.reference, at.subject))
            for ref, (draft, at, _template) in zip(self.refs, self.written, strict=True)
        ]

    def untouched(self) -> list[Untouched]:
        """The entries as items that can be taken back."""
        made, queued_at = maker(Untouched), self._queued_at
        return [
            made((ref, draft.desk, at.id, at.reference, at.subject, queued_at))
            for ref, (draft, at, _template) in zip(self.refs, self.written, strict=True)
        ]

    def taken(self) -> list[Taken]:
        """The entries as taken back, in reverse order."""
        made = maker(Taken)
        out = [
            made((ref, draft.desk, at.id, draft if draft.based_on == of[2] else replace(draft, based_on=of[2]), ""))
            for ref, (draft, at, _template), of in zip(self.refs, self.written, self.coming.of, strict=True)
        ]
        out.reverse()
        return out
